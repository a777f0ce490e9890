"""A box that lay in a drawer for 200 days comes back by itself: real vitals, broker and hub."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from contract.ids import BoxName, StationId
from tests.enrolled_box import EnrolledBox
from tests.enrolling import EnrollingHub, until

STATION: Final = StationId("con-dao-01")
OFF_DAYS: Final = 200


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[EnrollingHub]:
    (tmp_path / "hub").mkdir()
    with EnrollingHub(tmp_path / "hub") as hub:
        yield hub


def let_expire(hub: EnrollingHub, box: EnrolledBox) -> None:
    """Have the box be what it will be after so many days: in the book, and by its certificate."""
    name = BoxName.parse("con-dao-01.1")
    made = hub.broker.authority.certify(
        name, hub.box(str(name)).key, now=datetime.now(UTC) - timedelta(days=OFF_DAYS)
    )
    (box.data / "keys" / "box.crt").write_text(made.pem, encoding="utf-8")
    hub.age(str(name), days=OFF_DAYS)


@pytest.mark.timeout(600)
def test_a_box_that_was_off_for_200_days_captures_renews_and_sends(hub: EnrollingHub, tmp_path: Path) -> None:
    with EnrolledBox(tmp_path / "box", hub) as box:
        box.enrol(STATION)
        let_expire(hub, box)
        box.vitals.start()
        until(lambda: box.says("has expired; `edge enrol --renew` gets another"), "the broker's refusal")
        box.board.press()
        until(box.has_call, "the press on the card")
        assert hub.presses(STATION) == 0
        assert box.enrolment().renew() == "renewed"  # what the timer runs; `edge vitals` goes on meanwhile
        until(lambda: hub.presses(STATION) == 1, "the press, without a restart")
        assert hub.deeds(STATION)[0] == "box renewed"
