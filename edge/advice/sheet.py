"""Advice as a page of paper: the box's one file that owns reportlab. A4, letters of DejaVu inside the file.

Vietnamese: the sheet goes home with the person.
"""

import io
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from edge.advice.print_job import URGENCY_WORDS, PrintJob
from edge.errors import PrintError
from edge.health.own_clocks import NOT_BEFORE_S

FONT_FOLDER: Final = Path("/usr/share/fonts/truetype/dejavu")  # Debian's fonts-dejavu-core
REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
WIDTH_MM, HEIGHT_MM = 210.0, 297.0
SIDE_MM, TOP_MM, FOOT_MM = 20.0, 20.0, 26.0
SMALL_PT, FACT_PT, TEXT_PT, TITLE_PT = 9.0, 12.0, 14.0, 20.0
LEADING: Final = 1.42  # stacked marks (Ễ, ậ) are not cut
PAGES_MAX: Final = 4  # of a text of one letter a line: its line ends are left out then
VIETNAM: Final = "Asia/Ho_Chi_Minh"
YEAR_9999_S: Final = 253_370_764_800
PRACTICE: Final = "DIỄN TẬP – không phải người bệnh thật"
ONLY_REMOTE: Final = "Chỉ là hội chẩn từ xa: người cho lời dặn không khám trực tiếp. Nặng hơn: gọi lại ngay."


def draw(job: PrintJob, *, fonts: Path = FONT_FOLDER) -> bytes:
    """Return the sheet as PDF; the same job makes the same bytes. Raises PrintError: no letters."""
    for name in (REGULAR, BOLD):
        path = fonts / f"{name}.ttf"
        try:
            pdfmetrics.registerFont(TTFont(name, str(path)))
        except (TTFError, OSError) as error:
            raise PrintError(f"{path} cannot be read ({error}); apt install fonts-dejavu-core") from error
    sheet = _Sheet(job, job.text)
    if sheet.pages > PAGES_MAX:
        sheet = _Sheet(job, " ".join(job.text.split()))
    return sheet.finish()


def moment_text(utc_us: int, zone: str) -> str | None:
    """Return a moment in the time of a zone; None for one that cannot be."""
    if not NOT_BEFORE_S <= utc_us / 1e6 < YEAR_9999_S:
        return None
    return (
        datetime.fromtimestamp(utc_us // 1_000_000, tz=UTC)
        .astimezone(ZoneInfo(zone))
        .strftime("%H:%M %d/%m/%Y")
    )


class _Sheet:
    """The pages, from the top down."""

    def __init__(self, job: PrintJob, text: str) -> None:
        self._job, self.pages = job, 0
        self._file = io.BytesIO()
        size = (WIDTH_MM * mm, HEIGHT_MM * mm)
        self._canvas: Any = Canvas(self._file, pagesize=size, pageCompression=1, invariant=1)
        self._canvas.setTitle(job.name)
        self._y_mm = 0.0
        self._begin_page()
        self._lines("Lời dặn từ trung tâm", font=BOLD, size_pt=TITLE_PT)
        self._y_mm -= 3.0
        self._lines(f"Mức độ: {URGENCY_WORDS[job.urgency]}", font=BOLD, size_pt=TEXT_PT)
        self._y_mm -= 2.0
        for fact in self._facts():
            self._lines(fact, size_pt=FACT_PT)
        self._rule()
        self._lines(text, size_pt=TEXT_PT)

    def finish(self) -> bytes:
        """Return the file."""
        self._canvas.showPage()
        self._canvas.save()
        return self._file.getvalue()

    def _facts(self) -> Iterator[str]:
        job = self._job
        yield f"Trạm: {job.station}"
        yield f"Lượt khám: {job.code}"
        yield f"Người dặn: {job.by}"
        made = moment_text(job.made_utc_us, job.zone)
        if made is not None:
            yield f"Lúc: {made} ({'giờ Việt Nam' if job.zone == VIETNAM else job.zone})"

    def _begin_page(self) -> None:
        if self.pages:
            self._canvas.showPage()
        self.pages += 1
        self._y_mm = HEIGHT_MM - TOP_MM
        now_utc_us = self._job.now_utc_us
        printed = None if now_utc_us is None else moment_text(now_utc_us, self._job.zone)
        foot = [f"{self._job.station}  ·  {self._job.code}  ·  số {self._job.advice}", f"trang {self.pages}"]
        foot += [] if printed is None else [f"in lúc {printed}"]
        if self._job.is_practice:
            self._lines(PRACTICE, font=BOLD, size_pt=TEXT_PT)
        self._text(SIDE_MM, 18.0, ONLY_REMOTE, font=BOLD, size_pt=SMALL_PT)
        self._text(SIDE_MM, 12.0, "  ·  ".join(foot), size_pt=SMALL_PT)

    def _rule(self) -> None:
        self._y_mm -= 5.0
        self._canvas.line(SIDE_MM * mm, self._y_mm * mm, (WIDTH_MM - SIDE_MM) * mm, self._y_mm * mm)
        self._y_mm -= 2.0

    def _lines(self, text: str, *, font: str = REGULAR, size_pt: float) -> None:
        height_mm = size_pt * LEADING / mm
        for line in _wrapped(text, font, size_pt):
            if self._y_mm - height_mm < FOOT_MM:
                self._begin_page()
            self._y_mm -= height_mm
            self._text(SIDE_MM, self._y_mm, line, font=font, size_pt=size_pt)

    def _text(self, x_mm: float, y_mm: float, text: str, *, font: str = REGULAR, size_pt: float) -> None:
        self._canvas.setFont(font, size_pt)
        self._canvas.drawString(x_mm * mm, y_mm * mm, text)


def _wrapped(text: str, font: str, size_pt: float) -> Iterator[str]:
    """Yield the lines of a text, each within the page; a word that is longer than a line is broken."""
    for line in unicodedata.normalize("NFC", text).splitlines() or [""]:
        shown = ""
        for word in _words(line, font, size_pt):
            longer = f"{shown} {word}".strip()
            if shown and not _fits(longer, font, size_pt):
                yield shown
                shown = word
            else:
                shown = longer
        yield shown


def _words(line: str, font: str, size_pt: float) -> Iterator[str]:
    for word in line.split():
        rest = word
        while not _fits(rest, font, size_pt):
            end = next(end for end in range(1, len(rest)) if not _fits(rest[: end + 1], font, size_pt))
            yield rest[:end]
            rest = rest[end:]
        yield rest


def _fits(text: str, font: str, size_pt: float) -> bool:
    return bool(pdfmetrics.stringWidth(text, font, size_pt) <= (WIDTH_MM - 2 * SIDE_MM) * mm)
