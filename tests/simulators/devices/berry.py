"""Berry BM1000, simulated. Source: docs/devices/berry.md."""

import random
from typing import ClassVar, Final

from tests.simulators.devices.device import SimulatedDevice, pleth_at

SPO2: Final = 97
PULSE: Final = 72
FRAMES_A_BEAT: Final = 83


class Berry(SimulatedDevice):
    """A hundred frames a second."""

    FRAMES_A_SECOND: ClassVar = 100.0

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self._at = 0

    def next_frame(self) -> bytes:
        """Return the next frame."""
        self._at += 1
        if not self.has_contact:
            self.tell("spo2", None)
            self.tell("pulse", None)
            self.tell("pleth", 0)
            return bytes.fromhex("90 00 50 7F 7F")
        pleth = pleth_at(self._at, frames_a_beat=FRAMES_A_BEAT, low=10, high=95)
        beat = 0x40 if self._at % FRAMES_A_BEAT == 0 else 0
        self.tell("pleth", pleth)
        self.tell("spo2", SPO2)
        self.tell("pulse", PULSE)
        return bytes((0x86 | beat, pleth, pleth // 7, PULSE, SPO2))


SIMULATORS: Final = {"berry-bm1000": Berry}
