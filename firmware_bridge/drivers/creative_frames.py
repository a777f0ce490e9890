"""What all instruments of Creative and Lepu share: frames with a CRC, and what an oximeter says (core).

Not a driver. `AA 55`, token, length of the rest, type, content, CRC-8 of all before it.
Source: docs/devices/creative-pc60.md.
"""

from abc import abstractmethod
from collections import Counter
from typing import ClassVar, Final, NamedTuple

from contract.codes import Condition
from firmware_bridge.drivers.driver import ALL_WELL, Reading
from firmware_bridge.drivers.scan import NEEDS_MORE, NO_FRAME, FrameScan
from firmware_bridge.errors import EncodeError

SYNC: Final = b"\xaa\x55"
HEAD_BYTES: Final = 4  # sync, token, length
SHORTEST_REST: Final = 2  # type and CRC
FRAME_LONGEST_BYTES: Final = 64  # the longest that is known has 59: a longer length is damage, not waited for
CONTENT_MAX_BYTES: Final = FRAME_LONGEST_BYTES - HEAD_BYTES - SHORTEST_REST
CHECK_BITS: Final = 8
STRUCTURE_BITS: Final = 16  # sync
SPO2_MAX_PCT: Final = 100
PULSE_MAX_BPM: Final = 510  # 511 is all bits set
OXIMETRY_BYTES: Final = 5
BATTERY_LOW_LEVEL: Final = 1  # of 0 to 3
UNKNOWN: Final = -1  # in place of token and type
OXIMETER_TOKENS: Final = frozenset({0x0F, 0xF0})
STATION_TOKENS: Final = frozenset(
    {0x30, 0x31, 0x32, 0x33, 0x34, 0x40, 0x41, 0x42, 0x43, 0x44, 0x50, 0x51, 0x52, 0x53, 0x54}
    | {0x70, 0x71, 0x72, 0x73, 0xD0, 0xE0, 0xE1, 0xE2, 0xE3, 0xE4, 0xE5, 0xFF}
)


def _crc_table() -> tuple[int, ...]:
    """CRC-8/MAXIM: polynomial 0x31, reflected, begins with 0."""
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC: Final = _crc_table()


def crc8(data: bytes) -> int:
    """Return the checksum of `data`; of a whole sound frame it is 0."""
    crc = 0
    for byte in data:
        crc = _CRC[crc ^ byte]
    return crc


def command(token: int, kind: int, content: bytes = b"") -> bytes:
    """Return a frame. Raises EncodeError: token or kind are no bytes, or the content is too long."""
    if not (0 <= token <= 0xFF and 0 <= kind <= 0xFF and len(content) <= CONTENT_MAX_BYTES):
        raise EncodeError(f"frame {token:X}/{kind:X} with {len(content)} bytes: {CONTENT_MAX_BYTES} at most")
    body = SYNC + bytes((token, len(content) + SHORTEST_REST, kind)) + content
    return body + bytes((crc8(body),))


class Place(NamedTuple):
    """Where a frame stood: see Reading."""

    offset: int
    size: int
    lost: int


