"""What exchanges of time prove about two clocks, whatever the delays on the way.

The board reads its clock after the box asked and before the answer came. So each exchange puts one point
below the true line from board time to box time (asked) and one above it (answered); a delay moves a point
away from the line and never across it. Any other frame of the board, which says when it was queued, puts a
point above it too. What matters is the hull of each side: `room_us` is the distance between the two for a
given rate, and a rate with negative room is impossible.

Source: Moon, Skelly, Towsley, "Estimation and removal of clock skew from network delay measurements", 1999,
for the line as the solution of a linear programme.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

TIE_US: Final = 1.0  # rates whose room differs by less are as good: the middle of them is taken


class Exchange(NamedTuple):
    """One question and its answer, in microseconds of the box and of the board.

    In place of the answer there may be any other frame that came by then: what it said, and when it came.
    """

    sent_us: int
    board_rx_us: int
    board_tx_us: int
    received_us: int


class _Point(NamedTuple):
    board_us: float
    box_us: float


@dataclass(slots=True)
class _Hull:
    """The points of one side that a line can touch; `side` +1: they lie below the line, -1: above."""

    side: int
    points: list[_Point]

    def add(self, point: _Point) -> None:
        """Take a point of a later board time than all before it."""
        while len(self.points) > 1 and self._is_covered(self.points[-2], self.points[-1], point):
            self.points.pop()
        self.points.append(point)

    def intercept_us(self, rate: float) -> float:
        """Return the box time at board time 0 of the line of this rate that touches the hull."""
        heights = [point.box_us - rate * point.board_us for point in self.points]
        return max(heights) if self.side > 0 else min(heights)

    def rates(self) -> list[float]:
        """Return the rates at which the touched point changes."""
        pairs = pairwise(self.points)
        return [(b.box_us - a.box_us) / (b.board_us - a.board_us) for a, b in pairs]

    def _is_covered(self, a: _Point, b: _Point, c: _Point) -> bool:
        turn = (b.board_us - a.board_us) * (c.box_us - a.box_us) - (b.box_us - a.box_us) * (
            c.board_us - a.board_us
        )
        return turn * self.side >= 0


def _goes_on(before: Exchange, after: Exchange) -> bool:
    """Whether the board's time went on from one exchange to the next; nothing is proven where it did not."""
    return after.board_rx_us > before.board_rx_us and after.board_tx_us > before.board_tx_us


class Bounds:
    """The exchanges of a while, at most `limit` of them, and what they prove together."""

    def __init__(self, *, limit: int) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=limit)
        self._build()

    def __len__(self) -> int:
        return len(self._exchanges)

    @property
    def span_us(self) -> int:
        """The box's time from the first exchange to the last."""
        return self._exchanges[-1].sent_us - self._exchanges[0].sent_us if self._exchanges else 0

    @property
    def last_said_us(self) -> int | None:
        """The board's time of the latest point above the line."""
        return self._exchanges[-1].board_tx_us if self._exchanges else None

    def add(self, exchange: Exchange) -> bool:
        """Take one more; False: the board's time did not go on since the last, so it is not taken."""
        if self._exchanges and not _goes_on(self._exchanges[-1], exchange):
            return False
        if len(self._exchanges) == self._exchanges.maxlen:
            self.keep_latest(len(self._exchanges) * 7 // 8)
        if not self._exchanges:
            self._origin = exchange
        self._exchanges.append(exchange)
        self._put(exchange)
        return True

    def keep_latest(self, count: int) -> None:
        """Forget all but the latest `count` (1 …)."""
        self.replace(list(self._exchanges)[-count:])

    def forget_before(self, box_us: int) -> None:
        """Forget the exchanges that were asked before."""
        self.replace([one for one in self._exchanges if one.sent_us >= box_us])

    def replace(self, exchanges: Iterable[Exchange]) -> None:
        """Go on with these instead, from where the board's time last did not go on."""
        kept: list[Exchange] = []
        for one in exchanges:
            if kept and not _goes_on(kept[-1], one):
                kept.clear()
            kept.append(one)
        self._exchanges.clear()
        self._exchanges.extend(kept)
        self._build()

    def room_us(self, rate: float) -> float:
        """Return the time on the way, there and back, that this rate leaves; negative: impossible."""
        return self._above.intercept_us(rate) - self._below.intercept_us(rate)

    def best_rate(self, low: float, high: float) -> float:
        """Return the rate between `low` and `high` that leaves the most room; of many as good, the middle."""
        rates = [low, high, *(r for r in (*self._below.rates(), *self._above.rates()) if low < r < high)]
        rooms = [self.room_us(rate) for rate in rates]
        good = [rate for rate, room in zip(rates, rooms, strict=True) if room >= max(rooms) - TIE_US]
        return (min(good) + max(good)) / 2

    def box_us(self, board_us: int, rate: float) -> float:
        """Return the box time of a board time by the line of this rate in the middle of its room."""
        middle_us = (self._above.intercept_us(rate) + self._below.intercept_us(rate)) / 2
        return self._origin.sent_us + middle_us + rate * (board_us - self._origin.board_rx_us)

    def _build(self) -> None:
        self._below, self._above = _Hull(+1, []), _Hull(-1, [])
        self._origin = self._exchanges[0] if self._exchanges else Exchange(0, 0, 0, 0)
        for exchange in self._exchanges:
            self._put(exchange)

    def _put(self, exchange: Exchange) -> None:
        """Numbers count from the first exchange, so that a float holds them exactly."""
        first = self._origin
        heard_us, said_us = exchange.board_rx_us - first.board_rx_us, exchange.board_tx_us - first.board_rx_us
        self._below.add(_Point(heard_us, exchange.sent_us - first.sent_us))
        self._above.add(_Point(said_us, exchange.received_us - first.sent_us))
