"""A power cut at any moment: a few hundred of the states that `./run bench crash` makes by the thousand."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash.campaign import lay_out, run
from tests.crash.checker import Checker
from tests.crash.disk import Disk
from tests.crash.recording import SPOOL, Recording, record

SECONDS = 6  # of each life
STATES = 300
CONTROL_STATES = 100
PREFIXES = 20  # of each run between two syncs


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record(seconds=SECONDS, careless=False)


def test_the_recorded_run_itself_loses_and_doubles_nothing(recording: Recording) -> None:
    assert Checker(recording).flaws().is_good
    end = recording.told[-1]
    assert len(end.records) < sum(end.counters.values()), "room was never made"


def test_whatever_the_disk_did_what_was_told_is_there_once(recording: Recording) -> None:
    tally = run(recording, states=STATES, prefixes_a_window=PREFIXES, seed=1, processes=2)
    assert not (tally.lost or tally.corrupt or tally.duplicated), tally.failures
    assert len(tally.contents) >= STATES
    assert tally.started > STATES // 20


def test_the_same_bench_finds_the_losses_of_a_spool_that_does_not_sync() -> None:
    careless = record(seconds=SECONDS, careless=True)
    tally = run(careless, states=CONTROL_STATES, prefixes_a_window=1, seed=1, processes=2)
    assert len(tally.lost) > CONTROL_STATES // 10


@pytest.fixture
def left(recording: Recording, tmp_path: Path) -> Path:
    """The folder as the recorded run left it."""
    disk = Disk()
    for step in recording.steps:
        disk.take(step)
    lay_out(disk.everything(), tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        ("DELETE FROM record_1 WHERE seq = (SELECT max(seq) FROM record_1)", "lost"),
        ("DELETE FROM record_2 WHERE seq = (SELECT max(seq) FROM record_2)", "lost"),
        ("DELETE FROM draft_slot", "lost"),
        ("DELETE FROM press", "lost"),
        ("DELETE FROM received", "lost"),
        ("DELETE FROM fact WHERE name = 'desired'", "lost"),
        ("UPDATE record_1 SET raw = zeroblob(90) WHERE seq = (SELECT max(seq) FROM record_1)", "corrupt"),
        ("INSERT INTO record_2 VALUES (100000, 1, 1, x'00')", "corrupt"),
        ("UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = 'record_0'", "duplicated"),
        ("INSERT INTO draft_slot SELECT slot + 100, generation, raw FROM draft_slot", "duplicated"),
        ("UPDATE press SET seq = 2", "duplicated"),
    ],
)
def test_the_checker_sees_each_kind_of_harm(recording: Recording, left: Path, harm: str, what: str) -> None:
    checker, promise = Checker(recording), len(recording.told) - 1
    again = left / "again"
    again.mkdir()
    for path in left.glob(f"{SPOOL}*"):
        shutil.copy(path, again)
    assert checker.look(left, promise).is_good
    with closing(sqlite3.connect(again / SPOOL)) as db, db:
        db.execute(harm)
    assert getattr(checker.look(again, promise), what)


def test_a_file_that_is_not_there_or_torn_is_no_good_state(recording: Recording, left: Path) -> None:
    checker, promise = Checker(recording), len(recording.told) - 1
    assert checker.start(left, promise).is_good
    for path in left.glob(f"{SPOOL}-*"):
        path.unlink()
    data = (left / SPOOL).read_bytes()
    (left / SPOOL).write_bytes(data[:4_096] + bytes(40_960) + data[45_056:])
    assert checker.look(left, promise).corrupt
    (left / SPOOL).unlink()
    assert checker.look(left, promise).lost
