"""The worked frames of docs/board-link.md, and what each of them says."""

import re
from pathlib import Path
from typing import Final

import numpy as np

from firmware_bridge.board.catalogue import SCHEMA_HASH, BoardMessage, HostMessage, frame_of
from firmware_bridge.board.messages import (
    AckLevel,
    BoardEvent,
    EnterBootloader,
    EventAck,
    EventKind,
    EventSource,
    GetHello,
    Heartbeat,
    HostAlive,
    HostHello,
    HostState,
    LeadStateChange,
    Output,
    OutputId,
    OutputPattern,
    OutputRsp,
    StreamCtrl,
    TimeReq,
    TimeRsp,
)
from firmware_bridge.board.stream_messages import Gap, GapReason, Hello, SampleFlag, Samples
from firmware_bridge.events import ProbeState, ResetCause, StreamDescription, StreamKind, StreamUnit
from firmware_bridge.frames import Frame

PAGE: Final = Path(__file__).parents[3] / "docs" / "board-link.md"
BOOT: Final = 0xBEEF
BOARD_SAID: Final[dict[str, tuple[BoardMessage, int, int]]] = {  # message, seq, t_us
    "EVENT": (
        BoardEvent(7, EventSource.CALL_BUTTON, EventKind.PRESS, 0, 12345678, 3, BOOT),
        0x29,
        12345999,
    ),
    "SAMPLES": (
        Samples(
            1,
            SampleFlag.LEAD_OFF_VALID,
            1000,
            12340000,
            4000,
            np.array([[100, -100], [101, -8388608]], np.int32),
            lead_off=1,
        ),
        0x1F4,
        12350000,
    ),
    "HEARTBEAT": (Heartbeat(12350000, 3, 0, 0, 0, 7, 0, 0), 0x1F5, 12350010),
    "HELLO": (
        Hello(
            proto_minor=1,
            hw_model=1,
            hw_revision=2,
            firmware=(0, 1, 0),
            build_hash=0x01020304,
            reset_cause=ResetCause.POWER,
            uid=bytes.fromhex("4844000000000001"),
            schema_hash=SCHEMA_HASH,
            caps=0x2F,
            streams=(
                StreamDescription(1, StreamKind.ECG, 131329, 250_000, 1, 24, 5.0, StreamUnit.MICROVOLT),
                StreamDescription(3, StreamKind.NUMERIC, 150456, 1000, 1, 8, 1.0, StreamUnit.PERCENT),
            ),
        ),
        0,
        1500,
    ),
    "TIME_RSP": (TimeRsp(0xC0DE, 12350100, 12350150), 0x1F6, 12350150),
    "GAP": (Gap(3, 12, 1, GapReason.NO_VALUE), 0x1F7, 12350200),
    "LEAD_STATE": (LeadStateChange(1, 0b11, ProbeState.ON, 8), 0x1F8, 12350300),
    "OUTPUT_RSP": (OutputRsp(1, 0, 0), 0x1F9, 12350400),
}
HOST_SAID: Final[dict[str, tuple[HostMessage, int]]] = {  # message, seq
    "EVENT_ACK": (EventAck(7, BOOT, AckLevel.STORED), 0x0C),
    "OUTPUT": (Output(1, OutputId.CALL_LED, OutputPattern.SLOW_BLINK, 255, 3000), 0x0D),
    "HOST_HELLO": (HostHello(1, 1, SCHEMA_HASH), 0x0E),
    "GET_HELLO": (GetHello(), 0x0F),
    "HOST_ALIVE": (HostAlive(HostState.CAPTURING), 0x10),
    "TIME_REQ": (TimeReq(0xC0DE), 0x11),
    "STREAM_CTRL": (StreamCtrl(2, 1, 0, 0), 0x12),
    "ENTER_BOOTLOADER": (EnterBootloader.of(bytes.fromhex("4844000000000001"), 3), 0x13),
}
NAMES: Final = (*BOARD_SAID, *HOST_SAID)
FRAMES: Final[dict[str, Frame]] = {
    **{
        name: frame_of(message, seq=seq, boot_id=BOOT, t_us=t_us)
        for name, (message, seq, t_us) in BOARD_SAID.items()
    },
    **{name: frame_of(message, seq=seq, boot_id=BOOT) for name, (message, seq) in HOST_SAID.items()},
}


def read_page(text: str) -> dict[str, tuple[bytes, bytes]]:
    """Return name -> (packet, wire) of every worked frame of the page."""
    pattern = r"^### (\w+)\n.*?^```\npacket ([0-9A-F \n]+)\nwire ([0-9A-F \n]+)\n```$"
    return {
        name: (bytes.fromhex(packet), bytes.fromhex(wire))
        for name, packet, wire in re.findall(pattern, text, re.MULTILINE | re.DOTALL)
    }
