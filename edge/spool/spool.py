"""The box's durable queue (shell over sqlite-utils): what was captured and the hub has not yet received.

Synchronous; made and used on one worker thread, because a card may stall for seconds. What `commit` returned
is durable: WAL with synchronous=FULL. Bodies are sealed here, inside the transaction that gives them their
seq, so that nothing readable ever reaches the card.
"""

import json
import logging
import secrets
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from contract.errors import RefusedError
from contract.events import BoxStarted, KeyMade, Tombstone, parse_event
from contract.header import Header, Record, encode_record, parse_draft
from contract.ids import BootId, KeyId, RecordClass, SpoolId, StationId, parse_spool, spool_text
from contract.ranges import SeqRanges
from contract.receipts import RefusedRecord
from contract.sealing import HubKey, Sealer
from edge.errors import SpoolDamagedError, SpoolError, SpoolFullError
from edge.spool.batch import Batch, Entry, OwedRecord, event_entry
from edge.spool.contents import Contents
from edge.spool.damage import spool_error
from edge.spool.drafts import drop_drafts, living_drafts, put_drafts
from edge.spool.freeing import free_old, set_mark
from edge.spool.integrity import Found, Place, check_slice
from edge.spool.ledger import Page
from edge.spool.room import Ballast, drop_oldest, drop_received, says_full, write_ranges
from edge.spool.salvage_aside import Heritage
from edge.spool.schema import record_table
from edge.spool.spool_file import SpoolFile

log = logging.getLogger(__name__)

CALL_RESERVE_BYTES: Final = 4_000_000  # pages above the quota that only class 0 may use
FORGET_PRESSES: Final = (  # boots are named by 16 random bits: a name comes again, and its presses are new
    "DELETE FROM press WHERE device = ? AND device_boot NOT IN (SELECT device_boot FROM press "
    "WHERE device = ? GROUP BY device_boot ORDER BY max(seq) DESC LIMIT 4)"
)
WRITE_FACT: Final = (  # one that says the same is not written: it would cost a page
    "INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value "
    "WHERE value <> excluded.value"
)
UNTOLD: Final = "tombstones that no key has sealed yet"  # a fact
TOLD_AGAIN_MAX: Final = 1_000  # tombstones in one transaction; a spool has a handful of such ranges
MAKE_ROOM_TRIES: Final = 50  # of one commit
ROOM_BYTES: Final = 200_000  # free pages of which a small commit needs no more: then nothing is sacrificed

Result = TypeVar("Result")


