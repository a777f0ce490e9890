"""Former spools beside the own one: sent from, and let go when nothing of them is owed.

Each is on a thread of its own. What it lost is told to the hub in the own spool's name.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contract.events import Event, Tombstone
from contract.ids import BootId, RecordClass, SpoolId, spool_text
from contract.ranges import SeqRanges
from contract.receipts import Receipt
from edge.clock import BoxClock
from edge.errors import SpoolDamagedError, SpoolError
from edge.spool.batch import Batch, OwedRecord, event_entry
from edge.spool.damage import DAMAGED
from edge.spool.former import UNTOLD, FormerSpool, Lost, formers
from edge.spool.ledger import Ledger
from edge.spool.room import BALLAST_BYTES
from edge.spool.salvage_aside import Aside, Heritage, set_aside
from edge.spool.spool_file import GROWTH_MARGIN_BYTES
from edge.spool.spool_service import SpoolThread

log = logging.getLogger(__name__)

TEND_EVERY_S: Final = 10.0
QUARTER_US: Final = 6 * 3600 * 1_000_000  # of the hub's clock
QUARTERS_KEPT: Final = 28  # a week, as what the own spool has sent
TOMBSTONES_AT_ONCE: Final = 200
FREE_MIN_BYTES: Final = 2 * GROWTH_MARGIN_BYTES + BALLAST_BYTES

Ledgers = dict[RecordClass, Ledger]


class FormerThread(SpoolThread):
    """One former spool on a thread of its own."""

    def __init__(self, path: Path, spool: SpoolId) -> None:
        super().__init__(path, quota_bytes=0)
        self.path, self.spool = path, spool
        self.boot, self.epoch = BootId(1), None
        self.is_filling = False  # it is still being recovered

    def _open_file(self) -> FormerSpool:
        return FormerSpool(self.path, self.spool)

    async def end(self, steps: Iterator[Any]) -> None:
        """End a recovery where it was made."""
        await self._run(steps.close)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offices:
    """What the rest of `edge vitals` does for former spools. All on the loop."""

    own: SpoolThread
    clock: BoxClock
    boot: BootId
    quota_bytes: int
    is_in_call: Callable[[], bool]
    on_stored: Callable[[list[OwedRecord]], None]
    on_opened: Callable[[FormerThread, Ledgers], None]  # send from it
    on_more: Callable[[FormerThread, Ledgers], None]  # it has more than before
    on_closed: Callable[[FormerThread], None]
    on_calls: Callable[[SpoolId | None, SeqRanges], Awaitable[None]]  # all of class 0 that was found

    async def tell(self, events: Sequence[Event], facts: dict[str, Any]) -> None:
        """Store events in the own spool; the last of them together with the facts that say so."""
        t_us = self.clock.now_us()
        for start in range(0, len(events), TOMBSTONES_AT_ONCE):
            some = events[start : start + TOMBSTONES_AT_ONCE]
            entries = [event_entry(one, RecordClass.NUMERIC, boot=self.boot, t_us=t_us) for one in some]
            is_last = start + len(some) == len(events)
            batch = Batch(entries=entries, facts=facts if is_last else {})
            self.on_stored(await self.own.store_now(batch))


class FormerService:
    """All methods on the loop; `run` until cancelled, then `close`."""

    def __init__(self, folder: Path, offices: Offices, on_aside: Callable[[Aside], None]) -> None:
        """`on_aside`: a former spool's own file was set aside."""
        self._folder, self._offices, self._on_aside = folder, offices, on_aside
        self.threads: dict[SpoolId, FormerThread] = {}
        self._closing: set[FormerThread] = set()
        self._hub_utc_us: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open_all(self) -> None:
        """Open what is there."""
        for path, spool in await asyncio.to_thread(formers, self._folder):
            await self.open(path, spool)

    async def open(self, path: Path, spool: SpoolId) -> FormerThread | None:
        """Return the former spool, made when there is none; None when it cannot be had now."""
        if spool in self.threads:
            return self.threads[spool]
        thread = FormerThread(path, spool)
        try:
            await thread.open()
            boot_name = self._offices.clock.boot_name
            thread.boot = await thread.use(lambda s: s.begin_boot(boot_name))
            thread.epoch, ledgers = await thread.use(lambda s: (s.fact("epoch"), s.ledgers()))
            thread.is_filling = await thread.use(lambda s: s.fact("lost") is None)
        except SpoolDamagedError as error:
            await thread.close()  # first: its log is deleted by name, and another may soon have that
            await self._set_aside(thread, str(error))
            return None
        except SpoolError as error:
            await thread.close()  # else nobody could open it again
            log.error("a former spool cannot be used now: %s", error)
            return None
        except asyncio.CancelledError:
            await asyncio.shield(thread.close())
            raise
        self.threads[spool] = thread
        self._offices.on_opened(thread, ledgers)
        return thread

    async def close(self) -> None:
        """Close all files, also those that were being closed when `run` was cancelled."""
        for thread in [*self.threads.values(), *self._closing]:
            await thread.close()
        self.threads.clear()
        self._closing.clear()

    def on_receipt(
        self, thread: FormerThread, receipt: Receipt, received: dict[RecordClass, SeqRanges]
    ) -> None:
        """The hub has these of a former spool."""
        batch = Batch(
            received={c: SeqRanges(ranges) for c, ranges in received.items()},
            refused=receipt.refused,
            facts={"epoch": receipt.epoch},
        )
        self._do(self._store(thread, batch))

    async def _store(self, thread: FormerThread, batch: Batch) -> None:
        try:
            await thread.store(batch)
        except SpoolError as error:
            log.warning("a receipt of a former spool could not be stored: %s", error)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def on_hub_clock(self, hub_utc_us: int) -> None:
        """A receipt, of whatever spool, says how late it is at the hub."""
        self._hub_utc_us = hub_utc_us

    async def run(self) -> None:
        """Tend them now and then."""
        while True:
            for thread in list(self.threads.values()):
                try:
                    await self._tend(thread)
                except (SpoolError, OSError) as error:
                    if thread.is_damaged:
                        await self.replace(thread, str(error))
                    else:
                        log.warning("former spool %016x: %s", thread.spool, error)
            await asyncio.sleep(TEND_EVERY_S)

    async def _tend(self, thread: FormerThread) -> None:
        """Tell what was found to be gone; let go a file that nobody needs."""
        untold = await thread.use(lambda s: s.fact(UNTOLD))
        if untold:
            lost = [(RecordClass(c), low, high) for c, low, high, _ in untold]
            await self._offices.tell(tombstones(lost, thread.spool), {})
            await thread.store(Batch(facts={UNTOLD: None}))
        if thread.is_filling:
            return
        ledgers = await thread.use(lambda s: s.ledgers())
        if any(next(one.settled().holes(1, one.given), None) for one in ledgers.values()):
            return
        if await self._is_old(thread) or not await self.has_room():
            await self._close(thread)
            await asyncio.to_thread(_unlink, thread.path)
            log.info("former spool %016x: all is at the hub, its file is gone", thread.spool)

    async def _is_old(self, thread: FormerThread) -> bool:
        """Whether a week has passed at the hub since nothing was owed: 28 times a quarter of a day."""
        if self._hub_utc_us is None:
            return False
        now_us = self._hub_utc_us
        last_us, quarters = await thread.use(lambda s: s.fact("drained") or (0, -1))
        if abs(now_us - last_us) >= QUARTER_US:
            quarters += 1
            await thread.store(Batch(facts={"drained": [now_us, quarters]}))
        return quarters >= QUARTERS_KEPT

    async def has_room(self) -> bool:
        """Whether quota and partition have room for more of former spools."""
        return self._has_disk() and await self._used_bytes() < self._offices.quota_bytes

    def _has_disk(self) -> bool:
        return self._offices.own.disk_free_bytes() > FREE_MIN_BYTES

    async def _used_bytes(self) -> int:
        used = await self._offices.own.use(lambda s: s.used_bytes())
        for thread in list(self.threads.values()):
            used += await thread.use(lambda s: s.used_bytes())
        return used

    async def make_room(self, thread: FormerThread) -> bool:
        """Free what the hub has until there is room to go on filling `thread`; return whether there is.

        Of a file that cannot grow the room inside is what counts, and only itself can give any.
        """
        while True:
            free = await thread.use(lambda s: s.free_bytes())
            has_disk = self._has_disk() or free > GROWTH_MARGIN_BYTES
            if has_disk and await self._used_bytes() < self._offices.quota_bytes:
                return True
            givers = [*self.threads.values(), self._offices.own] if has_disk else [thread]
            for giver in givers:
                if await giver.use(lambda s: s.free_received()):
                    break
            else:
                return False

    async def _close(self, thread: FormerThread) -> None:
        if self.threads.pop(thread.spool, None) is not None:
            self._closing.add(thread)
            self._offices.on_closed(thread)
            await thread.close()
            self._closing.discard(thread)

    async def replace(self, thread: FormerThread, why: str) -> None:
        """A former spool's own file is damaged: it is recovered from like any other."""
        await self._close(thread)
        await self._set_aside(thread, why)

    async def _set_aside(self, thread: FormerThread, why: str) -> None:
        heritage = Heritage(spool=thread.spool)
        self._on_aside(await asyncio.to_thread(set_aside, thread.path, why=why, heritage=heritage))


def tombstones(lost: Sequence[Lost], spool: SpoolId) -> list[Event]:
    """Return what is told of lost records of a spool that is not the teller's own."""
    return [
        Tombstone(record_class=int(c), first_seq=low, last_seq=high, why=DAMAGED, spool=spool_text(spool))
        for c, low, high in lost
    ]


def _unlink(path: Path) -> None:
    for suffix in (".db-wal", ".db-shm", ".db", ".lock"):
        path.with_suffix(suffix).unlink(missing_ok=True)
