"""A waveform as rows of Braille dots, two columns and four rows of dots a character (core)."""

from collections import deque
from collections.abc import Iterable
from typing import Final

DOT_COLUMNS: Final = 2
DOT_ROWS: Final = 4
BLANK: Final = 0x2800
_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))  # [column][row], Unicode's own order


class TerminalWave:
    """The newest samples that fit `columns` x `rows` characters, scaled to their own range.

    `samples_a_dot`: how many samples share a column of dots; each column spans from their least to their
    greatest. `gap` leaves a column blank.
    """

    def __init__(self, *, columns: int, rows: int, samples_a_dot: int) -> None:
        self._rows = rows
        self._samples_a_dot = max(1, samples_a_dot)
        self._spans: deque[tuple[int, int] | None] = deque(maxlen=columns * DOT_COLUMNS)
        self._open: list[int] = []

    def add(self, samples: Iterable[int]) -> None:
        """Add the next samples."""
        for sample in samples:
            self._open.append(sample)
            if len(self._open) == self._samples_a_dot:
                self._spans.append((min(self._open), max(self._open)))
                self._open = []

    def gap(self) -> None:
        """Samples are missing here."""
        self._open = []
        self._spans.append(None)

    def lines(self) -> list[str]:
        """Return the rows, the highest first."""
        width = self._spans.maxlen or 0
        spans = [None] * (width - len(self._spans)) + list(self._spans)
        known = [span for span in spans if span is not None]
        low = min((span[0] for span in known), default=0)
        height = max((span[1] for span in known), default=0) - low or 1
        dots = self._rows * DOT_ROWS
        cells = [[BLANK] * (width // DOT_COLUMNS) for _ in range(self._rows)]
        before: tuple[int, int] | None = None
        for at, span in enumerate(spans):
            if span is None:
                before = None
                continue
            bottom, top = ((value - low) * (dots - 1) // height for value in span)
            first, last = _joined(before, bottom, top)
            for dot in range(first, last + 1):
                row = dots - 1 - dot
                cells[row // DOT_ROWS][at // DOT_COLUMNS] |= _DOTS[at % DOT_COLUMNS][row % DOT_ROWS]
            before = (bottom, top)
        return ["".join(map(chr, row)) for row in cells]


def _joined(before: tuple[int, int] | None, bottom: int, top: int) -> tuple[int, int]:
    """Return the span drawn up to the column before it, so that a steep line does not fall apart."""
    if before is None:
        return bottom, top
    if before[1] < bottom:
        return before[1] + 1, top
    if before[0] > top:
        return bottom, before[0] - 1
    return bottom, top
