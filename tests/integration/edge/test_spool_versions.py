"""Old files: what a box of another day left is found by today's code."""

import lzma
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contract.chunks import decode_chunk
from contract.events import BoxStarted, KeyMade, Press, VisitOpened
from contract.header import parse_record
from contract.ids import RecordClass
from contract.ranges import SeqRanges
from edge.spool.batch import Batch
from edge.spool.schema import SCHEMA
from edge.spool.spool import Spool
from tests.integration.edge.spools import CALL, NUMERIC, PART, WAVE, open_all, open_spool, seqs, wave

FIXTURES = Path(__file__).parents[2] / "fixtures" / "spools"
NUMBERS = {CALL: 6, NUMERIC: 6, WAVE: 18, PART: 6}  # of records that the file holds
DRAFTS = 3
every_version = pytest.mark.parametrize("version", ["v1", "v2"])


def unpack(version: str, folder: Path) -> Path:
    path = folder / "spool.db"
    path.write_bytes(lzma.decompress((FIXTURES / f"{version}.db.xz").read_bytes()))
    return path


def received(spool: Spool) -> dict[RecordClass, SeqRanges]:
    return {c: ledger.received for c, ledger in spool.ledgers().items()}


@every_version
def test_every_record_of_an_old_file_is_there_and_opens(version: str, tmp_path: Path) -> None:
    with open_spool(unpack(version, tmp_path)) as spool:
        spool.commit(Batch(forgets_receipts=True))  # everything is owed again, and so everything is read
        found = open_all(spool)
        assert {c: len(seqs(spool, c)) for c in RecordClass} == {
            CALL: 6 + 1,  # and the key of today
            NUMERIC: 6 + 1,
            WAVE: 18 + DRAFTS,
            PART: 6,
        }
    presses = [one.press_count for one in found.values() if isinstance(one, Press)]
    visits = [one.visit for one in found.values() if isinstance(one, VisitOpened)]
    keys = [one.key_id for one in found.values() if isinstance(one, KeyMade)]
    assert (presses, visits, keys) == ([1, 2, 3], [1, 2, 3], [1, 2, 3, 4])
    for number in range(18 + DRAFTS):
        body = found[WAVE, number + 1]
        assert isinstance(body, bytes)
        (column,) = decode_chunk(body, t_us=0)
        assert column.samples.tolist() == list(range(250 * number, 250 * (number + 1)))


@every_version
def test_drafts_of_an_old_file_become_records_once(version: str, tmp_path: Path) -> None:
    path = unpack(version, tmp_path)
    with open_spool(path) as spool:
        assert BoxStarted(software="test", drafts_recovered=DRAFTS) in open_all(spool).values()
        assert seqs(spool, WAVE)[-DRAFTS:] == [19, 20, 21]
    with open_spool(path) as spool:
        assert seqs(spool, WAVE)[-1] == 21
        (owed,) = spool.commit(Batch(entries=[wave()]))
        assert owed.seq == 22


@every_version
def test_what_an_old_file_knows_of_the_hub_and_of_itself_is_known(version: str, tmp_path: Path) -> None:
    spool = Spool(unpack(version, tmp_path), quota_bytes=2_000_000_000)
    try:
        assert {c: ledger.given for c, ledger in spool.ledgers().items()} == NUMBERS
        assert {c: list(ranges) for c, ranges in received(spool).items()} == {
            CALL: [(1, 3)],
            NUMERIC: [(1, 2)],
            WAVE: [(1, 9)],
            PART: [],
        }
        assert list(spool.ledger(WAVE).refused) == [(11, 11)]
        assert [one.seq for one in spool.owed() if one.record_class == WAVE] == [10, *range(12, 19)]
        assert (spool.fact("epoch"), spool.fact("call")) == (7, {"seq": 6})
        assert spool.press_seq("48", 7, 2) == 4
        assert (spool.begin_boot("boot a"), spool.begin_boot("boot b"), spool.begin_boot("c")) == (1, 2, 3)
    finally:
        spool.close()


def test_what_version_1_had_deleted_is_written_down_as_given_up(tmp_path: Path) -> None:
    path = unpack("v1", tmp_path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM record_2 WHERE seq <= 4")  # as version 1 did: from the oldest on
        db.execute("DELETE FROM record_3")
    spool = Spool(path, quota_bytes=2_000_000_000)
    try:
        assert {c: list(ledger.given_up) for c, ledger in spool.ledgers().items()} == {
            CALL: [],
            NUMERIC: [],
            WAVE: [(1, 4)],
            PART: [(1, 6)],
        }
    finally:
        spool.close()


@every_version
def test_an_old_file_is_of_today_once_it_was_opened(version: str, tmp_path: Path) -> None:
    path = unpack(version, tmp_path)
    with closing(sqlite3.connect(path)) as db:
        (page_bytes,) = db.execute("PRAGMA page_size").fetchone()
        (raw,) = db.execute("SELECT raw FROM record_2 WHERE seq = 1").fetchone()
    with open_spool(path) as spool:
        assert spool.read(WAVE, [1]) == {1: raw}
        parse_record(raw)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(SCHEMA),)
        assert db.execute("PRAGMA page_size").fetchone() == (page_bytes,), "a file keeps its pages"
        names = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert not [name for name in names if name.startswith("sqlite_autoindex_record")]
