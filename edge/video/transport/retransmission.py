"""What is sent again, and what is asked for again: seldom, late enough, never a storm (core).

aiortc answers every request at once and asks for its whole list at every gap; a narrow link is then full of
repeats (ADR 13). Here each packet has two further chances, a round trip apart, within a fifth of what the
link carries, and only while it can still be of use.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

Packet = TypeVar("Packet")

SENDS_MAX: Final = 2
SPACING: Final = 1.2  # round trips between two sends of the same packet
SPACING_MIN_S: Final = 0.05
SHARE: Final = 0.2  # of the target rate, for all of them together
BURST_S: Final = 1.5  # so many seconds of that share at once: WORTH_S of the rate, for radio loses in bursts
BURST_MIN_BYTES: Final = 1_300  # one packet, else a link of 40 kbit/s would never repair anything
USE_S: Final = 1.0  # beyond one round trip: later a keyframe is the better repair
WORTH_S: Final = 0.3  # of the rate: where more is missing a keyframe comes sooner
KEPT_MAX: Final = 1_024
UNKNOWN_ROUND_TRIP_S: Final = 0.3


@dataclass(slots=True)
class _Sent(Generic[Packet]):
    packet: Packet
    size_bytes: int
    first_s: float
    last_s: float
    again: int = 0


class RepeatBudget:
    """What may go again, of all that one connection sends."""

    def __init__(self, *, now_s: float) -> None:
        self._bytes, self._at_s = 0.0, now_s

    def fill(self, target_bps: int, *, now_s: float) -> None:
        """Time has passed on a link of `target_bps`."""
        share_bytes_s = SHARE * target_bps / 8
        filled = self._bytes + share_bytes_s * (now_s - self._at_s)
        self._bytes, self._at_s = min(filled, max(BURST_MIN_BYTES, share_bytes_s * BURST_S)), now_s

    def take(self, size_bytes: int) -> bool:
        """Whether so much may go; then it counts as gone."""
        if size_bytes > self._bytes:
            return False
        self._bytes -= size_bytes
        return True


class Repeats(Generic[Packet]):
    """What we sent, as long as it may be asked for. Sequence numbers are RTP's, 16 bits."""

    def __init__(self, budget: RepeatBudget) -> None:
        self.is_hopeless = False  # what was asked for last cannot come in time: a keyframe is the repair
        self._sent: dict[int, _Sent[Packet]] = {}  # oldest first
        self._budget = budget

    def on_sent(self, sequence: int, packet: Packet, *, size_bytes: int, now_s: float) -> None:
        """A packet went for the first time; `size_bytes` is what a repeat costs on the wire."""
        self._sent.pop(sequence, None)
        self._sent[sequence] = _Sent(packet, size_bytes, now_s, now_s)
        while len(self._sent) > KEPT_MAX:
            del self._sent[next(iter(self._sent))]

    def begin_anew(self) -> None:
        """A keyframe goes: nobody needs what was before it."""
        self._sent.clear()

    def ask(
        self, sequences: Iterable[int], *, target_bps: int, round_trip_s: float | None, now_s: float
    ) -> list[tuple[int, Packet]]:
        """Return (sequence, packet) of those that should be sent again now; they count as sent.

        What exceeds the budget or comes too early is left out: the other side asks again. Look at
        `is_hopeless` afterwards.
        """
        self.is_hopeless = False
        round_trip_s = UNKNOWN_ROUND_TRIP_S if round_trip_s is None else round_trip_s
        spacing_s = max(SPACING_MIN_S, SPACING * round_trip_s)
        self._budget.fill(target_bps, now_s=now_s)
        chosen: list[tuple[int, Packet]] = []
        sequences = list(sequences)
        missing_bytes = sum(self._sent[one].size_bytes for one in sequences if one in self._sent)
        if missing_bytes > max(BURST_MIN_BYTES, WORTH_S * target_bps / 8):
            self.is_hopeless = True
            return []
        for sequence in sequences:
            sent = self._sent.get(sequence)
            # The first request proves that a round trip has passed; only repeats must wait for one.
            if sent is None or (sent.again and now_s - sent.last_s < spacing_s):
                continue
            if sent.again >= SENDS_MAX or now_s - sent.first_s > USE_S + round_trip_s:
                self.is_hopeless = True
                continue
            if not self._budget.take(sent.size_bytes):
                continue
            sent.again, sent.last_s = sent.again + 1, now_s
            chosen.append((sequence, sent.packet))
        return chosen


class Wishes:
    """What we ask the other side for, of its stream: each missing packet at most three times, spaced."""

    ASKS_MAX: Final = 3
    KEPT_MAX: Final = 512

    def __init__(self) -> None:
        self._asked: dict[int, tuple[int, float]] = {}  # sequence: (times, last)

    def choose(self, missing: Iterable[int], *, round_trip_s: float | None, now_s: float) -> list[int]:
        """Return those of `missing` (16 bits, in order) to ask for now."""
        spacing_s = SPACING * (UNKNOWN_ROUND_TRIP_S if round_trip_s is None else round_trip_s)
        chosen = []
        for sequence in missing:
            times, last_s = self._asked.get(sequence, (0, 0.0))
            if times >= self.ASKS_MAX or (times and now_s - last_s < max(SPACING_MIN_S, spacing_s)):
                continue
            self._asked.pop(sequence, None)
            self._asked[sequence] = (times + 1, now_s)
            chosen.append(sequence)
        while len(self._asked) > self.KEPT_MAX:
            del self._asked[next(iter(self._asked))]
        return chosen
