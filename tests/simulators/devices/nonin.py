"""Nonin in data formats 1 and 8, simulated. Source: docs/devices/nonin.md."""

import random
from typing import ClassVar, Final

from firmware_bridge.drivers.nonin_commands import ACCEPTED, select_format
from tests.simulators.devices.device import SimulatedDevice
from tests.simulators.devices.nonin_patient import Patient

NO_RATE: Final = 511
NO_SPO2: Final = 127
SMARTPOINT: Final = 0x20
OUT_OF_TRACK: Final = 0x20
DISCONNECTED: Final = 0x40
SENSOR_ALARM: Final = 0x08
HELD_S: Final = 10


class Nonin8(SimulatedDevice):
    """One frame a second; without a finger its display holds the last numbers for ten."""

    FRAMES_A_SECOND: ClassVar = 1.0

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self._patient = Patient(rng)
        self._seconds_off = 0

    def hear(self, data: bytes) -> list[bytes]:
        """Answer a command that selects this format."""
        super().hear(data)
        return [ACCEPTED] if select_format(8) in data else []

    def next_frame(self) -> bytes:
        """Return the next frame."""
        rate, spo2 = self._numbers()
        if self.has_contact:
            return bytes((0x80 | rate >> 7, rate & 0x7F, spo2, SMARTPOINT))
        self._seconds_off += 1
        if self._seconds_off > HELD_S:
            rate, spo2 = NO_RATE, NO_SPO2
        return bytes((0x80 | OUT_OF_TRACK | rate >> 7, rate & 0x7F, spo2, SENSOR_ALARM))

    def _numbers(self) -> tuple[int, int]:
        if self.has_contact:
            self._seconds_off = 0
            self._patient.wander()
        rate, spo2 = self._patient.rate, self._patient.spo2
        self.tell("pulse", rate if self.has_contact else None)
        self.tell("spo2", spo2 if self.has_contact else None)
        return rate, spo2


class Nonin1(Nonin8):
    """Three bytes a second; without a finger it says that it is out of track, and no number."""

    def hear(self, data: bytes) -> list[bytes]:
        """Understand nothing."""
        return SimulatedDevice.hear(self, data)

    def next_frame(self) -> bytes:
        """Return the next frame."""
        rate, spo2 = self._numbers()
        if self.has_contact:
            return bytes((0x80 | rate >> 7, rate & 0x7F, spo2))
        return bytes((0x80 | DISCONNECTED | OUT_OF_TRACK | 0x03, 0x7F, NO_SPO2))


SIMULATORS: Final = {"nonin-8": Nonin8, "nonin-1": Nonin1}
