"""The broker, as we configure it, gives each certificate its own place and no other."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import mqtt5
import pytest

from contract.ids import HUB_NAME, StationId
from contract.limits import PAYLOAD_MAX_BYTES
from contract.signals import BoxState
from hub.mqtt.stream import PacketStream
from hub.pki.authority import Authority, Enrolment
from tests.broker import Broker
from tests.simulators.box import WAIT_LIMIT_S, BoxLink

CON_DAO, LY_SON = "con-dao-01", "ly-son-02"
STATE = BoxState(connected=True, spool="000000000000b0c5", boot=1, t_us=5)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("broker"), stations=[CON_DAO, LY_SON]) as broker:
        yield broker


class Listener(BoxLink):
    """A connection that hears all of `topics`."""

    def __init__(self, files: Enrolment, name: str, *, port: int, topics: list[str]) -> None:
        super().__init__(files, name, port=port)
        self._topics = topics
        self._client.on_connect = lambda client, *_: client.subscribe([(topic, 1) for topic in self._topics])

    def hear(self) -> tuple[str, bytes]:
        return self.messages.get(timeout=WAIT_LIMIT_S)


def hub_files(broker: Broker) -> Enrolment:
    certificate, key = broker.authority.pair("hub")
    return Enrolment(broker.authority.ca, certificate, key, broker.authority.seal_keys.public)


@pytest.fixture
def hub(broker: Broker) -> Iterator[Listener]:
    topics = ["v1/+/up/#", "v1/+/state"]
    with Listener(hub_files(broker), HUB_NAME, port=broker.port, topics=topics) as hub:
        with BoxLink(broker.boxes[CON_DAO], CON_DAO, port=broker.port) as box:
            box.publish(f"v1/{CON_DAO}/up/1", b"begin")
            while hub.hear() != (f"v1/{CON_DAO}/up/1", b"begin"):
                pass  # what another test left retained
        yield hub


def test_a_station_is_heard_under_its_own_name_only(broker: Broker, hub: Listener) -> None:
    with BoxLink(broker.boxes[CON_DAO], CON_DAO, port=broker.port) as box:
        box.publish(f"v1/{LY_SON}/up/0", b"forged")
        box.publish(f"v1/{LY_SON}/state", b"forged")
        box.publish("v1/hub/up/0", b"forged")
        box.publish(f"v1/{CON_DAO}/up/1", b"true")
        assert hub.hear() == (f"v1/{CON_DAO}/up/1", b"true")


def test_a_station_hears_what_is_for_it_only(broker: Broker, hub: Listener) -> None:
    topics = ["#", "v1/+/down/#", f"v1/{LY_SON}/down/#", f"$share/x/v1/{LY_SON}/up/#", f"v1/{CON_DAO}/down/#"]
    with (
        Listener(broker.boxes[CON_DAO], CON_DAO, port=broker.port, topics=topics) as spy,
        BoxLink(broker.boxes[LY_SON], LY_SON, port=broker.port) as box,
    ):
        box.publish(f"v1/{LY_SON}/up/0", b"private")
        assert hub.hear() == (f"v1/{LY_SON}/up/0", b"private")
        hub.publish(f"v1/{LY_SON}/down/signal", b"private")
        assert box.messages.get(timeout=WAIT_LIMIT_S) == (f"v1/{LY_SON}/down/signal", b"private")
        spy.publish(f"v1/{CON_DAO}/down/signal", b"forged by itself")
        hub.publish(f"v1/{CON_DAO}/down/signal", b"for the spy")
        assert spy.hear() == (f"v1/{CON_DAO}/down/signal", b"for the spy")


def test_a_box_is_given_one_ticket_and_comes_back_with_it(broker: Broker) -> None:
    """A second one would cost an eighth of the handshake, 14,000 times when the broker was away."""
    files, told = broker.boxes[CON_DAO], list[str]()
    context = ssl.create_default_context(cafile=str(files.ca))
    context.load_cert_chain(files.certificate, files.key)
    context._msg_callback = lambda *what: told.append(what[4].name)  # type: ignore[attr-defined]
    hello = mqtt5.ConnectPacket(CON_DAO, clean_start=True).write()
    session = None
    for is_resumed in (False, True):
        told.clear()
        with (
            socket.create_connection(("127.0.0.1", broker.port), timeout=WAIT_LIMIT_S) as plain,
            context.wrap_socket(plain, server_hostname="localhost", session=session) as line,
        ):
            line.sendall(hello)
            assert isinstance(next(PacketStream().take(line.recv(4_096))), mqtt5.ConnAckPacket)
            assert line.session_reused is is_resumed
            assert told.count("NEWSESSION_TICKET") == 1
            session = line.session


def test_another_client_id_does_not_evict_the_station_of_that_name(broker: Broker, hub: Listener) -> None:
    with BoxLink(broker.boxes[LY_SON], LY_SON, port=broker.port) as victim:
        thief = BoxLink(broker.boxes[CON_DAO], CON_DAO, port=broker.port)
        thief._client._client_id = LY_SON.encode()  # what a forged CONNECT would say
        with thief:
            thief.publish(f"v1/{CON_DAO}/up/1", b"here")
            assert hub.hear() == (f"v1/{CON_DAO}/up/1", b"here")
        victim.publish(f"v1/{LY_SON}/up/1", b"still here")
        assert hub.hear() == (f"v1/{LY_SON}/up/1", b"still here")
        assert not victim.is_closed.is_set()


CONNECT = bytes.fromhex("10 0d 0004 4d515454 05 02 003c 00 0000")  # MQTT 5, clean start, no client id
CONNACK = 0x20


def connect(files: Enrolment | None, broker: Broker, *, ca: Path) -> None:
    """Connect as any program could, and raise whatever shows that we are not let in."""
    context = ssl.create_default_context(cafile=str(ca))
    if files is not None:
        context.load_cert_chain(files.certificate, files.key)
    come_in(context, broker)


def come_in(
    context: ssl.SSLContext, broker: Broker, *, session: ssl.SSLSession | None = None
) -> tuple[ssl.SSLSession | None, bool]:
    """Connect, perhaps with the session of a connection before; return the session, and whether it was that
    one. Raise whatever shows that we are not let in.
    """
    with (
        socket.create_connection(("127.0.0.1", broker.port), timeout=WAIT_LIMIT_S) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as secure,
    ):
        secure.sendall(CONNECT)
        answer = secure.recv(4)
        kept = secure.session, bool(secure.session_reused)
    if len(answer) < 4 or answer[0] != CONNACK or answer[3] != 0:
        raise ConnectionError(f"the broker said {answer.hex()}")
    return kept


def test_only_a_certificate_of_this_installation_gets_in(broker: Broker, tmp_path: Path) -> None:
    foreign = Authority(tmp_path / "pki")
    foreign.make(names=(), now=datetime.now(UTC))
    forged = foreign.enrol(StationId(CON_DAO), tmp_path / "forged", now=datetime.now(UTC))
    ours = broker.boxes[CON_DAO]
    connect(ours, broker, ca=ours.ca)
    with pytest.raises((ConnectionError, ssl.SSLError)):
        connect(forged, broker, ca=ours.ca)
    with pytest.raises((ConnectionError, ssl.SSLError)):
        connect(None, broker, ca=ours.ca)
    with pytest.raises(ssl.SSLCertVerificationError):
        connect(ours, broker, ca=forged.ca)


def test_the_brokers_own_certificate_opens_no_door(broker: Broker) -> None:
    certificate, key = broker.authority.pair("broker")
    ours = broker.boxes[CON_DAO]
    with pytest.raises((ConnectionError, ssl.SSLError)):
        connect(Enrolment(ours.ca, certificate, key, ours.seal_key), broker, ca=ours.ca)


def test_a_payload_over_the_limit_is_not_delivered_and_nothing_else_stops(
    broker: Broker, hub: Listener
) -> None:
    with (
        BoxLink(broker.boxes[LY_SON], LY_SON, port=broker.port) as other,
        BoxLink(broker.boxes[CON_DAO], CON_DAO, port=broker.port) as box,
    ):
        box.publish(f"v1/{CON_DAO}/up/2", bytes(PAYLOAD_MAX_BYTES))
        assert hub.hear() == (f"v1/{CON_DAO}/up/2", bytes(PAYLOAD_MAX_BYTES))
        box.publish(f"v1/{CON_DAO}/up/2", bytes(PAYLOAD_MAX_BYTES + 1_024))
        assert box.is_closed.wait(WAIT_LIMIT_S)
        other.publish(f"v1/{LY_SON}/up/2", b"small")
        assert hub.hear() == (f"v1/{LY_SON}/up/2", b"small")
    with BoxLink(broker.boxes[CON_DAO], CON_DAO, port=broker.port) as box:
        box.publish(f"v1/{CON_DAO}/up/2", b"back")
        assert hub.hear() == (f"v1/{CON_DAO}/up/2", b"back")


def test_the_will_of_a_box_that_vanishes_is_heard_and_kept_for_a_hub_that_comes_later(
    broker: Broker, hub: Listener
) -> None:
    gone = STATE.model_copy(update={"connected": False})
    with BoxLink(broker.boxes[CON_DAO], CON_DAO, port=broker.port, will=gone) as box:
        box.say(STATE)
        assert b'"connected":true' in hub.hear()[1]
        box.vanish()
        assert b'"connected":false' in hub.hear()[1]
    topics = [f"v1/{CON_DAO}/state"]
    with Listener(hub_files(broker), HUB_NAME, port=broker.port, topics=topics) as later:
        topic, payload = later.hear()
    assert (topic, b'"connected":false' in payload) == (f"v1/{CON_DAO}/state", True)
