"""A box that is revoked, at a real mosquitto: out within 60 s, not in again, and nobody else notices."""

import ssl
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from contract.ids import RecordClass
from contract.sealing import read_hub_key
from contract.signals import BoxState
from edge.clock import BoxClock
from edge.enrolment.enrol_service import Enrolment as Enrolling
from hub.pki.authority import Enrolment
from tests.enrolling import EnrollingHub, files_of, until
from tests.integration.hub.test_broker_access import come_in, connect
from tests.simulators.box import BoxLink, BoxRecords, box_state

pytestmark = pytest.mark.timeout(600)  # its waits have limits of their own, for a loaded machine

OUT_WITHIN_S = 60.0
BY_HAND = "ly-son-02"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EnrollingHub]:
    with EnrollingHub(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


def enrolled(hub: EnrollingHub, station: str, folder: Path) -> Enrolment:
    """Return the files of a box that has come in with a code."""
    (folder / "boot").mkdir(parents=True)
    (folder / "boot" / "haidang.txt").write_text(hub.box_file(hub.claim(station)), encoding="utf-8")
    Enrolling(folder / "data", folder / "boot", BoxClock.read()).run()
    return files_of(folder / "data")


def stored(link: BoxLink, box: BoxRecords) -> None:
    """Send a record, and wait until the hub has it."""
    raw = box.chunk(record_class=RecordClass.NUMERIC)
    link.send(RecordClass.NUMERIC, box.parcel([raw]))
    link.receipt_with(RecordClass.NUMERIC, max(seq for of, seq in box.sent if of is RecordClass.NUMERIC))


def records(station: str, files: Enrolment, spool: int) -> BoxRecords:
    return BoxRecords(station, read_hub_key(files.seal_key.read_bytes()).public, spool=spool)


def refused(hub: EnrollingHub, files: Enrolment) -> bool:
    try:
        connect(files, hub.broker, ca=files.ca)
    except (ConnectionError, ssl.SSLError):
        return True
    return False


def test_a_revoked_box_is_out_within_a_minute_and_cannot_come_back(hub: EnrollingHub, tmp_path: Path) -> None:
    thief, other = enrolled(hub, "con-dao-01", tmp_path / "a"), enrolled(hub, "phu-quy-01", tmp_path / "b")
    box = records("phu-quy-01", other, 7)
    with (
        BoxLink(thief, "con-dao-01.1", port=hub.broker.port) as link,
        BoxLink(other, "phu-quy-01.1", port=hub.broker.port) as neighbour,
    ):
        neighbour.say(box_state(box, connected=True))
        link.say(BoxState(connected=True, spool=f"{5:016x}", boot=1, t_us=1))
        link.receipt()
        began_s = time.monotonic()
        assert hub.hub("revoke", "con-dao-01.1") == "revoked: con-dao-01.1\n"
        assert link.is_closed.wait(OUT_WITHIN_S)
        until(partial(refused, hub, thief), "the list", limit_s=began_s + OUT_WITHIN_S - time.monotonic())
        stored(neighbour, box)
        assert not neighbour.is_closed.is_set()
    assert not refused(hub, other)


def test_a_session_of_the_time_before_lets_nobody_in(hub: EnrollingHub, tmp_path: Path) -> None:
    files = enrolled(hub, "nam-du-01", tmp_path / "a")
    context = ssl.create_default_context(cafile=str(files.ca))
    context.load_cert_chain(files.certificate, files.key)
    session, _ = come_in(context, hub.broker)
    session, is_resumed = come_in(context, hub.broker, session=session)
    assert is_resumed
    hub.hub("revoke", "nam-du-01.1")
    until(partial(refused, hub, files), "the broker to read the list", limit_s=OUT_WITHIN_S)
    with pytest.raises((ConnectionError, ssl.SSLError)):
        come_in(context, hub.broker, session=session)


def test_a_station_that_is_revoked_has_no_box_any_more(hub: EnrollingHub, tmp_path: Path) -> None:
    hub.hub("enrol", BY_HAND, "--out", str(tmp_path / "hand"))
    hand = Enrolment(
        *(tmp_path / "hand" / name for name in ("ca.crt", "station.crt", "station.key", "hub-seal.pub"))
    )
    claimed = enrolled(hub, BY_HAND, tmp_path / "a")
    with (
        BoxLink(hand, BY_HAND, port=hub.broker.port) as first,
        BoxLink(claimed, f"{BY_HAND}.1", port=hub.broker.port) as second,
    ):
        hub.hub("revoke", BY_HAND)
        assert first.is_closed.wait(OUT_WITHIN_S)
        assert second.is_closed.wait(OUT_WITHIN_S)
    for files in (hand, claimed):
        until(partial(refused, hub, files), "the broker to read the list", limit_s=OUT_WITHIN_S)
    spare = enrolled(hub, BY_HAND, tmp_path / "b")  # a new code lets a new box in
    with BoxLink(spare, f"{BY_HAND}.2", port=hub.broker.port) as link:
        box = records(BY_HAND, spare, 9)
        link.say(box_state(box, connected=True))
        stored(link, box)
