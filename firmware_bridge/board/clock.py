"""The board's microseconds on the box's CLOCK_BOOTTIME. Source: docs/board-link.md, "Time".

Each exchange bounds the line from the one clock to the other (`clock_bounds`). A quartz is taken to run
within 500 ppm of the box until the bounds say that it cannot: then it is a replay, which runs many times
faster, or one of the clocks has changed its pace, and what is old is forgotten until the rest agrees.
"""

from bisect import bisect_right
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from firmware_bridge.board.clock_bounds import Bounds, Exchange

US_PER_S: Final = 1_000_000
WINDOW_US: Final = 600 * US_PER_S
WINDOW_SLACK_US: Final = 60 * US_PER_S  # what is too old is forgotten once a minute: it costs some work
MAX_EXCHANGES: Final = 960  # eleven minutes, the first of them with more
MAPPED_MAX: Final = 1024  # half a minute of a board's blocks, which it keeps while a box is away
QUARTZ_RATES: Final = (1 - 500e-6, 1 + 500e-6)
EARLY_RATES: Final = (1 - 100e-6, 1 + 100e-6)  # the delays of a few seconds would fit any quartz
EARLY_US: Final = 10 * US_PER_S
ANY_RATES: Final = (1e-3, 1e3)
TOLERANCE_US: Final = 500.0  # by which bounds may disagree: a quartz wanders with the temperature
STEP_US: Final = 20_000  # an exchange that the line misses by more than this …
STEP_COUNT: Final = 3  # … that often in a row: the line is wrong, not the exchange
IMPLAUSIBLE_US: Final = 60 * US_PER_S  # ahead of its own arrival: no time of this boot
DRIFT_KNOWN_US: Final = 60 * US_PER_S
DRIFT_MAX_PPM: Final = 200.0
REPLAY_PPM: Final = 10_000.0  # beyond it, this is no quartz

FIRST_PAUSE_S: Final = 0.25  # in the first minute, when little is known
FIRST_COUNT: Final = 240
PAUSE_S: Final = 1.0
DITHER_S: Final = 0.016  # the longest time for which a USB adapter is known to hold bytes back
GOLDEN: Final = 0.6180339887


def pause_s(count: int) -> float:
    """Return how long to wait after exchange number `count` (1 …) before the next.

    Never quite the same: an adapter that collects bytes in a rhythm of its own would hold back each answer
    for the same time, and nothing would show it.
    """
    shift_s = DITHER_S * ((count + 1) * GOLDEN % 1.0 - count * GOLDEN % 1.0)
    return (FIRST_PAUSE_S if count < FIRST_COUNT else PAUSE_S) + shift_s


@dataclass(frozen=True, slots=True)
class _Line:
    """Through (board, box); `rate`: box microseconds for one of the board."""

    board_us: int
    box_us: float
    rate: float

    def at(self, board_us: int) -> float:
        return self.box_us + (board_us - self.board_us) * self.rate


