"""The fit of a boot: true intervals from true anchors, and liars outvoted."""

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.ids import BootId
from contract.times import Anchor, Source
from hub.times.fit import REACH, UNKNOWN, BootFit, Knot, UtcInterval, fit_boot, knot_at, knots_near

S = 1_000_000
MINUTE, HOUR, DAY = 60 * S, 3_600 * S, 86_400 * S
NOON = 1_800_000_000 * S  # UTC at boot time 0
BOOT = BootId(3)


def anchor(
    t_us: int, *, wrong_us: int = 0, err_us: int = 20_000, source: Source = "hub", utc_us: int | None = None
) -> Anchor:
    return Anchor(BOOT, t_us, NOON + t_us + wrong_us if utc_us is None else utc_us, err_us, source)


def fit(*anchors: Anchor) -> BootFit:
    return fit_boot(BOOT, sorted(anchors, key=lambda one: (one.t_us, one.utc_us)), version=len(anchors))


def far_off_us(found: UtcInterval, true_us: float) -> float:
    assert found.best_us is not None
    return abs(found.best_us - true_us)


def holds(found: UtcInterval, true_us: float) -> bool:
    assert found.earliest_us is not None
    assert found.latest_us is not None
    assert found.best_us is not None
    assert found.earliest_us <= found.best_us <= found.latest_us
    return found.earliest_us <= true_us <= found.latest_us


def test_one_anchor_ties_the_whole_boot_and_its_error_grows_by_100_ppm_either_way() -> None:
    """An hour away: 3,600 s × 100 µs/s = 360 ms."""
    one = fit(anchor(2 * HOUR))
    assert one.at(2 * HOUR) == UtcInterval(
        NOON + 2 * HOUR - 20_000, NOON + 2 * HOUR + 20_000, NOON + 2 * HOUR
    )
    for t_us in (HOUR, 3 * HOUR):
        assert one.at(t_us) == UtcInterval(NOON + t_us - 380_000, NOON + t_us + 380_000, NOON + t_us)
        assert one.at(t_us).err_us == 380_000
    assert one.drift() is None


def test_a_boot_without_anchors_is_unknown() -> None:
    assert fit().at(5) == UNKNOWN
    assert fit().at(5).err_us is None


def test_anchors_that_agree_are_worth_more_than_each_of_them() -> None:
    """The way there is lopsided one time, the way back the other: both bounds count."""
    late, early = anchor(0, wrong_us=15_000), anchor(S, wrong_us=-15_000)
    at_start = fit(late, early).at(0)
    assert at_start.earliest_us == NOON - 5_000
    assert at_start.latest_us == NOON + 5_100  # 100 ppm of the second between them


def test_between_two_knots_the_offset_goes_along_the_straight_line() -> None:
    """40 ppm: the box loses 24 ms in ten minutes, 12 at the half."""
    fast = fit(anchor(0), anchor(10 * MINUTE, wrong_us=24_000))
    assert fast.at(5 * MINUTE).best_us == NOON + 5 * MINUTE + 12_000


def test_beyond_its_knots_a_boot_goes_on_as_it_did_once_its_drift_is_known() -> None:
    """A box that was alone for a day and then heard the hub for three hours: the day is placed to 100 ms,
    where the interval alone says 8.6 s.
    """
    heard = [
        anchor(DAY + n * 10 * MINUTE, wrong_us=round((DAY + n * 10 * MINUTE) * 30e-6)) for n in range(19)
    ]
    found = fit(*heard)
    drift = found.drift()
    assert drift is not None
    assert drift.least_ppm <= 30 <= drift.most_ppm
    assert far_off_us(found.at(0), NOON) < 100_000
    assert holds(found.at(0), NOON)
    too_short = fit(anchor(DAY), anchor(DAY + MINUTE, wrong_us=6_000))  # 100 ppm, or the way was lopsided
    assert too_short.at(0).best_us == NOON


@pytest.mark.parametrize(
    "liar",
    [
        anchor(25 * MINUTE, wrong_us=HOUR, err_us=60 * S, source="staff"),
        anchor(0, utc_us=3 * S, err_us=300 * S, source="rtc"),  # 1970
        anchor(25 * MINUTE, wrong_us=-2 * S, err_us=10_000, source="ntp"),
    ],
)
def test_one_source_that_lies_is_outvoted(liar: Anchor) -> None:
    honest = [anchor(n * 10 * MINUTE) for n in range(6)]
    found = fit(*honest, liar)
    for minutes in range(60):
        t_us = minutes * MINUTE
        assert holds(found.at(t_us), NOON + t_us)
        assert far_off_us(found.at(t_us), NOON + t_us) < 1_000


def test_a_staff_entry_alone_counts_until_the_hub_says_otherwise() -> None:
    wrong = anchor(0, wrong_us=HOUR, err_us=60 * S, source="staff")
    assert far_off_us(fit(wrong).at(0), NOON + HOUR) == 0
    assert far_off_us(fit(wrong, anchor(MINUTE)).at(0), NOON) < 1_000


def test_a_hub_whose_clock_was_wrong_for_a_while_is_outvoted_by_itself() -> None:
    steps = [anchor(n * 10 * MINUTE, wrong_us=HOUR if 20 <= n < 30 else 0) for n in range(60)]
    found = fit(*steps)
    for n in range(60 * 10):
        assert holds(found.at(n * MINUTE), NOON + n * MINUTE)


