"""The box's durable queue (shell over sqlite-utils): what was captured and the hub has not yet received.

Synchronous; made and used on one worker thread, because a card may stall for seconds. What `commit` returned
is durable: WAL with synchronous=FULL. Bodies are sealed here, inside the transaction that gives them their
seq, so that nothing readable ever reaches the card.
"""

import fcntl
import json
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlite_utils import Database

from contract.errors import RefusedError
from contract.events import BoxStarted, KeyMade
from contract.header import Header, Record, encode_record, parse_draft
from contract.ids import BootId, KeyId, RecordClass, SpoolId, StationId
from contract.ranges import SeqRanges
from contract.receipts import RefusedRecord
from contract.sealing import HubKey, Sealer
from edge.errors import SpoolBusyError, SpoolError, SpoolFullError
from edge.spool.batch import Batch, Entry, OwedRecord, event_entry
from edge.spool.room import Ballast, drop_oldest, drop_received, says_full
from edge.spool.schema import SCHEMA, record_table

PAGE_BYTES: Final = 4096
WAL_EXTENDED_BYTES: Final = 4_000_000  # written once at start, so that no later commit has to grow the file
CALL_RESERVE_BYTES: Final = 4_000_000  # pages above the quota that only class 0 may use

Result = TypeVar("Result")


