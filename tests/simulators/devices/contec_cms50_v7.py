"""Contec CMS50, simulated: protocol V7.0. Source: docs/devices/contec-cms50.md, dialect C."""

import random
from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from tests.simulators.devices.device import SimulatedDevice
from tests.simulators.devices.finger import Finger

COMMAND_BYTES: Final = 9
COMMAND_HEAD: Final = bytes.fromhex("7D 81")
START, STOP, STOP_STORED, STILL_HERE = 0xA1, 0xA2, 0xA7, 0xAF
STOPS_AFTER_S: Final = 30.0  # without a word from the host
FREE: Final = bytes.fromhex("0C 80")


def packet(kind: int, *data: int) -> bytes:
    """Return a packet: the top bits of `data` go into its second byte."""
    tops = 0x80
    for place, byte in enumerate(data):
        tops |= (byte >> 7) << place
    return bytes((kind, tops, *(byte | 0x80 for byte in data)))


def text(kind: int, words: str, *first: int) -> bytes:
    """Return a packet of seven bytes of data: `first`, then `words` and spaces."""
    return packet(kind, *first, *words.ljust(7 - len(first)).encode("ascii"))


class ContecC(SimulatedDevice):
    """Sixty live packets a second once they were asked for (by time: `advance`), until the host is silent."""

    FRAMES_A_SECOND: ClassVar = 60.0

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self.is_sending = False
        self._finger = Finger(rng, samples_a_second=60)
        self._was_spoken_to = False
        self._spoken_to_s = now_s
        self._rest = b""

    def advance(self, *, now_s: float) -> list[bytes]:
        """Return the packets that were due; none before they were asked for, or when the host is gone."""
        if self._was_spoken_to:
            self._was_spoken_to, self._spoken_to_s = False, now_s
        elif now_s - self._spoken_to_s > STOPS_AFTER_S:
            self.is_sending = False
        if self.is_sending:
            return super().advance(now_s=now_s)
        self._frames = int((now_s - self._began_s) * self.FRAMES_A_SECOND)
        return []

    def next_frame(self) -> bytes:
        """Return the next live packet, as if they had been asked for."""
        finger = self._finger
        beat = 0x40 if finger.step() else 0
        if not self.has_contact:
            self.tell("pleth", 64)
            for name in ("spo2", "pulse", "pi"):
                self.tell(name, None)
            return bytes.fromhex("01 E1 84 C0 90 80 80 FF FF")
        pleth, perfusion = finger.wave(low=8, high=120), 10 * finger.perfusion_permille
        self.tell("pleth", pleth)
        self.tell("spo2", finger.spo2_pct)
        self.tell("pulse", finger.pulse_bpm)
        self.tell("pi", perfusion)
        return packet(
            0x01,
            0x05 | beat,
            pleth,
            pleth >> 3,
            finger.pulse_bpm,
            finger.spo2_pct,
            perfusion & 0xFF,
            perfusion >> 8,
        )

    def hear(self, data: bytes) -> list[bytes]:
        """Obey whole commands and answer them; anything else is passed over."""
        super().hear(data)
        self._rest += data
        answers: list[bytes] = []
        while len(self._rest) >= COMMAND_BYTES:
            if not self._rest.startswith(COMMAND_HEAD):
                self._rest = self._rest[1:]
                continue
            said, self._rest = self._rest[:COMMAND_BYTES], self._rest[COMMAND_BYTES:]
            self._was_spoken_to = True
            answers += self._answers(said[2])
        return answers

    def _answers(self, code: int) -> list[bytes]:
        if code == START:
            self.is_sending = True
            return []
        if code in (STOP, STOP_STORED):
            self.is_sending = False
            return [FREE]
        if code == STILL_HERE:
            return []
        return ANSWERS[code]() if code in ANSWERS else [packet(0x0B, code, 0x05)]


ANSWERS: Final[Mapping[int, Callable[[], list[bytes]]]] = {
    0xA0: lambda: [packet(0x06, 0x00, 0x07)],
    0xA3: lambda: [packet(0x0A, 0, 1)],
    0xA4: lambda: [packet(0x08, 0, 0, 12, 0, 0, 0)],
    0xA5: lambda: [packet(0x07, 0, 0, 20, 26, 7, 8), packet(0x12, 0, 0, 13, 14, 15, 0)],
    0xA6: lambda: [packet(0x0F, 97, 70, 97, 71, 96, 72), packet(0x0F, 96, 73, 0, 0, 0, 0)],
    0xA8: lambda: [text(0x02, "CMS50D", 0x00), text(0x02, "+", 0xFF)],
    0xA9: lambda: [text(0x03, "contec")],
    0xAA: lambda: [text(0x04, "user")],
    0xAB: lambda: [text(0x05, "user", 0)],
    0xAC: lambda: [packet(0x0E, 0)],
    0xAD: lambda: [packet(0x10, 1)],
    0xAE: lambda: [packet(0x0B, 0xAE, 0x00)],
    0xB0: lambda: [packet(0x11, 1, 1, 0, 0, 0, 0, 0)],
    0xB1: lambda: [packet(0x0B, 0xB1, 0x00)],
    0xB2: lambda: [packet(0x0B, 0xB2, 0x00)],
    0xB3: lambda: [text(0x13, ""), packet(0x14, *b"     ", 0, 0)],
    0xB6: lambda: [packet(0x15, 0, 0, 0xA0, 0, 0, 0, 0)],
}

SIMULATORS: Final = {"contec-cms50-c": ContecC}
