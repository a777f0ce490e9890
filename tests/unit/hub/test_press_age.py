import pytest

from contract.ids import BootId
from contract.limits import PRESS_RINGS_MAX_AGE_S
from hub.calls.age import Age, age_on_arrival
from hub.times.fit import UNKNOWN, UtcInterval

S = 1_000_000
NOW_US = 1_790_000_000 * S


def arrival(boot: int, t_s: float, sent_boot: int, sent_t_s: float, moment: UtcInterval = UNKNOWN) -> Age:
    return age_on_arrival(
        BootId(boot),
        int(t_s * S),
        sent_boot=BootId(sent_boot),
        sent_t_us=int(sent_t_s * S),
        received_utc_us=NOW_US,
        moment=moment,
    )


def ago(most_s: float | None, least_s: float | None) -> UtcInterval:
    """A moment that was so many seconds before the arrival."""
    return UtcInterval(*(None if one is None else NOW_US - int(one * S) for one in (most_s, least_s)))


def test_a_press_of_this_boot_is_as_old_as_the_boxs_own_clock_says() -> None:
    assert arrival(3, 100.0, 3, 142.5) == Age(42.5, 42.5)


def test_what_ties_its_boot_does_not_change_the_age_of_a_press_of_this_boot() -> None:
    assert arrival(3, 100.0, 3, 142.5, ago(9_000, 9_000)) == Age(42.5, 42.5)


def test_a_press_of_an_earlier_boot_is_as_old_as_its_moment_is_known() -> None:
    age = arrival(3, 100.0, 4, 10.0, ago(300.5, 299.5))
    assert age == Age(299.5, 300.5)
    assert age.is_exact


def test_an_age_known_badly_is_not_said_as_one_number() -> None:
    age = arrival(3, 100.0, 4, 10.0, ago(1_000, 20))
    assert age == Age(20.0, 1_000.0)
    assert not age.is_exact


def test_of_an_unknown_moment_the_age_is_unknown_and_rings() -> None:
    age = arrival(3, 100.0, 4, 10.0)
    assert age == Age(0.0, None)
    assert not age.is_too_old_to_ring


def test_a_press_later_than_its_own_sending_has_an_unknown_age() -> None:
    assert arrival(3, 100.0, 3, 99.0) == Age(0.0, None)


def test_a_moment_without_a_start_leaves_the_age_open_upwards() -> None:
    assert arrival(3, 100.0, 5, 10.0, ago(None, 500)) == Age(500.0, None)


def test_a_moment_after_its_own_arrival_leaves_the_age_unknown() -> None:
    assert arrival(3, 100.0, 4, 10.0, ago(-4, -6)) == Age(0.0, None)


@pytest.mark.parametrize(
    ("age", "is_too_old"),
    [
        (Age(PRESS_RINGS_MAX_AGE_S, PRESS_RINGS_MAX_AGE_S), False),
        (Age(PRESS_RINGS_MAX_AGE_S + 0.1, None), True),
        (Age(20.0, 5_000.0), False),  # it may be young: it rings
    ],
)
def test_only_a_press_that_is_certainly_old_does_not_ring(age: Age, is_too_old: bool) -> None:
    assert age.is_too_old_to_ring is is_too_old


def test_an_age_grows_with_the_clock_and_an_unknown_bound_stays_unknown() -> None:
    assert Age(1.0, 2.0).later(10.0) == Age(11.0, 12.0)
    assert Age(1.0, None).later(10.0) == Age(11.0, None)
