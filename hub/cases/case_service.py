"""Cases: everything that pages and tools may do with what is written of a call, over the hub's store."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from contract.ids import NO_VISIT, CallId, StationId
from hub.calls.table import State
from hub.cases.advice_service import AdviceDesk
from hub.cases.case_book import (
    PersonNotes,
    Saved,
    WrongPersonError,
    check_visit,
    code_of,
    is_writable,
    read_person,
    save_form,
    save_note,
    visits_of,
)
from hub.cases.ecg_reading import Moment, newest_ecg, read_stretch
from hub.cases.letter import LetterFacts
from hub.cases.minutes import Minutes
from hub.cases.minutes_service import MinutesDesk, read_newest
from hub.cases.minutes_writing import practice_of
from hub.cases.notes import Form, Kind, Note, StripMark
from hub.cases.visits_service import CallVisits
from hub.cases.vitals_reading import read_vitals
from hub.hub import Hub
from hub.store.interface import CallRow, JournalLine, Store
from hub.store.papers import AdviceDraft, AdviceRow, VisitId
from hub.times.moments import read_moment


class UnknownCallError(Exception):
    """Nobody knows such a call."""


class ClosedCallError(Exception):
    """Nothing is written in this call now: nobody has answered it yet, or it is off the list."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is written of a call. `now`: who is being seen at its station while somebody has answered."""

    row: CallRow
    persons: tuple[PersonNotes, ...]
    now: VisitId | None
    journal: tuple[JournalLine, ...]
    minutes: Minutes | None
    is_writable: bool
    practice: str | None

    @property
    def state(self) -> State:
        """How the call stands."""
        return State[self.row.state]

    def person(self, of: VisitId | None) -> PersonNotes:
        """Return the notes of that person, by default of whoever is seen now, else of the first of whom
        something is written."""
        wanted = of or self.now
        written = next((one for one in self.persons if one.form[1].revision), self.persons[0])
        return next((one for one in self.persons if one.of == wanted), written)


