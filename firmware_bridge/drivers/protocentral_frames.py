"""ProtoCentral's frames, the same on all their boards (core). Not a driver.
Source: docs/devices/protocentral.md.

`0A FA`, length (two bytes, low first), type, data, `00 0B`. No checksum and no number: a frame counts if both
ends, the type, and the length that this type has are right.
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from contract.codes import (
    BODY_TEMPERATURE,
    ECG,
    HEART_RATE,
    IMPEDANCE,
    PLETH,
    RED_LIGHT,
    RESPIRATION_RATE,
    SPO2,
    RateSource,
)
from firmware_bridge.drivers.oximeter_streams import NUMBERS_MHZ
from firmware_bridge.drivers.scan import NEEDS_MORE, NO_FRAME, FrameScan
from firmware_bridge.events import InstrumentStream, StreamKind

START: Final = b"\x0a\xfa"
STOP: Final = b"\x00\x0b"
HEAD_BYTES: Final = 5
OVERHEAD_BYTES: Final = HEAD_BYTES + len(STOP)
STRUCTURE_BITS: Final = 56
DATA: Final = 0x02
COMMAND: Final = 0x01
GET_STATUS: Final = 0x40
RESTART: Final = 0x41
BODY_RANGE: Final = range(2400, 4601)  # hundredths of a degree: outside, the sensor is on nobody
NO_RATE: Final = 255
UNSEEN: Final = (
    "known from its maker's programs, never seen in real bytes; its ECG is in counts of unknown worth"
)
SAYS_NOTHING: Final = "of electrodes and finger it is silent: an ECG that stands still is told as lead off"


def framed(kind: int, data: bytes) -> bytes:
    """Return a frame; the host's commands are framed as the boards' data are."""
    return START + len(data).to_bytes(2, "little") + bytes((kind,)) + data + STOP


def command(code: int, arguments: bytes = b"") -> bytes:
    """Return what a host says to a HealthyPi 5: 31 to 59 (hexadecimal) its records, GET_STATUS, RESTART."""
    return framed(COMMAND, bytes((code,)) + arguments)


class OpenViewScan(FrameScan):
    """Finds the frames. `DATA_BYTES`: how long the data of each type are."""

    DATA_BYTES: ClassVar[Mapping[int, int]]

    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        size = self._size(data, at, is_end=is_end)
        if size <= 0:
            return size
        # What was cut short can end in the middle of the next frame: that begins in here, and none behind.
        end, inner = at + size, data.find(START, at + 1, at + size)
        while inner >= 0:
            other = self._size(data, inner, is_end=is_end)
            if other == NEEDS_MORE or (end + 2 > len(data) and not is_end):
                return NEEDS_MORE
            if other > 0 and not data.startswith(START, end):
                return NO_FRAME
            inner = data.find(START, inner + 1, end)
        return size

    def _size(self, data: bytes, at: int, *, is_end: bool) -> int:
        """Return how long the frame at `at` is by its ends, type and length; NEEDS_MORE, NO_FRAME."""
        if data[at] != START[0]:
            return NO_FRAME
        available = len(data) - at
        if available < HEAD_BYTES:
            is_open = START.startswith(data[at : at + 2]) and not is_end
            return NEEDS_MORE if is_open else NO_FRAME
        length = self.DATA_BYTES.get(data[at + 4])
        if length is None or data[at + 1 : at + 4] != bytes((START[1], length, 0)):
            return NO_FRAME
        size = length + OVERHEAD_BYTES
        if available < size:
            return NO_FRAME if is_end else NEEDS_MORE
        return size if data.startswith(STOP, at + size - 2) else NO_FRAME


class DeadTrace:
    """Electrodes that are off, by the trace alone: at one of the `dead` values, or (`is_flat`) without any
    change, for `samples` in a row."""

    def __init__(self, dead: frozenset[int], *, samples: int, is_flat: bool) -> None:
        self._dead, self._samples, self._is_flat = dead, samples, is_flat
        self._run = 0
        self._last: int | None = None

    def take(self, sample: int) -> bool:
        """Return whether the electrodes are off."""
        is_dead = sample in self._dead or (self._is_flat and sample == self._last)
        self._run = min(self._run + 1, self._samples) if is_dead else 0
        self._last = sample
        return self._run == self._samples


def known(number: int) -> int | None:
    """Return a number of one byte; None for 0 and 255, which stand for none."""
    return number if 0 < number < NO_RATE else None


def known_spo2(spo2: int) -> int | None:
    """Return SpO2 in percent; None for 0, which stands for none, and for what cannot be."""
    return spo2 if 0 < spo2 <= 100 else None


def known_temperature(hundredths: int) -> int | None:
    """Return a temperature of a body; None for that of a room and of a sensor that is not there."""
    return hundredths if hundredths in BODY_RANGE else None


def wave(name: str, rate_hz: int) -> InstrumentStream:
    """Return a waveform: ecg (ecg1 …), respiration, pleth or red. What a count is worth is not known."""
    kind, mdc = {
        "respiration": (StreamKind.RESPIRATION, IMPEDANCE),
        "pleth": (StreamKind.PPG, PLETH),
        "red": (StreamKind.PPG, RED_LIGHT),
    }.get(name, (StreamKind.ECG, ECG))
    return InstrumentStream(name=name, kind=kind, mdc=mdc, rate_mhz=rate_hz * 1000)


def numbers(*names: str, source: RateSource = RateSource.ECG) -> tuple[InstrumentStream, ...]:
    """Return some of the numbers, in this order; `source`: what the heart rate is counted on."""
    every = (
        ("spo2", SPO2, "%", 1.0, None),
        ("heart_rate", HEART_RATE, "/min", 1.0, source),
        ("respiration_rate", RESPIRATION_RATE, "/min", 1.0, None),
        ("temperature", BODY_TEMPERATURE, "Cel", 0.01, None),
    )
    return tuple(
        InstrumentStream(
            name=name,
            kind=StreamKind.NUMERIC,
            mdc=mdc,
            rate_mhz=NUMBERS_MHZ,
            scale=scale,
            unit=unit,
            source=counted_on,
        )
        for name, mdc, unit, scale, counted_on in every
        if name in names
    )
