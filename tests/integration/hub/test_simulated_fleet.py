"""A hundred simulated stations, a real hub, a broker that is killed: nothing is missing, nothing there twice.

And the accounts themselves: what is taken out of the store, or put in, is found.
"""

import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.fleet.accounts import Account, account_of
from tests.fleet.stage import Stage

pytestmark = pytest.mark.timeout(600)  # its waits have limits of their own, for a loaded machine

STATIONS = 100
LIMIT_S = 90.0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """The folder of a run, and how often somebody pressed in it."""
    folder = tmp_path_factory.mktemp("fleet")
    with Stage(folder, STATIONS) as stage:
        stage.begin("--every", "2", "--presses-per-hour", "3600", "--outages-per-hour", "20", "--seed", "1")
        stage.wait(lambda line: line["arrived"] == STATIONS, limit_s=LIMIT_S, what="all stations")
        sent = stage.wait(lambda line: line["outages"] >= 3, limit_s=LIMIT_S, what="links that fell")[
            "parcels"
        ]
        os.kill(
            stage.broker.pid, signal.SIGSTOP
        )  # from now on nothing is acknowledged: it is killed in the midst
        stage.wait(lambda line: line["parcels"] > sent + STATIONS, limit_s=LIMIT_S, what="parcels on the way")
        stage.kill_broker()
        back = stage.wait(lambda line: line["falls_over"] == 1, limit_s=LIMIT_S, what="all stations again")
        confirmed = back["presses_confirmed"]
        stage.wait(lambda line: line["presses_confirmed"] > confirmed, limit_s=LIMIT_S, what="a press")
        numbers = stage.end(limit_s=LIMIT_S)
    assert numbers["records_owed"] == 0
    assert numbers["records_resent"] > 0
    assert numbers["records_refused"] == numbers["refused_by_broker"] == 0
    assert numbers["presses_confirmed"] == numbers["presses"]
    yield folder, numbers["presses"]


@pytest.fixture
def copy(run: tuple[Path, int], tmp_path: Path) -> tuple[Path, int]:
    """The run, to be spoiled."""
    for name in ("store", "ledger.json"):
        source = run[0] / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    return tmp_path, run[1]


def account(run: tuple[Path, int]) -> Account:
    return account_of(run[0] / "ledger.json", run[0] / "store", presses=run[1])


def test_nothing_is_lost_or_doubled_when_links_fall_and_the_broker_dies(run: tuple[Path, int]) -> None:
    found = account(run)
    assert found.made == found.stored > STATIONS * 7
    assert found == Account(made=found.made, stored=found.stored, calls=run[1])


def test_a_record_that_is_not_in_the_store_is_found_missing(copy: tuple[Path, int]) -> None:
    with closing(sqlite3.connect(copy[0] / "store" / "hub.db")) as db, db:
        db.execute(
            "DELETE FROM record WHERE (spool_no, class, seq) ="
            " (SELECT spool_no, class, seq FROM record WHERE class = 2 LIMIT 1)"
        )
    found = account(copy)
    assert (found.lost, found.lied, found.duplicated) == (1, 1, 0)


def test_a_record_that_nobody_made_and_a_body_under_two_names_are_found(copy: tuple[Path, int]) -> None:
    ledger = json.loads((copy[0] / "ledger.json").read_text())
    one = next(one for one in ledger["stations"] if one["highest"].get("2", 0) > 2)
    with closing(sqlite3.connect(copy[0] / "store" / "hub.db")) as db, db:
        (spool_no,) = db.execute("SELECT no FROM spool WHERE spool = ?", (one["spool"],)).fetchone()
        db.execute(
            "UPDATE record SET (segment, start, length) ="
            " (SELECT segment, start, length FROM record WHERE spool_no = ? AND class = 2 AND seq = 1)"
            " WHERE spool_no = ? AND class = 2 AND seq = 2",
            (spool_no, spool_no),
        )
    assert (account(copy).duplicated, account(copy).nobodys) == (1, 0)
    one["highest"]["2"] -= 1
    (copy[0] / "ledger.json").write_text(json.dumps(ledger))
    assert account(copy).nobodys == 1


def test_a_press_that_is_no_call_and_one_that_is_two_are_found(run: tuple[Path, int]) -> None:
    folder, presses = run
    assert account((folder, presses + 1)).lost == 1
    assert account((folder, presses - 1)).duplicated == 1
