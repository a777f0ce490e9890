"""What is asked of a spool inside a machine that is killed: by a program that needs nothing of the house."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from edge.spool.batch import Batch
from tests.integration.edge.spools import event, open_spool, press_batch, wave
from tests.powercut import held as held_module
from tests.powercut.held import held, lacks


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "spool.db"
    with open_spool(path) as spool:
        spool.commit(press_batch(1))
        spool.commit(Batch(entries=[wave(), event()]))
    return path


def test_it_is_carried_in_and_tells_all_in_one_line(path: Path) -> None:
    script = Path(held_module.__file__).read_bytes()
    told = subprocess.run([sys.executable, "-I", "-", path], input=script, check=True, capture_output=True)
    [line] = told.stdout.splitlines()
    now = json.loads(line)
    assert (now["presses"], now["missing"], now["check"]) == ([2], 0, "ok")
    assert now["given"]["2"] == 1
    assert lacks(now, None) == lacks(now, now) == []


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("DELETE FROM record_2", "1 records are not there"),
        ("DELETE FROM press", "the newest press is record 0, and was 2"),
        ("UPDATE sqlite_sequence SET seq = 0 WHERE name = 'record_2'", "class 2 ends at 0 of 1"),
        ("UPDATE fact SET value = '\"75391a405f509287\"' WHERE name = 'spool'", "it is another spool"),
    ],
)
def test_what_is_gone_is_told(path: Path, harm: str, words: str) -> None:
    before = held(str(path))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(harm)
    [told] = lacks(held(str(path)), before)
    assert told.startswith(words)


def test_a_file_that_is_damaged_is_told(path: Path) -> None:
    now = held(str(path))
    assert lacks(now | {"check": "row 1 missing from index"}, now) == [
        "the file is damaged: row 1 missing from index"
    ]


def test_what_was_given_up_is_not_missing(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM record_2")
        db.execute("INSERT INTO given_up VALUES (2, 1, 1)")
    assert lacks(held(str(path)), None) == []


def test_presses_that_the_spool_need_not_know_any_more_are_not_gone(path: Path) -> None:
    """It knows those of the button's last boots."""
    with open_spool(path) as spool:
        for boot in range(6):
            spool.commit(press_batch(1, device_boot=boot + 100))
    now = held(str(path))
    assert len(now["presses"]) == 4
    assert lacks(now, now | {"presses": [2]}) == []
