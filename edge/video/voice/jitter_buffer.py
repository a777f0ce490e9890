"""When to play which packet of the other side's voice (core).

A packet's *transit* is its arrival minus its RTP time: a constant nobody knows, plus what the network added.
The fastest transit of late is the network at rest; the 95 % slowest say how long a packet has to lie here
so that the next one is never missed. The sum is the *offset*: the packet of RTP time T is due at T + offset.
The offset grows at once and shrinks slowly; a packet that comes late after all is still played, because what
was concealed meanwhile did not move the place in the stream, and the delay won that way is given back by
shortened packets. The loudspeaker's clock paces `pull`, so drift of either clock is the same matter.
"""

from bisect import insort
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from edge.video.media import VOICE_HZ, VoicePacket

TARGET_MIN_S: Final = 0.02  # below one packet of 20 ms the next one is never there in time
TARGET_FIRST_S: Final = 0.04  # until the link has shown itself
TARGET_MAX_S: Final = 0.5  # longer, and people speak into one another
BUFFERED_MAX_S: Final = 1.0  # a burst after an outage: what lies deeper is old
HURRY_S: Final = 0.02  # above its due time by this, a packet is shortened
SKIP_S: Final = 0.3  # by this, packets are left out instead
SHRINK_S_PER_S: Final = 0.02
REMEMBERED_S: Final = 30.0  # transits older than this say nothing; drift of 100 ppm makes 3 ms of them
REMEMBERED_MAX: Final = 500  # ten seconds of 20 ms packets
NOTICED_SHARE: Final = 0.95
WEIGHT_MAX_S: Final = 0.06  # of one packet: the longest that we send
STRANGE_S: Final = 10.0  # a transit that far off: another stream (a new leg has its own RTP times)
CONCEAL_MAX_S: Final = 0.5  # longer, and the link is gone: that is rest, not a hole in a word
STEP: Final = VOICE_HZ // 100  # what is given when there is no packet, in samples
DTX_MAX_BYTES: Final = 2  # such a packet says: silence from here on (RFC 6716, 2.1.9)
PACKET_MAX_SAMPLES: Final = VOICE_HZ * 120 // 1000  # RFC 6716, 3.2.5
_SILK_MS: Final = (10, 20, 40, 60)
_CELT_US: Final = (2500, 5000, 10_000, 20_000)


class Kind(Enum):
    """What the loudspeaker shall get next."""

    PACKET = "packet"  # decode `payload`
    FEC = "fec"  # the packet before `payload` is lost: decode what `payload` repeats of it
    CONCEAL = "conceal"  # lost or not here yet: go on as it sounded
    REST = "rest"  # the other side is silent, or has not begun


@dataclass(frozen=True, slots=True)
class Playout:
    """The next `samples` (of VOICE_HZ). `is_hurried`: shorten the packet where it is not heard."""

    kind: Kind
    samples: int
    payload: bytes = b""
    is_hurried: bool = False


@dataclass(frozen=True, slots=True, order=True)
class _Held:
    time: int  # unwrapped RTP time and sequence
    sequence: int
    samples: int
    payload: bytes


