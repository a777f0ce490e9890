"""Masimo Rad-8 in ASCII 1, simulated. Source: docs/devices/masimo.md."""

import random
from typing import ClassVar, Final

from tests.simulators.devices.device import SimulatedDevice

SHOWN_S: Final = 10  # what was measured stays on the screen, and in the lines, for a while
SET: Final = 0x800
LOW_PERFUSION: Final = 0x004
SENSOR_OFF: Final = 0x020
SOUNDING: Final = 0x10


class Masimo(SimulatedDevice):
    """One line a second; its clock shows 22 February 2016."""

    FRAMES_A_SECOND: ClassVar = 1.0

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self._spo2, self._rate, self._pi = 98, 97, 360
        self._second = 22 * 3600
        self._seconds_off = 0

    def next_frame(self) -> bytes:
        """Return the next line."""
        self._second = (self._second + 1) % 86_400
        exceptions, alarm = SET, 0
        if self.has_contact:
            self._seconds_off = 0
            self._spo2 = min(100, max(93, self._spo2 + self.rng.choice((-1, 0, 0, 1))))
            self._rate = min(130, max(60, self._rate + self.rng.choice((-1, 0, 1))))
            self._pi = min(900, max(90, self._pi + self.rng.randint(-40, 40)))
        else:
            self._seconds_off += 1
            exceptions, alarm = SET | SENSOR_OFF | LOW_PERFUSION, SOUNDING
        for name, raw in (("spo2", self._spo2), ("pulse", self._rate), ("pi", self._pi)):
            self.tell(name, raw if self.has_contact else None)
        numbers = f"SPO2={self._spo2:03}% BPM={self._rate:03} PI={self._pi // 100:02}.{self._pi % 100:02}%"
        if self._seconds_off > SHOWN_S:
            numbers = "SPO2=---% BPM=--- PI=--.--%"
        minutes, second = divmod(self._second, 60)
        return (
            f"02/22/16 {minutes // 60:02}:{minutes % 60:02}:{second:02} SN=0000056661 {numbers} SPCO=--.-% "
            f"SPMET=--.-% DESAT=-- PIDELTA=+-- ALARM={alarm:04X} EXC={exceptions:06X}\r\n"
        ).encode("ascii")


SIMULATORS: Final = {"masimo-ascii1": Masimo}
