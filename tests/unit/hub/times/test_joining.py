"""Columns are put together by index and by time: neighbouring spans share no sample, and lose none."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.times.joining import joined_between
from hub.times.placing import PlacedColumn

HZ = 250.0


def column(first: int, count: int, *, t_us: int | None = None, rate_hz: float | None = HZ) -> PlacedColumn:
    at_us = first * 4_000 if t_us is None else t_us
    return PlacedColumn(0, first, at_us, 0, np.arange(first, first + count, dtype=np.int32), rate_hz=rate_hz)


def joined(*columns: PlacedColumn, from_us: int = 0, until_us: int = 10**9) -> list[PlacedColumn]:
    return joined_between(columns, nominal_hz=HZ, from_us=from_us, until_us=until_us)


def test_what_follows_on_is_one_run_and_what_came_twice_is_there_once() -> None:
    (run,) = joined(column(250, 250), column(0, 250), column(100, 200))
    assert run.samples.tolist() == list(range(500))
    assert run.t_us == 0


def test_a_hole_in_the_index_is_a_gap_and_so_is_one_in_time() -> None:
    first, second = joined(column(0, 250), column(300, 100))
    assert (first.end_index, second.first_index, second.t_us) == (250, 300, 1_200_000)
    first, second = joined(column(0, 250), column(250, 250, t_us=4_000_000))
    assert (second.first_index, second.t_us) == (250, 4_000_000)


def test_a_span_holds_its_first_moment_and_not_its_last() -> None:
    (run,) = joined(column(0, 500), from_us=400_000, until_us=800_000)
    assert (run.first_index, run.t_us, run.samples.tolist()) == (100, 400_000, list(range(100, 200)))
    (run,) = joined(column(0, 500), from_us=400_001, until_us=800_001)
    assert (run.first_index, run.end_index) == (101, 201)


def test_a_rate_that_is_not_known_is_the_nominal_one() -> None:
    (run,) = joined(column(0, 500, rate_hz=None), from_us=400_000, until_us=800_000)
    assert (run.first_index, run.end_index, run.rate_hz) == (100, 200, None)


@given(
    starts=st.lists(st.integers(0, 2_000), min_size=1, max_size=12),
    jitter_us=st.integers(-150_000, 150_000),
    cuts=st.lists(st.integers(0, 10_000_000), max_size=6),
)
def test_spans_that_touch_hold_every_sample_exactly_once(
    starts: list[int], jitter_us: int, cuts: list[int]
) -> None:
    columns = [
        column(first, 125, t_us=max(0, first * 4_000 + (jitter_us if at % 2 else 0)))
        for at, first in enumerate(starts)
    ]
    edges = [0, *sorted(cuts), 10**9]
    whole = [index for run in joined(*columns) for index in run.samples.tolist()]
    parts = [
        index
        for begin, end in itertools.pairwise(edges)
        for run in joined(*columns, from_us=begin, until_us=end)
        for index in run.samples.tolist()
    ]
    assert sorted(parts) == whole
    assert len(set(parts)) == len(parts)


def test_nothing_is_nothing() -> None:
    assert joined() == []
    assert joined(column(0, 10), from_us=50_000) == []
    assert joined(column(0, 10))[0].samples.dtype == np.int32
    assert joined(column(0, 10))[0].rate_hz == pytest.approx(HZ)
