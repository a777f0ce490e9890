"""Berry BM1000 pulse oximeters, "BCI protocol" V1.2 (core). Source: docs/devices/berry.md.

Five bytes, a hundred times a second. The layout is that of Contec's older dialects but for the meaning of two
bits: only rate and configuration tell them apart.
"""

from functools import lru_cache
from typing import Final

from contract.codes import Condition
from firmware_bridge.drivers.driver import ALL_WELL, Driver, Line, Reading
from firmware_bridge.drivers.oximeter_streams import oximeter_streams
from firmware_bridge.drivers.sync_bit import (
    FRAME_BYTES,
    STRUCTURE_BITS,
    SyncBitScan,
    is_possible,
    known_pulse,
    known_spo2,
)

PLETH_MAX: Final = 100


class BerryDecoder(SyncBitScan):
    """Live frames: there are no others."""

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        first, pleth, bar, rate, spo2 = frame
        if pleth > PLETH_MAX or not is_possible(first & 0x0F, spo2):
            return None
        values, conditions = _numbers(first & 0x30, bar & 0x70, rate, spo2)
        return Reading(
            offset,
            FRAME_BYTES,
            "realtime",
            {"pleth": (pleth,)},
            values,
            conditions,
            {"strength": first & 0x0F, "beat": bool(first & 0x40), "bar": bar & 0x0F or None},
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
    values = {
        "spo2": known_spo2(spo2) if is_measuring else None,
        "pulse": known_pulse((probe & 0x40) << 1 | rate_low) if is_measuring else None,
    }
    return values, frozenset(conditions) if conditions else ALL_WELL


DRIVERS: Final = (
    Driver(
        name="berry-bm1000",
        model="Berry BM1000",
        device="Berry BM1000 and others that speak the BCI protocol V1.2",
        sheet="berry.md",
        lines=(Line(115_200),),
        streams=oximeter_streams(pleth_mhz=100_000),
        decoder=BerryDecoder,
        check_bits=0,
        structure_bits=STRUCTURE_BITS,
        unverified="known from its maker's description and public code, never seen in real bytes; the rate "
        "of its line is a guess",
        looks_like=("contec-cms50-a", "contec-cms50-b"),
    ),
)