class Spool(Contents):
    """One spool file. `seq` is never reused: a hole is a loss. `spool_id`: whose records it is made for;
    None: it is the box's own, with a new name when it is new.

    Raises SpoolBusyError, SpoolDamagedError or SpoolError when the file cannot be had.
    """

    def __init__(self, path: Path, *, quota_bytes: int, spool_id: SpoolId | None = None) -> None:
        self._path = path
        self._file = SpoolFile(path)
        assert self._file.db is not None  # noqa: S101  # open, or it would have raised
        super().__init__(self._file.db)
        self._ballast = Ballast(path.with_suffix(".ballast"))
        self._sealer: Sealer | None = None
        self._has_key = False  # the sealer's key is on disk: what it seals can be opened
        self._sacrificed: list[OwedRecord] = []  # tombstones of the commit that is being tried
        self._started = (BootId(0), 0)  # this process: boot, µs
        self._told_of_reader = False
        self._drafts = 0  # that no record has replaced
        self._quota_bytes = quota_bytes
        self.damaged_drafts = 0  # of the process before: their samples are lost
        new_id = SpoolId(secrets.randbits(64) | 1) if spool_id is None else spool_id
        try:
            self.spool_id = self._in_transaction(
                lambda: self._read_or_make_id(new_id), is_call=True, what="the spool's name"
            )
        except SpoolError:
            self._file.close()
            raise
        if spool_id is None:
            self._ballast.keep()

    def _read_or_make_id(self, new_id: SpoolId) -> SpoolId:
        if self.fact("spool") is None:
            self._write_facts({"spool": spool_text(new_id)})
        try:
            return parse_spool(self.fact("spool"))
        except (RefusedError, TypeError) as error:
            raise SpoolDamagedError(f"{self._path}: its name is damaged: {error}") from error

    def close(self) -> None:
        """Close the file. It is not needed for durability."""
        self._file.close()

    def tend(self) -> None:
        """What is done now and then, a piece at a time: free what the hub has had for a week, and put the
        ballast back that a full partition took. Raises SpoolFullError or SpoolError.
        """
        self._ballast.keep()
        if self._file.is_log_held() and not self._told_of_reader:
            self._told_of_reader = True
            log.error(
                "%s: its log grows: another program reads it and does not end; end that one", self._path
            )
        self._in_transaction(lambda: free_old(self._db, self.ledgers), is_call=True, what="freeing")

    def free_received(self) -> int:
        """Delete a piece of what the hub has, whenever it had it; return how many records went. Raises
        SpoolFullError or SpoolError.
        """
        return self._in_transaction(
            lambda: drop_received(self._db, self.ledgers()), is_call=True, what="freeing"
        )

    # Starting

    def inherit(self, heritage: Heritage, *, heir_of: str) -> bool:
        """Take over what the spool before knew, once and before the first boot; return whether it was so.

        This boot keeps its number, so that what is in memory can be stored here too. Raises SpoolError.
        """

        def write() -> bool:
            if self._db.execute("SELECT count(*) FROM boot").fetchone() != (0,):
                return False
            if heritage.boot is not None:
                self._db.execute("INSERT INTO boot (boot, name) VALUES (?, ?)", heritage.boot)
            for at, press in enumerate(heritage.presses):
                row = [*press, at - len(heritage.presses)]  # before the first of ours
                self._db.execute("INSERT OR IGNORE INTO press VALUES (?, ?, ?, ?)", row)
            self._write_facts({**heritage.facts, "heir of": heir_of})
            return True

        return self._in_transaction(write, is_call=True, what="what the spool before knew")

    def begin_boot(self, name: str) -> BootId:
        """Return the number of the boot called `name`: the next one, or the one it was given before."""

        def begin() -> BootId:
            row = self._db.execute("SELECT boot FROM boot WHERE name = ?", [name]).fetchone()
            row = (
                row
                or self._db.execute("INSERT INTO boot (name) VALUES (?) RETURNING boot", [name]).fetchone()
            )
            return BootId(int(row[0]))

        return self._in_transaction(begin, is_call=True, what="this boot's number")

    def begin_sealing(
        self, hub_key: HubKey, *, station: StationId, boot: BootId, t_us: int, software: str
    ) -> int:
        """Make this process's key and turn the drafts of the process before into records; return how many
        there were.

        The key goes first, as a class-0 record, so that the hub has it before the press that needs it.
        """

        self._started = (boot, t_us)

        def start() -> int:
            self._sealer, _ = self._make_key(hub_key, station=station, boot=boot, t_us=t_us)
            recovered = self._records_from_drafts()
            started = BoxStarted(software=software, drafts_recovered=recovered)
            self._insert(event_entry(started, RecordClass.NUMERIC, boot=boot, t_us=t_us))
            self._tell_untold()
            return recovered

        size_bytes = sum(len(raw) for _, raw in living_drafts(self._db))
        recovered = self._in_transaction(
            start, is_call=True, what="this process's key", size_bytes=size_bytes
        )
        self._has_key = True
        return recovered

    def change_hub_key(
        self, hub_key: HubKey, *, station: StationId, boot: BootId, t_us: int, facts: Mapping[str, Any]
    ) -> list[OwedRecord]:
        """Make another key, wrapped for `hub_key`, and seal under it from now on; return its record.

        Record and `facts` are durable before anything is sealed under the key. Drafts stay as they are: the
        hub has the key that they are sealed under.
        """

        def change() -> tuple[Sealer, OwedRecord]:
            made = self._make_key(hub_key, station=station, boot=boot, t_us=t_us)
            self._write_facts(facts)
            return made

        # Not before the commit: the tombstones of what makes room for it go under the key of before.
        self._sealer, owed = self._in_transaction(change, is_call=True, what="a key for the hub's new one")
        return [owed]

    def _make_key(
        self, hub_key: HubKey, *, station: StationId, boot: BootId, t_us: int
    ) -> tuple[Sealer, OwedRecord]:
        key_id = KeyId(self._next_number("key"))
        sealer = Sealer(hub_key, station=station, spool=self.spool_id, key_id=key_id)
        key = KeyMade(key_id=key_id, wrapped_key=sealer.wrapped_key, hub_key=hub_key.number)
        entry = event_entry(key, RecordClass.CALL, boot=boot, t_us=t_us)
        return sealer, self._insert(entry, is_clear=True)

    def _tell_untold(self) -> None:
        """Store the tombstones of what was given up before there was a key to seal them."""
        for told in self.fact(UNTOLD) or ():
            tombstone = Tombstone(**told["tombstone"])
            self._insert(event_entry(tombstone, RecordClass.NUMERIC, boot=told["boot"], t_us=told["t_us"]))
        self._write_facts({UNTOLD: None})

    def _records_from_drafts(self) -> int:
        recovered = self.damaged_drafts = 0
        for number, raw in living_drafts(self._db):
            try:
                draft = parse_draft(bytes(raw))
            except (RefusedError, TypeError) as error:  # the card damaged it: there is nothing to send
                self.damaged_drafts += 1
                log.warning("%s: draft %d is damaged, a second is lost (%s)", self._path, number, error)
                continue
            header = draft.header.numbered(self._next_seq(draft.header.record_class))
            self._insert_raw(Record(header, draft.body))
            recovered += 1
        drop_drafts(self._db)
        return recovered

    # Looking up

    def load(self, page: Page) -> list[OwedRecord]:
        """Return the records of a page. What is missing without a word is given up, and its tombstones come
        with them. Raises SpoolFullError or SpoolError.
        """
        found = self.look_up(page)
        there = {record.seq for record in found}
        missing = SeqRanges((seq, seq) for seq in page.seqs if seq not in there)
        return found + self.give_up(page.record_class, missing, why="it is not on the card any more")

    def give_up(self, record_class: RecordClass, seqs: SeqRanges, *, why: str) -> list[OwedRecord]:
        """Write down that these records are gone, and tell the hub; return the tombstones. What was written
        down before is not told again. Raises SpoolFullError or SpoolError.
        """
        ledger = self.ledger(record_class)
        gone = list(ledger.on_card(seqs))

        def store() -> list[OwedRecord]:
            for low, high in gone:
                ledger.given_up.add(low, high)
            write_ranges(self._db, "given_up", record_class, ledger.given_up)
            return [self._insert(self._tombstone(record_class, low, high, why)) for low, high in gone]

        return self._in_transaction(store, is_call=True, what="tombstones") if gone else []

    def _tombstone(self, record_class: RecordClass, low: int, high: int, why: str) -> Entry:
        event = Tombstone(record_class=int(record_class), first_seq=low, last_seq=high, why=why)
        boot, t_us = self._started
        return event_entry(event, RecordClass.NUMERIC, boot=boot, t_us=t_us)

    # Checking

    def check_slice(self, place: Place) -> tuple[Place, Found | None]:
        """Look at what of the file comes next; return how far the check is then, and what is damaged alone.

        Raises SpoolDamagedError: all of it is; SpoolError.
        """
        try:
            return check_slice(self._db, self._file, self.ledgers(), place)
        except sqlite3.Error as error:
            raise spool_error(self._path, error) from error

    # Writing

    def commit(self, batch: Batch) -> list[OwedRecord]:
        """Store the batch and return its records, numbered, durable; after them the tombstones of what was
        given up for it.

        Where there is no room, room is made (`edge.spool.room`) and it is tried again. A batch with a class-0
        entry may use the reserve, and on a full partition the ballast. Raises SpoolFullError or SpoolError:
        nothing was stored.
        """

        living = 0 if batch.drops_drafts else self._drafts

        def store() -> list[OwedRecord]:
            if batch.drops_drafts and self._drafts:
                drop_drafts(self._db)
            owed = [self._insert(entry) for entry in batch.entries]
            drafts = [encode_record(self._seal(entry.header, entry.body)) for entry in batch.drafts]
            put_drafts(self._db, drafts, first_slot=living + 1)
            if batch.press is not None:
                self._db.execute("INSERT INTO press VALUES (?, ?, ?, ?)", [*batch.press, owed[0].seq])
                self._db.execute(FORGET_PRESSES, [batch.press[0]] * 2)
            self._write_facts(batch.facts)
            if batch.facts_of_seq is not None:
                self._write_facts(batch.facts_of_seq(owed[0].seq))
            if batch.forgets_receipts:
                for table in ("received", "refused", "mark"):
                    self._db.execute(f"DELETE FROM {table}")
            self._write_receipts(batch.received, batch.refused)
            if batch.hub_utc_us is not None:
                set_mark(self._db, batch.hub_utc_us, self.ledgers)
            return owed + (self._tell_again() if batch.forgets_receipts else [])

        what, size_bytes = f"{len(batch.entries)} records", batch.size_bytes
        owed = self._in_transaction(store, is_call=batch.is_urgent, what=what, size_bytes=size_bytes)
        self._drafts = living + len(batch.drafts)
        sacrificed, self._sacrificed = self._sacrificed, []
        return owed + sacrificed

    def _tell_again(self) -> list[OwedRecord]:
        """Store tombstones for what another hub's store lacks and we do not have any more either."""
        gone = [
            (record_class, low, high)
            for record_class, ledger in self.ledgers().items()
            for given_up in ledger.given_up
            for low, high in ledger.received.holes(*given_up)
        ]
        why = "it is not on the card any more"
        return [self._insert(self._tombstone(*seqs, why)) for seqs in gone[:TOLD_AGAIN_MAX]]

    def _in_transaction(
        self, work: Callable[[], Result], *, is_call: bool, what: str, size_bytes: int = 0
    ) -> Result:
        for tries_left in range(MAKE_ROOM_TRIES, -1, -1):
            try:
                self._limit_pages(is_call=is_call)
                with self._db.atomic():
                    return work()
            except sqlite3.Error as error:
                full = self._full_or_raise(error)
            if not tries_left:
                break
            has_pages = self.free_bytes() > 2 * size_bytes + ROOM_BYTES  # then it is the log that has no room
            if not (is_call and self._ballast.give_back() if has_pages else self._make_room(is_call=is_call)):
                break
        raise SpoolFullError(
            f"{self._path}: no room for {what} ({full}); free space there or raise [spool] quota_bytes"
        ) from full

    def _full_or_raise(self, error: sqlite3.Error) -> sqlite3.Error:
        if not says_full(error):
            raise spool_error(self._path, error) from error
        return error

    def _make_room(self, *, is_call: bool) -> bool:
        """Give something up; return whether there was anything that may help."""
        has_ballast = is_call and self._ballast.give_back()
        try:
            self._limit_pages(is_call=True)
            if drop_received(self._db, self.ledgers()):
                return True
            with self._db.atomic():
                tombstone = drop_oldest(self._db, self.ledgers())
                told = [] if tombstone is None else self._bury(tombstone)
        except sqlite3.Error as error:
            self._full_or_raise(error)
            return has_ballast
        self._sacrificed += told
        return has_ballast or tombstone is not None

    def _bury(self, tombstone: Entry) -> list[OwedRecord]:
        """Store a tombstone, or where there is no key to seal it yet, what it will say."""
        if self._has_key:
            return [self._insert(tombstone)]
        header, told = tombstone.header, parse_event(tombstone.body)
        told_later = {"tombstone": told.model_dump(), "boot": header.boot, "t_us": header.t_us}
        self._write_facts({UNTOLD: [*(self.fact(UNTOLD) or ()), told_later]})
        return []

    def _limit_pages(self, *, is_call: bool) -> None:
        """Set how far the file may grow: class 0 into its reserve, others not at all on a full card."""
        pages = (self._quota_bytes + (CALL_RESERVE_BYTES if is_call else 0)) // self._file.page_bytes
        if not is_call and not self._file.may_grow():
            pages = 1  # SQLite takes the size of now
        self._db.execute(f"PRAGMA max_page_count = {pages}").fetchone()

    def _seal(self, header: Header, body: bytes) -> Record:
        if self._sealer is None:
            raise SpoolError(f"{self._path}: nothing is stored before begin_sealing made a key")
        return self._sealer.seal(header, body)

    def _insert(self, entry: Entry, *, is_clear: bool = False) -> OwedRecord:
        header = entry.with_seq(self._next_seq(entry.header.record_class))
        if entry.explains:
            self._db.execute("INSERT INTO kept VALUES (?, ?)", [int(header.record_class), header.seq])
        return self._insert_raw(Record(header, entry.body) if is_clear else self._seal(header, entry.body))

    def _insert_raw(self, record: Record) -> OwedRecord:
        header, raw = record.header, encode_record(record)
        sql = f"INSERT INTO {record_table(header.record_class)} VALUES (?, ?, ?, ?)"
        self._db.execute(sql, [header.seq, header.boot, header.t_us, raw])
        return OwedRecord(header.record_class, header.seq, header.boot, header.t_us, len(raw))

    def _next_seq(self, record_class: RecordClass) -> int:
        return self._last_seq(record_class) + 1

    def _next_number(self, counter: str) -> int:
        """Return 1, 2, 3 … of a counter, never twice."""
        number = int(self.fact(f"last {counter}") or 0) + 1
        self._write_facts({f"last {counter}": number})
        return number

    def _write_facts(self, facts: Mapping[str, Any]) -> None:
        for name, value in facts.items():
            if value is None:
                self._db.execute("DELETE FROM fact WHERE name = ?", [name])
            else:
                self._db.execute(WRITE_FACT, [name, json.dumps(value)])

    def _write_receipts(
        self, received: Mapping[RecordClass, SeqRanges], refused: Sequence[RefusedRecord]
    ) -> None:
        for record_class, ranges in received.items():
            write_ranges(self._db, "received", record_class, ranges)
        for one in refused:
            sql = "INSERT OR REPLACE INTO refused VALUES (?, ?, ?)"
            self._db.execute(sql, [int(one.record_class), one.seq, int(one.refusal)])
