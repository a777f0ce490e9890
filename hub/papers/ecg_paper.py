"""A stretch of ECG laid out on paper at true scale (core): millimetres in, millimetres out.

25 mm are a second and 10 mm a millivolt, whatever stands beside. A lead stands where it fits; how high its
baseline lies says nothing. What would leave its row is not drawn, and said.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

MM_PER_S: Final = 25.0
MM_PER_MV: Final = 10.0
LENGTH_MAX_S: Final = 10.0
PULSE_MV: Final = 1.0
PULSE_S: Final = 0.2
PULSE_FLAT_MM: Final = 1.5  # line before and after the pulse
MARGIN_MM: Final = 10.0  # left of the traces, for the pulse; a whole number of large squares
ROW_MIN_MM: Final = 25.0
ROW_MAX_MM: Final = 60.0
AIR_MM: Final = 6.0  # above and below a lead together
HEIGHT_MM: Final = 155.0  # of a page's grid: A4 lying, less headings

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Samples without a gap: the first of them `at_s` after the stretch begins, `rate_hz` a second, in mV."""

    at_s: float
    rate_hz: float
    mv: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trace:
    """One lead. Between two runs there is a gap. `note`: what must be said beside it, such as a lead off."""

    label: str
    runs: tuple[Run, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Strip:
    """Some seconds of one visit. `when`: when it begins, in words; `notes` hold for all leads."""

    traces: tuple[Trace, ...]
    length_s: float
    when: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A lead on its page. Its part of the grid begins `top_mm` below the grid's top; lines go left to right,
    counted from the grid's lower left corner."""

    label: str
    note: str
    top_mm: float
    height_mm: float
    pulse: tuple[Point, ...]
    lines: tuple[tuple[Point, ...], ...]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class StripPage:
    """The rows of one page. `width_mm` and `height_mm` of the grid are whole large squares."""

    rows: tuple[Row, ...]
    width_mm: float
    height_mm: float


def lay_out(strip: Strip) -> list[StripPage]:
    """Return the pages of a stretch; none when it has no leads."""
    heights = [_height_mm(trace) for trace in strip.traces]
    pages: list[list[int]] = []
    left_mm = 0.0
    for number, height in enumerate(heights):
        if not pages or left_mm < height:
            pages.append([])
            left_mm = HEIGHT_MM
        pages[-1].append(number)
        left_mm -= height
    width_mm = _up_to_5(MARGIN_MM + strip.length_s * MM_PER_S)
    return [
        _page([(strip.traces[number], heights[number]) for number in numbers], width_mm) for numbers in pages
    ]


def _page(rows: list[tuple[Trace, float]], width_mm: float) -> StripPage:
    height_mm = sum(height for _, height in rows)
    placed, top_mm = [], 0.0
    for trace, height in rows:
        placed.append(_row(trace, top_mm, height, page_mm=height_mm))
        top_mm += height
    return StripPage(tuple(placed), width_mm, height_mm)


def _row(trace: Trace, top_mm: float, height_mm: float, *, page_mm: float) -> Row:
    middle_mm = page_mm - top_mm - height_mm / 2
    middle_mv = _middle_mv(trace, height_mm)
    low_mm, high_mm = middle_mm - height_mm / 2, middle_mm + height_mm / 2
    lines: list[tuple[Point, ...]] = []
    is_cut = False
    for run in trace.runs:
        x_mm = MARGIN_MM + (run.at_s + np.arange(len(run.mv)) / run.rate_hz) * MM_PER_S
        y_mm = middle_mm + (run.mv - middle_mv) * MM_PER_MV
        is_inside = (y_mm >= low_mm) & (y_mm <= high_mm)
        is_cut |= not is_inside.all()
        lines += _lines_inside(x_mm, y_mm, is_inside)
    return Row(trace.label, trace.note, top_mm, height_mm, _pulse(middle_mm), tuple(lines), is_cut)


def _lines_inside(
    x_mm: NDArray[np.float64], y_mm: NDArray[np.float64], is_inside: NDArray[np.bool_]
) -> list[tuple[Point, ...]]:
    """Return the stretches of samples that stand in their row."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_inside, [False]))))
    return [
        tuple(zip(x_mm[first:end].tolist(), y_mm[first:end].tolist(), strict=True))
        for first, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def _pulse(middle_mm: float) -> tuple[Point, ...]:
    """1 mV for 200 ms, in the margin, around the middle of its row."""
    high_mm, wide_mm = PULSE_MV * MM_PER_MV, PULSE_S * MM_PER_S
    x, low = MARGIN_MM - 1.0 - 2 * PULSE_FLAT_MM - wide_mm, middle_mm - high_mm / 2
    rise, fall = x + PULSE_FLAT_MM, x + PULSE_FLAT_MM + wide_mm
    return (
        (x, low), (rise, low), (rise, low + high_mm), (fall, low + high_mm), (fall, low),
        (fall + PULSE_FLAT_MM, low),
    )  # fmt: skip


def _middle_mv(trace: Trace, height_mm: float) -> float:
    """Which voltage stands in the middle of the row: the middle of the lead, or its usual voltage when it is
    higher than the row."""
    samples = _samples(trace)
    if not len(samples):
        return 0.0
    low, high = float(samples.min()), float(samples.max())
    if (high - low) * MM_PER_MV > height_mm:
        return float(np.median(samples))
    return (low + high) / 2


def _height_mm(trace: Trace) -> float:
    samples = _samples(trace)
    span_mm = float(np.ptp(samples)) * MM_PER_MV if len(samples) else 0.0
    return min(ROW_MAX_MM, max(ROW_MIN_MM, _up_to_5(span_mm + AIR_MM)))


def _samples(trace: Trace) -> NDArray[np.float64]:
    return np.concatenate([run.mv for run in trace.runs]) if trace.runs else np.empty(0)


def _up_to_5(mm: float) -> float:
    return float(np.ceil(mm / 5 - 1e-9) * 5)
