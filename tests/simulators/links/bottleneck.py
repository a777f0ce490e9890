"""One direction of a link: a drop-tail queue before a rate, then loss, then delay (core).

Every time is computed from the rate, none from when somebody looked: a late caller delivers late, but the
packets behind are not pushed back.
"""

import random
from collections import deque
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

from tests.simulators.links.profile import Burst, Spell, Way
from tests.simulators.links.rate import Rate

Fate = Literal["delivered", "lost", "full", "cut", "walled", "silenced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What became of one packet. Times are monotonic seconds, None where it never came so far."""

    data: bytes
    arrived_s: float
    started_s: float | None = None  # the queue before it had gone
    left_s: float | None = None  # its last bit was on the link
    delivered_s: float | None = None
    fate: Fate = "delivered"


class Losses:
    """Says of one packet after the other whether it is lost."""

    def __init__(self, loss: float, burst: Burst | None, *, seed: int) -> None:
        self._loss, self._burst = loss, burst
        self._random = random.Random(seed)
        self._is_bad = False

    def next_is_lost(self) -> bool:
        """Whether the next packet is lost."""
        is_lost = self._random.random() < self._loss
        if self._burst is not None:
            change = self._burst.to_good if self._is_bad else self._burst.to_bad
            self._is_bad ^= self._random.random() < change
            share = self._burst.lost_in_bad if self._is_bad else self._burst.lost_in_good
            is_lost |= self._random.random() < share
        return is_lost


class Bottleneck:
    """`offer` packets, `take` those that are due; wake at `next_s`. `began_s`: the profile's second 0."""

    def __init__(self, way: Way, *, began_s: float) -> None:
        self.is_cut = False
        self._queue: deque[Passage] = deque()
        self._queued_bytes = 0
        self._head_left_bits = self._head_since_s = 0.0  # of the first: what was to go, as of when
        self._head_ends_s = inf  # when the first of the queue will have left
        self._ended: deque[Passage] = deque()  # left the queue; delivered or lost, but nobody was told yet
        self._last_delivered_s = -inf
        self._begin(way, began_s)

    def _begin(self, way: Way, began_s: float) -> None:
        self._way, self._began_s = way, began_s
        self._rate = Rate(way.rate, way.repeat_s)
        self._air: Way | Spell = way
        self._spells = deque(way.spells)
        self._losses = Losses(way.loss, way.burst, seed=way.seed)
        self._random = random.Random(way.seed + 1_000)

    @property
    def next_s(self) -> float:
        """When to call `take` again at the latest; infinite: after the next `offer`."""
        first_s = _end_s(self._ended[0]) if self._ended else inf
        return min(first_s, self._head_ends_s)

    def offer(self, data: bytes, *, now_s: float) -> Passage | None:
        """Take a packet in, or return how it was refused."""
        self._serve(now_s)
        refused = Passage(data=data, arrived_s=now_s)
        if self.is_cut:
            return replace(refused, fate="cut")
        if self._queue and self._backlog_bytes(now_s) + len(data) > self._limit_bytes(now_s):
            return replace(refused, fate="full")
        self._queue.append(Passage(data=data, arrived_s=now_s))
        self._queued_bytes += len(data)
        if len(self._queue) == 1:
            self._start_head(now_s)
        return None

    def take(self, *, now_s: float) -> list[Passage]:
        """Return what was delivered or lost by now, in order."""
        self._serve(now_s)
        due = []
        while self._ended and _end_s(self._ended[0]) <= now_s:
            due.append(self._ended.popleft())
        return due

    def change(self, way: Way, *, now_s: float) -> None:
        """From now on it is another direction; its second 0 is now. What waits, waits on."""
        self._serve(now_s)
        self._head_left_bits, self._head_since_s = self._head_bits(now_s), now_s
        self._begin(way, now_s)
        if self._queue:
            self._head_ends_s = self._when(self._head_left_bits, now_s)

    def cut(self, *, now_s: float) -> list[Passage]:
        """Nothing passes from now on; return what was under way and is gone."""
        due = self.take(now_s=now_s)
        gone = [replace(one, fate="cut", delivered_s=None) for one in (*self._ended, *self._queue)]
        self._ended.clear()
        self._queue.clear()
        self._queued_bytes, self._head_ends_s, self.is_cut = 0, inf, True
        return [*due, *gone]

    def restore(self) -> None:
        """Packets pass again; the profile's time has gone on."""
        self.is_cut = False

    def _when(self, bits: float, from_s: float) -> float:
        return self._began_s + self._rate.when(bits, from_s - self._began_s)

    def _head_bits(self, now_s: float) -> float:
        """What of the first packet is still to be put on the link."""
        served = self._rate.bits(self._head_since_s - self._began_s, now_s - self._began_s)
        return max(0.0, self._head_left_bits - served)

    def _backlog_bytes(self, now_s: float) -> float:
        return self._queued_bytes - len(self._queue[0].data) + self._head_bits(now_s) / 8

    def _limit_bytes(self, now_s: float) -> float:
        if self._way.queue_bytes is not None:
            return self._way.queue_bytes
        return self._rate.last_above_zero(now_s - self._began_s) / 8 * self._way.queue_s

    def _start_head(self, at_s: float) -> None:
        self._queue[0] = replace(self._queue[0], started_s=at_s)
        self._head_left_bits, self._head_since_s = len(self._queue[0].data) * 8.0, at_s
        self._head_ends_s = self._when(self._head_left_bits, at_s)

    def _serve(self, now_s: float) -> None:
        while self._head_ends_s <= now_s:
            left_s, one = self._head_ends_s, self._queue.popleft()
            self._queued_bytes -= len(one.data)
            self._ended.append(self._send_off(replace(one, left_s=left_s)))
            self._head_ends_s = inf
            if self._queue:
                self._start_head(left_s)

    def _send_off(self, one: Passage) -> Passage:
        assert one.left_s is not None, "it has left"
        while self._spells and self._spells[0].from_s <= one.left_s - self._began_s:
            self._air = self._spells.popleft()
            seed = self._way.seed + 1 + len(self._spells)
            self._losses = Losses(self._air.loss, self._air.burst, seed=seed)
        due_s = one.left_s + self._air.delay_s + self._random.uniform(0.0, self._air.jitter_s)
        self._last_delivered_s = max(self._last_delivered_s, due_s)  # nothing is reordered
        if self._losses.next_is_lost():
            return replace(one, fate="lost")
        return replace(one, delivered_s=self._last_delivered_s)


def _end_s(one: Passage) -> float:
    """When its story ends: delivered, or lost as it left."""
    end_s = one.delivered_s if one.delivered_s is not None else one.left_s
    assert end_s is not None, "it has left the queue"
    return end_s
