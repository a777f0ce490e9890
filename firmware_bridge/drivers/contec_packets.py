"""Packets of Contec's dialect C: how bytes are packed, and what all but the live ones say (core).

Not a driver. Source: docs/devices/contec-cms50.md.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from firmware_bridge.drivers.driver import Fact
from firmware_bridge.errors import EncodeError

REALTIME: Final = 0x01
COMMAND: Final = 0x7D
HEAD_BYTES: Final = 2  # kind, top bits
DATA_MAX_BYTES: Final = 7
SPO2_MAX_PCT: Final = 100
NO_SPO2: Final = frozenset({0, 0x7F, 0xFF})  # real units say 0 where the maker's page says 7F
NO_PULSE: Final = frozenset({0, 0xFF})
PERFUSION_MAX: Final = 2200  # hundredths of a percent
NO_PERFUSION: Final = frozenset({0, 0xFFFF})
REASONS: Final = {
    0x00: "done",
    0x01: "shut down",
    0x02: "user changed",
    0x03: "recording",
    0x04: "delete failed",
    0x05: "not supported",
    0xFF: "unknown",
}
WITH_PERFUSION: Final = 0xA1
WITHOUT_PERFUSION: Final = 0xA0
_WEIGHTS: Final = tuple(1 << bit for bit in range(DATA_MAX_BYTES))


def unpacked(packet: bytes) -> bytes:
    """Return the data of a packet: its bytes from the third on, their top bits put back."""
    tops = packet[1]
    if tops == 0x80:
        return bytes(byte & 0x7F for byte in packet[HEAD_BYTES:])
    return bytes(
        byte & 0x7F | (0x80 if tops & weight else 0)
        for byte, weight in zip(packet[HEAD_BYTES:], _WEIGHTS, strict=False)
    )


def packed(kind: int, data: bytes) -> bytes:
    """Return the packet. Raises EncodeError: more than seven bytes, or `kind` has a top bit."""
    if kind >= 0x80 or len(data) > DATA_MAX_BYTES:
        raise EncodeError(f"packet {kind:02X} of {len(data)} bytes: 7F and {DATA_MAX_BYTES} are the limits")
    tops = 0x80 | sum(weight for byte, weight in zip(data, _WEIGHTS, strict=False) if byte & 0x80)
    return bytes((kind, tops, *(byte | 0x80 for byte in data)))


def command(code: int, *arguments: int) -> bytes:
    """Return what the host sends for command `code` (A1 starts live packets, AF keeps them coming; the page
    lists all). Raises EncodeError: more than six arguments, or one that is no byte."""
    if any(not 0 <= value <= 0xFF for value in (code, *arguments)):
        raise EncodeError(f"command {code:X} {arguments}: each is a byte")
    if len(arguments) >= DATA_MAX_BYTES:
        raise EncodeError(f"command {code:X} with {len(arguments)} arguments: {DATA_MAX_BYTES - 1} at most")
    return packed(COMMAND, bytes((code, *arguments)).ljust(DATA_MAX_BYTES, b"\0"))


Facts = Mapping[str, Fact]


class Packet(NamedTuple):
    """One kind of packet: its name, how long it is, and what its data say; None: such data cannot be."""

    name: str
    size: int
    facts: Callable[[bytes], Facts | None]


def _text_of(data: bytes) -> str | None:
    """Return ASCII without the spaces and zeros that fill it; None for anything else."""
    if all(byte == 0 or 0x20 <= byte < 0x7F for byte in data):
        return data.replace(b"\0", b" ").decode("ascii").strip()
    return None


def _named_text(name: str) -> Callable[[bytes], Facts | None]:
    def read(data: bytes) -> Facts | None:
        text = _text_of(data)
        return None if text is None else {name: text}

    return read


def _model(data: bytes) -> Facts | None:
    text = _text_of(data[1:])
    return None if text is None else {"part": data[0], "model": text}


def _user(data: bytes) -> Facts | None:
    text = _text_of(data[1:])
    return None if text is None else {"user": data[0], "name": text}


def _date(data: bytes) -> Facts | None:
    user, segment, century, year, month, day = data
    if century > 99 or year > 99 or not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return {"user": user, "segment": segment, "date": f"{century:02}{year:02}-{month:02}-{day:02}"}


def _time(data: bytes) -> Facts | None:
    user, segment, hour, minute, second, rest = data
    if hour > 23 or minute > 59 or second > 59 or rest:
        return None
    return {"user": user, "segment": segment, "time": f"{hour:02}:{minute:02}:{second:02}"}


def _length(data: bytes) -> Facts:
    return {"user": data[0], "segment": data[1], "length": int.from_bytes(data[2:], "little")}


def _stored(data: bytes) -> Facts | None:
    spo2, pulse = data[:2]
    perfusion = int.from_bytes(data[2:], "little")
    if not is_spo2(spo2) or PERFUSION_MAX < perfusion not in NO_PERFUSION:
        return None
    return {
        "spo2": known(spo2, NO_SPO2),
        "pulse": known(pulse, NO_PULSE),
        "pi": None if perfusion in NO_PERFUSION else perfusion / 100,
    }


def _stored_three(data: bytes) -> Facts | None:
    facts: dict[str, Fact] = {}
    for place in range(3):
        spo2, pulse = data[2 * place : 2 * place + 2]
        if not is_spo2(spo2):
            return None
        if place and not spo2 and not pulse:
            continue  # fills the last packet
        facts[f"spo2_{place + 1}"] = known(spo2, NO_SPO2)
        facts[f"pulse_{place + 1}"] = known(pulse, NO_PULSE)
    return facts


def _segments(data: bytes) -> Facts:
    return {"user": data[0], "segments": data[1]}


def _feedback(data: bytes) -> Facts | None:
    code, reason = data
    if reason not in REASONS:
        return None
    return {"command": f"{code:02X}", "reason": REASONS[reason]}


def _disconnect(data: bytes) -> Facts | None:
    return {"reason": REASONS[data[0]]} if data[0] in REASONS else None


def _perfusion_support(data: bytes) -> Facts | None:
    return {"has_pi": not data[0]} if data[0] <= 1 else None


def _notice(data: bytes) -> Facts | None:
    kind, what = data[:2]
    if any(data[2:]):
        return None
    if kind == 1:
        return {"has_stored": bool(what)} if what <= 1 else None
    return {"notice": kind, "data": what}


def _identifiers(data: bytes) -> Facts | None:
    user, segment, what = data[:3]
    if what not in (WITH_PERFUSION, WITHOUT_PERFUSION) or any(data[3:]):
        return None
    return {"user": user, "segment": segment, "has_pi": what == WITH_PERFUSION}


def is_spo2(spo2: int) -> bool:
    """Whether this can stand where SpO2 stands."""
    return spo2 <= SPO2_MAX_PCT or spo2 in NO_SPO2


def known(raw: int, unknown: frozenset[int]) -> int | None:
    """Return `raw`, None for what stands for no value."""
    return None if raw in unknown else raw


PACKETS: Final[Mapping[int, Packet]] = {
    REALTIME: Packet("realtime", 9, lambda _: None),  # the decoder's
    0x02: Packet("model", 9, _model),
    0x03: Packet("vendor", 9, _named_text("vendor")),
    0x04: Packet("id", 9, _named_text("id")),
    0x05: Packet("user", 9, _user),
    0x06: Packet("answer to A0", 4, lambda data: {"data": data.hex(" ")}),
    0x07: Packet("stored date", 8, _date),
    0x08: Packet("stored length", 8, _length),
    0x09: Packet("stored with PI", 6, _stored),
    0x0A: Packet("segments", 4, _segments),
    0x0B: Packet("feedback", 4, _feedback),
    0x0C: Packet("free", 2, lambda _: {}),
    0x0D: Packet("disconnect", 3, _disconnect),
    0x0E: Packet("PI support", 3, _perfusion_support),
    0x0F: Packet("stored", 8, _stored_three),
    0x10: Packet("users", 3, lambda data: {"users": data[0]}),
    0x11: Packet("notice", 9, _notice),
    0x12: Packet("stored time", 8, _time),
    0x13: Packet("answer to B3", 9, _named_text("text")),
    0x14: Packet("second answer to B3", 9, _named_text("text")),
    0x15: Packet("stored identifiers", 9, _identifiers),
}
SIZES: Final = tuple(PACKETS[kind].size if kind in PACKETS else 0 for kind in range(0x80))
UNUSED_TOPS: Final = tuple(0x7F & ~((1 << max(0, size - HEAD_BYTES)) - 1) for size in SIZES)
