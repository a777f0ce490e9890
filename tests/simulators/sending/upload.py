"""Somebody else's long upload: TCP with CUBIC, good enough to fill a queue and to give way to it (core).

Each segment is acknowledged by its number; three later ones prove a loss. Source: RFC 9438, RFC 9406.
"""

from typing import Final

from tests.simulators.links.profile import TcpFlow
from tests.simulators.sending.road import Road
from tests.simulators.sending.timeline import Timeline

SEGMENT_BYTES: Final = 1_500
ACK_BYTES: Final = 52
SCALE: Final = 0.4  # CUBIC's C, segments a second³
LEFT: Final = 0.7  # of the window after a loss
WINDOW_MAX: Final = 400.0  # segments: what a kernel's buffer holds
TIMEOUT_MIN_S: Final = 0.3


class Upload:
    """One flow, from its begin to its end."""

    def __init__(self, timeline: Timeline, road: Road, back: Road, *, flow: int, times: TcpFlow) -> None:
        self._timeline, self._road, self._back, self._times = timeline, road, back, times
        self._flow = flow
        self._window, self._threshold = 10.0, WINDOW_MAX
        self._sent: dict[int, float] = {}  # in flight: number, when
        self._next = self._recovers_at = 0
        self._least_s, self._smooth_s = 10.0, 1.0
        self._epoch_s: float | None = None
        self._most = self._inflection_s = 0.0
        self._heard_s = times.begins_s
        road.hears[flow] = self._receive
        back.hears[flow] = self._on_ack
        timeline.at(times.begins_s, self._send)
        timeline.at(times.begins_s, self._look)

    def _send(self) -> None:
        now_s = self._timeline.now_s
        while len(self._sent) < self._window and now_s < self._times.ends_s:
            self._sent[self._next] = now_s
            self._road.send(bytes([self._flow]) + self._next.to_bytes(8) + bytes(SEGMENT_BYTES - 9))
            self._next += 1

    def _receive(self, data: bytes) -> None:
        self._back.send(data[:9] + bytes(ACK_BYTES - 9))

    def _on_ack(self, data: bytes) -> None:
        now_s, number = self._timeline.now_s, int.from_bytes(data[1:9])
        sent_s = self._sent.pop(number, None)
        if sent_s is None:
            return
        self._heard_s = now_s
        round_trip_s = now_s - sent_s
        self._least_s = min(self._least_s, round_trip_s)
        self._smooth_s += 0.125 * (round_trip_s - self._smooth_s)
        lost = [other for other in self._sent if other < number - 3]
        for other in lost:
            del self._sent[other]
        if lost and max(lost) >= self._recovers_at:
            self._give_way()
        elif self._window < self._threshold:
            self._window += 1
            if round_trip_s > self._least_s + min(0.016, max(0.004, self._least_s / 8)):
                self._threshold = self._window  # the queue begins: slow start is over
        else:
            self._grow(now_s)
        self._send()

    def _give_way(self) -> None:
        self._most = self._window if self._window >= self._most else self._window * (1 + LEFT) / 2
        self._window = self._threshold = max(2.0, self._window * LEFT)
        self._recovers_at, self._epoch_s = self._next, None

    def _grow(self, now_s: float) -> None:
        if self._epoch_s is None:
            self._epoch_s = now_s
            self._most = max(self._most, self._window)
            self._inflection_s = ((self._most - self._window) / SCALE) ** (1 / 3)
        passed_s = now_s + self._smooth_s - self._epoch_s
        wanted = SCALE * (passed_s - self._inflection_s) ** 3 + self._most
        friendly = self._most * LEFT + 3 * (1 - LEFT) / (1 + LEFT) * passed_s / self._smooth_s
        wanted = min(max(wanted, friendly), 1.5 * self._window)
        self._window += max(0.01, wanted - self._window) / self._window
        self._window = min(self._window, WINDOW_MAX)

    def _look(self) -> None:
        """A flow that hears nothing begins anew with one segment."""
        now_s = self._timeline.now_s
        if self._sent and now_s - self._heard_s > max(TIMEOUT_MIN_S, 2 * self._smooth_s):
            self._sent.clear()
            self._give_way()
            self._window, self._heard_s = 1.0, now_s
            self._send()
        if now_s < self._times.ends_s + 5.0:
            self._timeline.at(now_s + 0.1, self._look)
