"""The background check of the own spool: all of its file within some hours, and at once when somebody asks.

It stops while a call runs. Its place is kept over restarts, because a box may never run for a whole pass.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from contract.events import SpoolDamage
from contract.ids import BootId, RecordClass, spool_text
from contract.ranges import SeqRanges
from edge.errors import SpoolError
from edge.spool.batch import Batch, OwedRecord, event_entry
from edge.spool.damage import DAMAGED
from edge.spool.integrity import Found, Place, share_of
from edge.spool.spool import Spool
from edge.spool.spool_service import SpoolThread

log = logging.getLogger(__name__)

PAUSE_S: Final = 0.25  # after a slice of 32 kB: 2 GB take four hours
HASTE_PAUSE_S: Final = 0.005  # when somebody waits for it: a press has its turn all the same
FIRST_AFTER_S: Final = 60.0  # a start has other things to do
AGAIN_AFTER_S: Final = 24 * 3600.0
KEEP_PLACE_S: Final = 600.0
PLACE_FACT: Final = "check"


@dataclass(slots=True)
class CheckNow:
    """How far the check is. `damaged` counts the records that were found damaged since the start."""

    share: float = 0.0
    is_running: bool = False
    passes: int = 0  # that were finished since the start
    damaged: int = 0
    is_asked: bool = False  # somebody waits for this pass
    problem: str | None = None  # why it waits, when the card could not be read


class IntegrityService:
    """All methods on the loop; `run` until cancelled."""

    def __init__(
        self,
        own: SpoolThread,
        *,
        boot: BootId,
        now_us: Callable[[], int],
        is_in_call: Callable[[], bool],
        on_told: Callable[[list[OwedRecord]], None],
        on_gone: Callable[[dict[RecordClass, SeqRanges]], None],
    ) -> None:
        """`on_told`: tombstones and the like were stored; `on_gone`: these are not owed any more."""
        self.now = CheckNow()
        self._own, self._boot, self._now_us, self._is_in_call = own, boot, now_us, is_in_call
        self._on_told, self._on_gone = on_told, on_gone
        self._asked = asyncio.Event()

    def ask(self) -> int:
        """Check everything now, from the beginning. Return how many passes must be over for that."""
        self.now.is_asked, self.now.problem = True, None
        self._asked.set()
        return self.now.passes + 1

    async def run(self) -> None:
        """Check, and check again."""
        place = await self._kept_place()
        await self._wait(FIRST_AFTER_S)
        while True:
            if self._asked.is_set():
                self._asked.clear()
                place = Place()
            try:
                is_over = await self._check(place)
            except SpoolError as error:  # a damaged file ends this process's use of it elsewhere
                log.warning("the check of the spool waits: %s", error)
                self.now.problem, self.now.is_asked = str(error), False
                await self._wait(AGAIN_AFTER_S / 24)
                continue
            place = Place()
            if is_over:
                self.now.passes += 1
                self.now.is_asked = self._asked.is_set()
                await self._wait(AGAIN_AFTER_S)

    async def _kept_place(self) -> Place:
        try:
            return Place.restored(await self._own.use(lambda spool: spool.fact(PLACE_FACT)))
        except SpoolError as error:  # a card that refuses once does not end the box
            log.warning("the check of the spool begins anew: %s", error)
            return Place()

    async def _wait(self, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._asked.wait()
        except TimeoutError:
            pass

    async def _check(self, place: Place) -> bool:
        """Go on to the end; return False where somebody asked for another beginning."""
        self.now.is_running, self.now.problem, kept_us = True, None, self._now_us()
        try:
            while not place.is_done:
                if self._asked.is_set():
                    return False
                if self._is_in_call():
                    await self._wait(PAUSE_S)
                    continue
                place, found, self.now.share = await self._own.use(lambda s, at=place: _slice(s, at))  # type: ignore[misc]
                if found is not None:
                    await self._give_up(found)
                if self._now_us() - kept_us > KEEP_PLACE_S * 1e6:
                    kept_us = self._now_us()
                    await self._keep(place.saved())
                await asyncio.sleep(HASTE_PAUSE_S if self.now.is_asked else PAUSE_S)
            await self._keep(None)
        finally:
            self.now.is_running = False
        return True

    async def _keep(self, place: list[int] | None) -> None:
        """Store the place; records of others may have waited before or behind it, and are told here."""
        self._on_told(await self._own.store(Batch(facts={PLACE_FACT: place})))

    async def _give_up(self, found: Found) -> None:
        """What is damaged alone is given up alone, and the hub is told."""
        count = sum(high - low + 1 for low, high in found.seqs)
        first, _ = next(iter(found.seqs))
        text = f"{count} records of class {int(found.record_class)}, from {first} on"
        log.error("%s are damaged on the card and are given up; change the card soon", text)
        t_us, boot = self._now_us(), self._boot

        def work(spool: Spool) -> list[OwedRecord]:
            told = spool.give_up(found.record_class, found.seqs, why=DAMAGED)
            name = spool_text(spool.spool_id)
            event = SpoolDamage(what="records damaged", text=text, spool=name, lost=count)
            entry = event_entry(event, RecordClass.NUMERIC, boot=boot, t_us=t_us)
            return told + spool.commit(Batch(entries=[entry]))

        self._on_told(await self._own.use(work))
        self._on_gone({found.record_class: found.seqs})
        self.now.damaged += count

    def state(self) -> dict[str, Any]:
        """Return how far it is, as JSON."""
        now = self.now
        return {
            "share": round(now.share, 4),
            "is_running": now.is_running,
            "passes": now.passes,
            "damaged": now.damaged,
            "problem": now.problem,
        }


def _slice(spool: Spool, place: Place) -> tuple[Place, Found | None, float]:
    place, found = spool.check_slice(place)
    return place, found, share_of(place, spool.ledgers())
