"""One port, and behind it the real broker, the real console and the real relay, each for who asks for it."""

import asyncio
import base64
import contextlib
import hashlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aioice import stun, turn
from aioice.ice import get_host_addresses
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from contract.enrolment import Nonce, Renewal
from contract.front import ALPN_RELAY, ALPN_WEB
from contract.media import IceServer
from edge.enrolment import hub_desk
from edge.enrolment.hub_desk import HubDesk
from edge.errors import EnrolmentError
from edge.hub_tls import hub_context
from edge.uplink.mqtt import Connection, Will
from edge.uplink.tls import HubTls
from hub.config import Config, read_config
from hub.front.cli import front_config
from hub.front.haproxy import haproxy_config
from hub.front.relay import with_relay
from hub.pki.authority import Authority
from hub.rooms.turn import LIFETIME_S, ice_servers
from tests.broker import Broker, free_port
from tests.browser import chromium
from tests.front import Front, front_table
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.uplinks import box_config
from tests.integration.edge.video.peers import until
from tests.simulators.links.link import NETWORK
from tests.village.process import Process
from tests.village.village import wait_for_port

# Of this machine: a relay carries nothing to loopback. Links of other tests come and go.
HERE = next(
    one for one in get_host_addresses(use_ipv4=True, use_ipv6=False) if not one.startswith(f"{NETWORK}.")
)
STRANGER = "127.0.0.77"
STATION = "con-dao-01"
NOW_UTC_S = datetime.now(UTC).timestamp()
LIMIT_S = 15.0


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    broker = Broker(tmp_path_factory.mktemp("hub"), stations=[STATION])
    broker.authority.make(names=[HERE], now=datetime.now(UTC))
    with broker:
        yield broker


@pytest.fixture(scope="module")
def config(broker: Broker) -> Iterator[Config]:
    """A hub that runs, with a front in its configuration."""
    path, console = broker.folder / "hub.toml", free_port()
    path.write_text(
        f"""[broker]
port = {broker.port}
[console]
port = {console}
names = ["{HERE}"]
{front_table(HERE, port=free_port())}"""
    )
    hub = Process(["hub", "serve", "--config", str(path)], log=broker.folder / "hub.log")
    hub.start()
    try:
        wait_for_port(console, process=hub, limit_s=60.0)
        yield with_relay(read_config(path))
    finally:
        hub.stop()


