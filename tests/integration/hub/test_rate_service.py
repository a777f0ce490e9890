"""True rates, from the records of a box to where its samples are drawn. Real stores on their threads."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.events import parse_event
from contract.header import Kind, Record, parse_record
from contract.ids import BootId, KeyId, SpoolId, StationId, StreamSetNo
from contract.sealing import Opener
from hub.config import parse_config
from hub.hub import BrokerLink, Hub, IngestState
from hub.ingest.committed import Committed, OnCommitted
from hub.ingest.keyring import KeyRing
from hub.live.opening import open_record
from hub.store.interface import Arrival, Store, StoreFailedError
from hub.store.threads import StoreThread
from hub.times.placing import PlacedColumn
from hub.times.rate_service import RateService
from hub.times.rates import SampleLine
from tests.simulators.box import BoxRecords

T = TypeVar("T")
S = 1_000_000
HUB_KEY = X25519PrivateKey.generate()
STATION = StationId("con-dao-01")
SET, BOOT, ECG = StreamSetNo(1), BootId(1), 1
RATE_HZ = 250 * (1 + 150e-6)
CHUNK_S = 30
NO_FAULT = IngestState(
    fault=None,
    fault_since_s=None,
    stored_count=0,
    duplicate_count=0,
    other_content_count=0,
    dropped_parcel_count=0,
    refused_counts={},
    first_refusal_text=None,
)


class Rooms:
    """What of a hub rates need: a store, its keys, and news of commits."""

    def __init__(self, writer: StoreThread, reader: StoreThread) -> None:
        self.writer, self.reader = writer, reader
        self.is_full = False
        self.tried = asyncio.Event()  # to write, well or not
        self._listeners: list[OnCommitted] = []
        self._ring = KeyRing({1: HUB_KEY})
        self.hub = Hub(
            config=parse_config("", path=Path("/srv/hub.toml")),
            boot_name="one",
            now_s=lambda: 1.0,
            utc_now_us=lambda: 1,
            run_read=reader.run,
            run_write=self._write,
            opener_for=self._opener_for,
            on_committed=self._listeners.append,
            on_signal=lambda _: None,
            publish_signal=lambda *_: True,
            broker_link=lambda: BrokerLink(is_connected=True, changed_s=None, heard_s=None, text=""),
            ingest_state=lambda: NO_FAULT,
        )

    async def commit(self, box: BoxRecords, raws: list[bytes]) -> None:
        """As ingest does: on disk first, then the rooms are told."""
        arrivals = [arrival(box, raw) for raw in raws]
        outcomes = await self.writer.run(lambda store: store.commit(arrivals))
        told = [Committed(one, outcome, 1.0) for one, outcome in zip(arrivals, outcomes, strict=True)]
        for listener in self._listeners:
            listener(told)

    async def placed(self, box: BoxRecords, raw: bytes) -> PlacedColumn:
        """The first column of a chunk, as it would be drawn."""
        record = parse_record(raw)
        assert isinstance(record, Record)
        columns = await self.reader.run(
            lambda store: open_record(store, self._opener_for, STATION, box.spool, record)
        )
        return columns[0]

    async def until_told(self, box: BoxRecords, *, from_index: int = 0) -> SampleLine:
        """Wait for a line that begins there or later."""
        async with asyncio.timeout(30):
            while True:
                self.tried.clear()
                line = await line_of(self, box)
                if line is not None and line.from_index >= from_index:
                    return line
                await self.tried.wait()

    async def _write(self, work: Callable[[Store], T]) -> T:
        try:
            if self.is_full:
                raise StoreFailedError("no space left")
            return await self.writer.run(work)
        finally:
            self.tried.set()

    def _opener_for(self, store: Store, station: StationId, spool: SpoolId, key_id: KeyId) -> Opener | None:
        return self._ring.opener(store.key_event, station, spool, key_id)


def arrival(box: BoxRecords, raw: bytes) -> Arrival:
    record = parse_record(raw)
    assert isinstance(record, Record)
    event = None
    if record.header.kind is Kind.EVENT:
        event = parse_event(record.body)
    return Arrival(
        station=STATION,
        spool=box.spool,
        boot=BOOT,
        sent_t_us=box.t_us,
        received_utc_us=1,
        record=record,
        raw=raw,
        event=event,
    )


@asynccontextmanager
async def rooms_in(folder: Path) -> AsyncIterator[Rooms]:
    async with (
        StoreThread(folder, is_writer=True) as writer,
        StoreThread(folder, is_writer=False) as reader,
    ):
        rooms = Rooms(writer, reader)
        running = asyncio.create_task(RateService(rooms.hub).run())
        try:
            yield rooms
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


class Ecg:
    """A box whose board is 150 ppm fast; the bridge's times are two milliseconds off either way."""

    def __init__(self) -> None:
        self.box = BoxRecords(STATION, HUB_KEY.public_key())
        self.key = self.box.key()
        self._rng = random.Random(1)

    def chunk(self, number: int) -> bytes:
        """Half a minute."""
        index = round(number * CHUNK_S * RATE_HZ)
        self.box.t_us = round(true_us(index) + self._rng.uniform(-2_000, 2_000)) - 1_000
        return self.box.chunk(np.zeros(250, np.int32), stream=ECG, first_index=index)


