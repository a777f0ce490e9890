"""The firmware's words and frames beside the host's: two programs, one wire."""

import random
import struct
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge import frames as host_frames
from firmware_bridge.board import messages, stream_messages
from firmware_bridge.board.catalogue import SCHEMA_HASH, parse_from_board
from firmware_bridge.board.link import BoardLink
from firmware_bridge.events import (
    BoardConnected,
    ButtonPressed,
    ButtonReleased,
    CameraButton,
    Event,
    LeadState,
    PressIdentity,
    ProbeState,
    ResetCause,
    SampleBlock,
    SamplesLost,
    StreamKind,
    StreamUnit,
)
from firmware_bridge.firmware import frames, wire
from firmware_bridge.firmware.board import Board, Identity
from firmware_bridge.firmware.streams import Stream

UID = b"HD000001"
STEP_US = 5_000


VALUES = {  # the host's words -> the firmware's numbers, in the same order
    messages.ButtonState: (wire.BUTTON_UP, wire.BUTTON_DOWN, wire.LOOP_OPEN, wire.LOOP_SHORT),
    messages.EventKind: (
        wire.KIND_PRESS,
        wire.KIND_RELEASE,
        wire.KIND_STUCK,
        wire.KIND_PRESSED_AT_BOOT,
        wire.KIND_LOOP_FAULT,
    ),
    messages.AckLevel: (wire.LEVEL_RECEIVED, wire.LEVEL_STORED, wire.LEVEL_SHOWN),
    messages.OutputId: (wire.CALL_LED, wire.STATUS_LED, wire.BUZZER),
    messages.OutputPattern: (
        wire.OFF,
        wire.STEADY,
        wire.SLOW_BLINK,
        wire.FAST_BLINK,
        wire.DOUBLE_FLASH,
        wire.SWELL,
    ),
    messages.AnswerCode: (
        wire.DONE,
        wire.UNKNOWN_OUTPUT,
        wire.UNKNOWN_PATTERN,
        wire.REFUSED,
        wire.UNKNOWN_STREAM,
        wire.UNKNOWN_RATE,
    ),
    stream_messages.GapReason: (
        wire.GAP_FIFO_OVERFLOW,
        wire.GAP_TX_BUFFER,
        wire.GAP_AFE_RESET,
        wire.GAP_NO_VALUE,
        wire.GAP_STREAM_OFF,
    ),
    stream_messages.SampleFlag: (wire.FLAG_LEAD_OFF_VALID, wire.FLAG_SETTLING, wire.FLAG_CLIPPED),
    ProbeState: (wire.PROBE_ON, wire.PROBE_OFF, wire.PROBE_FAULT),
    ResetCause: (
        wire.CAUSE_POWER,
        wire.CAUSE_BROWNOUT,
        wire.CAUSE_WATCHDOG,
        wire.CAUSE_SOFTWARE,
        wire.CAUSE_PIN,
        wire.CAUSE_FAULT,
    ),
}


@pytest.mark.parametrize("words", VALUES, ids=lambda words: words.__name__)
def test_both_ends_mean_the_same_numbers(words: type[IntEnum]) -> None:
    assert [int(word) for word in words] == list(VALUES[words])


def test_both_ends_speak_the_same_types_and_the_same_version() -> None:
    types = {name: kind for name, kind in messages.MessageType.__members__.items() if name != "ERROR"}
    assert {name: getattr(wire, name) for name in types} == types
    assert (wire.SCHEMA_HASH, wire.PROTO_MINOR) == (SCHEMA_HASH, messages.PROTO_MINOR)
    assert wire.BOOTLOADER_MAGIC == messages.BOOTLOADER_MAGIC
    assert (wire.KIND_ECG, wire.KIND_PPG, wire.KIND_NUMERIC) == (1, 2, StreamKind.NUMERIC)
    assert (wire.UNIT_MICROVOLT, wire.UNIT_COUNT, wire.UNIT_PERCENT) == (1, 2, StreamUnit.PERCENT)
    assert wire.SOURCE_CALL_BUTTON == messages.EventSource.CALL_BUTTON
    assert wire.SOURCE_CAMERA_BUTTON == messages.EventSource.CAMERA_BUTTON


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        (wire.HEARTBEAT_LAYOUT, messages.Heartbeat),
        (wire.HOST_HELLO_LAYOUT, messages.HostHello),
        (wire.TIME_REQ_LAYOUT, messages.TimeReq),
        (wire.TIME_RSP_LAYOUT, messages.TimeRsp),
        (wire.LEAD_STATE_LAYOUT, messages.LeadStateChange),
        (wire.EVENT_LAYOUT, messages.BoardEvent),
        (wire.EVENT_ACK_LAYOUT, messages.EventAck),
        (wire.OUTPUT_LAYOUT, messages.Output),
        (wire.OUTPUT_RSP_LAYOUT, messages.OutputRsp),
        (wire.GAP_LAYOUT, stream_messages.Gap),
        (wire.STREAM_CTRL_LAYOUT, messages.StreamCtrl),
        (wire.BOOTLOADER_LAYOUT, messages.EnterBootloader),
    ],
)
def test_both_ends_lay_fields_out_alike(layout: str, message: type[messages.FixedMessage]) -> None:
    assert message.LAYOUT.format == layout
    assert stream_messages.Hello.HEAD.format == wire.HELLO_HEAD
    assert stream_messages.Hello.STREAM.format == wire.HELLO_STREAM
    assert stream_messages.Samples.HEAD.format == wire.SAMPLES_HEAD
    assert stream_messages.Samples.HEAD.size == wire.SAMPLES_HEAD_BYTES
    assert struct.calcsize(wire.EVENT_LAYOUT) == wire.EVENT_BYTES


