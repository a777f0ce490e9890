"""A link for the rate controller, in numbers alone: a queue before a bottleneck, delay, loss, feedback."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from edge.video.transport.pacer import Pacer
from edge.video.transport.rate import RateController
from edge.video.transport.twcc import Arrival

VOICE_BYTES, VOICE_EVERY_S = 110, 0.04
FRAMES_A_SECOND = 10
STEP_S = 0.005


@dataclass
class Sample:
    """One moment: what was aimed for, and how long the queue was."""

    at_s: float
    target_bps: int
    queue_s: float
    is_out: bool


@dataclass
class Bottleneck:
    """A call over a link of `rate_bps(now_s)`; 0 is an outage. The delay is one way."""

    rate_bps: Callable[[float], float]
    delay_s: float = 0.05
    lost_share: float = 0.0
    queue_max_s: float = 1.0
    feedback_s: float = 0.1
    picture_share: float = 1.0  # of the target that the picture uses
    samples: list[Sample] = field(default_factory=list)
    delivered: list[tuple[float, int]] = field(default_factory=list)

    def run(self, seconds: float) -> RateController:
        """Talk for so long; return the controller as it is then."""
        rng, order, numbers = random.Random(7), count(), count()
        rate = RateController(now_s=0.0)
        pacer: Pacer[int] = Pacer(target_bps=rate.target_bps, now_s=0.0)
        queue: list[tuple[int, int]] = []  # (sequence, bytes left to serve)
        events: list[tuple[float, int, list[Arrival]]] = []  # feedback on its way back
        arrived: dict[int, int] = {}
        told, highest, credit_bytes, next_voice_s, next_frame_s, next_told_s = 0, -1, 0.0, 0.0, 0.0, 0.0
        now_s = 0.0
        while now_s < seconds:
            link_bps = self.rate_bps(now_s)
            if now_s >= next_voice_s:
                pacer.push_voice(VOICE_BYTES, size_bytes=VOICE_BYTES)
                next_voice_s += VOICE_EVERY_S
            pacer.set_target(rate.target_bps)
            if now_s >= next_frame_s:
                next_frame_s += 1 / FRAMES_A_SECOND
                voice_bps = VOICE_BYTES * 8 / VOICE_EVERY_S
                left = int((rate.target_bps * self.picture_share - voice_bps) / 8 / FRAMES_A_SECOND)
                if left > 60 and pacer.queued_s < 0.15:
                    sizes = [min(544, left - at) for at in range(0, left, 544)]
                    pacer.push_frame(sizes, sizes_bytes=sizes, is_key=pacer.needs_key, now_s=now_s)
            for size in pacer.pop(now_s=now_s):
                sequence = next(numbers)
                rate.on_sent(sequence & 0xFFFF, size_bytes=size, now_s=now_s)
                waiting = sum(left_bytes for _, left_bytes in queue)
                if waiting * 8 <= self.queue_max_s * max(link_bps, 64_000):
                    queue.append((sequence, size))
            credit_bytes = credit_bytes + link_bps / 8 * STEP_S if queue else 0.0
            while queue and queue[0][1] <= credit_bytes:
                sequence, size = queue.pop(0)
                credit_bytes -= size
                if rng.random() >= self.lost_share:
                    arrived[sequence] = int((now_s + self.delay_s) * 1e6) + 5_000_000_000
                    self.delivered.append((now_s, size))
            heard = [s for s, at_us in arrived.items() if at_us <= now_s * 1e6 + 5_000_000_000 and s >= told]
            if now_s >= next_told_s and link_bps and heard:
                next_told_s = now_s + self.feedback_s
                highest = max(heard)
                feedback = [Arrival(s & 0xFFFF, arrived.get(s)) for s in range(told, highest + 1)]
                told = highest + 1
                heapq.heappush(events, (now_s + self.delay_s, next(order), feedback))
                for sequence in [s for s in arrived if s < told]:
                    del arrived[sequence]
            while events and events[0][0] <= now_s:
                rate.on_feedback(heapq.heappop(events)[2], now_s=now_s)
            if rate.next_check_s is not None and now_s >= rate.next_check_s:
                rate.on_tick(now_s=now_s)
            queue_s = sum(left_bytes for _, left_bytes in queue) * 8 / max(link_bps, 1_000)
            self.samples.append(Sample(now_s, rate.target_bps, queue_s, rate.is_out))
            now_s += STEP_S
        return rate

    def mean_target(self, begin_s: float, end_s: float) -> float:
        """The mean target between two moments, bit/s."""
        targets = [sample.target_bps for sample in self.samples if begin_s <= sample.at_s < end_s]
        return sum(targets) / len(targets)

    def used_share(self, begin_s: float, end_s: float) -> float:
        """Of the link's capacity, that carried something."""
        carried = sum(size for at_s, size in self.delivered if begin_s <= at_s < end_s) * 8
        seconds = range(int(begin_s), int(end_s))
        return carried / sum(self.rate_bps(second + 0.5) for second in seconds)

    def queue_p95_s(self, begin_s: float, end_s: float) -> float:
        """The queue that is exceeded a twentieth of the time."""
        queues = sorted(sample.queue_s for sample in self.samples if begin_s <= sample.at_s < end_s)
        return queues[int(0.95 * len(queues))]
