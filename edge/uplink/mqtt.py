"""One MQTT connection of the box (shell over paho-mqtt): it moves bytes and decides nothing.

A new paho client for each connection: paho would otherwise send again, on the next connection, what the spool
decides about. paho's own thread does the network; everything it says is handed to the asyncio loop. TLS with
the box's certificate; the broker takes user name and client id from it.

Nothing is waited for that need not be: CONNECT, the subscriptions and a call that waits go up together, right
behind the handshake. A broker that refuses the first reads none of the rest.
"""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

from contract.topics import RULES, Topic, topic_name
from edge.config import BoxConfig
from edge.hub_way import HubWay
from edge.uplink.answers import KEEP_ALIVE_S
from edge.uplink.tcp_state import TcpState
from edge.uplink.tls import HubSocket, HubTls
from edge.uplink.without import without

with without("dns"):  # dnspython, aioice's: paho would ask it for SRV records, and load 4 MB to be ready
    from paho.mqtt import client as paho
    from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S: Final = 10.0
_DOWN: Final = [topic for topic, rule in RULES.items() if rule.direction == "down"]


class Listener(Protocol):
    """Who is told what happens; always on the loop."""

    def on_open(self) -> None:
        """The broker hears us, and has not said yet whether it takes us: for what cannot wait for that."""

    def on_connected(self) -> None:
        """The broker took us and our subscriptions stand."""

    def on_disconnected(self, why: str) -> None:
        """The connection is over, or never came to be. Said once a connection."""

    def on_acknowledged(self, message_id: int) -> None:
        """The broker has a message of ours."""

    def on_refused(self, why: str) -> None:
        """The broker did not take a message of ours, and says why."""

    def on_message(self, topic: str, payload: bytes) -> None:
        """A message for us."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says of us when the connection dies."""

    payload: bytes


