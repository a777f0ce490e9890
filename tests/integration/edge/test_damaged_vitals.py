"""A box whose spool is damaged while it works, or before it starts: it goes on, and nothing is told twice."""

import asyncio
import json
import random
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest

from contract.chunks import decode_chunk
from contract.events import AnyEvent, BoxStarted, CallStep, Press, SpoolDamage, StreamSet, Tombstone
from contract.ids import RecordClass, SpoolId, StationId
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.control_service import ask
from edge.spool.spool import Spool
from edge.vitals_service import Vitals
from firmware_bridge.board.messages import OutputPattern
from hub.store.interface import Store
from tests.broker import Broker
from tests.integration.edge.damages import HARMS, Pages, harm
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.test_vitals import drafts, report, until, until_answered
from tests.integration.edge.uplinks import LIMIT_S, board_of, box_config
from tests.running_hub import HubThread, hub_config
from tests.simulators.board import BoardSim
from tests.simulators.board.recordings import ECG

STATION = StationId("con-dao-01")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Broker(folder, stations=[STATION]) as broker:
        yield broker


@pytest.fixture
def config(broker: Broker, tmp_path: Path) -> BoxConfig:
    return box_config(tmp_path, broker.boxes[STATION], port=broker.port)


@asynccontextmanager
async def vitals(config: BoxConfig) -> AsyncIterator[Vitals]:
    service = Vitals(config, BoxClock.read(), random.Random(1), video_command=("sleep", "60"))
    task = asyncio.create_task(service.run())
    await until_answered(config)
    try:
        yield service
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def spool_of(config: BoxConfig) -> str:
    with closing(sqlite3.connect(f"file:{config.data_dir / 'spool.db'}?mode=ro", uri=True)) as db:
        return str(db.execute("SELECT value FROM fact WHERE name = 'spool'").fetchone()[0])


