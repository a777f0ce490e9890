"""All messages in one table: how a payload is read, and the hash by which both ends compare schemas."""

import zlib
from typing import Final

from firmware_bridge.board.messages import (
    BoardError,
    BoardEvent,
    EnterBootloader,
    EventAck,
    GetHello,
    Heartbeat,
    HostAlive,
    HostHello,
    LeadStateChange,
    Output,
    OutputRsp,
    Refusal,
    StreamCtrl,
    TimeReq,
    TimeRsp,
)
from firmware_bridge.board.stream_messages import Gap, Hello, Samples
from firmware_bridge.frames import Frame

AfterHello = Heartbeat | TimeRsp | Samples | Gap | LeadStateChange | BoardEvent | OutputRsp | BoardError
BoardMessage = Hello | AfterHello
HostMessage = HostHello | GetHello | HostAlive | TimeReq | EventAck | Output | StreamCtrl | EnterBootloader

_FROM_BOARD: Final[dict[int, type[BoardMessage]]] = {
    message.TYPE: message
    for message in (
        Hello,
        Heartbeat,
        TimeRsp,
        Samples,
        Gap,
        LeadStateChange,
        BoardEvent,
        OutputRsp,
        BoardError,
    )
}
_FROM_HOST: Final[dict[int, type[HostMessage]]] = {
    message.TYPE: message
    for message in (
        HostHello,
        GetHello,
        HostAlive,
        TimeReq,
        EventAck,
        Output,
        StreamCtrl,
        EnterBootloader,
    )
}

# The layouts of major 1. New types and new values of a field are minor additions and not part of it.
SCHEMA_TEXT: Final = (
    "01 BHBBBBIB8sIBI+BBIIBBfB;02 QIBBHIIIHH;03 BBI;04 B;05 I;06 IQQ;10 BBIQHBB+3s+BB;11 BIIB;"
    "12 BBBI;20 IBBHQIH;21 IHB;30 HBBBH;31 HBB;3F HBB;40 HBBB;50 4s8s"
)
SCHEMA_HASH: Final = zlib.crc32(SCHEMA_TEXT.encode("ascii"))


def parse_from_board(frame: Frame) -> BoardMessage | Refusal:
    """Read what the board sent."""
    message_class = _FROM_BOARD.get(frame.message_type)
    if message_class is None:
        return Refusal.UNKNOWN_TYPE
    message = message_class.parse(frame.payload)
    return Refusal.MALFORMED if message is None else message


def parse_from_host(frame: Frame) -> HostMessage | Refusal:
    """Read what the host sent."""
    message_class = _FROM_HOST.get(frame.message_type)
    if message_class is None:
        return Refusal.UNKNOWN_TYPE
    message = message_class.parse(frame.payload)
    return Refusal.MALFORMED if message is None else message


def frame_of(
    message: BoardMessage | HostMessage,
    *,
    seq: int,
    boot_id: int,
    t_us: int = 0,
    is_retransmission: bool = False,
) -> Frame:
    """Put a message into a frame. Raises EncodeError: a field is out of range."""
    return Frame(
        message_type=message.TYPE,
        payload=message.encode(),
        seq=seq,
        boot_id=boot_id,
        t_us=t_us,
        is_reliable=message.IS_RELIABLE,
        is_retransmission=is_retransmission,
    )
