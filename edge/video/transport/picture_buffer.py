"""Packets of the page's picture, put together to frames (core).

A frame is whole when its last packet and all before it are there, whatever comes after. A gap waits as long
as a repeat can take and no longer: then everything up to the next keyframe is skipped, and one is asked for.
aiortc's own buffer waits for 512 packets, which is half a minute of a narrow link's picture, standing still.
"""

from dataclasses import dataclass
from typing import Final

WAIT_MIN_S: Final = 0.4
WAIT: Final = 2.5  # round trips: one for the request, one for a second, and some
KEPT_MAX: Final = 512  # packets; a keyframe of 300 kB fits
MISSING_MAX: Final = 64  # asked for at once
KEY_EVERY_S: Final = 0.5
JUMP: Final = 3_000  # packets: the stream has begun anew


@dataclass(frozen=True, slots=True)
class Piece:
    """What one packet carried; `is_start` begins a frame, `is_key` with it a keyframe, `is_last` ends it."""

    timestamp: int
    data: bytes
    is_start: bool
    is_key: bool
    is_last: bool


class PictureBuffer:
    """Of one stream. Sequence numbers come with 16 bits and are counted on."""

    def __init__(self) -> None:
        self.skipped = 0  # how often a gap was given up
        self._pieces: dict[int, Piece] = {}
        self._next: int | None = None  # where the next frame begins
        self._newest = 0
        self._needs_key = True
        self._gap_since_s: float | None = None
        self._key_wished_s: float | None = None

    def add(
        self, sequence: int, piece: Piece, *, now_s: float, round_trip_s: float | None
    ) -> list[tuple[int, bytes]]:
        """Take one packet in; return (RTP timestamp, VP8 frame) of those that are whole now, in order."""
        counted = self._count(sequence)
        if self._next is None:
            self._next = counted
        if counted < self._next:
            return []
        self._pieces[counted] = piece
        frames = self._whole_frames()
        if not self._has_gap():
            self._gap_since_s = None
        elif self._gap_since_s is None or frames:
            self._gap_since_s = now_s
        elif now_s - self._gap_since_s > max(WAIT_MIN_S, WAIT * (round_trip_s or 0.0)):
            self._skip()
            self._gap_since_s = now_s
            frames = self._whole_frames()
        return frames

    def missing(self) -> list[int]:
        """Return the sequence numbers (16 bits) that are to be asked for."""
        if self._next is None:
            return []
        gaps = [number for number in range(self._next, self._newest) if number not in self._pieces]
        return [number & 0xFFFF for number in gaps[:MISSING_MAX]]

    def take_key_wish(self, *, now_s: float, round_trip_s: float | None) -> bool:
        """Whether to ask for a keyframe now: none since the last gap, and not asked for a while."""
        every_s = max(KEY_EVERY_S, 1.2 * (round_trip_s or 0.0))
        if not self._needs_key or (self._key_wished_s is not None and now_s - self._key_wished_s < every_s):
            return False
        self._key_wished_s = now_s
        return True

    def _count(self, sequence: int) -> int:
        if self._next is None:
            self._newest = sequence + 0x10000
            return self._newest
        counted = self._newest + ((sequence - self._newest + 0x8000) & 0xFFFF) - 0x8000
        if abs(counted - self._newest) > JUMP or len(self._pieces) > KEPT_MAX:
            self._pieces.clear()
            self._next, self._needs_key, self._newest = counted, True, counted
        self._newest = max(self._newest, counted)
        return counted

    def _whole_frames(self) -> list[tuple[int, bytes]]:
        frames = []
        while (end := self._end_of_frame()) is not None:
            pieces = [self._pieces.pop(number) for number in range(self._next or 0, end + 1)]
            self._next = end + 1
            while pieces and not pieces[0].data:  # padding between frames
                pieces.pop(0)
            if not pieces or not pieces[0].is_start or (self._needs_key and not pieces[0].is_key):
                continue
            self._needs_key = False
            frames.append((pieces[0].timestamp, b"".join(piece.data for piece in pieces)))
        return frames

    def _end_of_frame(self) -> int | None:
        number = self._next or 0
        while (piece := self._pieces.get(number)) is not None:
            if piece.is_last:
                return number
            number += 1
        return None

    def _has_gap(self) -> bool:
        return len(self._pieces) <= self._newest - (self._next or 0)

    def _skip(self) -> None:
        """Go on behind the gap: at the next keyframe that is there, else at whatever begins."""
        self.skipped += 1
        self._needs_key = True
        hole = self._next or 0
        while hole in self._pieces:
            hole += 1
        starts = sorted(number for number, piece in self._pieces.items() if piece.is_start and number > hole)
        keys = [number for number in starts if self._pieces[number].is_key]
        self._next = next(iter(keys or starts), self._newest + 1)
        for number in [number for number in self._pieces if number < self._next]:
            del self._pieces[number]


def read_vp8(payload: bytes, frame_data: bytes, *, timestamp: int, is_last: bool) -> Piece:
    """Return a packet's piece: `payload` with VP8's descriptor, `frame_data` without. Source: RFC 7741."""
    is_start = bool(payload) and payload[0] & 0x1F == 0x10  # S, and the first partition
    is_key = is_start and bool(frame_data) and not frame_data[0] & 1
    return Piece(timestamp, frame_data, is_start, is_key, is_last)
