"""What a press is (core): a call, a nudge of the open one, an answer to the hub's ring, practice."""

from dataclasses import dataclass
from typing import Literal

from contract.events import Event, HubRang, PracticeKind, PracticeMode
from edge.call.hub_ring import HubRing
from edge.call.practising import Practising


@dataclass(frozen=True, slots=True)
class PressMeaning:
    """What a press of now is. `nudges`: the seq of the open call; `answers`: the ring that it accepts.

    `is_beside`: the open call is practice and this is none: that one is left behind. `told`: the events that
    are stored with it.
    """

    nudges: int | None = None
    answers: str | None = None
    practice: PracticeKind | None = None
    is_beside: bool = False
    told: tuple[Event, ...] = ()


def meaning_of_press(
    *,
    nudges: int | None,
    is_open: bool,
    practice: PracticeKind | None,
    ring: HubRing,
    practising: Practising,
    is_by_itself: bool,
) -> PressMeaning:
    """Return what a press of now is. `nudges`: the call that it would nudge; `practice`: of the open call;
    `is_by_itself`: nobody presses, the station's policy answers the ring.

    Practice is only what nobody needs: a press that answers a ring, or beside an open call, is real.
    """
    is_practice = practising.is_on and not is_open and not ring.is_on
    is_beside = is_open and practice is not None
    told: list[Event] = []
    if ring.is_on:
        outcome: Literal["answered by itself", "accepted"]
        outcome = "answered by itself" if is_by_itself else "accepted"
        told.append(HubRang(ring=ring.name, outcome=outcome, by=ring.by))
    if practice is not None and is_beside:
        told.append(PracticeMode(kind=practice, is_on=False, why="real press"))
    elif practising.is_on:
        why: Literal["used", "real press"] = "used" if is_practice else "real press"
        told.append(PracticeMode(kind=practising.kind, is_on=False, why=why))
    return PressMeaning(
        nudges=None if is_beside else nudges,
        answers=ring.name if ring.is_on else None,
        practice=practising.kind if is_practice else None,
        is_beside=is_beside,
        told=tuple(told),
    )
