from math import inf

import pytest

from tests.busy_link.figures import (
    WHOLE,
    Look,
    back_s,
    clear,
    concealed,
    frozen_s,
    middle_and_worst,
    outages,
    unheard_s,
)
from tests.simulators.links.bad_day import BAD_DAY
from tests.simulators.links.known import FLOOR_64K, MICROWAVE_OUTAGE

SECOND = 48_000  # samples


def looks(*made_up: int, from_s: float = 0.0) -> list[Look]:
    """One a second; `made_up` samples in each."""
    found = [Look(from_s, 0, 0)]
    for number in made_up:
        last = found[-1]
        found.append(Look(last.at_s + 1, last.heard + SECOND, last.made_up + number))
    return found


def test_outages_are_when_the_link_carries_nothing_and_not_before_the_run_has_seen_their_end() -> None:
    assert outages(MICROWAVE_OUTAGE.up, seconds=60) == [(25.0, 35.0)]
    assert outages(MICROWAVE_OUTAGE.up, seconds=30) == []
    assert outages(FLOOR_64K.up, seconds=60) == []
    assert [end_s - from_s for from_s, end_s in outages(BAD_DAY.up, seconds=300)] == [1, 3]


def test_between_outages_it_is_clear() -> None:
    assert clear([(25, 35), (40, 41)], seconds=60) == [(0, 25), (35, 40), (41, 60)]
    assert clear([], seconds=60) == [(0, 60)]


def test_a_second_that_an_outage_touches_is_not_outside_of_it() -> None:
    course = looks(480, SECOND, SECOND, 0, 480, from_s=0.5)
    assert concealed(course, WHOLE) == pytest.approx((2 * SECOND + 960) / (5 * SECOND))
    assert concealed(course, clear([(1.7, 3.2)], seconds=10)) == pytest.approx(960 / (3 * SECOND))
    assert concealed([], WHOLE) == 0.0


def test_no_voice_at_all_is_not_one_that_was_made_up() -> None:
    course = [Look(0.0, 0, 0), Look(1.0, SECOND, 0), Look(3.0, SECOND + 9, 9), Look(4.0, 2 * SECOND, 9)]
    assert unheard_s(course, WHOLE) == 2.0
    assert unheard_s(course, [(0.0, 2.5)]) == 0.0


def test_pictures_may_stand_still_in_an_outage_and_are_late_after_it() -> None:
    painted_s = [*(0.1 * number for number in range(101)), *(14 + 0.1 * number for number in range(61))]
    assert frozen_s(painted_s, [(0.0, 20.0)]) == pytest.approx(4.0)
    assert frozen_s(painted_s, clear([(10.05, 13.0)], seconds=20)) == pytest.approx(1.0)


def test_what_comes_back_counts_from_the_end_of_the_outage() -> None:
    dark = [(1.0, 2.0), (5.0, 8.0), (20.0, 21.0)]
    assert back_s(dark, [0.5, 2.25, 2.5, 6.0, 10.0]) == [0.25, 2.0, inf]


def test_what_never_comes_back_is_the_longest() -> None:
    assert middle_and_worst([0.5, 1.5, inf]) == (1.5, "never")
    assert middle_and_worst([0.5]) == (0.5, 0.5)
    assert middle_and_worst([]) == (None, None)
