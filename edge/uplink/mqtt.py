"""One MQTT connection of the box (shell over paho-mqtt): it moves bytes and decides nothing.

A new paho client for each connection: paho would otherwise send again, on the next connection, what the spool
decides about. paho's own thread does the network; everything it says is handed to the asyncio loop. TLS with
the box's certificate; the broker takes user name and client id from it.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from contract.topics import RULES, Topic, topic_name
from edge.config import BoxConfig

log = logging.getLogger(__name__)

KEEP_ALIVE_S: Final = 60
CONNECT_TIMEOUT_S: Final = 10.0
_DOWN: Final = [topic for topic, rule in RULES.items() if rule.direction == "down"]


class Listener(Protocol):
    """Who is told what happens; always on the loop."""

    def on_connected(self) -> None:
        """The broker took us and our subscriptions stand."""

    def on_disconnected(self, why: str) -> None:
        """The connection is over, or never came to be. Said once a connection."""

    def on_acknowledged(self, message_id: int) -> None:
        """The broker has a message of ours."""

    def on_message(self, topic: str, payload: bytes) -> None:
        """A message for us."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says of us when the connection dies."""

    payload: bytes


class _PromptSocket(ssl.SSLSocket):
    """paho waits for a handshake as long as the keep-alive; a link that died meanwhile must not hold us so
    long.
    """

    def do_handshake(self, block: bool = False) -> None:
        self.settimeout(CONNECT_TIMEOUT_S)
        super().do_handshake(block)


class Connection:
    """One try to connect and what comes of it. Use it once; `close` it always."""

    def __init__(self, config: BoxConfig, will: Will, listener: Listener) -> None:
        self._loop = asyncio.get_running_loop()
        self._config = config
        self._listener = listener
        self._is_over = False
        self._aliases: set[Topic] = set()
        self._alias_max = 0
        self._client = self._make_client(will)
        self._thread = threading.Thread(target=self._connect, name="mqtt connect", daemon=True)

    def _make_client(self, will: Will) -> paho.Client:
        station = self._config.station
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=station,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.will_set(topic_name(station, Topic.STATE), will.payload, qos=1, retain=True)
        client.max_inflight_messages_set(1000)  # the window is ours
        client.connect_timeout = CONNECT_TIMEOUT_S
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
        config = self._config
        try:
            context = ssl.create_default_context(cafile=str(config.ca))
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            context.load_cert_chain(config.certificate, config.key)
            context.sslsocket_class = _PromptSocket
            self._client.tls_set_context(context)
            self._client.connect(config.hub_host, config.hub_port, keepalive=KEEP_ALIVE_S, clean_start=True)
        except (OSError, ValueError) as error:
            self._tell(self._over, explain(error, config))
            return
        if self._is_over:
            self._client.disconnect()
        else:
            self._client.loop_start()

    def publish(self, topic: Topic, payload: bytes) -> int | None:
        """Hand a message to the connection; return its id, by which it is acknowledged, or None when it is
        over.
        """
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        name = topic_name(self._config.station, topic)
        alias = _ALIAS[topic]
        if alias <= self._alias_max:
            properties.TopicAlias = alias
            if topic in self._aliases:
                name = ""
            self._aliases.add(topic)
        rule = RULES[topic]
        info = self._client.publish(name, payload, qos=rule.qos, retain=rule.retained, properties=properties)
        return None if info.rc == MQTTErrorCode.MQTT_ERR_NO_CONN or self._is_over else info.mid

    def close(self, *, says_goodbye: bool) -> None:
        """End the connection; returns at once. With a goodbye the broker does not publish the Will."""
        self._is_over = True
        if says_goodbye:
            self._client.disconnect()
        sock = self._client.socket()
        if isinstance(sock, socket.socket) and not says_goodbye:
            with contextlib.suppress(OSError):  # it is dead already
                sock.shutdown(socket.SHUT_RDWR)
        threading.Thread(target=self._client.loop_stop, name="mqtt close", daemon=True).start()

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
        client: paho.Client,
        _data: Any,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._tell(self._over, f"the broker refused us: {reason}; is this box's certificate still valid?")
            return
        self._alias_max = int(getattr(properties, "TopicAliasMaximum", 0) or 0)
        wanted: list[tuple[str, int]] = [
            (topic_name(self._config.station, topic), RULES[topic].qos) for topic in _DOWN
        ]
        client.subscribe(wanted)

    def _on_subscribe(self, *_: Any) -> None:
        self._tell(self._listener.on_connected)

    def _on_disconnect(
        self, _c: paho.Client, _d: Any, _f: paho.DisconnectFlags, reason: ReasonCode, _p: Properties | None
    ) -> None:
        self._tell(self._over, f"the connection ended: {reason}")

    def _over(self, why: str) -> None:
        self._is_over = True
        self._listener.on_disconnected(why)

    def _on_publish(
        self, _c: paho.Client, _d: Any, message_id: int, reason: ReasonCode, _p: Properties
    ) -> None:
        if reason.is_failure:
            log.warning(
                "the broker did not take message %d: %s; is this box's name in its certificate?",
                message_id,
                reason,
            )
        self._tell(self._listener.on_acknowledged, message_id)

    def _on_message(self, _c: paho.Client, _d: Any, message: paho.MQTTMessage) -> None:
        self._tell(self._listener.on_message, message.topic, message.payload)


def explain(error: Exception, config: BoxConfig) -> str:
    """Return what a failure to connect means and what to do."""
    where = f"{config.hub_host}:{config.hub_port}"
    match error:
        case ssl.SSLCertVerificationError():
            return (
                f"{where} is not our hub: its certificate is not from {config.ca} ({error.verify_message}); "
                "check [hub] host and ca"
            )
        case ssl.SSLError():
            return (
                f"{where} refused the certificate {config.certificate} ({error.reason}); enrol the box again"
            )
        case FileNotFoundError():
            return f"{error.filename} is missing; enrol the box again"
        case TimeoutError():
            return f"{where} does not answer; check the cable, the modem and the link"
        case ConnectionRefusedError():
            return f"{where} answers, but no broker listens there; is the hub running?"
        case socket.gaierror():
            return f"the name {config.hub_host} is not resolved ({error.strerror}); check the link's DNS"
        case _:
            return f"{where}: {error}"


_ALIAS: Final = {topic: number for number, topic in enumerate(RULES, start=1)}
