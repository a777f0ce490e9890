"""The bridge and a simulated board over a real pseudo-terminal, in real time."""

import asyncio
import errno
import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from firmware_bridge.board.messages import OutputId, OutputPattern
from firmware_bridge.bridge import BoardBridge
from firmware_bridge.errors import PortBusyError, PortError, PortLostError, PortPermissionError
from firmware_bridge.events import (
    BoardConnected,
    BoardLost,
    BootloaderEntered,
    ButtonPressed,
    Event,
    LossReason,
    PortMissing,
    PortProblem,
    ResetCause,
    SampleBlock,
    SamplesLost,
)
from firmware_bridge.port import WRITE_MAX_BYTES, SerialPort, explain
from tests.simulators.board import DEFAULT_UID, BoardSim
from tests.simulators.board.queue import SAMPLE_QUEUE_BYTES
from tests.simulators.board.recordings import ECG, PLETH, PULSE, SPO2, load

STREAMS = (ECG, PLETH, SPO2, PULSE)
HOUSE = Path(__file__).parents[2]
LIMIT_S = 30.0  # of one wait: nothing here takes a second, but a loaded machine may
TRIES = 20  # of what has to be quick: a loaded machine spoils some, our own delay would spoil all


def boottime_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Box:
    """Runs a bridge and keeps what it tells."""

    def __init__(self, link: Path, *, stores: bool = True) -> None:
        self.events: list[Event] = []
        self._changed = asyncio.Event()
        self._stores = stores
        self.bridge = BoardBridge(str(link), self._on_event, boottime_s=boottime_s, last_presses={})

    def _on_event(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, ButtonPressed) and self._stores:
            self.bridge.press_stored(event.identity)
        self._changed.set()

    async def until(self, seen: Callable[[], object]) -> None:
        """Wait for an event after which `seen`. Raises TimeoutError."""
        async with asyncio.timeout(LIMIT_S):
            while not seen():
                self._changed.clear()
                await self._changed.wait()

    def connections(self) -> list[BoardConnected]:
        return [event for event in self.events if isinstance(event, BoardConnected)]

    def presses(self) -> list[ButtonPressed]:
        return [event for event in self.events if isinstance(event, ButtonPressed)]

    def samples(self, boot: int, stream_id: int) -> dict[int, int]:
        return {
            event.first_index + k: int(row[0])
            for event in self.events
            if isinstance(event, SampleBlock) and (event.board_boot, event.stream_id) == (boot, stream_id)
            for k, row in enumerate(event.samples)
        }

    def loss_reasons(self) -> set[LossReason]:
        return {event.reason for event in self.events if isinstance(event, SamplesLost)}

    def missing(self, boot: int, stream_id: int) -> set[int]:
        return {
            index
            for event in self.events
            if isinstance(event, SamplesLost) and (event.board_boot, event.stream_id) == (boot, stream_id)
            for index in range(event.first_index, event.first_index + event.count)
        }


def has_presses(box: Box, count: int) -> Callable[[], bool]:
    return lambda: len(box.presses()) >= count


def has_samples(box: Box, board: BoardSim, count: int) -> Callable[[], bool]:
    return lambda: len(box.samples(board.boot_id, ECG)) > count


@asynccontextmanager
async def running(link: Path, *, stores: bool = True) -> AsyncIterator[Box]:
    box = Box(link, stores=stores)
    task = asyncio.create_task(box.bridge.run())
    try:
        yield box
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()  # and not ended by an exception


@pytest.fixture
def link(tmp_path: Path) -> Path:
    return tmp_path / "board"


