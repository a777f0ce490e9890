"""Parcels that wait for the next commit (core). Calls go first; what is dropped, the box sends again."""

from collections import deque
from typing import Final

from contract.ids import RecordClass
from hub.ingest.ingest import Payload

QUEUE_PAYLOADS: Final = 20_000  # 14 s of 14,000 stations
QUEUE_BYTES: Final = 128 * 2**20
BATCH_PAYLOADS: Final = 200
BATCH_BYTES: Final = 2 * 2**20  # bounds what a call may wait behind

WINDOW_S: Final = 0.010  # what a waveform may wait so that one sync serves many; a call does not wait
BUSY_WINDOW_S: Final = 0.060  # with a thousand parcels a second, where a turn costs more than a wait does
BUSY_PAYLOADS_PER_S: Final = 500


class BatchWindow:
    """How long the next commit gathers parcels, by how many the last one gathered."""

    def __init__(self) -> None:
        self.length_s = WINDOW_S

    def on_batch(self, payload_count: int) -> None:
        """So many came within the window; what came while the commit before was under way among them."""
        is_busy = payload_count >= BUSY_PAYLOADS_PER_S * self.length_s
        self.length_s = BUSY_WINDOW_S if is_busy else WINDOW_S


class Intake:
    """Two queues, each with its own limits, so that no backlog takes a call's place."""

    def __init__(self, *, queue_payloads: int = QUEUE_PAYLOADS, queue_bytes: int = QUEUE_BYTES) -> None:
        self.dropped_count = 0
        self._calls = _Queue(queue_payloads, queue_bytes)
        self._others = _Queue(queue_payloads, queue_bytes)

    def put(self, payload: Payload) -> bool:
        """Take a parcel; False when it was dropped, and counted."""
        queue = self._calls if payload.record_class is RecordClass.CALL else self._others
        if not queue.put(payload):
            self.dropped_count += 1
            return False
        return True

    def take_batch(self) -> list[Payload]:
        """Return what the next commit takes on."""
        batch: list[Payload] = []
        self._calls.move_to(batch)
        self._others.move_to(batch)
        return batch

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not (self._calls.payloads or self._others.payloads)

    @property
    def is_full_batch(self) -> bool:
        """Whether waiting for more would not make the next batch larger."""
        return len(self._others.payloads) >= BATCH_PAYLOADS or self._others.size_bytes >= BATCH_BYTES


class _Queue:
    def __init__(self, max_payloads: int, max_bytes: int) -> None:
        self._max_payloads, self._max_bytes = max_payloads, max_bytes
        self.payloads: deque[Payload] = deque()
        self.size_bytes = 0

    def put(self, payload: Payload) -> bool:
        size_bytes = self.size_bytes + len(payload.data)
        if len(self.payloads) >= self._max_payloads or size_bytes > self._max_bytes:
            return False
        self.payloads.append(payload)
        self.size_bytes = size_bytes
        return True

    def move_to(self, batch: list[Payload]) -> None:
        size_bytes = sum(len(payload.data) for payload in batch)
        while self.payloads and len(batch) < BATCH_PAYLOADS and size_bytes < BATCH_BYTES:
            payload = self.payloads.popleft()
            self.size_bytes -= len(payload.data)
            size_bytes += len(payload.data)
            batch.append(payload)
