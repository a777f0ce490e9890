"""What the store said is stored, is stored: after kill -9 at any moment, and when the disk takes no more."""

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from contract.header import Header, Kind, Record, encode_record
from contract.ids import BootId, KeyId, RecordClass, SpoolId, StationId, StreamSetNo, VisitNo
from hub.store.interface import Arrival, Outcome, StoreFailedError
from hub.store.schema import MIGRATIONS, SCHEMA_VERSION
from hub.store.sqlite import SqliteStore

STATION, SPOOL = StationId("con-dao-01"), SpoolId(5)
NUMERIC, WAVEFORM = RecordClass.NUMERIC, RecordClass.WAVEFORM
KILLS = 25

# Makes a writer for each number on its standard input. A writer says its process id, then the
# seq of each pair of records that is durable; when it has been killed a zero follows.
NURSERY = """
import os, sys
from pathlib import Path
from itertools import count
from tests.integration.hub.test_store_durability import NUMERIC, WAVEFORM, arrival
from hub.store.sqlite import SqliteStore

def say(number):
    os.write(1, number.to_bytes(8, "big"))

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        say(os.getpid())
        store = SqliteStore(Path(sys.argv[1]), is_writer=True, segment_max_bytes=4_000)
        for seq in count(int(line)):
            store.commit([arrival(WAVEFORM, seq), arrival(NUMERIC, seq)])
            say(seq)
    os.waitpid(child, 0)
    say(0)
"""


def arrival(record_class: RecordClass, seq: int) -> Arrival:
    """A chunk of 600 bytes that nobody opens."""
    header = Header(
        kind=Kind.CHUNK,
        record_class=record_class,
        seq=seq,
        key_id=KeyId(1),
        nonce=seq,
        boot=BootId(1),
        t_us=seq,
        visit=VisitNo(1),
        stream_set=StreamSetNo(1),
        first_index=0,
        count=1,
        codec=1,
    )
    record = Record(header, seq.to_bytes(8, "big") * 75)
    return Arrival(
        station=STATION,
        spool=SPOOL,
        boot=BootId(1),
        sent_t_us=seq,
        received_utc_us=1_800_000_000_000_000,
        record=record,
        raw=encode_record(record),
    )


def seqs_of(store: SqliteStore, record_class: RecordClass) -> list[int]:
    return [stored.record_id.seq for stored in store.chunks(STATION, SPOOL, record_class=record_class)]


def test_everything_reported_as_committed_survives_kill_9(tmp_path: Path) -> None:
    rng, durable = random.Random(7), 0
    command = [sys.executable, "-c", NURSERY, str(tmp_path / "s")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        for _ in range(KILLS):
            nursery.stdin.write(b"%d\n" % (durable + 1))
            nursery.stdin.flush()
            writer = int.from_bytes(nursery.stdout.read(8), "big")
            for _ in range(rng.randrange(1, 40)):
                durable = int.from_bytes(nursery.stdout.read(8), "big")
            os.kill(writer, signal.SIGKILL)
            while said := int.from_bytes(nursery.stdout.read(8), "big"):  # what it had said before it died
                durable = said
            durable = check_store(tmp_path / "s", durable)
        nursery.stdin.close()
    assert durable > KILLS


def check_store(folder: Path, durable: int) -> int:
    """Find at least `durable` records of each class, without a hole, and return how many there are."""
    counts = set()
    with SqliteStore(folder, is_writer=True) as store:
        (spool,) = store.spools(STATION)
        for record_class in (NUMERIC, WAVEFORM):
            seqs = [
                stored.record_id.seq for stored in store.chunks(STATION, spool, record_class=record_class)
            ]
            assert seqs == [*range(1, len(seqs) + 1)], "a hole, or a record twice"
            assert durable <= len(seqs) <= durable + 1
            counts.add(len(seqs))
    assert len(counts) == 1, "half of a commit"
    return counts.pop()


@contextmanager
def files_no_larger_than(limit_bytes: int) -> Iterator[None]:
    """Every write beyond fails, for this process: a full disk that needs no root to make."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("record_class", [NUMERIC, WAVEFORM])
def test_a_full_disk_is_told_stores_nothing_and_is_got_over(
    tmp_path: Path, record_class: RecordClass
) -> None:
    with SqliteStore(tmp_path / "s", is_writer=True) as store:
        batches = [[arrival(record_class, 60 * n + k + 1) for k in range(60)] for n in range(8)]
        store.commit(batches[0])
        largest = max(path.stat().st_size for path in (tmp_path / "s").rglob("*") if path.is_file())
        failed = 0
        with files_no_larger_than(largest + 4_096):
            for batch in batches[1:]:
                try:
                    store.commit(batch)
                except StoreFailedError as error:
                    failed += 1
                    assert "make room" in str(error)
                    assert str(tmp_path / "s") in str(error)
                    break
        assert failed == 1
        held = seqs_of(store, record_class)
        assert len(held) % 60 == 0, "a part of a batch was stored"
        outcomes = [store.commit(batch) for batch in batches]
        assert sum(outcome is Outcome.STORED for batch in outcomes for outcome in batch) == 480 - len(held)
        assert seqs_of(store, record_class) == [*range(1, 481)]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreFailedError, match=r"file/store cannot be opened"):
        SqliteStore(tmp_path / "file" / "store", is_writer=True)


def test_a_reader_does_not_take_a_store_that_is_not_made_yet(tmp_path: Path) -> None:
    with pytest.raises(StoreFailedError, match="does not exist"):
        SqliteStore(tmp_path, is_writer=False)
    (tmp_path / "hub.db").touch()
    with pytest.raises(StoreFailedError, match="start this hub on it first"):
        SqliteStore(tmp_path, is_writer=False)


def test_a_store_of_a_newer_hub_is_left_alone(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "s", is_writer=True).close()
    with (tmp_path / "s" / "hub.db").open("r+b") as file:
        file.seek(60)  # user_version. Source: sqlite.org, database file format, section 1.3
        file.write((99).to_bytes(4, "big"))
    with pytest.raises(StoreFailedError, match=f"has version 99, this hub knows {SCHEMA_VERSION}:"):
        SqliteStore(tmp_path / "s", is_writer=True)
    with (tmp_path / "s" / "hub.db").open("rb") as file:
        assert os.pread(file.fileno(), 4, 60) == (99).to_bytes(4, "big")


def test_a_store_of_the_first_hub_becomes_one_of_this_hub_with_all_that_it_holds(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    with closing(sqlite3.connect(tmp_path / "s" / "hub.db")) as db:
        db.executescript(MIGRATIONS[0])
        db.executescript("INSERT INTO epoch VALUES (77); PRAGMA user_version = 1;")
        db.execute(
            "INSERT INTO spool (station, spool, heard_utc_us) VALUES ('ly-son', ?, 5)", ["0" * 15 + "9"]
        )
        db.commit()
    with pytest.raises(StoreFailedError, match="start this hub on it first"):
        SqliteStore(tmp_path / "s", is_writer=False)
    with SqliteStore(tmp_path / "s", is_writer=True) as store:
        assert (store.epoch, store.stations()) == (77, ["ly-son"])
        plan = store._db.execute(
            "EXPLAIN QUERY PLAN SELECT seq FROM record"
            " WHERE spool_no = 1 AND visit = 2 AND kind = 3 AND seq > 0 AND +class = 3 ORDER BY seq LIMIT 9"
        ).fetchall()
        assert "part_by_visit" in str(plan)
    with closing(sqlite3.connect(tmp_path / "s" / "hub.db")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
