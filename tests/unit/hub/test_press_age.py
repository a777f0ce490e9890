import pytest

from contract.ids import BootId
from contract.limits import PRESS_RINGS_MAX_AGE_S
from contract.times import Anchor
from hub.calls.age import Age, age_on_arrival

S = 1_000_000
NOW_US = 1_790_000_000 * S


def arrival(boot: int, t_s: float, sent_boot: int, sent_t_s: float, *anchors: Anchor) -> Age:
    return age_on_arrival(
        BootId(boot),
        int(t_s * S),
        sent_boot=BootId(sent_boot),
        sent_t_us=int(sent_t_s * S),
        received_utc_us=NOW_US,
        anchors=anchors,
    )


def anchor(boot: int, t_s: int, ago_s: float, err_s: float = 0.0) -> Anchor:
    return Anchor(BootId(boot), t_s * S, NOW_US - int(ago_s * S), int(err_s * S))


def test_a_press_of_this_boot_is_as_old_as_the_boxs_own_clock_says() -> None:
    assert arrival(3, 100.0, 3, 142.5) == Age(42.5, 42.5)


def test_a_wrong_anchor_does_not_change_the_age_of_a_press_of_this_boot() -> None:
    assert arrival(3, 100.0, 3, 142.5, anchor(3, 100, 9_000)) == Age(42.5, 42.5)


def test_a_press_of_an_earlier_boot_with_its_own_anchor_is_known_within_the_anchors_error() -> None:
    age = arrival(3, 100.0, 4, 10.0, anchor(3, 100, 300, err_s=0.5))
    assert age == Age(299.5, 300.5)
    assert age.is_exact


def test_without_an_anchor_of_its_boot_the_age_lies_between_the_boots_around_it() -> None:
    age = arrival(3, 100.0, 4, 10.0, anchor(2, 50, 1_000), anchor(4, 5, 20))
    assert age == Age(20.0, 1_000.0)
    assert not age.is_exact


def test_without_any_anchor_the_age_is_unknown_and_rings() -> None:
    age = arrival(3, 100.0, 4, 10.0)
    assert age == Age(0.0, None)
    assert not age.is_too_old_to_ring


def test_a_press_later_than_its_own_sending_has_an_unknown_age() -> None:
    assert arrival(3, 100.0, 3, 99.0) == Age(0.0, None)


def test_anchors_that_contradict_one_another_leave_the_age_open_upwards() -> None:
    assert arrival(3, 100.0, 5, 10.0, anchor(2, 50, 10), anchor(4, 5, 500)) == Age(500.0, None)


def test_an_anchor_that_puts_the_press_into_the_future_leaves_its_age_unknown() -> None:
    assert arrival(3, 100.0, 4, 10.0, anchor(3, 100, -5, err_s=1)) == Age(0.0, None)


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
