"""Messages of fixed layout, and the one table of all types. Source: docs/board-link.md, "Messages".

The streams' messages (HELLO, SAMPLES, GAP) are in `stream_messages`; `catalogue` reads any of them.
"""

import struct
from dataclasses import astuple, dataclass
from enum import Enum, IntEnum
from typing import ClassVar, Final, Self

from firmware_bridge.errors import EncodeError

PROTO_MINOR: Final = 2
BOOTLOADER_MAGIC: Final = b"LBT1"


class MessageType(IntEnum):
    """The type byte of a frame. M: the board, H: the host."""

    HELLO = 0x01  # M->H
    HEARTBEAT = 0x02  # M->H
    HOST_HELLO = 0x03  # H->M
    HOST_ALIVE = 0x04  # H->M
    TIME_REQ = 0x05  # H->M
    TIME_RSP = 0x06  # M->H
    GET_HELLO = 0x07  # H->M, since minor 1
    SAMPLES = 0x10  # M->H
    GAP = 0x11  # M->H
    LEAD_STATE = 0x12  # M->H, reliable
    EVENT = 0x20  # M->H, reliable
    EVENT_ACK = 0x21  # H->M
    OUTPUT = 0x30  # H->M, reliable
    OUTPUT_RSP = 0x31  # M->H
    ERROR = 0x3F  # M->H
    STREAM_CTRL = 0x40  # H->M, reliable; spoken since minor 2
    ENTER_BOOTLOADER = 0x50  # H->M; spoken since minor 2


class Refusal(Enum):
    """Why a payload of a sound frame was not read."""

    UNKNOWN_TYPE = "a type this version does not know"
    MALFORMED = "shorter than its type, or impossible values"


class ButtonState(IntEnum):
    """The call button's level, in HEARTBEAT."""

    UP = 0
    DOWN = 1
    LOOP_OPEN = 2
    LOOP_SHORT = 3


class EventSource(IntEnum):
    """What an EVENT is about."""

    CALL_BUTTON = 1
    TAMPER = 2
    CAMERA_BUTTON = 3  # ours, since minor 1; a host that does not know it acknowledges and ignores it


class EventKind(IntEnum):
    """What happened, in EVENT."""

    PRESS = 1
    RELEASE = 2
    STUCK = 3
    PRESSED_AT_BOOT = 4
    LOOP_FAULT = 5


class AckLevel(IntEnum):
    """How far an event came."""

    RECEIVED = 1
    STORED = 2
    SHOWN = 3


class HostState(IntEnum):
    """What the box tells the board about itself."""

    CAPTURING = 1
    CALL_SEEN = 2
    NETWORK_DOWN = 3


class OutputId(IntEnum):
    """What the board can drive."""

    CALL_LED = 1
    STATUS_LED = 2
    BUZZER = 3


class OutputPattern(IntEnum):
    """How an output is driven while its ttl lasts."""

    OFF = 0
    STEADY = 1
    SLOW_BLINK = 2  # 1 Hz, half on
    FAST_BLINK = 3  # 4 Hz, half on
    DOUBLE_FLASH = 4  # two flashes of 100 ms each second
    PULSE = 5  # a slow swell, 0.5 Hz


class AnswerCode(IntEnum):
    """The answer to a command, in OUTPUT_RSP."""

    DONE = 0
    UNKNOWN_OUTPUT = 1
    UNKNOWN_PATTERN = 2
    REFUSED = 3  # not now; this and the following since minor 2
    UNKNOWN_STREAM = 4
    UNKNOWN_RATE = 5


@dataclass(frozen=True, slots=True)
class FixedMessage:
    """A message whose fields are the members of LAYOUT, in order."""

    TYPE: ClassVar[MessageType]
    LAYOUT: ClassVar[struct.Struct]
    IS_RELIABLE: ClassVar[bool] = False

    def encode(self) -> bytes:
        """Return the payload. Raises EncodeError: a field is out of range."""
        try:
            return self.LAYOUT.pack(*astuple(self))
        except struct.error as error:
            raise EncodeError(f"{self}: {error}") from error

    @classmethod
    def parse(cls, payload: bytes) -> Self | None:
        """Read the payload, ignoring a longer tail; None when it is too short."""
        if len(payload) < cls.LAYOUT.size:
            return None
        return cls(*cls.LAYOUT.unpack_from(payload))


