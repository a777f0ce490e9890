"""Recovery of what was set aside, beside the work of the box.

In short steps with pauses, and hardly at all while a call runs: only what may be a press comes at once. What
was set aside, and what became of it, is told to the hub and shown by `edge doctor`.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from contract.events import Event, SpoolDamage
from contract.ids import RecordClass, SpoolId, spool_text
from contract.ranges import SeqRanges
from edge.errors import SpoolDamagedError, SpoolError
from edge.spool.batch import OwedRecord
from edge.spool.former import FormerSpool, former_path
from edge.spool.former_service import TEND_EVERY_S, FormerService, FormerThread, Ledgers, Offices, tombstones
from edge.spool.salvage import Outcome, Salvage, spool_of
from edge.spool.salvage_aside import Aside, asides, forget
from edge.spool.spool import Spool

log = logging.getLogger(__name__)

STEP_PAUSE_S: Final = 0.05  # between two steps: at least half of the card's time is others'
CALL_PAUSE_S: Final = 1.0  # and while a call runs
AGAIN_S: Final = 60.0  # after the card had no room, or failed
DRAFTS_ELSEWHERE: Final = "drafts of asides"  # a fact: the seconds of these files were stored from memory
_TOLD: Final = "asides told"  # a fact: what the hub was told of which file


@dataclass(slots=True)
class AsideNow:
    """How it stands with a file that was set aside."""

    aside: Aside
    outcome: Outcome = field(default_factory=Outcome)
    spool: SpoolId | None = None
    waits_for: str | None = None


class SalvageService:
    """All methods on the loop; `run` until cancelled."""

    def __init__(self, folder: Path, offices: Offices) -> None:
        self._folder, self._offices = folder, offices
        self.formers = FormerService(folder, offices, self._add)
        self.asides: dict[str, AsideNow] = {}
        self._has_new = asyncio.Event()
        self.last: tuple[str, Outcome] | None = None  # the last that was recovered, since the start

    def _add(self, aside: Aside) -> None:
        self.asides[aside.path.name] = AsideNow(aside)
        self._has_new.set()

    async def run(self) -> None:
        """Send from former spools, recover from what was set aside."""
        try:
            await self.formers.open_all()
            for aside in await asyncio.to_thread(asides, self._folder):
                self._add(aside)
            for thread in list(self.formers.threads.values()):
                if not thread.is_filling:
                    await self._tell_calls(thread)
            if not self.asides:
                await self._offices.on_calls(None, SeqRanges())
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_recovering(), name="recovery")
                tasks.create_task(self.formers.run(), name="former spools")
        finally:
            await asyncio.shield(self.formers.close())

    async def _keep_recovering(self) -> None:
        while True:
            self._has_new.clear()
            for now in list(self.asides.values()):
                await self._try(now)
            is_waiting = any(now.waits_for is not None for now in self.asides.values())
            try:
                async with asyncio.timeout(AGAIN_S if is_waiting else None):
                    await self._has_new.wait()
            except TimeoutError:
                pass

    async def _try(self, now: AsideNow) -> None:
        try:
            await self._recover(now)
        except SpoolDamagedError as error:
            thread = self.formers.threads.get(now.spool) if now.spool is not None else None
            if thread is not None and thread.is_damaged:
                await self.formers.replace(thread, str(error))
            now.waits_for = str(error)
        except (SpoolError, OSError) as error:
            now.waits_for = str(error)
            log.error("%s: recovery waits: %s", now.aside.path.name, error)

    async def _recover(self, now: AsideNow) -> None:
        if now.outcome.is_done:
            return
        aside, now.waits_for = now.aside, None
        now.spool = await asyncio.to_thread(spool_of, aside)
        await self._tell_once(aside, _set_aside_event(aside, now.spool), ())
        if now.spool is None:
            now.outcome.is_done = True  # it is kept for whoever can read it
            log.error("%s: nobody can tell whose records these are; the file is kept", aside.path)
            await self._offices.on_calls(None, SeqRanges())
            return
        thread = await self.formers.open(former_path(self._folder, now.spool), now.spool)
        if thread is None:
            raise SpoolError(f"{aside.path.name}: its former spool cannot be opened now")
        elsewhere = await self._offices.own.use(lambda s: s.fact(DRAFTS_ELSEWHERE) or ())
        salvage = Salvage(aside, has_drafts_elsewhere=aside.path.name in elsewhere)
        now.outcome, thread.is_filling = salvage.outcome, True
        await self._take_steps(thread, salvage, now)
        await self._conclude(thread, now)

    async def _take_steps(self, thread: FormerThread, salvage: Salvage, now: AsideNow) -> None:
        steps: Iterator[list[OwedRecord]] | None = None

        def step(spool: Spool) -> tuple[list[OwedRecord] | None, Ledgers]:
            nonlocal steps
            assert isinstance(spool, FormerSpool)  # noqa: S101
            steps = steps or salvage.steps(spool)
            found = next(steps, None)
            return found, spool.ledgers() if found else {}

        has_told = False
        try:
            while True:
                await self._until_room(thread, now)
                found, ledgers = await thread.use(step)
                if found:
                    self._offices.on_more(thread, ledgers)
                if not has_told and (salvage.outcome.has_calls or found is None):
                    has_told = True
                    await self._tell_calls(thread)
                if found is None:
                    return
                is_slow = has_told and self._offices.is_in_call()
                await asyncio.sleep(CALL_PAUSE_S if is_slow else STEP_PAUSE_S)
        finally:
            if steps is not None:
                await asyncio.shield(thread.end(steps))

    async def _until_room(self, thread: FormerThread, now: AsideNow) -> None:
        while not await self.formers.make_room(thread):
            now.waits_for = "room on the card: it goes on as the hub receives what is owed"
            await asyncio.sleep(TEND_EVERY_S)
        now.waits_for = None

    async def _tell_calls(self, thread: FormerThread) -> None:
        ledger = await thread.use(lambda s: s.ledger(RecordClass.CALL))
        there = SeqRanges(ledger.received)
        for low, high in ledger.given_up.holes(1, ledger.given):
            there.add(low, high)
        await self._offices.on_calls(thread.spool, there)

    async def _conclude(self, thread: FormerThread, now: AsideNow) -> None:
        outcome, aside = now.outcome, now.aside
        event = SpoolDamage(
            what="recovered",
            text=f"{outcome.drafts} of them were drafts" if outcome.drafts else "",
            spool=spool_text(thread.spool),
            recovered=outcome.recovered,
            lost=outcome.lost_count,
        )
        await self._tell_once(aside, event, tombstones(outcome.lost, thread.spool))
        thread.is_filling = False
        log.warning(
            "%s: %d records recovered, %d lost", aside.path.name, outcome.recovered, outcome.lost_count
        )
        self._offices.on_more(thread, await thread.use(lambda s: s.ledgers()))
        await asyncio.to_thread(forget, aside)
        del self.asides[aside.path.name]
        self.last = (aside.why, outcome)

    async def _tell_once(self, aside: Aside, event: SpoolDamage, more: Sequence[Event]) -> None:
        name = aside.path.name
        told: dict[str, str] = await self._offices.own.use(lambda s: s.fact(_TOLD) or {})
        if told.get(name) in (event.what, "recovered"):
            return
        kept = {one: told[one] for one in told if one in self.asides}
        await self._offices.tell([*more, event], {_TOLD: {**kept, name: event.what}})


def _set_aside_event(aside: Aside, spool: SpoolId | None) -> SpoolDamage:
    name = None if spool is None else spool_text(spool)
    return SpoolDamage(what="set aside", text=aside.why[:200], spool=name)