def test_bytes_in_are_samples_out_over_a_minute_replayed_twenty_times_as_fast(link: Path) -> None:
    async def scenario() -> None:
        with BoardSim(link, "binh", speed=20.0, queue_bytes=20 * SAMPLE_QUEUE_BYTES) as board:
            async with running(link) as box:
                await box.until(lambda: len(box.samples(board.boot_id, SPO2)) >= 60)
                boot = board.boot_id
                for stream_id, at_least in zip(STREAMS, (14_900, 5_900, 60, 59), strict=True):
                    got = box.samples(boot, stream_id)
                    assert len(got) >= at_least
                    assert list(got) == list(range(len(got)))
                    assert list(got.values()) == load("binh").samples(stream_id, 0, len(got))[:, 0].tolist()
                    assert got.items() <= board.truth.samples(boot, stream_id).items()
                assert not any(isinstance(event, SamplesLost) for event in box.events)
                first, *_, last = [e for e in box.events if isinstance(e, SampleBlock) and e.stream_id == ECG]
                span_s = (last.box_t_us - first.box_t_us) / 1e6
                assert span_s == pytest.approx((last.first_index - first.first_index) / 5000, abs=1.0)

    asyncio.run(scenario())


def test_a_press_survives_the_loss_of_every_fifth_frame(link: Path) -> None:
    async def scenario() -> None:
        with BoardSim(link, loss_ratio=0.2) as board:
            async with running(link) as box:
                await box.until(box.connections)
                for count in range(1, 6):
                    board.press()
                    await box.until(has_presses(box, count))
                    board.release()
                assert [press.identity for press in box.presses()] == board.truth.presses

    asyncio.run(scenario())


def test_a_press_is_told_within_a_quarter_of_a_second_and_lights_the_lamp(link: Path) -> None:
    async def press_once(board: BoardSim, box: Box) -> tuple[float, float]:
        """Press and let go; return how long it took to be told, and how far off its time is, in seconds."""
        pressed_s, count = boottime_s(), len(box.presses())
        board.press()
        await box.until(has_presses(box, count + 1))
        took_s = boottime_s() - pressed_s
        board.release()
        return took_s, abs(box.presses()[-1].box_t_us / 1e6 - pressed_s)

    async def scenario() -> None:
        with BoardSim(link) as board:
            async with running(link) as box:
                await box.until(lambda: box.samples(board.boot_id, ECG))
                for _ in range(TRIES):
                    took_s, off_s = await press_once(board, box)
                    if took_s < 0.25 and off_s < 0.1:
                        break
                assert (took_s < 0.25, off_s < 0.1) == (True, True), f"{took_s} s, {off_s} s off"
                await box.until(lambda: board.lamp.pattern is OutputPattern.SLOW_BLINK)
                box.bridge.show_output(OutputId.CALL_LED, OutputPattern.STEADY)
                await box.until(lambda: board.lamp == (OutputPattern.STEADY, 255, "host"))
                await box.until(lambda: board.unacked == 0)

    asyncio.run(scenario())


def test_an_unplugged_board_is_told_and_is_back_within_two_seconds_of_replugging(link: Path) -> None:
    async def replug_once(board: BoardSim, box: Box) -> float:
        """Unplug and replug; return how long it took to be back, in seconds."""
        box.events.clear()
        board.unplug()
        await box.until(lambda: box.events and isinstance(box.events[-1], PortMissing))
        (told,) = [event for event in box.events if isinstance(event, BoardLost)]
        assert "went away" in told.reason
        assert not box.bridge.counters().is_open
        replugged_s = boottime_s()
        board.replug()
        await box.until(box.connections)
        assert box.connections()[0].reset_cause == ResetCause.POWER
        assert box.bridge.counters().is_open
        return boottime_s() - replugged_s

    async def scenario() -> None:
        with BoardSim(link) as board:
            async with running(link) as box:
                await box.until(lambda: box.samples(board.boot_id, ECG))
                for _ in range(TRIES):
                    took_s = await replug_once(board, box)
                    if took_s < 2.0:
                        break
                assert took_s < 2.0

    asyncio.run(scenario())