@dataclass(frozen=True, slots=True)
class Heartbeat(FixedMessage):
    """The board lives; repeats its press count, so that a lost EVENT is never a lost press."""

    TYPE = MessageType.HEARTBEAT
    LAYOUT = struct.Struct("<QIBBHIIIHH")
    HOST_LOST: ClassVar = 0x01  # bits of `flags`
    STUCK: ClassVar = 0x02
    ALARM_ON: ClassVar = 0x04

    now_us: int
    press_count: int
    button: int
    flags: int
    unacked: int
    last_event_id: int
    dropped_samples: int
    rx_bad: int
    temperature_dk: int = 0  # 0.1 K; 0: not measured
    vbus_mv: int = 0  # 0: not measured


@dataclass(frozen=True, slots=True)
class HostHello(FixedMessage):
    """The host's answer to HELLO; another schema hash keeps the board from streaming."""

    TYPE = MessageType.HOST_HELLO
    LAYOUT = struct.Struct("<BBI")

    proto_major: int
    proto_minor: int
    schema_hash: int


@dataclass(frozen=True, slots=True)
class GetHello(FixedMessage):
    """Asks the board to introduce itself."""

    TYPE = MessageType.GET_HELLO
    LAYOUT = struct.Struct("<")


@dataclass(frozen=True, slots=True)
class HostAlive(FixedMessage):
    """The host lives."""

    TYPE = MessageType.HOST_ALIVE
    LAYOUT = struct.Struct("<B")

    host_state: int


@dataclass(frozen=True, slots=True)
class TimeReq(FixedMessage):
    """Asks for the board's time."""

    TYPE = MessageType.TIME_REQ
    LAYOUT = struct.Struct("<I")

    cookie: int


@dataclass(frozen=True, slots=True)
class TimeRsp(FixedMessage):
    """The board's time at receipt and at the answer."""

    TYPE = MessageType.TIME_RSP
    LAYOUT = struct.Struct("<IQQ")

    cookie: int
    t_rx_us: int
    t_tx_us: int


@dataclass(frozen=True, slots=True)
class LeadStateChange(FixedMessage):
    """Electrodes or probe changed 200 ms ago and stayed so."""

    TYPE = MessageType.LEAD_STATE
    LAYOUT = struct.Struct("<BBBI")
    IS_RELIABLE = True

    stream_id: int
    mask: int
    probe: int
    event_id: int


@dataclass(frozen=True, slots=True)
class BoardEvent(FixedMessage):
    """Something that must not be lost: a press, a release, a fault."""

    TYPE = MessageType.EVENT
    LAYOUT = struct.Struct("<IBBHQIH")
    IS_RELIABLE = True

    event_id: int
    source: int
    kind: int
    bounce: int
    t_edge_us: int
    press_count: int
    origin_boot_id: int


@dataclass(frozen=True, slots=True)
class EventAck(FixedMessage):
    """How far an event came. `boot_id`: the event's origin boot (a LEAD_STATE's frame boot)."""

    TYPE = MessageType.EVENT_ACK
    LAYOUT = struct.Struct("<IHB")

    event_id: int
    boot_id: int
    level: int


@dataclass(frozen=True, slots=True)
class Output(FixedMessage):
    """Drive an output for `ttl_ms`, then off."""

    TYPE = MessageType.OUTPUT
    LAYOUT = struct.Struct("<HBBBH")
    IS_RELIABLE = True

    command_id: int
    output: int
    pattern: int
    level: int
    ttl_ms: int


@dataclass(frozen=True, slots=True)
class OutputRsp(FixedMessage):
    """The board carried out, or refused, a command of whatever kind. `code`: of AnswerCode."""

    TYPE = MessageType.OUTPUT_RSP
    LAYOUT = struct.Struct("<HBB")

    command_id: int
    code: int
    detail: int


@dataclass(frozen=True, slots=True)
class BoardError(FixedMessage):
    """The board could not read a command."""

    TYPE = MessageType.ERROR
    LAYOUT = struct.Struct("<HBB")

    command_id: int
    code: int
    detail: int


@dataclass(frozen=True, slots=True)
class StreamCtrl(FixedMessage):
    """Let a stream run or rest. `is_on` 0 or 1; `rate_index` 0: the rate in HELLO."""

    TYPE = MessageType.STREAM_CTRL
    LAYOUT = struct.Struct("<HBBB")
    IS_RELIABLE = True

    command_id: int
    stream_id: int
    is_on: int
    rate_index: int


@dataclass(frozen=True, slots=True)
class EnterBootloader(FixedMessage):
    """Restart into the boot loader. `uid`: of the board that is meant. The id came with minor 2."""

    TYPE = MessageType.ENTER_BOOTLOADER
    LAYOUT = struct.Struct("<4s8sH")

    magic: bytes
    uid: bytes
    command_id: int

    @classmethod
    def of(cls, uid: bytes, command_id: int) -> Self:
        """Return the request to the board called `uid`."""
        return cls(BOOTLOADER_MAGIC, uid, command_id)
