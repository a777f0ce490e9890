"""Papers as PDF: the one file that owns reportlab. A4, millimetres, letters of DejaVu inside the file."""

import io
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, assert_never

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from hub.papers.blocks import Block, Facts, Heading, Paper, Paragraph, Signatures, StripBlock
from hub.papers.ecg_paper import Point, Row, StripPage, lay_out

FONT_FOLDER: Final = Path("/usr/share/fonts/truetype/dejavu")  # Debian's fonts-dejavu-core
REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
A4_MM: Final = (210.0, 297.0)
SIDE_MM: Final = 18.0
TOP_MM, BOTTOM_MM = 16.0, 18.0
STRIP_TOP_MM: Final = 27.0  # where the grid begins on a page that lies
SIZE_PT: Final = 10.0
HEADING_PT: Final = {1: 16.0, 2: 11.5}
LEADING: Final = 1.42  # stacked marks (Ễ, ậ) are not cut
KEPT_LINES: Final = 6  # a text of so few lines is not parted; of a longer one two go together
FACT_NAME_MM: Final = 48.0
RULER_MM: Final = 50.0
STRIP_WORDS_MM: Final = 200.0  # the words beside a strip have this room, however short it is
FOOT_PT: Final = 6.5
FOOT_LINES: Final = 2
FINE, BOLD_LINE = (1.0, 0.87, 0.85), (0.94, 0.68, 0.65)
INK, GREY = (0.0, 0.0, 0.0), (0.35, 0.35, 0.35)
TRACE_PT: Final = 0.6


class PaperError(Exception):
    """A paper cannot be drawn. The text says what, where and what to do."""


def draw(paper: Paper, *, fonts: Path = FONT_FOLDER) -> bytes:
    """Return the paper as PDF; the same paper makes the same bytes. Raises PaperError: no letters."""
    for name in (REGULAR, BOLD):
        _load_font(fonts / f"{name}.ttf", name)
    count = _Sheets(paper, pages=0).finish()[1]
    return _Sheets(paper, pages=count).finish()[0]


def _load_font(path: Path, name: str) -> None:
    if path.exists() and name in pdfmetrics.getRegisteredFontNames():
        return
    try:
        pdfmetrics.registerFont(TTFont(name, str(path)))
    except (TTFError, OSError) as error:
        raise PaperError(
            f"no letters for PDF: {path} cannot be read ({error}); apt install fonts-dejavu-core"
        ) from error


