"""A link as a window sees it, in a time of its own (core): parcels go up, the broker's words come back.

Two bottlenecks of the laboratory and a TCP that is as simple as can be: segments that leave in pairs at a
pace, one acknowledgement for each, what was sent before something acknowledged is lost and sent again, a
timer for the last one. No congestion control: that is the window's. An hour of link takes seconds.
"""

import heapq
import struct
from collections import deque
from collections.abc import Callable
from math import inf
from typing import Final

from tests.simulators.links.bottleneck import Bottleneck, Passage
from tests.simulators.links.profile import Profile
from tests.simulators.links.rate import Rate

SEGMENT_BYTES: Final = 1_448
HEADERS_BYTES: Final = 52  # IPv4, TCP with timestamps
TLS_BYTES: Final = 22
PUBLISH_BYTES: Final = 8
PUBACK_BYTES: Final = 4
BROKER_S: Final = 0.002
REORDERING: Final = 0.25  # of a round trip: so long a later one may overtake
TIMER_MIN_S: Final = 1.0
TOGETHER: Final = 2  # segments that leave at once, as Linux does whatever the pace is
_STAMP: Final = struct.Struct("!BIIII")  # kind, stream, segment, of which sending, all before arrived
_SEGMENT, _ACK, _DATAGRAM = range(3)


class _Stream:
    """One direction of the connection: messages in, messages out, in order and complete."""

    def __init__(
        self,
        number: int,
        offer: Callable[[bytes], None],
        later: Callable[[float, Callable[[], None]], None],
        *,
        round_trip_s: float,
    ) -> None:
        self.resent = 0
        self.pace = inf  # bytes a second; a change acts on what leaves after the pair that is due
        self._number, self._offer, self._round_trip_s = number, offer, round_trip_s
        self._later, self._due_s = later, 0.0
        self._answer_s = round_trip_s  # smoothed
        self._least_answer_s = inf
        self._ends: deque[tuple[int, int]] = deque()  # (segment that ends a message, message)
        self._sizes: dict[int, int] = {}  # not acknowledged
        self._arrived_sizes: dict[int, int] = {}  # acknowledged, behind a hole
        self._sent_s: dict[int, tuple[float, int]] = {}
        self._sendings = self._segments = 0
        self.next_wanted = 0  # all segments before it arrived
        self._arrived: set[int] = set()

    @property
    def timer_s(self) -> float:
        """When the last one is sent again, unless something is heard before."""
        newest_s = max((sent_s for sent_s, _ in self._sent_s.values()), default=inf)
        return newest_s + max(TIMER_MIN_S, 2 * self._answer_s)

    @property
    def beyond_hole_bytes(self) -> int:
        first = min(self._sizes, default=0)
        return sum(size for segment, size in self._arrived_sizes.items() if segment > first)

    @property
    def queue_s(self) -> float:
        return max(0.0, self._answer_s - self._least_answer_s)

    def send(self, message: int, size_bytes: int, *, now_s: float) -> None:
        while size_bytes > 0:
            together = _cut(size_bytes)[:TOGETHER]
            first, self._segments = self._segments, self._segments + len(together)
            self._sizes.update(enumerate(together, first))
            self._leave(range(first, self._segments), max(now_s, self._due_s), now_s=now_s)
            self._due_s = max(now_s, self._due_s) + sum(together) / self.pace
            size_bytes -= sum(together)
        self._ends.append((self._segments - 1, message))

    def _leave(self, segments: range, at_s: float, *, now_s: float) -> None:
        def put() -> None:
            for segment in segments:
                self._put(segment, max(at_s, now_s))

        put() if at_s <= now_s else self._later(at_s, put)

    def _put(self, segment: int, now_s: float) -> None:
        self._sent_s[segment] = (now_s, self._sendings)
        stamp = _STAMP.pack(_SEGMENT, self._number, segment, self._sendings, 0)
        self._sendings += 1
        self._offer(stamp.ljust(self._sizes[segment] + HEADERS_BYTES, b"\0"))

    def on_acknowledged(self, segment: int, sending: int, before: int, *, now_s: float) -> float | None:
        """A segment is there, and all before `before`; return when to look whether others that were sent
        before it are lost.
        """
        sent_s, last = self._sent_s.get(segment, (now_s, -1))
        if last == sending:
            self._answer_s += (now_s - sent_s - self._answer_s) / 8
            self._least_answer_s = min(self._least_answer_s, now_s - sent_s)
        for one in [segment, *(one for one in self._sizes if one < before)]:
            if one in self._sizes:
                self._arrived_sizes[one] = self._sizes.pop(one)
                del self._sent_s[one]
        first = min(self._sizes, default=self._segments)
        self._arrived_sizes = {one: size for one, size in self._arrived_sizes.items() if one > first}
        is_late = any(other < sending for _, other in self._sent_s.values())
        return now_s + REORDERING * self._round_trip_s if is_late else None

    def repair(self, sending: int, *, now_s: float) -> None:
        """What was sent before that sending and is not acknowledged is lost."""
        for segment, (_, other) in list(self._sent_s.items()):
            if other < sending:
                self._put_again(segment, now_s)

    def on_timer(self, *, now_s: float) -> None:
        self._put_again(max(self._sent_s, key=lambda one: self._sent_s[one]), now_s)

    def _put_again(self, segment: int, now_s: float) -> None:
        self.resent += 1
        self._put(segment, now_s)

    def on_arrived(self, segment: int) -> list[int]:
        """Return the messages that are complete now."""
        self._arrived.add(segment)
        while self.next_wanted in self._arrived:
            self._arrived.discard(self.next_wanted)
            self.next_wanted += 1
        complete = []
        while self._ends and self._ends[0][0] < self.next_wanted:
            complete.append(self._ends.popleft()[1])
        return complete


