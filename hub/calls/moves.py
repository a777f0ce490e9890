"""Inputs to calls, against the store they are given (core): compare and set, all in one transaction."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from contract.ids import CallId
from hub.calls.age import Age, age_on_arrival
from hub.calls.apply import apply
from hub.calls.call import Call, Given, Limits
from hub.calls.kept import Kept, kept_json, read_kept
from hub.calls.table import CLOSED_STATES, IllegalInputError
from hub.calls.time_line import TimeLine
from hub.store.interface import CallMove, CallRow, JournalLine, Store
from hub.times.fit import UNKNOWN
from hub.times.moments import read_moment

TRIES: Final = 8  # somebody else moved the call in between; more than that is a fault
CHANGED_SINCE: Final = "it has changed since it was seen"
NOT_KNOWN: Final = "nobody knows this call"


@dataclass(frozen=True, slots=True)
class Step:
    """One input for one call. `detail`: what the journal is told beside the input itself; `told`: keys of
    what is about to be told outside; `seen_revision`: only if the call is still as somebody saw it."""

    call_id: CallId
    given: Given
    detail: Mapping[str, object] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    seen_revision: int | None = None


@dataclass(frozen=True, slots=True)
class HeldCall:
    """A call of the store. `age`: of its press when it came."""

    row: CallRow
    kept: Kept
    age: Age


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of an input: `held` is the call as it is now, None when nobody knows it. `why` it was
    refused, in English; "" when it was done."""

    held: HeldCall | None
    is_done: bool
    why: str = ""

    @property
    def row(self) -> CallRow | None:
        """The call's row as it is now."""
        return None if self.held is None else self.held.row

    @property
    def call(self) -> Call | None:
        """The call as it is now."""
        return None if self.held is None else self.held.kept.call


def move_all(
    store: Store,
    steps: Sequence[Step],
    *,
    known: Mapping[CallId, HeldCall],
    line: TimeLine,
    limits: Limits,
) -> list[Moved]:
    """Apply each step unless the table refuses it, all in one transaction; no two of the same call.

    `known`: the calls as the desk holds them, for what it knows and the store does not: a press that nobody
    has moved yet, and the time that was begun anew after a restart. Raises StoreFailedError: nothing changed.
    """
    done: dict[int, Moved] = {}
    todo = list(range(len(steps)))
    for _ in range(TRIES):
        moves: list[tuple[int, HeldCall, CallMove]] = []
        for number in todo:
            held = read_call(store, steps[number].call_id, known=known, line=line, limits=limits)
            try:
                moves.append((number, *_move(held, steps[number], line, limits)))
            except IllegalInputError as error:
                done[number] = Moved(held, False, str(error))
        rows = store.move_calls([move for _, _, move in moves]) if moves else []
        todo = []
        for (number, after, _), row in zip(moves, rows, strict=True):
            if row is None:
                todo.append(number)
            else:
                done[number] = Moved(HeldCall(row, after.kept, after.age), True)
        if not todo:
            break
    for number in todo:
        held = read_call(store, steps[number].call_id, known=known, line=line, limits=limits)
        done[number] = Moved(held, False, "somebody else moves it all the time")
    return [done[number] for number in range(len(steps))]


def _move(held: HeldCall | None, step: Step, line: TimeLine, limits: Limits) -> tuple[HeldCall, CallMove]:
    if held is None:
        raise IllegalInputError(NOT_KNOWN)
    row, before = held.row, held.kept.call
    if step.seen_revision not in (None, row.revision):
        raise IllegalInputError(CHANGED_SINCE)
    now_us = line.now_us()
    after = apply(before, step.given, now_us=now_us, limits=limits)
    told = tuple(dict.fromkeys((*held.kept.told, *step.told)))
    kept = Kept(call=after, received_us=held.kept.received_us, answers=held.kept.answers, told=told)
    detail = {**_detail_of(held, step.given, after), **step.detail}
    move = CallMove(
        call_id=row.call_id,
        revision=row.revision,
        owner=after.owner,
        is_closed=after.state in CLOSED_STATES,
        kept=kept_json(kept, line=line),
        line=JournalLine(
            utc_us=_written_utc_us(held, now_us),
            by=step.given.by,
            input=step.given.input.name,
            from_state=before.state.name,
            to_state=after.state.name,
            detail=json.dumps(detail, ensure_ascii=False) if detail else None,
        ),
    )
    return HeldCall(row, kept, held.age), move


def _written_utc_us(held: HeldCall, at_us: int) -> int:
    """When that was, counted from the receipt of the press: the journal's times follow one another, and lie
    as far apart as they were, however the wall clock was set meanwhile."""
    return held.row.received_utc_us + at_us - held.kept.received_us


def _detail_of(held: HeldCall, given: Given, after: Call) -> dict[str, Any]:
    """What the journal says of an input: what was given with it, and what else it changed."""
    before = held.kept.call
    said: dict[str, Any] = {
        "to": given.to,
        "kind": given.kind,
        "change": given.change,
        "then": list(given.then) or None,
        "ring": given.ring,
        "due_utc_us": None if given.due_us is None else _written_utc_us(held, given.due_us),
    }
    said = {key: value for key, value in said.items() if value is not None}
    changed = {
        name: getattr(after, name)
        for name in ("owner", "rung", "stage", "turn")
        if getattr(after, name) != getattr(before, name)
    }
    return said | changed


def read_call(
    store: Store, call_id: CallId, *, known: Mapping[CallId, HeldCall], line: TimeLine, limits: Limits
) -> HeldCall | None:
    """Return a call as it is now; what `known` says of it stands as long as nobody else has moved it."""
    row = store.call(call_id)
    return None if row is None else read_held(store, row, known=known, line=line, limits=limits)


def read_held(
    store: Store, row: CallRow, *, known: Mapping[CallId, HeldCall], line: TimeLine, limits: Limits
) -> HeldCall:
    """Return what is kept of the call of a row that was just read."""
    held = known.get(row.call_id)
    if held is not None and (held.row.state, held.row.kept) == (row.state, row.kept):
        return HeldCall(row, held.kept, held.age)  # a nudge may have been counted
    kept = read_kept(row, line=line, limits=limits)
    return HeldCall(row, kept, press_age(store, row) if held is None else held.age)


def read_calls(
    store: Store,
    call_ids: Iterable[CallId],
    *,
    known: Mapping[CallId, HeldCall],
    line: TimeLine,
    limits: Limits,
) -> dict[CallId, HeldCall | None]:
    """Return these calls as they are now; None for what is none."""
    return {one: read_call(store, one, known=known, line=line, limits=limits) for one in call_ids}


def press_age(store: Store, row: CallRow) -> Age:
    """Return how old a call's press was when it came."""
    station, spool, received_us = row.call_id.station, row.call_id.spool, row.received_utc_us
    moment = UNKNOWN
    if row.sent_boot != row.boot:
        moment = read_moment(store, station, spool, row.boot, row.t_us, received_us=received_us)
    return age_on_arrival(
        row.boot,
        row.t_us,
        sent_boot=row.sent_boot,
        sent_t_us=row.sent_t_us,
        received_utc_us=received_us,
        moment=moment,
    )
