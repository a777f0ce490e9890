"""The hub's one connection to its broker: MQTT 5 over TLS, kept up. The only importer of paho here."""

import asyncio
import logging
import random
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from contract.ids import HUB_NAME, BoxName, StationId
from contract.topics import PREFIX, RULES, Topic, topic_name
from hub.hub import BrokerLink

LOG = logging.getLogger(__name__)

MARK: Final = f"{PREFIX}/{HUB_NAME}/retained"  # the hub's own, retained: gone when the broker begins anew
SUBSCRIPTIONS: Final = (f"{PREFIX}/+/up/#", f"{PREFIX}/+/state", MARK)
OPEN_LIMIT_S: Final = 5.0  # the broker is on this machine or beside it
KEEPALIVE_S: Final = 10
BACKOFF_MIN_S: Final = 0.5
BACKOFF_MAX_S: Final = 5.0  # nurses wait: a broker that is back is found within that
WAITING_MAX: Final = 20_000  # receipts and signals that the broker has not acknowledged

READS_AT_ONCE: Final = 64  # messages before the loop does something else
MISC_EVERY_S: Final = 1.0  # pings, and whether they are answered

OnMessage = Callable[[str, bytes, bool], None]


@dataclass(frozen=True, slots=True)
class HubLogin:
    """The hub's own certificate, and the authority that the broker's is checked against."""

    ca: Path
    certificate: Path
    key: Path


def _properties(expiry_s: int | None) -> Properties | None:
    if expiry_s is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = expiry_s
    return properties


_PROPERTIES: Final = {topic: _properties(rule.expiry_s) for topic, rule in RULES.items()}


class BrokerRefusedError(Exception):
    """The broker answered and said no."""


class Broker:
    """Belongs to the event loop; `on_message(topic, payload, is_retained)` is called in the loop."""

    def __init__(
        self,
        *,
        address: tuple[str, int],
        login: HubLogin,
        on_message: OnMessage,
        now_s: Callable[[], float],
        rng: random.Random,
        box_of: Callable[[StationId], BoxName] = BoxName,
    ) -> None:
        """`box_of`: which box a station has now."""
        self._box_of = box_of
        self._address, self._login, self._on_message = address, login, on_message
        self._now_s, self._rng = now_s, rng
        self._current: _Connection | None = None  # also while it is being opened
        self._connection: _Connection | None = None  # only while it is up
        self._changed_s: float | None = None
        self._heard_s: float | None = None
        self._text = "not connected yet"
        self._mark: bytes | None = None  # of this connection

    def link(self) -> BrokerLink:
        """Whether the broker is there, and since when."""
        return BrokerLink(
            is_connected=self._connection is not None,
            changed_s=self._changed_s,
            heard_s=self._heard_s,
            text=self._text,
        )

    def publish(self, to: StationId | BoxName, topic: Topic, payload: bytes) -> bool:
        """Send by the topic's rule, to a box, or to the one that a station has now. False: no broker, or too
        much waits; nothing is kept for later.
        """
        current = self._current
        if current is None or not current.is_taken:
            return False
        rule = RULES[topic]
        box = to if isinstance(to, BoxName) else self._box_of(to)
        return current.publish(topic_name(box, topic), payload, rule.qos, rule.retained, _PROPERTIES[topic])

    def mark(self) -> bytes | None:
        """Return what was left with the broker that we are connected with; None: nothing, or no broker."""
        return self._mark if self._connection is not None else None

    def leave_mark(self, mark: bytes) -> bool:
        """Leave a mark with the broker, in the place of the one before. False: no broker."""
        current = self._current
        if current is None or not current.is_taken:
            return False
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        return current.publish(MARK, mark, 1, True, properties)

    async def run(self) -> None:
        """Keep the connection up until cancelled."""
        backoff_s = BACKOFF_MIN_S
        while True:
            self._mark = None
            connection = self._current = _Connection(self._address, self._login, self._on_arrival)
            try:
                await connection.open()
                backoff_s = BACKOFF_MIN_S
                self._note(connection, "")
                await connection.closed.wait()
                self._note(None, f"the broker at {self._where} closed the connection; trying again")
            except (OSError, TimeoutError, BrokerRefusedError) as error:
                self._note(None, self._explain(error))
            finally:
                self._connection = self._current = None
                connection.close()
            await asyncio.sleep(self._rng.uniform(BACKOFF_MIN_S, backoff_s))
            backoff_s = min(BACKOFF_MAX_S, backoff_s * 2)

    @property
    def _where(self) -> str:
        return f"{self._address[0]}:{self._address[1]}"

    def _on_arrival(self, topic: str, payload: bytes, is_retained: bool) -> None:
        if topic == MARK:
            self._mark = payload
            return
        if not is_retained:
            self._heard_s = self._now_s()
        self._on_message(topic, payload, is_retained)

    def _note(self, connection: "_Connection | None", text: str) -> None:
        if connection is not None:
            LOG.info("connected to the broker at %s", self._where)
        elif text != self._text:
            LOG.warning("%s", text)
        else:
            LOG.debug("%s", text)
        if (connection is None) != (self._connection is None) or self._changed_s is None:
            self._changed_s = self._now_s()
        self._connection, self._text = connection, text

    def _explain(self, error: Exception) -> str:
        match error:
            case ssl.SSLCertVerificationError():
                what = f"shows a certificate that is not this installation's ({error.verify_message}):"
                return f"the broker at {self._where} {what} is another broker on that port?"
            case ssl.SSLError():
                return (
                    f"no TLS with the broker at {self._where} ({error.reason}): is it ours, and is hub.crt?"
                )
            case ConnectionRefusedError():
                return f"nobody listens at {self._where}: is mosquitto running with our configuration?"
            case BrokerRefusedError():
                return f"the broker at {self._where} refuses the hub ({error}): is hub.crt by its authority?"
            case TimeoutError():
                return f"the broker at {self._where} does not answer within {OPEN_LIMIT_S:.0f} s"
            case _:
                return f"the broker at {self._where} cannot be reached: {error}"