def _cut(size_bytes: int) -> list[int]:
    """Return the sizes of the segments of a message."""
    whole, rest = divmod(size_bytes, SEGMENT_BYTES)
    return [SEGMENT_BYTES] * whole + [rest] * (rest > 0)


class ParcelLink:
    """`send` parcels, `run_until` a time; the callbacks are called at theirs, with `now_s`."""

    def __init__(
        self, profile: Profile, *, on_arrived: Callable[[int], None], on_puback: Callable[[int], None]
    ):
        self.now_s = 0.0
        self.passages: list[Passage] = []  # up
        self._on_arrived, self._on_puback = on_arrived, on_puback
        self._rate, self._began_s = Rate(profile.up.rate, profile.up.repeat_s), 0.0
        self._up = Bottleneck(profile.up, began_s=0.0)
        self._down = Bottleneck(profile.down, began_s=0.0)
        round_trip_s = profile.up.delay_s + profile.down.delay_s
        self._streams = (
            _Stream(0, self._offer_up, self.at, round_trip_s=round_trip_s),
            _Stream(1, self._offer_down, self.at, round_trip_s=round_trip_s),
        )
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    @property
    def resent(self) -> int:
        """How many segments were sent again so far, in both directions."""
        return sum(stream.resent for stream in self._streams)

    @property
    def beyond_hole_bytes(self) -> int:
        """What has arrived behind the first segment that is missing, as far as its sender knows."""
        return self._streams[0].beyond_hole_bytes

    @property
    def tcp_queue_s(self) -> float:
        """By how much the sender's round trip is longer than the least it had."""
        return self._streams[0].queue_s

    def send(self, parcel: int, size_bytes: int, *, pace: float = inf) -> None:
        """Give a parcel to the connection; what has not left yet goes at `pace`, in bytes a second."""
        self._streams[0].pace = pace
        self._streams[0].send(parcel, size_bytes + PUBLISH_BYTES + TLS_BYTES, now_s=self.now_s)

    def send_datagram(self, size_bytes: int) -> None:
        """Somebody else's packet goes up, of so many bytes with its headers."""
        self._offer_up(_STAMP.pack(_DATAGRAM, 0, 0, 0, 0).ljust(size_bytes, b"\0"))

    def change(self, profile: Profile) -> None:
        """The link is another one from now on."""
        self._up.change(profile.up, now_s=self.now_s)
        self._rate, self._began_s = Rate(profile.up.rate, profile.up.repeat_s), self.now_s
        self._down.change(profile.down, now_s=self.now_s)

    def up_bits(self, from_s: float, to_s: float) -> float:
        """What the way up could carry meanwhile."""
        return self._rate.bits(from_s - self._began_s, to_s - self._began_s)

    def at(self, at_s: float, work: Callable[[], None]) -> None:
        """Do it then."""
        self._count += 1
        heapq.heappush(self._later, (at_s, self._count, work))

    def run_until(self, until_s: float) -> None:
        """Let time pass."""
        while True:
            timers = [stream.timer_s for stream in self._streams]
            later_s = self._later[0][0] if self._later else inf
            next_s = min(self._up.next_s, self._down.next_s, later_s, *timers)
            if next_s > until_s:
                self.now_s = until_s
                return
            self.now_s = max(self.now_s, next_s)
            for passage in self._up.take(now_s=self.now_s):
                self._end(passage, is_up=True)
            for passage in self._down.take(now_s=self.now_s):
                self._end(passage, is_up=False)
            for stream in self._streams:
                if stream.timer_s <= self.now_s:
                    stream.on_timer(now_s=self.now_s)
            while self._later and self._later[0][0] <= self.now_s:
                heapq.heappop(self._later)[2]()

    def _offer_up(self, data: bytes) -> None:
        self._keep(self._up.offer(data, now_s=self.now_s))

    def _offer_down(self, data: bytes) -> None:
        self._down.offer(data, now_s=self.now_s)

    def _keep(self, passage: Passage | None) -> None:
        if passage is not None:
            self.passages.append(passage)

    def _end(self, passage: Passage, *, is_up: bool) -> None:
        if is_up:
            self._keep(passage)
        if passage.fate != "delivered":
            return
        kind, number, segment, sending, before = _STAMP.unpack_from(passage.data)
        stream = self._streams[number]
        if kind == _ACK:
            look_s = stream.on_acknowledged(segment, sending, before, now_s=self.now_s)
            if look_s is not None:
                self.at(look_s, lambda: stream.repair(sending, now_s=self.now_s))
        elif kind == _SEGMENT:
            complete = stream.on_arrived(segment)
            back = self._offer_down if is_up else self._offer_up
            back(_STAMP.pack(_ACK, number, segment, sending, stream.next_wanted).ljust(HEADERS_BYTES, b"\0"))
            for message in complete:
                self._tell(message, is_up=is_up)

    def _tell(self, message: int, *, is_up: bool) -> None:
        if not is_up:
            self._on_puback(message)
            return
        self._on_arrived(message)

        def acknowledge() -> None:
            self._streams[1].send(message, PUBACK_BYTES + TLS_BYTES, now_s=self.now_s)

        self.at(self.now_s + BROKER_S, acknowledge)
