"""Berry BM1000 pulse oximeters, "BCI protocol" V1.2 (core). Source: docs/devices/berry.md.

Five bytes, a hundred times a second; the top bit marks the first, and there is no checksum. The layout is
that of Contec's older dialects but for the meaning of two bits: only rate and configuration tell them apart.
"""

from functools import lru_cache
from typing import ClassVar, Final

from contract.codes import PLETH, PULSE_RATE, SPO2, Condition, RateSource
from firmware_bridge.drivers.driver import ALL_WELL, Driver, Line, Reading
from firmware_bridge.drivers.scan import NEEDS_MORE, NO_FRAME, FrameScan
from firmware_bridge.events import InstrumentStream, StreamKind

FRAME_BYTES: Final = 5
STRENGTH_MAX: Final = 8
PLETH_MAX: Final = 100
NO_PULSE_RATE: Final = 255
NO_SPO2: Final = 127


class BerryDecoder(FrameScan):
    """A frame is taken as soon as it is whole: were the next one's sync bit waited for, damage there would
    cost this one too. What damage makes of a number is left to the check of its range and rate of change.
    """

    FRAME_MAX_BYTES: ClassVar = FRAME_BYTES
    FRAME_TYPICAL_BYTES: ClassVar = FRAME_BYTES
    SAMPLES_A_FRAME: ClassVar = {"pleth": 1}

    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        if data[at] < 0x80:
            return NO_FRAME
        body = data[at + 1 : at + FRAME_BYTES]
        if not body.isascii():
            return NO_FRAME
        if len(body) == FRAME_BYTES - 1:
            return FRAME_BYTES
        return NO_FRAME if is_end else NEEDS_MORE

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        first, pleth, bar, rate, spo2 = frame
        if first & 0x0F > STRENGTH_MAX or pleth > PLETH_MAX or 100 < spo2 < NO_SPO2:
            return None
        values, conditions = _numbers(first & 0x30, bar & 0x70, rate, spo2)
        return Reading(
            offset,
            FRAME_BYTES,
            "realtime",
            {"pleth": (pleth,)},
            values,
            conditions,
            {"strength": first & 0x0F, "beat": bool(first & 0x40), "bar": bar & 0x0F},
            lost,
        )


@lru_cache(maxsize=4096)
def _numbers(
    signal: int, probe: int, rate_low: int, spo2: int
) -> tuple[dict[str, int | None], frozenset[Condition]]:
    """Return the numbers and what is the matter. Kept: the same bytes come a hundred times a second."""
    conditions = set()
    if signal & 0x20:
        conditions.add(Condition.PROBE_FAULT)
    if probe & 0x10:
        conditions.add(Condition.PROBE_OFF)
    if probe & 0x20:
        conditions.add(Condition.SEARCHING)
    if signal & 0x10:
        conditions.add(Condition.WEAK_SIGNAL)
    is_measuring = not conditions
    rate = (probe & 0x40) << 1 | rate_low
    values = {
        "spo2": spo2 if is_measuring and 0 < spo2 <= 100 else None,
        "pulse": rate if is_measuring and 0 < rate < NO_PULSE_RATE else None,
    }
    return values, frozenset(conditions) if conditions else ALL_WELL


DRIVERS: Final = (
    Driver(
        name="berry-bm1000",
        device="Berry BM1000 and others that speak the BCI protocol V1.2",
        sheet="berry.md",
        lines=(Line(115_200),),
        streams=(
            InstrumentStream(name="pleth", kind=StreamKind.PPG, mdc=PLETH, rate_mhz=100_000),
            InstrumentStream(name="spo2", kind=StreamKind.NUMERIC, mdc=SPO2, rate_mhz=1000, unit="%"),
            InstrumentStream(
                name="pulse",
                kind=StreamKind.NUMERIC,
                mdc=PULSE_RATE,
                rate_mhz=1000,
                unit="/min",
                source=RateSource.PLETH,
            ),
        ),
        decoder=BerryDecoder,
        check_bits=0,
        structure_bits=5,
        unverified="known from its maker's description only; the rate of its line is a guess",
        looks_like=("contec-cms50-a", "contec-cms50-b"),
    ),
)
