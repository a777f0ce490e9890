"""Transport-wide feedback: which packets came, and when (core).

The receiver of media tells its sender the arrival time of every packet, named by a sequence number that all
packets of one connection share. `parse_feedback` reads what the other side says of our packets; `ArrivalLog`
and `write_feedback` say it of theirs.
Source: draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1; RFC 4585 for the frame around it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from edge.video.transport.rtcp import FEEDBACK_OF_TRANSPORT, write_packet

FORMAT: Final = 15  # RTPFB format of this feedback
TICK_US: Final = 250  # one step of an arrival delta
REFERENCE_US: Final = 64_000  # one step of the reference time
HEADER_BYTES: Final = 8
STATUSES_MAX: Final = 4_096  # at 500 bytes each 30 s of 500 kbit/s: more is no feedback but an attack

_NOT_RECEIVED, _SMALL, _LARGE = 0, 1, 2  # 3 is reserved
_RUN_MAX: Final = 0x1FFF


class FeedbackError(ValueError):
    """The bytes of the other side are no transport-wide feedback."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One packet: `sequence` has 16 bits; `arrival_us` is of the receiver's clock, None: not there yet."""

    sequence: int
    arrival_us: int | None


def parse_feedback(body: bytes) -> list[Arrival]:
    """Return what a feedback says, in order of sequence. `body` is what follows the two SSRCs.

    Raises:
        FeedbackError: the bytes are cut short, contradict themselves or say too much.
    """
    if len(body) < HEADER_BYTES:
        raise FeedbackError(f"a feedback of {len(body)} bytes")
    base, count = int.from_bytes(body[0:2]), int.from_bytes(body[2:4])
    if not 0 < count <= STATUSES_MAX:
        raise FeedbackError(f"a feedback of {count} packets; the limit is {STATUSES_MAX}")
    symbols, at = _read_symbols(body, count)
    arrival_us = int.from_bytes(body[4:7], signed=True) * REFERENCE_US
    arrivals: list[Arrival] = []
    for index, symbol in enumerate(symbols):
        width = 0 if symbol == _NOT_RECEIVED else 1 if symbol == _SMALL else 2
        if at + width > len(body):
            raise FeedbackError("a feedback without all of its times")
        if width:
            arrival_us += int.from_bytes(body[at : at + width], signed=width == 2) * TICK_US
            at += width
        arrivals.append(Arrival((base + index) & 0xFFFF, arrival_us if width else None))
    return arrivals


def _read_symbols(body: bytes, count: int) -> tuple[list[int], int]:
    """Return the status of each packet, and where the times begin."""
    symbols: list[int] = []
    at = HEADER_BYTES
    while len(symbols) < count:
        if at + 2 > len(body):
            raise FeedbackError("a feedback without all of its statuses")
        chunk = int.from_bytes(body[at : at + 2])
        at += 2
        if not chunk & 0x8000:  # a run of one status
            symbols.extend([chunk >> 13] * min(chunk & _RUN_MAX, count - len(symbols)))
            if not chunk & _RUN_MAX:
                raise FeedbackError("a run of no packets")
        elif chunk & 0x4000:  # seven statuses of two bits
            symbols.extend(chunk >> shift & 3 for shift in range(12, -1, -2))
        else:  # fourteen statuses of one bit
            symbols.extend(chunk >> shift & 1 for shift in range(13, -1, -1))
    del symbols[count:]
    if 3 in symbols:
        raise FeedbackError("a status that is reserved")
    return symbols, at


