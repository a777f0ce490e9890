"""How much the page should send at most, by what arrives of it here (core).

The page's browser finds its own rate by our feedback, from one packet to the next. This is the slower word
above it, by which the page chooses what it sends at all: how voice is coded, whether there is a picture. A
link is believed to carry as much down as it does up until what comes says otherwise: packets that wait in a
queue that does not empty, or many that are lost.
Source: docs/media.md, section 8; docs/adr/0036-the-way-back.md.
"""

from typing import Final

from edge.video.media import VOICE_HZ

START_BPS: Final = 50_000  # voice and a first small picture; what 64 kbit/s carries beside feedback
FLOOR_BPS: Final = 12_000  # Opus at 6 kbit/s in 60 ms, with headers
MOST_BPS: Final = 1_000_000
LOOK_S: Final = 1.0
BASE_S: Final = 15.0  # the least delay of the last 15 to 30 s is that of an empty link
QUEUE_S: Final = 0.25
LOST_SHARE: Final = 0.15  # below that a radio link loses without being full
EXPECTED_MIN: Final = 10  # packets a look, for a share of them to mean something
FULL_LOOKS: Final = 2  # one after the other: a fade of a second is none
GROWTH_FIRST: Final = 1.25  # a look, until the link was full for the first time
GROWTH: Final = 1.08
LEFT: Final = 0.8  # of what arrived while the link was full: the queue drains
ARRIVED_ROOM: Final = 1.5  # what arrives proves room for so much
SILENCE_S: Final = 1.0  # without voice, which DTX sends each 0.4 s: its clock may have stood still meanwhile
PAUSE_S: Final = 5.0  # after the link was full; twice as long each time that growing filled it again
PAUSE_MAX_S: Final = 60.0
SAY_BELOW: Final = 0.8  # of what was said last; what is less is said at once
SAY_ABOVE: Final = 1.25

_STAMPS: Final = 1 << 32


class WayDown:
    """One connection on which we receive. Give it every packet; `down_bps` is what the other side may send,
    headers included.
    """

    def __init__(self, *, now_s: float) -> None:
        self.down_bps = START_BPS
        self._said_bps: int | None = None
        self._looked_s = now_s
        self._bytes = self._packets = 0
        self._newest: int | None = None  # transport-wide sequence, counted without wrapping
        self._newest_before: int | None = None
        self._full_looks = 0
        self._has_been_full = False
        self._pause_s = PAUSE_S
        self._lowered_s: float | None = None
        self._stamp: int | None = None  # of voice, counted without wrapping
        self._voiced_s = now_s
        self._least_s: float | None = None  # delay of this look, against a clock that begins anywhere
        self._bases_s: list[float] = []  # the least of this BASE_S and of the one before
        self._base_began_s = now_s

    def on_packet(self, sequence: int, *, size_bytes: int, up_bps: int, now_s: float) -> None:
        """A packet came, of `size_bytes` on the wire. `sequence` (16 bits) is the connection's; `up_bps` is
        what the way up carries.
        """
        if now_s - self._looked_s >= LOOK_S:
            self._look(up_bps, now_s)
        newest = self._newest
        counted = sequence if newest is None else newest + ((sequence - newest + 0x8000) & 0xFFFF) - 0x8000
        if newest is None:
            self._newest_before = counted - 1
        self._newest = counted if newest is None else max(newest, counted)
        self._bytes += size_bytes
        self._packets += 1

    def on_voice(self, timestamp: int, *, now_s: float) -> None:
        """A packet of voice came with this RTP timestamp (32 bits of VOICE_HZ)."""
        if now_s - self._voiced_s > SILENCE_S:
            self._bases_s.clear()
        self._voiced_s = now_s
        stamp = self._stamp
        if stamp is None:
            counted = timestamp
        else:
            counted = stamp + ((timestamp - stamp + _STAMPS // 2) % _STAMPS) - _STAMPS // 2
        self._stamp = counted if stamp is None else max(stamp, counted)
        delay_s = now_s - counted / VOICE_HZ
        self._least_s = delay_s if self._least_s is None else min(self._least_s, delay_s)

    def take_news(self) -> bool:
        """Whether `down_bps` is so far from what was said last that it is to be said now; then it counts as
        said.
        """
        said_bps = self._said_bps
        is_news = said_bps is None or not SAY_BELOW < self.down_bps / said_bps < SAY_ABOVE
        if is_news:
            self._said_bps = self.down_bps
        return is_news

    def _look(self, up_bps: int, now_s: float) -> None:
        elapsed_s = now_s - self._looked_s
        arrived_bps = self._bytes * 8 / elapsed_s
        is_full = self._queue_s(now_s) > QUEUE_S or self._lost_share() > LOST_SHARE
        self._looked_s, self._bytes, self._packets = now_s, 0, 0
        self._newest_before = self._newest
        self._full_looks = self._full_looks + 1 if is_full else 0
        if self._full_looks >= FULL_LOOKS:
            self._lower(arrived_bps, now_s)
        elif not is_full and not self._is_pausing(now_s):
            most_bps = min(MOST_BPS, max(START_BPS, up_bps, arrived_bps * ARRIVED_ROOM))
            grown_bps = self.down_bps * (GROWTH if self._has_been_full else GROWTH_FIRST)
            self.down_bps = max(self.down_bps, int(min(most_bps, grown_bps)))

    def _lower(self, arrived_bps: float, now_s: float) -> None:
        """What waits drains for FULL_LOOKS before it is judged again."""
        if self._lowered_s is not None:
            is_soon = now_s - self._lowered_s < PAUSE_MAX_S
            is_grown = now_s - self._lowered_s > self._pause_s
            if is_grown:
                self._pause_s = min(PAUSE_MAX_S, 2 * self._pause_s) if is_soon else PAUSE_S
        self.down_bps = max(FLOOR_BPS, min(self.down_bps, int(LEFT * arrived_bps)))
        self._has_been_full, self._lowered_s, self._full_looks = True, now_s, 0

    def _is_pausing(self, now_s: float) -> bool:
        return self._lowered_s is not None and now_s - self._lowered_s < self._pause_s

    def _lost_share(self) -> float:
        if self._newest is None or self._newest_before is None:
            return 0.0
        expected = self._newest - self._newest_before
        return 0.0 if expected < EXPECTED_MIN else max(0.0, 1.0 - self._packets / expected)

    def _queue_s(self, now_s: float) -> float:
        """How much later than through an empty link the quickest voice of this look came."""
        least_s, self._least_s = self._least_s, None
        if least_s is None:
            return 0.0
        if not self._bases_s or now_s - self._base_began_s >= BASE_S:
            self._bases_s = [least_s, *self._bases_s[:1]]
            self._base_began_s = now_s
        self._bases_s[0] = min(self._bases_s[0], least_s)
        return least_s - min(self._bases_s)
