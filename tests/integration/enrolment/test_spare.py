"""A spare takes over, and the old box comes back: two real `edge vitals`, a real mosquitto, `hub serve`."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from contract.ids import StationId
from tests.enrolled_box import EnrolledBox
from tests.enrolling import EnrollingHub, until

pytestmark = pytest.mark.timeout(600)  # its waits have limits of their own, for a loaded machine

STATION: Final = StationId("con-dao-01")
TAKES_OVER_WITHIN_S: Final = 300.0


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnrollingHub]:
    with EnrollingHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


def test_a_spare_takes_over_and_the_old_box_only_hands_in_what_it_has(
    hub: EnrollingHub, tmp_path: Path
) -> None:
    with (
        EnrolledBox(tmp_path / "old", hub) as old,
        EnrolledBox(tmp_path / "spare", hub, serial="10000000abcdef02") as spare,
    ):
        old.enrol(STATION)
        old.vitals.start()
        until(lambda: hub.ask(lambda store: len(store.spools(STATION))) == 1, "the first box")
        old.cable.pull()
        old.board.press()
        until(old.has_call, "the press on the card")
        old.board.release()  # a button that is down when its board starts is a press
        old.cut_power()  # with what it could not send
        assert hub.presses(STATION) == 0

        began_s = time.monotonic()
        spare.enrol(STATION)
        spare.vitals.start()
        until(lambda: hub.ask(lambda store: len(store.spools(STATION))) == 2, "the spare")
        spare.board.press()
        until(lambda: hub.presses(STATION) == 1, "a press of the spare")
        assert time.monotonic() - began_s < TAKES_OVER_WITHIN_S

        old.cable.replug()
        old.restore_power()
        until(lambda: old.says("con-dao-01.2 is the station now"), "the old box to be told")
        until(lambda: hub.presses(STATION) == 2, "the press that waited on the old box")
        until(lambda: old.says("sends what it has, and does nothing else"), "the old box to be idle")
        old.board.press()  # who presses here presses nothing: the board has no host
        until(old.owes_nothing, "all of the old box's spool")
        assert hub.presses(STATION) == 2
        assert old.ask("call") is None  # its panel offers none
        spool = old.spool()
        classes = hub.ask(lambda store: len(store.ranges(STATION, spool)))
        assert classes >= 2  # its press, and what it measured
        assert spare.log.read_text().count("uplink:") == 0  # nobody pushed it out
        assert "already connected" not in (hub.broker.folder / "mosquitto.log").read_text()
