"""When each packet leaves (core): voice at once, repairs, then the picture spread over time.

A frame sent in one burst is a queue in the narrowest hop, and voice waits behind it. So picture packets
leave at PACE times the target, one after the other, and voice passes them. Old pictures are worse than none:
what cannot leave soon is dropped in whole frames, and from there on only a keyframe is taken. Of two tracks
all of the low one goes first: it waits for nothing of the high one. Where too much is on its way already, all
but voice waits here. A train of padding leaves at its own rate, before it.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from edge.video.media import TRACKS, Track
from edge.video.transport.recent import RateOf

Packet = TypeVar("Packet")

PACE: Final = 1.15  # times the target: more would be a queue of each frame in the link
PACE_MIN_BPS: Final = 24_000  # a keyframe of the smallest picture must leave some time
QUEUE_MAX_S: Final = 1.0  # of pictures; below it a keyframe in their place would be later still
VOICE_S: Final = 2.0  # over which voice's share of the way out is reckoned
VOICE_SHARE_MAX: Final = 0.8  # of it; the pace is a guess as well
DEBT_MAX_S: Final = 0.5
CATCH_UP_S: Final = 0.005  # the loop wakes late by some milliseconds; so much is made up for


@dataclass(slots=True)
class _Frame(Generic[Packet]):
    packets: deque[tuple[Packet, int]]
    size_bytes: int
    pushed_s: float
    is_begun: bool = False


class Pacer(Generic[Packet]):
    """The way out of one connection. Sizes are bytes on the wire. Wake at `next_s` and call `pop`."""

    def __init__(self, *, target_bps: int, now_s: float) -> None:
        self.dropped_frames = 0
        self.need_key: set[Track] = set()  # frames were dropped: tell the encoder; a keyframe ends it
        self._pace_bps = PACE_MIN_BPS
        self._voice: deque[tuple[Packet, int]] = deque(maxlen=50)  # a second of voice and more
        self._voice_rate = RateOf(window_s=VOICE_S)
        self._repairs: dict[Track, deque[tuple[Packet, int]]] = {track: deque(maxlen=128) for track in TRACKS}
        self._train: deque[tuple[Packet, int]] = deque()
        self._train_bps = PACE_MIN_BPS
        self._train_at_s = now_s  # when its next packet may go
        self._frames: dict[Track, deque[_Frame[Packet]]] = {track: deque() for track in TRACKS}
        self._room_bytes: float | None = None
        self._free_at_s = now_s  # when the next paced packet may go
        self.set_target(target_bps)

    def set_target(self, target_bps: int) -> None:
        """What the link carries, all media together."""
        self._pace_bps = max(PACE_MIN_BPS, round(PACE * target_bps))

    def set_room(self, room_bytes: float | None) -> None:
        """So much may still go on its way, by the next `pop`; negative: too much is. None: no limit."""
        self._room_bytes = room_bytes

    def queued_s(self, track: Track = "low") -> float:
        """How long what waits before a new frame of this track will take to leave beside the voice; what is
        too much on its way is waited for as well.
        """
        first = TRACKS[: TRACKS.index(track) + 1]
        waiting = sum(size for one in first for _, size in self._repairs[one])
        waiting += sum(frame.size_bytes for one in first for frame in self._frames[one])
        too_much = 0.0 if self._room_bytes is None else max(0.0, -self._room_bytes)
        voice_bps = min(VOICE_SHARE_MAX * self._pace_bps, self._voice_rate.bps() or 0.0)
        return (waiting + too_much) * 8 / (self._pace_bps - voice_bps)

    def push_voice(self, packet: Packet, *, size_bytes: int) -> None:
        """It leaves with the next `pop`."""
        self._voice.append((packet, size_bytes))

    def push_repair(self, packet: Packet, *, size_bytes: int, track: Track = "low") -> None:
        """A packet sent again; the caller has held it against its budget."""
        self._repairs[track].append((packet, size_bytes))

    def push_train(self, packets: Sequence[Packet], *, size_bytes: int, rate_bps: int) -> None:
        """Padding, each packet of this size; it begins when what has begun is out, and the picture waits as
        if it had been its own: else it would be a queue in the link."""
        self._train.extend((packet, size_bytes) for packet in packets)
        self._train_bps, self._train_at_s = rate_bps, self._free_at_s

    def push_frame(
        self,
        packets: Sequence[Packet],
        *,
        sizes_bytes: Sequence[int],
        is_key: bool,
        now_s: float,
        track: Track = "low",
    ) -> bool:
        """Queue one picture; return False when it was dropped. Look at `need_key` afterwards."""
        if is_key:
            self._drop_waiting(track)  # nothing that waits is worth more than a fresh start
            self.need_key.discard(track)
        elif track in self.need_key or self.queued_s(track) > QUEUE_MAX_S:
            self._drop_waiting(track)
            self.dropped_frames += 1
            self.need_key.add(track)
            return False
        pairs = deque(zip(packets, sizes_bytes, strict=True))
        self._frames[track].append(_Frame(pairs, sum(sizes_bytes), now_s))
        return True

    def begin_anew(self) -> None:
        """Drop all pictures and repairs, also one that has begun; only keyframes are taken next."""
        for track in TRACKS:
            self.dropped_frames += len(self._frames[track])
            self._frames[track].clear()
            self._repairs[track].clear()
        self._train.clear()
        self.need_key.update(TRACKS)

    def pop(self, *, now_s: float) -> list[Packet]:
        """Return what leaves now, in order."""
        self._drop_stale(now_s)
        leaving = []
        while self._voice:
            packet, size = self._voice.popleft()
            self._voice_rate.add(now_s, size)
            self._occupy(size, now_s)
            leaving.append(packet)
        while self._train and self._train_at_s <= now_s:
            packet, size = self._train.popleft()
            self._train_at_s = max(self._train_at_s, now_s - CATCH_UP_S) + size * 8 / self._train_bps
            self._occupy(size, now_s)
            leaving.append(packet)
        while self._has_paced and self._free_at_s <= now_s:
            packet, size = self._next_paced()
            self._occupy(size, now_s)
            leaving.append(packet)
        return leaving

    @property
    def _has_paced(self) -> bool:
        """Whether something paced may leave when its time comes."""
        has_room = self._room_bytes is None or self._room_bytes > 0
        return has_room and not self._train and any(self._waits(track) for track in TRACKS)

    def _waits(self, track: Track) -> bool:
        return bool(self._repairs[track] or self._frames[track])

    @property
    def next_s(self) -> float | None:
        """When `pop` next has something; None: when something is pushed."""
        if self._voice:
            return 0.0
        if self._train:
            return self._train_at_s
        return self._free_at_s if self._has_paced else None

    def _next_paced(self) -> tuple[Packet, int]:
        track = next(one for one in TRACKS if self._waits(one))
        if self._repairs[track]:
            return self._repairs[track].popleft()
        frame = self._frames[track][0]
        packet, size = frame.packets.popleft()
        frame.is_begun = True
        frame.size_bytes -= size
        if not frame.packets:
            self._frames[track].popleft()
        return packet, size

    def _occupy(self, size_bytes: int, now_s: float) -> None:
        if self._room_bytes is not None:
            self._room_bytes -= size_bytes
        begin_s = max(self._free_at_s, now_s - CATCH_UP_S)
        free_at_s = begin_s + size_bytes * 8 / self._pace_bps
        # Voice never waits, so on a link of less than voice its debt would grow without end.
        self._free_at_s = max(begin_s, min(free_at_s, now_s + DEBT_MAX_S))

    def _drop_stale(self, now_s: float) -> None:
        """Frames that were to leave long ago: the rate fell after they had been taken."""
        for track, frames in self._frames.items():
            if frames and not frames[0].is_begun and now_s - frames[0].pushed_s > QUEUE_MAX_S:
                self._drop_waiting(track)
                self.need_key.add(track)

    def _drop_waiting(self, track: Track) -> None:
        """Drop what has not begun; a frame that has is finished, else the other side would ask for it."""
        kept = [frame for frame in self._frames[track] if frame.is_begun]
        self.dropped_frames += len(self._frames[track]) - len(kept)
        self._frames[track] = deque(kept)
