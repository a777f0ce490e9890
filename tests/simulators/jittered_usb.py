"""A USB line whose delays are of the kind that real ones have, and the true time of everything. Pure.

One way is the sum of: a floor (the shortest it can take, 0.1 … 0.4 ms, other for each way); an exponential
delay (scheduling in box and board; its mean 0.1 … 3 ms, other for each way); on the way to the box the wait
for the next tick of a rhythm that nobody here knows (1 … 16 ms: USB frames, an adapter's latency timer),
whose phase is chance; and at one of a hundred messages a stall of up to 100 ms. The board takes 20 … 300 µs
between reading its clock twice. Its quartz is off by up to 100 ppm, and wanders by 1 ppm in ten minutes.

A delay that is always the same and only on one way cannot be seen by anybody: half of it is an error. The
floors, and the rhythm's own shortest wait, are such delays here.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from firmware_bridge.board.clock import pause_s

BOX0_US: Final = 7_000_000_000  # the box has been up for two hours
BOARD0_US: Final = 3_000_000
BLOCK_US: Final = 100_000  # of samples; it leaves when it is full
WANDER_PPM: Final = 1.0
WANDER_US: Final = 600e6
STALL_US: Final = 100_000
LOOP_LATE_US: Final = 200  # mean: the box's loop wakes up a little late


@dataclass(frozen=True, slots=True)
class Jitter:
    """Delays in microseconds; `rhythm_us` 0: none. `drift_ppm`: how much faster the board's clock runs."""

    drift_ppm: float
    out_floor_us: float
    out_mean_us: float
    back_floor_us: float
    back_mean_us: float
    rhythm_us: float
    stall_share: float = 0.01

    @classmethod
    def drawn(cls, rng: random.Random, *, rhythm_us: float) -> "Jitter":
        """Return some line; each mean equally likely on a logarithmic scale, the drift often at its limit."""
        drift_ppm = rng.choice([-100.0, 100.0, rng.uniform(-100, 100)])
        out_us, back_us = (100 * 30 ** rng.random() for _ in range(2))
        floors_us = rng.uniform(100, 400), rng.uniform(100, 400)
        return cls(drift_ppm, floors_us[0], out_us, floors_us[1], back_us, rhythm_us)


class Clock(Protocol):
    """Whatever maps board time to box time."""

    def on_exchange(self, *, sent_us: int, received_us: int, board_rx_us: int, board_tx_us: int) -> bool:
        """Take one question and its answer."""

    def on_frame(self, *, said_us: int, arrival_us: int) -> None:
        """Take any frame."""

    def to_box_us(self, board_us: int, *, arrival_us: int) -> int:
        """Return when it was."""


class JitteredUsb:
    """One line and its clocks; feeds a clock as the link does."""

    def __init__(
        self,
        jitter: Jitter,
        rng: random.Random,
        clock: Clock,
    ) -> None:
        self.clock = clock
        self._jitter, self._rng = jitter, rng
        self._phase_us = rng.uniform(0, jitter.rhythm_us)
        self._answers: list[tuple[float, int, int, int]] = []  # arrival, sent, board rx, board tx

    def errors_us(self, seconds: float) -> Iterator[tuple[float, float]]:
        """Yield for each block (seconds since the start, box time assigned minus true time in µs)."""
        asked, ask_us, full_us = 0, float(BOX0_US), float(BOX0_US + BLOCK_US)
        while full_us < BOX0_US + seconds * 1e6:
            if ask_us <= full_us:
                self._ask(ask_us + self._late_us())
                asked += 1
                ask_us += pause_s(asked) * 1e6
                continue
            arrival_us = self._back_us(full_us)
            self._hear(arrival_us)
            self.clock.on_frame(said_us=self.board_us(full_us), arrival_us=round(arrival_us))
            first_us = full_us - BLOCK_US
            mapped_us = self.clock.to_box_us(self.board_us(first_us), arrival_us=round(arrival_us))
            yield (first_us - BOX0_US) / 1e6, mapped_us - first_us
            full_us += BLOCK_US

    def board_us(self, box_us: float) -> int:
        """Return what the board's clock shows."""
        age_us = box_us - BOX0_US
        ppm = self._jitter.drift_ppm + WANDER_PPM * age_us / WANDER_US / 2
        return int(BOARD0_US + age_us * (1 + ppm * 1e-6))

    def _ask(self, sent_us: float) -> None:
        rng, jitter = self._rng, self._jitter
        heard_us = sent_us + jitter.out_floor_us + rng.expovariate(1 / jitter.out_mean_us) + self._stall_us()
        said_us = heard_us + rng.uniform(20, 300)
        arrival_us = self._back_us(said_us)
        self._answers.append((arrival_us, round(sent_us), self.board_us(heard_us), self.board_us(said_us)))

    def _hear(self, now_us: float) -> None:
        for answer in sorted(one for one in self._answers if one[0] <= now_us):
            self._answers.remove(answer)
            arrival_us, sent_us, rx_us, tx_us = answer
            self.clock.on_exchange(
                sent_us=sent_us, received_us=round(arrival_us), board_rx_us=rx_us, board_tx_us=tx_us
            )

    def _back_us(self, said_us: float) -> float:
        jitter = self._jitter
        ready_us = said_us + jitter.back_floor_us + self._rng.expovariate(1 / jitter.back_mean_us)
        if jitter.rhythm_us:
            ready_us += (self._phase_us - ready_us) % jitter.rhythm_us
        return ready_us + self._stall_us() + self._late_us()

    def _late_us(self) -> float:
        return self._rng.expovariate(1 / LOOP_LATE_US)

    def _stall_us(self) -> float:
        rng = self._rng
        return rng.uniform(0, STALL_US) if rng.random() < self._jitter.stall_share else 0.0
