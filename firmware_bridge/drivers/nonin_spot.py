"""Nonin data format 13: one measurement, now or from memory, with the instrument's own date (core).
Source: docs/devices/nonin.md.
"""

from datetime import date
from typing import ClassVar, Final

from contract.codes import Condition
from firmware_bridge.drivers.driver import ALL_WELL, Driver, Fact, Reading
from firmware_bridge.drivers.nonin import LINE, NEVER_SEEN, saturation_of
from firmware_bridge.drivers.oximeter_streams import oximeter_numbers
from firmware_bridge.drivers.scan import NEEDS_MORE, NO_FRAME, FrameScan

HEADER: Final = bytes.fromhex("00 02 00 0D 00")  # and the low byte of the length
DATA_AT: Final = len(HEADER) + 1
DATA_MIN_BYTES: Final = 14
DATA_MAX_BYTES: Final = 36  # a damaged length waits for the next measurement at most, not for the one after
END: Final = 0x03
DECIMAL: Final = frozenset(tens << 4 | ones for tens in range(10) for ones in range(10))
NO_RATE: Final = 511
NO_MEASUREMENT: Final = 0x01
SMARTPOINT: Final = 0x02
FROM_MEMORY: Final = 0x10
LOW_BATTERY: Final = 0x01
NEVER_SET: Final = bytes(6)


class SpotDecoder(FrameScan):
    """Frames that say their length; more data than is known here is allowed, and not read."""

    FRAME_MAX_BYTES: ClassVar = DATA_AT + DATA_MAX_BYTES + 2
    FRAME_TYPICAL_BYTES: ClassVar = DATA_AT + DATA_MIN_BYTES + 2
    SAMPLES_A_FRAME: ClassVar = {"spo2": 1, "pulse": 1}

    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        head = data[at : at + len(HEADER)]
        if not HEADER.startswith(head):
            return NO_FRAME
        if at + DATA_AT > len(data):
            return NO_FRAME if is_end else NEEDS_MORE
        length = data[at + DATA_AT - 1]
        if not DATA_MIN_BYTES <= length <= DATA_MAX_BYTES:
            return NO_FRAME
        end = at + DATA_AT + length
        if end + 2 > len(data):
            return NO_FRAME if is_end else NEEDS_MORE
        if data[end + 1] != END or sum(data[at + DATA_AT : end]) & 0xFF != data[end]:
            return NO_FRAME
        return DATA_AT + length + 2

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        data = frame[DATA_AT:-2]
        try:
            device_time = _time_of(data[:7])
        except ValueError:
            return None
        high, low, rate_high, rate_low, _, spo2 = data[8:14]
        has_values = not high & NO_MEASUREMENT
        rate = (rate_high & 0x01) << 8 | rate_low
        values = {
            "spo2": saturation_of(spo2) if has_values else None,
            "pulse": rate if has_values and 0 < rate < NO_RATE else None,
        }
        facts: dict[str, Fact] = {
            "device_time": device_time,
            "from_memory": bool(low & FROM_MEMORY),
            "smartpoint": bool(high & SMARTPOINT),
        }
        if not has_values:
            facts["text"] = "the oximeter could not measure"
        return Reading(
            offset,
            len(frame),
            "spot check",
            values=values,
            conditions=frozenset({Condition.BATTERY_LOW}) if low & LOW_BATTERY else ALL_WELL,
            facts=facts,
            lost=lost,
        )


def _time_of(digits: bytes) -> str | None:
    """Return century to second, two decimal digits a byte, as ISO 8601; None: the clock was never set.
    Raises ValueError: there is no such time."""
    if digits[1:] == NEVER_SET:
        return None
    if not DECIMAL.issuperset(digits):
        raise ValueError("not decimal")
    century, year, month, day, hour, minute, second = (10 * (one >> 4) + (one & 0x0F) for one in digits)
    if century not in (19, 20) or hour > 23 or minute > 59 or second > 59:
        raise ValueError("no such time")
    return f"{date(century * 100 + year, month, day)}T{hour:02}:{minute:02}:{second:02}"


DRIVERS: Final = (
    Driver(
        name="nonin-13",
        model="Nonin",
        device="Nonin oximeters in data format 13, spot check (Onyx II 9560, WristOx2)",
        sheet="nonin.md",
        lines=(LINE,),
        streams=oximeter_numbers(rate_mhz=0),
        decoder=SpotDecoder,
        check_bits=8,
        structure_bits=48,
        unverified=NEVER_SEEN,
        is_steady=False,
    ),
)
