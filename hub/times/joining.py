"""Columns of one stream put together (core): what follows on is one run, a gap stays a gap.

Samples keep their indexes and their times. What came twice is there once. A column belongs to a span by its
own times, whatever else was read beside it: so neighbouring spans share no sample and lose none.
"""

from collections.abc import Iterable

import numpy as np

from hub.times.placing import TRUST_US, PlacedColumn


def joined_between(
    columns: Iterable[PlacedColumn], *, nominal_hz: float, from_us: int, until_us: int
) -> list[PlacedColumn]:
    """Return the samples at or after `from_us` and before `until_us`, by index. `nominal_hz`: the rate of a
    column whose true one is not known yet."""
    joined: list[PlacedColumn] = []
    next_index = 0
    for told in sorted(columns, key=lambda one: one.first_index):
        rate_hz = told.rate_hz if told.rate_hz is not None else nominal_hz
        before = _count_before(told, from_us, rate_hz)
        first = max(before, next_index - told.first_index)
        end = _count_before(told, until_us, rate_hz)
        next_index = max(next_index, told.end_index)
        if first >= end:
            continue
        column = _part(told, first, end, rate_hz)
        if joined and _follows(joined[-1], column, nominal_hz):
            joined[-1] = _longer(joined[-1], column)
        else:
            joined.append(column)
    return joined


def _count_before(column: PlacedColumn, at_us: int, rate_hz: float) -> int:
    """How many samples of a column lie before a moment."""
    count = int(np.ceil((at_us - column.t_us) * rate_hz / 1e6 - 1e-6))
    return min(max(count, 0), len(column.samples))


def _part(column: PlacedColumn, first: int, end: int, rate_hz: float) -> PlacedColumn:
    return PlacedColumn(
        column.stream,
        column.first_index + first,
        column.t_us + round(first * 1e6 / rate_hz),
        column.device_t_us,
        column.samples[first:end],
        rate_hz=column.rate_hz,
    )


def _follows(last: PlacedColumn, column: PlacedColumn, nominal_hz: float) -> bool:
    """Whether a column goes on where the last one ended, by its index and by its time: a device that stood
    still has counted nothing meanwhile."""
    rate_hz = last.rate_hz if last.rate_hz is not None else nominal_hz
    end_t_us = last.t_us + len(last.samples) * 1e6 / rate_hz
    return column.first_index == last.end_index and abs(column.t_us - end_t_us) <= TRUST_US


def _longer(last: PlacedColumn, column: PlacedColumn) -> PlacedColumn:
    samples = np.concatenate((last.samples, column.samples))
    return PlacedColumn(
        last.stream, last.first_index, last.t_us, last.device_t_us, samples, rate_hz=last.rate_hz
    )
