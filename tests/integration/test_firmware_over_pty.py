"""The board's real firmware, under MicroPython, and the real bridge over a pseudo-terminal, in real time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import pytest

from firmware_bridge.board.messages import OutputId, OutputPattern
from firmware_bridge.bridge import BoardBridge
from firmware_bridge.events import (
    BoardConnected,
    BoardLost,
    BootloaderEntered,
    BootloaderRefused,
    ButtonFault,
    ButtonFaultKind,
    ButtonPressed,
    ButtonReleased,
    CameraButton,
    Event,
    LeadState,
    LossReason,
    PressIdentity,
    PressKind,
    ProbeState,
    ResetCause,
    SampleBlock,
    SamplesLost,
)
from firmware_bridge.firmware.ads1292r import LA, RA
from firmware_bridge.firmware.ecg import LEAD_I, LEAD_II
from firmware_bridge.firmware.pleth import PLETH
from tests.simulators.firmware.process import DEFAULT_UID, FirmwareBoard
from tests.simulators.firmware.unix_hal import lead_i_of, lead_ii_of, pleth_of

LIMIT_S = 30.0
TRUTH = {LEAD_I: lead_i_of, LEAD_II: lead_ii_of, PLETH: pleth_of}
T = TypeVar("T")


class Box:
    """Runs a bridge and keeps what it tells."""

    def __init__(self, link: Path, *, stores: bool) -> None:
        self.events: list[Event] = []
        self._changed = asyncio.Event()
        self._stores = stores
        self.bridge = BoardBridge(
            str(link),
            self._on_event,
            boottime_s=lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
            last_presses={},
        )

    def _on_event(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, ButtonPressed) and self._stores:
            self.bridge.press_stored(event.identity)
        self._changed.set()

    def of(self, kind: type[T]) -> list[T]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, seen: Callable[[], object]) -> None:
        """Wait for an event after which `seen`. Raises TimeoutError."""
        async with asyncio.timeout(LIMIT_S):
            while not seen():
                self._changed.clear()
                await self._changed.wait()

    async def until_board(self, board: FirmwareBoard, seen: Callable[[], object]) -> None:
        """Wait for something that the board says. Raises TimeoutError."""
        await asyncio.to_thread(board.wait, seen)

    def samples(self, boot: int, stream_id: int) -> dict[int, int]:
        """Return index -> value of what came."""
        return {
            block.first_index + k: int(row[0])
            for block in self.of(SampleBlock)
            if (block.board_boot, block.stream_id) == (boot, stream_id)
            for k, row in enumerate(block.samples)
        }

    def lost(self, stream_id: int) -> list[tuple[int, LossReason]]:
        """Return how many samples in a row were told as missing, and why."""
        return [(loss.count, loss.reason) for loss in self.of(SamplesLost) if loss.stream_id == stream_id]


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


def first_of(values: dict[int, int], stream_id: int) -> int:
    """Return which conversion was sample 0: streams begin when the host greets."""
    return next(n for n in range(1 << 16) if TRUTH[stream_id](n) == values[0])


def test_it_introduces_itself_and_streams_without_a_lost_or_wrong_sample(link: Path) -> None:
    async def scenario() -> None:
        with FirmwareBoard(link) as board:
            async with running(link) as box:
                await box.until(lambda: len(box.samples(board.boot_id, PLETH)) >= 300)
                (connected,) = box.of(BoardConnected)
                assert (connected.uid, connected.board_boot) == (DEFAULT_UID, board.boot_id)
                assert connected.reset_cause == ResetCause.POWER
                assert connected.hw_revision & 0x80  # not for patients
                assert [(s.stream_id, s.mdc, s.rate_mhz) for s in connected.streams] == [
                    (LEAD_I, 131329, 250_000),
                    (LEAD_II, 131330, 250_000),
                    (PLETH, 150452, 100_000),
                ]
                assert connected.is_schema_known
                for stream_id, at_least in ((LEAD_I, 700), (LEAD_II, 700), (PLETH, 300)):
                    got = box.samples(board.boot_id, stream_id)
                    first = first_of(got, stream_id)
                    assert len(got) >= at_least
                    assert list(got.items()) == [(k, TRUTH[stream_id](first + k)) for k in range(len(got))]
                assert box.of(SamplesLost) == []
                blocks = [block for block in box.of(SampleBlock) if block.stream_id == LEAD_I]
                for before, after in pairwise(blocks):  # dated by the clock that took them
                    assert after.board_t_us - before.board_t_us == 4000 * len(before.samples)
                counters = box.bridge.counters()
                assert (counters.damaged_frames, counters.malformed_messages) == ({}, 0)
                assert (counters.unknown_messages, counters.lost_frames) == (0, 0)

    asyncio.run(scenario())


def test_a_press_is_told_stored_and_shown_and_the_lamp_says_each_only_then(link: Path) -> None:
    async def scenario() -> None:
        with FirmwareBoard(link) as board:
            async with running(link, stores=False) as box:
                await box.until(lambda: box.of(BoardConnected))
                board.press()
                await box.until(lambda: box.of(ButtonPressed))
                (press,) = box.of(ButtonPressed)
                assert press.identity == PressIdentity(DEFAULT_UID, board.boot_id, 1)
                call = OutputId.CALL_LED
                await box.until_board(board, lambda: call in board.lamps)
                assert board.lamps[call].pattern is OutputPattern.OFF
                box.bridge.press_stored(press.identity)
                await box.until_board(
                    board, lambda: board.lamps[call] == (OutputPattern.SLOW_BLINK, 255, "board")
                )
                box.bridge.press_shown(press.identity)
                await box.until_board(
                    board, lambda: board.lamps[call] == (OutputPattern.STEADY, 255, "board")
                )
                box.bridge.show_output(call, OutputPattern.PULSE, 100)
                await box.until_board(board, lambda: board.lamps[call] == (OutputPattern.PULSE, 100, "host"))
                board.release()
                await box.until(lambda: box.of(ButtonReleased))
                board.do("camera down")
                await box.until(lambda: box.of(CameraButton))
                assert len(box.of(ButtonPressed)) == 1

    asyncio.run(scenario())


def test_a_press_while_the_host_is_away_buzzes_and_is_told_when_it_is_back(link: Path) -> None:
    async def scenario() -> None:
        with FirmwareBoard(link) as board:
            async with running(link) as box:
                await box.until(lambda: len(box.samples(board.boot_id, LEAD_I)) >= 100)
            board.press()
            board.release()
            undelivered = (OutputPattern.DOUBLE_FLASH, 255, "board")
            await asyncio.to_thread(board.wait, lambda: board.lamps.get(OutputId.BUZZER) == undelivered)
            await asyncio.to_thread(board.wait, lambda: board.lamps.get(OutputId.CALL_LED) == undelivered)
            async with running(link) as box:  # another process: it knows nothing of before
                await box.until(lambda: box.of(ButtonPressed))
                assert box.of(ButtonPressed)[0].identity == PressIdentity(DEFAULT_UID, board.boot_id, 1)
                await box.until_board(
                    board, lambda: board.lamps[OutputId.BUZZER].pattern is OutputPattern.OFF
                )
                await box.until(lambda: len(box.samples(board.boot_id, LEAD_I)) >= 100)
                assert len(box.of(LeadState)) >= 3  # it is told of all electrodes and the probe

    asyncio.run(scenario())


def test_a_reset_keeps_the_ring_and_a_press_keeps_its_boot(link: Path) -> None:
    async def scenario() -> None:
        with FirmwareBoard(link) as board:
            before = board.boot_id
            board.press()
            board.release()
            board.reset("watchdog")
            assert board.boot_id != before
            async with running(link) as box:
                await box.until(lambda: box.of(ButtonPressed))
                (press,) = box.of(ButtonPressed)
                assert press.identity == PressIdentity(DEFAULT_UID, before, 1)
                assert box.of(BoardConnected)[0].reset_cause == ResetCause.WATCHDOG
                board.press()
                await box.until(lambda: len(box.of(ButtonPressed)) == 2)
                assert box.of(ButtonPressed)[1].identity == PressIdentity(DEFAULT_UID, board.boot_id, 1)
                board.reset("software")  # while the button is down
                await box.until(lambda: len(box.of(ButtonPressed)) == 3)
                assert box.of(ButtonPressed)[2].kind is PressKind.PRESSED_AT_BOOT
                await box.until(lambda: box.samples(board.boot_id, LEAD_I))

    asyncio.run(scenario())


def test_an_unplugged_board_is_told_and_is_another_boot_when_it_is_back(link: Path) -> None:
    async def scenario() -> None:
        with FirmwareBoard(link) as board:
            async with running(link) as box:
                await box.until(lambda: box.samples(board.boot_id, LEAD_I))
                board.unplug()
                await box.until(lambda: box.of(BoardLost))
                board.plug()
                await box.until(lambda: box.samples(board.boot_id, LEAD_I))
                assert [connected.board_boot for connected in box.of(BoardConnected)] == board.boots

    asyncio.run(scenario())


def test_what_the_front_end_lost_is_counted_to_the_sample(link: Path) -> None:
    async def scenario() -> None:
        with FirmwareBoard(link) as board:
            async with running(link) as box:
                await box.until(lambda: box.samples(board.boot_id, LEAD_I))
                board.do("lose 37")
                await box.until(lambda: box.lost(LEAD_II))
                await box.until(lambda: box.lost(LEAD_I))
                assert box.lost(LEAD_I) == box.lost(LEAD_II) == [(37, LossReason.FIFO_OVERFLOW)]
                seen = len(box.samples(board.boot_id, LEAD_I))
                await box.until(lambda: len(box.samples(board.boot_id, LEAD_I)) > seen + 100)
                got = box.samples(board.boot_id, LEAD_I)
                first = first_of(got, LEAD_I)
                assert all(value == lead_i_of(first + index) for index, value in got.items())

    asyncio.run(scenario())


def test_electrodes_and_finger_are_told_and_what_is_not_measured_is_absent(link: Path) -> None:
    async def scenario() -> None:
        with FirmwareBoard(link) as board:
            async with running(link) as box:
                await box.until(lambda: len(box.of(LeadState)) == 3)
                assert {(state.mask, state.probe) for state in box.of(LeadState)} == {(0, ProbeState.ON)}
                board.do("electrodes la+ra")
                board.do("finger off")
                await box.until(lambda: len(box.of(LeadState)) == 6)
                told = {state.stream_id: (state.mask, state.probe) for state in box.of(LeadState)}
                assert told == {
                    LEAD_I: (LA | RA, ProbeState.ON),
                    LEAD_II: (RA, ProbeState.ON),
                    PLETH: (0, ProbeState.OFF),
                }
                await box.until(lambda: box.lost(PLETH))
                assert {reason for _, reason in box.lost(PLETH)} == {LossReason.NO_VALUE}
                await box.until(lambda: box.of(SampleBlock)[-1].lead_off_mask == RA)
                board.do("finger on")
                await box.until(lambda: len(box.of(LeadState)) == 7)

    asyncio.run(scenario())


def test_a_button_whose_wire_is_cut_is_a_fault(link: Path) -> None:
    async def scenario() -> None:
        with FirmwareBoard(link) as board:
            async with running(link) as box:
                await box.until(lambda: box.of(BoardConnected))
                board.do("loop open")
                await box.until(lambda: box.of(ButtonFault))
                board.do("loop up")
                await box.until(lambda: len(box.of(ButtonFault)) == 2)
                faults = [event.fault for event in box.of(ButtonFault)]
                assert faults == [ButtonFaultKind.LOOP_OPEN, None]

    asyncio.run(scenario())


def test_a_front_end_that_hangs_starts_the_board_again(link: Path) -> None:
    async def scenario() -> None:
        with FirmwareBoard(link) as board:
            async with running(link) as box:
                await box.until(lambda: box.samples(board.boot_id, LEAD_I))
                board.do("ecg stalled")
                await box.until(lambda: len(box.of(BoardConnected)) == 2)
                assert box.of(BoardConnected)[1].reset_cause == ResetCause.WATCHDOG
                await box.until_board(board, lambda: len(board.boots) == 2)
                await box.until(lambda: box.of(LeadState)[-1].probe == ProbeState.FAULT)
                board.press()  # and without it the button still calls
                await box.until(lambda: box.of(ButtonPressed))

    asyncio.run(scenario())


def test_streams_rest_when_told_and_only_then_it_goes_to_its_boot_loader(link: Path) -> None:
    async def scenario() -> None:
        with FirmwareBoard(link) as board:
            async with running(link) as box:
                await box.until(lambda: box.samples(board.boot_id, LEAD_II))
                box.bridge.set_stream(LEAD_II, is_on=False)
                await box.until(lambda: (25, LossReason.STREAM_OFF) in box.lost(LEAD_II))
                box.bridge.set_stream(LEAD_II, is_on=True)
                seen = len(box.samples(board.boot_id, LEAD_II))
                await box.until(lambda: len(box.samples(board.boot_id, LEAD_II)) > seen + 50)
                assert {reason for _, reason in box.lost(LEAD_II)} == {LossReason.STREAM_OFF}
                box.bridge.enter_bootloader(DEFAULT_UID)
                await box.until(lambda: box.of(BootloaderEntered))
                await box.until_board(board, lambda: board.is_in_bootloader)
                assert box.of(BootloaderRefused) == []

    asyncio.run(scenario())


def test_the_boards_world_refuses_words_that_it_does_not_know(link: Path) -> None:
    with FirmwareBoard(link) as board, pytest.raises(ValueError, match="dance"):
        board.do("dance now")