class _Connection:
    """One connection, made once. A thread connects; from then on paho is driven by the loop, without a thread
    of its own: handing a message from thread to thread costs as much as reading it.
    """

    def __init__(self, address: tuple[str, int], login: HubLogin, on_message: OnMessage) -> None:
        self._loop = asyncio.get_running_loop()
        self._address, self._login, self._on_message = address, login, on_message
        self.closed = asyncio.Event()
        # The broker took us. It sends what was retained before it acknowledges the subscription, and whoever
        # says hello so is answered at once.
        self.is_taken = False
        self._subscribed: asyncio.Future[None] = self._loop.create_future()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=HUB_NAME, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        self._client.connect_timeout = OPEN_LIMIT_S
        self._client.max_inflight_messages_set(1_000)
        self._client.max_queued_messages_set(WAITING_MAX)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_arrival
        self._misc: asyncio.TimerHandle | None = None
        self._taken_count = 0

    async def open(self) -> None:
        """Return when connected and subscribed. Raises OSError, TimeoutError, BrokerRefusedError."""
        await asyncio.to_thread(self._connect)
        self._attach()
        async with asyncio.timeout(OPEN_LIMIT_S):
            await self._subscribed

    def close(self) -> None:
        """End the connection."""
        self._subscribed.cancel()
        if self._misc is not None:
            self._misc.cancel()
        connected: Any = self._client.socket()
        if connected is not None:
            self._detach(connected)
        self._client.on_socket_register_write = None  # paho writes its goodbye at once, and closes
        self._client.disconnect()
        if connected is not None:
            connected.close()  # of a broker that takes no goodbye

    def publish(
        self, topic: str, payload: bytes, qos: int, retain: bool, properties: Properties | None
    ) -> bool:
        """Hand a message to paho; False when it does not take it."""
        return self._client.publish(topic, payload, qos, retain, properties).rc == mqtt.MQTT_ERR_SUCCESS

    def _connect(self) -> None:
        context = ssl.create_default_context(cafile=str(self._login.ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._login.certificate, self._login.key)
        self._client.tls_set_context(context)
        self._client.connect(*self._address, keepalive=KEEPALIVE_S, clean_start=True)
        connected = self._client.socket()
        if isinstance(
            connected, socket.socket
        ):  # a PUBACK must not hold back the receipt behind it for 40 ms
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _attach(self) -> None:
        """Have the loop drive paho from here on."""
        connected: Any = self._client.socket()
        if connected is None:  # lost before we came here; paho has said so
            return
        self._client.on_socket_close = lambda _client, _data, closing: self._detach(closing)
        self._client.on_socket_register_write = lambda *_: self._write_soon()
        self._loop.add_reader(connected, self._read)
        self._keep_alive()
        self._read()  # TLS may hold what came behind the handshake

    def _detach(self, closing: Any) -> None:
        self._loop.remove_reader(closing)
        self._loop.remove_writer(closing)

    def _read(self) -> None:
        """Read until nothing comes, or others shall have their turn; then the loop calls again."""
        for _ in range(READS_AT_ONCE):
            before = self._taken_count
            self._client.loop_read()
            if self._taken_count == before:
                break
        connected: Any = self._client.socket()
        if connected is not None and connected.pending():  # TLS holds more, of which the socket knows nothing
            self._loop.call_soon(self._read)

    def _write_soon(self) -> None:
        self._loop.call_soon(self._write)

    def _write(self) -> None:
        """Write all that waits; what the socket does not take now goes when it can."""
        self._client.loop_write()
        connected: Any = self._client.socket()
        if connected is None:
            return
        if self._client.want_write():
            self._loop.add_writer(connected, self._write)
        else:
            self._loop.remove_writer(connected)

    def _keep_alive(self) -> None:
        self._client.loop_misc()
        self._misc = self._loop.call_later(MISC_EVERY_S, self._keep_alive)

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _props: Any
    ) -> None:
        if reason.is_failure:
            self._refuse(str(reason))
        else:
            self.is_taken = True
            client.subscribe([(name, SubscribeOptions(qos=1)) for name in SUBSCRIPTIONS])

    def _on_subscribe(self, _c: Any, _data: Any, _mid: int, reasons: list[ReasonCode], _props: Any) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            self._refuse(refused[0])
        else:
            self._accept()

    def _on_disconnect(self, _c: Any, _data: Any, _flags: Any, reason: ReasonCode, _props: Any) -> None:
        self._lose(str(reason))

    def _on_arrival(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._taken_count += 1
        self._loop.call_soon(self._on_message, message.topic, bytes(message.payload), message.retain)

    def _accept(self) -> None:
        if not self._subscribed.done():
            self._subscribed.set_result(None)

    def _refuse(self, reason: str) -> None:
        if not self._subscribed.done():
            self._subscribed.set_exception(BrokerRefusedError(reason))

    def _lose(self, reason: str) -> None:
        self.is_taken = False
        self._refuse(f"the connection was closed: {reason}")
        self.closed.set()
