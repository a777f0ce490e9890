"""The thread that codes, beside the spool's: what waits for it, and what does not."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from contract.chunks import Column, decode_chunk
from contract.events import VisitOpened
from contract.ids import RecordClass, StreamSetNo, VisitNo
from edge.capture.capture import Capture
from edge.capture.coding_service import CodingThread
from edge.capture.cuts import Cut, Scene, TakenChunk
from edge.spool.batch import Entry
from edge.spool.spool import Spool
from edge.spool.spool_service import SpoolThread
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.spools import BOOT, CALL, WAVE, open_all, open_spool, press_batch, seqs
from tests.integration.edge.test_spool_thread import Card, impatient
from tests.integration.edge.test_spool_thread import running as running_spool
from tests.unit.contract.recordings import recorded

PATIENCE_S = 60
SCENE = Scene(VisitNo(1), StreamSetNo(1))


class SlowChunk(TakenChunk):
    """A chunk whose coding takes until it is released: a slow processor, a long record."""

    started = threading.Event()
    released = threading.Event()

    def entry(self, *, boot: int, is_draft: bool) -> Entry:
        self.started.set()
        assert self.released.wait(PATIENCE_S)
        return TakenChunk.entry(self, boot=BOOT, is_draft=is_draft)


@pytest.fixture(autouse=True)
def fresh() -> None:
    SlowChunk.started.clear()
    SlowChunk.released.clear()


def cut(first_index: int, *, is_draft: bool = False, is_slow: bool = False, leads: int = 1) -> Cut:
    ecg = recorded("an")[first_index : first_index + 250]
    columns = [Column(lead, first_index, first_index * 4_000, 0, ecg + lead) for lead in range(leads)]
    kind = SlowChunk if is_slow else TakenChunk
    return Cut(BOOT, [kind(RecordClass.WAVEFORM, SCENE, columns)], is_draft)


class Coding:
    def __init__(self, spool: SpoolThread) -> None:
        self.spool = spool
        self.capture = Capture(boot=BOOT, facts={})
        self.thread = CodingThread(self.capture, spool, lambda batch: batch)

    async def start(self, one: Cut) -> asyncio.Task[object]:
        """Begin to store a slow cut; return when its coding has begun."""
        task: asyncio.Task[object] = asyncio.create_task(self.thread.store(one))
        assert await asyncio.to_thread(SlowChunk.started.wait, PATIENCE_S)
        return task

    async def draft_count(self) -> int:
        return await self.spool.use(
            lambda spool: int(spool._db.execute("SELECT count(*) FROM draft").fetchone()[0])
        )


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Coding]:
    async with running_spool(folder) as spool:
        coding = Coding(spool)
        try:
            yield coding
        finally:
            SlowChunk.released.set()
            await coding.thread.close()


@in_a_loop
async def test_a_press_is_stored_while_a_record_is_still_being_coded(tmp_path: Path) -> None:
    async with running(tmp_path) as coding:
        record = await coding.start(cut(0, is_slow=True, leads=12))
        owed = await coding.spool.store_now(press_batch(1))
        assert [one.record_class for one in owed] == [CALL]
        assert not record.done()
        SlowChunk.released.set()
        await record
    with open_spool(tmp_path / "spool.db") as spool:
        assert seqs(spool, WAVE) == [1]


@in_a_loop
async def test_who_is_cancelled_has_stored_the_samples_all_the_same(tmp_path: Path) -> None:
    async with running(tmp_path) as coding:
        await coding.thread.store(cut(0, is_draft=True))
        record = await coding.start(cut(0, is_slow=True))
        record.cancel()
        with pytest.raises(asyncio.CancelledError):
            await record
        assert await coding.draft_count() == 1, "the draft stays until its record is there"
        SlowChunk.released.set()
        await coding.thread.store(cut(250))
        assert await coding.draft_count() == 0
    with open_spool(tmp_path / "spool.db") as spool:
        assert samples_of(bodies_of(spool)) == recorded("an")[:500].tolist()


@in_a_loop
async def test_a_draft_that_comes_while_a_record_is_coded_is_not_dropped_with_those_before(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as coding:
        await coding.thread.store(cut(0, is_draft=True))
        record = await coding.start(cut(0, is_slow=True))
        draft = asyncio.create_task(coding.thread.store(cut(250, is_draft=True)))
        await asyncio.sleep(0)
        SlowChunk.released.set()
        await asyncio.gather(record, draft)
        assert await coding.draft_count() == 1
    with open_spool(tmp_path / "spool.db") as spool:  # the draft becomes a record by the restart
        assert samples_of(bodies_of(spool)) == recorded("an")[:500].tolist()


@in_a_loop
async def test_a_cut_without_samples_does_not_overtake_one_that_is_being_coded(tmp_path: Path) -> None:
    """It says that all drafts have become records, and they have not yet."""
    async with running(tmp_path) as coding:
        await coding.thread.store(cut(0, is_draft=True))
        record = await coding.start(cut(0, is_slow=True))
        coding.capture.tell(VisitOpened(visit=VisitNo(1), how="signal"), 5)
        empty = asyncio.create_task(coding.thread.store(Cut(BOOT, [], is_draft=False)))
        await asyncio.sleep(0)
        owed = await coding.spool.store_now(press_batch(1))  # whatever was given to the card before is on it
        assert len(owed) == 1
        assert await coding.draft_count() == 1
        SlowChunk.released.set()
        await asyncio.gather(record, empty)
        assert await coding.draft_count() == 0


@in_a_loop
async def test_a_card_that_refuses_keeps_the_drafts_until_the_records_are_there(tmp_path: Path) -> None:
    async with running(tmp_path) as coding:
        await coding.thread.store(cut(0, is_draft=True))
        card = Card(tmp_path)
        with closing(card):
            await coding.spool.use(lambda _: impatient(coding.spool))
            card.refuse()
            assert await coding.thread.store(cut(0)) == []
            assert await coding.draft_count() == 1
            card.accept()
        owed = await coding.thread.store(cut(250))
        assert [one.seq for one in owed] == [1, 2]
        assert await coding.draft_count() == 0


@in_a_loop
async def test_what_is_told_while_samples_are_coded_is_stored_with_them(tmp_path: Path) -> None:
    async with running(tmp_path) as coding:
        record = await coding.start(cut(0, is_slow=True))
        coding.capture.tell(VisitOpened(visit=VisitNo(1), how="signal"), 5)
        SlowChunk.released.set()
        await record
    with open_spool(tmp_path / "spool.db") as spool:
        told = open_all(spool)
        assert VisitOpened(visit=VisitNo(1), how="signal") in told.values()


@in_a_loop
async def test_the_end_waits_for_what_is_still_being_coded(tmp_path: Path) -> None:
    async with running(tmp_path) as coding:
        record = await coding.start(cut(0, is_slow=True))
        end = asyncio.create_task(coding.thread.close())
        await asyncio.sleep(0)
        assert not end.done()
        SlowChunk.released.set()
        await end
        assert record.done()
    with open_spool(tmp_path / "spool.db") as spool:
        assert seqs(spool, WAVE) == [1]


def bodies_of(spool: Spool) -> list[bytes]:
    return [
        body for _, body in sorted(open_all(spool).items(), key=lambda one: one[0]) if isinstance(body, bytes)
    ]


def samples_of(bodies: list[bytes]) -> list[int]:
    found: list[int] = []
    for body, first_us in zip(bodies, (0, 1_000_000), strict=True):
        (column,) = decode_chunk(body, t_us=first_us)
        found += column.samples.tolist()
    return found
