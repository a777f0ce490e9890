"""A rate controller's packets through one queue, with literal rates and delays (core)."""

from collections.abc import Callable

from edge.video.transport.rate import RateController
from edge.video.transport.twcc import Arrival

_EVERY_S = 0.02
_TOLD_AFTER_S = 0.1
_VOICE_BYTES = 40


def stepped(*steps: tuple[float, float]) -> Callable[[float], float]:
    """Return what has each value from its time on; the first time is 0."""
    return lambda at_s: [value for from_s, value in steps if from_s <= at_s][-1]


def targets_of_a_call(
    *, link_bps: Callable[[float], float], delay_s: Callable[[float], float], seconds: int
) -> list[int]:
    """Return the target, bit/s, after each second.

    Nine tenths of the target in packets of voice and picture by turns, and trains; the queue is as long as it
    likes, nothing is lost.
    """
    rate, sequence, free_s = RateController(now_s=0.0), 0, 0.0
    under_way: list[tuple[float, Arrival]] = []
    targets: list[int] = []

    def send(size_bytes: int, now_s: float, train: int | None = None) -> None:
        nonlocal sequence, free_s
        rate.on_sent(sequence, size_bytes=size_bytes, now_s=now_s, train=train)
        free_s = max(free_s, now_s)
        free_s += size_bytes * 8 / link_bps(free_s)
        arrival_s = free_s + delay_s(free_s)
        under_way.append((arrival_s, Arrival(sequence, round(arrival_s * 1e6))))
        sequence += 1

    for tick in range(round(seconds / _EVERY_S)):
        now_s = tick * _EVERY_S
        told = [arrival for arrival_s, arrival in under_way if arrival_s + _TOLD_AFTER_S <= now_s]
        under_way = [one for one in under_way if one[0] + _TOLD_AFTER_S > now_s]
        if told:
            rate.on_feedback(told, now_s=now_s)
        picture_bytes = 0.9 * rate.target_bps / 8 * 2 * _EVERY_S - _VOICE_BYTES
        send(_VOICE_BYTES if tick % 2 else max(_VOICE_BYTES, round(picture_bytes)), now_s)
        if train := rate.take_train(now_s=now_s):
            for number in range(train.packets):
                sent_s = now_s + 1e-3 + number * train.packet_bytes * 8 / train.rate_bps
                send(train.packet_bytes, sent_s, train.number)
        if (tick + 1) % round(1 / _EVERY_S) == 0:
            targets.append(rate.target_bps)
    return targets
