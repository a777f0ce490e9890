"""How much the link carries (core): a target from the queue that our own packets find.

Every packet's one-way delay above the least of the last 30 s is queue. While the queue is short the target
grows; when it is longer than QUEUE_TARGET_S, or will soon be, the target falls below what is delivered, the
further the longer the queue, so that it drains. Loss alone, up to a tenth, says nothing: radio links lose.
Without feedback the link is out and the target falls to the floor. A peer that knows no transport-wide
feedback is followed by its receiver reports and its REMB. A later issue replaces this controller; the verbs
stay.
Source: docs/adr/0013-transport-on-aiortc.md; the ideas are SCReAM's (RFC 8298) and GCC's.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

from edge.video.transport.recent import LeastOf, RateOf
from edge.video.transport.twcc import Arrival

START_BPS: Final = 150_000
MIN_BPS: Final = 12_000  # the least voice; below there is no call
MAX_BPS: Final = 2_500_000
QUEUE_TARGET_S: Final = 0.06
QUEUE_LONG_S: Final = 0.2
DRAIN_S: Final = 1.0  # a long queue is to be gone after so long
GROWTH_FAR: Final = 0.35  # a second
GROWTH_NEAR: Final = 0.08  # a second, at the rate that was too much before
CEILING_FORGOTTEN_S: Final = 10.0
SENT_SHARE: Final = 1.5  # the target never grows beyond so many times what is sent
SENT_SPARE_BPS: Final = 20_000
LOSS_IGNORED: Final = 0.1
AFTER_OUTAGE: Final = 0.6
SAME_OUTAGE_S: Final = 10.0  # a gap so soon after another costs nothing more: the queue decides then
# A receiver's own estimate follows what it is sent: of a picture that is held back it says ever less, and
# would never let it begin again. Below this, loss and round trip decide.
REMB_LEAST_BPS: Final = 80_000
BLIND_BPS: Final = 48_000  # before the first feedback, when it is late: a guess that fits a 64 kbit/s link
BLIND_AFTER_S: Final = 1.5
_LOG_MAX: Final = 4_096  # packets whose fate is not known
_HOLD_S: Final = 0.3


class RateController:
    """The target for one connection's way up, all media and headers together. Times are monotonic.

    Tell it of each packet sent and each feedback; call `on_tick` when `next_check_s` is past.
    """

    def __init__(self, *, now_s: float) -> None:
        self.round_trip_s: float | None = None  # smoothed; of feedback it has the receiver's wait in it
        self.has_feedback = False
        self._last_round_trip_s = 0.0
        self.is_out = False  # an outage: sent, and nothing heard
        self._rate_bps = float(START_BPS)
        self._remb_bps: int | None = None
        self._sent: dict[int, tuple[float, int]] = {}  # sequence: (sent_s, size), oldest first
        self._sent_rate = RateOf(window_s=2.0)
        self._delivered = RateOf(window_s=0.5)
        self._least = LeastOf(window_s=30.0)
        self._fates: deque[tuple[float, int, int]] = deque()  # (when, packets, lost)
        self._queues: deque[tuple[float, float]] = deque()  # (when, queue), a second's worth
        self._queue_s = 0.0
        self._waiting_since_s: float | None = None  # sent since the last word of the other side
        self._changed_s = now_s
        self._decreased_s = now_s - 60.0
        self._ceiling_bps: float | None = None
        self._resumed_s = now_s - 60.0
        self._ignore_before_s = 0.0  # what was sent before says nothing of the queue now
        self._reported_lost = 0.0
        self._least_report_s: float | None = None

    @property
    def target_bps(self) -> int:
        """What to send at most, in bit/s, MIN_BPS … MAX_BPS."""
        if self.is_out:
            return MIN_BPS
        capped = self._rate_bps if self._remb_bps is None else min(self._rate_bps, self._remb_bps)
        return round(max(MIN_BPS, min(MAX_BPS, capped)))

    @property
    def lost_share(self) -> float:
        """Of the last two seconds of feedback, or of the last report."""
        packets = sum(count for _, count, _ in self._fates)
        return sum(lost for _, _, lost in self._fates) / packets if packets else self._reported_lost

    @property
    def next_check_s(self) -> float | None:
        """When to call `on_tick`; None: not before something is sent."""
        if self._waiting_since_s is None or self.is_out:
            return None
        return self._waiting_since_s + self._patience_s

    def on_sent(self, sequence: int, *, size_bytes: int, now_s: float) -> None:
        """A packet with this transport-wide sequence number (16 bits) left; size on the wire."""
        self._sent.pop(sequence, None)
        self._sent[sequence] = (now_s, size_bytes)
        while len(self._sent) > _LOG_MAX:
            del self._sent[next(iter(self._sent))]
        self._sent_rate.add(now_s, size_bytes)
        if self._waiting_since_s is None:
            self._waiting_since_s = now_s

    def on_feedback(self, arrivals: Sequence[Arrival], *, now_s: float) -> None:
        """The other side told which packets came."""
        queues, newest_s, lost = [], None, 0
        for arrival in arrivals:
            sent = self._sent.get(arrival.sequence)
            if sent is None:
                continue
            if arrival.arrival_us is None:
                lost += 1
                continue
            del self._sent[arrival.sequence]
            sent_s, size_bytes = sent
            newest_s = sent_s if newest_s is None else max(newest_s, sent_s)
            arrival_s = arrival.arrival_us / 1e6
            self._delivered.add(arrival_s, size_bytes)
            if sent_s >= self._ignore_before_s:
                queues.append(self._least.above(arrival_s - sent_s, now_s))
        if newest_s is None:
            return
        self._fates.append((now_s, len(queues) + lost, lost))
        while self._fates[0][0] < now_s - 2.0:
            self._fates.popleft()
        self.has_feedback = True
        self._smooth_round_trip(now_s - newest_s)
        self._on_life(now_s)
        if queues:
            self._on_queue(sum(queues) / len(queues), now_s)

    def on_remb(self, bps: int, *, now_s: float) -> None:
        """The other side's own estimate: a cap, down to REMB_LEAST_BPS, whatever else is known."""
        self._remb_bps = max(bps, REMB_LEAST_BPS)
        self._on_life(now_s)

    def on_report(self, lost_share: float, *, round_trip_s: float | None, now_s: float) -> None:
        """A receiver report. Without transport-wide feedback it decides, by loss and by round trip."""
        if round_trip_s is not None:
            self._smooth_round_trip(round_trip_s)
        self._reported_lost = lost_share
        if self.has_feedback:
            return
        self._on_life(now_s)
        queue_s = 0.0
        if round_trip_s is not None:
            least_s = round_trip_s if self._least_report_s is None else self._least_report_s
            self._least_report_s = min(least_s, round_trip_s)
            queue_s = round_trip_s - self._least_report_s
        if queue_s > QUEUE_LONG_S or lost_share > LOSS_IGNORED:
            if now_s - self._decreased_s > self._step_s:
                share = 0.8 if queue_s > QUEUE_LONG_S else 1 - lost_share / 2
                self._decrease(
                    min(self._rate_bps, self._sent_rate.bps(now_s) or self._rate_bps) * share, now_s
                )
        else:
            self._grow(now_s, longest_s=2.0)

    def on_tick(self, *, now_s: float) -> None:
        """Look whether the other side has fallen silent."""
        if self._waiting_since_s is None or now_s < self._waiting_since_s + self._patience_s:
            return
        if not self.has_feedback and self.round_trip_s is None:  # never a word: the path may be long
            self._rate_bps = min(self._rate_bps, BLIND_BPS)
            self._waiting_since_s = now_s
        else:
            self.is_out = True

    @property
    def _patience_s(self) -> float:
        if not self.has_feedback:
            return BLIND_AFTER_S if self.round_trip_s is None else 6.0 + 2.5 * self.round_trip_s
        return max(1.0, 2.5 * (self.round_trip_s or 0.0))

    @property
    def _step_s(self) -> float:
        """Between two decreases: the first must have had its effect."""
        round_trip_s = self.round_trip_s or 0.2
        is_growing = bool(self._queues) and self._trend() > 0.1  # then it certainly was not enough
        return (round_trip_s if is_growing else max(round_trip_s, self._last_round_trip_s)) + _HOLD_S

    def _smooth_round_trip(self, sample_s: float) -> None:
        self._last_round_trip_s = sample_s
        known_s = sample_s if self.round_trip_s is None else self.round_trip_s
        self.round_trip_s = 0.875 * known_s + 0.125 * sample_s

    def _on_life(self, now_s: float) -> None:
        """The other side spoke."""
        self._waiting_since_s = None
        if self.is_out:
            self.is_out = False
            if now_s - self._resumed_s > SAME_OUTAGE_S:
                self._rate_bps = max(MIN_BPS, AFTER_OUTAGE * self._rate_bps)
            self._resumed_s = self._changed_s = now_s
            self._least.clear()  # the path may be another one
            self._delivered.clear()
            self._queues.clear()
            self._ignore_before_s = now_s

    def _on_queue(self, queue_s: float, now_s: float) -> None:
        self._queue_s += 0.6 * (queue_s - self._queue_s)
        self._queues.append((now_s, self._queue_s))
        while self._queues[0][0] < now_s - 1.0:
            self._queues.popleft()
        soon_s = self._queue_s + max(0.0, self._trend()) * min(0.5, self.round_trip_s or 0.2)
        # One large packet alone takes this long on a narrow link, and is no queue.
        target_s = QUEUE_TARGET_S + min(0.1, 500 * 8 / self._rate_bps)
        if self._queue_s > target_s or soon_s > 1.5 * target_s:
            # A queue that shrinks well enough is left to it: another step down would only be idle time.
            is_draining = self._trend() < -0.1 and self._ceiling_bps is not None
            if now_s - self._decreased_s > self._step_s and not is_draining:
                self._drain(target_s, now_s)
        elif self.lost_share > LOSS_IGNORED:
            if now_s - self._decreased_s > self._step_s:
                self._decrease(self._rate_bps * (1 - self.lost_share / 2), now_s)
        elif self._queue_s < 0.7 * target_s:
            self._grow(now_s, longest_s=0.5)

    def _trend(self) -> float:
        """Seconds of queue more a second, over the last second."""
        (first_s, first), (last_s, last) = self._queues[0], self._queues[-1]
        return (last - first) / (last_s - first_s) if last_s - first_s > 0.2 else 0.0

    def _drain(self, target_s: float, now_s: float) -> None:
        sent_bps = self._sent_rate.bps(now_s) or self._rate_bps
        delivered_bps = self._delivered.bps() or sent_bps
        if sent_bps < 0.6 * self._rate_bps:  # not we have filled the link
            delivered_bps = max(delivered_bps, self._rate_bps)
        self._ceiling_bps = delivered_bps
        share = 0.9 if self._queue_s < 1.5 * target_s else 0.85
        if self._queue_s > QUEUE_LONG_S:
            share = max(0.3, 0.85 - (self._queue_s - QUEUE_TARGET_S) / DRAIN_S)
        self._decrease(share * min(delivered_bps, self._rate_bps), now_s)

    def _decrease(self, bps: float, now_s: float) -> None:
        self._rate_bps = max(MIN_BPS, min(self._rate_bps, bps))
        self._decreased_s = self._changed_s = now_s
        self._fates.clear()  # losses that have had their effect

    def _grow(self, now_s: float, *, longest_s: float) -> None:
        passed_s = min(longest_s, now_s - self._changed_s)
        self._changed_s = now_s
        ceiling = self._ceiling_bps
        if ceiling is not None:
            delivered_bps = self._delivered.bps() or 0.0
            if now_s - self._decreased_s > CEILING_FORGOTTEN_S or delivered_bps > 1.15 * ceiling:
                self._ceiling_bps = ceiling = None
        growth = GROWTH_FAR if ceiling is None or self._rate_bps < 0.85 * ceiling else GROWTH_NEAR
        if ceiling is not None and self._rate_bps < 0.7 * ceiling:
            growth = 1.0  # the queue is gone: back to what was delivered
        limit = SENT_SHARE * (self._sent_rate.bps(now_s) or 0.0) + SENT_SPARE_BPS
        grown = min(MAX_BPS, self._rate_bps * (1 + growth) ** passed_s, limit)
        self._rate_bps = max(self._rate_bps, grown)
