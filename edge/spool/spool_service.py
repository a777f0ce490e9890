"""The spool on its own worker thread: a card may stall for seconds, the loop may not."""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from contract.ids import RecordClass
from contract.receipts import Receipt
from edge.errors import SpoolFullError
from edge.spool.batch import Batch, OwedRecord
from edge.spool.spool import Spool

log = logging.getLogger(__name__)
T = TypeVar("T")

UNSAVED_MAX: Final = 60  # batches, about a minute; a card that stalls so long has lost what came after


class SpoolThread:
    """Every use of the spool, one after the other, off the loop."""

    def __init__(self, path: Path, *, quota_bytes: int) -> None:
        self._path, self._quota_bytes = path, quota_bytes
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._unsaved: deque[Batch] = deque()
        self._storing = asyncio.Lock()  # one batch after the other, each once
        self.full_since: str | None = None  # why nothing can be stored now, for `edge doctor`
        self.lost_batches = 0

    async def open(self) -> Spool:
        """Open the file on its thread. Raises SpoolError."""
        self._spool = await self._run(lambda: Spool(self._path, quota_bytes=self._quota_bytes))
        return self._spool

    def _run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._executor, work)

    async def use(self, work: Callable[[Spool], T]) -> T:
        """Return what `work` returns, run on the spool's thread."""
        return await self._run(lambda: work(self._spool))

    async def store(self, batch: Batch) -> list[OwedRecord]:
        """Store a batch, after those that a full disk has kept waiting; return what is owed now, perhaps
        nothing yet.

        A full disk is told once, and what could not be stored is tried again with the next batch.
        """
        if len(self._unsaved) >= UNSAVED_MAX:
            self._unsaved.popleft()
            self.lost_batches += 1
        self._unsaved.append(batch)
        owed: list[OwedRecord] = []
        try:
            async with self._storing:
                while self._unsaved:
                    first = self._unsaved[0]
                    owed += await self.use(lambda spool, batch=first: spool.commit(batch))  # type: ignore[misc]
                    self._unsaved.popleft()
        except SpoolFullError as error:
            if self.full_since is None:
                log.error("%s", error)
            self.full_since = str(error)
            return owed
        if self.full_since is not None:
            log.warning("the spool stores again; %d batches were lost meanwhile", self.lost_batches)
            self.full_since = None
        return owed

    async def store_now(self, batch: Batch) -> list[OwedRecord]:
        """Store a batch before all that wait: a press. Raises SpoolFullError."""
        return await self.use(lambda spool: spool.commit(batch))

    async def read(self, record_class: RecordClass, seqs: Iterable[int]) -> dict[int, bytes]:
        """Return the records of these seqs that are still there."""
        return await self.use(lambda spool: spool.read(record_class, seqs))

    async def reload(self, receipt: Receipt) -> list[OwedRecord]:
        """The hub's store is another: forget what the one before had received and return all that is owed."""

        def work(spool: Spool) -> list[OwedRecord]:
            spool.commit(Batch(received=receipt.committed, facts={"epoch": receipt.epoch}))
            return spool.owed()

        return await self.use(work)

    def disk_free_bytes(self) -> int:
        """Return the room on the spool's partition."""
        disk = os.statvfs(self._path.parent)
        return disk.f_bavail * disk.f_frsize

    async def close(self) -> None:
        """Close the file and end the thread."""
        await self.use(lambda spool: spool.close())
        self._executor.shutdown(wait=True)
