"""What the hub's store holds of what a simulated fleet sent: nothing missing, nothing twice, no more."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.errors import RefusedError
from contract.header import Record, parse_record
from hub.store.segments import Place, SegmentReader


@dataclass(slots=True)
class Account:
    """Records, over all stations. `nobodys`: stored, and no station ever made them."""

    made: int = 0
    stored: int = 0
    owed: int = 0  # made, and no receipt named them
    lost: int = 0  # made and not stored, whether a receipt named them or not
    lied: int = 0  # of them, those that a receipt named
    duplicated: int = 0  # a sealed body under two names, or a press that is two calls
    nobodys: int = 0
    damaged: int = 0  # they cannot be read back
    unopened: int = 0  # events that the hub could not open
    calls: int = 0  # and nudges of them


def account_of(ledger_path: Path, store_folder: Path, *, presses: int) -> Account:
    """Return it. The hub may run; the generator has ended."""
    ledger = json.loads(ledger_path.read_text(encoding="utf-8"))
    found = Account()
    with (
        closing(sqlite3.connect(f"file:{store_folder / 'hub.db'}?mode=ro", uri=True)) as db,
        closing(SegmentReader(store_folder / "segments")) as reader,
    ):
        for station in ledger["stations"]:
            _add(found, station, db, reader)
        (found.unopened,) = db.execute("SELECT count(*) FROM record WHERE is_waiting").fetchone()
        (found.calls,) = db.execute("SELECT count(*) + coalesce(sum(nudges), 0) FROM call").fetchone()
    found.lost += max(0, presses - found.calls)
    found.duplicated += max(0, found.calls - presses)
    return found


def _add(found: Account, station: dict[str, Any], db: sqlite3.Connection, reader: SegmentReader) -> None:
    made = {int(name): highest for name, highest in station["highest"].items()}
    owed = {(int(name), seq) for name, seqs in station["owed"].items() for seq in seqs}
    here: set[tuple[int, int]] = set()
    bodies: set[tuple[int, int]] = set()
    for record_class, seq, raw in _records(db, reader, station["station"], station["spool"]):
        here.add((record_class, seq))
        found.nobodys += seq > made.get(record_class, 0)
        record = _parsed(raw)
        if record is None:
            found.damaged += 1
        elif record.header.nonce:
            body = (record.header.key_id, record.header.nonce)
            found.duplicated += body in bodies
            bodies.add(body)
    missing = {(name, seq) for name, highest in made.items() for seq in range(1, highest + 1)} - here
    found.made += sum(made.values())
    found.stored += len(here)
    found.owed += len(owed)
    found.lost += len(missing)
    found.lied += len(missing - owed)


def _records(
    db: sqlite3.Connection, reader: SegmentReader, station: str, spool: str
) -> Iterator[tuple[int, int, bytes]]:
    rows = db.execute(
        "SELECT r.class, r.seq, r.raw, r.segment, r.start, r.length FROM record r JOIN spool s"
        " ON s.no = r.spool_no WHERE s.station = ? AND s.spool = ? ORDER BY r.class, r.seq",
        (station, spool),
    )
    for record_class, seq, raw, *place in rows:
        yield record_class, seq, raw if raw is not None else reader.read(Place(*place))


def _parsed(raw: bytes) -> Record | None:
    try:
        record = parse_record(raw)
    except RefusedError:
        return None
    return record if isinstance(record, Record) else None
