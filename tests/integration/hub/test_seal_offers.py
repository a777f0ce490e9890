"""What a running hub says of its newest seal key, to whom, and what a key that comes late opens."""

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.events import LeadState
from contract.ids import RecordClass
from contract.seal_offers import check_offer
from contract.signals import SealKey, parse_signal
from hub.config import Config
from tests.broker import Broker
from tests.running_hub import HubThread, hub_config, read_store
from tests.simulators.box import WAIT_LIMIT_S, BoxLink, BoxRecords, box_state

CON_DAO = "con-dao-01"
CALL, NUMERIC, _, _ = RecordClass
LEADS = LeadState(device="board-1", off=(1,))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path, stations=[CON_DAO]) as broker:
        broker.authority.seal_keys.rotate()
        yield broker


@pytest.fixture
def config(broker: Broker) -> Config:
    return hub_config(broker)


def box_of(broker: Broker, number: int, *, key_id: int = 1) -> BoxRecords:
    public = broker.authority.seal_keys.read()[number].public_key()
    return BoxRecords(CON_DAO, public, hub_key_number=number, key_id=key_id)


def new_link(broker: Broker) -> BoxLink:
    return BoxLink(broker.boxes[CON_DAO], CON_DAO, port=broker.port)


def offered(link: BoxLink, broker: Broker) -> int:
    """Wait for an offer, check it as a box does, return its number."""
    topic, payload = link.messages.get(timeout=WAIT_LIMIT_S)
    assert topic == f"v1/{CON_DAO}/down/signal"
    signal = parse_signal(payload)
    assert isinstance(signal, SealKey)
    hub_key = check_offer(signal, ca_pem=broker.authority.ca.read_bytes())
    assert hub_key == broker.authority.seal_keys.newest()
    return hub_key.number


def test_a_box_whose_key_is_for_an_older_one_is_offered_the_newest_when_the_key_comes_and_at_each_hello(
    broker: Broker, config: Config
) -> None:
    box = box_of(broker, 1)
    with HubThread(config), new_link(broker) as link:
        link.say(box_state(box, connected=True))  # nobody knows yet what it seals to
        link.receipt()
        link.send(CALL, box.parcel([box.key()]))
        link.receipt_with(CALL, 1)
        assert offered(link, broker) == 2
        for _ in range(2):
            link.say(box_state(box, connected=True))
            assert offered(link, broker) == 2


def test_a_box_that_seals_to_the_newest_is_offered_nothing_until_there_is_another(
    broker: Broker, config: Config
) -> None:
    box = box_of(broker, 2)
    with HubThread(config) as hub, new_link(broker) as link:
        link.send(CALL, box.parcel([box.key()]))
        link.receipt_with(CALL, 1)
        link.say(box_state(box, connected=True))
        link.receipt()
        hub.read(lambda _: None)  # whoever asks the store after the hello has been answered by now
        with pytest.raises(queue.Empty):
            link.messages.get(timeout=0.5)
        broker.authority.seal_keys.rotate()
        assert offered(link, broker) == 3, "a box that is there need not say hello again"


def test_a_key_that_is_put_back_while_the_hub_runs_opens_what_waited_for_it(
    broker: Broker, config: Config
) -> None:
    lost = X25519PrivateKey.generate()
    box = BoxRecords(CON_DAO, lost.public_key(), hub_key_number=3)
    with HubThread(config) as hub, new_link(broker) as link:
        link.send(CALL, box.parcel([box.key()]))
        link.receipt_with(CALL, 1)
        link.send(NUMERIC, box.parcel([box.event(LEADS)]))
        told = [hub.committed.get(timeout=WAIT_LIMIT_S) for _ in range(2)]
        assert told[1].arrival.event is None
        broker.authority.seal_keys.add(3, lost.private_bytes_raw(), made_utc_s=1.0)
        assert hub.committed.get(timeout=WAIT_LIMIT_S).arrival.event == LEADS
    with read_store(config) as store:
        assert [stored.event for stored in store.events(box.station, names=["leads"])] == [LEADS]
        assert store.waiting_keys() == []
