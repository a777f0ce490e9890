"""What stands in a PDF that we drew: its text, and its lines in millimetres of paper."""

import io
from dataclasses import dataclass
from typing import Any, Final

from pypdf import PdfReader
from pypdf.generic import ContentStream

POINTS_PER_MM: Final = 72 / 25.4

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One line without a gap. `colour`: red, green, blue."""

    points: tuple[Point, ...]
    colour: tuple[float, float, float]
    width_pt: float

    @property
    def width_mm(self) -> float:
        """From its left end to its right."""
        return max(x for x, _ in self.points) - min(x for x, _ in self.points)

    @property
    def height_mm(self) -> float:
        """From its foot to its top."""
        return max(y for _, y in self.points) - min(y for _, y in self.points)


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its size in mm, its text, its lines in the order in which they were drawn."""

    size_mm: tuple[float, float]
    text: str
    lines: list[Line]

    @property
    def black(self) -> list[Line]:
        """Traces, pulses and rulers; not the grid."""
        return [line for line in self.lines if line.colour == (0, 0, 0)]


def read_pdf(raw: bytes) -> list[Page]:
    """Return the pages of a PDF. Only what hub/papers/sheet.py draws with is understood."""
    reader = PdfReader(io.BytesIO(raw))
    return [
        Page(
            (float(page.mediabox.width) / POINTS_PER_MM, float(page.mediabox.height) / POINTS_PER_MM),
            page.extract_text(),
            _lines(ContentStream(page.get_contents(), reader)),
        )
        for page in reader.pages
    ]


def _lines(stream: ContentStream) -> list[Line]:
    lines: list[Line] = []
    open_lines: list[list[Point]] = []
    scale, shift = (1.0, 1.0), (0.0, 0.0)
    colour, width_pt = (0.0, 0.0, 0.0), 1.0
    for operands, operator in stream.operations:
        numbers: list[Any] = [float(one) for one in operands if isinstance(one, int | float)]
        name = bytes(operator).decode()
        match name:
            case "cm":
                a, b, c, d, e, f = numbers
                assert (b, c) == (0, 0), "a turned page"
                scale, shift = (scale[0] * a, scale[1] * d), (shift[0] + e, shift[1] + f)
            case "RG":
                colour = (numbers[0], numbers[1], numbers[2])
            case "w":
                width_pt = numbers[0]
            case "m" | "l":
                x, y = (numbers[axis] * scale[axis] + shift[axis] for axis in (0, 1))
                if name == "m":
                    open_lines.append([])
                open_lines[-1].append((x / POINTS_PER_MM, y / POINTS_PER_MM))
            case "S" | "n":
                if name == "S":
                    lines += [Line(tuple(points), colour, width_pt) for points in open_lines]
                open_lines = []
            case _:
                pass
    return lines
