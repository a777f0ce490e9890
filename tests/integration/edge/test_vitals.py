import asyncio
import os
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from contract.chunks import decode_chunk
from contract.events import AnchorSet, CallStep, Press, StreamSet, VisitOpened
from contract.ids import BootId, RecordClass
from edge.call.video_messages import CameraWish, End, Here, encode_line, parse_to_video
from edge.capture.capture import Capture
from edge.clock import BoxClock
from edge.config import BoxConfig, SocketsConfig
from edge.control_service import ask
from edge.errors import BoxError, ControlError, SpoolBusyError
from edge.health.report import Report
from edge.vitals_service import Vitals
from firmware_bridge.board.messages import OutputPattern
from firmware_bridge.events import SampleBlock
from hub.pki.authority import Enrolment
from tests.broker import Broker, free_port
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.spools import CALL, HUB, WAVE, open_all, open_spool, stored
from tests.integration.edge.uplinks import board_of, box_config
from tests.running_hub import HubThread, hub_config
from tests.simulators.board import BoardSim
from tests.simulators.board.recordings import ECG

NO_VIDEO = ("sleep", "60")
LIMIT_S = 30.0  # of one wait, on a loaded machine


@pytest.fixture
def config(tmp_path: Path) -> BoxConfig:
    """A box whose hub is away."""
    (tmp_path / "seal.pub").write_bytes(HUB.public_key().public_bytes_raw())
    nothing = tmp_path / "nothing"
    return box_config(tmp_path, Enrolment(nothing, nothing, nothing, tmp_path / "seal.pub"), port=free_port())


@asynccontextmanager
async def vitals(config: BoxConfig) -> AsyncIterator[asyncio.Task[None]]:
    service = Vitals(config, BoxClock.read(), random.Random(1), video_command=NO_VIDEO)
    task = asyncio.create_task(service.run())
    await until_answered(config)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until_answered(config: BoxConfig) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            with suppress(ControlError):
                await ask(config.control_socket, "doctor")
                return
            await asyncio.sleep(0.01)  # between tries: nothing announces that a service listens


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not is_so():  # noqa: ASYNC110 - a lamp and a card announce nothing
            await asyncio.sleep(0.01)


async def report(config: BoxConfig) -> Report:
    return Report.model_validate((await ask(config.control_socket, "doctor"))["report"])


def drafts(config: BoxConfig) -> int:
    return rows(config, "draft")


