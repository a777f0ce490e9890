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


def in_a_call(drain: Drain, *, media_bps: int, from_s: float) -> None:
    """Words and pictures at a steady rate from now on."""
    drain.window.share(is_in_call=True, media_bps=media_bps)

    def speak() -> None:
        drain.link.send_datagram(160)
        drain.link.at(drain.link.now_s + 160 * 8 / media_bps, speak)

    drain.link.at(from_s, speak)


def ours_bps(drain: Drain, from_s: float, to_s: float) -> float:
    served = [one for one in drain.link.passages if one.left_s is not None and from_s < one.left_s <= to_s]
    return sum(len(one.data) for one in served if len(one.data) != 160) * 8 / (to_s - from_s)


def given_after_a_fall(said_bps: int | None) -> int:
    """The bytes that the backlog gives to a link that has become narrow in the second after it is told."""
    drain = Drain(poor(256e3, round_trip_s=0.2), (600, 1_024))
    drain.run_until(30.0)
    in_a_call(drain, media_bps=60_000, from_s=30.0)
    drain.run_until(90.0)
    assert ours_bps(drain, 80.0, 90.0) > 100_000, "what is free is the backlog's"
    drain.link.change(poor(80e3, round_trip_s=0.2))
    drain.run_until(90.3)
    drain.window.share(is_in_call=True, media_bps=said_bps or 60_000)
    drain.run_until(93.0)
    given = [len(one.data) for one in drain.link.passages if 90.3 < one.arrived_s <= 91.3]
    return sum(size_bytes for size_bytes in given if size_bytes > 600)  # what is live is shorter


def test_the_backlog_yields_within_a_second_of_the_word_that_the_link_gives_less() -> None:
    """Without it a queue of a second would have to be seen first."""
    assert given_after_a_fall(20_000) < 0.7 * given_after_a_fall(None)


def test_beside_voice_and_picture_that_take_all_the_floor_still_goes() -> None:
    drain = Drain(poor(64e3, round_trip_s=0.2))
    drain.run_until(30.0)
    in_a_call(drain, media_bps=58_000, from_s=30.0)
    drain.run_until(90.0)
    assert 4_000 < ours_bps(drain, 40.0, 90.0) < 16_000


def test_what_goes_slowly_beside_a_call_holds_no_press_up() -> None:
    """Without the least pace our own one, seen as the link's, becomes slower with each look: 14 s at last."""
    drain = Drain(poor(256e3), (600, 3_000))
    drain.run_until(30.0)
    in_a_call(drain, media_bps=220_000, from_s=30.0)
    drain.run_until(330.0)
    assert drain.drained(from_s=60.0).presses_s[-1] < 0.9
    assert ours_bps(drain, 60.0, 330.0) > 25_000, "all that the others leave"
