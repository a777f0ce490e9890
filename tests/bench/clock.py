"""`./run bench clock`: how true the time of a sample is over USB lines that delay, collect and stall.

Each line is drawn by chance (tests/simulators/jittered_usb.py says from what): a quartz off by up to 100 ppm,
other delays on each way, a rhythm of 0 … 16 ms in which bytes reach the box. For each block of samples after
the first minute of a line: the box time that it was given, minus the true one. The same lines, asked at the
same moments, are also followed by the usual rule: exchanges of a round trip up to 1.3 times the shortest of
60 s, weighted least squares over ten minutes (1 / round trip squared), outliers beyond max(500 µs, 5 sigma)
rejected.
"""

import argparse
import math
import random
from typing import Final

from firmware_bridge.board.clock import BoardClock
from tests.bench.report import percentile, progress, tell
from tests.simulators.jittered_usb import Clock, Jitter, JitteredUsb

RHYTHMS_US: Final = (0, 1_000, 2_000, 4_000, 5_000, 8_000, 10_000, 16_000)
SETTLED_S: Final = 60.0
LIMIT_US: Final = 2_000
MEANINGS: Final = {
    "lines": "USB lines, each with its own drift, delays and rhythm",
    "blocks": "blocks of samples after the first minute of their line",
    "p50_us": "error of a sample's time, either way: half of the blocks have less",
    "p95_us": "the same, 95 of 100",
    "max_us": "the same, the worst of all",
    "lines_over_2ms": "lines with any block that is further off than 2 ms",
    "drift_max_ppm": "error of the drift that is reported, the worst of all lines at their end",
    "usual_p50_us": "the usual rule: half of the blocks have less",
    "usual_p95_us": "the same, 95 of 100",
    "usual_max_us": "the same, the worst of all",
    "usual_lines_over_2ms": "the usual rule: lines with any block that is further off than 2 ms",
}


class UsualClock:
    """Weighted least squares over the quick exchanges of ten minutes."""

    def __init__(self) -> None:
        self._points: list[tuple[float, float, float]] = []  # board, box, round trip
        self._trips: list[tuple[float, float]] = []  # box, round trip
        self._line: tuple[float, float, float] | None = None  # board, box, rate
        self._sigma_us = 0.0

    def on_exchange(self, *, sent_us: int, received_us: int, board_rx_us: int, board_tx_us: int) -> bool:
        """Take one question and its answer."""
        board_us, box_us = (board_rx_us + board_tx_us) / 2, (sent_us + received_us) / 2
        trip_us = max(1.0, received_us - sent_us - (board_tx_us - board_rx_us))
        self._trips = [*((at, t) for at, t in self._trips if box_us - at <= 60e6), (box_us, trip_us)]
        if trip_us > 1.3 * min(t for _, t in self._trips) and self._line is not None:
            return False
        if self._line is not None and len(self._points) >= 10:
            board0_us, box0_us, rate = self._line
            off_us = abs(box_us - box0_us - rate * (board_us - board0_us))
            if off_us > max(500.0, 5 * self._sigma_us):
                return False
        self._points = [*(p for p in self._points if box_us - p[1] <= 600e6), (board_us, box_us, trip_us)]
        self._fit()
        return True

    def on_frame(self, *, said_us: int, arrival_us: int) -> None:
        """The rule knows only exchanges."""

    def to_box_us(self, board_us: int, *, arrival_us: int) -> int:
        """Return when it was."""
        if self._line is None:
            return arrival_us
        board0_us, box0_us, rate = self._line
        return min(arrival_us, round(box0_us + rate * (board_us - board0_us)))

    def _fit(self) -> None:
        weights = [1 / trip_us**2 for _, _, trip_us in self._points]
        total = sum(weights)
        board0_us = sum(w * p[0] for w, p in zip(weights, self._points, strict=True)) / total
        box0_us = sum(w * p[1] for w, p in zip(weights, self._points, strict=True)) / total
        away = [(w, p[0] - board0_us, p[1] - box0_us) for w, p in zip(weights, self._points, strict=True)]
        spread = sum(w * x * x for w, x, _ in away)
        is_long = self._points[-1][1] - self._points[0][1] >= 10e6
        rate = sum(w * x * y for w, x, y in away) / spread if is_long and spread else 1.0
        self._sigma_us = math.sqrt(sum(w * (y - rate * x) ** 2 for w, x, y in away) / total)
        self._line = (board0_us, box0_us, rate)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench clock",
        description=__doc__,
        epilog="\n".join(f"{key}: {meaning}" for key, meaning in MEANINGS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--lines", type=int, default=800)
    parser.add_argument("--seconds", type=float, default=120.0, help="of each line")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    result = measure(options.lines, options.seconds, seed=options.seed)
    tell(result, meanings=MEANINGS, json_path=options.json)


def measure(lines: int, seconds: float, *, seed: int) -> dict[str, float | int]:
    """Follow so many lines for so long, twice."""
    ours: list[list[float]] = []
    usual: list[list[float]] = []
    drifts_ppm: list[float] = []
    for number in range(lines):
        progress(f"line {number + 1} of {lines} ")
        clock = BoardClock()
        jitter, errors_us = follow(clock, number, seconds, seed=seed)
        ours.append(errors_us)
        drifts_ppm.append(abs((clock.drift_ppm or math.inf) - jitter.drift_ppm))
        usual.append(follow(UsualClock(), number, seconds, seed=seed)[1])
    progress("\n")
    return {
        "lines": lines,
        "blocks": sum(map(len, ours)),
        **_figures(ours, ""),
        "drift_max_ppm": round(max(drifts_ppm), 1),
        **_figures(usual, "usual_"),
    }


def follow(clock: Clock, number: int, seconds: float, *, seed: int) -> tuple[Jitter, list[float]]:
    """Return line `number`, and the error in µs of each block after the first minute."""
    rng = random.Random(f"{seed} {number}")
    jitter = Jitter.drawn(rng, rhythm_us=RHYTHMS_US[number % len(RHYTHMS_US)])
    usb = JitteredUsb(jitter, rng, clock)
    return jitter, [abs(error_us) for at_s, error_us in usb.errors_us(seconds) if at_s >= SETTLED_S]


def _figures(lines: list[list[float]], prefix: str) -> dict[str, int]:
    every = [error_us for line in lines for error_us in line]
    return {
        f"{prefix}p50_us": round(percentile(every, 0.5)),
        f"{prefix}p95_us": round(percentile(every, 0.95)),
        f"{prefix}max_us": round(max(every)),
        f"{prefix}lines_over_2ms": sum(max(line) > LIMIT_US for line in lines),
    }


if __name__ == "__main__":
    main()
