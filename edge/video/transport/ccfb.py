"""RFC 8888 feedback: which packets of each stream came, and when (core). The newer form of `twcc.py`.

It names packets by SSRC and RTP sequence number; `Departures` finds the transport-wide number that the rest
of the house knows them by, so that the same controller hears of both. An arrival is told as an age, in 1/1024
s before the moment of the report, of 13 bits: the times of one report are exact to a millisecond.
Source: RFC 8888, section 3.1; RFC 4585 for the frame around it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge.video.transport.twcc import STATUSES_MAX, Arrival, FeedbackError

FORMAT: Final = 11  # RTPFB format of this feedback
AGE_OVER: Final = 0x1FFE  # eight seconds and more, or
AGE_UNKNOWN: Final = 0x1FFF  # after the report: neither tells a time
KEPT_MAX: Final = 2_048
_WRAPS_US: Final = 65_536_000_000  # the report's time has 16 bits of seconds


@dataclass(frozen=True, slots=True)
class Seen:
    """One packet of a stream: `sequence` is RTP's, `arrival_us` of the receiver's clock, None: not there."""

    ssrc: int
    sequence: int
    arrival_us: int | None


def parse_ccfb(body: bytes) -> list[Seen]:
    """Return what a feedback says, in its order. `body` is what follows the sender's SSRC.

    Packets that came, but so long ago that no time is told, are left out. Times begin anew every 18 hours.

    Raises:
        FeedbackError: the bytes are cut short, contradict themselves or say too much.
    """
    if len(body) < 4:
        raise FeedbackError(f"a feedback of {len(body)} bytes")
    reported = int.from_bytes(body[-4:])  # NTP's middle: 1/65536 s
    seen: list[Seen] = []
    at, end = 0, len(body) - 4
    while at < end:
        if at + 8 > end:
            raise FeedbackError("a feedback without all of a stream's head")
        ssrc, first = int.from_bytes(body[at : at + 4]), int.from_bytes(body[at + 4 : at + 6])
        count = int.from_bytes(body[at + 6 : at + 8])
        at += 8
        if len(seen) + count > STATUSES_MAX or at + 2 * count > end:
            raise FeedbackError(f"a feedback of {count} packets of one stream in {end - at} bytes")
        for index in range(count):
            word = int.from_bytes(body[at + 2 * index : at + 2 * index + 2])
            age = word & 0x1FFF
            if not word & 0x8000:
                seen.append(Seen(ssrc, (first + index) & 0xFFFF, None))
            elif age < AGE_OVER:
                arrival_us = reported * 1_000_000 // 65_536 - age * 1_000_000 // 1_024
                seen.append(Seen(ssrc, (first + index) & 0xFFFF, arrival_us % _WRAPS_US))
        at += 2 * (count + count % 2)  # padded to 32 bits
    return seen


class Departures:
    """What left under which number: (SSRC, RTP sequence) to the transport-wide sequence, both of 16 bits.

    Every packet is told of once, as arrived or as lost: feedbacks overlap, and a packet that one calls
    missing may be in the next. It counts as lost when one sent after it on its stream has come.
    """

    def __init__(self) -> None:
        self._sent: dict[tuple[int, int], int] = {}  # oldest first

    def on_sent(self, ssrc: int, sequence: int, transport_sequence: int) -> None:
        """A packet left."""
        self._sent.pop((ssrc, sequence), None)
        self._sent[ssrc, sequence] = transport_sequence
        while len(self._sent) > KEPT_MAX:
            del self._sent[next(iter(self._sent))]

    def arrivals(self, seen: Sequence[Seen]) -> list[Arrival]:
        """Return the same in transport-wide numbers, in order of departure; nothing is told twice."""
        came = {(one.ssrc, one.sequence) for one in seen if one.arrival_us is not None}
        newest = {ssrc: sequence for ssrc, sequence in self._sent if (ssrc, sequence) in came}
        told: list[Arrival] = []
        for one in seen:
            key = (one.ssrc, one.sequence)
            behind = (newest.get(one.ssrc, one.sequence) - one.sequence) & 0xFFFF
            if key in self._sent and (one.arrival_us is not None or 0 < behind < 0x8000):
                told.append(Arrival(self._sent.pop(key), one.arrival_us))
        if not told:
            return []
        base = told[0].sequence
        return sorted(told, key=lambda one: (one.sequence - base + 0x8000) & 0xFFFF)
