import asyncio
import resource
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from contract.ranges import SeqRanges
from contract.receipts import Receipt
from edge.errors import SpoolError
from edge.spool.batch import Batch
from edge.spool.ledger import Page
from edge.spool.spool_service import UNSAVED_MAX, SpoolThread
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.spools import (
    BOOT,
    CALL,
    HUB_KEY,
    NUMERIC,
    PART,
    QUOTA_BYTES,
    STATION,
    WAVE,
    event,
    press_batch,
    wave,
)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[SpoolThread]:
    thread = SpoolThread(folder / "spool.db", quota_bytes=QUOTA_BYTES)
    await thread.open()
    await thread.use(lambda s: s.begin_boot("boot"))
    await thread.use(lambda s: s.begin_sealing(HUB_KEY, station=STATION, boot=BOOT, t_us=1, software="test"))
    try:
        yield thread
    finally:
        await thread.close()


class Card:
    """A card that can be made to refuse writing, by a lock that another program holds."""

    def __init__(self, folder: Path) -> None:
        self._db = sqlite3.connect(folder / "spool.db", isolation_level=None)

    def refuse(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def accept(self) -> None:
        self._db.execute("ROLLBACK")

    def close(self) -> None:
        self._db.close()


async def waves_of(thread: SpoolThread) -> list[int]:
    return [one.seq for one in await thread.use(lambda s: s.owed()) if one.record_class == WAVE]


def impatient(thread: SpoolThread) -> None:
    """Do not wait five seconds for the lock of another program."""
    thread._spool._db.execute("PRAGMA busy_timeout = 1")


@in_a_loop
async def test_batches_of_many_callers_are_each_stored_once(tmp_path: Path) -> None:
    async with running(tmp_path) as thread:
        owed = await asyncio.gather(*(thread.store(Batch(entries=[wave(n)])) for n in range(20)))
        assert sorted(one.seq for some in owed for one in some) == list(range(1, 21))
        assert await waves_of(thread) == list(range(1, 21))


@in_a_loop
async def test_a_caller_that_is_cancelled_has_stored_its_batch_once(tmp_path: Path) -> None:
    async with running(tmp_path) as thread:
        for n in range(1, 11):
            task = asyncio.create_task(thread.store(Batch(entries=[wave(n)])))
            for _ in range(n):
                await asyncio.sleep(0)  # cancelled earlier or later on its way
            if task.cancel():  # else the card was faster
                with pytest.raises(asyncio.CancelledError):
                    await task
        await thread.store(Batch(entries=[wave(99)]))
        assert await waves_of(thread) == list(range(1, 12))


@in_a_loop
async def test_a_card_that_refuses_ends_nothing_and_nothing_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path) as thread:
        card = Card(tmp_path)
        with closing(card):
            await thread.use(lambda _: impatient(thread))
            card.refuse()
            for n in range(5):
                assert await thread.store(Batch(entries=[wave(n)])) == []
            assert thread.problem is not None
            assert "database is locked; check the card" in thread.problem
            with pytest.raises(SpoolError, match="database is locked"):
                await thread.store_now(press_batch(1))
            card.accept()
            owed = await thread.store(Batch(entries=[wave(5)]))
        assert [one.seq for one in owed] == [1, 2, 3, 4, 5, 6]
        assert thread.problem is None
    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1, "told once"


@in_a_loop
async def test_what_waits_is_bounded_and_what_is_thrown_away_is_counted(tmp_path: Path) -> None:
    async with running(tmp_path) as thread:
        with closing(Card(tmp_path)) as card:
            await thread.use(lambda _: impatient(thread))
            card.refuse()
            for n in range(UNSAVED_MAX + 7):
                await thread.store(Batch(entries=[wave(n)]))
            card.accept()
            owed = await thread.store(Batch())
        assert thread.lost_batches == 7
        assert len(owed) == UNSAVED_MAX


@in_a_loop
async def test_records_replace_the_drafts_that_wait_so_that_ten_minutes_fit(tmp_path: Path) -> None:
    async with running(tmp_path) as thread:
        with closing(Card(tmp_path)) as card:
            await thread.use(lambda _: impatient(thread))
            card.refuse()
            for _ in range(4):
                for n in range(29):
                    await thread.store(Batch(drafts=[wave(n)]))
                await thread.store(Batch(entries=[wave(0), event()], drops_drafts=True))
            card.accept()
            owed = await thread.store(Batch())
        assert thread.lost_batches == 0
        assert [one.seq for one in owed if one.record_class == WAVE] == [1, 2, 3, 4]
        assert await thread.use(lambda s: s._db["draft"].count) == 0


@in_a_loop
async def test_a_press_does_not_wait_behind_what_a_full_card_refuses(tmp_path: Path) -> None:
    async with running(tmp_path) as thread:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        size = (tmp_path / "spool.db-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, hard))
        try:
            numerics = [event() for _ in range(200)]
            while thread.problem is None:
                await thread.store(Batch(entries=numerics * 5))
            (owed,) = await thread.store_now(press_batch(1))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert owed.record_class == CALL
        assert "no room for 1000 records" in thread.problem


@in_a_loop
async def test_another_hub_s_store_brings_back_what_it_lacks(tmp_path: Path) -> None:
    async with running(tmp_path) as thread:
        await thread.store(Batch(entries=[wave(0), wave(1)]))
        await thread.store(Batch(received={WAVE: SeqRanges([(1, 2)]), NUMERIC: SeqRanges([(1, 1)])}))
        ledgers = await thread.reload(
            Receipt((await thread.use(lambda s: s.spool_id)), 7, 0, 0, 0, {WAVE: SeqRanges([(1, 1)])})
        )
        owed = {c: list(ledger.settled().holes(1, ledger.given)) for c, ledger in ledgers.items()}
        assert owed == {CALL: [(1, 1)], NUMERIC: [(1, 1)], WAVE: [(2, 2)], PART: []}
        assert [one.seq for one in await thread.load(Page(WAVE, ((2, 2),)))] == [2]
        assert await thread.use(lambda s: s.fact("epoch")) == 7


@in_a_loop
async def test_what_the_hub_s_store_before_had_is_forgotten_in_batches_that_wait_too(tmp_path: Path) -> None:
    async with running(tmp_path) as thread:
        await thread.store(Batch(entries=[wave(n) for n in range(5)]))
        with closing(Card(tmp_path)) as card:
            await thread.use(lambda _: impatient(thread))
            card.refuse()
            stale = Batch(entries=[wave(6)], received={WAVE: SeqRanges([(1, 5)])}, facts={"epoch": 1})
            assert await thread.store(stale) == []
            card.accept()
        await thread.reload(Receipt(await thread.use(lambda s: s.spool_id), 2, 0, 0, 0))
        await thread.store(Batch(entries=[wave(7)]))
        assert await waves_of(thread) == [1, 2, 3, 4, 5, 6, 7]
        assert await thread.use(lambda s: s.fact("epoch")) == 2
