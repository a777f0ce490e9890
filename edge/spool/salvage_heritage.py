"""What a new spool takes over from the file that was set aside (shell): who is being seen, which call is
open, which devices are known, what the hub wants and asked for, how this boot is called. From what the
process still knew, where there was one; else from the file.
"""

from dataclasses import replace
from typing import Any, Final

from contract.ids import spool_text
from edge.spool.hub_keys import HUB_KEY_FACT
from edge.spool.salvage_aside import Aside, Heritage
from edge.spool.salvage_rows import DamagedFile

_OF_THE_STATION: Final = ("visit", "stream set", "call", "camera off", "sound", "devices", "advice")
FACTS: Final = (*_OF_THE_STATION, "desired", "commands", HUB_KEY_FACT)
UNKNOWN: Final = "0" * 16  # the name of a spool whose name nobody knows


def heritage_of(aside: Aside, *, boot_name: str) -> Heritage:
    """Return what can be known. The call of a former spool names that spool from now on. Raises OSError."""
    known = aside.heritage
    with DamagedFile(aside.path) as file:
        spool = known.spool or file.spool()
        facts = {name: known.facts[name] if name in known.facts else file.fact(name) for name in FACTS}
        number = file.boots()[0].get(boot_name)
        presses = file.presses()
    boot = known.boot or (None if number is None else (number, boot_name))
    name = UNKNOWN if spool is None else spool_text(spool)
    facts["call"] = _left_behind(facts.get("call"), name)
    return replace(known, spool=spool, boot=boot, facts=_usable(facts), presses=presses)


def _left_behind(call: Any, spool: str) -> Any:
    if not isinstance(call, dict) or call.get("call_seq") is None:
        return None
    return {**call, "spool": call.get("spool") or spool, "nudges": [], "nudges_at_hub": []}


def _usable(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}