def test_a_board_with_its_own_power_keeps_its_boot_and_tells_what_was_missed(link: Path) -> None:
    async def scenario() -> None:
        with BoardSim(link, speed=20.0, queue_bytes=4096) as board:
            async with running(link) as box:
                await box.until(lambda: box.samples(board.boot_id, ECG))
                board.unplug(keeps_power=True)
                board.press()
                await box.until(lambda: isinstance(box.events[-1], PortMissing))
                board.replug()
                await box.until(lambda: box.missing(board.boot_id, ECG))
                await box.until(box.presses)
                got, missing = box.samples(board.boot_id, ECG), box.missing(board.boot_id, ECG)
                assert sorted(got.keys() | missing) == list(range(max(got.keys() | missing) + 1))
                assert not got.keys() & missing
                assert len({connected.board_boot for connected in box.connections()}) == 1

    asyncio.run(scenario())


def test_garbage_on_the_line_costs_at_most_what_it_hits(link: Path) -> None:
    async def scenario() -> None:
        with BoardSim(link, speed=5.0) as board:
            async with running(link) as box:
                await box.until(lambda: box.samples(board.boot_id, ECG))
                for junk in (b"\xff" * 3000, b"\x00" * 100, b"\x03\x11\x22\x00", bytes(range(256)) * 4):
                    board.inject(junk)
                    seen = len(box.samples(board.boot_id, ECG))
                    await box.until(has_samples(box, board, seen + 100))
                await box.until(lambda: sum(box.bridge.counters().damaged_frames.values()) >= 3)
                got = box.samples(board.boot_id, ECG)
                assert got.items() <= board.truth.samples(board.boot_id, ECG).items()
                assert len(got.keys() | box.missing(board.boot_id, ECG)) == max(got) + 1
                board.press()
                await box.until(box.presses)

    asyncio.run(scenario())


def test_a_reset_board_is_served_on(link: Path) -> None:
    async def scenario() -> None:
        with BoardSim(link) as board:
            async with running(link) as box:
                await box.until(lambda: box.samples(board.boot_id, ECG))
                board.reset(ResetCause.WATCHDOG)
                await box.until(lambda: len(box.connections()) == 2)
                assert box.connections()[1].reset_cause == ResetCause.WATCHDOG
                await box.until(lambda: box.samples(board.boot_id, ECG))
                assert box.bridge.counters().board_resets == 1

    asyncio.run(scenario())


def test_a_stream_rests_and_the_board_goes_to_its_boot_loader_when_it_is_told(link: Path) -> None:
    async def scenario() -> None:
        with BoardSim(link) as board:
            async with running(link) as box:
                await box.until(has_samples(box, board, 25))
                box.bridge.set_stream(ECG, is_on=False)
                await box.until(lambda: LossReason.STREAM_OFF in box.loss_reasons())
                await box.until(lambda: board.unacked == 0)
                box.bridge.enter_bootloader(DEFAULT_UID)
                await box.until(lambda: any(isinstance(event, BootloaderEntered) for event in box.events))
                counters = box.bridge.counters()
                assert counters.lost_samples == {}
                assert set(counters.absent_samples) >= {ECG}
                assert (counters.board_damaged_frames, counters.board_dropped_samples) == (0, 0)
                assert counters.drift_ppm is None  # in the first minute

    asyncio.run(scenario())


def test_a_port_that_another_program_owns_is_named_and_taken_when_it_is_free(link: Path) -> None:
    async def scenario() -> None:
        with BoardSim(link) as board:
            other = SerialPort(str(link))
            async with running(link) as box:
                await box.until(lambda: box.events)
                (told,) = box.events
                assert isinstance(told, PortMissing)
                assert told.problem is PortProblem.BUSY
                assert "another program" in told.text
                assert "fuser" in told.remedy
                assert str(link) in str(box.bridge.counters().last_error)
                other.close()
                await box.until(lambda: box.samples(board.boot_id, ECG))

    asyncio.run(scenario())


def test_a_missing_port_is_told_once_and_used_when_it_appears(link: Path) -> None:
    async def scenario() -> None:
        async with running(link) as box:
            await box.until(lambda: box.events)
            with BoardSim(link) as board:
                await box.until(lambda: box.samples(board.boot_id, ECG))
            told = [event for event in box.events if isinstance(event, PortMissing)]
            assert [event.problem for event in told] == [PortProblem.MISSING]
            assert "plug" in told[0].remedy

    asyncio.run(scenario())


