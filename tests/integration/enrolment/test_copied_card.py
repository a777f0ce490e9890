"""A card that was copied, in two machines at once, and one that was moved: real boxes, broker and hub."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.chunks import decode_chunk
from contract.events import Press
from contract.ids import RecordClass, StationId
from hub.ingest.keyring import KeyRing
from hub.pki.authority import Authority
from hub.store.sqlite import SqliteStore
from tests.enrolled_box import EnrolledBox
from tests.enrolling import EnrollingHub, until
from tests.running_hub import read_store

COPIED, MOVED = StationId("con-dao-01"), StationId("phu-quy-01")
OURS, THEIRS = "10000000abcdef01", "1000000012345678"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnrollingHub]:
    with EnrollingHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture
def ours(hub: EnrollingHub, tmp_path: Path) -> Iterator[EnrolledBox]:
    with EnrolledBox(tmp_path / "ours", hub, serial=OURS) as box:
        yield box


@pytest.fixture
def theirs(hub: EnrollingHub, tmp_path: Path) -> Iterator[EnrolledBox]:
    with EnrolledBox(tmp_path / "theirs", hub, serial=THEIRS) as box:
        yield box


class AtHub:
    """What the hub has of a station."""

    def __init__(self, hub: EnrollingHub, station: StationId) -> None:
        self._hub, self._station = hub, station

    def presses(self) -> Counter[tuple[str, int, int]]:
        """How often it has each press."""
        with read_store(self._hub.config) as store:
            events = [one.event for one in store.events(self._station, names=["press"])]
        pressed = [one for one in events if isinstance(one, Press)]
        return Counter((one.device, one.device_boot, one.press_count) for one in pressed)

    def spools(self) -> int:
        with read_store(self._hub.config) as store:
            return len(store.spools(self._station))

    def holes(self) -> list[tuple[str, list[tuple[int, int]]]]:
        """The classes of spools of which it lacks a record below the last."""
        with read_store(self._hub.config) as store:
            held = {spool: store.ranges(self._station, spool) for spool in store.spools(self._station)}
        return [
            (f"{spool:016x}", list(ranges))
            for spool, classes in held.items()
            for ranges in classes.values()
            if len(list(ranges)) != 1 or next(iter(ranges))[0] != 1
        ]

    def doubled_samples(self) -> int:
        """How many samples it has more than once."""
        ring = KeyRing(Authority(self._hub.config.pki_folder).seal_keys.read())
        with read_store(self._hub.config) as store:
            held = self._samples(store, ring)
        assert held
        return sum(count - 1 for count in held.values())

    def _samples(self, store: SqliteStore, ring: KeyRing) -> Counter[tuple[int, ...]]:
        held = Counter[tuple[int, ...]]()
        for spool in store.spools(self._station):
            for one in store.chunks(self._station, spool, record_class=RecordClass.WAVEFORM):
                header = one.record.header
                opener = ring.opener(store.key_event, self._station, spool, header.key_id)
                assert opener is not None
                for column in decode_chunk(opener.open(one.record), t_us=header.t_us):
                    name = (spool, header.boot, header.stream_set, column.stream)
                    last = column.first_index + len(column.samples)
                    held.update((*name, index) for index in range(column.first_index, last))
        return held

    def alerts(self) -> list[tuple[str, str]]:
        """Rule and subject of the open alerts."""
        with read_store(self._hub.config) as store:
            rows = store.alerts.open_alerts()
        return [
            (one.rule, json.loads(one.kept)["about"])
            for one in rows
            if one.place == f"station:{self._station}"
        ]


def a_card_with_a_press_that_was_not_sent(box: EnrolledBox, station: StationId, at_hub: AtHub) -> None:
    box.enrol(station)
    box.vitals.start()
    until(lambda: at_hub.spools() == 1, "the box")
    box.cable.pull()
    box.board.press()
    until(box.has_call, "the press on the card")
    box.board.release()  # a button that is down when its board starts is a press
    box.cut_power()
    box.cable.replug()


def empty(box: EnrolledBox) -> None:
    """Return when the hub has all that a box has: no call goes on and no samples come."""
    until(lambda: box.ask("spool status") is not None, "its answer")
    box.board.unplug()
    if box.has_call():
        box.ask("cancel call")
    until(box.owes_nothing, f"all of {box.serial}")


@pytest.mark.timeout(900)
def test_two_machines_with_one_card_are_told_and_nothing_of_either_is_lost_or_doubled(
    hub: EnrollingHub, ours: EnrolledBox, theirs: EnrolledBox
) -> None:
    at_hub = AtHub(hub, COPIED)
    a_card_with_a_press_that_was_not_sent(ours, COPIED, at_hub)
    theirs.take_card_of(ours)
    ours.restore_power()
    until(lambda: len(at_hub.presses()) == 1, "the press of before")
    empty(ours)  # what is sent by now, the copy sends a second time
    theirs.vitals.start()
    until(lambda: "copied" in dict(at_hub.alerts()), "the alert")
    about = dict(at_hub.alerts())["copied"]
    assert about.startswith("con-dao-01.1: ") and OURS in about and THEIRS in about
    ours.board.replug()
    for box in (ours, theirs):
        box.board.press()
    until(lambda: len(at_hub.presses()) == 3, "one of each")
    theirs.vitals.stop()
    empty(ours)
    ours.vitals.stop()
    theirs.vitals.start()
    empty(theirs)
    theirs.vitals.stop()
    assert set(at_hub.presses().values()) == {1}
    assert at_hub.spools() == 2
    assert at_hub.holes() == []
    assert at_hub.doubled_samples() == 0
    assert "other content" not in (hub.broker.folder / "hub.log").read_text()


@pytest.mark.timeout(900)
def test_a_card_that_is_moved_to_and_fro_is_no_copy_and_all_of_it_arrives_once(
    hub: EnrollingHub, ours: EnrolledBox, theirs: EnrolledBox
) -> None:
    at_hub = AtHub(hub, MOVED)
    a_card_with_a_press_that_was_not_sent(ours, MOVED, at_hub)
    theirs.take_card_of(ours)
    theirs.vitals.start()
    until(lambda: at_hub.spools() == 2 and len(at_hub.presses()) == 1, "the press of before")
    theirs.board.press()
    until(lambda: len(at_hub.presses()) == 2, "one of the other machine")
    theirs.board.release()
    theirs.cut_power()
    ours.take_card_of(theirs)
    ours.restore_power()
    until(lambda: at_hub.spools() == 3, "the card back in the first machine")
    empty(ours)
    until(lambda: at_hub.holes() == [], "what lies in former spools")
    ours.vitals.stop()
    assert set(at_hub.presses().values()) == {1}
    assert at_hub.doubled_samples() == 0
    assert "phu-quy-01" not in "".join(
        line for line in (hub.broker.folder / "hub.log").read_text().splitlines() if "two machines" in line
    )
