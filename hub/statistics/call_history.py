"""What one call says for itself (core): its journal read once, from the press to how it stands.

Every time of a journal counts from the receipt of its press along the hub's own time line, over restarts too
(`hub.store.interface.JournalLine`): a difference of two of them is a true duration, whatever was done to the
wall clock meanwhile. A call of before journals were kept has none, and says only that it was.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from contract.events import PracticeKind
from contract.ids import StationId
from hub.calls.table import CLOSED_STATES, WAITING, Input, State
from hub.store.interface import JournalLine

_WAITING: Final = frozenset(state.name for state in WAITING)
_CLOSED: Final = frozenset(state.name for state in CLOSED_STATES)
_TRIES: Final = (Input.RING.name, Input.CLAIM.name)  # somebody turned to the station
_TRIED: Final = ("called back", "no contact")  # of hub.cases.notes: whoever closed it had tried by telephone
US_PER_S: Final = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """Somebody owed the station a call. `first_try_s` None: nobody has tried yet, or a press came first."""

    since_s: float  # from the press
    first_try_s: float | None
    is_closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHistory:
    """One call in numbers. `answered_s`: from its receipt to the key of whoever answered first, None: nobody.

    `came`: how it began; "late": it had waited out an outage, and went to the list without ringing.
    """

    station: StationId
    received_utc_us: int
    practice: PracticeKind | None
    came: Literal["rang", "late"]
    presses: int
    answered_s: float | None
    is_missed: bool
    is_cancelled: bool
    is_emergency: bool
    is_open: bool
    drops: int
    transfers: int
    handovers: int
    doctors: int  # that came
    callbacks: tuple[Callback, ...]


def history(
    station: StationId,
    received_utc_us: int,
    lines: Iterable[JournalLine],
    *,
    state: str,
    practice: PracticeKind | None,
    nudges: int,
) -> CallHistory:
    """Return what a call says for itself. `state`, `practice` and `nudges`: as it stands now."""
    told = tuple(lines)

    def after_s(line: JournalLine) -> float:
        return max(0, line.utc_us - received_utc_us) / US_PER_S

    def count(input_: Input) -> int:
        return sum(line.input == input_.name for line in told)

    claims = [after_s(line) for line in told if line.input == Input.CLAIM.name]
    first = told[0] if told else None
    return CallHistory(
        station=station,
        received_utc_us=received_utc_us,
        practice=practice,
        came="late" if first is not None and first.input == Input.PRESSED_LATE.name else "rang",
        presses=1 + nudges,
        answered_s=claims[0] if claims else None,
        is_missed=any(line.to_state == State.MISSED.name for line in told),
        is_cancelled=any(line.input == Input.CANCEL.name for line in told),
        is_emergency=count(Input.RAISED) > 0,
        is_open=state not in _CLOSED,
        drops=count(Input.STALLED),
        transfers=count(Input.TRANSFERRED),
        handovers=count(Input.HANDED_OVER),
        doctors=sum(line.input == Input.GUEST.name and _said(line).get("change") == "came" for line in told),
        callbacks=tuple(_callbacks(told, received_utc_us)),
    )


def _callbacks(lines: tuple[JournalLine, ...], received_utc_us: int) -> Iterable[Callback]:
    """Yield each time that the call went to the list until it rang anew, was answered or was closed."""
    since_us: int | None = None
    try_us: int | None = None
    for line in lines:
        owes_before, owes = _owes(line.from_state), _owes(line.to_state)
        if not owes_before and owes:
            since_us, try_us = line.utc_us, None
        elif since_us is not None:
            if try_us is None and _is_try(line):
                try_us = line.utc_us
            if not owes:
                yield _callback(received_utc_us, since_us, try_us, is_closed=True)
                since_us = None
    if since_us is not None:
        yield _callback(received_utc_us, since_us, try_us, is_closed=False)


def _is_try(line: JournalLine) -> bool:
    if line.input == Input.CLOSE.name:
        return _said(line).get("disposition") in _TRIED
    return line.input in _TRIES


def _said(line: JournalLine) -> dict[str, object]:
    said = json.loads(line.detail or "{}")
    return said if isinstance(said, dict) else {}


def _owes(state: str) -> bool:
    return state in (State.MISSED.name, State.CALLBACK.name, State.CALLING.name)


def _callback(received_us: int, since_us: int, try_us: int | None, *, is_closed: bool) -> Callback:
    return Callback(
        since_s=max(0, since_us - received_us) / US_PER_S,
        first_try_s=None if try_us is None else (try_us - since_us) / US_PER_S,
        is_closed=is_closed,
    )
