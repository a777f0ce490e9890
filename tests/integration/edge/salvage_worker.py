"""Recovery beside an own spool, without uplink: for tests, and as a process that may be killed.

`python -m tests.integration.edge.salvage_worker FOLDER` says "open" once it works and "recovered" at the end.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from contract.events import SpoolDamage, Tombstone
from contract.ids import SpoolId
from contract.ranges import SeqRanges
from edge.clock import BoxClock
from edge.spool.batch import OwedRecord
from edge.spool.former_service import FormerThread, Ledgers, Offices
from edge.spool.salvage_aside import asides
from edge.spool.salvage_service import SalvageService
from edge.spool.spool_service import SpoolThread
from tests.integration.edge.spools import BOOT, HUB_KEY, QUOTA_BYTES, STATION, open_all

LIMIT_S = 30.0


class Rooms:
    """What `edge vitals` is to the service, and what it heard."""

    def __init__(self, own: SpoolThread, *, quota_bytes: int) -> None:
        self.calls: list[tuple[SpoolId | None, SeqRanges]] = []
        self.opened: list[SpoolId] = []
        self.closed: list[SpoolId] = []
        self.own = own
        self.offices = Offices(
            own=own,
            clock=BoxClock("a-boot"),
            boot=BOOT,
            quota_bytes=quota_bytes,
            is_in_call=lambda: False,
            on_stored=self._on_stored,
            on_opened=self._on_opened,
            on_more=self._on_more,
            on_closed=self._on_closed,
            on_calls=self._on_calls,
        )

    def _on_stored(self, _owed: list[OwedRecord]) -> None:
        pass

    def _on_opened(self, thread: FormerThread, _ledgers: Ledgers) -> None:
        self.opened.append(thread.spool)

    def _on_more(self, thread: FormerThread, _ledgers: Ledgers) -> None:
        assert thread.spool in self.opened

    def _on_closed(self, thread: FormerThread) -> None:
        self.closed.append(thread.spool)

    async def _on_calls(self, spool: SpoolId | None, there: SeqRanges) -> None:
        self.calls.append((spool, there))

    async def told(self) -> list[SpoolDamage | Tombstone]:
        events = (await self.own.use(open_all)).values()
        return [one for one in events if isinstance(one, SpoolDamage | Tombstone)]


@asynccontextmanager
async def rooms(folder: Path, *, quota_bytes: int = QUOTA_BYTES) -> AsyncIterator[Rooms]:
    own = SpoolThread(folder / "spool.db", quota_bytes=quota_bytes)
    await own.open()
    await own.use(lambda s: s.begin_boot("a-boot"))
    await own.use(lambda s: s.begin_sealing(HUB_KEY, station=STATION, boot=BOOT, t_us=1, software="test"))
    try:
        yield Rooms(own, quota_bytes=quota_bytes)
    finally:
        await own.close()


@asynccontextmanager
async def serving(some: Rooms, folder: Path) -> AsyncIterator[SalvageService]:
    service = SalvageService(folder, some.offices)
    task = asyncio.create_task(service.run())
    try:
        yield service
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until_recovered(service: SalvageService) -> None:
    async with asyncio.timeout(LIMIT_S):
        while service.last is None:  # noqa: ASYNC110 - a file that goes announces nothing
            await asyncio.sleep(0.01)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main(folder: Path) -> None:
    async with rooms(folder) as some, serving(some, folder) as service:
        say("open")
        async with asyncio.timeout(LIMIT_S):
            while True:
                if service.formers.threads and not await asyncio.to_thread(asides, folder):
                    break
                await asyncio.sleep(0.01)
    say("recovered")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
