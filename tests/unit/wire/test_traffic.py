from typing import Literal

import numpy as np

from tests.bench.wire import cost_of
from tests.simulators.links.log import Logged
from tests.simulators.links.packets import Packet
from tests.wire.signal import resampled
from tests.wire.traffic import Way, way_of


def packet(direction: Literal["up", "down"], size_bytes: int, at_s: float) -> Logged:
    return Logged(direction, "delivered", size_bytes, at_s, at_s, at_s, at_s, Packet("tcp"))


def test_packets_are_sorted_by_direction_and_by_whether_they_carry_anything() -> None:
    packets = [packet("up", 300, 1.0), packet("up", 52, 1.1), packet("down", 80, 1.2), packet("up", 300, 5.0)]
    assert way_of(packets, "up", from_s=0.0, to_s=5.0) == Way(1, 300, 1, 52)
    assert way_of(packets, "down", from_s=0.0, to_s=5.0) == Way(1, 80, 0, 0)


def test_an_hour_is_the_rate_measured_and_its_share_of_a_connecting_a_day_without_its_samples() -> None:
    connecting = [packet("up", 1_000, 100.0), packet("down", 2_000, 100.1)]
    every_second = [packet("up", 100, 100.5 + second) for second in range(120)]
    cost = cost_of([*connecting, *every_second], from_s=160.0, to_s=220.0)
    assert (cost.connecting, cost.up.total_bytes) == (3_000, 6_000)
    assert round(cost.of(86_400), 6) == 24 * 0.36 + 0.003
    assert round(cost.of(3_600), 6) == 0.360125


def test_another_rate_keeps_the_signal() -> None:
    seconds = np.arange(3_600) / 360
    wave = np.rint(1_000 * np.sin(2 * np.pi * 3 * seconds)).astype(np.int32)
    expected = 1_000 * np.sin(2 * np.pi * 3 * np.arange(2_500) / 250)
    assert np.abs(resampled(wave, 360, 250) - expected).max() <= 2