def test_two_kinds_of_source_that_agree_count_for_more_than_many_anchors_of_one() -> None:
    hub = [anchor(n * 10 * MINUTE, wrong_us=5 * S) for n in range(30)]
    others = [anchor(HOUR, source="ntp"), anchor(2 * HOUR, source="gps")]
    assert holds(fit(*hub, *others).at(HOUR), NOON + HOUR)


def test_two_anchors_that_nobody_decides_between_leave_both_open() -> None:
    found = fit(anchor(0), anchor(10 * MINUTE, wrong_us=HOUR)).at(0)
    assert holds(found, NOON)
    assert found.latest_us is not None
    assert found.latest_us >= NOON + HOUR


def test_where_the_hubs_clock_was_set_right_the_moments_between_hold_both() -> None:
    before = [anchor(n * 10 * MINUTE, wrong_us=-30 * S) for n in range(40)]
    after = [anchor(n * 10 * MINUTE) for n in range(40, 80)]
    found = fit(*before, *after)
    assert far_off_us(found.at(70 * 10 * MINUTE), NOON + 70 * 10 * MINUTE) < 1_000
    step = found.at(395 * MINUTE)
    assert holds(step, NOON + 395 * MINUTE)
    assert step.err_us is not None
    assert step.err_us > 10 * S


Drift = Callable[[float], float]


def wandering(rng: random.Random, *, most_ppm: float = 50.0) -> Drift:
    """Offset of a box at a boot time, µs: a crystal of up to `most_ppm`, a fifth more in the sun."""
    ppm, swing = rng.uniform(-most_ppm, most_ppm), rng.uniform(0, most_ppm / 5)
    phase = rng.uniform(0, 2 * math.pi)
    rate = 2 * math.pi / DAY

    def offset_us(t_us: float) -> float:
        return t_us * ppm / 1e6 + swing / 1e6 / rate * (math.sin(rate * t_us + phase) - math.sin(phase))

    return offset_us


def exchange(offset_us: Drift, t_us: int, up_us: float, down_us: float) -> Anchor:
    """What a box makes of a parcel and its receipt that took so long there and back."""
    received = t_us + up_us
    middle = (t_us + received + down_us) / 2
    err_us = math.ceil((up_us + down_us) / 2) + 1
    return Anchor(BOOT, round(middle), NOON + round(received + offset_us(received)), err_us)


@given(
    seed=st.integers(0, 2**32),
    times_s=st.lists(st.integers(0, 200_000), min_size=1, max_size=40, unique=True),
    liars=st.lists(st.tuples(st.integers(0, 200_000), st.integers(-DAY, DAY)), max_size=1),
    asked_s=st.lists(st.integers(0, 250_000), min_size=1, max_size=10),
)
@settings(max_examples=150, deadline=None)
def test_the_truth_always_lies_in_the_interval_whatever_the_way_and_the_weather(
    seed: int, times_s: list[int], liars: list[tuple[int, int]], asked_s: list[int]
) -> None:
    rng = random.Random(seed)
    offset_us = wandering(rng)
    ways = [(rng.uniform(5e3, 5e5), rng.uniform(5e3, 2e5)) for _ in times_s]
    anchors = [exchange(offset_us, t * S, *way) for t, way in zip(times_s, ways, strict=True)]
    if len(anchors) >= 3:  # one against two
        anchors += [anchor(t * S, wrong_us=wrong, err_us=60 * S, source="staff") for t, wrong in liars]
    found = fit(*anchors)
    for t_us in [t * S for t in (*asked_s, *times_s)]:
        assert holds(found.at(t_us), NOON + t_us + offset_us(t_us))


@given(
    times_s=st.lists(st.integers(0, 100_000), min_size=1, max_size=50),
    order=st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_anchors_in_any_order_make_the_same_knots_each_by_a_look_at_its_neighbours(
    times_s: list[int], order: random.Random
) -> None:
    anchors = [anchor(t * S, wrong_us=order.randrange(-90_000, 90_000), err_us=50_000) for t in times_s]
    known: list[Anchor] = []
    knots: dict[int, Knot] = {}
    for one in anchors:
        known.append(one)
        known.sort(key=lambda each: (each.t_us, each.utc_us))
        at = known.index(one)
        near = known[max(0, at - 2 * REACH) : at + 2 * REACH + 1]
        changed = knots_near(near, near.index(one))
        knots.update({knot.t_us: knot for knot in changed})
    whole = fit(*anchors)
    assert [knots[t] for t in sorted(knots)] == list(whole.knots)


def test_a_knot_of_one_anchor_is_that_anchor() -> None:
    assert knot_at([anchor(HOUR)], HOUR) == Knot(HOUR, NOON - 20_000, NOON + 20_000)


def test_after_one_anchor_each_of_twelve_boots_is_placed_within_50_ms() -> None:
    """Boots of a quarter of an hour of a box without a battery clock, its crystal within 15 ppm and warmed by
    the sun; one exchange in each, over a way of 80 ms that may take 10 there and 70 back. At every moment.
    """
    rng = random.Random(4)
    worst_us = 0.0
    for _ in range(12):
        offset_us = wandering(rng, most_ppm=15)
        up_us = rng.uniform(10e3, 70e3)
        found = fit(exchange(offset_us, rng.randrange(0, 15 * MINUTE), up_us, 80e3 - up_us))
        for seconds in range(0, 900, 7):
            true_us = NOON + seconds * S + offset_us(seconds * S)
            assert holds(found.at(seconds * S), true_us)
            worst_us = max(worst_us, far_off_us(found.at(seconds * S), true_us))
    assert worst_us < 50_000
