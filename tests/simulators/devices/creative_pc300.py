"""Creative PC-100 and PC-300, simulated. Source: docs/devices/creative-pc300.md."""

import math
import random
from collections.abc import Iterator
from typing import ClassVar, Final

from tests.simulators.devices.creative import Ears, frame
from tests.simulators.devices.device import SimulatedDevice
from tests.simulators.devices.finger import Finger

WAVES_A_SECOND: Final = 10
WAVE_SAMPLES: Final = 5
ECG_RATE_HZ: Final = 150
ECG_SAMPLES: Final = 25
COUNTS_A_MV: Final = 394
CENTRE: Final = 2048
PREPARING_FRAMES: Final = 60  # ten seconds
MEASURED_FRAMES: Final = 180  # thirty seconds


class Pc100(SimulatedDevice):
    """Every second ten waves, the numbers, and one frame of whatever else is being measured."""

    FRAMES_A_SECOND: ClassVar = WAVES_A_SECOND + 2.0
    MODEL: ClassVar = "PC-100:0001"
    GLUCOSE: ClassVar = False

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self._finger = Finger(rng, samples_a_second=WAVES_A_SECOND * WAVE_SAMPLES)
        self._ears = Ears()
        self._second = self._frames_of_a_second()
        self._others = self._other_frames()

    def next_frame(self) -> bytes:
        """Return the next frame."""
        return next(self._second)

    def hear(self, data: bytes) -> list[bytes]:
        """Answer commands; the start of a blood pressure begins one."""
        super().hear(data)
        return [answer for said in self._ears.hear(data) if (answer := self._answer(*said))]

    def _answer(self, token: int, kind: int, content: bytes) -> bytes:
        if (token, kind) == (0x40, 0x01):
            self._others = self._other_frames()
        if token in (0x30, 0x40, 0x50, 0x70, 0xE0):
            return frame(token, kind, content)
        answers = {
            (0xFF, 0x01): frame(0xFF, 0x01, self.MODEL.encode("ascii")),
            (0xFF, 0x10): frame(0xFF, 0x10, b"\1\0"),
            (0x51, 0x01): frame(0x51, 0x01, bytes((0x12, 0x10, 0x03))),
        }
        return answers.get((token, kind), b"")

    def _frames_of_a_second(self) -> Iterator[bytes]:
        while True:
            for _ in range(WAVES_A_SECOND):
                yield self._wave()
            yield self._numbers()
            yield next(self._others)

    def _wave(self) -> bytes:
        samples = []
        for _ in range(WAVE_SAMPLES):
            is_beat = self._finger.step()
            sample = self._finger.wave(low=16, high=110) if self.has_contact else 0
            self.tell("pleth", sample)
            samples.append(sample | (0x80 if is_beat and self.has_contact else 0))
        return frame(0x52, 0x01, bytes(samples))

    def _numbers(self) -> bytes:
        finger = self._finger
        if not self.has_contact:
            for name in ("spo2", "pulse", "pi"):
                self.tell(name, None)
            return frame(0x53, 0x01, bytes((0, 0, 0, 0, 0x02)))
        self.tell("spo2", finger.spo2_pct)
        self.tell("pulse", finger.pulse_bpm)
        self.tell("pi", finger.perfusion_permille)
        return frame(
            0x53, 0x01, bytes((finger.spo2_pct, finger.pulse_bpm, 0, finger.perfusion_permille, 0x00))
        )

    def _other_frames(self) -> Iterator[bytes]:
        while True:
            yield from self._blood_pressure()
            yield from self._temperature()
            yield frame(0x51, 0x01, bytes((0x12, 0x10, 0x13)))
            if self.GLUCOSE:
                yield self._glucose()

    def _blood_pressure(self) -> Iterator[bytes]:
        yield frame(0x40, 0x01)
        for pressure in range(180, 60, -10):
            yield frame(0x42, 0x01, bytes((0x10 if pressure < 140 else 0x00, pressure)))
        if not self.has_contact:
            for name in ("sys", "mean", "dia", "cuff_pulse"):
                self.tell(name, None)
            yield frame(0x43, 0x02, b"\x81")
            return
        systolic, diastolic = self.rng.randint(105, 135), self.rng.randint(62, 84)
        mean = (systolic + 2 * diastolic) // 3
        for name, value in zip(
            ("sys", "mean", "dia", "cuff_pulse"),
            (systolic, mean, diastolic, self._finger.pulse_bpm),
            strict=True,
        ):
            self.tell(name, value)
        yield frame(0x43, 0x01, bytes((0, systolic, mean, diastolic, self._finger.pulse_bpm)))

    def _temperature(self) -> Iterator[bytes]:
        raw = self.rng.randint(620, 720)
        yield frame(0x72, 0x01, bytes((0x20, 0x02, 0x00)))
        self.tell("temp", 3000 + raw)
        yield frame(0x72, 0x01, bytes((0x40, raw >> 8, raw & 0xFF)))

    def _glucose(self) -> bytes:
        tenths = self.rng.randint(45, 79)
        self.tell("glucose_mmol", tenths)
        return frame(0x73, 0x01, bytes((0x00, 0x00, tenths // 10 << 4 | tenths % 10)))


class Pc300(Pc100):
    """ECG besides: six frames a second, measured for half a minute again and again."""

    FRAMES_A_SECOND: ClassVar = WAVES_A_SECOND + 8.0
    MODEL: ClassVar = "PC-300:0001"
    GLUCOSE: ClassVar = True

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self._ecg = self._ecg_frames()

    def _frames_of_a_second(self) -> Iterator[bytes]:
        while True:
            for place in range(WAVES_A_SECOND):
                yield self._wave()
                if place % 5 < 3:
                    yield next(self._ecg)
            yield self._numbers()
            yield next(self._others)

    def _ecg_frames(self) -> Iterator[bytes]:
        at = 0
        while True:
            yield frame(0x30, 0x01)
            for count in range(PREPARING_FRAMES + MEASURED_FRAMES):
                yield self._ecg_wave(max(0, count - PREPARING_FRAMES + 1), at)
                at += ECG_SAMPLES
            if self.has_contact:
                self.tell("hr", self._finger.pulse_bpm)
                yield frame(0x33, 0x01, bytes((0x00, 0x00, self._finger.pulse_bpm)))
            else:
                self.tell("hr", None)
                yield frame(0x33, 0x01, bytes((0xFF, 0x00, 0x00)))

    def _ecg_wave(self, number: int, at: int) -> bytes:
        content = bytearray((number,))
        for sample in range(at, at + ECG_SAMPLES):
            count = self._ecg_at(sample) + self.rng.randint(-3, 3)
            self.tell("ecg", count)
            high, low = divmod(CENTRE + count, 256)
            content += bytes((high | (0x80 if sample == at else 0), low))
        return frame(0x32, 0x01, bytes((*content, 0, 0x00 if self.has_contact else 0x80)))

    def _ecg_at(self, sample: int) -> int:
        if not self.has_contact:
            return 0
        phase = sample / ECG_RATE_HZ * self._finger.pulse_bpm / 60 % 1.0
        peak = math.exp(-(((phase - 0.3) / 0.012) ** 2)) + 0.2 * math.exp(-(((phase - 0.6) / 0.05) ** 2))
        return round(COUNTS_A_MV * peak)


SIMULATORS: Final = {"creative-pc100": Pc100, "creative-pc300": Pc300}
