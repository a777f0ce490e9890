"""What a restart must know of the station's call, as JSON on the card (core).

Durations are of CLOCK_BOOTTIME, which ends with a boot of the box. After a restart of `edge vitals` alone
every deadline stands as it was, but for two: the hub's next word is waited for anew, and a ring that was to
answer itself is announced anew. After a boot of the box: the call is as open as before; the five seconds
without a word of the hub and the twenty until the hotline is shown begin anew; what only the hub can know
(ringing, answered, held) is "at the hub" until it says so again, at once when the link is there; the hub's
ring and the practice mode are over, and recorded so.
"""

from collections.abc import Mapping
from typing import Any, Final

from edge.call.hub_ring import HubRing
from edge.call.practising import Practising
from edge.call.station_call import HOTLINE_S, KEPT_S, NO_WORD_S, StationCall
from edge.call.station_table import REPEATED, WAITING, State

_TIMES: Final = ("since_s", "hotline_at_s")


def saved_call(call: StationCall, *, boot_name: str) -> dict[str, Any]:
    """Return what a restart must know. Who has the call the hub says again: no name lies on the card."""
    return {
        "boot": boot_name,
        "state": call.state.name,
        "call_seq": call.call_seq,
        "spool": call.spool,
        "nudges": call.nudges,
        "nudges_at_hub": call.nudges_at_hub,
        "practice": call.practice,
        "is_raised": call.is_raised,
        "was_kept": call.was_kept,
        "raise_seq": call.raise_seq,
        **{name: getattr(call, name) for name in _TIMES},
        "overdue_at_s": None if call.state in REPEATED else call.overdue_at_s,  # no write at each word
        "ring": call.ring.saved(),
        "practising": call.practising.saved(),
    }


def restored_call(saved: Mapping[str, Any] | None, *, boot_name: str, now_s: float) -> StationCall:
    """Return the call that was `saved`, by this boot of the box or another; call its `tick` at once.

    What a version of before the hub's rings has saved is a call all the same.
    """
    if saved is None:
        return StationCall()
    is_same_boot = saved.get("boot") == boot_name
    call = StationCall(
        State[saved["state"].replace("at the hub", "at_hub").upper()],
        saved["call_seq"],
        list(saved["nudges"]),
        nudges_at_hub=list(saved.get("nudges_at_hub", ())),
        spool=saved.get("spool"),
        practice=saved.get("practice"),
        is_raised=saved.get("is_raised", False),
        was_kept=saved.get("was_kept", False),
        raise_seq=saved.get("raise_seq"),
        ring=HubRing.restored(saved.get("ring", {}), is_same_boot=is_same_boot, now_s=now_s),
        practising=Practising.restored(saved.get("practising", {}), is_same_boot=is_same_boot, now_s=now_s),
    )
    if is_same_boot:
        call.since_s, call.hotline_at_s = (saved[name] for name in _TIMES)
        call.overdue_at_s = now_s + NO_WORD_S if call.state in REPEATED else saved["overdue_at_s"]
        return call
    call.state = State.AT_HUB if call.state in REPEATED else call.state
    call.overdue_at_s = now_s + KEPT_S if call.state is State.REGISTERED else None
    call.hotline_at_s = now_s + HOTLINE_S if call.state in WAITING else None
    return call
