import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contract.ids import BoxName, StationId
from contract.topics import Topic
from edge.config import BoxConfig
from edge.enrolment.box_key import BoxKey
from edge.uplink.mqtt import Connection, Will
from edge.uplink.tls import HubTls
from hub.pki.authority import Authority, key_of_request
from tests.broker import Broker, free_port
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.uplinks import box_config

NOW = datetime.now(UTC)
YEARS = timedelta(days=365)


class Witness:
    """Hears what becomes of one connection."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[str] = asyncio.Queue()

    def on_open(self) -> None:
        pass  # the broker has said nothing yet

    def on_connected(self) -> None:
        self.told.put_nowait("connected")

    def on_disconnected(self, why: str) -> None:
        self.told.put_nowait(why)

    def on_acknowledged(self, message_id: int) -> None:
        self.told.put_nowait(f"acknowledged {message_id}")

    def on_refused(self, why: str) -> None:
        self.told.put_nowait(f"refused: {why}")

    def on_message(self, topic: str, payload: bytes) -> None:
        self.told.put_nowait(f"{topic}: {payload!r}")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker"), stations=["con-dao-01", "ly-son-01"]) as broker:
        yield broker


@pytest.fixture
def config(broker: Broker, tmp_path: Path) -> BoxConfig:
    return box_config(tmp_path, broker.boxes["con-dao-01"], port=broker.port)


async def outcome(config: BoxConfig) -> str:
    """Connect once; return the first that is told."""
    witness = Witness()
    connection = Connection(config, HubTls(config), Will(b"{}"), witness)
    connection.open()
    try:
        async with asyncio.timeout(15):
            return await witness.told.get()
    finally:
        connection.close()


@asynccontextmanager
async def listening(
    on_client: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object],
) -> AsyncIterator[int]:
    """Something that is no broker, on a free port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        on_client(reader, writer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@in_a_loop
async def test_a_good_box_is_taken(config: BoxConfig) -> None:
    assert await outcome(config) == "connected"


@in_a_loop
async def test_a_closed_port_asks_whether_the_hub_runs(config: BoxConfig) -> None:
    port = free_port()
    told = await outcome(replace(config, hub_port=port))
    assert told == f"localhost:{port} answers, but no broker listens there; is the hub running?"


@in_a_loop
async def test_a_name_that_is_not_known_points_at_dns(config: BoxConfig) -> None:
    told = await outcome(replace(config, hub_host="hub.invalid"))
    assert told.startswith("the name hub.invalid is not resolved (")
    assert told.endswith("check [hub] host and the link's DNS")


@in_a_loop
async def test_another_hub_s_authority_is_not_our_hub(config: BoxConfig, tmp_path: Path) -> None:
    other = Broker(tmp_path, stations=["con-dao-01"]).boxes["con-dao-01"]  # never started: only its files
    told = await outcome(replace(config, ca=other.ca))
    assert f"is not our hub: its certificate is not from {other.ca} (" in told
    assert told.endswith("check [hub] host and ca")


@in_a_loop
async def test_a_host_that_the_certificate_does_not_name_is_not_our_hub(config: BoxConfig) -> None:
    told = await outcome(replace(config, hub_host="127.0.0.2"))
    assert "127.0.0.2" in told
    assert "is not our hub" in told or "no broker listens" in told


@in_a_loop
async def test_a_certificate_of_another_authority_is_refused_and_named(
    config: BoxConfig, tmp_path: Path
) -> None:
    other = Broker(tmp_path, stations=["con-dao-01"]).boxes["con-dao-01"]
    told = await outcome(replace(config, certificate=other.certificate, key=other.key))
    assert f"refused the certificate {other.certificate} (" in told
    assert told.endswith("enrol the box again")


@pytest.mark.parametrize(
    "valid",
    [
        pytest.param((NOW + 50 * YEARS, NOW + 51 * YEARS), id="the box's clock stands in the far past"),
        pytest.param((NOW - 3 * YEARS, NOW - 2 * YEARS), id="the box's clock is years ahead"),
    ],
)
def test_no_clock_of_the_box_shuts_it_out(tmp_path: Path, valid: tuple[datetime, datetime]) -> None:
    """To the box a broker's certificate that is not valid yet, or no more, is a clock of its own that is
    wrong.
    """
    broker = Broker(tmp_path, stations=["con-dao-01"])
    (tmp_path / "pki" / "broker.crt").unlink()
    names = ("localhost", "127.0.0.1")
    broker.authority._make_pair(
        "broker", "broker", broker.authority.folder, valid, hosts=names, now=NOW - 200 * YEARS
    )
    with broker:
        config = box_config(tmp_path, broker.boxes["con-dao-01"], port=broker.port)
        assert asyncio.run(outcome(config)) == "connected"


@in_a_loop
async def test_a_certificate_that_has_expired_is_renewed_and_not_enrolled_again(
    config: BoxConfig, broker: Broker, tmp_path: Path
) -> None:
    key = BoxKey.load_or_make(tmp_path / "box.key")
    public = key_of_request(key.request())
    made = broker.authority.certify(BoxName(StationId("con-dao-01")), public, now=NOW - timedelta(days=200))
    (tmp_path / "box.crt").write_text(made.pem)
    told = await outcome(replace(config, certificate=tmp_path / "box.crt", key=tmp_path / "box.key"))
    assert told.endswith(
        f"says that {tmp_path}/box.crt has expired; `edge enrol --renew` gets another by itself"
    )


@in_a_loop
async def test_a_key_of_another_box_is_damaged_files(config: BoxConfig, broker: Broker) -> None:
    told = await outcome(replace(config, key=broker.boxes["ly-son-01"].key))
    assert "is damaged (KEY_VALUES_MISMATCH); enrol the box again" in told


@pytest.mark.parametrize("name", ["ca", "certificate", "key"])
def test_a_missing_file_is_named(config: BoxConfig, tmp_path: Path, name: str) -> None:
    missing = tmp_path / "gone"
    told = asyncio.run(outcome(replace(config, **{name: missing})))  # type: ignore[arg-type]
    assert told == f"{missing}: No such file or directory; enrol the box again"


@pytest.mark.parametrize("name", ["ca", "certificate", "key"])
def test_a_damaged_file_is_damaged_files(config: BoxConfig, tmp_path: Path, name: str) -> None:
    damaged = tmp_path / "damaged"
    damaged.write_bytes(b"-----BEGIN CERTIFICATE-----\nxx\n")
    told = asyncio.run(outcome(replace(config, **{name: damaged})))  # type: ignore[arg-type]
    assert str(damaged) in told
    assert "is damaged (" in told


@in_a_loop
async def test_a_port_that_closes_at_once_points_at_the_port(config: BoxConfig) -> None:
    async with listening(lambda _, writer: writer.transport.abort()) as port:
        told = await outcome(replace(config, hub_port=port))
    assert "closed the connection before it was secure; check [hub] port" in told


@in_a_loop
async def test_a_port_that_speaks_something_else_points_at_the_port(config: BoxConfig) -> None:
    async with listening(lambda _, writer: writer.write(b"220 mail.example ESMTP\r\n" * 20)) as port:
        told = await outcome(replace(config, hub_port=port))
    assert "does not speak our TLS (" in told


@in_a_loop
async def test_a_port_that_says_nothing_does_not_answer(
    config: BoxConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.uplink.tls.HANDSHAKE_TIMEOUT_S", 0.3)
    async with listening(lambda _reader, _writer: None) as port:
        told = await outcome(replace(config, hub_port=port))
    assert told.endswith("does not answer; check the cable, the modem and the link")


@in_a_loop
async def test_a_tls_server_that_is_no_broker_ended_before_it_took_us(
    config: BoxConfig, broker: Broker
) -> None:
    certificate, key = Authority(broker.folder / "pki").pair("broker")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as server:
        told = await outcome(replace(config, hub_port=server.sockets[0].getsockname()[1]))
    assert "ended the connection before it took us (" in told


@in_a_loop
async def test_a_box_under_another_s_name_is_told_that_nothing_it_says_is_taken(
    config: BoxConfig, broker: Broker
) -> None:
    other, witness = broker.boxes["ly-son-01"], Witness()
    config = replace(config, certificate=other.certificate, key=other.key)
    connection = Connection(config, HubTls(config), Will(b"{}"), witness)
    connection.open()
    async with asyncio.timeout(15):
        assert await witness.told.get() == "connected"
        connection.publish(Topic.STATE, b"{}")
        assert await witness.told.get() == "refused: Not authorized"
    connection.close()
