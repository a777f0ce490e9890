"""ProtoCentral's boards, simulated. Source: docs/devices/protocentral.md."""

import random
import struct
from typing import ClassVar, Final

from firmware_bridge.drivers.protocentral_frames import DATA, framed
from tests.simulators.devices.device import SimulatedDevice
from tests.simulators.devices.protocentral_patient import Patient

RAIL: Final = 0x1FFFF
FULL_SCALE: Final = 0x7FFFFF
INFRARED: Final = 131_500
RED: Final = 118_545


class Board(SimulatedDevice):
    """What is worn, and the notes of what was sent."""

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self.patient = Patient(rng, round(self.FRAMES_A_SECOND))

    def tell_numbers(self, *names: str) -> None:
        """Note the numbers of now: None without contact, but for the temperature."""
        known = {
            "spo2": self.patient.spo2,
            "heart_rate": self.patient.heart_rate,
            "respiration_rate": self.patient.breaths,
            "temperature": self.patient.temperature,
        }
        for name in names:
            self.tell(name, known[name] if self.has_contact or name == "temperature" else None)


class HealthyPi4(Board):
    """Without electrodes ECG, respiration and their rates are zero."""

    FRAMES_A_SECOND: ClassVar = 125.0
    OFF: ClassVar = 0x0F

    def next_frame(self) -> bytes:
        """Return the next frame."""
        moment, worn = self.patient.next(), self.patient
        ecg, breath = (moment.ecg, moment.respiration) if self.has_contact else (0, 0)
        infrared, red = INFRARED + moment.light, RED + moment.light
        for name, sample in (("ecg", ecg), ("respiration", breath), ("pleth", infrared), ("red", red)):
            self.tell(name, sample)
        self.tell_numbers("spo2", "heart_rate", "respiration_rate", "temperature")
        numbers = (worn.breaths, worn.spo2, worn.heart_rate) if self.has_contact else (0, 0, 0)
        status = 0 if self.has_contact else self.OFF
        data = struct.pack(
            "<hhiiHBBBBBB", ecg, breath, infrared, red, worn.temperature, *numbers, 80, 120, status
        )
        return framed(DATA, data)


class HealthyPi3(HealthyPi4):
    """One bit for the electrodes, one for the probe."""

    OFF: ClassVar = 0x03


class HealthyPi5(Board):
    """Without electrodes the ECG stands at its end, and heart and breath rate stay as they were."""

    FRAMES_A_SECOND: ClassVar = 128.0

    def next_frame(self) -> bytes:
        """Return the next frame."""
        moment, worn = self.patient.next(), self.patient
        ecg = moment.ecg * 20 if self.has_contact else RAIL
        breath = 20_480 + moment.respiration
        infrared, red = INFRARED + moment.light, RED + moment.light
        for name, sample in (("ecg", ecg), ("respiration", breath), ("pleth", infrared), ("red", red)):
            self.tell(name, sample)
        self.tell_numbers("spo2", "heart_rate", "respiration_rate", "temperature")
        spo2 = worn.spo2 if self.has_contact else 0
        numbers = (worn.temperature, spo2, worn.heart_rate, worn.breaths)
        return framed(DATA, struct.pack("<iiBiihBBB", ecg, breath, 0, red, infrared, *numbers))


class HealthyPi5Ov3(Board):
    """Heart and light by turns, sixteen of each a second."""

    FRAMES_A_SECOND: ClassVar = 32.0
    HEART: ClassVar = 3
    LIGHT: ClassVar = 4

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self.patient = Patient(rng, 128)
        self._lights: list[int] = []

    def next_frame(self) -> bytes:
        """Return the next frame."""
        if self._lights:
            return self._light()
        moments = [self.patient.next() for _ in range(8)]
        self._lights = [moment.light for moment in moments]
        ecg = [moment.ecg * 20 if self.has_contact else RAIL for moment in moments]
        breath = [20_480 + moment.respiration for moment in moments[::2]]
        self.tell("ecg", *ecg)
        self.tell("respiration", *breath)
        self.tell_numbers("heart_rate", "respiration_rate")
        data = struct.pack("<12iBB", *ecg, *breath, self.patient.heart_rate, self.patient.breaths)
        return framed(self.HEART, data)

    def _light(self) -> bytes:
        lights, self._lights = self._lights, []
        self.tell("pleth", *lights)
        self.tell_numbers("spo2")
        spo2 = self.patient.spo2 if self.has_contact else 0
        half = self.patient.temperature >> 8
        return framed(self.LIGHT, struct.pack("<8hBBB", *lights, spo2, half, half))


class Ads1292r(Board):
    """Without electrodes the ECG is zero and all else stays as it was."""

    FRAMES_A_SECOND: ClassVar = 125.0

    def next_frame(self) -> bytes:
        """Return the next frame."""
        moment, worn = self.patient.next(), self.patient
        ecg = moment.ecg if self.has_contact else 0
        self.tell("ecg", ecg)
        self.tell("respiration", moment.respiration)
        self.tell_numbers("heart_rate", "respiration_rate")
        data = struct.pack("<hhHHB", ecg, moment.respiration, worn.breaths, worn.heart_rate, 0)
        return framed(DATA, data)


class Ads1293(Board):
    """Three channels; without electrodes all stand at their end."""

    FRAMES_A_SECOND: ClassVar = 100.0

    def next_frame(self) -> bytes:
        """Return the next frame."""
        ecg = self.patient.next().ecg * 300
        channels = (ecg, -ecg, ecg // 2) if self.has_contact else (FULL_SCALE, FULL_SCALE, -FULL_SCALE - 1)
        for number, code in enumerate(channels, 1):
            self.tell(f"ecg{number}", code)
        return framed(DATA, struct.pack("<3i", *channels))


SIMULATORS: Final = {
    "healthypi-v3": HealthyPi3,
    "healthypi-v4": HealthyPi4,
    "healthypi-5": HealthyPi5,
    "healthypi-5-ov3": HealthyPi5Ov3,
    "ads1292r": Ads1292r,
    "ads1293": Ads1293,
}