class Spool:
    """One spool file. `seq` is never reused: a hole is a loss.

    Raises SpoolBusyError or SpoolError when the file cannot be had.
    """

    def __init__(self, path: Path, *, quota_bytes: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._ballast = Ballast(path.with_suffix(".ballast"))
        self._sealer: Sealer | None = None
        self._quota_pages = quota_bytes // PAGE_BYTES
        self._lock = path.with_suffix(".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise SpoolBusyError(f"{path}: another `edge vitals` holds this spool; stop it first") from error
        try:
            self._open()
        except sqlite3.Error as error:
            raise SpoolError(
                f"{path}: cannot be opened: {error}; check card and rights, and keep the file"
            ) from error

    def _open(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        self._db = Database(connection)
        for pragma in (
            f"page_size = {PAGE_BYTES}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(SCHEMA):
            raise SpoolError(
                f"{self._path}: made by a newer version ({version}); this one knows {len(SCHEMA)}: update it"
            )
        for number, script in enumerate(SCHEMA[version:], start=version + 1):
            connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
        self._limit_pages(self._quota_pages)
        if self.fact("spool") is None:
            self._write_facts({"spool": f"{secrets.randbits(64) | 1:016x}"})
        self.spool_id = SpoolId(int(self.fact("spool"), 16))
        self._extend_wal()
        self._ballast.keep()

    def _limit_pages(self, pages: int) -> None:
        self._db.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    def _extend_wal(self) -> None:
        """Write the log to its full size once: commits that grow a file cost three times as many bytes."""
        try:
            with self._db.atomic():
                self._write_facts({"warm-up": "0" * WAL_EXTENDED_BYTES})
            with self._db.atomic():
                self._write_facts({"warm-up": None})
            self._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        except sqlite3.OperationalError as error:
            if not says_full(error):
                raise

    def close(self) -> None:
        """Close the file. It is not needed for durability."""
        self._db.close()
        self._lock.close()

    # Starting

    def begin_boot(self, name: str) -> BootId:
        """Return the number of the boot called `name`: the next one, or the one it was given before."""
        with self._db.atomic():
            self._db.execute("INSERT OR IGNORE INTO boot (name) VALUES (?)", [name])
            row = self._db.execute("SELECT boot FROM boot WHERE name = ?", [name]).fetchone()
        return BootId(int(row[0]))

    def begin_sealing(
        self, hub_key: HubKey, *, station: StationId, boot: BootId, t_us: int, software: str
    ) -> int:
        """Make this process's key and turn the drafts of the process before into records; return how many
        there were.

        The key goes first, as a class-0 record, so that the hub has it before the press that needs it.
        """

        def start() -> int:
            key_id = KeyId(self._next_number("key"))
            self._sealer = Sealer(hub_key, station=station, spool=self.spool_id, key_id=key_id)
            key = KeyMade(key_id=key_id, wrapped_key=self._sealer.wrapped_key)
            self._insert(event_entry(key, RecordClass.CALL, boot=boot, t_us=t_us), is_clear=True)
            recovered = self._records_from_drafts()
            started = BoxStarted(software=software, drafts_recovered=recovered)
            self._insert(event_entry(started, RecordClass.NUMERIC, boot=boot, t_us=t_us))
            return recovered

        return self._in_transaction(start, is_call=True, what="this process's key")

    def _records_from_drafts(self) -> int:
        recovered = 0
        for _, raw in self._db.execute("SELECT draft, raw FROM draft ORDER BY draft").fetchall():
            try:
                draft = parse_draft(raw)
            except RefusedError:
                continue  # the card damaged it; its CRC says so, and there is nothing to send
            header = draft.header.numbered(self._next_seq(draft.header.record_class))
            self._insert_raw(Record(header, draft.body))
            recovered += 1
        self._db.execute("DELETE FROM draft")
        return recovered

    # Writing

    def commit(self, batch: Batch) -> list[OwedRecord]:
        """Store the batch and return its records, numbered, durable.

        Where there is no room, room is made (`edge.spool.room`) and it is tried again. A batch with a class-0
        entry may use the reserve, and on a full partition the ballast. Raises SpoolFullError: nothing was
        stored.
        """

        def store() -> list[OwedRecord]:
            if batch.drops_drafts:
                self._db.execute("DELETE FROM draft")
            owed = [self._insert(entry) for entry in batch.entries]
            if batch.draft is not None:
                draft = self._seal(batch.draft.header, batch.draft.body)
                self._db.execute("INSERT INTO draft (raw) VALUES (?)", [encode_record(draft)])
            if batch.press is not None:
                self._db.execute("INSERT INTO press VALUES (?, ?, ?, ?)", [*batch.press, owed[0].seq])
            self._write_facts(batch.facts)
            if batch.facts_of_seq is not None:
                self._write_facts(batch.facts_of_seq(owed[0].seq))
            self._write_receipts(batch.received, batch.refused)
            return owed

        return self._in_transaction(store, is_call=batch.is_call, what=f"{len(batch.entries)} records")

    def _in_transaction(self, work: Callable[[], Result], *, is_call: bool, what: str) -> Result:
        for is_second_try in (False, True):
            try:
                if is_second_try:
                    self._make_room(is_call=is_call)
                self._limit_pages(self._quota_pages + (CALL_RESERVE_BYTES // PAGE_BYTES if is_call else 0))
                with self._db.atomic():
                    return work()
            except sqlite3.OperationalError as error:
                if not says_full(error):
                    raise SpoolError(f"{self._path}: {error}; look at the card with `edge doctor`") from error
                full = error
        raise SpoolFullError(
            f"{self._path}: no room for {what} ({full}); free space there or raise [spool] quota_bytes"
        ) from full

    def _make_room(self, *, is_call: bool) -> None:
        if is_call:
            self._ballast.give_back()
        self._limit_pages(self._quota_pages + CALL_RESERVE_BYTES // PAGE_BYTES)
        if drop_received(self._db, self.received()):
            return
        with self._db.atomic():
            tombstone = drop_oldest(self._db)
            if tombstone is not None and self._sealer is not None:
                self._insert(tombstone)

    def _seal(self, header: Header, body: bytes) -> Record:
        if self._sealer is None:
            raise SpoolError(f"{self._path}: nothing is stored before begin_sealing made a key")
        return self._sealer.seal(header, body)

    def _insert(self, entry: Entry, *, is_clear: bool = False) -> OwedRecord:
        header = entry.with_seq(self._next_seq(entry.header.record_class))
        return self._insert_raw(Record(header, entry.body) if is_clear else self._seal(header, entry.body))

    def _insert_raw(self, record: Record) -> OwedRecord:
        header, raw = record.header, encode_record(record)
        sql = f"INSERT INTO {record_table(header.record_class)} VALUES (?, ?, ?, ?)"
        self._db.execute(sql, [header.seq, header.boot, header.t_us, raw])
        return OwedRecord(header.record_class, header.seq, header.boot, header.t_us, len(raw))

    def _next_seq(self, record_class: RecordClass) -> int:
        sql = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        row = self._db.execute(sql, [record_table(record_class)]).fetchone()
        return int(row[0]) + 1 if row else 1

    def next_number(self, counter: str) -> int:
        """Return 1, 2, 3 … of a counter, never twice."""
        with self._db.atomic():
            return self._next_number(counter)

    def _next_number(self, counter: str) -> int:
        number = int(self.fact(f"last {counter}") or 0) + 1
        self._write_facts({f"last {counter}": number})
        return number

    def _write_facts(self, facts: Mapping[str, Any]) -> None:
        for name, value in facts.items():
            if value is None:
                self._db.execute("DELETE FROM fact WHERE name = ?", [name])
            else:
                self._db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", [name, json.dumps(value)])

    def _write_receipts(
        self, received: Mapping[RecordClass, SeqRanges], refused: Sequence[RefusedRecord]
    ) -> None:
        for record_class, ranges in received.items():
            self._db.execute("DELETE FROM received WHERE class = ?", [int(record_class)])
            for low, high in ranges:
                self._db.execute("INSERT INTO received VALUES (?, ?, ?)", [int(record_class), low, high])
        for one in refused:
            sql = "INSERT OR REPLACE INTO refused VALUES (?, ?, ?)"
            self._db.execute(sql, [int(one.record_class), one.seq, int(one.refusal)])

    # Reading

    def fact(self, name: str) -> Any:
        """Return the stored JSON of that name; None when there is none."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", [name]).fetchone()
        return json.loads(row[0]) if row else None

    def received(self) -> dict[RecordClass, SeqRanges]:
        """Return what the hub is known to have."""
        ranges = {record_class: SeqRanges() for record_class in RecordClass}
        for record_class, low, high in self._db.execute(
            "SELECT class, low, high FROM received ORDER BY class, low"
        ):
            ranges[RecordClass(record_class)].add(low, high)
        return ranges

    def refused(self) -> set[tuple[RecordClass, int]]:
        """Return the records that the hub will not take."""
        return {(RecordClass(c), int(seq)) for c, seq in self._db.execute("SELECT class, seq FROM refused")}

    def owed(self) -> list[OwedRecord]:
        """Return every record that the hub is not known to have, by class and seq."""
        received, refused = self.received(), self.refused()
        return [
            OwedRecord(record_class, seq, BootId(boot), t_us, size)
            for record_class in RecordClass
            for low, high in _holes(received[record_class])
            for seq, boot, t_us, size in self._db.execute(
                f"SELECT seq, boot, t_us, length(raw) FROM {record_table(record_class)} "
                "WHERE seq BETWEEN ? AND ?",
                [low, high],
            )
            if (record_class, seq) not in refused
        ]

    def read(self, record_class: RecordClass, seqs: Iterable[int]) -> dict[int, bytes]:
        """Return the records of these seqs; one that was given up is missing."""
        sql = f"SELECT raw FROM {record_table(record_class)} WHERE seq = ?"
        rows = ((seq, self._db.execute(sql, [seq]).fetchone()) for seq in seqs)
        return {seq: bytes(row[0]) for seq, row in rows if row}

    def press_seq(self, device: str, device_boot: int, press_count: int) -> int | None:
        """Return the record of a press that is stored already."""
        row = self._db.execute(
            "SELECT seq FROM press WHERE device = ? AND device_boot = ? AND press_count = ?",
            [device, device_boot, press_count],
        ).fetchone()
        return int(row[0]) if row else None

    def last_presses(self) -> dict[bytes, tuple[int, int]]:
        """Return, for each board, the boot and count of the press stored last."""
        rows = self._db.execute("SELECT device, device_boot, press_count FROM press ORDER BY seq").fetchall()
        return {bytes.fromhex(device): (device_boot, count) for device, device_boot, count in rows}

    def used_bytes(self) -> int:
        """Return the bytes of pages that hold something."""
        pages = self._db.execute("PRAGMA page_count").fetchone()[0] - self._free_pages()
        return int(pages) * PAGE_BYTES

    def _free_pages(self) -> int:
        return int(self._db.execute("PRAGMA freelist_count").fetchone()[0])


def _holes(ranges: SeqRanges) -> Iterator[tuple[int, int]]:
    start = 1
    for low, high in ranges:
        if start < low:
            yield start, low - 1
        start = high + 1
    yield start, 2**63 - 1
