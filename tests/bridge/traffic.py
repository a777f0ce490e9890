"""Who publishes numbered messages and who hears them: paho clients, QoS 1."""

import threading
import time
from collections import Counter
from typing import Final, Self

from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.bridge.mosquitto import TOPIC
from tests.bridge.schedule import MESSAGES_PER_S

PAYLOAD_BYTES: Final = 60
LIMIT_S: Final = 30.0


def _client(name: str) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
    client.reconnect_delay_set(1, 1)
    client.max_inflight_messages_set(1_000)
    client.max_queued_messages_set(0)
    return client


class Publisher:
    """Publishes MESSAGES_PER_S numbers a second, whatever becomes of its broker; what was not acknowledged is
    sent again on the next connection. Use as a context.
    """

    def __init__(self, port: int) -> None:
        self.sent = 0
        self.acknowledged: set[int] = set()
        self._numbers: dict[int, int] = {}  # message id -> number
        self._lock = threading.Lock()
        self._client = _client("publisher")
        self._client.on_publish = self._on_publish
        self._client.connect("127.0.0.1", port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def run(self, until_s: float, stop: threading.Event) -> None:
        """Publish until `until_s` (monotonic), or `stop`."""
        began_s = time.monotonic()
        while time.monotonic() < until_s and not stop.is_set():
            with self._lock:
                info = self._client.publish(TOPIC, str(self.sent).encode().ljust(PAYLOAD_BYTES), qos=1)
                self._numbers[info.mid] = self.sent
                self.sent += 1
            time.sleep(max(0.0, began_s + self.sent / MESSAGES_PER_S - time.monotonic()))  # the rate

    def _on_publish(self, _client: object, _data: object, mid: int, *_: object) -> None:
        with self._lock:
            number = self._numbers.pop(mid, None)
            if number is not None:
                self.acknowledged.add(number)


class Hearer:
    """Counts the numbers that arrive at the hub's broker. Use as a context."""

    def __init__(self, port: int) -> None:
        self.heard: Counter[int] = Counter()
        self.last_s = time.monotonic()
        self._is_ready = threading.Event()
        self._client = _client("hearer")
        self._client.on_connect = lambda client, *_: client.subscribe(TOPIC, qos=1)
        self._client.on_subscribe = lambda *_: self._is_ready.set()
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        assert self._is_ready.wait(LIMIT_S), "the hub's broker does not answer"
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        self.last_s = time.monotonic()
        self.heard[int(message.payload)] += 1
