"""ProtoCentral HealthyPi v3, v4 and 5: ECG, respiration, two lights, SpO2, temperature (core).
Source: docs/devices/protocentral.md.
"""

from abc import abstractmethod
from struct import Struct
from typing import ClassVar, Final

from contract.codes import Condition, RateSource
from firmware_bridge.drivers.driver import ALL_WELL, NO_FACTS, Driver, Fact, Line, Reading
from firmware_bridge.drivers.protocentral_frames import (
    DATA,
    HEAD_BYTES,
    OVERHEAD_BYTES,
    SAYS_NOTHING,
    STRUCTURE_BITS,
    UNSEEN,
    DeadTrace,
    OpenViewScan,
    known,
    known_spo2,
    known_temperature,
    numbers,
    wave,
)

WAVES: Final = {"ecg": 1, "respiration": 1, "pleth": 1, "red": 1}
NUMBERS: Final = ("spo2", "heart_rate", "respiration_rate", "temperature")
V3_DATA: Final = Struct("<hhiiHBBBBBB")
V5_DATA: Final = Struct("<iiBiihBBB")
LEAD_OFF: Final = frozenset({Condition.LEAD_OFF})
PROBE_OFF: Final = frozenset({Condition.PROBE_OFF})
V3_LEAD: Final = 0x01
V3_PROBE: Final = 0x02
V4_LEADS: Final = 0x1F
ECG_RAILS: Final = frozenset({-0x20000, 0x1FFFF})  # of 18 bits
ECG_RANGE: Final = range(-0x20000, 0x20000)
LIGHT_MAX: Final = 0x7FFFFF
DEAD_SAMPLES: Final = 64  # half a second, as long as the board itself waits
FRESH: Final = 0x00
REPEATED: Final = 0xFF


class OldHealthyPiDecoder(OpenViewScan):
    """v3 and v4: the same data but for the last byte, which says how electrodes and probe are."""

    DATA_BYTES: ClassVar = {DATA: V3_DATA.size}
    FRAME_TYPICAL_BYTES: ClassVar = V3_DATA.size + OVERHEAD_BYTES
    FRAME_MAX_BYTES: ClassVar = 2 * FRAME_TYPICAL_BYTES
    SAMPLES_A_FRAME: ClassVar = WAVES

    @abstractmethod
    def _conditions(self, status: int) -> frozenset[Condition]:
        """Return what the last byte says."""

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        data = frame[HEAD_BYTES:-2]
        ecg, respiration, infrared, red, temperature, breaths, spo2, rate, _, _, status = V3_DATA.unpack(data)
        conditions = self._conditions(status)
        has_leads, has_probe = Condition.LEAD_OFF not in conditions, Condition.PROBE_OFF not in conditions
        return Reading(
            offset,
            self.FRAME_TYPICAL_BYTES,
            "data",
            {"ecg": (ecg,), "respiration": (respiration,), "pleth": (infrared,), "red": (red,)},
            {
                "spo2": known_spo2(spo2) if has_probe else None,
                "heart_rate": known(rate) if has_leads else None,
                "respiration_rate": known(breaths) if has_leads else None,
                "temperature": known_temperature(temperature),
            },
            conditions,
            lost=lost,
        )


class HealthyPi3Decoder(OldHealthyPiDecoder):
    """Two bits: electrodes, probe."""

    def _conditions(self, status: int) -> frozenset[Condition]:
        leads = LEAD_OFF if status & V3_LEAD else ALL_WELL
        return leads | PROBE_OFF if status & V3_PROBE else leads


class HealthyPi4Decoder(OldHealthyPiDecoder):
    """The electrodes as the ADS1292R sees them; of the probe it says nothing."""

    def _conditions(self, status: int) -> frozenset[Condition]:
        return LEAD_OFF if status & V4_LEADS else ALL_WELL


class HealthyPi5Decoder(OpenViewScan):
    """Does not say how the electrodes are: the trace has to."""

    DATA_BYTES: ClassVar = {DATA: V5_DATA.size}
    FRAME_TYPICAL_BYTES: ClassVar = V5_DATA.size + OVERHEAD_BYTES
    FRAME_MAX_BYTES: ClassVar = 2 * FRAME_TYPICAL_BYTES
    SAMPLES_A_FRAME: ClassVar = WAVES

    def __init__(self) -> None:
        super().__init__()
        self._trace = DeadTrace(ECG_RAILS, samples=DEAD_SAMPLES, is_flat=True)

    def finish(self) -> list[Reading]:
        """The stream ends here; the next begins with electrodes on."""
        readings = super().finish()
        self._trace = DeadTrace(ECG_RAILS, samples=DEAD_SAMPLES, is_flat=True)
        return readings

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        ecg, bioz, again, red, infrared, temperature, spo2, rate, breaths = V5_DATA.unpack(
            frame[HEAD_BYTES:-2]
        )
        is_possible = ecg in ECG_RANGE and max(abs(bioz), abs(red), abs(infrared)) <= LIGHT_MAX
        if not is_possible or again not in (FRESH, REPEATED):
            return None
        is_off = self._trace.take(ecg)
        facts: dict[str, Fact] = {"respiration_repeated": True}
        return Reading(
            offset,
            self.FRAME_TYPICAL_BYTES,
            "data",
            {"ecg": (ecg,), "respiration": (bioz,), "pleth": (infrared,), "red": (red,)},
            {
                "spo2": known_spo2(spo2),
                "heart_rate": None if is_off else known(rate),
                "respiration_rate": None if is_off else known(breaths),
                "temperature": known_temperature(temperature),
            },
            LEAD_OFF if is_off else ALL_WELL,
            facts if again else NO_FACTS,
            lost,
        )


_OLD_STREAMS: Final = (*(wave(name, 125) for name in WAVES), *numbers(*NUMBERS))
DRIVERS: Final = (
    Driver(
        name="healthypi-v3",
        model="HealthyPi v3",
        device="ProtoCentral HealthyPi v3",
        sheet="protocentral.md",
        lines=(Line(115_200), Line(57_600)),
        streams=_OLD_STREAMS,
        decoder=HealthyPi3Decoder,
        check_bits=0,
        structure_bits=STRUCTURE_BITS,
        unverified=UNSEEN,
        looks_like=("healthypi-v4",),
    ),
    Driver(
        name="healthypi-v4",
        model="HealthyPi v4",
        device="ProtoCentral HealthyPi v4 (HealthyPi HAT with ESP32), in its V3 mode",
        sheet="protocentral.md",
        lines=(Line(115_200),),
        streams=_OLD_STREAMS,
        decoder=HealthyPi4Decoder,
        check_bits=0,
        structure_bits=STRUCTURE_BITS,
        unverified=f"{UNSEEN}; it does not say that the finger was taken out",
        looks_like=("healthypi-v3",),
    ),
    Driver(
        name="healthypi-5",
        model="HealthyPi 5",
        device="ProtoCentral HealthyPi 5, OpenView2 format",
        sheet="protocentral.md",
        lines=(Line(115_200),),
        streams=(*(wave(name, 128) for name in WAVES), *numbers(*NUMBERS, source=RateSource.DEVICE)),
        decoder=HealthyPi5Decoder,
        check_bits=0,
        structure_bits=STRUCTURE_BITS + 14 + 7,
        unverified=f"{UNSEEN}; {SAYS_NOTHING}",
    ),
)
