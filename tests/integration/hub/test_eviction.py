"""The hub under the name of a box, at a real mosquitto: who is there is pushed out; was the list read?"""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract.ids import BoxName, StationId
from hub.enrolment.eviction import Eviction
from tests.broker import Broker
from tests.simulators.box import WAIT_LIMIT_S, BoxLink

CON_DAO, LY_SON = "con-dao-01", "ly-son-02"
BOX = BoxName(StationId(CON_DAO))


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker"), stations=[CON_DAO, LY_SON]) as broker:
        yield broker


@pytest.fixture
def eviction(broker: Broker) -> Eviction:
    return Eviction(broker.authority, address=("127.0.0.1", broker.port))


def test_the_connection_of_that_name_ends_and_no_other(broker: Broker, eviction: Eviction) -> None:
    with (
        BoxLink(broker.boxes[CON_DAO], CON_DAO, port=broker.port) as box,
        BoxLink(broker.boxes[LY_SON], LY_SON, port=broker.port) as other,
    ):
        asyncio.run(eviction.evict(BOX, broker.authority.visit_as(BOX, now=datetime.now(UTC))))
        assert box.is_closed.wait(WAIT_LIMIT_S)
        assert not other.is_closed.is_set()


def test_a_list_is_in_force_once_the_broker_has_read_it(broker: Broker, eviction: Eviction) -> None:
    visitor = broker.authority.visit_as(BOX, now=datetime.now(UTC))
    assert broker.authority.revoke([visitor.serial_number])
    assert not broker.authority.revoke([visitor.serial_number])
    assert not asyncio.run(eviction.is_in_force(visitor))
    os.kill(broker.pid, signal.SIGHUP)
    deadline_s = time.monotonic() + WAIT_LIMIT_S
    while not asyncio.run(eviction.is_in_force(visitor)):
        assert time.monotonic() < deadline_s, "it was never read"
    with pytest.raises(ConnectionError, match=r"does not let the hub in as con-dao-01"):
        asyncio.run(eviction.evict(BOX, visitor))


def test_a_broker_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    broker = Broker(tmp_path)  # never started
    eviction = Eviction(broker.authority, address=("127.0.0.1", broker.port))
    with pytest.raises(OSError, match="Connect call failed"):
        asyncio.run(eviction.evict(BOX, broker.authority.visit_as(BOX, now=datetime.now(UTC))))
