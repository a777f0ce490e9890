"""Nonin data formats 1 and 8: numbers once a second, and no checksum (core). Source: docs/devices/nonin.md.

The top bit marks the first of three or four bytes. A frame that directly follows a sound one counts at once;
after anything else it counts when the next begins where it ends.
"""

from functools import lru_cache
from typing import ClassVar, Final

from contract.codes import Condition
from firmware_bridge.drivers.driver import NO_FACTS, Driver, Line, Reading, Talk
from firmware_bridge.drivers.nonin_commands import select_format
from firmware_bridge.drivers.oximeter_streams import oximeter_numbers
from firmware_bridge.drivers.scan import NEEDS_MORE, NO_FRAME, FrameScan

NO_RATE: Final = 511
NO_SPO2: Final = 127
POSSIBLE_RATES: Final = frozenset({0, *range(18, 322), NO_RATE})
NOT_MEASURING: Final = 0x60  # sensor disconnected, out of track
SENSOR_ALARM: Final = 0x08
RESERVED: Final = 0x40  # of the fourth byte; set in every SpO2 from 64 up, so that a shifted frame shows
LINE: Final = Line(9600)
NEVER_SEEN: Final = "known from its maker's description and public code, never seen in real bytes"

CONDITIONS: Final = (
    (0x40, Condition.PROBE_FAULT),
    (0x20, Condition.SEARCHING),
    (0x10, Condition.WEAK_SIGNAL),
    (0x04, Condition.ARTIFACT),
)
CONDITIONS_2: Final = (
    (SENSOR_ALARM, Condition.PROBE_OFF),
    (0x02, Condition.BATTERY_CRITICAL),
    (0x01, Condition.BATTERY_LOW),
)


def rate_of(high: int, low: int) -> int | None:
    """Return the pulse rate of its two high and seven low bits; None: the instrument has none."""
    rate = (high & 0x03) << 7 | low & 0x7F
    return rate if 0 < rate < NO_RATE else None


def saturation_of(told: int) -> int | None:
    """Return the SpO2 in percent; None: the instrument has none (127)."""
    return told if 0 < told <= 100 else None


class NumbersDecoder(FrameScan):
    """Both formats; the shorter has no second status."""

    FRAME_BYTES: ClassVar[int]
    KIND: ClassVar[str]
    SAMPLES_A_FRAME: ClassVar = {"spo2": 1, "pulse": 1}

    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        if data[at] < 0x80:
            return NO_FRAME
        size = self.FRAME_BYTES
        body = data[at + 1 : at + size]
        if not body.isascii():
            return NO_FRAME
        if len(body) < size - 1:
            return NO_FRAME if is_end else NEEDS_MORE
        if not _is_possible(data[at], body):
            return NO_FRAME
        if not self._discarding:
            return size
        if at + size == len(data):
            return size if is_end else NEEDS_MORE
        return size if data[at + size] >= 0x80 else NO_FRAME

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        status, rate, spo2 = frame[:3]
        second = frame[3] if len(frame) > 3 else 0
        rate_told, spo2_told = rate_of(status, rate), saturation_of(spo2)
        is_off = bool(status & NOT_MEASURING or second & SENSOR_ALARM)
        is_held = is_off and (rate_told is not None or spo2_told is not None)
        values = {"spo2": None if is_off else spo2_told, "pulse": None if is_off else rate_told}
        facts = {"smartpoint": bool(second & 0x20), "spot_check": bool(second & 0x04)}
        return Reading(
            offset,
            len(frame),
            self.KIND,
            values=values,
            conditions=_conditions(status, second, is_held),
            facts=facts if len(frame) > 3 else NO_FACTS,
            lost=lost,
        )


class Format1Decoder(NumbersDecoder):
    """Three bytes. Of format 8's frames it takes none but the first: a fourth byte stands between them."""

    FRAME_BYTES: ClassVar = 3
    FRAME_TYPICAL_BYTES: ClassVar = 3
    FRAME_MAX_BYTES: ClassVar = 4
    KIND: ClassVar = "format 1"


class Format8Decoder(NumbersDecoder):
    """Four bytes."""

    FRAME_BYTES: ClassVar = 4
    FRAME_TYPICAL_BYTES: ClassVar = 4
    FRAME_MAX_BYTES: ClassVar = 5
    KIND: ClassVar = "format 8"


def _is_possible(status: int, body: bytes) -> bool:
    """Whether the fields that have a range are within it."""
    rate, spo2 = (status & 0x03) << 7 | body[0], body[1]
    if rate not in POSSIBLE_RATES or (spo2 > 100 and spo2 != NO_SPO2):
        return False
    return len(body) < 3 or not body[2] & RESERVED


@lru_cache(maxsize=512)
def _conditions(status: int, second: int, is_held: bool) -> frozenset[Condition]:
    found = {condition for bit, condition in CONDITIONS if status & bit}
    found |= {condition for bit, condition in CONDITIONS_2 if second & bit}
    return frozenset(found | {Condition.HELD} if is_held else found)


DRIVERS: Final = (
    Driver(
        name="nonin-8",
        model="Nonin",
        device="Nonin oximeters in data format 8 (WristOx2, Onyx II 9560)",
        sheet="nonin.md",
        lines=(LINE,),
        streams=oximeter_numbers(),
        decoder=Format8Decoder,
        check_bits=0,
        structure_bits=6,
        unverified=NEVER_SEEN,
        silence_s=3.5,
        talk=Talk(opening=select_format(8)),
    ),
    Driver(
        name="nonin-1",
        model="Nonin",
        device="Nonin oximeters in data format 1 (older ones)",
        sheet="nonin.md",
        lines=(LINE,),
        streams=oximeter_numbers(),
        decoder=Format1Decoder,
        check_bits=0,
        structure_bits=4,
        unverified="known from public code only, not from its maker, and never seen in real bytes; "
        "it cannot tell that the finger was taken out",
        silence_s=3.5,
    ),
)
