"""The board's microseconds on the box's CLOCK_BOOTTIME. Source: docs/board-link.md, "Time".

Each exchange gives one point (board time, box time, round trip). Points of a short round trip are kept;
a line through them maps the one clock to the other. A quartz runs within 1 % of the box, so its rate is
taken as 1 until 10 s are known; a replay runs many times faster, so its rate is measured at once.
"""

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

US_PER_S: Final = 1_000_000
WINDOW_US: Final = 60 * US_PER_S
RECENT_US: Final = 10 * US_PER_S  # the offset follows a drifting quartz: 10 s at 100 ppm is 1 ms
MAX_POINTS: Final = 128  # two windows of one exchange a second
MAPPED_MAX: Final = 1024  # half a minute of a board's blocks, which it keeps while a box is away
GOOD_ROUND_TRIP: Final = 1.3  # times the shortest
ROUND_TRIP_SLACK_US: Final = 200  # scheduling noise of a box that does other things too
QUARTZ_TOLERANCE: Final = 0.01  # beyond it, this is not a quartz but a replay
STEP_US: Final = 20_000  # an exchange that misses the line by more than this and 5 round trips …
IMPLAUSIBLE_US: Final = 60 * US_PER_S  # ahead of its own arrival: no time of this boot
STEP_COUNT: Final = 3  # … that often in a row: the line is wrong, not the exchange


@dataclass(frozen=True, slots=True)
class _Point:
    board_us: float
    box_us: float
    round_trip_us: float


class BoardClock:
    """Maps one boot of the board; `restart` at the next.

    The map never runs ahead of the arrival of a frame, and whatever the order of the questions, of two board
    times the later one is never mapped before the earlier one: a heartbeat overtakes samples that wait.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget everything: the board's time starts again at 0."""
        self._points: deque[_Point] = deque(maxlen=MAX_POINTS)
        self._misses: list[_Point] = []
        self._rate = 1.0
        self._origin: tuple[float, float] | None = None  # (board, box) the line goes through
        self._mapped: list[tuple[int, int]] = []  # board times mapped lately, and to what; ascending

    @property
    def is_synchronised(self) -> bool:
        """Whether at least one exchange is known; before, times are times of arrival."""
        return self._origin is not None

    @property
    def rate(self) -> float:
        """Box microseconds for one microsecond of the board."""
        return self._rate

    @property
    def point_count(self) -> int:
        """How many exchanges are remembered."""
        return len(self._points)

    @property
    def round_trip_us(self) -> int | None:
        """The shortest round trip of the window."""
        return round(min(p.round_trip_us for p in self._points)) if self._points else None

    def on_exchange(self, *, sent_us: int, received_us: int, board_rx_us: int, board_tx_us: int) -> bool:
        """Take one TIME exchange; False: it was not used. Times of the box, then of the board."""
        turnaround_us = (board_tx_us - board_rx_us) * self._rate
        round_trip_us = received_us - sent_us - turnaround_us
        if received_us < sent_us or board_tx_us < board_rx_us or round_trip_us < 0:
            return False
        point = _Point((board_rx_us + board_tx_us) / 2, (sent_us + received_us) / 2, round_trip_us)
        if self._points and point.board_us <= self._points[-1].board_us:
            return False
        if self._is_step(point):
            self._misses.append(point)
            if len(self._misses) < STEP_COUNT:
                return False
            self._points.clear()
            self._points.extend(self._misses)
        else:
            self._points.append(point)
        self._misses = []
        while self._points[-1].box_us - self._points[0].box_us > WINDOW_US:
            self._points.popleft()
        self._fit()
        return True

    def to_box_us(self, board_us: int, *, arrival_us: int) -> int:
        """Return when on the box's clock `board_us` was; never later than the frame's arrival, and 0 for what
        was before the box started: a box that restarts does not always take the board's power away.
        """
        box_us = arrival_us
        if self._origin is not None:
            mapped_us = round(self._origin[1] + (board_us - self._origin[0]) * self._rate)
            if mapped_us > arrival_us + IMPLAUSIBLE_US:
                return arrival_us
            box_us = min(box_us, max(0, mapped_us))
        return self._in_order(board_us, box_us)

    def _in_order(self, board_us: int, box_us: int) -> int:
        at = bisect_right(self._mapped, board_us, key=itemgetter(0))
        if at:
            box_us = max(box_us, self._mapped[at - 1][1])
        if at < len(self._mapped):
            box_us = min(box_us, self._mapped[at][1])
        self._mapped.insert(at, (board_us, box_us))
        if len(self._mapped) > MAPPED_MAX:
            del self._mapped[0]
        return box_us

    def _is_step(self, point: _Point) -> bool:
        if self._origin is None or len(self._points) < 2:
            return False
        expected_us = self._origin[1] + (point.board_us - self._origin[0]) * self._rate
        return abs(point.box_us - expected_us) > max(STEP_US, 5 * point.round_trip_us)

    def _fit(self) -> None:
        limit_us = GOOD_ROUND_TRIP * min(p.round_trip_us for p in self._points) + ROUND_TRIP_SLACK_US
        good = [p for p in self._points if p.round_trip_us <= limit_us]
        measured = _slope(good if len(good) > 1 else list(self._points))
        if measured is not None:
            is_long = good[-1].box_us - good[0].box_us >= RECENT_US
            self._rate = measured if is_long or self._is_replay(measured) else 1.0
        recent = [p for p in good if good[-1].box_us - p.box_us <= RECENT_US]
        self._origin = (
            sum(p.board_us for p in recent) / len(recent),
            sum(p.box_us for p in recent) / len(recent),
        )

    def _is_replay(self, measured: float) -> bool:
        """Whether the rate differs from 1 by more than a quartz can and more than the exchanges err."""
        span_us = self._points[-1].board_us - self._points[0].board_us
        error_us = self._points[0].round_trip_us + self._points[-1].round_trip_us
        return abs(measured - 1.0) * span_us > error_us + QUARTZ_TOLERANCE * span_us


def _slope(points: list[_Point]) -> float | None:
    """Least squares through the points' box times over their board times; None for fewer than two."""
    if len(points) < 2:
        return None
    mean_board_us = sum(p.board_us for p in points) / len(points)
    mean_box_us = sum(p.box_us for p in points) / len(points)
    spread = sum((p.board_us - mean_board_us) ** 2 for p in points)
    return sum((p.board_us - mean_board_us) * (p.box_us - mean_box_us) for p in points) / spread
