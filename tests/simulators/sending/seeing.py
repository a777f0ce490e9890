"""How a browser puts a picture together: repairs, order, decoded frames, wishes (core).

Without layers in the stream frames follow one another by their picture ids alone, and only a keyframe may
pass over a gap; a lost packet between two frames, of repairs, is none.
Constants are libwebrtc's: packets are asked for at once and every 100 ms, ten times; a keyframe after 3 s
without a picture, then every 200 ms, but not while one comes: a packet of one within the last 200 ms.
"""

from typing import Final, NamedTuple

from tests.simulators.sending.media import KEY

ASK_EVERY_S: Final = 0.1  # what it takes for the round trip where it knows none
ASKS_MAX: Final = 10
STARVED_S: Final = 3.0
WISH_EVERY_S: Final = 0.2
KEY_COMES_S: Final = 0.2
LIST_MAX: Final = 1_000


class Piece(NamedTuple):
    """One packet of the picture."""

    is_first: bool
    is_last: bool
    is_key: bool
    picture_id: int


class Seeing:
    """One picture that comes. Sequence numbers are counted without wrapping."""

    def __init__(self, *, now_s: float) -> None:
        self.decoded_s: list[float] = []
        self.expected = self.came = 0  # packets, repaired ones among them
        self._pieces: dict[int, Piece] = {}
        self._next: int | None = None  # the picture id of the next frame; None: waits for a keyframe
        self._done = -1  # the last packet of what was decoded
        self._highest: int | None = None
        self._missing: dict[int, tuple[int, float]] = {}  # (asked, last)
        self._fed_s = now_s  # decoded something, or began to wait
        self._wished_s = now_s - WISH_EVERY_S
        self._heard_s = now_s
        self._key_id: int | None = None  # the picture id of the newest keyframe, and when a packet of it came
        self._key_s = now_s - KEY_COMES_S

    def on_packet(
        self, sequence: int, piece: Piece | None, *, now_s: float, is_recovered: bool = False
    ) -> list[int]:
        """A packet came, came again, or was recovered from a repair; return what is asked for at once.

        None in place of a piece: it was a repair.
        """
        self._heard_s = now_s
        asked: list[int] = []
        if self._highest is not None and not is_recovered and sequence > self._highest + 1:
            for missing in range(max(self._highest + 1, sequence - LIST_MAX), sequence):
                self._missing[missing] = (1, now_s)
                asked.append(missing)
        self._missing.pop(sequence, None)
        self._highest = sequence if self._highest is None else max(self._highest, sequence)
        if piece is not None and (piece.is_key or piece.picture_id == self._key_id):
            self._key_id, self._key_s = piece.picture_id, now_s
        if piece is not None and sequence > self._done:
            self._pieces[sequence] = piece
            self._decode(now_s)
        return asked

    def ask_again(self, *, now_s: float) -> list[int]:
        """Return what is asked for once more."""
        asked = []
        for sequence, (times, last_s) in list(self._missing.items()):
            if now_s - last_s < ASK_EVERY_S:
                continue
            if times >= ASKS_MAX:
                del self._missing[sequence]
                continue
            self._missing[sequence] = (times + 1, now_s)
            asked.append(sequence)
        return asked

    def wishes_key(self, *, now_s: float) -> bool:
        """Whether a keyframe is asked for now."""
        if now_s - self._heard_s > 5.0 or now_s - self._wished_s < WISH_EVERY_S:
            return False  # nothing comes at all
        if self._next is not None and now_s - max(self._fed_s, self._wished_s) < STARVED_S:
            return False
        if self._highest is None or now_s - self._key_s < KEY_COMES_S:
            return False
        self._next, self._wished_s = None, now_s
        return True

    def _decode(self, now_s: float) -> None:
        while (found := self._whole_next()) is not None:
            self._take(*found, now_s)
        for first in sorted(at for at, piece in self._pieces.items() if piece.is_key and piece.is_first):
            end = self._end_of(first)
            if end is not None:
                self._take(first, end, now_s)
                self._decode(now_s)
                return

    def _whole_next(self) -> tuple[int, int] | None:
        """First and last packet of the next frame, once all of it is there."""
        for first, piece in self._pieces.items():
            if piece.is_first and piece.picture_id == self._next:
                end = self._end_of(first)
                return None if end is None else (first, end)
        return None

    def _end_of(self, first: int) -> int | None:
        piece, at = self._pieces.get(first), first
        while piece is not None and not piece.is_last:
            at += 1
            piece = self._pieces.get(at)
        return None if piece is None else at

    def _take(self, first: int, last: int, now_s: float) -> None:
        self._next, self._done = (self._pieces[first].picture_id + 1) & 0x7FFF, last
        for sequence in [at for at in self._pieces if at <= last]:
            del self._pieces[sequence]
        for sequence in [at for at in self._missing if at <= last]:
            del self._missing[sequence]
        self._fed_s = now_s
        self.decoded_s.append(now_s)


def piece_of(payload: bytes, *, is_last: bool) -> Piece:
    """Return what a VP8 payload (RFC 7741) of ours is."""
    is_first = bool(payload[0] & 0x10)
    picture_id = int.from_bytes(payload[2:4]) & 0x7FFF
    return Piece(is_first, is_last, is_first and payload[4] & 1 == KEY, picture_id)
