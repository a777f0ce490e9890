"""What the board has to send, by priority: EVENT > HEARTBEAT, TIME > LEAD_STATE > GAP, SAMPLES. Pure.

When the host does not drain, the oldest samples are dropped and a GAP stands in their place.
"""

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from firmware_bridge.board.catalogue import BoardMessage
from firmware_bridge.board.messages import BoardEvent, LeadStateChange
from firmware_bridge.board.stream_messages import Gap, GapReason, Samples

FRAME_OVERHEAD_BYTES: Final = 22
SAMPLE_QUEUE_BYTES: Final = 65_536  # what a board of this class can spare: half a minute


@dataclass(frozen=True, slots=True)
class Queued:
    """One message with the board's time at which it was queued."""

    message: BoardMessage
    t_us: int
    is_retransmission: bool = False


class TxQueue:
    """Bounded: samples by bytes, the rest because each is asked for or replaced."""

    def __init__(self, *, sample_bytes: int = SAMPLE_QUEUE_BYTES) -> None:
        self.dropped_samples = 0
        self._limit_bytes = sample_bytes
        self._sample_bytes = 0
        self._events: deque[Queued] = deque(maxlen=32)
        self._answers: deque[Queued] = deque(maxlen=32)
        self._leads: deque[Queued] = deque(maxlen=32)
        self._stream: deque[Queued] = deque()

    def __bool__(self) -> bool:
        return bool(self._events or self._answers or self._leads or self._stream)

    def put(self, queued: Queued) -> None:
        """Queue a message by its kind."""
        match queued.message:
            case BoardEvent():
                self._events.append(queued)
            case LeadStateChange():
                self._leads.append(queued)
            case Samples():
                self._stream.append(queued)
                self._sample_bytes += _size(queued.message)
                while self._sample_bytes > self._limit_bytes:
                    self._drop_oldest()
            case Gap():
                self._put_gap(queued)
            case _:
                self._answers.append(queued)

    def take(self) -> Queued | None:
        """Return what goes next."""
        for queue in (self._events, self._answers, self._leads):
            if queue:
                return queue.popleft()
        if not self._stream:
            return None
        queued = self._stream.popleft()
        if isinstance(queued.message, Samples):
            self._sample_bytes -= _size(queued.message)
        return queued

    def _put_gap(self, queued: Queued) -> None:
        for at in range(len(self._stream) - 1, -1, -1):
            before = self._stream[at].message
            if isinstance(before, Samples | Gap) and before.stream_id == _gap(queued).stream_id:
                if isinstance(before, Gap) and _continues(before, _gap(queued)):
                    self._stream[at] = _joined(self._stream[at], queued)
                    return
                break
        self._stream.append(queued)

    def _drop_oldest(self) -> None:
        at = next(k for k, queued in enumerate(self._stream) if isinstance(queued.message, Samples))
        queued = self._stream[at]
        block = queued.message
        assert isinstance(block, Samples)
        count = len(block.samples)
        self.dropped_samples += count
        self._sample_bytes -= _size(block)
        gap = Queued(Gap(block.stream_id, block.first_index, count, GapReason.TX_BUFFER), queued.t_us)
        for before in range(at):
            if _continues(_gap(self._stream[before]), _gap(gap)):
                self._stream[before] = _joined(self._stream[before], gap)
                del self._stream[at]
                return
        self._stream[at] = gap


def _size(block: Samples) -> int:
    return FRAME_OVERHEAD_BYTES + Samples.HEAD.size + Samples.TAIL.size + 3 * block.samples.size


def _gap(queued: Queued) -> Gap:
    assert isinstance(queued.message, Gap)
    return queued.message


def _continues(before: Gap, after: Gap) -> bool:
    same = (before.stream_id, before.reason) == (after.stream_id, after.reason)
    return same and (before.first_lost + before.count) & 0xFFFFFFFF == after.first_lost


def _joined(before: Queued, after: Queued) -> Queued:
    gap = _gap(before)
    return replace(before, message=replace(gap, count=gap.count + _gap(after).count))
