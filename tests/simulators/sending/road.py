"""One direction of the link, and what passed on it (core)."""

from collections.abc import Callable
from math import inf
from typing import NamedTuple

from tests.simulators.links.bottleneck import Bottleneck, Fate, Passage
from tests.simulators.links.profile import Way
from tests.simulators.sending.timeline import Alarm, Timeline

HEADERS_BYTES = 44  # before each packet of a call: IPv4, UDP, and SRTP's tag; the first byte names the flow


class Passed(NamedTuple):
    """One packet; times in seconds, None where it never came so far."""

    flow: int
    size_bytes: int
    arrived_s: float
    started_s: float | None
    left_s: float | None
    fate: Fate


class Road:
    """Packets begin with the number of their flow; who hears a flow is called with the whole packet."""

    def __init__(self, timeline: Timeline, way: Way) -> None:
        self.passed: list[Passed] = []  # in the order in which their stories ended
        self.hears: dict[int, Callable[[bytes], None]] = {}
        self._timeline = timeline
        self._bottleneck = Bottleneck(way, began_s=0.0)
        self._alarm = Alarm(timeline, self._deliver)

    def send(self, data: bytes) -> None:
        """A packet comes to the link's queue now."""
        refused = self._bottleneck.offer(data, now_s=self._timeline.now_s)
        if refused is not None:
            self._note(refused)
        self._wait()

    def _deliver(self) -> None:
        for one in self._bottleneck.take(now_s=self._timeline.now_s):
            self._note(one)
            hears = self.hears.get(one.data[0])
            if one.fate == "delivered" and hears is not None:
                hears(one.data)
        self._wait()

    def _wait(self) -> None:
        if self._bottleneck.next_s < inf:
            self._alarm.set(self._bottleneck.next_s)

    def _note(self, one: Passage) -> None:
        self.passed.append(
            Passed(one.data[0], len(one.data), one.arrived_s, one.started_s, one.left_s, one.fate)
        )