class BoardClock:
    """Maps one boot of the board; `restart` at the next.

    The map never runs ahead of the arrival of a frame, and whatever the order of the questions, of two board
    times the later one is never mapped before the earlier one: a heartbeat overtakes samples that wait.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget everything: the board's time starts again at 0."""
        self._bounds = Bounds(limit=MAX_EXCHANGES)
        self._misses: list[Exchange] = []
        self._line: _Line | None = None
        self._quickest: tuple[int, int] | None = None  # frame since the last exchange: said, arrived
        self._mapped: list[tuple[int, int]] = []  # board times mapped lately, and to what; ascending

    @property
    def is_synchronised(self) -> bool:
        """Whether at least one exchange is known; before, times are times of arrival."""
        return self._line is not None

    @property
    def rate(self) -> float:
        """Box microseconds for one microsecond of the board."""
        return 1.0 if self._line is None else self._line.rate

    @property
    def exchange_count(self) -> int:
        """How many exchanges are remembered."""
        return len(self._bounds)

    @property
    def round_trip_us(self) -> int | None:
        """The shortest way there and back that is remembered."""
        return None if self._line is None else max(0, round(self._bounds.room_us(self._line.rate)))

    @property
    def drift_ppm(self) -> float | None:
        """How much faster the board's clock runs than the box's; None in the first minute."""
        if self._bounds.span_us < DRIFT_KNOWN_US:
            return None
        return (1 / self.rate - 1) * 1e6

    @property
    def is_drift_excessive(self) -> bool:
        """Whether the exchanges prove that the clocks run apart by more than a sound quartz can.

        A replay is none: it runs apart by far more, and is meant to.
        """
        drift_ppm = self.drift_ppm
        if drift_ppm is None or not DRIFT_MAX_PPM < abs(drift_ppm) < REPLAY_PPM:
            return False
        allowed_ppm = DRIFT_MAX_PPM if drift_ppm > 0 else -DRIFT_MAX_PPM
        return self._bounds.room_us(1 / (1 + allowed_ppm * 1e-6)) < -TOLERANCE_US

    def on_exchange(self, *, sent_us: int, received_us: int, board_rx_us: int, board_tx_us: int) -> bool:
        """Take one TIME exchange; False: it was not used. Times of the box, then of the board."""
        if received_us < sent_us or board_tx_us < board_rx_us:
            return False
        if received_us - sent_us < (board_tx_us - board_rx_us) * self.rate:
            return False
        exchange = Exchange(sent_us, board_rx_us, board_tx_us, received_us)
        if self._is_missed(exchange):
            self._misses.append(exchange)
            if len(self._misses) < STEP_COUNT:
                return False
            self._bounds.replace(self._misses)
        elif not self._bounds.add(self._tightened(exchange)):
            return False
        self._misses, self._quickest = [], None
        if self._bounds.span_us > WINDOW_US + WINDOW_SLACK_US:
            self._bounds.forget_before(sent_us - WINDOW_US)
        self._fit(exchange)
        return True

    def on_frame(self, *, said_us: int, arrival_us: int) -> None:
        """Take any frame: `said_us` is when the board queued it, so it came later than that."""
        if self._line is None or said_us <= (self._bounds.last_said_us or 0):
            return
        delay_us = arrival_us - self._line.at(said_us)
        if delay_us > -STEP_US and (self._quickest is None or delay_us < self._delay_us(self._quickest)):
            self._quickest = (said_us, arrival_us)

    def to_box_us(self, board_us: int, *, arrival_us: int) -> int:
        """Return when on the box's clock `board_us` was; never later than the frame's arrival, and 0 for what
        was before the box started: a box that restarts does not always take the board's power away.
        """
        box_us = arrival_us
        if self._line is not None:
            mapped_us = round(self._line.at(board_us))
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

    def _tightened(self, exchange: Exchange) -> Exchange:
        """Put the quickest frame since the last exchange in the place of a slower answer."""
        quickest = self._quickest
        if quickest is None:
            return exchange
        if self._delay_us(quickest) >= self._delay_us((exchange.board_tx_us, exchange.received_us)):
            return exchange
        return exchange._replace(board_tx_us=quickest[0], received_us=quickest[1])

    def _delay_us(self, frame: tuple[int, int]) -> float:
        said_us, arrival_us = frame
        return arrival_us - (said_us if self._line is None else self._line.at(said_us))

    def _is_missed(self, exchange: Exchange) -> bool:
        """Whether the line has the board read its clock before it was asked, or after it had answered."""
        if self._line is None or len(self._bounds) < 2:
            return False
        early_us = exchange.sent_us - self._line.at(exchange.board_rx_us)
        late_us = self._line.at(exchange.board_tx_us) - exchange.received_us
        return max(early_us, late_us) > STEP_US

    def _fit(self, latest: Exchange) -> None:
        while (rate := self._possible_rate()) is None:
            self._bounds.keep_latest(len(self._bounds) * 3 // 4)
        board_us = latest.board_rx_us
        self._line = _Line(board_us, self._bounds.box_us(board_us, rate), rate)

    def _possible_rate(self) -> float | None:
        """Return the best rate with which all exchanges agree; None: they do not."""
        early = (EARLY_RATES,) if self._bounds.span_us < EARLY_US else ()
        for low, high in (*early, QUARTZ_RATES, ANY_RATES):
            rate = self._bounds.best_rate(low, high)
            if len(self._bounds) < 2 or self._bounds.room_us(rate) >= -TOLERANCE_US:
                return rate
        return None
