"""BITalino (r)evolution, simulated. Source: docs/devices/bitalino.md."""

import math
import random
from typing import ClassVar, Final

from tests.simulators.devices.device import SimulatedDevice
from tests.simulators.devices.protocentral_patient import Patient

MIDDLE: Final = 512
VERSION: Final = b"BITalino_v5.2\n"
MAINS_HZ: Final = 50
MOMENTS_HZ: Final = 100  # of the patient; between them the ECG is a straight line


def framed(first: int, *others: int, number: int, ports: int = 0b1100) -> bytes:
    """Return a frame of one channel or of six, first A1. `ports`: I1, I2, O1, O2."""
    bits = (number % 16) << 60 | ports << 52 | first << 42
    for value, shift in zip(others, (32, 22, 12, 6, 0), strict=False):
        bits |= value << shift
    frame = bits.to_bytes(8, "little")[0 if others else 5 :]
    return frame[:-1] + bytes((frame[-1] | crc4(frame),))


def crc4(frame: bytes) -> int:
    """Return the checksum of a frame in which it still is zero, bit by bit as the page says it."""
    crc = 0
    for byte in frame:
        for bit in range(7, -1, -1):
            crc <<= 1
            if crc & 0x10:
                crc ^= 0x13
            crc ^= byte >> bit & 1
    return crc


class Bitalino1(SimulatedDevice):
    """A2 alone, a thousand times a second, once it was started (by time: `advance`)."""

    FRAMES_A_SECOND: ClassVar = 1000.0
    START: ClassVar = 0x09

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self.is_sending = False
        self._patient = Patient(rng, MOMENTS_HZ)
        self._between = 0, 0
        self._number = 0
        self._sample = 0

    def advance(self, *, now_s: float) -> list[bytes]:
        """Return the frames that were due; none before it was started."""
        if self.is_sending:
            return super().advance(now_s=now_s)
        self._frames = int((now_s - self._began_s) * self.FRAMES_A_SECOND)
        return []

    def next_frame(self) -> bytes:
        """Return the next frame, as if it had been started."""
        self._number += 1
        self._sample += 1
        ecg = self._ecg()
        self.tell("ecg", ecg - MIDDLE)
        return self._frame(ecg)

    def hear(self, data: bytes) -> list[bytes]:
        """Obey single bytes; those that mean nothing now are passed over."""
        super().hear(data)
        answers = []
        for command in data:
            if self.is_sending:
                self.is_sending = command not in (0x00, 0xFF)
            elif command == self.START:
                self.is_sending, self._number = True, 0
            elif command == 0x07:
                answers.append(VERSION)
        return answers

    def _frame(self, ecg: int) -> bytes:
        return framed(ecg, number=self._number)

    def _ecg(self) -> int:
        frames = round(self.FRAMES_A_SECOND / MOMENTS_HZ)
        phase = self._sample % frames
        if phase == 0:
            self._between = self._between[1], self._patient.next().ecg // 4
        before, after = self._between
        if self.has_contact:
            return MIDDLE + before + (after - before) * phase // frames + self.rng.randint(-2, 2)
        hum = math.sin(2 * math.pi * MAINS_HZ * self._sample / self.FRAMES_A_SECOND + 1)
        return MIDDLE + round(400 * hum) + self.rng.randint(-3, 3)


class Bitalino6(Bitalino1):
    """All six channels, a hundred times a second."""

    FRAMES_A_SECOND: ClassVar = 100.0
    START: ClassVar = 0xFD

    def _frame(self, ecg: int) -> bytes:
        near = self.rng.randint
        slow = round(20 * math.sin(self._sample / 300))
        others = (300 + slow + near(-1, 1), MIDDLE + near(-40, 40), 32 + near(-1, 1), 50 + slow // 4)
        return framed(MIDDLE + near(-90, 90), ecg, *others, number=self._number)


SIMULATORS: Final = {"bitalino-1": Bitalino1, "bitalino-6": Bitalino6}
