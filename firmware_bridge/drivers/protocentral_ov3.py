"""ProtoCentral HealthyPi 5 in its OV3 format: eight samples a frame, heart and light apart (core).
Source: docs/devices/protocentral.md.
"""

from struct import Struct
from typing import ClassVar, Final

from contract.codes import RateSource
from firmware_bridge.drivers.driver import ALL_WELL, Driver, Line, Reading
from firmware_bridge.drivers.protocentral import DEAD_SAMPLES, ECG_RAILS, ECG_RANGE, LEAD_OFF
from firmware_bridge.drivers.protocentral_frames import (
    HEAD_BYTES,
    OVERHEAD_BYTES,
    SAYS_NOTHING,
    STRUCTURE_BITS,
    UNSEEN,
    DeadTrace,
    OpenViewScan,
    known,
    known_spo2,
    numbers,
    wave,
)

HEART: Final = 0x03
LIGHT: Final = 0x04
HEART_DATA: Final = Struct("<8i4iBB")
LIGHT_DATA: Final = Struct("<8hB2x")  # then the high byte of the temperature, twice: it is not known
HEART_BYTES: Final = HEART_DATA.size + OVERHEAD_BYTES
LIGHT_BYTES: Final = LIGHT_DATA.size + OVERHEAD_BYTES
SAMPLES: Final = {HEART: {"ecg": 8, "respiration": 4}, LIGHT: {"pleth": 8}}


class Ov3Decoder(OpenViewScan):
    """Two types of frames, of two lengths, as many of one as of the other."""

    DATA_BYTES: ClassVar = {HEART: HEART_DATA.size, LIGHT: LIGHT_DATA.size}
    FRAME_TYPICAL_BYTES: ClassVar = HEART_BYTES
    FRAME_MAX_BYTES: ClassVar = 2 * HEART_BYTES
    SAMPLES_A_FRAME: ClassVar = SAMPLES[HEART] | SAMPLES[LIGHT]

    def __init__(self) -> None:
        super().__init__()
        self._begin()

    def finish(self) -> list[Reading]:
        """The stream ends here; the next begins with electrodes on."""
        readings = super().finish()
        self._begin()
        return readings

    def _begin(self) -> None:
        self._trace = DeadTrace(ECG_RAILS, samples=DEAD_SAMPLES, is_flat=True)
        self._last_kind = LIGHT
        self._lost_kinds: dict[int, int] = {}

    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        kind, data = frame[4], frame[HEAD_BYTES:-2]
        reading = self._heart(data, offset, lost) if kind == HEART else self._light(data, offset, lost)
        self._last_kind = kind if reading is not None else self._last_kind
        return reading

    def _heart(self, data: bytes, offset: int, lost: int) -> Reading | None:
        *samples, rate, breaths = HEART_DATA.unpack(data)
        ecg, respiration = tuple(samples[:8]), tuple(samples[8:])
        if not all(sample in ECG_RANGE for sample in ecg):
            return None
        is_off = [self._trace.take(sample) for sample in ecg][-1]
        return Reading(
            offset,
            HEART_BYTES,
            "heart",
            {"ecg": ecg, "respiration": respiration},
            {
                "heart_rate": None if is_off else known(rate),
                "respiration_rate": None if is_off else known(breaths),
            },
            LEAD_OFF if is_off else ALL_WELL,
            lost=lost,
        )

    def _light(self, data: bytes, offset: int, lost: int) -> Reading:
        *pleth, spo2 = LIGHT_DATA.unpack(data)
        samples, values = {"pleth": tuple(pleth)}, {"spo2": known_spo2(spo2)}
        return Reading(offset, LIGHT_BYTES, "light", samples, values, lost=lost)

    def _lost_frames(self) -> int:
        """By length: as many pairs as there is room for, and what the rest is nearest to."""
        if not self._is_in_step:
            return 0
        pairs, rest = divmod(self._discarding, HEART_BYTES + LIGHT_BYTES)
        sizes = {(0, 0): 0, (0, 1): LIGHT_BYTES, (1, 0): HEART_BYTES, (1, 1): HEART_BYTES + LIGHT_BYTES}
        heart, light = min(sizes, key=lambda kinds: abs(sizes[kinds] - rest))
        if pairs + heart + light == 0:  # a small rest of one: of the kind that was due
            heart, light = int(self._last_kind == LIGHT), int(self._last_kind == HEART)
        self._lost_kinds = {HEART: pairs + heart, LIGHT: pairs + light}
        return sum(self._lost_kinds.values())

    def _lose(self, frames: int) -> None:
        self.counts.lost_frames += frames
        lost = self.counts.lost_samples
        for kind, count in self._lost_kinds.items():
            for name, samples in SAMPLES[kind].items():
                if count:
                    lost[name] = lost.get(name, 0) + count * samples


DRIVERS: Final = (
    Driver(
        name="healthypi-5-ov3",
        model="HealthyPi 5",
        device="ProtoCentral HealthyPi 5, OV3 format",
        sheet="protocentral.md",
        lines=(Line(115_200),),
        streams=(
            wave("ecg", 128),
            wave("respiration", 64),
            wave("pleth", 128),
            *numbers("spo2", "heart_rate", "respiration_rate", source=RateSource.DEVICE),
        ),
        decoder=Ov3Decoder,
        check_bits=0,
        structure_bits=STRUCTURE_BITS,
        unverified=f"{UNSEEN}; {SAYS_NOTHING}",
    ),
)