def true_us(index: int) -> float:
    return 10 * S + index * 1e6 / RATE_HZ


async def line_of(rooms: Rooms, box: BoxRecords) -> SampleLine | None:
    return await rooms.reader.run(lambda store: store.sample_line(STATION, box.spool, SET, BOOT, stream=ECG))


def test_an_hour_of_a_board_150_ppm_off_is_placed_to_less_than_a_sample(tmp_path: Path) -> None:
    async def scenario() -> None:
        ecg = Ecg()
        async with rooms_in(tmp_path / "store") as rooms:
            await rooms.commit(ecg.box, [ecg.key])
            chunks = [ecg.chunk(number) for number in range(121)]
            assert (await rooms.placed(ecg.box, chunks[0])).rate_hz is None
            for start in range(0, 121, 11):
                await rooms.commit(ecg.box, chunks[start : start + 11])
            await rooms.until_told(ecg.box, from_index=1)  # the second half hour has begun
            column = await rooms.placed(ecg.box, chunks[0])
            last = round(120 * CHUNK_S * RATE_HZ)
            assert column.rate_hz is not None
            end_us = column.t_us + last * 1e6 / column.rate_hz
            nominal_us = column.t_us + last * 1e6 / 250
            assert abs(end_us - true_us(last)) < 1e6 / 250
            assert abs(nominal_us - true_us(last)) > 134 * 1e6 / 250
            for number in range(0, 121, 10):
                column = await rooms.placed(ecg.box, chunks[number])
                assert abs(column.t_us - true_us(column.first_index)) < 1_500

    asyncio.run(scenario())


def test_a_hub_that_was_restarted_goes_on_with_the_rate_it_knew(tmp_path: Path) -> None:
    async def scenario() -> None:
        ecg = Ecg()
        async with rooms_in(tmp_path / "store") as rooms:
            await rooms.commit(ecg.box, [ecg.key, *(ecg.chunk(number) for number in range(30))])
            before = await rooms.until_told(ecg.box)
        async with rooms_in(tmp_path / "store") as rooms:
            raw = ecg.chunk(40)
            await rooms.commit(ecg.box, [raw])
            column = await rooms.placed(ecg.box, raw)
            assert column.rate_hz == before.samples_per_s

    asyncio.run(scenario())


def test_a_line_that_the_disk_did_not_take_is_learned_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        ecg = Ecg()
        async with rooms_in(tmp_path / "store") as rooms:
            rooms.is_full = True
            await rooms.commit(ecg.box, [ecg.key, *(ecg.chunk(number) for number in range(20))])
            async with asyncio.timeout(30):
                await rooms.tried.wait()
            assert await line_of(rooms, ecg.box) is None
            rooms.is_full = False
            await rooms.commit(ecg.box, [ecg.chunk(number) for number in range(20, 40)])
            await rooms.until_told(ecg.box)

    asyncio.run(scenario())


def test_chunks_that_nobody_can_open_are_no_trouble(tmp_path: Path) -> None:
    async def scenario() -> None:
        ecg, lost = Ecg(), Ecg()
        lost.box.spool = SpoolId(99)
        async with rooms_in(tmp_path / "store") as rooms:
            await rooms.commit(lost.box, [lost.chunk(number) for number in range(20)])
            await rooms.commit(ecg.box, [ecg.key, *(ecg.chunk(number) for number in range(20))])
            await rooms.until_told(ecg.box)
            assert await line_of(rooms, lost.box) is None

    asyncio.run(scenario())


@pytest.mark.parametrize("far_us", [150_000, 300_000])
def test_a_column_far_from_its_line_keeps_its_own_time(tmp_path: Path, far_us: int) -> None:
    async def scenario() -> None:
        ecg = Ecg()
        async with rooms_in(tmp_path / "store") as rooms:
            await rooms.commit(ecg.box, [ecg.key])
            line = SampleLine(0, 10 * S, 4_000.0)
            await rooms.writer.run(
                lambda store: store.file_lines(STATION, ecg.box.spool, SET, BOOT, {ECG: line}, now_utc_us=1)
            )
            ecg.box.t_us = 10 * S + far_us - 1_000
            column = await rooms.placed(ecg.box, ecg.box.chunk(stream=ECG))
            assert column.t_us == (10 * S if far_us < 200_000 else 10 * S + far_us)
            assert (column.rate_hz is None) == (far_us > 200_000)

    asyncio.run(scenario())
