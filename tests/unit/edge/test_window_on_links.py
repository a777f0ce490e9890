"""The window on simulated links, an hour of which takes seconds."""

import pytest

from tests.bench.report import percentile
from tests.simulators.links.drain import Drain
from tests.simulators.links.profile import Profile, steady


def poor(bps: float, *, round_trip_s: float = 0.6, loss: float = 0.0, jitter_s: float = 0.0) -> Profile:
    up, down = (
        steady(bps, delay_s=round_trip_s / 2, queue_s=20.0, loss=loss, jitter_s=jitter_s, seed=seed)
        for seed in (1, 2)
    )
    return Profile(name="poor", up=up, down=down)


def test_an_hour_at_64_kbit_s_fills_the_link_and_keeps_presses_short() -> None:
    drain = Drain(poor(64e3))
    drain.run_until(3_600.0)
    seen = drain.drained(from_s=20.0)
    assert seen.utilisation > 0.98
    assert percentile(seen.presses_s, 0.99) < 1.3  # 0.3 s of delay, and at most a parcel of 0.6 s before it
    assert percentile(seen.queues_s, 0.95) < 0.75


@pytest.mark.parametrize(
    ("profile", "parcel_bytes", "most_s"),
    [
        (poor(32e3), (4_000, 5_000), 2.2),
        (poor(64e3), (1_000, 1_400), 1.2),
        (poor(64e3), (300, 6_000), 1.4),
        (poor(64e3, round_trip_s=0.1), (4_000, 5_000), 0.9),
        (poor(64e3, jitter_s=0.05), (4_000, 5_000), 1.5),
        (poor(512e3), (4_000, 5_000), 0.6),
    ],
)
def test_many_links_are_filled_and_presses_stay_short(
    profile: Profile, parcel_bytes: tuple[int, int], most_s: float
) -> None:
    drain = Drain(profile, parcel_bytes)
    drain.run_until(620.0)
    seen = drain.drained(from_s=20.0)
    assert seen.utilisation > 0.95
    assert seen.presses_s[-1] < most_s


def test_the_first_seconds_of_a_connection_build_no_queue_of_seconds() -> None:
    drain = Drain(poor(64e3))
    drain.run_until(20.0)
    assert drain.drained(from_s=0.0).queues_s[-1] < 2.0
    assert drain.drained(from_s=5.0).utilisation > 0.9


def test_losses_take_little_of_the_link_and_build_no_queue() -> None:
    drain = Drain(poor(64e3, loss=0.05))
    drain.run_until(1_220.0)
    seen = drain.drained(from_s=20.0)
    assert seen.utilisation > 0.8
    assert percentile(seen.queues_s, 0.95) < 1.2


def test_a_flow_of_somebody_else_that_fills_the_link_is_left_nearly_all_of_it_in_a_call() -> None:
    profile = poor(64e3)
    drain = Drain(profile)
    drain.run_until(60.0)
    drain.window.share(is_in_call=True)

    def speak() -> None:
        drain.link.send_datagram(160)
        drain.link.at(drain.link.now_s + 0.02, speak)  # 64 kbit/s

    speak()
    drain.run_until(61.5)
    before_bytes = sum(len(one.data) for one in drain.link.passages)
    drain.run_until(91.5)
    theirs = sum(len(one.data) == 160 for one in drain.link.passages if one.arrived_s > 61.5) * 160
    ours = sum(len(one.data) for one in drain.link.passages) - before_bytes - theirs
    assert ours < 0.15 * 30 * 8_000
    assert ours > 0.01 * 30 * 8_000, "a trickle goes on"
