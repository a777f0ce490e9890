"""Berry BM1000, simulated. Source: docs/devices/berry.md."""

import random
from typing import ClassVar, Final

from tests.simulators.devices.device import SimulatedDevice
from tests.simulators.devices.finger import Finger


class Berry(SimulatedDevice):
    """A hundred frames a second."""

    FRAMES_A_SECOND: ClassVar = 100.0

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self._finger = Finger(rng, samples_a_second=100)

    def next_frame(self) -> bytes:
        """Return the next frame."""
        finger = self._finger
        beat = 0x40 if finger.step() else 0
        if not self.has_contact:
            self.tell("spo2", None)
            self.tell("pulse", None)
            self.tell("pleth", 0)
            return bytes.fromhex("90 00 50 7F 7F")
        pleth = finger.wave(low=10, high=95)
        self.tell("pleth", pleth)
        self.tell("spo2", finger.spo2_pct)
        self.tell("pulse", finger.pulse_bpm)
        return bytes((0x86 | beat, pleth, pleth // 7, finger.pulse_bpm, finger.spo2_pct))


SIMULATORS: Final = {"berry-bm1000": Berry}