class CreativeScan(FrameScan):
    """Finds the frames. Of two sound ones that overlap the later is taken: a frame that was cut short, and by
    chance has its checksum from the next, would otherwise cost that one too.
    """

    FRAME_MAX_BYTES: ClassVar = 2 * FRAME_LONGEST_BYTES  # a frame, and one that may begin within it
    TOKENS: ClassVar[frozenset[int]]  # of this kind of instrument …
    FOREIGN: ClassVar[frozenset[int]]  # … and of the other: its frames are none here

    def __init__(self) -> None:
        super().__init__()
        self._missing: Counter[int] = Counter()  # heads without a sound frame, by token and type
        self._begins_with_head = False  # so does the present run of damage
        self._waves: dict[int, tuple[str, int]] = {}  # by token and type: stream, samples a frame
        self._last_wave = UNKNOWN

    @abstractmethod
    def _content(self, token: int, kind: int, content: bytes, place: Place) -> Reading:
        """Return what a sound frame says."""

    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        size = _sound_bytes(data, at)
        if size > 0 and data[at + 2] in self.FOREIGN:
            size = NO_FRAME
        if size > 0:
            size = self._unless_overlapped(data, at, size, is_end=is_end)
        if size == NEEDS_MORE and is_end:
            size = NO_FRAME
        if size == NO_FRAME:
            self._note_damage(data, at)
        return size

    def _unless_overlapped(self, data: bytes, at: int, size: int, *, is_end: bool) -> int:
        """Return `size`, or NO_FRAME when a sound frame begins within it. When one begins with its very last
        byte, one of two equal bytes was lost where they met: the other stands for both frames."""
        end = at + size
        inner = data.find(SYNC, at + len(SYNC), end + 1)
        while inner >= 0:
            is_ours = inner + 2 >= len(data) or data[inner + 2] in self.TOKENS
            inner_size = _sound_bytes(data, inner) if is_ours else NO_FRAME
            if inner_size > 0:
                return size - 1 if inner == end - 1 else NO_FRAME
            if inner_size == NEEDS_MORE and not is_end:
                return NEEDS_MORE
            inner = data.find(SYNC, inner + 1, end + 1)
        if end == len(data) and data[end - 1] == SYNC[0] and not is_end:
            return NEEDS_MORE  # its last byte may be the first of the next
        return size

    def _note_damage(self, data: bytes, at: int) -> None:
        is_head = data.startswith(SYNC, at) and at + HEAD_BYTES < len(data)
        if self._discarding == 0:
            self._begins_with_head = is_head
        if is_head:
            token, kind = data[at + 2], data[at + 4]
            self._missing[token << 8 | kind if token in self.TOKENS else UNKNOWN] += 1

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        token, kind = frame[2], frame[4]
        reading = self._content(
            token, kind, frame[5 : HEAD_BYTES + frame[3] - 1], Place(offset, len(frame), lost)
        )
        for stream, samples in reading.samples.items():
            self._last_wave = token << 8 | kind
            self._waves[self._last_wave] = stream, len(samples)
        return reading

    def _lost_frames(self) -> int:
        """Heads say how many; without any, the length of the damage does."""
        if not self._is_in_step:
            return 0
        if heads := self._missing.total():
            return heads + (not self._begins_with_head)
        if self._discarding < SHORTEST_REST:  # as like a byte too many as the rest of a frame
            return 0
        return max(1, round(self._discarding / self.FRAME_TYPICAL_BYTES))

    def _take(self, reading: Reading) -> None:
        super()._take(reading)
        if self._missing:
            self._missing.clear()

    def _lose(self, frames: int) -> None:
        """A head says whose samples are lost; whatever had none, or none of ours, was probably a wave."""
        self.counts.lost_frames += frames
        told = {key: count for key, count in self._missing.items() if key != UNKNOWN}
        told[self._last_wave] = told.get(self._last_wave, 0) + max(0, frames - sum(told.values()))
        for key, count in told.items():
            if count and key in self._waves:
                stream, samples = self._waves[key]
                lost = self.counts.lost_samples
                lost[stream] = lost.get(stream, 0) + count * samples


def _sound_bytes(data: bytes, at: int) -> int:
    """Return how long the frame at `at` is, NO_FRAME, or NEEDS_MORE."""
    if data[at] != SYNC[0]:
        return NO_FRAME
    if at + HEAD_BYTES >= len(data):
        return NEEDS_MORE if SYNC.startswith(data[at : at + len(SYNC)]) else NO_FRAME
    size = HEAD_BYTES + data[at + 3]
    if data[at + 1] != SYNC[1] or not HEAD_BYTES + SHORTEST_REST <= size <= FRAME_LONGEST_BYTES:
        return NO_FRAME
    if at + size > len(data):
        return NEEDS_MORE
    return size if crc8(data[at : at + size]) == 0 else NO_FRAME


def oximetry(content: bytes) -> tuple[dict[str, int | None], frozenset[Condition]]:
    """Return SpO2, pulse and perfusion index (in 0.1 %) of five bytes, and what is the matter.

    A real PC-60FW sets no flag without a finger: SpO2 and pulse are 0 then.
    """
    spo2, pulse, perfusion, status = content[0], content[1] | content[2] << 8, content[3], content[4]
    conditions = set()
    if status & 0x02 or not (spo2 or pulse or status & 0x04):
        conditions.add(Condition.PROBE_OFF)
    if status & 0x04:
        conditions.add(Condition.SEARCHING)
    if conditions:
        return dict.fromkeys(("spo2", "pulse", "pi")), frozenset(conditions)
    values = {
        "spo2": spo2 if 0 < spo2 <= SPO2_MAX_PCT else None,
        "pulse": pulse if 0 < pulse <= PULSE_MAX_BPM else None,
        "pi": perfusion or None,
    }
    return values, ALL_WELL


def wave(content: bytes) -> tuple[tuple[int, ...], bool]:
    """Return the samples of a pulse wave, 0 to 127, and whether a beat is among them."""
    return tuple(byte & 0x7F for byte in content), not content.isascii()


def text(content: bytes) -> str:
    """Return ASCII without what fills it; a question mark stands for anything else."""
    shown = (chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in content.rstrip(b"\0 "))
    return "".join(shown).strip()


def unknown(token: int, kind: int, content: bytes, place: Place) -> Reading:
    """Return the reading of a frame that is sound and not described."""
    facts = {"token": f"{token:02X}", "type": f"{kind:02X}", "data": content.hex(" ")}
    return Reading(place.offset, place.size, "unknown", facts=facts, lost=place.lost)