@pytest.fixture(scope="module")
def front(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with Front(config, tmp_path_factory.mktemp("front")) as front:
        yield front


class Box:
    """Hears whether the broker takes it."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[str] = asyncio.Queue()

    def on_open(self) -> None: ...

    def on_connected(self) -> None:
        self.told.put_nowait("connected")

    def on_disconnected(self, why: str) -> None:
        self.told.put_nowait(why)

    def on_acknowledged(self, message_id: int) -> None: ...

    def on_refused(self, why: str) -> None: ...

    def on_message(self, topic: str, payload: bytes) -> None: ...


async def connect_box(broker: Broker, port: int, folder: Path, *, limit_s: float = LIMIT_S) -> str:
    """Connect as a box does; return what is told first."""
    box, settings = Box(), box_config(folder, broker.boxes[STATION], port=port, host=HERE)
    connection = Connection(settings, HubTls(settings), Will(b"{}"), box)
    connection.open()
    try:
        async with asyncio.timeout(limit_s):
            return await box.told.get()
    finally:
        connection.close()


def get(
    config: Config, port: int, path: str, *, alpn: list[str], host: str = HERE, client: str = ""
) -> tuple[int, bytes]:
    """Ask the console as a browser does, one at the address `client`."""
    context = hub_context((config.pki_folder / "ca.crt").read_bytes())
    context.set_alpn_protocols(alpn)
    line = HTTPSConnection(host, port, timeout=LIMIT_S, context=context, source_address=(client, 0))
    with closing(line):
        line.request("GET", path)
        answer = line.getresponse()
        return answer.status, answer.read()


def log_in(config: Config, port: int, *, client: str) -> tuple[int, bytes]:
    """Try a wrong password from `client`."""
    context = hub_context((config.pki_folder / "ca.crt").read_bytes())
    context.set_alpn_protocols([ALPN_WEB])
    line = HTTPSConnection(HERE, port, timeout=LIMIT_S, context=context, source_address=(client, 0))
    with closing(line):
        headers = {
            "Origin": f"https://{HERE}:{port}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        line.request("POST", "/login", urlencode({"name": "lan", "password": "wrong"}), headers)
        answer = line.getresponse()
        return answer.status, answer.read()


def relay_of(config: Config, *, now_utc_s: float = NOW_UTC_S) -> IceServer:
    """What the hub tells both ends of a call of its relay."""
    (server,) = ice_servers(config.media, user=STATION, now_utc_s=now_utc_s)
    return server


@contextlib.asynccontextmanager
async def relayed(
    config: Config, server: IceServer, *, alpn: list[str]
) -> AsyncIterator[turn.TurnClientTcpProtocol]:
    """Have an address of the relay's, through the front. Raises stun.TransactionFailed."""
    assert config.front is not None
    context = hub_context((config.pki_folder / "ca.crt").read_bytes())
    if alpn:
        context.set_alpn_protocols(alpn)
    door = (HERE, config.front.port)
    transport, client = await asyncio.get_running_loop().create_connection(
        lambda: turn.TurnClientTcpProtocol(
            door,
            server.username,
            server.credential,
            turn.DEFAULT_ALLOCATION_LIFETIME,
            turn.DEFAULT_CHANNEL_REFRESH_TIME,
        ),
        *door,
        ssl=context,
    )
    line = transport.get_extra_info("socket")
    try:
        await client.connect()
        yield client
    finally:
        await client.delete()  # which closes the line, refused or not
        await until(lambda: line.fileno() == -1)  # TLS has said goodbye


@in_a_loop
async def test_a_box_reaches_its_broker(broker: Broker, front: Front, tmp_path: Path) -> None:
    assert await connect_box(broker, front.front.port, tmp_path) == "connected"


@pytest.mark.parametrize("alpn", [[ALPN_WEB], ["h2", ALPN_WEB]], ids=["a box that enrols", "a browser"])
def test_browsers_and_boxes_that_enrol_reach_the_console(
    config: Config, front: Front, alpn: list[str]
) -> None:
    status, body = get(config, front.front.port, "/enrol/v1/ca", alpn=alpn)
    assert (status, body) == (200, (config.pki_folder / "ca.crt").read_bytes())
    assert get(config, front.front.port, "/login", alpn=alpn)[0] == 200


@pytest.mark.parametrize("alpn", [[ALPN_RELAY], []], ids=["a box", "a browser"])
@in_a_loop
async def test_a_call_reaches_the_relay(config: Config, front: Front, alpn: list[str]) -> None:
    async with relayed(config, relay_of(config), alpn=alpn) as client:
        assert client.relayed_address is not None
        assert client.relayed_address[0] == HERE


GATHER = """async (server) => {
  const peer = new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: "relay" });
  const found = [];
  const isOver = new Promise((over) => {
    peer.onicecandidate = ({ candidate }) => candidate ? found.push(candidate.candidate) : over();
  });
  peer.addTransceiver("audio");
  await peer.setLocalDescription();
  await isOver;
  return found;
}"""


def test_a_real_browser_that_trusts_the_relay_finds_its_way_over_it(config: Config, front: Front) -> None:
    made = x509.load_pem_x509_certificate((front.folder / "relay.crt").read_bytes())
    key = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    trusted = base64.b64encode(hashlib.sha256(key).digest()).decode()
    with chromium(trusted_key=trusted) as browser, closing(browser.new_page()) as page:
        (candidate,) = page.evaluate(GATHER, relay_of(config).model_dump(mode="json"))
    assert f" {HERE} " in candidate and " typ relay " in candidate


def without(front: Front, config: Config, folder: Path, line: str) -> Front:
    """Return another front, with relay and console of the first, that lacks what a line of its words does."""
    assert config.front is not None
    text = haproxy_config(config, config.front)
    kept = [one for one in text.splitlines() if line not in one]
    assert len(kept) < len(text.splitlines())
    other = Front(config, folder)
    other.front = replace(front.front, port=free_port())
    words = "\n".join(kept).replace(f":{front.front.port} ", f":{other.front.port} ") + "\n"
    (folder / "haproxy.cfg").write_text(words)
    return other


@in_a_loop
async def test_without_the_name_of_the_protocol_a_box_would_not_reach_its_broker(
    broker: Broker, config: Config, front: Front, tmp_path: Path
) -> None:
    other = without(front, config, tmp_path, "use_backend broker")
    with contextlib.closing(other):
        other.start_front()
        with pytest.raises(TimeoutError):  # the relay has no word for it
            await connect_box(broker, other.front.port, tmp_path, limit_s=3.0)


def test_without_the_name_of_the_protocol_a_browser_would_not_reach_the_console(
    config: Config, front: Front, tmp_path: Path
) -> None:
    other = without(front, config, tmp_path, "use_backend console")
    with contextlib.closing(other):
        other.start_front()
        with pytest.raises((OSError, HTTPException)):
            get(config, other.front.port, "/login", alpn=[ALPN_WEB])


def test_the_console_hears_who_asks_and_counts_wrong_passwords_by_it(
    broker: Broker, config: Config, front: Front
) -> None:
    status, _ = log_in(config, front.front.port, client=STRANGER)
    assert status == 401
    assert f"wrong name or password from {STRANGER}" in (broker.folder / "hub.log").read_text()


def test_figures_for_this_machine_alone_are_not_told_to_who_comes_through_the_front(
    config: Config, front: Front
) -> None:
    assert get(config, front.front.port, "/metrics", alpn=[ALPN_WEB], client=STRANGER)[0] == 401
    assert get(config, config.console.port, "/metrics", alpn=[ALPN_WEB], host="127.0.0.1")[0] == 200


def test_the_console_takes_nobody_at_the_front_s_door_who_is_not_the_front(
    broker: Broker, config: Config, front: Front
) -> None:
    with pytest.raises((OSError, HTTPException)):
        get(config, front.front.console_port, "/login", alpn=[ALPN_WEB], host="127.0.0.1")
    assert f"port {front.front.console_port} is the front's alone" in (broker.folder / "hub.log").read_text()
    assert get(config, front.front.port, "/login", alpn=[ALPN_WEB])[0] == 200


def test_what_is_no_tls_is_shown_the_door(front: Front) -> None:
    with socket.create_connection((HERE, front.front.port), timeout=LIMIT_S) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(100) == b""


def test_a_box_that_enrols_comes_by_the_front_when_its_port_is_closed(
    config: Config, front: Front, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin, kept = Authority(config.pki_folder).fingerprint(), tmp_path / "address"
    closed = free_port()
    with pytest.raises(EnrolmentError, match=f":{closed} cannot be asked now"):
        HubDesk.known_by(pin, host=HERE, port=closed, kept=kept)  # nobody is at 443 here
    monkeypatch.setattr(hub_desk, "FRONT_PORT", front.front.port)
    desk = HubDesk.known_by(pin, host=HERE, port=closed, kept=kept)
    assert desk.ask(Renewal(box=STATION), {202: Nonce}, path="/renew").nonce


WRONG = IceServer(urls=("turns:x",), username="1900000000:con-dao-01", credential="bm90aGluZw==")


@in_a_loop
async def test_a_relay_lets_in_nobody_without_the_hub_s_word(config: Config, front: Front) -> None:
    old = relay_of(config, now_utc_s=NOW_UTC_S - LIFETIME_S - 10)
    for server in (WRONG, old):
        with pytest.raises(stun.TransactionFailed) as refused:
            async with relayed(config, server, alpn=[ALPN_RELAY]):
                pass
        assert refused.value.response.error_code == 401


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.2", "169.254.169.254", "192.168.1.1", "224.0.0.1"])
@in_a_loop
async def test_a_relay_carries_nothing_into_the_networks_behind_it(
    config: Config, front: Front, address: str
) -> None:
    async with relayed(config, relay_of(config), alpn=[ALPN_RELAY]) as client:
        with pytest.raises(stun.TransactionFailed) as refused:
            await client.channel_bind(0x4000, (address, 9))
        assert refused.value.response.error_code == 403
        await client.channel_bind(0x4001, (HERE, 9))  # its own: two relayed ends meet there
        await client.channel_bind(0x4002, ("203.0.113.9", 9))  # somebody's in the world


def test_without_a_front_in_the_configuration_what_was_there_is_taken_away(
    config: Config, tmp_path: Path
) -> None:
    front_config(tmp_path, config.path)
    assert {one.name for one in tmp_path.iterdir()} == {
        "haproxy.cfg",
        "turnserver.conf",
        "relay.crt",
        "relay.key",
    }
    assert (tmp_path / "turnserver.conf").stat().st_mode & 0o077 == 0
    plain = config.path.with_name("plain.toml")
    plain.write_text("")
    front_config(tmp_path, plain)
    assert list(tmp_path.iterdir()) == []