class _Sheets:
    """The pages of one paper, from the top down. `pages`: how many there will be."""

    def __init__(self, paper: Paper, *, pages: int) -> None:
        self._paper, self._pages, self._page = paper, pages, 0
        self._file = io.BytesIO()
        self._canvas: Any = Canvas(self._file, pagesize=_points(A4_MM), pageCompression=1, invariant=1)
        self._canvas.setTitle(paper.title)
        self._width_mm, self._height_mm = A4_MM
        self._y_mm = 0.0
        self._begin_page(A4_MM)

    def finish(self) -> tuple[bytes, int]:
        """Draw everything; return the file and the count of its pages."""
        for block, following in zip_longest(self._paper.blocks, self._paper.blocks[1:]):
            if isinstance(block, Heading):
                self._room(self._heading_room_mm(block, following))
            self._draw(block)
        self._canvas.showPage()
        self._canvas.save()
        return self._file.getvalue(), self._page

    def _draw(self, block: Block) -> None:
        match block:
            case Heading():
                self._heading(block)
            case Paragraph():
                self._lines(block.text, font=BOLD if block.is_bold else REGULAR)
            case Facts():
                for name, value in block.rows:
                    self._fact(name, value)
            case Signatures():
                self._signatures(block.names)
            case StripBlock():
                for page in lay_out(block.strip):
                    self._strip_page(block, page)
            case _:
                assert_never(block)

    def _begin_page(self, size_mm: tuple[float, float]) -> None:
        if self._page:
            self._canvas.showPage()
        self._page += 1
        self._width_mm, self._height_mm = size_mm
        self._canvas.setPageSize(_points(size_mm))
        number = self._paper.page_word.format(page=self._page, pages=self._pages)
        self._text(SIDE_MM, 10.0, self._paper.footer, size_pt=7.5, colour=GREY)
        self._text(self._width_mm - SIDE_MM, 10.0, number, size_pt=7.5, colour=GREY, is_right=True)
        self._y_mm = self._height_mm - TOP_MM
        if self._paper.stamp:
            self._canvas.setStrokeColorRGB(*INK)
            self._text(SIDE_MM, self._height_mm - 12.0, self._paper.stamp, font=BOLD, size_pt=13.0)
            self._y_mm -= 6.0

    def _room(self, height_mm: float) -> None:
        """A new page where this one is full. After a page that lies, the next one stands again."""
        if self._y_mm - height_mm < BOTTOM_MM or self._width_mm != A4_MM[0]:
            self._begin_page(A4_MM)

    def _heading(self, block: Heading) -> None:
        size_pt = HEADING_PT[block.level]
        self._y_mm -= 2.5 if block.level > 1 else 0.0
        self._lines(block.text, font=BOLD, size_pt=size_pt)

    def _heading_room_mm(self, block: Heading, following: Block | None) -> float:
        """A heading stands on the page of what it heads, or of its first lines."""
        lines = 2
        if isinstance(following, Paragraph):
            font = BOLD if following.is_bold else REGULAR
            width_mm = A4_MM[0] - 2 * SIDE_MM
            lines = _kept_at(0, len(_wrapped(following.text, font, SIZE_PT, width_mm)))
        return _leading_mm(HEADING_PT[block.level]) * 2 + _leading_mm(SIZE_PT) * lines

    def _lines(self, text: str, *, font: str = REGULAR, size_pt: float = SIZE_PT) -> None:
        lines = _wrapped(text, font, size_pt, self._width_mm - 2 * SIDE_MM)
        for number, line in enumerate(lines):
            self._room(_leading_mm(size_pt) * _kept_at(number, len(lines)))
            self._y_mm -= _leading_mm(size_pt)
            self._text(SIDE_MM, self._y_mm, line, font=font, size_pt=size_pt)

    def _fact(self, name: str, value: str) -> None:
        left_mm = SIDE_MM + FACT_NAME_MM
        lines = _wrapped(value, REGULAR, SIZE_PT, self._width_mm - SIDE_MM - left_mm)
        for number, line in enumerate(lines):
            self._room(_leading_mm(SIZE_PT) * _kept_at(number, len(lines)))
            self._y_mm -= _leading_mm(SIZE_PT)
            if number == 0:
                self._text(SIDE_MM, self._y_mm, name, colour=GREY)
            self._text(left_mm, self._y_mm, line)

    def _signatures(self, names: Sequence[str]) -> None:
        self._room(34.0)
        self._y_mm -= 10.0
        width_mm = (self._width_mm - 2 * SIDE_MM) / len(names)
        for number, name in enumerate(names):
            self._text(SIDE_MM + number * width_mm, self._y_mm, name, font=BOLD)
        self._y_mm -= 24.0

    def _strip_page(self, block: StripBlock, page: StripPage) -> None:
        self._begin_page((A4_MM[1], A4_MM[0]))
        left_mm = (self._width_mm - page.width_mm) / 2
        top_mm = self._height_mm - STRIP_TOP_MM
        foot_mm = top_mm - page.height_mm
        title_mm = self._height_mm - (18.0 if self._paper.stamp else 13.0)
        words_mm = max(page.width_mm, STRIP_WORDS_MM)
        words_left_mm = (self._width_mm - words_mm) / 2
        self._text(words_left_mm, title_mm, block.heading, font=BOLD, size_pt=11.0)
        said = "  ·  ".join((block.strip.when, *block.strip.notes))
        self._text(words_left_mm, title_mm - 5.5, said, size_pt=8.5)
        self._grid(left_mm, foot_mm, page)
        for row in page.rows:
            self._row(row, left_mm, foot_mm, top_mm, block.cut)
        self._text(words_left_mm, foot_mm - 5.5, block.scale, font=BOLD, size_pt=9.0)
        self._ruler(words_left_mm + words_mm - RULER_MM, foot_mm - 5.5, block.ruler)
        room_mm = words_mm - RULER_MM - 4.0  # left of the ruler's words
        for number, line in enumerate(_wrapped(block.foot, REGULAR, FOOT_PT, room_mm)[:FOOT_LINES]):
            self._text(words_left_mm, foot_mm - 9.0 - 2.7 * number, line, size_pt=FOOT_PT, colour=GREY)

    def _grid(self, left_mm: float, foot_mm: float, page: StripPage) -> None:
        for step_mm, colour, width_mm in ((1, FINE, 0.1), (5, BOLD_LINE, 0.2)):
            self._canvas.setStrokeColorRGB(*colour)
            self._canvas.setLineWidth(width_mm * mm)
            path = self._canvas.beginPath()
            for x_mm in range(0, round(page.width_mm) + 1, step_mm):
                path.moveTo((left_mm + x_mm) * mm, foot_mm * mm)
                path.lineTo((left_mm + x_mm) * mm, (foot_mm + page.height_mm) * mm)
            for y_mm in range(0, round(page.height_mm) + 1, step_mm):
                path.moveTo(left_mm * mm, (foot_mm + y_mm) * mm)
                path.lineTo((left_mm + page.width_mm) * mm, (foot_mm + y_mm) * mm)
            self._canvas.drawPath(path)

    def _row(self, row: Row, left_mm: float, foot_mm: float, top_mm: float, cut: str) -> None:
        self._canvas.setStrokeColorRGB(*INK)
        self._canvas.setLineWidth(TRACE_PT)
        self._canvas.setLineJoin(1)
        for line in (row.pulse, *row.lines):
            self._polyline(line, left_mm, foot_mm)
        said = [row.label, *(text for text in (row.note, cut if row.is_cut else "") if text)]
        self._text(left_mm + 11.0, top_mm - row.top_mm - 4.0, "  ·  ".join(said), font=BOLD, size_pt=8.5)

    def _polyline(self, line: Sequence[Point], left_mm: float, foot_mm: float) -> None:
        path = self._canvas.beginPath()
        for number, (x_mm, y_mm) in enumerate(line):
            (path.lineTo if number else path.moveTo)((left_mm + x_mm) * mm, (foot_mm + y_mm) * mm)
        if len(line) == 1:  # a lone sample is a dot
            path.lineTo((left_mm + line[0][0] + 0.1) * mm, (foot_mm + line[0][1]) * mm)
        self._canvas.drawPath(path)

    def _ruler(self, x_mm: float, y_mm: float, text: str) -> None:
        """A line of known length: a printer that shrinks the page is found out with a ruler."""
        self._canvas.setStrokeColorRGB(*INK)
        self._canvas.setLineWidth(0.8)
        path = self._canvas.beginPath()
        path.moveTo(x_mm * mm, (y_mm + 1.0) * mm)
        path.lineTo((x_mm + RULER_MM) * mm, (y_mm + 1.0) * mm)
        for end_mm in (x_mm, x_mm + RULER_MM):
            path.moveTo(end_mm * mm, y_mm * mm)
            path.lineTo(end_mm * mm, (y_mm + 2.0) * mm)
        self._canvas.drawPath(path)
        self._text(x_mm + RULER_MM, y_mm - 4.0, text, size_pt=7.5, colour=GREY, is_right=True)

    def _text(
        self,
        x_mm: float,
        y_mm: float,
        text: str,
        *,
        font: str = REGULAR,
        size_pt: float = SIZE_PT,
        colour: tuple[float, float, float] = INK,
        is_right: bool = False,
    ) -> None:
        self._canvas.setFont(font, size_pt)
        self._canvas.setFillColorRGB(*colour)
        (self._canvas.drawRightString if is_right else self._canvas.drawString)(x_mm * mm, y_mm * mm, text)


