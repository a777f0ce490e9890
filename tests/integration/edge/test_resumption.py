"""TLS sessions are resumed with the real broker, and only where they may be."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract.ids import StationId
from contract.topics import Topic
from edge.config import BoxConfig
from edge.uplink.mqtt import Connection, Will
from edge.uplink.tls import HubTls
from tests.broker import Broker
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.test_connection_faults import Witness
from tests.integration.edge.uplinks import box_config
from tests.simulators.cable import Cable


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Broker(folder, stations=["con-dao-01"]) as broker:
        yield broker


async def connect(config: BoxConfig, tls: HubTls) -> bool:
    """Connect, have something acknowledged, end; return whether the session before was resumed."""
    witness = Witness()
    connection = Connection(config, tls, Will(b"{}"), witness)
    connection.open()
    try:
        async with asyncio.timeout(30):
            assert await witness.told.get() == "connected"
            message = connection.publish(Topic.STATE, b"{}")
            assert await witness.told.get() == f"acknowledged {message}"
        assert connection._socket is not None
        return bool(connection._socket.session_reused)
    finally:
        connection.close()


@in_a_loop
async def test_a_session_is_resumed_and_the_broker_still_knows_who_it_is(
    broker: Broker, tmp_path: Path
) -> None:
    with Cable(broker.port) as cable:
        config = box_config(tmp_path, broker.boxes["con-dao-01"], port=cable.port)
        tls = HubTls(config)
        costs = []
        for is_resumed in (False, True, True):
            before = (cable.up_bytes, cable.down_bytes)
            assert await connect(config, tls) is is_resumed
            costs.append((cable.up_bytes - before[0], cable.down_bytes - before[1]))
    (full_up, full_down), (up, down), _ = costs
    assert full_up - up > 300
    assert full_down - down > 1_000


@in_a_loop
async def test_a_broker_that_has_forgotten_the_session_is_met_anew(broker: Broker, tmp_path: Path) -> None:
    config = box_config(tmp_path, broker.boxes["con-dao-01"], port=broker.port)
    tls = HubTls(config)
    assert await connect(config, tls) is False
    broker.kill()
    broker.start()
    assert await connect(config, tls) is False
    assert await connect(config, tls) is True


@in_a_loop
@pytest.mark.parametrize("file", ["certificate", "ca"])
async def test_changed_files_resume_nothing(broker: Broker, tmp_path: Path, file: str) -> None:
    given = broker.boxes["con-dao-01"]
    copies = replace(
        given, ca=tmp_path / "ca.crt", certificate=tmp_path / "box.crt", key=tmp_path / "box.key"
    )
    for name in ("ca", "certificate", "key"):
        getattr(copies, name).write_bytes(getattr(given, name).read_bytes())
    config = box_config(tmp_path, copies, port=broker.port)
    tls = HubTls(config)
    assert await connect(config, tls) is False
    assert await connect(config, tls) is True
    if file == "ca":  # another authority is trusted besides, as while one is being replaced
        (tmp_path / "other").mkdir()
        other = Broker(tmp_path / "other")  # never started: only its files
        copies.ca.write_bytes(given.ca.read_bytes() + other.authority.ca.read_bytes())
    else:
        folder = tmp_path / "anew"
        anew = broker.authority.enrol(StationId("con-dao-01"), folder, now=datetime.now(UTC))
        copies.certificate.write_bytes(anew.certificate.read_bytes())
        copies.key.write_bytes(anew.key.read_bytes())
    assert await connect(config, tls) is False
    assert await connect(config, tls) is True


@in_a_loop
async def test_a_handshake_that_failed_is_not_tried_with_the_same_session_again(
    broker: Broker, tmp_path: Path
) -> None:
    config = box_config(tmp_path, broker.boxes["con-dao-01"], port=broker.port)
    tls = HubTls(config)
    assert await connect(config, tls) is False
    tls.forget_session()
    assert await connect(config, tls) is False
