"""The packets of one MQTT 5 connection, from its bytes (core over mqtt5)."""

from collections.abc import Iterator
from typing import Final

import mqtt5

PACKET_MAX_BYTES: Final = 1_048_576  # the largest payload of the contract is an eighth of it


class BrokenStreamError(Exception):
    """What the broker sent is no MQTT 5; the connection is of no use any more. The text says why."""


class PacketStream:
    """Takes bytes as they come, and gives the packets that are whole."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> Iterator[mqtt5.Packet]:
        """Yield the packets that `data` makes whole. Raises BrokenStreamError where the next one begins."""
        data, start = self._rest + data, 0
        view = memoryview(data)
        while start < len(data):
            try:
                packet, length = mqtt5.read(view[start:])
            except IndexError:  # the rest of it is on the way
                break
            except ValueError as error:
                raise BrokenStreamError(f"what the broker sends is no MQTT 5: {error}") from error
            start += length
            yield packet
        self._rest = data[start:]
        if len(self._rest) > PACKET_MAX_BYTES:
            raise BrokenStreamError(f"a packet of the broker has more than {PACKET_MAX_BYTES} bytes")
