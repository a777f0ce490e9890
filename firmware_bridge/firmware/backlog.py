"""Samples and gaps that wait for the wire: the oldest samples give way, and a GAP stands in their place.

Bounded by bytes of payload. A gap never goes ahead of earlier samples of its own stream.
Source: docs/board-link.md, "The board's side".
"""

import struct

from firmware_bridge.firmware import wire

LIMIT_BYTES = 24_576  # what an RP2040 can spare beside the program: about eight seconds of all streams
ITEM_BYTES = 48  # what keeping an item costs beside its payload


class Backlog:
    """What was measured and not sent. Items are (type, payload, time it was queued)."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self.dropped_samples = 0
        self._limit_bytes = limit_bytes
        self._held_bytes = 0
        self._items: list[tuple[int, bytes, int]] = []

    def __len__(self) -> int:
        return len(self._items)

    def put_samples(self, payload: bytes, t_us: int) -> None:
        """Queue one SAMPLES payload; too much, and the oldest go."""
        self._items.append((wire.SAMPLES, payload, t_us))
        self._held_bytes += len(payload) + ITEM_BYTES
        self._give_way()

    def put_gap(self, stream_id: int, first_lost: int, count: int, reason: int, t_us: int) -> None:
        """Queue one GAP, joined with one before it that it continues."""
        for at in range(len(self._items) - 1, -1, -1):
            message_type, payload, _ = self._items[at]
            if payload[0] == stream_id:
                if message_type == wire.GAP and self._join(at, first_lost, count, reason):
                    return
                break
        payload = struct.pack(wire.GAP_LAYOUT, stream_id, first_lost, count, reason)
        self._items.append((wire.GAP, payload, t_us))
        self._held_bytes += len(payload) + ITEM_BYTES
        self._give_way()

    def take(self) -> tuple[int, bytes, int] | None:
        """Return the oldest item; None: there is none."""
        if not self._items:
            return None
        item = self._items.pop(0)
        self._held_bytes -= len(item[1]) + ITEM_BYTES
        return item

    def _give_way(self) -> None:
        """Keep the limit. Where gaps alone fill it the oldest goes: the host counts the hole it leaves."""
        while self._held_bytes > self._limit_bytes:
            if not self._drop_oldest():
                self.take()

    def _drop_oldest(self) -> bool:
        """Put a gap where the oldest samples are; False: there are no samples."""
        at = 0
        while at < len(self._items) and self._items[at][0] != wire.SAMPLES:
            at += 1
        if at == len(self._items):
            return False
        _, payload, t_us = self._items[at]
        stream_id, _, first, _, _, count, _ = struct.unpack(
            wire.SAMPLES_HEAD, payload[: wire.SAMPLES_HEAD_BYTES]
        )
        self.dropped_samples += count
        self._held_bytes -= len(payload) + ITEM_BYTES
        for before in range(at - 1, -1, -1):
            if self._items[before][1][0] == stream_id:
                if self._join(before, first, count, wire.GAP_TX_BUFFER):
                    del self._items[at]
                    return True
                break
        gap = struct.pack(wire.GAP_LAYOUT, stream_id, first, count, wire.GAP_TX_BUFFER)
        self._items[at] = (wire.GAP, gap, t_us)
        self._held_bytes += len(gap) + ITEM_BYTES
        return True

    def _join(self, at: int, first: int, count: int, reason: int) -> bool:
        """Make the gap at `at` longer; False: this one does not continue it."""
        _, payload, t_us = self._items[at]
        stream_id, known_first, known_count, known_reason = struct.unpack(wire.GAP_LAYOUT, payload)
        if reason != known_reason or (known_first + known_count) & 0xFFFFFFFF != first:
            return False
        joined = struct.pack(wire.GAP_LAYOUT, stream_id, known_first, known_count + count, reason)
        self._items[at] = (wire.GAP, joined, t_us)
        return True