def test_a_file_that_is_no_port_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async def scenario() -> None:
        path = tmp_path / "notes.txt"
        path.write_text("not a terminal", encoding="utf-8")
        with pytest.raises(PortError, match="is no serial port") as told:
            SerialPort(str(path))
        assert told.value.remedy

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [
        ("EACCES", PortPermissionError, "group"),
        ("EAGAIN", PortBusyError, "fuser"),
    ],
)
def test_what_the_kernel_refuses_is_explained(code: str, kind: type[PortError], word: str) -> None:
    """Root may open anything, so the kernel's answers are given by hand."""
    error = explain("/dev/ttyACM0", OSError(getattr(errno, code), os.strerror(getattr(errno, code))))
    assert type(error) is kind
    assert word in error.remedy
    assert "/dev/ttyACM0" in str(error)


def test_a_board_that_does_not_read_costs_commands_and_no_memory(link: Path) -> None:
    async def scenario() -> None:
        device_fd, host_fd = pty.openpty()
        try:
            with SerialPort(os.ttyname(host_fd)) as port:
                for _ in range(200):
                    port.write(b"\x01" * 1000)
                assert port.dropped_writes > 0
                assert port.pending_bytes <= WRITE_MAX_BYTES
                first = os.read(device_fd, 100)
                assert first == b"\x01" * 100
        finally:
            os.close(device_fd)
            os.close(host_fd)

    asyncio.run(scenario())


def test_a_read_of_a_vanished_terminal_says_so(link: Path) -> None:
    async def scenario() -> None:
        device_fd, host_fd = pty.openpty()
        with SerialPort(os.ttyname(host_fd)) as port:
            assert await port.read(timeout_s=0.01) == b""
            os.write(device_fd, b"abc")
            assert await port.read(timeout_s=LIMIT_S) == b"abc"
            os.close(host_fd)
            os.close(device_fd)
            with pytest.raises(PortLostError, match="went away"):
                await port.read(timeout_s=LIMIT_S)

    asyncio.run(scenario())


@pytest.fixture
def board_process(link: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.simulators.board", "--link", str(link), "--recording", "chi"]
    with subprocess.Popen(
        command, cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        assert process.stdin
        process.stdin.close()
        assert process.wait(timeout=LIMIT_S) == 0


def test_a_board_process_obeys_lines_and_keeps_the_truth(
    link: Path, tmp_path: Path, board_process: subprocess.Popen[str]
) -> None:
    told: list[dict[str, object]] = []  # and not asked for yet: lamps tell themselves at any moment

    def answer_with(key: str) -> dict[str, object]:
        assert board_process.stdout
        while (found := next((one for one in told if key in one), None)) is None:
            told.append(json.loads(board_process.stdout.readline()))
        told.remove(found)
        return found

    def ask(**command: str) -> None:
        assert board_process.stdin
        board_process.stdin.write(json.dumps(command) + "\n")
        board_process.stdin.flush()

    async def scenario() -> None:
        await asyncio.to_thread(answer_with, "ready")
        async with running(link) as box:
            await box.until(box.connections)
            boot = box.connections()[0].board_boot
            await box.until(lambda: len(box.samples(boot, ECG)) > 100)
            ask(do="press")
            await box.until(box.presses)
            answer = await asyncio.to_thread(answer_with, "press")
            identity = box.presses()[0].identity
            assert answer["press"] == [identity.uid.hex(), identity.origin_boot_id, identity.press_count]
            assert (await asyncio.to_thread(answer_with, "lamp"))["lamp"] in ("off", "slow_blink")
            ask(do="dance")
            assert "dance" in str((await asyncio.to_thread(answer_with, "error"))["error"])
            got = box.samples(boot, ECG)  # more come while the board writes
            ask(do="truth", file=str(tmp_path / "truth.json"))
            await asyncio.to_thread(answer_with, "file")
            truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
            sent = {n + k: v for n, vs in truth[str(boot)][str(ECG)] for k, v in enumerate(vs)}
            assert got.items() <= sent.items()

    asyncio.run(scenario())
    assert link.is_symlink()
