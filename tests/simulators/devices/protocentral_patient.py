"""Who wears a simulated ProtoCentral board: a trace with beats, breath, light and slow numbers. Pure."""

import math
import random
from typing import NamedTuple

from tests.simulators.devices.device import pleth_at


class Moment(NamedTuple):
    """One sample of each: ECG and respiration in counts of -1000 … 1000, light from 0 to 1000."""

    ecg: int
    respiration: int
    light: int


class Patient:
    """`rate_hz`: moments in a second. Numbers move by one at most, every second or so."""

    def __init__(self, rng: random.Random, rate_hz: int) -> None:
        self._rng, self._rate_hz = rng, rate_hz
        self._at = 0
        self.spo2, self.heart_rate, self.breaths, self.temperature = 97, 72, 16, 3652

    def next(self) -> Moment:
        """Return the next moment."""
        self._at += 1
        if self._at % self._rate_hz == 0:
            self.spo2 = min(100, max(93, self.spo2 + self._rng.choice((-1, 0, 0, 1))))
            self.heart_rate = min(140, max(50, self.heart_rate + self._rng.choice((-1, 0, 1))))
            self.temperature = min(3900, max(3600, self.temperature + self._rng.randint(-2, 2)))
        beat = round(60 * self._rate_hz / self.heart_rate)
        spike = {0: 300, 1: 1000, 2: -250}.get(self._at % beat, 0)
        breath = math.sin(2 * math.pi * self.breaths * self._at / 60 / self._rate_hz)
        return Moment(
            ecg=spike + self._rng.randint(-12, 12),
            respiration=round(400 * breath) + self._rng.randint(-3, 3),
            light=pleth_at(self._at, frames_a_beat=beat, low=0, high=1000),
        )
