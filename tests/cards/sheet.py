"""The card as a page of A4: what to press, what the lamp says, what to do. Same words, same bytes."""

import io
from pathlib import Path
from typing import Any, Final

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tests.cards.lamp import SECONDS, course, look_of, name_of
from tests.cards.words import CardWords

FONT_FOLDER: Final = Path("/usr/share/fonts/truetype/dejavu")
REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
WIDTH_MM, HEIGHT_MM, SIDE_MM = 210.0, 297.0, 15.0
LEADING: Final = 1.35
STRIP_MM, STRIP_HIGH_MM, ROW_MM = 46.0, 6.0, 12.4
COLUMNS_MM: Final = (SIDE_MM, SIDE_MM + STRIP_MM + 5.0, SIDE_MM + STRIP_MM + 72.0)
FOOT_MM: Final = 9.0
NAME_MM: Final = 1.3  # by which a strip stands higher than the middle of its row, for its name below it
SEAM_MM: Final = 0.05  # rectangles that only touch show a line between them
LIT: Final = (0.10, 0.52, 0.28)  # the lamp is green: docs/board.md
DARK_GLASS: Final = (0.86, 0.89, 0.87)
GREY: Final = (0.35, 0.38, 0.42)
HEAD_GROUND: Final = (0.11, 0.37, 0.69)


def draw_card(words: CardWords) -> bytes:
    """Return the card as PDF, one page."""
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(TTFont(name, str(FONT_FOLDER / f"{name}.ttf")))
    card = _Card(words)
    return card.finish()


class _Card:
    def __init__(self, words: CardWords) -> None:
        self._words, self._file = words, io.BytesIO()
        size = (WIDTH_MM * mm, HEIGHT_MM * mm)
        self._canvas: Any = Canvas(self._file, pagesize=size, pageCompression=1, invariant=1)
        self._canvas.setTitle(words.title)
        self._y_mm = HEIGHT_MM - 12.0

    def finish(self) -> bytes:
        """Draw everything from the top down and return the file."""
        words = self._words
        self._canvas.setFillColorRGB(*HEAD_GROUND)
        self._canvas.rect(0, (HEIGHT_MM - 26.0) * mm, WIDTH_MM * mm, 26.0 * mm, stroke=0, fill=1)
        self._text(SIDE_MM, HEIGHT_MM - 17.0, words.title, font=BOLD, size_pt=24.0, colour=(1.0, 1.0, 1.0))
        self._y_mm = HEIGHT_MM - 36.0
        self._text(SIDE_MM, self._y_mm, words.place, size_pt=9.5)
        self._title(words.press, size_pt=15.0)
        for what, means in words.presses:
            self._y_mm -= 7.4
            self._text(SIDE_MM, self._y_mm, what, font=BOLD, size_pt=11.5)
            self._text(SIDE_MM + 40.0, self._y_mm, means, size_pt=11.5)
        self._title(words.lamp_title)
        self._y_mm -= 6.0
        for x_mm, head in zip(COLUMNS_MM, words.lamp_heads, strict=True):
            self._text(x_mm, self._y_mm, head, size_pt=8.5, colour=GREY)
        self._y_mm -= 2.0
        for shown, (means, do) in words.lamp.items():
            self._row(course(*look_of(shown[0])), name_of(shown[0], words), means, do)
        for line in (words.dark, words.end):
            self._y_mm -= 5.5
            self._text(SIDE_MM, self._y_mm, line, size_pt=10.0)
        self._list(words.sensors, words.sensor_lines)
        self._list(words.trouble, words.trouble_lines)
        if self._y_mm < FOOT_MM + 4.0:
            raise ValueError(f"the card is full: its last line is {self._y_mm:.0f} mm above the edge")
        self._text(SIDE_MM, FOOT_MM, words.footer, size_pt=8.0, colour=GREY)
        self._canvas.showPage()
        self._canvas.save()
        return self._file.getvalue()

    def _title(self, text: str, *, size_pt: float = 13.0) -> None:
        self._y_mm -= 10.0
        self._text(SIDE_MM, self._y_mm, text, font=BOLD, size_pt=size_pt)

    def _row(self, lamp: list[tuple[float, float]], name: str, means: str, do: str) -> None:
        self._y_mm -= ROW_MM
        middle_mm = self._y_mm + ROW_MM / 2
        self._canvas.setFillColorRGB(*DARK_GLASS)
        bottom_mm = middle_mm - STRIP_HIGH_MM / 2 + NAME_MM
        self._canvas.rect(SIDE_MM * mm, bottom_mm * mm, STRIP_MM * mm, STRIP_HIGH_MM * mm, stroke=0, fill=1)
        x_mm = SIDE_MM
        for lasting_s, bright in lamp:
            colour = [dark + (lit - dark) * bright for dark, lit in zip(DARK_GLASS, LIT, strict=True)]
            self._canvas.setFillColorRGB(*colour)
            width_mm = STRIP_MM * lasting_s / SECONDS
            self._canvas.rect(x_mm * mm, bottom_mm * mm, (width_mm + SEAM_MM) * mm, STRIP_HIGH_MM * mm, 0, 1)
            x_mm += width_mm
        self._text(SIDE_MM, bottom_mm - 2.9, name, size_pt=8.0)
        self._wrapped(COLUMNS_MM[1], middle_mm, means, COLUMNS_MM[2] - COLUMNS_MM[1] - 3.0, font=BOLD)
        self._wrapped(COLUMNS_MM[2], middle_mm, do, WIDTH_MM - SIDE_MM - COLUMNS_MM[2])
        self._canvas.setStrokeColorRGB(*DARK_GLASS)
        self._canvas.line(SIDE_MM * mm, self._y_mm * mm, (WIDTH_MM - SIDE_MM) * mm, self._y_mm * mm)

    def _list(self, title: str, lines: tuple[str, ...]) -> None:
        self._title(title)
        for line in lines:
            for number, part in enumerate(_parts(line, REGULAR, 9.5, WIDTH_MM - 2 * SIDE_MM - 4.0)):
                self._y_mm -= 5.3
                self._text(SIDE_MM, self._y_mm, "•" if number == 0 else "", size_pt=9.5)
                self._text(SIDE_MM + 4.0, self._y_mm, part, size_pt=9.5)

    def _wrapped(
        self, x_mm: float, middle_mm: float, text: str, width_mm: float, *, font: str = REGULAR
    ) -> None:
        size_pt = 10.5
        parts, line_mm = _parts(text, font, size_pt, width_mm), size_pt * LEADING / mm
        y_mm = middle_mm + line_mm * (len(parts) - 1) / 2 - size_pt * 0.35 / mm
        for part in parts:
            self._text(x_mm, y_mm, part, font=font, size_pt=size_pt)
            y_mm -= line_mm

    def _text(
        self,
        x_mm: float,
        y_mm: float,
        text: str,
        *,
        font: str = REGULAR,
        size_pt: float,
        colour: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> None:
        self._canvas.setFillColorRGB(*colour)
        self._canvas.setFont(font, size_pt)
        self._canvas.drawString(x_mm * mm, y_mm * mm, text)


def _parts(text: str, font: str, size_pt: float, width_mm: float) -> list[str]:
    parts = [""]
    for word in text.split():
        longer = f"{parts[-1]} {word}".strip()
        if parts[-1] and pdfmetrics.stringWidth(longer, font, size_pt) > width_mm * mm:
            parts.append(word)
        else:
            parts[-1] = longer
    return parts
