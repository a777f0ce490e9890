"""A box that is the station no more, beside the one that is: what it sends is kept, and is not of now."""

import queue
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract.ids import BoxName, BoxNo, RecordClass, StationId
from contract.receipts import Receipt
from contract.sealing import read_hub_key
from contract.signals import BoxState, Replaced, parse_signal
from contract.topics import Topic
from hub.config import Config
from hub.people.accounts import Accounts
from tests.broker import Broker
from tests.running_hub import HubThread, hub_config
from tests.simulators.box import WAIT_LIMIT_S, BoxLink, BoxRecords, box_state

STATION = StationId("con-dao-01")
FORMER, CURRENT = "con-dao-01.1", "con-dao-01.2"
CALL, NUMERIC, _, _ = RecordClass


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as broker:
        for name in (FORMER, CURRENT):
            broker.boxes[name] = broker.authority.enrol(StationId(name), tmp_path / name, now=_now())
        yield broker


@pytest.fixture
def config(broker: Broker) -> Config:
    """A hub in whose book both boxes stand."""
    config = hub_config(broker)
    with closing(Accounts(config.accounts_path)) as accounts:
        for key in (b"1", b"2"):
            accounts.boxes.let_in(STATION, key=key, serial="", by="Lan", now_utc_s=1.0)
    return config


def _now() -> datetime:
    return datetime.now(UTC)


def records(broker: Broker, name: str, *, spool: int) -> BoxRecords:
    key = read_hub_key(broker.boxes[name].seal_key.read_bytes())
    return BoxRecords(STATION, key.public, spool=spool)


def replaced(link: BoxLink) -> Replaced:
    while True:
        topic, payload = link.messages.get(timeout=WAIT_LIMIT_S)
        signal = parse_signal(payload)
        if topic == f"v1/{FORMER}/down/signal" and isinstance(signal, Replaced):
            return signal


def test_what_a_former_box_has_is_stored_and_it_is_told(broker: Broker, config: Config) -> None:
    old = records(broker, FORMER, spool=1)
    with HubThread(config) as hub, BoxLink(broker.boxes[FORMER], FORMER, port=broker.port) as link:
        link.say(box_state(old, connected=True))
        assert link.receipt().spool == old.spool
        assert replaced(link).by == CURRENT
        link.send(CALL, old.parcel([old.key(), old.press()]))
        link.receipt_with(CALL, 2)
        told = [hub.committed.get(timeout=WAIT_LIMIT_S) for _ in range(2)]
        assert all(one.arrival.station == STATION and one.arrival.by_former for one in told)
        assert not any(one.arrival.is_heard for one in told)
        assert hub.signals.empty()  # no room hears that it is there
        assert len(hub.read(lambda store: store.events(STATION, names=["press"]))) == 1


def test_the_two_boxes_of_a_station_do_not_hear_one_another(broker: Broker, config: Config) -> None:
    old, new = records(broker, FORMER, spool=1), records(broker, CURRENT, spool=2)
    with (
        HubThread(config) as hub,
        BoxLink(broker.boxes[CURRENT], CURRENT, port=broker.port) as current,
        BoxLink(broker.boxes[FORMER], FORMER, port=broker.port) as former,
    ):
        current.say(box_state(new, connected=True))
        former.say(box_state(old, connected=True))
        assert {current.receipt().spool, former.receipt().spool} == {new.spool, old.spool}
        assert replaced(former).by == CURRENT
        heard = hub.signals.get(timeout=WAIT_LIMIT_S).signal
        assert isinstance(heard, BoxState) and heard.spool == f"{new.spool:016x}"
        former.publish(f"v1/{FORMER}/state", b"")  # it goes, and comes, and goes
        former.say(box_state(old, connected=False))
        former.send(NUMERIC, old.parcel([old.chunk(record_class=NUMERIC)]))
        receipt: Receipt = former.receipt_with(NUMERIC, 1)
        assert receipt.spool == old.spool
        assert hub.signals.empty()
        with pytest.raises(queue.Empty):
            current.messages.get_nowait()
        assert not current.is_closed.is_set() and not former.is_closed.is_set()


def test_a_revoked_box_is_not_heard_even_before_the_broker_has_shut_it_out(
    broker: Broker, config: Config
) -> None:
    old = records(broker, FORMER, spool=1)
    with HubThread(config) as hub, BoxLink(broker.boxes[FORMER], FORMER, port=broker.port) as link:
        desk = hub.hub.enrolment  # it does not run: nobody shuts anybody out
        assert desk is not None
        name = BoxName(STATION, BoxNo(1))
        assert hub.wait_for(lambda _: desk.revoke(name, by="Lan")) == [name]
        link.say(box_state(old, connected=True))
        link.send(CALL, old.parcel([old.key()]))
        hub.wait_until(lambda one: one.ingest_state().first_refusal_text is not None)
        text = hub.hub.ingest_state().first_refusal_text or ""
        assert f"box {FORMER} is revoked" in text
        assert hub.committed.empty() and hub.signals.empty()


def test_a_box_that_came_in_after_the_backup_is_the_station(broker: Broker, config: Config) -> None:
    later = f"{STATION}.3"
    broker.boxes[later] = broker.authority.enrol(StationId(later), broker.folder / later, now=_now())
    box = records(broker, later, spool=3)
    with HubThread(config) as hub, BoxLink(broker.boxes[later], later, port=broker.port) as link:
        link.say(box_state(box, connected=True))
        assert link.receipt().spool == box.spool
        signal = hub.signals.get(timeout=WAIT_LIMIT_S)
        assert signal.station == STATION
        link.send(CALL, box.parcel([box.key()]))
        link.receipt_with(CALL, 1)
        assert not hub.committed.get(timeout=WAIT_LIMIT_S).arrival.by_former
        assert hub.do(lambda one: one.publish_signal(STATION, Topic.SIGNAL, b"{}"))
        assert link.messages.get(timeout=WAIT_LIMIT_S) == (f"v1/{later}/down/signal", b"{}")
    with closing(Accounts(config.accounts_path)) as accounts:
        assert [box.name.box for box in accounts.boxes.boxes(STATION)] == [3, 2, 1]
