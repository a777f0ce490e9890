"""Advice in `edge vitals`: heard from the hub, kept on the card, told back, printed when somebody asks."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from contract.errors import RefusedError
from contract.ids import NO_VISIT, BootId, RecordClass, SpoolId, VisitNo, parse_spool, spool_text
from contract.signals import Advice
from contract.times import Anchor
from edge.advice.advice_facts import advice_now, code_of
from edge.advice.book import AdviceBook
from edge.advice.piece import Moment, Outcome, Piece, Print
from edge.advice.print_job import PrintJob
from edge.advice.print_process import print_in_child
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.desired.settings import Settings
from edge.errors import ControlError, IllegalInputError, SpoolError
from edge.panel.words import Words
from edge.spool.batch import Batch, Entry, OwedRecord, event_entry
from edge.spool.spool_service import SpoolThread

log = logging.getLogger(__name__)

ADVICE_FACT: Final = "advice"
TICK_S: Final = 10.0
STORE_AGAIN_S: Final = 1.0  # after the card refused
AT_ONCE_MAX: Final = 50  # events in one transaction


class AdviceService:
    """All methods on the loop; `run` until cancelled. `saved`: the fact ADVICE_FACT."""

    def __init__(
        self,
        saved: Mapping[str, Any] | None,
        *,
        config: BoxConfig,
        clock: BoxClock,
        boot: BootId,
        spool_id: SpoolId,
        spool: SpoolThread,
        visit: Callable[[], VisitNo],
        hub_time: Callable[[], Anchor | None],
        settings: Callable[[], Settings],
        on_stored: Callable[[list[OwedRecord]], None],
    ) -> None:
        """`hub_time`: the newest tie of this boot's clock to the hub's. `settings`: those in force."""
        self.book = AdviceBook(saved, spool=spool_text(spool_id))
        self._config, self._clock, self._boot = config, clock, boot
        self._spool_id, self._spool, self._visit = spool_id, spool, visit
        self._hub_time, self._settings, self._on_stored = hub_time, settings, on_stored
        self._changed = asyncio.Event()
        self._to_print: dict[int, None] = {}  # in the order in which they were asked for
        self._has_to_print = asyncio.Event()
        self._is_refused = False  # by the card

    async def run(self) -> None:
        """Keep what changes, and print."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_storing(), name="advice to the card")
            tasks.create_task(self._keep_printing(), name="advice to paper")

    def hear(self, said: Advice) -> None:
        """The hub says a piece; it says it again until it is told that it came."""
        try:
            parse_spool(said.spool)
        except RefusedError as error:
            log.warning("advice %d is for nobody: %s", said.advice, error)
            return
        self.book.receive(said, self._now())
        self._have_changed()

    def questions(self) -> dict[str, Any]:
        """Return who answers what people at the station ask and say, by the names of the questions."""
        return {"advice": self._show, "print advice": self._print, "put away advice": self._put_away}

    def outline(self) -> tuple[object, ...]:
        """Return what is shown of the advice, without how old it is."""
        return (*self.book.pieces.items(), *self._to_print)

    # The card

    async def _keep_storing(self) -> None:
        while True:
            try:
                async with asyncio.timeout(TICK_S):
                    await self._changed.wait()
            except TimeoutError:
                self.book.tick(self._now())
            self._changed.clear()
            while self.book.untold:
                await self._store()

    async def _store(self) -> None:
        """The events and what they tell of are on the card together, or neither is."""
        untold = list(self.book.untold)[:AT_ONCE_MAX]
        entries = [self._entry(one.event, one.spool, one.visit) for one in untold]
        try:
            owed = await self._spool.store_now(Batch(entries=entries, facts={ADVICE_FACT: self.book.saved()}))
        except SpoolError as error:
            log.log(logging.DEBUG if self._is_refused else logging.ERROR, "advice waits: %s", error)
            self._is_refused = True
            await asyncio.sleep(STORE_AGAIN_S)
        else:
            self._is_refused = False
            self.book.told(len(untold))
            self._on_stored(owed)

    def _entry(self, event: Any, spool: str, visit: int) -> Entry:
        of_visit = VisitNo(visit) if spool == self.book.spool else NO_VISIT  # numbers of visits are a spool's
        return event_entry(
            event, RecordClass.NUMERIC, boot=self._boot, t_us=self._clock.now_us(), visit=of_visit
        )

    def _have_changed(self) -> None:
        if self.book.untold:
            self._changed.set()

    def _now(self) -> Moment:
        now_us, tie = self._clock.now_us(), self._hub_time()
        return Moment(self._clock.boot_name, now_us, None if tie is None else tie.utc_us + now_us - tie.t_us)

    # Paper

    async def _keep_printing(self) -> None:
        while True:
            while self._to_print:
                number = next(iter(self._to_print))
                piece = self.book.pieces.get(number)
                if piece is not None:
                    outcome = await print_in_child(self._job(piece))
                    log.info("advice %d: %s %s", number, outcome.how.value, outcome.detail)
                    self.book.printed(piece.said, outcome, _in_words(outcome))
                    self._have_changed()
                del self._to_print[number]
            self._has_to_print.clear()
            await self._has_to_print.wait()

    def _job(self, piece: Piece) -> PrintJob:
        settings = self._settings()
        return PrintJob(
            to=self._config.print_to,
            own=str(self._config.data_dir.resolve()),
            station=settings.station_name,
            zone=settings.time_zone,
            code=code_of(piece),
            advice=piece.said.advice,
            urgency=piece.said.urgency,
            text=piece.said.text,
            by=piece.said.by,
            made_utc_us=piece.said.made_utc_us,
            now_utc_us=self._now().utc_us,
            is_practice=piece.said.practice is not None,
        )

    # What people ask and say

    async def _show(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        printing = frozenset(self._to_print)
        now = advice_now(
            self.book, spool=self._spool_id, visit=self._visit(), printing=printing, now=self._now()
        )
        return now.model_dump(mode="json")

    async def _print(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        number = self._number(request)
        self._to_print[number] = None
        self._has_to_print.set()
        return {}

    async def _put_away(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        self.book.put_away(self._number(request))
        self._have_changed()
        return {}

    def _number(self, request: Mapping[str, Any]) -> int:
        number = request.get("advice")
        if not isinstance(number, int):
            raise ControlError(f"name the advice by its number, found {number!r}")
        try:
            self.book.piece(number)
        except IllegalInputError as error:
            raise ControlError(str(error)) from None
        return number


def _in_words(outcome: Outcome) -> str:
    """Return what the hub's people read beside "printed" or "not printed": in Vietnamese, as they write."""
    if outcome.how is Print.PRINTED:
        return outcome.detail
    said = Words("vi")(f"print {outcome.how.value}")
    return f"{said}: {outcome.detail}" if outcome.detail else said