class _Client(paho.Client):
    """paho's, but which address the hub's name stands for is our matter. TLS checks the name."""

    def __init__(self, way: HubWay, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._way = way
        self.address: str | None = None  # that it is connected to

    def _create_socket_connection(self) -> socket.socket:
        sock = self._way.connect(self._port, timeout_s=CONNECT_TIMEOUT_S)
        self.address = str(sock.getpeername()[0])
        return sock


class Connection:
    """One try to connect and what comes of it. Use it once; `close` it always.

    It never says goodbye: the broker then publishes the Will, which is the truth, and it does so although the
    process ends before anything else could be sent.
    """

    def __init__(self, config: BoxConfig, tls: HubTls, will: Will, listener: Listener) -> None:
        self._loop = asyncio.get_running_loop()
        self._config, self._tls = config, tls
        self._listener = listener
        self._is_over = False
        self._is_accepted = False
        self._socket: HubSocket | None = None
        self.fault: Exception | None = None  # what the socket said last
        self.was_open = False  # something at that port took us up
        self._aliases: set[Topic] = set()
        self._alias_max = 0
        self._client: _Client | None = self._make_client(will)
        self._thread = threading.Thread(target=self._connect, name="mqtt connect", daemon=True)

    def _make_client(self, will: Will) -> _Client:
        box = self._config.box_name
        client = _Client(
            self._tls.way,
            CallbackAPIVersion.VERSION2,
            client_id=str(box),
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.will_set(topic_name(box, Topic.STATE), will.payload, qos=1, retain=True)
        client.max_inflight_messages_set(1000)  # the window is ours
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def open(self) -> None:
        """Begin to connect; returns at once."""
        self._thread.start()

    def _connect(self) -> None:
        config, client = self._config, self._client
        if client is None:
            return
        try:
            client.tls_set_context(cast(ssl.SSLContext, self._tls.wrapping(self)))
        except (OSError, ValueError) as error:
            self._tell(self._over, explain_files(error, config))
            return
        try:
            client.connect(config.hub_host, config.hub_port, keepalive=KEEP_ALIVE_S, clean_start=True)
            client.subscribe(self._wanted())
        except (OSError, ValueError) as error:
            self._drop_socket()
            if isinstance(error, ssl.SSLError):
                is_another = isinstance(error, ssl.SSLCertVerificationError)
                self._tls.forget_session(client.address if is_another else None)
            self._tell(self._over, explain(error, config))
            return
        if self._is_over:
            self._drop_socket()
        else:
            client.loop_start()
            self._tell(self._listener.on_open)

    def _drop_socket(self) -> None:
        """Close what paho does not: it has no thread yet."""
        if self._socket is not None:
            self._socket.close()

    def _wanted(self) -> list[tuple[str, int]]:
        return [(topic_name(self._config.box_name, topic), RULES[topic].qos) for topic in _DOWN]

    def adopt(self, sock: HubSocket) -> None:
        """The socket is there: from now on `close` can end it."""
        self._socket, self.was_open = sock, True

    def refuse_if_over(self) -> None:
        """Raise ConnectionAbortedError if given up meanwhile: two connections of one name push each other
        out.
        """
        if self._is_over:
            raise ConnectionAbortedError("given up while it was being made")

    def tcp_state(self) -> TcpState:
        """What the kernel says of the connection now."""
        return self._socket.tcp_state() if self._socket is not None else TcpState()

    def local_address(self) -> str | None:
        """By which address of this machine it goes; None: it does not yet, or no more."""
        if self._socket is None:
            return None
        try:
            return str(self._socket.getsockname()[0])
        except OSError:
            return None

    def pace(self, rate: float) -> None:
        """Let what is sent from now on go no faster than so many bytes a second."""
        if self._socket is not None:
            self._socket.pace(rate)

    def publish(self, topic: Topic, payload: bytes) -> int | None:
        """Hand a message to the connection; return its id, by which it is acknowledged, or None when it is
        over.
        """
        client = self._client
        if client is None:
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        name = topic_name(self._config.box_name, topic)
        alias = _ALIAS[topic]
        if alias <= self._alias_max:
            properties.TopicAlias = alias
            if topic in self._aliases:
                name = ""
            self._aliases.add(topic)
        rule = RULES[topic]
        info = client.publish(name, payload, qos=rule.qos, retain=rule.retained, properties=properties)
        return None if info.rc == MQTTErrorCode.MQTT_ERR_NO_CONN or self._is_over else info.mid

    def ask_again(self, topic: Topic) -> bool:
        """Subscribe anew to a retained topic, so that the broker hands it out again; False: it is over."""
        client, is_there = self._client, self._is_accepted and not self._is_over
        if client is None or not is_there:
            return False
        client.subscribe(topic_name(self._config.box_name, topic), RULES[topic].qos)
        return True

    def close(self) -> None:
        """End the connection; returns at once. Its threads end with its socket, and the last of them lets
        paho's client go, who closes the rest of its sockets only then.
        """
        self._is_over = True
        self._shut_down()
        self._client = None

    def _shut_down(self) -> None:
        """Wake paho's thread, which then closes the socket; a FIN would go behind what is unsent."""
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it is dead already
                self._socket.shutdown(socket.SHUT_RD)

    # paho's thread

    def _tell(self, callback: Callable[..., None], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(self._deliver, callback, arguments)
        except RuntimeError:  # the loop has ended: so have we
            return

    def _deliver(self, callback: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        if not self._is_over:
            callback(*arguments)

    def _on_connect(
        self,
        _client: paho.Client,
        _data: Any,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._tell(self._over, f"the broker refused us: {reason}; is this box's certificate still valid?")
            return
        self._alias_max = int(getattr(properties, "TopicAliasMaximum", 0) or 0)

    def _on_subscribe(
        self, _c: paho.Client, _d: Any, _id: int, reasons: list[ReasonCode], _p: Properties | None
    ) -> None:
        refused = next((str(reason) for reason in reasons if reason.is_failure), None)
        if refused is not None:
            self._tell(self._over, f"the broker lets us hear nothing: {refused}; its access list is not ours")
            return
        if self._is_accepted:  # something was asked for again
            return
        self._is_accepted = True
        if self._socket is not None:
            self._tls.keep_session(self._socket)
        self._tell(self._listener.on_connected)

    def _on_disconnect(
        self, _c: paho.Client, _d: Any, _f: paho.DisconnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        self._tell(self._over, explain_end(str(reason), self.fault, self._config, self._is_accepted))

    def _over(self, why: str) -> None:
        self._is_over = True
        self._listener.on_disconnected(why)

    def _on_publish(
        self, _c: paho.Client, _d: Any, message_id: int, reason: ReasonCode, _p: Properties
    ) -> None:
        if reason.is_failure:
            self._tell(self._listener.on_refused, str(reason))
        self._tell(self._listener.on_acknowledged, message_id)

    def _on_message(self, _c: paho.Client, _d: Any, message: paho.MQTTMessage) -> None:
        self._tell(self._listener.on_message, message.topic, message.payload)


def explain_files(error: Exception, config: BoxConfig) -> str:
    """Return which of our own files cannot be used and what to do; Python does not say which it was."""
    for path in (config.ca, config.certificate, config.key):
        try:
            path.read_bytes()
        except OSError as unreadable:
            return f"{path}: {unreadable.strerror}; enrol the box again"
    reason = getattr(error, "reason", None) or error
    return f"{config.certificate}, {config.key} or {config.ca} is damaged ({reason}); enrol the box again"


def explain(error: Exception, config: BoxConfig) -> str:
    """Return what a failure to connect means and what to do."""
    match error:
        case ssl.SSLCertVerificationError(verify_message=why):
            text = f"is not our hub: its certificate is not from {config.ca} ({why}); check [hub] host and ca"
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | ConnectionResetError() | BrokenPipeError():
            text = "closed the connection before it was secure; check [hub] port and the hub's log"
        case ssl.SSLError(reason="SSLV3_ALERT_CERTIFICATE_EXPIRED"):
            text = f"says that {config.certificate} has expired; `edge enrol --renew` gets another by itself"
        case ssl.SSLError(reason="SSLV3_ALERT_CERTIFICATE_REVOKED"):
            text = "says that this box is revoked; telephone the hub: a new code lets it in again"
        case ssl.SSLError(reason=reason) if reason and "ALERT" in reason:
            text = f"refused the certificate {config.certificate} ({reason}); enrol the box again"
        case ssl.SSLError(reason=reason):
            text = f"does not speak our TLS ({reason}); check [hub] port"
        case TimeoutError():
            text = "does not answer; check the cable, the modem and the link"
        case ConnectionRefusedError():
            text = "answers, but no broker listens there; is the hub running?"
        case socket.gaierror(strerror=why):
            return f"the name {config.hub_host} is not resolved ({why}); check [hub] host and the link's DNS"
        case OSError(errno=errno.ENETUNREACH | errno.EHOSTUNREACH, strerror=why):
            text = f"cannot be reached ({why}); check the cable and the modem"
        case _:
            text = f"cannot be used: {error}"
    return f"{config.hub_host}:{config.hub_port} {text}"


def explain_end(reason: str, fault: Exception | None, config: BoxConfig, is_accepted: bool) -> str:
    """Return why a connection ended, from what paho and the socket said."""
    if isinstance(fault, ssl.SSLError) and "ALERT" in (fault.reason or ""):
        return explain(fault, config)
    if is_accepted:
        return f"the connection ended: {fault or reason}"
    where = f"{config.hub_host}:{config.hub_port}"
    return (
        f"{where} ended the connection before it took us ({fault or reason}): it is no broker, or refuses "
        f"{config.certificate}; see its log, enrol the box again"
    )


_ALIAS: Final = {topic: number for number, topic in enumerate(RULES, start=1)}
