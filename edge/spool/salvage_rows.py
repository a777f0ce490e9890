"""What SQLite can still read of a damaged spool (shell over sqlite3): each row asked for alone where it must
be, so that what cannot be read hides no more than itself.

Opened for reading only: the file stays as it was found.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

from contract.errors import RefusedError
from contract.header import Record, parse_draft, parse_record
from contract.ids import RecordClass, SpoolId, parse_spool
from contract.ranges import SeqRanges
from edge.spool.schema import record_table

AT_ONCE: Final = 64  # rows of one question; where it fails, each is asked for alone
_NEWEST: Final = 32  # enough to see how far the newest key has sealed records

_UNREADABLE: Final = (sqlite3.Error, ValueError, TypeError, OverflowError)  # a damaged text, a damaged number


class DamagedFile:
    """A spool file of which nothing is certain. Never raises for what is damaged. Use as a context."""

    def __init__(self, path: Path) -> None:
        # an empty file's log would be deleted, even by who only reads
        name = f"file:{quote(str(path))}?mode=ro" if path.stat().st_size else ":memory:"
        self._db = sqlite3.connect(name, uri=True, isolation_level=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> tuple[list[tuple[Any, ...]], bool]:
        """Return the rows as far as they can be read, and whether these are all."""
        found: list[tuple[Any, ...]] = []
        try:
            found.extend(self._db.execute(sql, values))
        except _UNREADABLE:
            return found, False
        return found, True

    def fact(self, name: str) -> Any:
        """Return a fact; None when it is not there or cannot be read."""
        rows, _ = self.rows("SELECT value FROM fact WHERE name = ?", [name])
        try:
            return json.loads(rows[0][0]) if rows else None
        except _UNREADABLE:
            return None

    def number(self, name: str) -> int:
        """Return a fact that is a number; 0 when it is not there or cannot be read."""
        value = self.fact(name)
        return value if isinstance(value, int) else 0

    def spool(self) -> SpoolId | None:
        """Return whose file it is."""
        try:
            return parse_spool(self.fact("spool") or "")
        except (RefusedError, TypeError):
            return None

    def boots(self) -> tuple[dict[str, int], bool]:
        """Return the numbers of the boots by name, as far as they can be read, and whether these are all."""
        rows, is_all = self.rows("SELECT name, boot FROM boot")
        boots = {name: n for name, n in rows if isinstance(name, str) and isinstance(n, int)}
        return boots, is_all and len(boots) == len(rows) > 0

    def presses(self) -> tuple[tuple[str, int, int], ...]:
        """Return device, its boot and its count of each press, in the order of their storing."""
        rows, _ = self.rows("SELECT device, device_boot, press_count FROM press ORDER BY seq")
        return tuple((str(d), b, n) for d, b, n in rows if isinstance(b, int) and isinstance(n, int))

    def last_seq(self, record_class: RecordClass) -> tuple[int, bool]:
        """Return the highest seq that anything here tells of, and whether that is sure to be the last."""
        table = record_table(record_class)
        counted, is_counted = self.rows("SELECT seq FROM sqlite_sequence WHERE name = ?", [table])
        found, is_found = self.rows(f"SELECT max(seq) FROM {table}")
        numbers = [row[0] for row in (*counted, *found) if isinstance(row[0], int)]
        return max(numbers, default=0), is_counted and is_found

    def ranges(self, table: str, record_class: RecordClass) -> SeqRanges:
        """Return the ranges of a class in `received` or `given_up`, as far as they can be read."""
        ranges = SeqRanges()
        rows, _ = self.rows(f"SELECT low, high FROM {table} WHERE class = ?", [int(record_class)])
        for low, high in rows:
            try:
                ranges.add(low, high)
            except _UNREADABLE:
                continue
        return ranges

    def refused(self, record_class: RecordClass) -> SeqRanges:
        """Return the seqs that the hub will not take."""
        rows, _ = self.rows("SELECT seq FROM refused WHERE class = ?", [int(record_class)])
        ranges = SeqRanges()
        for (seq,) in rows:
            if isinstance(seq, int) and seq > 0:
                ranges.add(seq, seq)
        return ranges

    def records(
        self, record_class: RecordClass, wanted: SeqRanges, *, newest_first: bool
    ) -> Iterator[list[Record]]:
        """Yield the sound records among `wanted`, AT_ONCE numbers at a time; some batches are empty."""
        for low, high in _portions(wanted, newest_first=newest_first):
            yield self._portion(record_class, low, high)

    def _portion(self, record_class: RecordClass, low: int, high: int) -> list[Record]:
        table = record_table(record_class)
        rows, is_all = self.rows(f"SELECT seq, raw FROM {table} WHERE seq BETWEEN ? AND ?", [low, high])
        if not is_all:
            rows = []
            for seq in range(low, high + 1):
                rows += self.rows(f"SELECT seq, raw FROM {table} WHERE seq = ?", [seq])[0]
        found = (_sound(record_class, seq, raw) for seq, raw in rows)
        return [record for record in found if record is not None]

    def newest(self, record_class: RecordClass) -> list[Record]:
        """Return the sound ones among the records stored last."""
        sql = f"SELECT seq, raw FROM {record_table(record_class)} ORDER BY seq DESC LIMIT {_NEWEST}"
        found = (_sound(record_class, seq, raw) for seq, raw in self.rows(sql)[0])
        return [record for record in found if record is not None]

    def drafts(self) -> tuple[list[Record], bool]:
        """Return the drafts that no record has replaced, as far as they can be read, and whether all can."""
        _, has_slots = self.rows("SELECT slot FROM draft_slot LIMIT 1")
        if has_slots and not self.number("draft generation"):
            return [], False  # which of them live is not known
        rows, is_all = self.rows("SELECT raw FROM draft ORDER BY draft")
        drafts = []
        for (raw,) in rows:
            try:
                drafts.append(parse_draft(bytes(raw)))
            except (RefusedError, *_UNREADABLE):
                is_all = False
        return drafts, is_all


def _portions(wanted: SeqRanges, *, newest_first: bool) -> Iterator[tuple[int, int]]:
    if newest_first:
        for low, high in reversed(list(wanted)):
            for top in range(high, low - 1, -AT_ONCE):
                yield max(low, top - AT_ONCE + 1), top
    else:
        for low, high in wanted:
            for start in range(low, high + 1, AT_ONCE):
                yield start, min(high, start + AT_ONCE - 1)


def _sound(record_class: RecordClass, seq: int, raw: object) -> Record | None:
    try:
        record = parse_record(bytes(raw))  # type: ignore[call-overload]
    except (RefusedError, *_UNREADABLE):
        return None
    if isinstance(record, Record) and (record.header.record_class, record.header.seq) == (record_class, seq):
        return record
    return None