def write_feedback(
    arrivals_us: Mapping[int, int], *, first: int, last: int, number: int, sender_ssrc: int, media_ssrc: int
) -> bytes:
    """Return the RTCP packet that tells of the packets `first` … `last` (counted without wrapping).

    `arrivals_us` has the arrival of those that came; what is not in it is said to be missing. A packet so
    far from the one before that its delta does not fit (8 s) ends the feedback. `number` counts feedbacks.

    Raises:
        ValueError: none of them came, or the range is longer than STATUSES_MAX.
    """
    came = next((one for one in range(first, last + 1) if one in arrivals_us), None)
    if came is None or last - first >= STATUSES_MAX:
        raise ValueError(f"no feedback can tell of {first} … {last}")
    reference = arrivals_us[came] // REFERENCE_US
    said_us = reference * REFERENCE_US
    symbols: list[int] = []
    times = b""
    for sequence in range(first, last + 1):
        arrival_us = arrivals_us.get(sequence)
        if arrival_us is None:
            symbols.append(_NOT_RECEIVED)
            continue
        delta = round((arrival_us - said_us) / TICK_US)
        if not -0x8000 <= delta <= 0x7FFF:
            break
        said_us += delta * TICK_US
        symbols.append(_SMALL if 0 <= delta <= 0xFF else _LARGE)
        times += delta.to_bytes(1) if symbols[-1] == _SMALL else delta.to_bytes(2, signed=True)
    head = (first & 0xFFFF).to_bytes(2) + len(symbols).to_bytes(2)
    head += (reference & 0xFFFFFF).to_bytes(3) + (number & 0xFF).to_bytes(1)
    body = head + b"".join(chunk.to_bytes(2) for chunk in _chunks(symbols)) + times
    return write_packet(
        FEEDBACK_OF_TRANSPORT, FORMAT, sender_ssrc.to_bytes(4) + media_ssrc.to_bytes(4) + body
    )


def _chunks(symbols: list[int]) -> Iterator[int]:
    at = 0
    while at < len(symbols):
        run = 1
        while run < _RUN_MAX and at + run < len(symbols) and symbols[at + run] == symbols[at]:
            run += 1
        narrow = symbols[at : at + 14]
        if run >= 7 or run == len(symbols) - at:
            yield symbols[at] << 13 | run
            at += run
        elif _LARGE not in narrow:
            yield 0x8000 | sum(symbol << 13 - index for index, symbol in enumerate(narrow))
            at += 14
        else:
            yield 0xC000 | sum(symbol << 12 - 2 * index for index, symbol in enumerate(symbols[at : at + 7]))
            at += 7


class ArrivalLog:
    """What has come on one connection, until it has been told. The caller asks `take` when `due_s` is past.

    The other side needs word within a round trip or so, but word costs: an interval is never shorter than
    INTERVAL_MIN_S, nor so short that feedback takes more than SHARE of our own way out; unless the other
    side would hear too late, by INTERVAL_MAX_S. libwebrtc sends its own by the same numbers.
    """

    INTERVAL_MIN_S: Final = 0.05
    INTERVAL_MAX_S: Final = 0.25
    SHARE: Final = 0.05
    WIRE_BYTES: Final = 90  # one feedback of some ten packets with all headers
    KEPT: Final = 512  # packets looked back on, so that one that comes late is told beside its neighbours

    def __init__(self) -> None:
        self.due_s: float | None = None  # None: nothing to tell
        self._arrivals_us: dict[int, int] = {}
        self._untold: int | None = None  # the lowest sequence that came and was not told
        self._told: int | None = None  # the highest that was; a hole after it is told with what comes next
        self._newest: int | None = None
        self._count = 0

    def on_packet(self, sequence: int, *, now_s: float, own_bps: int) -> None:
        """A packet with this transport-wide sequence number (16 bits) came; `own_bps` is what we may send."""
        newest = self._newest
        counted = sequence if newest is None else newest + ((sequence - newest + 0x8000) & 0xFFFF) - 0x8000
        if counted < 0 or counted in self._arrivals_us or (newest and counted <= newest - self.KEPT):
            return
        self._arrivals_us[counted] = int(now_s * 1_000_000)
        self._newest = counted if newest is None else max(newest, counted)
        self._untold = counted if self._untold is None else min(self._untold, counted)
        if self.due_s is None:
            interval_s = self.WIRE_BYTES * 8 / max(1.0, self.SHARE * own_bps)
            self.due_s = now_s + min(self.INTERVAL_MAX_S, max(self.INTERVAL_MIN_S, interval_s))

    def take(self, *, sender_ssrc: int, media_ssrc: int) -> bytes | None:
        """Return the RTCP packet of what has not been told; None when there is nothing."""
        first, last = self._untold, self._newest
        self._untold, self.due_s = None, None
        if first is None or last is None:
            return None
        if self._told is not None:
            first = min(first, self._told + 1)
        first, self._told = max(first, last - self.KEPT + 1), last
        number, self._count = self._count, self._count + 1
        data = write_feedback(
            self._arrivals_us,
            first=first,
            last=last,
            number=number,
            sender_ssrc=sender_ssrc,
            media_ssrc=media_ssrc,
        )
        for old in [kept for kept in self._arrivals_us if kept <= last - self.KEPT]:
            del self._arrivals_us[old]
        return data
