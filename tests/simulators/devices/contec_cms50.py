"""Contec CMS50, simulated: the older dialects. Source: docs/devices/contec-cms50.md, dialects A and B."""

import random
from typing import ClassVar, Final

from tests.simulators.devices.device import SimulatedDevice
from tests.simulators.devices.finger import Finger

STORED_HEAD: Final = bytes.fromhex("F2 80 00 F2 80 00 F2 80 00")


class ContecA(SimulatedDevice):
    """Sixty frames a second; hears nothing."""

    FRAMES_A_SECOND: ClassVar = 60.0

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self._finger = Finger(rng, samples_a_second=60)

    def next_frame(self) -> bytes:
        """Return the next live frame."""
        finger = self._finger
        beat = 0x40 if finger.step() else 0
        if not self.has_contact:
            self.tell("pleth", 64)
            self.tell("spo2", None)
            self.tell("pulse", None)
            return (
                bytes.fromhex("93 40 20 7F 7F")
                if self.rng.random() < 0.5
                else bytes.fromhex("90 40 30 00 00")
            )
        pleth = finger.wave(low=8, high=120)
        self.tell("pleth", pleth)
        self.tell("spo2", finger.spo2_pct)
        self.tell("pulse", finger.pulse_bpm)
        rate_high = 0x40 if finger.pulse_bpm & 0x80 else 0
        return bytes((0x85 | beat, pleth, pleth >> 3 | rate_high, finger.pulse_bpm & 0x7F, finger.spo2_pct))


class ContecB(ContecA):
    """Sends what it stored when it is asked: one finger, one minute, a sample a second."""

    STORED_SAMPLES: ClassVar = 60

    def hear(self, data: bytes) -> list[bytes]:
        """Answer `F5 F5`; `F6 F6 F6` needs no answer, live frames go on."""
        super().hear(data)
        if not self.heard.endswith(b"\xf5\xf5"):
            return []
        length = 3 * self.STORED_SAMPLES - 1
        head = bytes((0x80 | length >> 14, 0x80 | length >> 7 & 0x7F, length & 0x7F))
        return [STORED_HEAD + head, *[self._stored() for _ in range(self.STORED_SAMPLES)]]

    def _stored(self) -> bytes:
        finger = self._finger
        return bytes((0xF0 | finger.pulse_bpm >> 7, 0x80 | finger.pulse_bpm & 0x7F, finger.spo2_pct))


SIMULATORS: Final = {"contec-cms50-a": ContecA, "contec-cms50-b": ContecB}
