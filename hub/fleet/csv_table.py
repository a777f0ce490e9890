"""A file of lines and columns as a spreadsheet writes it (core): bytes to rows, rows to text."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hub.fleet.cells import CellError
from hub.fleet.columns import Cells, Column
from hub.fleet.folding import fold

FILE_MAX_BYTES: Final = 16_000_000
ROWS_MAX: Final = 60_000
_MARKED: Final = ("=", "+", "-", "@", "\t", "\r", "'")  # a spreadsheet would calculate; and the mark itself
_NUMBERS: Final = frozenset({"north", "east"})  # these may begin with a minus
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a file with its cells by column; columns that the file does not have are missing."""

    line: int  # 1 is the line of the headings
    cells: Cells


def read_bytes(data: bytes) -> str:
    """Return the text of a file. Raises CellError: too large, or not UTF-8."""
    if len(data) > FILE_MAX_BYTES:
        raise CellError("Tệp lớn quá {n} MB.", n=FILE_MAX_BYTES // 1_000_000)
    try:
        return data.decode("utf-16" if data.startswith(_UTF16) else "utf-8-sig")
    except UnicodeDecodeError:
        raise CellError("Tệp không phải UTF-8. Trong Excel hãy lưu kiểu “CSV UTF-8”.") from None


def read_rows(text: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Return headings, rows and the line on which each row begins. Raises CellError.

    Cells are parted by commas, semicolons or tabs: whichever the first line has most of. Empty rows are left
    out, and Excel's own first line "sep=;".
    """
    body = text.removeprefix("\ufeff")
    skipped = 0
    if body[:4].lower() == "sep=":
        body, skipped = body.partition("\n")[2], 1
    first = body.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    rows, lines, begins = [], [], 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(begins + skipped)
            begins = reader.line_num + 1
            if len(rows) > ROWS_MAX:
                raise CellError("Tệp có quá {n} dòng. Hãy chia ra.", n=ROWS_MAX)
    except csv.Error:
        raise CellError("Dòng {n}: dấu ngoặc kép không khép lại đúng.", n=begins + skipped) from None
    if not rows:
        raise CellError("Tệp trống.")
    return rows[0], rows[1:], lines[1:]


def match_headings(headings: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """Return the key of each heading, in Vietnamese or English. Raises CellError: unknown, or one twice."""
    keys = {fold(word): one.key for one in columns for word in (one.key, one.heading)}
    found = []
    for heading in headings:
        key = keys.get(fold(heading))
        if key is None:
            known = ", ".join(one.heading for one in columns)
            raise CellError("Không có cột {text}. Các cột: {known}", text=heading.strip()[:40], known=known)
        if key in found:
            raise CellError("Cột {text} có hai lần.", text=heading.strip()[:40])
        found.append(key)
    return found


def row_cells(keys: Sequence[str], row: Sequence[str]) -> Cells:
    """Return a row's cells by column; those missing at its end are empty. Raises CellError: too many."""
    if any(cell.strip() for cell in row[len(keys) :]):
        raise CellError("Dòng có nhiều ô hơn dòng đầu.")
    full = [*row, *[""] * (len(keys) - len(row))]
    return {key: _plain(cell) for key, cell in zip(keys, full, strict=False)}


def write_rows(columns: Sequence[Column], rows: Iterable[Cells], *, headings: Sequence[str]) -> Iterator[str]:
    """Yield a file line by line (RFC 4180), with a mark at the front by which spreadsheets know UTF-8."""
    yield "\ufeff" + _line(headings)
    for row in rows:
        cells = [(one.key, row.get(one.key, "")) for one in columns]
        yield _line([text if key in _NUMBERS else as_text(text) for key, text in cells])


def as_text(text: str) -> str:
    """Return a cell that no spreadsheet calculates; `row_cells` takes the mark away again."""
    return f"'{text}" if text.startswith(_MARKED) else text


def _line(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _plain(cell: str) -> str:
    is_marked = cell.startswith("'") and cell[1:].startswith(_MARKED)
    return cell[1:] if is_marked else cell