def rows(config: BoxConfig, table: str) -> int:
    with closing(sqlite3.connect(f"file:{config.data_dir / 'spool.db'}?mode=ro", uri=True)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own names


def presses(config: BoxConfig) -> list[Press]:
    with open_spool(config.data_dir / "spool.db") as spool:
        return [one for one in open_all(spool).values() if isinstance(one, Press)]


@in_a_loop
async def test_a_box_that_is_stopped_has_stored_everything_it_heard_once(config: BoxConfig) -> None:
    with BoardSim(board_of(config)) as board:
        async with vitals(config):
            await until(lambda: config.data_dir.exists() and drafts(config) >= 2)
        assert drafts(config) == 0, "the last second was left as a draft"
        truth = board.truth.samples(board.boot_id, ECG)
    with open_spool(config.data_dir / "spool.db") as spool:
        opened = open_all(spool)
        assert sum(isinstance(one, StreamSet) for one in opened.values()) == 1
        held: dict[int, int] = {}
        for seq, record in stored(spool, WAVE).items():
            body = opened[WAVE, seq]
            assert isinstance(body, bytes)
            for column in decode_chunk(body, t_us=record.header.t_us):
                if column.stream == 0:
                    for offset, value in enumerate(column.samples.tolist()):
                        assert column.first_index + offset not in held
                        held[column.first_index + offset] = value
    assert len(held) >= 250
    assert held == {index: value for index, value in truth.items() if index <= max(held)}


@in_a_loop
async def test_the_battery_clock_and_the_staff_are_told_to_the_hub(config: BoxConfig, tmp_path: Path) -> None:
    (tmp_path / "rtc").write_text("1800000000\n")
    config = replace(config, rtc_file=tmp_path / "rtc")
    async with vitals(config):
        with pytest.raises(ControlError, match="no date and time"):
            await ask(config.control_socket, "time", text="noon", within_s=60)
        await ask(config.control_socket, "time", text="2027-01-15T15:00", within_s=60)
    with open_spool(config.data_dir / "spool.db") as spool:
        told = [one for one in open_all(spool).values() if isinstance(one, AnchorSet)]
    by_source = {one.source: one for one in told}
    assert by_source["rtc"].utc_us == 1_800_000_000_500_000
    assert by_source["staff"].utc_us == 1_800_000_000_000_000
    assert 0 < by_source["rtc"].t_us <= by_source["staff"].t_us


@in_a_loop
async def test_the_first_samples_go_to_the_card_at_once_and_those_after_them_every_second(
    config: BoxConfig,
) -> None:
    service = Vitals(config, BoxClock.read(), random.Random(1), video_command=NO_VIDEO)
    service._capture = Capture(boot=BootId(1), facts={})
    block = SampleBlock(1, 7, 0, np.zeros((25, 1), np.int32), 0, 0, None, is_settling=False, is_clipped=False)
    service._on_board(block)
    assert service._cut_now.is_set()
    service._cut_now.clear()
    service._on_board(replace(block, first_index=25))
    assert not service._cut_now.is_set()


@in_a_loop
async def test_a_press_that_the_card_refuses_is_stored_as_soon_as_it_does_not(config: BoxConfig) -> None:
    with BoardSim(board_of(config)) as board:
        async with vitals(config):
            await until(lambda: drafts(config) >= 1)
            with closing(sqlite3.connect(config.data_dir / "spool.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")  # as a card that fails: nothing can be written
                board.press()
                async with asyncio.timeout(LIMIT_S):
                    while "1 presses of the button are not stored" not in str(await report(config)):
                        pass  # a question takes its time
                assert board.lamp.pattern is not OutputPattern.FAST_BLINK, "registered, and it is not"
                other.execute("ROLLBACK")
            await until(lambda: board.lamp.pattern is OutputPattern.FAST_BLINK)
            assert "are not stored" not in str(await report(config))
    assert [one.press_count for one in presses(config)] == [1]


@in_a_loop
async def test_a_press_is_shown_and_its_call_and_visit_outlive_a_restart(config: BoxConfig) -> None:
    with BoardSim(board_of(config), is_attached=False) as board:
        async with vitals(config):
            board.press()
            board.release()
            await until(lambda: board.lamp.pattern is OutputPattern.FAST_BLINK)
            told = {finding.part: finding.text for finding in (await report(config)).findings}
            assert told["visit"] == "visit 1 is open"
        async with vitals(config):
            told = {finding.part: finding.text for finding in (await report(config)).findings}
            assert told["visit"] == "visit 1 is open"
            assert told["call"] in ("call 2: registered", "call 2: kept")  # five seconds without a hub
            board.press()
            board.release()
            await until(lambda: board.unacked == 0)
            await ask(config.control_socket, "cancel call")
            await until(lambda: board.lamp.pattern is OutputPattern.OFF)
            with pytest.raises(ControlError, match="no call is open at this station"):
                await ask(config.control_socket, "cancel call")
    assert [one.nudges for one in presses(config)] == [None, 2]
    with open_spool(config.data_dir / "spool.db") as spool:
        assert [one.visit for one in open_all(spool).values() if isinstance(one, VisitOpened)] == [1]
        kinds = [getattr(one, "event", "") for key, one in open_all(spool).items() if key[0] == CALL]
        steps = [one.step for one in open_all(spool).values() if isinstance(one, CallStep)]
    assert [kind for kind in kinds if kind != "call step"][:4] == ["key", "press", "key", "press"]
    assert [step for step in steps if step != "kept"] == ["cancelled"]


@asynccontextmanager
async def edge_video(config: BoxConfig) -> AsyncIterator[list[bool]]:
    """What an `edge video` that is called is told of the camera."""
    told: list[bool] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            writer.write(encode_line(Here(pid=os.getpid())))
            while (line := await reader.readline()) and not isinstance(said := parse_to_video(line), End):
                told.extend([said.is_allowed] if isinstance(said, CameraWish) else [])

    async with await asyncio.start_unix_server(serve, config.video_socket):
        yield told


@in_a_loop
async def test_a_camera_that_the_nurse_closed_stays_closed_over_a_restart(config: BoxConfig) -> None:
    config = replace(config, sockets=SocketsConfig(video=config.data_dir.with_name("unit.sock")))
    with BoardSim(board_of(config)) as board:
        async with edge_video(config) as told:
            async with vitals(config):
                board.press()
                await until(lambda: told == [True])
                await ask(config.control_socket, "camera", is_allowed=False)
                await until(lambda: told == [True, False])
            async with vitals(config):
                await until(lambda: told == [True, False, False])
                await ask(config.control_socket, "cancel call")
                board.release()
                await until(lambda: board.lamp.pattern is not OutputPattern.FAST_BLINK)
            async with vitals(config):
                board.press()
                await until(lambda: told == [True, False, False, True])


@in_a_loop
async def test_a_box_without_hub_and_board_runs_and_says_what_to_do(config: BoxConfig) -> None:
    async with vitals(config):
        found = {finding.part: finding for finding in (await report(config)).findings}
        assert not found["devices"].is_well
        assert "no such device" in found["devices"].text
        assert not found["link"].is_well
        assert found["link"].remedy
        assert not found["hub"].is_well
        assert found["spool"].is_well


@in_a_loop
async def test_what_the_hub_says_it_has_is_kept_with_the_hour_of_the_hub(tmp_path: Path) -> None:
    (tmp_path / "broker").mkdir()
    with (
        Broker(tmp_path / "broker", stations=["con-dao-01"]) as broker,
        HubThread(hub_config(broker)),
    ):
        config = box_config(tmp_path, broker.boxes["con-dao-01"], port=broker.port)
        async with vitals(config):
            received = f"received WHERE class = {int(CALL)}"
            await until(lambda: rows(config, "mark") == len(RecordClass) and rows(config, received) == 1)
        with open_spool(config.data_dir / "spool.db") as spool:
            assert spool.ledger(CALL).received.cumulative == 1
            assert spool.fact("epoch") is not None
    with closing(sqlite3.connect(config.data_dir / "spool.db")) as db:
        ((utc_us,),) = db.execute("SELECT DISTINCT hub_utc_us FROM mark")
    assert abs(utc_us / 1e6 - time.time()) < 2 * LIMIT_S


@in_a_loop
async def test_a_second_service_on_the_same_spool_ends_and_the_first_goes_on(config: BoxConfig) -> None:
    async with vitals(config):
        with pytest.raises(SpoolBusyError):
            await Vitals(config, BoxClock.read(), random.Random(2), video_command=NO_VIDEO).run()
        assert (await report(config)).station == "con-dao-01"


@in_a_loop
async def test_a_seal_key_that_is_none_ends_the_start_with_the_file_s_name(config: BoxConfig) -> None:
    await asyncio.to_thread(config.seal_key.write_bytes, b"short")
    with pytest.raises(BoxError, match=r"seal\.pub: is not the hub's public key .* enrol the box again"):
        await Vitals(config, BoxClock.read(), random.Random(1), video_command=NO_VIDEO).run()