def _points(size_mm: tuple[float, float]) -> tuple[float, float]:
    return size_mm[0] * mm, size_mm[1] * mm


def _leading_mm(size_pt: float) -> float:
    return float(size_pt * LEADING / mm)


def _kept_at(number: int, lines: int) -> int:
    """Return how many lines of a text must go on the page of that one of them: no line stands alone."""
    if lines <= KEPT_LINES:
        return lines - number
    return 2 if number in (0, lines - 2) else 1


def _wrapped(text: str, font: str, size_pt: float, width_mm: float) -> list[str]:
    """Return the lines of a text, each within the width; a word that is longer than a line is broken."""
    lines: list[str] = []
    for line in text.split("\n"):
        lines.append("")
        for word in _words(line, font, size_pt, width_mm):
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and _width_mm(longer, font, size_pt) > width_mm:
                lines.append(word)
            else:
                lines[-1] = longer
    return lines


def _words(line: str, font: str, size_pt: float, width_mm: float) -> Iterable[str]:
    for word in line.split():
        rest = word
        while _width_mm(rest, font, size_pt) > width_mm:
            end = next(
                end for end in range(len(rest) - 1, 0, -1) if _width_mm(rest[:end], font, size_pt) <= width_mm
            )
            yield rest[:end]
            rest = rest[end:]
        yield rest


def _width_mm(text: str, font: str, size_pt: float) -> float:
    return float(pdfmetrics.stringWidth(text, font, size_pt) / mm)
