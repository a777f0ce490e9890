"""BITalino (r)evolution: an ECG on A2, alone or among six channels (core). Source: docs/devices/bitalino.md.

Four bits of checksum let every sixteenth piece of noise pass, so that no frame is believed for itself: the
number of the one before or after it must fit too, and no run of better frames may begin inside it.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, Final

from contract.codes import ECG
from firmware_bridge.drivers.driver import NO_VALUES, Driver, Fact, Line, Reading, Talk
from firmware_bridge.drivers.scan import NEEDS_MORE, NO_FRAME, FrameScan
from firmware_bridge.events import InstrumentStream, StreamKind

RUN: Final = 3  # frames in a row whose checksums and numbers fit: 20 bits, beyond any doubt
NUMBERS: Final = 16  # four bits, then from 0 again
NUMBER_BITS: Final = 4
CHANGED: Final = 1.0
MIDDLE: Final = 512  # what the converter says of 0 mV
MV_A_COUNT: Final = 3300 / 1024 / 1100  # 3.3 V on ten bits, amplified 1100 times
PORTS: Final[tuple[Mapping[str, Fact], ...]] = tuple(
    {name: bool(nibble & bit) for name, bit in (("i1", 8), ("i2", 4), ("o1", 2), ("o2", 1))}
    for nibble in range(16)
)
IDLE: Final = 0xFF  # in any mode; 00 would set the battery's threshold of one that is idle
RATES: Final = {1: 0x03, 10: 0x43, 100: 0x83, 1000: 0xC3}  # in hertz: the command


def start_command(*channels: int) -> int:
    """Return the byte that starts live sampling of `channels` (1 is A1)."""
    return sum(1 << (channel + 1) for channel in channels) | 0x01


def _remainders() -> bytes:
    """Return the remainder after one more byte, at remainder x 256 + byte."""
    table = bytearray()
    for remainder in range(16):
        for byte in range(256):
            left = remainder
            for bit in range(7, -1, -1):
                left = left << 1 | byte >> bit & 1
                left ^= 0x13 if left & 0x10 else 0  # x^4 + x + 1
            table.append(left)
    return bytes(table)


_AFTER: Final = _remainders()


def remainder_of(frame: bytes) -> int:
    """Return the CRC-4 of `frame`: 0 for a sound one, its checksum where that still is zero."""
    remainder = 0
    for byte in frame:
        remainder = _AFTER[remainder << 8 | byte]
    return remainder


@lru_cache(maxsize=4096)
def _number_of(frame: bytes, padding: int) -> int:
    """Return the number of a sound frame, else NO_FRAME. Kept: each frame is looked at three times."""
    return NO_FRAME if frame[0] & padding or remainder_of(frame) else frame[-1] >> 4


class BitalinoScan(FrameScan):
    """Frames of one length. `CHANNELS`: at which bit of a frame, whose first byte is the lowest, each begins,
    and how many bits it has; `PADDING`: bits of the first byte that belong to none; `STEADY`: the share of
    its range by which a channel moves from frame to frame while little happens."""

    KIND: ClassVar[str]
    CHANNELS: ClassVar[Mapping[str, tuple[int, int]]]
    PADDING: ClassVar[int]
    STEADY: ClassVar[float]
    SAMPLES_A_FRAME: ClassVar = {"ecg": 1}

    def __init__(self) -> None:
        super().__init__()
        self._last: bytes | None = None
        self._is_shared = False  # the last byte of the frame that is read begins the next one too

    def finish(self) -> list[Reading]:
        """The stream ends here; the next has nothing to do with its numbers."""
        readings = super().finish()
        self._last = None
        return readings

    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        size = self.FRAME_TYPICAL_BYTES
        self._is_shared = False
        run, is_open = self._run(data, at)
        if run == RUN:
            return size
        if is_open and not is_end:
            return NEEDS_MORE
        is_sudden = self._last is not None and not self._discarding  # nothing explains a leap of the numbers
        if run == 0 or ((run == 1 or is_sudden) and not self._follows(data, at)):
            return NO_FRAME
        # What comes next is damaged, or this is the rest of a damaged frame with the beginning of a sound
        # one, which would begin a run in here. So would, by chance, the rest of the next: only what it says
        # can tell.
        for other in range(at + 1, at + size):
            other_run, is_open = self._run(data, other)
            if is_open and not is_end:
                return NEEDS_MORE
            if other_run < RUN:
                continue
            if run == 1 and self._is_shared_by(data, at, other):
                self._is_shared = True
                return size
            if self._is_likelier(data, other, at):
                return NO_FRAME
        return size

    def _run(self, data: bytes, at: int) -> tuple[int, bool]:
        """Return how many sound frames follow each other from `at`, RUN at most, and whether `data` ended
        before that was certain."""
        size, number = self.FRAME_TYPICAL_BYTES, -1
        for count in range(RUN):
            frame = data[at : at + size]
            if len(frame) < size:
                return count, True
            told = _number_of(frame, self.PADDING)
            if told == NO_FRAME or (count and told != number):
                return count, False
            number = (told + 1) % NUMBERS
            at += size
        return RUN, False

    def _follows(self, data: bytes, at: int) -> bool:
        """Whether the frame at `at` has a number that fits the last one and the few bytes since then."""
        size = self.FRAME_TYPICAL_BYTES
        whole, rest = divmod(self._discarding, size)
        if self._last is None or whole >= RUN:
            return False
        return whole <= self._missing(data[at : at + size]) <= whole + (rest > 0)

    def _missing(self, frame: bytes) -> int:
        """Return how many frames are missing between the last one and `frame`, modulo NUMBERS."""
        return ((frame[-1] >> 4) - (self._last[-1] >> 4) - 1) % NUMBERS if self._last is not None else 0

    def _is_shared_by(self, data: bytes, at: int, other: int) -> bool:
        """Whether the frames at `at` and `other` follow the last one and each other, and share one byte: of
        two equal ones, last and first, one was lost."""
        size = self.FRAME_TYPICAL_BYTES
        if other < at + size - 1 or self._discarding or self._last is None:
            return False
        number, next_number = data[at + size - 1] >> 4, data[other + size - 1] >> 4
        return self._missing(data[at : at + size]) == 0 and next_number == (number + 1) % NUMBERS

    def _is_likelier(self, data: bytes, other: int, at: int) -> bool:
        """Whether the run at `other` is the truth and the frame at `at` an accident. In step the place speaks
        for the latter, unless inputs and outputs had changed for it alone, or little has for the run."""
        if self._last is None or self._discarding:
            return True
        move = self._move(self._last, data, other)
        return move <= self.STEADY or move < CHANGED <= self._move(self._last, data, at)

    def _move(self, last: bytes, data: bytes, at: int) -> float:
        """Return how far the frame at `at` is from the last one: the widest move of a channel as a share of
        its range; CHANGED or more if inputs or outputs have."""
        channels, ports = self._fields(data[at : at + self.FRAME_TYPICAL_BYTES])
        before, ports_before = self._fields(last)
        widths = self.CHANNELS.items()
        moves = (abs(channels[name] - before[name]) / (1 << width) for name, (_, width) in widths)
        return max(moves) + CHANGED * (ports != ports_before)

    @classmethod
    @lru_cache(maxsize=4096)
    def _said(cls, frame: bytes) -> tuple[Mapping[str, tuple[int, ...]], Mapping[str, Fact]]:
        """Return the sample and the facts of a frame. Kept: one channel says the same over and over."""
        channels, ports = cls._fields(frame)
        samples = {"ecg": (channels.pop("a2") - MIDDLE,)}
        return samples, {**channels, **PORTS[ports]}

    @classmethod
    def _fields(cls, frame: bytes) -> tuple[dict[str, int], int]:
        """Return the counts of each channel, and inputs and outputs."""
        bits = int.from_bytes(frame, "little")
        channels = {name: bits >> at & ((1 << width) - 1) for name, (at, width) in cls.CHANNELS.items()}
        return channels, frame[-2] >> 4

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        if self._last is not None:  # of all counts that fit the number, the nearest to what the length says
            missing = self._missing(frame)
            if lost or missing:
                lost = missing + NUMBERS * max(0, round((lost - missing) / NUMBERS))
        self._last = frame
        samples, facts = self._said(frame)
        size = len(frame) - self._is_shared
        return Reading(offset, size, self.KIND, samples, NO_VALUES, None, facts, lost)


class Bitalino1Decoder(BitalinoScan):
    """A2 alone, a thousand times a second: a count is 3 microvolt."""

    KIND: ClassVar = "one channel"
    CHANNELS: ClassVar = {"a2": (2, 10)}
    PADDING: ClassVar = 0x03
    STEADY: ClassVar = 1 / 256
    FRAME_TYPICAL_BYTES: ClassVar = 3
    FRAME_MAX_BYTES: ClassVar = 4 * FRAME_TYPICAL_BYTES - 1


class Bitalino6Decoder(BitalinoScan):
    """All six, a hundred times a second. Only the ECG has a name that box and hub share: the others are
    facts, in counts."""

    KIND: ClassVar = "six channels"
    CHANNELS: ClassVar = {
        "a1": (42, 10),
        "a2": (32, 10),
        "a3": (22, 10),
        "a4": (12, 10),
        "a5": (6, 6),
        "a6": (0, 6),
    }
    PADDING: ClassVar = 0x00
    STEADY: ClassVar = 1 / 32
    FRAME_TYPICAL_BYTES: ClassVar = 8
    FRAME_MAX_BYTES: ClassVar = 4 * FRAME_TYPICAL_BYTES - 1


def _driver(
    name: str, rate_hz: int, *channels: int, decoder: type[BitalinoScan], structure_bits: int
) -> Driver:
    """Return the driver that samples `channels` at `rate_hz`."""
    ecg = InstrumentStream(
        name="ecg", kind=StreamKind.ECG, mdc=ECG, rate_mhz=rate_hz * 1000, scale=MV_A_COUNT, unit="mV"
    )
    return Driver(
        name=name,
        model="BITalino",
        device=f"BITalino (r)evolution, {'six channels' if len(channels) == 6 else 'ECG on A2 alone'}",
        sheet="bitalino.md",
        lines=(Line(115_200),),
        streams=(ecg,),
        decoder=decoder,
        check_bits=4,
        structure_bits=structure_bits,
        unverified="a toolkit and no medical device; known from its maker's programs, never seen in real "
        "bytes; it does not say that electrodes are off, nor what is plugged into A2",
        talk=Talk(
            opening=bytes((IDLE, RATES[rate_hz], start_command(*channels))),
            closing=bytes((IDLE,)),
        ),
    )


DRIVERS: Final = (
    _driver("bitalino-1", 1000, 2, decoder=Bitalino1Decoder, structure_bits=2 + NUMBER_BITS),
    _driver("bitalino-6", 100, 1, 2, 3, 4, 5, 6, decoder=Bitalino6Decoder, structure_bits=NUMBER_BITS),
)
