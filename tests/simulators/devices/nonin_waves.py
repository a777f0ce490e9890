"""Nonin in data formats 2 and 7, simulated. Source: docs/devices/nonin.md."""

import random
from typing import ClassVar, Final

from firmware_bridge.drivers.nonin_commands import ACCEPTED, select_format
from tests.simulators.devices.device import SimulatedDevice, pleth_at
from tests.simulators.devices.nonin_patient import Patient

FRAMES_A_SECOND: Final = 75.0
PACKET_FRAMES: Final = 25
PERFUSION_FRAMES: Final = 12
NO_RATE: Final = 511
NO_SPO2: Final = 127
HELD_PACKETS: Final = 30  # what the display shows stays there for 10 s
REVISION: Final = 0x2B
GREEN: Final = 0x02
FINGER_OUT: Final = 0x18  # sensor alarm, out of track
SMARTPOINT: Final = 0x20


class WavingNonin(SimulatedDevice):
    """25 frames are a packet, three packets a second. `timer`: thirds of a second since it was on."""

    FRAMES_A_SECOND: ClassVar = FRAMES_A_SECOND
    FORMAT: ClassVar[int]
    LOW: ClassVar[int]
    HIGH: ClassVar[int]

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self._patient = Patient(rng)
        self._at = -1
        self._packets_off = 0
        self._floats: list[int] = []
        self.timer = rng.randrange(1 << 14)

    def hear(self, data: bytes) -> list[bytes]:
        """Answer a command that selects this format."""
        super().hear(data)
        return [ACCEPTED] if select_format(self.FORMAT) in data else []

    def next_frame(self) -> bytes:
        """Return the next frame."""
        self._at += 1
        place = self._at % PACKET_FRAMES
        if place == 0:
            self._begin_packet()
        frames_a_beat = round(60 * FRAMES_A_SECOND / self._patient.rate)
        status = 0x81 if place == 0 else 0x80
        if not self.has_contact:
            status |= FINGER_OUT
            pleth = self.rng.randrange(self.LOW)
        else:
            status |= GREEN if self._at % frames_a_beat < PERFUSION_FRAMES else 0
            wave = pleth_at(self._at, frames_a_beat=frames_a_beat, low=self.LOW, high=self.HIGH)
            pleth = wave + self.rng.randrange(1 + self.LOW // 8)
        self.tell("pleth", pleth)
        if place == 1:
            self.tell("pulse", self._told(self._rate, NO_RATE))
        if place == 2:
            self.tell("spo2", self._told(self._floats[2], NO_SPO2))
        body = self._body(status, pleth, self._floats[place])
        return body + bytes((sum(body) & 0xFF,))

    def _body(self, status: int, pleth: int, told: int) -> bytes:
        raise NotImplementedError

    def _told(self, number: int, none: int) -> int | None:
        return number if self.has_contact and number != none else None

    def _begin_packet(self) -> None:
        self.timer = (self.timer + 1) % (1 << 14)
        self._packets_off = 0 if self.has_contact else self._packets_off + 1
        if self.has_contact:
            self._patient.wander()
        rate, spo2 = (self._patient.rate, self._patient.spo2) if self.has_contact else (NO_RATE, NO_SPO2)
        shows = self._packets_off <= HELD_PACKETS
        shown_rate, shown_spo2 = (self._patient.rate, self._patient.spo2) if shows else (NO_RATE, NO_SPO2)
        self._rate = rate
        both, shown = divmod(rate, 128), divmod(shown_rate, 128)
        stat2 = SMARTPOINT if self.has_contact else 0
        self._floats = [*both, spo2, REVISION, 0, *divmod(self.timer, 128), stat2, shown_spo2, spo2, spo2]
        self._floats += [0, 0, *both, spo2, shown_spo2, 0, 0, *shown, *shown, 0, 0]


class Nonin2(WavingNonin):
    """Eight bits of pulse wave."""

    FORMAT: ClassVar = 2
    LOW: ClassVar = 20
    HIGH: ClassVar = 230

    def _body(self, status: int, pleth: int, told: int) -> bytes:
        return bytes((0x01, status, pleth, told))


class Nonin7(WavingNonin):
    """Sixteen bits of pulse wave."""

    FORMAT: ClassVar = 7
    LOW: ClassVar = 0x1800
    HIGH: ClassVar = 0xE600

    def _body(self, status: int, pleth: int, told: int) -> bytes:
        return bytes((status, *divmod(pleth, 256), told))


SIMULATORS: Final = {"nonin-2": Nonin2, "nonin-7": Nonin7}
