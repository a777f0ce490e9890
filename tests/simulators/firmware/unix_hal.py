"""Hardware for the firmware under MicroPython's Unix port: samples follow the clock, people are text lines.

Every sample tells its number, so that whoever receives them can tell truth from loss: `lead_i_of`,
`lead_ii_of` and `pleth_of` say what conversion n reads.
"""

import os
import time

from firmware_bridge.firmware import ads1292r, max30102, ring, wire
from firmware_bridge.firmware.board import Identity
from firmware_bridge.firmware.hal import Hal

WATCHDOG_US = 2_000_000
LOOP = {"up": 36_000, "down": 11_800, "open": 65_535, "short": 0}  # what the call button's loop reads
LEAD_MASK, PLETH_MASK = 0x1FFFF, 0xFFFF
FIFO_US = 50_000  # the finger sensor is asked that often
WARM = {"watchdog": wire.CAUSE_WATCHDOG, "software": wire.CAUSE_SOFTWARE, "fault": wire.CAUSE_FAULT}
COLD = {"power": wire.CAUSE_POWER, "brownout": wire.CAUSE_BROWNOUT, "pin": wire.CAUSE_PIN}
ELECTRODES = {"la": 1, "ll": 4, "ra": 8, "rl": 16}  # bits of the status word's lead-off part


def lead_i_of(n: int) -> int:
    """Return what lead I is in conversion n, in steps of the stream."""
    return (n & LEAD_MASK) - (LEAD_MASK >> 1)


def lead_ii_of(n: int) -> int:
    """Return what lead II is in conversion n."""
    return (n * 3 & LEAD_MASK) - (LEAD_MASK >> 1)


def pleth_of(n: int) -> int:
    """Return what the pleth is in sample n."""
    return n & PLETH_MASK


class Reset(Exception):
    """The board starts again, for `cause`; `is_warm`: what was kept is still there."""

    def __init__(self, cause: int, is_warm: bool) -> None:
        super().__init__(cause)
        self.cause, self.is_warm = cause, is_warm


class InBootloader(Exception):
    """The program has ended."""


class World:
    """Everything around the board: button, patient, faults; it outlives boots."""

    def __init__(self) -> None:
        self.loop = "up"
        self.is_camera_down = False
        self.electrodes_off = 0
        self.has_finger = True
        self.is_ecg_stalled = False
        self.lose_conversions = 0

    def obey(self, verb: str, what: str) -> None:
        """Do what a line says: loop up|down|open|short, camera up|down, electrodes on|la+ra…, finger on|off,
        ecg runs|stalled, lose COUNT, reset CAUSE.

        Raises: Reset; KeyError, ValueError: no such word.
        """
        if verb == "loop":
            LOOP[what]
            self.loop = what
        elif verb == "camera":
            self.is_camera_down = {"down": True, "up": False}[what]
        elif verb == "electrodes":
            self.electrodes_off = 0 if what == "on" else sum([ELECTRODES[name] for name in what.split("+")])
        elif verb == "finger":
            self.has_finger = {"on": True, "off": False}[what]
        elif verb == "ecg":
            self.is_ecg_stalled = {"runs": False, "stalled": True}[what]
        elif verb == "lose":
            self.lose_conversions = int(what)
        elif verb == "reset":
            raise Reset(WARM[what] if what in WARM else COLD[what], what in WARM)
        else:
            raise KeyError(verb)


class UnixHal(Hal):
    """One boot. `line`: the file of the pseudo-terminal's board end; `world` outlives boots."""

    def __init__(self, line, world, uid: bytes, *, cause: int, kept: bytes) -> None:  # type: ignore[no-untyped-def]
        self.identity = Identity(uid, hw_revision=0x81)
        self.calibration = None
        self.cause = cause
        self.kept = kept
        self.random16 = int.from_bytes(os.urandom(2), "little")
        self._world: World = world
        self.driven: dict[int, int] = {}
        self._line = line
        self._boot_us = _ticks()
        self._fed_us = 0
        self._conversion = 0  # the next one
        self._sample = 0
        self._asked_us = 0

    def now_us(self) -> int:
        return _ticks() - self._boot_us

    def read(self) -> bytes:
        return self._line.read(512) or b""

    def write(self, data: bytes) -> int:
        return self._line.write(data) or 0

    def call_loop(self) -> int:
        return LOOP[self._world.loop]

    def is_camera_down(self) -> bool:
        return self._world.is_camera_down

    def start_ecg(self) -> None:
        pass  # it runs, or is stalled for good

    def take_conversion(self) -> tuple[bytes, int] | None:
        world = self._world
        n, at_us = self._conversion, (self._conversion + 1) * ads1292r.PERIOD_US
        if self.now_us() < at_us:
            return None
        self._conversion += 1
        if world.is_ecg_stalled:
            return None
        if world.lose_conversions:
            world.lose_conversions -= 1
            return self.take_conversion()
        status = 0xC00000 | world.electrodes_off << 15
        words = (status, lead_i_of(n) << ads1292r.SHIFT, lead_ii_of(n) << ads1292r.SHIFT)
        return b"".join([(word & 0xFFFFFF).to_bytes(3, "big") for word in words]), at_us

    def start_pleth(self) -> bool:
        return True

    def take_pleth(self) -> tuple[list[tuple[int, int]], int, int] | None:
        now_us = self.now_us()
        if now_us - self._asked_us < FIFO_US:
            return None
        self._asked_us = now_us
        count = now_us // max30102.PERIOD_US - self._sample
        samples = []
        for n in range(self._sample, self._sample + count):
            infrared = max30102.FULL_SCALE - pleth_of(n) if self._world.has_finger else 900
            samples.append((infrared // 2, infrared))
        self._sample += count
        return (samples, 0, self._sample * max30102.PERIOD_US) if samples else None

    def drive(self, output: int, level: int) -> None:
        self.driven[output] = level

    def keep(self, data: bytes) -> None:
        if len(data) > ring.KEPT_MAX_BYTES:
            raise ValueError("more than the memory holds")
        self.kept = data

    def feed_watchdog(self) -> None:
        self._fed_us = self.now_us()

    def enter_bootloader(self) -> None:
        raise InBootloader

    def check_watchdog(self) -> None:
        """What the chip does by itself."""
        if self.now_us() - self._fed_us > WATCHDOG_US:
            raise Reset(wire.CAUSE_WATCHDOG, True)


def _ticks() -> int:
    return time.ticks_us()  # type: ignore[attr-defined, no-any-return]  # MicroPython's; monotonic
