"""Creative PC-60FW and PC-60NW, simulated. Source: docs/devices/creative-pc60.md."""

import random
from typing import ClassVar, Final

from tests.simulators.devices.creative import Ears, frame
from tests.simulators.devices.device import SimulatedDevice
from tests.simulators.devices.finger import Finger

WAVES_A_SECOND: Final = 10
WAVE_SAMPLES: Final = 5
SWITCHES_OFF_AFTER_S: Final = 8.0  # without a finger
FULL: Final = 3


class Pc60Fw(SimulatedDevice):
    """Ten waves a second, then numbers, battery, status. Goes off without a finger (by time: `advance`)."""

    FRAMES_A_SECOND: ClassVar = WAVES_A_SECOND + 3.0

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self._finger = Finger(rng, samples_a_second=WAVES_A_SECOND * WAVE_SAMPLES)
        self._ears = Ears()
        self._place = 0  # within the second
        self._had_finger_s = now_s

    def advance(self, *, now_s: float) -> list[bytes]:
        """Return the frames that were due; none when there has been no finger for long."""
        if self.has_contact:
            self._had_finger_s = now_s
        if self.is_sending(now_s=now_s):
            return super().advance(now_s=now_s)
        self._frames = int((now_s - self._began_s) * self.FRAMES_A_SECOND)
        return []

    def is_sending(self, *, now_s: float) -> bool:
        """Whether it sends by itself now."""
        return now_s - self._had_finger_s <= SWITCHES_OFF_AFTER_S

    def next_frame(self) -> bytes:
        """Return the next frame of the second."""
        place, self._place = self._place, (self._place + 1) % (WAVES_A_SECOND + 3)
        if place < WAVES_A_SECOND:
            return self._wave()
        if place == WAVES_A_SECOND:
            return self._numbers()
        if place == WAVES_A_SECOND + 1:
            return frame(0xF0, 0x03, bytes((FULL,)))
        return frame(0x0F, 0x21, bytes((2, 0, 0, 0)))

    def hear(self, data: bytes) -> list[bytes]:
        """Answer questions and switches."""
        super().hear(data)
        return [answer for said in self._ears.hear(data) if (answer := self._answer(*said))]

    def _answer(self, token: int, kind: int, content: bytes) -> bytes:
        answers = {
            (0x0F, 0x80): frame(0x0F, 0x00, content),
            (0x0F, 0x83): frame(0x0F, 0x03, b"\1\2PC-60NW"),
            (0x0F, 0x84): frame(0x0F, 0x04, content),
            (0x0F, 0x85): frame(0x0F, 0x05, content),
            (0xF0, 0x81): frame(0xF0, 0x01, b"\1\2\3PC-60FW"),
            (0xF0, 0x82): frame(0xF0, 0x02, b"0123456789"),
            (0xF0, 0xA1): frame(0xF0, 0x21, bytes.fromhex("DE 0E 86 8F 3C 8E")),
        }
        return answers.get((token, kind), b"")

    def _wave(self) -> bytes:
        samples = []
        for _ in range(WAVE_SAMPLES):
            is_beat = self._finger.step()
            sample = self._finger.wave(low=16, high=110) if self.has_contact else 0
            self.tell("pleth", sample)
            samples.append(sample | (0x80 if is_beat and self.has_contact else 0))
        return frame(0x0F, 0x02, bytes(samples))

    def _numbers(self) -> bytes:
        finger = self._finger
        if not self.has_contact:
            for name in ("spo2", "pulse", "pi"):
                self.tell(name, None)
            return frame(0x0F, 0x01, bytes((0, 0, 0, 0, 0x00, 0xC0)))  # no flag: as a real one
        self.tell("spo2", finger.spo2_pct)
        self.tell("pulse", finger.pulse_bpm)
        self.tell("pi", finger.perfusion_permille)
        return frame(
            0x0F,
            0x01,
            bytes((finger.spo2_pct, finger.pulse_bpm, 0, finger.perfusion_permille, 0x00, 0xC0)),
        )


class Pc60Nw(Pc60Fw):
    """Sends when it is asked to (by time: `advance`)."""

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self._is_asked = False

    def is_sending(self, *, now_s: float) -> bool:
        """Whether somebody asked."""
        return self._is_asked and super().is_sending(now_s=now_s)

    def _answer(self, token: int, kind: int, content: bytes) -> bytes:
        if (token, kind) == (0x0F, 0x84):
            self._is_asked = content == b"\1"
        return super()._answer(token, kind, content)


SIMULATORS: Final = {"creative-pc60": Pc60Fw}
