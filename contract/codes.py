"""Words that box and hub share (core): names and units of what is measured, by its IEEE 11073-10101 code, and
how camera, microphone and loudspeaker are.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Shape = Literal["ecg", "pleth", "numeric"]

# Of a device at the station. "off" is a person's wish, the rest are facts.
CameraState = Literal["closed", "open", "off", "missing", "busy", "lost"]
SoundState = Literal["closed", "open", "missing", "busy", "lost"]


class Condition(StrEnum):
    """What is the matter with a device's measuring; several may hold at once. A word on the wire."""

    PROBE_OFF = "probe off"
    PROBE_FAULT = "probe fault"
    LEAD_OFF = "lead off"
    SEARCHING = "searching"  # for a pulse
    WEAK_SIGNAL = "weak signal"
    ARTIFACT = "artifact"  # movement, light, interference
    HELD = "held value"  # the device still shows what it measured before
    OUT_OF_RANGE = "out of range"  # a number that no living person has, on a line without a checksum
    ALARM = "alarm"  # the device's own
    BATTERY_LOW = "battery low"
    BATTERY_CRITICAL = "battery critical"
    DEVICE_FAULT = "device fault"


class RateSource(StrEnum):
    """What a heart rate was counted on. A word on the wire."""

    ECG = "ecg"
    PLETH = "pleth"
    CUFF = "cuff"
    DEVICE = "device"  # it does not say


@dataclass(frozen=True, slots=True)
class Measurement:
    """What an MDC code means. `label` is the short name on screens, the same in every language."""

    mdc: int
    label: str
    unit: str  # UCUM
    shape: Shape
    loinc: str | None = None


_TABLE: Final = (
    Measurement(131328, "ECG", "uV", "ecg", "11524-6"),
    Measurement(131329, "I", "uV", "ecg"),
    Measurement(131330, "II", "uV", "ecg"),
    Measurement(131389, "III", "uV", "ecg"),
    Measurement(131390, "aVR", "uV", "ecg"),
    Measurement(131391, "aVL", "uV", "ecg"),
    Measurement(131392, "aVF", "uV", "ecg"),
    *(Measurement(131330 + n, f"V{n}", "uV", "ecg") for n in range(1, 7)),
    Measurement(150452, "Pleth", "1", "pleth"),
    Measurement(150456, "SpO2", "%", "numeric", "59408-5"),
    Measurement(149530, "Pulse", "/min", "numeric", "8889-8"),
    Measurement(147842, "HR", "/min", "numeric", "8867-4"),
    Measurement(151562, "Resp", "/min", "numeric", "9279-1"),
    Measurement(150488, "PI", "%", "numeric", "61006-3"),
    Measurement(150364, "Temp", "Cel", "numeric", "8310-5"),
    Measurement(150021, "Sys", "mm[Hg]", "numeric", "8480-6"),
    Measurement(150022, "Dia", "mm[Hg]", "numeric", "8462-4"),
    Measurement(150023, "Mean", "mm[Hg]", "numeric", "8478-0"),
    Measurement(149546, "Cuff pulse", "/min", "numeric", "8889-8"),
    Measurement(160184, "Glucose", "mg/dL", "numeric", "41653-7"),
    Measurement(151780, "Impedance", "1", "pleth"),
    Measurement(192513, "Red light", "1", "pleth"),  # no code exists: private range of partition 2
)
MEASUREMENTS: Final = {entry.mdc: entry for entry in _TABLE}
ECG: Final = 131328
ECG_I: Final = 131329
ECG_II: Final = 131330
PLETH: Final = 150452
SPO2: Final = 150456
PULSE_RATE: Final = 149530
HEART_RATE: Final = 147842
RESPIRATION_RATE: Final = 151562
PERFUSION_INDEX: Final = 150488
BODY_TEMPERATURE: Final = 150364
SYSTOLIC: Final = 150021
DIASTOLIC: Final = 150022
MEAN_PRESSURE: Final = 150023
CUFF_PULSE: Final = 149546
GLUCOSE: Final = 160184
IMPEDANCE: Final = 151780
RED_LIGHT: Final = 192513