@given(st.binary(max_size=frames.MAX_PAYLOAD_BYTES), st.integers(0, 0xFFFF), st.integers(0, (1 << 64) - 1))
def test_the_host_reads_every_frame_that_the_board_writes(payload: bytes, seq: int, t_us: int) -> None:
    data = frames.encode(0x20, payload, seq=seq, boot_id=7, t_us=t_us, flags=frames.RELIABLE)
    frame = host_frames.Frame(0x20, payload, seq=seq, boot_id=7, t_us=t_us, is_reliable=True)
    assert data == host_frames.encode(frame)


@given(st.lists(st.binary(max_size=300)))
def test_any_bytes_in_any_chunks_raise_nothing_and_count_the_same(chunks: list[bytes]) -> None:
    split, whole = frames.FrameDecoder(), frames.FrameDecoder()
    found = [frame for chunk in chunks for frame in split.feed(chunk)]
    assert found == whole.feed(b"".join(chunks))
    assert split.damage == whole.damage
    host = host_frames.FrameDecoder()
    host.feed(b"".join(chunks))
    assert sum(split.damage) == sum(host.damage.values())


class Pair:
    """The firmware's board and the host's link, joined by a wire that takes no time and loses frames."""

    def __init__(self, *, loss_ratio: float = 0.0, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.loss_ratio = loss_ratio
        self.now_us = 0
        self.boot_us = 0
        self.stores = True
        self.is_joined = True
        self.is_down = self.is_camera_down = False
        self.events: list[Event] = []
        self.streams: tuple[Stream, ...] = ()
        self.link = BoardLink(last_presses={})
        self.decoder = host_frames.FrameDecoder()
        self.link.open(now_s=1000.0)
        self.board = self.boot(b"")

    def boot(self, kept: bytes, cause: int = wire.CAUSE_WATCHDOG) -> Board:
        """Start the board again."""
        self.streams = (
            Stream(
                1,
                kind=wire.KIND_ECG,
                mdc=131329,
                rate_mhz=250_000,
                bits=18,
                scale=3.0,
                unit=wire.UNIT_MICROVOLT,
                block_samples=25,
            ),
        )
        self.boot_us = self.now_us
        boot_id = self.random.randrange(1 << 16)
        identity = Identity(UID, hw_revision=0x81)
        self.board = Board(identity, boot_id=boot_id, cause=cause, kept=kept, streams=self.streams)
        return self.board

    def run(self, seconds: float) -> None:
        """Let time pass; the ECG counts its samples."""
        for _ in range(round(seconds * 1e6 / STEP_US)):
            self.now_us += STEP_US
            now_us = self.now_us - self.boot_us
            self.board.call_level(wire.BUTTON_DOWN if self.is_down else wire.BUTTON_UP, now_us)
            self.board.camera_level(self.is_camera_down, now_us)
            self.streams[0].add(now_us // STEP_US, now_us)
            self.board.advance(now_us)
            self._exchange(now_us)

    def tap(self, seconds: float = 0.1) -> None:
        """Press and let go."""
        self.is_down = True
        self.run(seconds)
        self.is_down = False
        self.run(seconds)

    def presses(self) -> list[PressIdentity]:
        """Return the presses that the host told, in order."""
        return [event.identity for event in self.events if isinstance(event, ButtonPressed)]

    def _exchange(self, now_us: int) -> None:
        now_s = 1000.0 + self.now_us / 1e6
        if not self.is_joined:
            return
        while data := self.board.take():
            for frame in self.decoder.feed(data if self.random.random() >= self.loss_ratio else b""):
                self.link.handle(frame, now_s=now_s)
        self.link.tick(now_s=now_s)
        for event in self.link.events_received():
            self.events.append(event)
            if isinstance(event, ButtonPressed) and self.stores:
                self.link.press_stored(event.identity)
        for chunk in self.link.data_to_send().split(b"\0\0"):
            if self.random.random() >= self.loss_ratio:
                self.board.feed(b"\0" + chunk + b"\0", now_us)


def test_the_host_knows_the_board_its_samples_and_its_buttons() -> None:
    pair = Pair()
    pair.run(1.0)
    (connected,) = [event for event in pair.events if isinstance(event, BoardConnected)]
    assert (connected.uid, connected.hw_revision, connected.has_button_loop) == (UID, 0x81, True)
    assert [stream.bits for stream in connected.streams] == [18]
    pair.board.lead_state(1, 3, wire.PROBE_ON, pair.now_us)
    pair.tap()
    pair.is_camera_down = True
    pair.run(1.0)
    blocks = [event for event in pair.events if isinstance(event, SampleBlock)]
    assert [block.first_index for block in blocks] == list(range(0, 25 * len(blocks), 25))
    values = [int(row[0]) for block in blocks for row in block.samples]
    assert values == list(range(values[0], values[0] + len(values)))
    assert pair.presses() == [(UID, pair.board.boot_id, 1)]
    assert sum(isinstance(event, ButtonReleased) for event in pair.events) == 1
    assert [event.is_down for event in pair.events if isinstance(event, CameraButton)] == [True]
    assert [event.mask for event in pair.events if isinstance(event, LeadState)] == [3]
    assert len(pair.board.ring) == 0
    assert not any(isinstance(event, SamplesLost) for event in pair.events)


def test_no_press_is_lost_or_doubled_through_lost_frames_and_resets() -> None:
    pair = Pair(loss_ratio=0.2, seed=4)
    pair.run(2.0)
    pressed = []
    for k in range(60):
        pair.is_down = True
        pair.run(0.1)
        pressed.append(PressIdentity(UID, pair.board.boot_id, pair.board.call_button.press_count))
        pair.is_down = False
        pair.run(0.1)
        if k % 7 == 3:
            pair.boot(pair.board.kept())
    pair.run(20.0)
    assert sorted(pair.presses()) == sorted(pressed)
    assert len(pair.board.ring) == 0


def test_the_lamp_says_registered_only_when_the_host_has_stored() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.stores = False
    pair.tap()
    pair.run(2.5)
    assert pair.board.look(wire.CALL_LED) == (wire.OFF, 0, "")
    pair.run(0.5)
    assert pair.board.look(wire.BUZZER) == (wire.DOUBLE_FLASH, 255, "board")
    pair.link.press_stored(pair.presses()[0])
    pair.run(0.1)
    assert pair.board.look(wire.CALL_LED) == (wire.SLOW_BLINK, 255, "board")
    pair.link.press_shown(pair.presses()[0])
    pair.run(0.1)
    assert pair.board.look(wire.CALL_LED) == (wire.STEADY, 255, "board")


def test_a_press_while_the_host_is_away_is_told_when_it_is_back() -> None:
    pair = Pair()
    pair.run(1.0)
    pair.is_joined = False
    pair.tap()
    pair.run(30.0)
    assert pair.board.look(wire.BUZZER) == (wire.DOUBLE_FLASH, 255, "board")
    pair.is_joined = True
    pair.run(1.0)
    assert pair.presses() == [(UID, pair.board.boot_id, 1)]
    lost = [event for event in pair.events if isinstance(event, SamplesLost)]
    blocks = [event for event in pair.events if isinstance(event, SampleBlock)]
    assert sum(event.count for event in lost) == pair.board.backlog.dropped_samples
    covered = sum(len(block.samples) for block in blocks) + sum(event.count for event in lost)
    assert covered == blocks[-1].first_index + len(blocks[-1].samples)


def test_every_frame_of_the_board_is_one_that_the_host_can_read() -> None:
    pair = Pair()
    pair.run(0.1)
    pair.tap()
    heard = []
    pair.is_joined = False
    pair.run(1.0)
    while data := pair.board.take():
        heard += pair.decoder.feed(data)
    assert heard
    assert not any(isinstance(parse_from_board(frame), messages.Refusal) for frame in heard)
