"""A rate in steps carries exactly what its steps add up to."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulators.links.rate import Rate

OUTAGE = Rate(((0.0, 1_000.0), (2.0, 0.0), (5.0, 500.0)))
SAW = Rate(((0.0, 100.0), (1.0, 300.0)), repeat_s=2.0)


@pytest.mark.parametrize(
    ("from_s", "to_s", "bits"),
    [
        (0.0, 1.0, 1_000),
        (1.0, 3.0, 1_000),
        (2.0, 5.0, 0),
        (4.0, 7.0, 1_000),
        (-1.0, 0.0, 1_000),
        (3.0, 3.0, 0),
    ],
)
def test_the_bits_between_two_moments_are_the_sum_of_the_steps(
    from_s: float, to_s: float, bits: float
) -> None:
    assert OUTAGE.bits(from_s, to_s) == pytest.approx(bits)


def test_what_does_not_fit_before_an_outage_goes_on_after_it() -> None:
    assert OUTAGE.when(1_500, 1.0) == pytest.approx(6.0)


def test_a_repeated_rate_begins_anew() -> None:
    assert SAW.at(2.5) == 100.0
    assert SAW.at(3.5) == 300.0
    assert SAW.bits(0.0, 20.0) == pytest.approx(4_000)
    assert SAW.when(4_000, 0.0) == pytest.approx(20.0)


@pytest.mark.parametrize("rate", [Rate(((0.0, 0.0),)), Rate(((0.0, 0.0),), repeat_s=1.0)])
def test_what_nothing_carries_never_arrives(rate: Rate) -> None:
    assert rate.when(1.0, 0.0) == inf


def test_in_an_outage_the_rate_before_it_is_remembered() -> None:
    assert OUTAGE.last_above_zero(3.0) == 1_000.0
    assert Rate(((0.0, 0.0), (5.0, 70.0))).last_above_zero(1.0) == 70.0


@given(st.floats(1, 20_000), st.floats(0, 30))
def test_when_and_bits_are_each_the_other_way_round(bits: float, from_s: float) -> None:
    assert SAW.bits(from_s, SAW.when(bits, from_s)) == pytest.approx(bits, rel=1e-6)
