"""The write-ahead log is at full size from the start, keeps its size, and is used again and again."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from contract.ids import RecordClass
from edge.spool.batch import Batch
from edge.spool.schema import record_table
from edge.spool.spool import Spool
from edge.spool.spool_file import CHECKPOINT_BYTES, LOG_BYTES
from tests.integration.edge.spools import open_spool, wave

BIG = wave(count=12_000, seed=1)  # noise: 48 kB that no coder makes smaller
DRAFT = wave(count=500, seed=2)


def log_bytes(folder: Path) -> int:
    return (folder / "spool.db-wal").stat().st_size


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Another program that reads the file and does not end."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM fact").fetchone()
        yield


def write(spool: Spool, size_bytes: int) -> None:
    """Commit so many bytes, a record at a time."""
    for _ in range(-(-size_bytes // len(BIG.body))):
        spool.commit(Batch(entries=[BIG]))


def test_thousands_of_commits_and_many_checkpoints_leave_the_log_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path) as spool:
        sizes, file_bytes = {log_bytes(tmp_path)}, [path.stat().st_size]
        for _ in range(30):
            for _ in range(99):
                spool.commit(Batch(drafts=[DRAFT]))
            spool.commit(Batch(entries=[BIG] * 8, drops_drafts=True))
            sizes.add(log_bytes(tmp_path))
            file_bytes.append(path.stat().st_size)
        assert sizes == {LOG_BYTES}
        assert len(set(file_bytes)) > 3, "there were no checkpoints to watch"


def test_a_log_that_a_killed_process_left_is_neither_made_again_nor_shortened(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path) as spool:
        spool.commit(Batch(entries=[wave()]))
        left = {file.name: file.read_bytes() for file in tmp_path.iterdir() if "spool.db" in file.name}
    after = tmp_path / "after"
    after.mkdir()
    for name, data in left.items():
        (after / name).write_bytes(data)
    with open_spool(after / "spool.db") as spool:
        assert log_bytes(after) == LOG_BYTES
        assert spool.read(RecordClass.WAVEFORM, [1])


def test_a_commit_larger_than_the_log_makes_it_larger_once(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        spool.commit(Batch(entries=[BIG] * 150))
        grown = log_bytes(tmp_path)
        assert 7_000_000 < grown < 9_000_000
        write(spool, 2 * LOG_BYTES)
        spool.commit(Batch(entries=[BIG] * 100))
        assert log_bytes(tmp_path) == grown


def test_a_reader_lets_the_log_grow_only_while_it_reads_and_is_told_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path) as spool:
        with reading(path):
            write(spool, 2 * LOG_BYTES)
            spool.tend()
            spool.tend()
        grown = log_bytes(tmp_path)
        assert grown > 2 * LOG_BYTES
        write(spool, 4 * LOG_BYTES)
        assert log_bytes(tmp_path) < grown + CHECKPOINT_BYTES // 2
        spool.tend()
    told = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    assert len([text for text in told if "another program reads it and does not end" in text]) == 1


def test_no_record_table_has_a_second_index(tmp_path: Path) -> None:
    """Each would cost a page or two of every commit."""
    with open_spool(tmp_path / "spool.db"):
        pass
    with closing(sqlite3.connect(tmp_path / "spool.db")) as db:
        indexed = {of for (of,) in db.execute("SELECT tbl_name FROM sqlite_master WHERE type = 'index'")}
        triggers = db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    assert not indexed & {"draft_slot", *map(record_table, RecordClass)}
    assert not triggers