class AtHub:
    """What the hub has of the station."""

    def __init__(self, hub: HubThread) -> None:
        self._hub = hub

    def events(self) -> list[tuple[SpoolId, AnyEvent]]:
        def read(store: Store) -> list[tuple[SpoolId, AnyEvent]]:
            found = store.events(STATION, newest=10_000)
            return [(one.record_id.spool, one.event) for one in reversed(found) if one.event is not None]

        return self._hub.read(read)

    def presses(self) -> list[int]:
        return [event.press_count for _, event in self.events() if isinstance(event, Press)]

    def pressed_in(self, count: int) -> list[str]:
        """The spools that tell of a press."""
        pressed = [one for one in self.events() if isinstance(one[1], Press) and one[1].press_count == count]
        return [f"{spool:016x}" for spool, _ in pressed]

    def spools_of_presses(self) -> list[str]:
        return [f"{spool:016x}" for spool, event in self.events() if isinstance(event, Press)]

    def cancelled(self) -> list[CallStep]:
        return [e for _, e in self.events() if isinstance(e, CallStep) and e.step == "cancelled"]

    def damage(self) -> list[str]:
        return [event.what for _, event in self.events() if isinstance(event, SpoolDamage)]

    def lost(self) -> list[Tombstone]:
        return [event for _, event in self.events() if isinstance(event, Tombstone)]

    def samples(self) -> dict[int, list[int]]:
        """The ECG by index: each value that the hub has for it."""
        hub = self._hub.hub

        def read(store: Store) -> dict[int, list[int]]:
            held: dict[int, list[int]] = {}
            for spool in store.spools(STATION):
                for one in store.chunks(STATION, spool, record_class=RecordClass.WAVEFORM):
                    opener = hub.opener_for(store, STATION, spool, one.record.header.key_id)
                    assert opener is not None
                    assert store.stream_set(STATION, spool, one.record.header.stream_set) is not None
                    for column in decode_chunk(opener.open(one.record), t_us=one.record.header.t_us):
                        if column.stream == 0:
                            for at, value in enumerate(column.samples.tolist()):
                                held.setdefault(column.first_index + at, []).append(value)
            return held

        return self._hub.read(read)

    async def until(self, is_so: Callable[["AtHub"], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not await asyncio.to_thread(is_so, self):  # noqa: ASYNC110 - a store announces nothing
                await asyncio.sleep(0.05)


async def strike(service: Vitals, config: BoxConfig, table: str) -> None:
    """The card loses a page that the next record needs; nothing of it is left in memory."""

    def lose(spool: Spool) -> None:
        spool._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        pages = Pages(config.data_dir / "spool.db")
        harm(pages.path, pages.of_table(table)["leaf"][-1], pages.size, HARMS["all is noise"])
        spool._db.execute("PRAGMA shrink_memory")

    await service._spool.use(lose)


@in_a_loop
async def test_a_file_that_breaks_under_work_is_replaced_and_all_of_it_arrives_once(
    broker: Broker, config: BoxConfig
) -> None:
    with BoardSim(board_of(config)) as board:
        async with vitals(config) as service:
            board.press()
            await until(lambda: board.lamp.pattern is OutputPattern.FAST_BLINK)
            board.release()
            await until(lambda: drafts(config) >= 2)
            before = spool_of(config)
            await strike(service, config, "sqlite_sequence")
            began_s = time.monotonic()
            board.press()
            await until(lambda: board.unacked == 0 and spool_of(config) != before)
            replaced_s = time.monotonic() - began_s
            open_still = (OutputPattern.FAST_BLINK, OutputPattern.PULSE)  # registered, then kept
            assert board.lamp.pattern in open_still, "the first call is open still"
            told = {finding.part: finding.text for finding in (await report(config)).findings}
            assert told["call"].endswith(("registered", "kept"))
            assert told["visit"] == "visit 1 is open"
            with HubThread(hub_config(broker)) as hub:
                at_hub = AtHub(hub)
                await at_hub.until(lambda h: h.damage() == ["set aside", "recovered"])
                await at_hub.until(lambda h: h.presses() == [1, 2] or h.presses() == [2, 1])
                await until(lambda: board.lamp.pattern is OutputPattern.SLOW_BLINK)
                service._uplink._live_until_s = float("inf")  # somebody watches: records come each second
                await at_hub.until(lambda h: len(h.samples()) > 500)
                held, truth = at_hub.samples(), board.truth.samples(board.boot_id, ECG)
                assert hub.hub.ingest_state().other_content_count == 0
                assert at_hub.lost() == []
                assert len({spool for spool, _ in at_hub.events()}) == 2
        assert all(len(values) == 1 for values in held.values()), "some seconds twice"
        assert {index: values[0] for index, values in held.items()} == {i: truth[i] for i in held}
        lost = max(held) + 1 - len(held)
        assert lost <= 250 * (1.0 + replaced_s), "more than the second at risk and what nobody could read"


@pytest.mark.parametrize("how", ["garbage", "half", "no first page", "no facts", "no log"])
@in_a_loop
async def test_a_box_starts_with_whatever_file_it_finds(how: str, broker: Broker, config: BoxConfig) -> None:
    path = config.data_dir / "spool.db"
    with BoardSim(board_of(config)) as board:
        async with vitals(config) as service:
            await until(lambda: drafts(config) >= 3)
            board.press()
            await until(lambda: board.lamp.pattern is OutputPattern.FAST_BLINK)
            board.release()
            before = spool_of(config)
        if how == "garbage":
            path.write_bytes(b"garbage!" * 4096)
        elif how == "half":
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 // 512 * 512])
        elif how == "no first page":
            harm(path, 1, 512, HARMS["all is zero"])
        elif how == "no facts":
            pages = Pages(path)
            harm(path, pages.roots["fact"], 512, HARMS["all is noise"])
        else:
            path.write_bytes(b"")
            path.with_name("spool.db-wal").write_bytes(b"log " * 100)
        with HubThread(hub_config(broker)) as hub:
            at_hub = AtHub(hub)
            async with vitals(config):
                assert spool_of(config) != before
                board.press()
                await until(lambda: board.unacked == 0)
                await at_hub.until(lambda h: 2 in h.presses())
                await at_hub.until(lambda h: "set aside" in h.damage())
                if how not in ("garbage", "no log"):
                    await at_hub.until(lambda h: "recovered" in h.damage())
                await at_hub.until(lambda h: 1 in h.presses())  # saved, or told by the board again
                if how in ("no first page", "no facts"):
                    assert at_hub.lost() == []
                    await at_hub.until(lambda h: json.loads(before) in h.pressed_in(1))
                await at_hub.until(lambda h: any(isinstance(e, BoxStarted) for _, e in h.events()))
                assert hub.hub.ingest_state().other_content_count == 0
                await at_hub.until(lambda h: any(isinstance(e, StreamSet) for _, e in h.events()))
    assert service is not None


def put_back(config: BoxConfig, image: dict[str, bytes]) -> None:
    """The card is an old one again."""
    for path in config.data_dir.iterdir():
        if path.is_file():
            path.unlink()
    for name, data in image.items():
        (config.data_dir / name).write_bytes(data)


def image_of(config: BoxConfig) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in config.data_dir.iterdir() if path.is_file()}


@pytest.mark.parametrize("starts_offline", [0, 2])
@in_a_loop
async def test_a_press_on_a_card_that_went_back_in_time_is_not_taken_for_an_old_one(
    starts_offline: int, broker: Broker, config: BoxConfig
) -> None:
    """The image is a day old; the box has started since then, and pressed: the hub knows these numbers."""
    with BoardSim(board_of(config)) as board:
        async with vitals(config):
            await until(lambda: drafts(config) >= 1)
        before, image = spool_of(config), image_of(config)
        with HubThread(hub_config(broker)) as hub:
            for _ in range(2):
                async with vitals(config):
                    board.press()
                    await until(lambda: board.lamp.pattern is OutputPattern.SLOW_BLINK)
                    board.release()
                    await ask(config.control_socket, "cancel call")
                    await AtHub(hub).until(lambda h: len(h.cancelled()) == len(h.presses()))
            assert len(set(AtHub(hub).presses())) == 2
        put_back(config, image)
        broker.kill()  # what is sent before the hub's first word could not be told from what it has
        for _ in range(starts_offline):  # nobody could tell it yet
            async with vitals(config):
                board.press()
                await until(lambda: board.unacked == 0)
                board.release()
                await ask(config.control_socket, "cancel call")
        async with vitals(config):
            board.press()
            await until(lambda: board.lamp.pattern is OutputPattern.FAST_BLINK)
            broker.start()
            with HubThread(hub_config(broker)) as hub:
                at_hub = AtHub(hub)
                await at_hub.until(lambda h: any(s != json.loads(before) for s in h.spools_of_presses()))
                await until(lambda: spool_of(config) != before)
                await until(lambda: board.lamp.pattern is OutputPattern.SLOW_BLINK)
                await at_hub.until(lambda h: "recovered" in h.damage())
                told = [e.text for _, e in at_hub.events() if isinstance(e, SpoolDamage)]
                assert any("the card went back in time" in text for text in told)
                open_calls = hub.read(lambda store: store.open_calls())
                assert any(f"{one.call_id.spool:016x}" != json.loads(before) for one in open_calls), (
                    "it rings"
                )


def has_drafts(config: BoxConfig) -> bool:
    with suppress(sqlite3.OperationalError):  # the process has only just begun
        return drafts(config) >= 2
    return False


def behead(path: Path) -> None:
    path.write_bytes(bytes(512) + path.read_bytes()[512:])


def write_toml(config: BoxConfig) -> Path:
    config.file.write_text(
        f"""station = "{config.station}"
data_dir = "data"
[hub]
host = "localhost"
port = {config.hub_port}
ca = "{config.ca}"
certificate = "{config.certificate}"
key = "{config.key}"
seal_key = "{config.seal_key}"
[board]
port = "board"
[video]
camera = "none"
microphone = "none"
loudspeaker = "none"
"""
    )
    return config.file


@in_a_loop
async def test_the_real_process_killed_and_its_file_damaged_starts_takes_a_press_and_gives_all_back(
    broker: Broker, config: BoxConfig
) -> None:
    command = [sys.executable, "-m", "edge", "vitals", "--config", str(write_toml(config))]
    root = Path(__file__).parents[3]
    path = config.data_dir / "spool.db"
    with BoardSim(board_of(config)) as board, HubThread(hub_config(broker)) as hub:
        at_hub = AtHub(hub)
        process = await asyncio.create_subprocess_exec(*command, cwd=root)
        await until(lambda: has_drafts(config))
        board.press()
        await at_hub.until(lambda h: h.presses() == [1])
        board.release()
        process.kill()
        await process.wait()
        before = spool_of(config)
        for file in (path, path.with_name("spool.db-wal")):  # neither says any more what it is
            await asyncio.to_thread(behead, file)
        again = await asyncio.create_subprocess_exec(*command, cwd=root)
        try:
            board.press()
            await at_hub.until(lambda h: 2 in h.presses())
            await at_hub.until(lambda h: h.damage() == ["set aside", "recovered"])
            await at_hub.until(lambda h: len(h.samples()) > 0)
            assert spool_of(config) != before
            held = at_hub.samples()
            assert all(len(values) == 1 for values in held.values()), "some seconds twice"
            assert hub.hub.ingest_state().other_content_count == 0
        finally:
            again.terminate()
            await again.wait()
