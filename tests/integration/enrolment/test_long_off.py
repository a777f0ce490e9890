"""A box that lay in a drawer for 200 days comes back by itself: real vitals, broker and hub."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from contract.ids import BoxName, StationId
from hub.store.sqlite import SqliteStore
from tests.enrolled_box import EnrolledBox
from tests.enrolling import EnrollingHub
from tests.running_hub import read_store

STATION: Final = StationId("con-dao-01")
OFF_DAYS: Final = 200
LIMIT_S: Final = 60.0


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[EnrollingHub]:
    (tmp_path / "hub").mkdir()
    with EnrollingHub(tmp_path / "hub") as hub:
        yield hub


def until(is_so: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited in vain for {what}"
        time.sleep(0.05)


def ask(hub: EnrollingHub, question: Callable[[SqliteStore], int]) -> int:
    with read_store(hub.config) as store:
        return question(store)


def presses(store: SqliteStore) -> int:
    return len(store.events(STATION, names=["press"]))


def let_expire(hub: EnrollingHub, box: EnrolledBox) -> None:
    """Have the box be what it will be after so many days: in the book, and by its certificate."""
    name = BoxName.parse("con-dao-01.1")
    made = hub.broker.authority.certify(
        name, hub.box(str(name)).key, now=datetime.now(UTC) - timedelta(days=OFF_DAYS)
    )
    (box.data / "keys" / "box.crt").write_text(made.pem, encoding="utf-8")
    hub.age(str(name), days=OFF_DAYS)


@pytest.mark.timeout(240)
def test_a_box_that_was_off_for_200_days_captures_renews_and_sends(hub: EnrollingHub, tmp_path: Path) -> None:
    with EnrolledBox(tmp_path / "box", hub) as box:
        box.enrol(STATION)
        let_expire(hub, box)
        box.vitals.start()
        until(lambda: box.says("has expired; `edge enrol --renew` gets another"), "the broker's refusal")
        box.board.press()
        until(box.has_call, "the press on the card")
        assert ask(hub, presses) == 0
        assert box.enrolment().renew() == "renewed"  # what the timer runs; `edge vitals` goes on meanwhile
        until(lambda: ask(hub, presses) == 1, "the press, without a restart")
        assert hub.deeds(STATION)[0] == "box renewed"
