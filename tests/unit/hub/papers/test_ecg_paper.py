"""A stretch of ECG on paper: 25 mm a second, 10 mm a millivolt, gaps open, nothing invented."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hub.papers.ecg_paper import HEIGHT_MM, MARGIN_MM, Run, Strip, Trace, lay_out


def square(seconds: float = 10.0, rate_hz: float = 250.0, mv: float = 1.0) -> NDArray[np.float64]:
    at_s = np.arange(int(seconds * rate_hz)) / rate_hz
    return np.where(at_s % 1.0 < 0.5, mv, 0.0)


def strip(*traces: Trace) -> Strip:
    return Strip(traces, 10.0, "12:00:00")


def test_a_second_is_25_mm_and_a_millivolt_10_mm() -> None:
    (page,) = lay_out(strip(Trace("I", (Run(0.0, 250.0, square()),))))
    ((line,), pulse) = page.rows[0].lines, page.rows[0].pulse
    rises = [x for (x, y), (_, before) in zip(line[1:], line, strict=False) if y > before]
    assert np.diff(rises) == pytest.approx(25.0)
    assert max(y for _, y in line) - min(y for _, y in line) == pytest.approx(10.0)
    assert max(y for _, y in pulse) - min(y for _, y in pulse) == pytest.approx(10.0)
    assert page.width_mm == MARGIN_MM + 250.0


def test_a_gap_stays_open_and_what_comes_after_it_stands_where_it_was() -> None:
    runs = (Run(0.0, 250.0, square(2)), Run(7.0, 250.0, square(1)))
    (page,) = lay_out(strip(Trace("I", runs)))
    first, second = page.rows[0].lines
    assert first[-1][0] == pytest.approx(MARGIN_MM + (2 - 1 / 250) * 25)
    assert second[0][0] == pytest.approx(MARGIN_MM + 7 * 25)


def test_what_is_higher_than_the_paper_is_left_out_and_said_never_flattened() -> None:
    high = Trace("V2", (Run(0.0, 250.0, np.sin(np.arange(2500) / 40) * 8),))
    (page,) = lay_out(strip(high))
    (row,) = page.rows
    assert row.is_cut
    assert len(row.lines) > 2
    slopes = [abs(b[1] - a[1]) for line in row.lines for a, b in pairwise(line)]
    assert min(slopes) > 0  # a plateau that is none


def test_a_lead_without_a_sample_has_its_row_and_its_pulse() -> None:
    (page,) = lay_out(strip(Trace("V1", (), "tuột điện cực")))
    (row,) = page.rows
    assert (row.lines, row.note, row.is_cut) == ((), "tuột điện cực", False)
    assert len(row.pulse) == 6


@given(
    st.lists(st.floats(0.01, 20.0), min_size=1, max_size=13), st.floats(1.0, 10.0), st.floats(100.0, 1000.0)
)
def test_however_high_the_leads_no_line_leaves_its_page_and_none_is_lost(
    heights: list[float], seconds: float, rate_hz: float
) -> None:
    traces = [
        Trace(str(number), (Run(0.0, rate_hz, square(seconds, rate_hz, mv)),))
        for number, mv in enumerate(heights)
    ]
    pages = lay_out(Strip(tuple(traces), seconds, ""))
    assert [row.label for page in pages for row in page.rows] == [trace.label for trace in traces]
    for page in pages:
        assert page.height_mm <= HEIGHT_MM
        points = [point for row in page.rows for line in (row.pulse, *row.lines) for point in line]
        assert all(0 <= x <= page.width_mm and 0 <= y <= page.height_mm for x, y in points)
