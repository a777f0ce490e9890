"""The hub's session with its broker (core): bytes in, messages and bytes out. Source: OASIS MQTT 5.0.

A clean session with one subscription of QoS 1. Nothing outlives it: whoever is to hear something after a
connection was lost is told again by its owner. Times are one clock's seconds.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from typing import Final

import mqtt5

from hub.mqtt.stream import BrokenStreamError, PacketStream

UNACKED_MAX: Final = 1_000  # messages of QoS 1 on the way; a broker may want fewer
WAITING_MAX: Final = 20_000  # of QoS 1 behind them
OUT_MAX_BYTES: Final = 16_777_216  # not taken by the socket: 20 s of a full hub are a third of it
FAILURE: Final = 0x80  # reason codes from here on say no
GOODBYE: Final = mqtt5.DisconnectPacket().write()

OnMessage = Callable[[str, bytes, bool], None]
_Message = tuple[
    str, bytes, bool, int | None
]  # topic, payload, whether it is retained, seconds until it expires


class BrokerRefusedError(Exception):
    """The broker answered and said no."""


class BrokerLostError(Exception):
    """The broker ended the connection, is silent, or sends what cannot be read. The text says which."""


class Session:
    """One connection's, from CONNECT on. Ask `outgoing` after each call for what is to be written."""

    def __init__(
        self,
        client_id: str,
        subscriptions: Sequence[str],
        *,
        keep_alive_s: int,
        on_message: OnMessage,
        now_s: float,
    ) -> None:
        """`on_message(topic, payload, is_retained)` hears everything that comes."""
        self.is_taken = False  # the broker knows us: messages go out
        self.is_subscribed = False
        self._subscriptions, self._on_message = subscriptions, on_message
        self._keep_alive_s: float = keep_alive_s
        self._stream = PacketStream()
        self._out = bytearray(
            mqtt5.ConnectPacket(client_id, clean_start=True, keep_alive=keep_alive_s).write()
        )
        self._numbers = _numbers()
        self._unacked_max = UNACKED_MAX
        self._unacked: set[int] = set()
        self._waiting: deque[_Message] = deque()
        self._heard_s = self._said_s = now_s
        self._is_pinged = False

    def take(self, data: bytes, *, now_s: float) -> None:
        """Take what came. Raises BrokerRefusedError, BrokerLostError."""
        try:
            for packet in self._stream.take(data):
                self._heard_s = now_s
                self._handle(packet)
        except BrokenStreamError as error:
            raise BrokerLostError(str(error)) from error

    def publish(
        self, topic: str, payload: bytes, *, qos: int, is_retained: bool = False, expiry_s: int | None = None
    ) -> bool:
        """Have a message go out: one of QoS 1 behind those before it, one of QoS 0 at once. Return False, and
        keep nothing, when the broker does not know us yet or too much waits.
        """
        if not self.is_taken or len(self._out) >= OUT_MAX_BYTES:
            return False
        if qos and len(self._waiting) >= WAITING_MAX:
            return False
        message = (topic, payload, is_retained, expiry_s)
        if qos:
            self._waiting.append(message)
            self._let_go()
        else:
            self._write(message)
        return True

    def tick(self, *, now_s: float) -> None:
        """Ask about once a second. Where one of us was silent for the keep-alive the broker is pinged, and it
        is lost when it is silent for as long after that. Raises BrokerLostError.
        """
        if now_s - min(self._heard_s, self._said_s) < self._keep_alive_s:
            return
        if not self._is_pinged:
            self._is_pinged, self._heard_s, self._said_s = True, now_s, now_s
            self._out += mqtt5.PingReqPacket().write()
        elif now_s - self._heard_s >= self._keep_alive_s:
            raise BrokerLostError(f"no answer to a ping within {self._keep_alive_s:.0f} s")

    def outgoing(self, *, now_s: float) -> bytes:
        """Return what is to be written, which then is."""
        if not self._out:
            return b""
        data = bytes(self._out)
        self._out.clear()
        self._said_s = now_s
        return data

    def _handle(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.PublishPacket():
                if packet.packet_id is not None:
                    self._out += mqtt5.PubAckPacket(packet.packet_id).write()
                self._on_message(packet.topic, packet.payload, packet.retain)
            case mqtt5.PubAckPacket():
                self._unacked.discard(packet.packet_id)
                self._let_go()
            case mqtt5.PingRespPacket():
                self._is_pinged = False
            case mqtt5.ConnAckPacket():
                self._refuse_if(packet.reason_code)
                self.is_taken = True
                self._unacked_max = min(UNACKED_MAX, packet.receive_max)
                if packet.server_keep_alive:
                    self._keep_alive_s = min(self._keep_alive_s, packet.server_keep_alive)
                self._out += mqtt5.SubscribePacket(self._next_number(), self._filters()).write()
            case mqtt5.SubAckPacket():
                for reason in packet.reason_codes:
                    self._refuse_if(reason)
                self.is_subscribed = True
            case mqtt5.DisconnectPacket():
                raise BrokerLostError(f"the broker ended it: {_words(packet.reason_code)}")
            case _:
                raise BrokerLostError(f"the broker sent a {type(packet).__name__}, which is not its to send")

    def _filters(self) -> list[mqtt5.TopicFilter]:
        qos = mqtt5.QoS.AT_LEAST_ONCE
        return [
            mqtt5.TopicFilter(name, max_qos=qos, retain_as_published=False) for name in self._subscriptions
        ]

    def _let_go(self) -> None:
        while self._waiting and len(self._unacked) < self._unacked_max:
            number = self._next_number()
            self._unacked.add(number)
            self._write(self._waiting.popleft(), number)

    def _write(self, message: _Message, number: int | None = None) -> None:
        topic, payload, is_retained, expiry_s = message
        self._out += mqtt5.PublishPacket(
            topic,
            payload,
            qos=mqtt5.QoS.AT_MOST_ONCE if number is None else mqtt5.QoS.AT_LEAST_ONCE,
            retain=is_retained,
            packet_id=number,
            message_expiry_interval=expiry_s,
        ).write()

    def _next_number(self) -> int:
        return next(one for one in self._numbers if one not in self._unacked)

    @staticmethod
    def _refuse_if(reason: IntEnum) -> None:
        if int(reason) >= FAILURE:  # mqtt5's are no numbers themselves, whatever its types say
            raise BrokerRefusedError(_words(reason))


def _numbers() -> Iterator[int]:
    while True:
        yield from range(1, 65_536)


def _words(reason: IntEnum) -> str:
    return reason.name.replace("_", " ").lower()
