"""Cuts become batches on a thread of their own: neither the loop nor the spool's thread waits for a coder.

A press goes to the spool's thread directly and is stored while a record is still being coded.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from edge.capture.capture import Capture
from edge.capture.cuts import Cut
from edge.spool.batch import Batch, OwedRecord
from edge.spool.spool_service import SpoolThread


class CodingThread:
    """Codes and stores cuts in the order in which they came. `with_the_rest` adds what else goes to the card;
    it is called on the loop, right before the batch is given to the spool.
    """

    def __init__(
        self, capture: Capture, spool: SpoolThread, with_the_rest: Callable[[Batch | None], Batch | None]
    ) -> None:
        self._capture, self._spool, self._with_the_rest = capture, spool, with_the_rest
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="coding")  # one: order is kept
        self._at_work: set[asyncio.Task[list[OwedRecord]]] = set()

    async def store(self, cut: Cut) -> list[OwedRecord]:
        """Code a cut and store it with all that waits; return what is owed now, perhaps nothing yet.

        Who is cancelled here has coded and stored it all the same: its samples are in no other place.
        """
        work = asyncio.create_task(self._code_and_store(cut), name="coding")
        self._at_work.add(work)
        work.add_done_callback(self._at_work.discard)
        return await asyncio.shield(work)

    async def _code_and_store(self, cut: Cut) -> list[OwedRecord]:
        coded = await asyncio.get_running_loop().run_in_executor(self._executor, cut.coded)
        batch = self._with_the_rest(self._capture.batch(cut, coded))
        return [] if batch is None else await self._spool.store(batch)

    async def close(self) -> None:
        """Return when all is stored, and end the thread."""
        await asyncio.gather(*self._at_work)
        self._executor.shutdown(wait=True)