class Cases:
    """`begin`, then `run` until cancelled."""

    def __init__(
        self,
        hub: Hub,
        *,
        answered_calls: Callable[[], Iterable[CallId]],
        open_calls: Callable[[], Iterable[CallId]],
        visit_now: Callable[[StationId], VisitId | None],
        name_of: Callable[[StationId], str],
        unit_of: Callable[[StationId], str],
        on_change: Callable[[StationId], None],
    ) -> None:
        """`on_change` is called when what pages show of a station's calls has changed."""
        self._hub, self._on_change, self._name_of, self._unit_of = hub, on_change, name_of, unit_of
        self._answered_calls, self._visit_now = answered_calls, visit_now
        self.advice = AdviceDesk(hub, on_change=on_change)
        self.minutes = MinutesDesk(hub, open_calls=open_calls, name_of=name_of, unit_of=unit_of)
        self.visits = CallVisits(hub, answered_calls=answered_calls, visit_now=visit_now)

    async def begin(self) -> None:
        """Take up what the store knows."""
        await self.advice.begin()
        await self.minutes.begin()

    async def run(self) -> None:
        """Run what runs by itself, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.advice.run(), name="advice")
            tasks.create_task(self.minutes.run(), name="minutes")
            tasks.create_task(self.visits.run(), name="visits of calls")

    def on_calls(self) -> None:
        """Some call has changed."""
        self.minutes.on_calls()
        self.visits.on_change()

    def on_station(self) -> None:
        """Something at some station has changed."""
        self.visits.on_change()

    async def look(self, call_id: CallId) -> Case:
        """Return what is written of a call. Raises UnknownCallError, StoreFailedError."""
        await self._note(call_id)

        def read(store: Store) -> Case:
            row = _row(store, call_id)
            visits = visits_of(store, row)
            is_going_on = call_id in set(self._answered_calls())
            now = self._visit_now(call_id.station) if is_going_on else None
            return Case(
                row,
                tuple(read_person(store, call_id, of) for of in visits),
                now if now in visits else None,
                tuple(store.journal(call_id)),
                read_newest(store, call_id),
                is_writable(State[row.state]),
                practice_of(row),
            )

        return await self._hub.run_write(read)  # the writer's thread: what was just written is there

    async def save_form(self, call_id: CallId, of: VisitId, form: Form, *, base: int, by: str) -> Saved:
        """Keep the wrap-up. Raises UnknownCallError, ClosedCallError, WrongPersonError, StoreFailedError."""
        await self._note(call_id)
        utc_us = self._hub.utc_now_us()

        def save(store: Store) -> Saved:
            return save_form(store, _writable(store, call_id), of, form, base=base, by=by, utc_us=utc_us)

        saved = await self._hub.run_write(save)
        self._on_change(call_id.station)
        return saved

    async def save_note(
        self, call_id: CallId, of: VisitId, kind: Kind, note: Note, *, base: int, by: str
    ) -> bool:
        """Keep who somebody is, or what they consented to; False: somebody else wrote meanwhile. Raises as
        `save_form`.
        """
        await self._note(call_id)
        utc_us = self._hub.utc_now_us()

        def save(store: Store) -> bool:
            row = _writable(store, call_id)
            return save_note(store, row, of, kind, note, base=base, by=by, utc_us=utc_us)

        is_kept = await self._hub.run_write(save)
        self._on_change(call_id.station)
        return is_kept

    async def mark_strip(self, call_id: CallId, of: VisitId, *, by: str) -> bool:
        """Keep the ten seconds of ECG that end now for the letter; False: this visit has none. Raises as
        `save_form`.
        """
        await self._note(call_id)
        utc_us, opener_for = self._hub.utc_now_us(), self._hub.opener_for

        def save(store: Store) -> bool:
            row = _writable(store, call_id)
            check_visit(store, row, of)
            end = newest_ecg(store, opener_for, call_id.station, of)
            if end is None:
                return False
            mark = StripMark(boot=end.boot, end_t_us=end.t_us)
            base = read_person(store, call_id, of).strip[1].revision
            return save_note(store, row, of, "strip", mark, base=base, by=by, utc_us=utc_us)

        is_kept = await self._hub.run_write(save)
        self._on_change(call_id.station)
        return is_kept

    async def send_advice(self, call_id: CallId, of: VisitId, form: Form, *, by: str) -> AdviceRow:
        """Send what the form advises to the station, for that person. Raises as `save_form`."""
        if of.visit == NO_VISIT or not form.advice:
            raise WrongPersonError("advice is of somebody, and says something")
        await self._hub.run_read(lambda store: check_visit(store, _writable(store, call_id), of))
        draft = AdviceDraft(
            call_id=call_id,
            of=of,
            urgency=form.urgency or "routine",
            text=form.advice,
            by=by,
            made_utc_us=self._hub.utc_now_us(),
        )
        return await self.advice.send(draft)

    async def correct(
        self, call_id: CallId, of: VisitId, form: Form, *, base: int, reason: str, by: str
    ) -> Saved | None:
        """Change what stands of a call that is off the list, under another signature; None: it has no minutes
        yet. Raises UnknownCallError, WrongPersonError, StoreFailedError, PkiError.
        """
        utc_us = self._hub.utc_now_us()

        def work(store: Store) -> Saved | None:
            row = _row(store, call_id)
            if read_newest(store, call_id) is None:
                return None
            saved = save_form(store, row, of, form, base=base, by=by, utc_us=utc_us)
            if saved.disputed:
                return saved
            return saved if self.minutes.correct(store, call_id, reason=reason, by=by) else None

        return await self._hub.run_write(work)

    async def letter(
        self, call_id: CallId, of: VisitId, *, by: str, why_nameless: str, zone: str
    ) -> LetterFacts:
        """Return what a transfer letter says of a person, by the clock of `zone` (IANA). Raises
        UnknownCallError, WrongPersonError, StoreFailedError.
        """
        opener_for, utc_us = self._hub.opener_for, self._hub.utc_now_us()

        def read(store: Store) -> LetterFacts:
            row = _row(store, call_id)
            check_visit(store, row, of)
            notes, station = read_person(store, call_id, of), call_id.station
            identity, consent, mark = notes.identity[0], notes.consent[0], notes.strip[0]
            may_name = consent is not None and consent.covers("letter")
            end = None if mark is None else Moment.of(mark.boot, mark.end_t_us)
            return LetterFacts(
                station=station,
                station_name=self._name_of(station),
                station_unit=self._unit_of(station),
                zone=zone,
                code=code_of(of),
                call=str(call_id),
                pressed=read_moment(
                    store, station, call_id.spool, row.boot, row.t_us, received_us=row.received_utc_us
                ),
                identity=identity if may_name else None,
                why_nameless=why_nameless,
                form=notes.form[0],
                vitals=tuple(read_vitals(store, opener_for, station, of)) if of.visit != NO_VISIT else (),
                stretch=read_stretch(store, opener_for, station, of, end=end)
                if of.visit != NO_VISIT
                else None,
                by=by,
                made_utc_us=utc_us,
                is_practice=practice_of(row) is not None,
                is_call_open=State[row.state] is not State.CLOSED,
            )

        return await self._hub.run_read(read)

    def this_year(self) -> int:
        """Return the year, for years of birth."""
        return datetime.fromtimestamp(self._hub.utc_now_us() / 1e6, UTC).year

    async def _note(self, call_id: CallId) -> None:
        """Whoever is seen now is part of a call that is answered now, before anything names them."""
        if call_id in set(self._answered_calls()):
            await self.visits.note([call_id])


def _row(store: Store, call_id: CallId) -> CallRow:
    row = store.call(call_id)
    if row is None:
        raise UnknownCallError(str(call_id))
    return row


def _writable(store: Store, call_id: CallId) -> CallRow:
    row = _row(store, call_id)
    if not is_writable(State[row.state]):
        raise ClosedCallError(f"call {call_id} is {row.state}")
    return row
