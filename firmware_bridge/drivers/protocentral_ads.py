"""ProtoCentral's breakouts with an ADS1292R or an ADS1293, with the maker's OpenView sketches (core).
Source: docs/devices/protocentral.md.
"""

from struct import Struct
from typing import ClassVar, Final

from firmware_bridge.drivers.driver import ALL_WELL, NO_VALUES, Driver, Line, Reading
from firmware_bridge.drivers.protocentral import LEAD_OFF
from firmware_bridge.drivers.protocentral_frames import (
    DATA,
    HEAD_BYTES,
    OVERHEAD_BYTES,
    STRUCTURE_BITS,
    UNSEEN,
    DeadTrace,
    OpenViewScan,
    known,
    numbers,
    wave,
)

ADS1292R_DATA: Final = Struct("<hhHHB")
ADS1293_DATA: Final = Struct("<3i")
ZERO_SAMPLES: Final = 25  # a fifth of a second of exact zeros
FULL_SCALE: Final = frozenset({-0x800000, 0x7FFFFF})
CODES: Final = range(-0x800000, 0x800000)


class Ads1292rDecoder(OpenViewScan):
    """ECG and respiration. With electrodes off the sketch sends zeros for the ECG, and stale numbers."""

    DATA_BYTES: ClassVar = {DATA: ADS1292R_DATA.size}
    FRAME_TYPICAL_BYTES: ClassVar = ADS1292R_DATA.size + OVERHEAD_BYTES
    FRAME_MAX_BYTES: ClassVar = 2 * FRAME_TYPICAL_BYTES
    SAMPLES_A_FRAME: ClassVar = {"ecg": 1, "respiration": 1}

    def __init__(self) -> None:
        super().__init__()
        self._trace = DeadTrace(frozenset({0}), samples=ZERO_SAMPLES, is_flat=False)

    def finish(self) -> list[Reading]:
        """The stream ends here; the next begins with electrodes on."""
        readings = super().finish()
        self._trace = DeadTrace(frozenset({0}), samples=ZERO_SAMPLES, is_flat=False)
        return readings

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        ecg, respiration, breaths, rate, last = ADS1292R_DATA.unpack(frame[HEAD_BYTES:-2])
        if last:
            return None
        is_off = self._trace.take(ecg)
        return Reading(
            offset,
            self.FRAME_TYPICAL_BYTES,
            "data",
            {"ecg": (ecg,), "respiration": (respiration,)},
            {
                "heart_rate": None if is_off else known(rate),
                "respiration_rate": None if is_off else known(breaths),
            },
            LEAD_OFF if is_off else ALL_WELL,
            lost=lost,
        )


class Ads1293Decoder(OpenViewScan):
    """Three channels of ECG, as they come from the converter."""

    DATA_BYTES: ClassVar = {DATA: ADS1293_DATA.size}
    FRAME_TYPICAL_BYTES: ClassVar = ADS1293_DATA.size + OVERHEAD_BYTES
    FRAME_MAX_BYTES: ClassVar = 2 * FRAME_TYPICAL_BYTES
    SAMPLES_A_FRAME: ClassVar = {"ecg1": 1, "ecg2": 1, "ecg3": 1}

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        channels = ADS1293_DATA.unpack(frame[HEAD_BYTES:-2])
        if not all(code in CODES for code in channels):
            return None
        return Reading(
            offset,
            self.FRAME_TYPICAL_BYTES,
            "data",
            {f"ecg{number}": (code,) for number, code in enumerate(channels, 1)},
            NO_VALUES,
            ALL_WELL if FULL_SCALE.isdisjoint(channels) else LEAD_OFF,
            lost=lost,
        )


DRIVERS: Final = (
    Driver(
        name="ads1292r",
        model="ADS1292R",
        device="ProtoCentral ADS1292R breakout",
        sheet="protocentral.md",
        lines=(Line(57_600),),
        streams=(
            wave("ecg", 125),
            wave("respiration", 125),
            *numbers("heart_rate", "respiration_rate"),
        ),
        decoder=Ads1292rDecoder,
        check_bits=0,
        structure_bits=STRUCTURE_BITS + 8,
        unverified=f"{UNSEEN}; of electrodes it is silent: an ECG that stays zero is told as lead off",
    ),
    Driver(
        name="ads1293",
        model="ADS1293",
        device="ProtoCentral ADS1293 breakout",
        sheet="protocentral.md",
        lines=(Line(57_600),),
        streams=(wave("ecg1", 100), wave("ecg2", 100), wave("ecg3", 100)),
        decoder=Ads1293Decoder,
        check_bits=0,
        structure_bits=STRUCTURE_BITS + 24,
        unverified=f"{UNSEEN}; which lead a channel is depends on its wiring; one at its end is told as "
        "lead off",
    ),
)
