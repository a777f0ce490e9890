"""What a call's journal says of its handovers: who offered it with which words, and who took it (core)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hub.calls.table import Input
from hub.store.interface import JournalLine

NOTE: Final = "note"  # in the journal's detail of what is offered
NOTE_MAX_CHARS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A call is, or was, offered with the shift. Times are the journal's."""

    by: str
    to: str
    note: str
    utc_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """A call has changed hands with the shift. `offer` None: the journal begins after it."""

    to: str
    utc_us: int
    state: str
    offer: Offer | None


def standing_offer(lines: Iterable[JournalLine]) -> Offer | None:
    """Return the last offer, whatever became of it: while the call asks for a handover, it is the one."""
    offers = [found for line in lines if (found := _offer(line)) is not None]
    return offers[-1] if offers else None


def handed_over(lines: Iterable[JournalLine]) -> list[HandedOver]:
    """Return how a call changed hands, in order."""
    found: list[HandedOver] = []
    offer: Offer | None = None
    for line in lines:
        offer = _offer(line) or offer
        if line.input == Input.HANDED_OVER.name and line.by is not None:
            found.append(HandedOver(to=line.by, utc_us=line.utc_us, state=line.to_state, offer=offer))
            offer = None
    return found


def _offer(line: JournalLine) -> Offer | None:
    if line.input != Input.ASK.name or line.by is None:
        return None
    said = json.loads(line.detail or "{}")
    if not isinstance(said, dict) or said.get("kind") != "handover":
        return None
    return Offer(by=line.by, to=str(said.get("to", "")), note=str(said.get(NOTE, "")), utc_us=line.utc_us)
