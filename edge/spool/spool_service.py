"""The spool on its own worker thread: a card may stall for seconds, the loop may not.

A card that fails or is full ends nothing: it is told once, what could not be stored waits in memory and is
tried again with whatever comes next. A file that is damaged is used no more: another takes its place.
"""

import asyncio
import logging
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from contract.ids import RecordClass
from contract.ranges import SeqRanges
from contract.receipts import Receipt
from edge.errors import SpoolDamagedError, SpoolError
from edge.spool.batch import Batch, Entry, OwedRecord
from edge.spool.damage import DAMAGED, spool_error
from edge.spool.ledger import Ledger, Page
from edge.spool.spool import Spool

log = logging.getLogger(__name__)
T = TypeVar("T")

UNSAVED_MAX: Final = 60  # batches: a minute at least, longer as records take the place of drafts


class SpoolThread:
    """Every use of the spool, one after the other, off the loop."""

    def __init__(self, path: Path, *, quota_bytes: int) -> None:
        self._path, self._quota_bytes = path, quota_bytes
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._unsaved: deque[Batch] = deque()
        self._storing = asyncio.Lock()  # one batch after the other, each once
        self._commits: set[asyncio.Task[list[OwedRecord]]] = set()
        self._damaged = asyncio.Event()
        self._is_open = False
        self._damage: str | None = None  # why the file is used no more
        self.on_told: Callable[[list[OwedRecord]], None] = _tell_nobody  # of records found damaged
        self.problem: str | None = None  # why nothing can be stored now, for `edge doctor`
        self.lost_batches = 0

    async def open(self) -> Spool:
        """Open the file on its thread; who is cancelled here must `close` all the same. Raises SpoolError."""
        await self._run(self._open_here)
        return self._spool

    def _open_here(self) -> None:
        self._spool = self._open_file()
        self._is_open = True

    def _open_file(self) -> Spool:
        return Spool(self._path, quota_bytes=self._quota_bytes)

    def _run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def use(self, work: Callable[[Spool], T]) -> T:
        """Return what `work` returns, run on the spool's thread. Raises SpoolError for what the card does,
        SpoolDamagedError from the first time on that the file says it is damaged.
        """
        if self._damage is not None:
            raise SpoolDamagedError(self._damage)
        try:
            return await self._run(lambda: work(self._spool))
        except SpoolDamagedError as error:
            self.condemn(str(error))
            raise
        except sqlite3.Error as error:
            reason = spool_error(self._path, error)
            if isinstance(reason, SpoolDamagedError):
                self.condemn(str(reason))
            raise reason from error

    @property
    def is_damaged(self) -> bool:
        """Whether this file has said that it is damaged, and not another."""
        return self._damage is not None

    def condemn(self, why: str) -> None:
        """The file is not to be used any more."""
        if self._damage is None:
            log.error("%s", why)
            self._damage = why
            self._damaged.set()

    async def until_damaged(self) -> str:
        """Return, when the file has said that it is damaged, what it said."""
        await self._damaged.wait()
        return self._damage or ""

    def take_unsaved(self) -> list[Entry]:
        """Return the entries that could not be stored, and forget them: they are for another spool."""
        entries = [entry for batch in self._unsaved for entry in batch.entries]
        self._unsaved.clear()
        return entries

    async def store(self, batch: Batch) -> list[OwedRecord]:
        """Store a batch, after those that a full or failing card has kept waiting; return what is owed now,
        perhaps nothing yet.

        The trouble is told once, and what could not be stored is tried again with the next batch. Who is
        cancelled here has stored the batch all the same: each is stored once.
        """
        if batch.drops_drafts:
            self._forget_drafts_waiting()
        self._unsaved.append(batch)
        commit = asyncio.create_task(self._store_waiting(), name="spool commit")
        self._commits.add(commit)
        commit.add_done_callback(self._commits.discard)
        return await asyncio.shield(commit)

    def _forget_drafts_waiting(self) -> None:
        """Records replace the drafts that wait before them too; the first one may be on its way."""
        waiting = [replace(batch, drafts=()) for batch in list(self._unsaved)[1:]]
        while len(self._unsaved) > 1:
            self._unsaved.pop()
        self._unsaved.extend(batch for batch in waiting if batch != Batch())

    async def _store_waiting(self) -> list[OwedRecord]:
        owed: list[OwedRecord] = []
        async with self._storing:
            while self._unsaved:
                first = self._unsaved[0]
                try:
                    owed += await self.use(lambda spool, batch=first: spool.commit(batch))  # type: ignore[misc]
                except SpoolError as error:
                    self._on_trouble(error)
                    return owed
                self._unsaved.popleft()
            if self.problem is not None:
                log.warning("the spool stores again; %d batches were lost meanwhile", self.lost_batches)
                self.problem = None
        return owed

    def _on_trouble(self, error: SpoolError) -> None:
        log.log(logging.DEBUG if self.problem else logging.ERROR, "%s", error)
        self.problem = str(error)
        while len(self._unsaved) > UNSAVED_MAX:
            self._unsaved.popleft()
            self.lost_batches += 1

    async def store_now(self, batch: Batch) -> list[OwedRecord]:
        """Store a batch before all that wait: class 0. Raises SpoolError: nothing was stored."""
        return await self.use(lambda spool: spool.commit(batch))

    async def read(self, record_class: RecordClass, seqs: Iterable[int]) -> dict[int, bytes]:
        """Return the records of these seqs that are still there. One that the card damaged is given up, and
        the hub is told. Raises SpoolError.
        """
        wanted = list(seqs)
        found, told = await self.use(lambda spool: _read(spool, record_class, wanted))
        self.on_told(told)
        return found

    async def load(self, page: Page) -> list[OwedRecord]:
        """Return the records of a page, as the uplink looks them up. Raises SpoolError."""
        return await self.use(lambda spool: spool.load(page))

    async def reload(self, receipt: Receipt) -> Mapping[RecordClass, Ledger]:
        """The hub's store is another: forget what the one before had received, also in batches that wait, and
        return what is owed now. Raises SpoolError.
        """
        self._unsaved = deque(map(_without_receipts, self._unsaved))
        facts = {"epoch": receipt.epoch}
        batch = Batch(received=receipt.committed, facts=facts, forgets_receipts=True)

        def work(spool: Spool) -> Mapping[RecordClass, Ledger]:
            spool.commit(batch)
            return spool.ledgers()

        return await self.use(work)

    def disk_free_bytes(self) -> int:
        """Return the room on the spool's partition."""
        disk = os.statvfs(self._path.parent)
        return disk.f_bavail * disk.f_frsize

    async def close(self) -> None:
        """Close the file, if it is open, and end the thread, after what is still being stored."""
        await self._run(self._close_here)
        self._executor.shutdown(wait=True)

    def _close_here(self) -> None:
        if self._is_open:
            self._spool.close()


def _read(
    spool: Spool, record_class: RecordClass, seqs: list[int]
) -> tuple[dict[int, bytes], list[OwedRecord]]:
    found = spool.read(record_class, seqs)
    missing = SeqRanges((seq, seq) for seq in seqs if seq not in found)
    return found, spool.give_up(record_class, missing, why=DAMAGED) if any(missing) else []


def _tell_nobody(_told: list[OwedRecord]) -> None:
    pass


def _without_receipts(batch: Batch) -> Batch:
    facts = {name: value for name, value in batch.facts.items() if name != "epoch"}
    return replace(batch, facts=facts, received={}, refused=(), hub_utc_us=None)
