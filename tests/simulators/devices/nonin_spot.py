"""Nonin in data format 13, simulated: a measurement every few seconds. Source: docs/devices/nonin.md."""

import random
from typing import ClassVar, Final

from tests.simulators.devices.device import SimulatedDevice
from tests.simulators.devices.nonin_patient import Patient

NO_RATE: Final = 511
NO_SPO2: Final = 127
NO_MEASUREMENT: Final = 0x01
SMARTPOINT: Final = 0x02
SECONDS_BETWEEN: Final = 4


class Nonin13(SimulatedDevice):
    """Somebody puts a finger in every four seconds; without contact it says that there was no measurement."""

    FRAMES_A_SECOND: ClassVar = 1 / SECONDS_BETWEEN

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self._patient = Patient(rng)
        self._second = 8 * 3600

    def next_frame(self) -> bytes:
        """Return the next measurement."""
        self._second = (self._second + SECONDS_BETWEEN) % 86_400
        minutes, second = divmod(self._second, 60)
        clock = bytes.fromhex(f"20261122{minutes // 60:02}{minutes % 60:02}{second:02}00")
        rate, spo2, quality = NO_RATE, NO_SPO2, NO_MEASUREMENT
        if self.has_contact:
            self._patient.wander()
            rate, spo2, quality = self._patient.rate, self._patient.spo2, SMARTPOINT
        self.tell("pulse", rate if self.has_contact else None)
        self.tell("spo2", spo2 if self.has_contact else None)
        data = clock + bytes((quality, 0, rate >> 8, rate & 0xFF, 0, spo2))
        return bytes.fromhex("00 02 00 0D 00 0E") + data + bytes((sum(data) & 0xFF, 0x03))


SIMULATORS: Final = {"nonin-13": Nonin13}
