"""A finger in a probe, simulated: numbers that wander a little, and the wave that goes with them. Pure."""

import random
from typing import Final

from tests.simulators.devices.device import pleth_at

SPO2_PCT: Final = (94, 99)
PULSE_BPM: Final = (58, 96)
PERFUSION_PERMILLE: Final = (8, 90)  # perfusion index, tenths of a percent


class Finger:
    """Call `step` once a sample; the rest says what an oximeter finds then."""

    def __init__(self, rng: random.Random, *, samples_a_second: int) -> None:
        self.spo2_pct, self.pulse_bpm, self.perfusion_permille = 97, 72, 35
        self._rng = rng
        self._rate = samples_a_second
        self._sample = 0
        self._in_beat = 0
        self._beat_samples = self._beat()

    def step(self) -> bool:
        """Go on by one sample; return whether a beat begins with it."""
        self._sample += 1
        if self._sample % self._rate == 0:
            self.spo2_pct = self._wander(self.spo2_pct, *SPO2_PCT)
            self.pulse_bpm = self._wander(self.pulse_bpm, *PULSE_BPM)
            self.perfusion_permille = self._wander(self.perfusion_permille, *PERFUSION_PERMILLE)
        self._in_beat += 1
        if self._in_beat < self._beat_samples:
            return False
        self._in_beat, self._beat_samples = 0, self._beat()
        return True

    def wave(self, *, low: int, high: int) -> int:
        """Return the pulse wave now, between `low` and `high`."""
        return pleth_at(self._in_beat, frames_a_beat=self._beat_samples, low=low, high=high)

    def _beat(self) -> int:
        return round(self._rate * 60 / self.pulse_bpm)

    def _wander(self, value: int, low: int, high: int) -> int:
        return min(high, max(low, value + self._rng.choice((-1, 0, 0, 1))))