class JitterBuffer:
    """Takes packets as they come, gives them as they are due. Never raises on what the other side sends."""

    def __init__(self) -> None:
        self.concealed_samples = 0  # played without a packet, FEC's not counted
        self.repaired_count = 0  # packets that FEC brought back
        self.late_count = 0  # came when their place was past
        self.discarded_count = 0  # doubled, unreadable, or left out to catch up
        self._start()

    def _start(self) -> None:
        self._held: list[_Held] = []
        self._transits: deque[tuple[float, float, float]] = deque(
            maxlen=REMEMBERED_MAX
        )  # arrival, transit, weight
        self._newest: _Held | None = None
        self._newest_arrival_s = 0.0
        self._offset_s = 0.0
        self._place: int | None = None  # RTP time of the next sample; None: nothing played yet
        self._last: _Held | None = None  # the last one played
        self._waited = 0  # samples given since then that did not move the place

    @property
    def target_s(self) -> float:
        """How long the fastest packet lies here."""
        return self._offset_s - min(transit for _, transit, _ in self._transits) if self._transits else 0.0

    @property
    def buffered_s(self) -> float:
        """How much sound waits."""
        return sum(held.samples for held in self._held) / VOICE_HZ

    def push(self, packet: VoicePacket) -> None:
        """Take one packet."""
        samples = opus_samples(packet.payload)
        if samples is None:
            self.discarded_count += 1
            return
        held = self._unwrap(packet, samples)
        transit_s = packet.arrived_s - held.time / VOICE_HZ
        if self._transits and abs(transit_s - self._transits[-1][1]) > STRANGE_S:
            self._start()
            held = self._unwrap(packet, samples)
            transit_s = packet.arrived_s - held.time / VOICE_HZ
        if self._newest is None or held.sequence > self._newest.sequence:
            self._newest = held
        self._learn(transit_s, packet.arrived_s)
        if self._place is not None and held.time < self._place:
            self.late_count += 1
        elif any(other.time == held.time or other.sequence == held.sequence for other in self._held):
            self.discarded_count += 1
        else:
            insort(self._held, held)
            while self.buffered_s > BUFFERED_MAX_S:
                self._leave_out_first()

    def pull(self, now_s: float) -> Playout:
        """Return what to play next; `samples` later (by the loudspeaker's clock) ask again."""
        while self._held and now_s - self._due_s(self._held[0].time) > SKIP_S and len(self._held) > 1:
            self._leave_out_first()
        if not self._held:
            return self._nothing_here()
        head = self._held[0]
        hole = self._hole_before(head)
        if hole:
            return self._fill(hole, head, now_s=now_s)
        is_joined = self._place == head.time and not self._is_resting
        if not is_joined and now_s < self._due_s(head.time):
            return self._rest()
        del self._held[0]
        self._place, self._last, self._waited = head.time + head.samples, head, 0
        is_hurried = now_s - self._due_s(head.time) > HURRY_S
        return Playout(Kind.PACKET, head.samples, head.payload, is_hurried=is_hurried)

    @property
    def _is_resting(self) -> bool:
        return self._last is None or len(self._last.payload) <= DTX_MAX_BYTES or self._waited > _CONCEAL_MAX

    def _due_s(self, time: int) -> float:
        return time / VOICE_HZ + self._offset_s

    def _nothing_here(self) -> Playout:
        if self._is_resting:
            return self._rest()
        self._waited += STEP
        self.concealed_samples += STEP
        return Playout(Kind.CONCEAL, STEP)

    def _rest(self) -> Playout:
        self._waited = min(self._waited + STEP, _CONCEAL_MAX + STEP)
        return Playout(Kind.REST, STEP)

    def _hole_before(self, head: _Held) -> int:
        """Return how many samples are lost between the place and `head`: 0 where the other side was silent.

        Sequences without a gap are a silence that DTX left out. A gap of time that the missing packets
        cannot fill is a silence too, with losses in it: none of them is missed."""
        if self._last is None or self._place is None or self._is_resting:
            return 0
        missing = head.sequence - self._last.sequence - 1
        gap = head.time - self._place
        return gap if missing > 0 and 0 < gap <= missing * self._last.samples else 0

    def _fill(self, hole: int, head: _Held, *, now_s: float) -> Playout:
        filled = min(self._waited, hole)  # what was concealed while waiting fills it now
        self._waited, hole = 0, hole - filled
        self._place = head.time - hole
        if not hole:
            return self.pull(now_s)
        if now_s < self._due_s(self._place):  # it may still come
            self._waited = STEP
            self.concealed_samples += STEP
            return Playout(Kind.CONCEAL, STEP)
        if hole == head.samples:
            self._place = head.time
            self.repaired_count += 1
            return Playout(Kind.FEC, hole, head.payload)
        step = min(STEP, hole)
        self._place += step
        self.concealed_samples += step
        return Playout(Kind.CONCEAL, step)

    def _leave_out_first(self) -> None:
        gone = self._held.pop(0)
        self.discarded_count += 1
        self._place, self._last, self._waited = gone.time + gone.samples, gone, 0

    def _unwrap(self, packet: VoicePacket, samples: int) -> _Held:
        if self._newest is None:
            return _Held(packet.timestamp, packet.sequence, samples, packet.payload)
        time = self._newest.time + _signed(packet.timestamp - self._newest.time, 32)
        sequence = self._newest.sequence + _signed(packet.sequence - self._newest.sequence, 16)
        return _Held(time, sequence, samples, packet.payload)

    def _learn(self, transit_s: float, arrived_s: float) -> None:
        is_first = not self._transits
        passed_s = 0.0 if is_first else max(arrived_s - self._newest_arrival_s, 0.0)
        self._newest_arrival_s = arrived_s if is_first else max(arrived_s, self._newest_arrival_s)
        self._transits.append((arrived_s, transit_s, min(passed_s, WEIGHT_MAX_S)))
        while arrived_s - self._transits[0][0] > REMEMBERED_S:
            self._transits.popleft()
        fastest_s, slow_s = _fastest_and_slow(self._transits)
        wanted_s = fastest_s + min(max(slow_s - fastest_s, TARGET_MIN_S), TARGET_MAX_S)
        if is_first:
            self._offset_s = transit_s + TARGET_FIRST_S
        else:
            shrunk_s = self._offset_s - SHRINK_S_PER_S * passed_s
            self._offset_s = min(max(wanted_s, shrunk_s), fastest_s + TARGET_MAX_S)


def _fastest_and_slow(transits: Iterable[tuple[float, float, float]]) -> tuple[float, float]:
    """Return the least transit, and the one that a NOTICED_SHARE of the time does not exceed.

    A packet weighs as much as the time since the one before: what an outage held back and then threw here at
    once is one event, not a hundred."""
    ordered = sorted(((transit_s, weight_s) for _, transit_s, weight_s in transits), reverse=True)
    left_s = (1 - NOTICED_SHARE) * sum(weight_s for _, weight_s in ordered)
    for transit_s, weight_s in ordered:
        left_s -= weight_s
        if left_s < 0:
            return ordered[-1][0], transit_s
    return ordered[-1][0], ordered[-1][0]


_CONCEAL_MAX: Final = int(CONCEAL_MAX_S * VOICE_HZ)


def opus_samples(payload: bytes) -> int | None:
    """Return how long an Opus packet sounds, in samples of VOICE_HZ; None when it is none.
    Source: RFC 6716, 3.1 and 3.2."""
    if not payload:
        return None
    config, code = payload[0] >> 3, payload[0] & 3
    if config < 12:
        frame_us = _SILK_MS[config % 4] * 1000
    elif config < 16:
        frame_us = (10_000, 20_000)[config % 2]
    else:
        frame_us = _CELT_US[config % 4]
    if code == 3 and len(payload) < 2:
        return None
    frames = (1, 2, 2, payload[1] & 0x3F if code == 3 else 0)[code]
    samples = frames * frame_us * VOICE_HZ // 1_000_000
    return samples if 0 < samples <= PACKET_MAX_SAMPLES else None


def _signed(difference: int, bits: int) -> int:
    """Return `difference`, taken modulo 2**bits, as the nearest step forward or back."""
    half = 1 << (bits - 1)
    return (difference + half) % (1 << bits) - half
