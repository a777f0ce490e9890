"""Frames of five bytes of which only the first has its top bit set (core). Not a driver.

Contec's older oximeters and Berry's speak so. The top bits are all there is to find frames by: a frame counts
when they are right and no field says what it cannot say.
"""

from typing import ClassVar, Final

from firmware_bridge.drivers.scan import NEEDS_MORE, NO_FRAME, FrameScan

FRAME_BYTES: Final = 5
STRENGTH_MAX: Final = 8
SPO2_MAX_PCT: Final = 100
NO_SPO2: Final = 127
NO_PULSE_RATE: Final = 255
STRUCTURE_BITS: Final = 5


class SyncBitScan(FrameScan):
    """Finds the frames; what their bits mean is the maker's."""

    FRAME_MAX_BYTES: ClassVar = FRAME_BYTES
    FRAME_TYPICAL_BYTES: ClassVar = FRAME_BYTES
    SAMPLES_A_FRAME: ClassVar = {"pleth": 1}

    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        if data[at] < 0x80:
            return NO_FRAME
        body = data[at + 1 : at + FRAME_BYTES]
        if not body.isascii():
            return NO_FRAME
        if len(body) < FRAME_BYTES - 1:
            return NO_FRAME if is_end else NEEDS_MORE
        return FRAME_BYTES


def is_possible(strength: int, spo2: int) -> bool:
    """Whether the fields that have a range are within it."""
    return strength <= STRENGTH_MAX and (spo2 <= SPO2_MAX_PCT or spo2 == NO_SPO2)


def known_spo2(spo2: int) -> int | None:
    """Return SpO2 in percent, None for what stands for no value: 0 and 127."""
    return spo2 if 0 < spo2 <= SPO2_MAX_PCT else None


def known_pulse(rate: int) -> int | None:
    """Return the pulse rate in /min, None for what stands for no value: 0 and 255."""
    return rate if 0 < rate < NO_PULSE_RATE else None
