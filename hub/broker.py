"""The hub's one connection to its broker: MQTT 5 over TLS, kept up (shell over hub/mqtt/session.py)."""

import asyncio
import errno
import logging
import random
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.ids import HUB_NAME, BoxName, StationId
from contract.topics import PREFIX, RULES, Topic, topic_name
from hub.hub import BrokerLink
from hub.mqtt.session import GOODBYE, BrokerLostError, BrokerRefusedError, OnMessage, Session

LOG = logging.getLogger(__name__)

MARK: Final = f"{PREFIX}/{HUB_NAME}/retained"  # the hub's own, retained: gone when the broker begins anew
SUBSCRIPTIONS: Final = (f"{PREFIX}/+/up/#", f"{PREFIX}/+/state", MARK)
CONNECT_LIMIT_S: Final = 10.0  # the broker is here or beside us, but 14,000 boxes may come back before us
OPEN_LIMIT_S: Final = 10.0  # from there to the subscription
KEEPALIVE_S: Final = 10
BACKOFF_MIN_S: Final = 0.5
BACKOFF_MAX_S: Final = 5.0  # nurses wait: a broker that is back is found within that
REFUSED: Final = f"[Errno {errno.ECONNREFUSED}]"  # asyncio joins the errors of a name with two addresses
HANDED_AT_ONCE: Final = 64  # messages before the loop does something else
ARRIVED_MAX: Final = 1_024  # that are not handed over: more stay with the broker
TICK_S: Final = 1.0  # pings, and whether they are answered


@dataclass(frozen=True, slots=True)
class HubLogin:
    """The hub's own certificate, and the authority that the broker's is checked against."""

    ca: Path
    certificate: Path
    key: Path


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
        if current is None:
            return False
        rule = RULES[topic]
        box = to if isinstance(to, BoxName) else self._box_of(to)
        return current.publish(
            topic_name(box, topic), payload, qos=rule.qos, is_retained=rule.retained, expiry_s=rule.expiry_s
        )

    def mark(self) -> bytes | None:
        """Return what was left with the broker that we are connected with; None: nothing, or no broker."""
        return self._mark if self._connection is not None else None

    def leave_mark(self, mark: bytes) -> bool:
        """Leave a mark with the broker, in the place of the one before. False: no broker."""
        current = self._current
        return current is not None and current.publish(MARK, mark, qos=1, is_retained=True)

    async def run(self) -> None:
        """Keep the connection up until cancelled."""
        backoff_s = BACKOFF_MIN_S
        while True:
            self._mark = None
            connection = self._current = _Connection(self._on_arrival)
            try:
                await connection.open(self._address, self._login)
                backoff_s = BACKOFF_MIN_S
                self._note(connection, "")
                await connection.closed.wait()
                self._note(None, f"the broker at {self._where} is lost ({connection.why}); trying again")
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
            case OSError() if isinstance(error, ConnectionRefusedError) or REFUSED in str(error):
                return f"nobody listens at {self._where}: is mosquitto running with our configuration?"
            case BrokerRefusedError():
                return f"the broker at {self._where} refuses the hub ({error}): is hub.crt by its authority?"
            case TimeoutError():
                return f"the broker at {self._where} does not answer in time"
            case _:
                return f"the broker at {self._where} cannot be reached: {error}"


class _Connection(asyncio.Protocol):
    """One connection, made once. What is to be written waits for the end of the loop's turn: many messages
    are one piece for TLS and for the broker.
    """

    def __init__(self, on_message: OnMessage) -> None:
        self._loop = asyncio.get_running_loop()
        self._session = Session(
            HUB_NAME,
            SUBSCRIPTIONS,
            keep_alive_s=KEEPALIVE_S,
            on_message=lambda *message: self._arrived.append(message),
            now_s=self._loop.time(),
        )
        self._on_message = on_message
        self._arrived: deque[tuple[str, bytes, bool]] = deque()  # to be handed over, some at a time
        self._transport: asyncio.Transport | None = None
        self._subscribed: asyncio.Future[None] = self._loop.create_future()
        self.closed, self.why = asyncio.Event(), ""
        self._tick: asyncio.TimerHandle | None = None
        self._is_paused = self._is_to_write = False

    async def open(self, address: tuple[str, int], login: HubLogin) -> None:
        """Return when connected and subscribed. Raises OSError, TimeoutError, BrokerRefusedError."""
        context = await asyncio.to_thread(_context, login)
        async with asyncio.timeout(CONNECT_LIMIT_S):
            await self._loop.create_connection(lambda: self, *address, ssl=context)
        async with asyncio.timeout(OPEN_LIMIT_S):
            await self._subscribed

    def close(self) -> None:
        """End the connection."""
        self._write()
        if self._transport is not None and not self.closed.is_set():
            self._transport.write(GOODBYE)
        self._end("it was ended here")

    def publish(
        self, topic: str, payload: bytes, *, qos: int, is_retained: bool, expiry_s: int | None = None
    ) -> bool:
        """Hand a message to the session; False when it does not take it."""
        if self.closed.is_set():
            return False
        is_taken = self._session.publish(topic, payload, qos=qos, is_retained=is_retained, expiry_s=expiry_s)
        self._write_soon()
        return is_taken

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - told to mypy
        self._transport = transport
        self._write()
        self._keep_alive()

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        if self.closed.is_set():
            return
        is_idle = not self._arrived
        try:
            self._session.take(data, now_s=self._loop.time())
        except BrokerRefusedError as error:
            self._end(str(error), error)
        except BrokerLostError as error:
            self._end(str(error))
        else:
            if self._session.is_subscribed and not self._subscribed.done():
                self._subscribed.set_result(None)
            self._write_soon()
        if is_idle and self._arrived:
            self._loop.call_soon(self._hand_over)
        if len(self._arrived) >= ARRIVED_MAX and self._transport is not None:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self._end("without a word" if exc is None else str(exc) or type(exc).__name__)

    def pause_writing(self) -> None:
        """Called by the loop: the socket takes no more."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """Called by the loop."""
        self._is_paused = False
        self._write_soon()

    def _hand_over(self) -> None:
        """Hand some over, and the others at the loop's next turn, whatever becomes of these."""
        try:
            for _ in range(min(HANDED_AT_ONCE, len(self._arrived))):
                self._on_message(*self._arrived.popleft())
        finally:
            if self._arrived:
                self._loop.call_soon(self._hand_over)
            elif self._transport is not None and not self.closed.is_set():
                self._transport.resume_reading()

    def _write_soon(self) -> None:
        if not self._is_to_write:
            self._is_to_write = True
            self._loop.call_soon(self._write)

    def _write(self) -> None:
        self._is_to_write = False
        if self._transport is None or self._is_paused or self.closed.is_set():
            return
        if data := self._session.outgoing(now_s=self._loop.time()):
            self._transport.write(data)

    def _keep_alive(self) -> None:
        try:
            self._session.tick(now_s=self._loop.time())
        except BrokerLostError as error:
            self._end(str(error))
        else:
            self._write()
            self._tick = self._loop.call_later(TICK_S, self._keep_alive)

    def _end(self, why: str, refused: BrokerRefusedError | None = None) -> None:
        if self.closed.is_set():
            return
        self.why = why
        self.closed.set()
        if self._tick is not None:
            self._tick.cancel()
        if not self._subscribed.done():
            self._subscribed.set_exception(refused or BrokerRefusedError(f"the connection was closed: {why}"))
            self._subscribed.exception()  # looked at: it may be that nobody waits any more
        if self._transport is not None:
            self._transport.abort()


def _context(login: HubLogin) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(login.ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(login.certificate, login.key)
    return context
