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
    """What an MDC code means, in one unit. `label`: the short name on screens, the same in every language.

    `unit`: UCUM; `mdc_unit`: the same unit in IEEE 11073-10101. `loinc`: the best first, then what a FHIR
    profile wants beside it; none for waveforms, which are named by MDC.
    """

    mdc: int
    label: str
    unit: str
    mdc_unit: int
    shape: Shape
    loinc: tuple[str, ...] = ()


_MICROVOLT: Final = ("uV", 266419)
_MILLIVOLT: Final = ("mV", 266418)
_NO_DIMENSION: Final = ("1", 262656)
_PERCENT: Final = ("%", 262688)
_BEATS: Final = ("/min", 264864)
_BREATHS: Final = ("/min", 264928)
_MERCURY: Final = ("mm[Hg]", 266016)
_CELSIUS: Final = ("Cel", 268192)
_ECG_LEADS: Final = (
    (131328, "ECG", ("11524-6",)),
    (131329, "I", ()),
    (131330, "II", ()),
    (131389, "III", ()),  # not 131331, which a public sample calls so: that is V1
    (131390, "aVR", ()),
    (131391, "aVL", ()),
    (131392, "aVF", ()),
    *((131330 + n, f"V{n}", ()) for n in range(1, 7)),
    (131395, "V", ()),
)
# The first row of a code is its usual unit.
TABLE: Final = (
    *(Measurement(mdc, label, *_MICROVOLT, "ecg", loinc) for mdc, label, loinc in _ECG_LEADS),
    *(Measurement(mdc, label, *_MILLIVOLT, "ecg", loinc) for mdc, label, loinc in _ECG_LEADS),
    Measurement(150452, "Pleth", *_NO_DIMENSION, "pleth"),
    Measurement(150456, "SpO2", *_PERCENT, "numeric", ("59408-5", "2708-6")),
    Measurement(149530, "Pulse", *_BEATS, "numeric", ("8889-8", "8867-4")),
    Measurement(147842, "HR", *_BEATS, "numeric", ("8867-4",)),
    Measurement(151562, "Resp", *_BREATHS, "numeric", ("9279-1",)),
    Measurement(150488, "PI", *_PERCENT, "numeric", ("61006-3",)),
    Measurement(150364, "Temp", *_CELSIUS, "numeric", ("8310-5",)),
    Measurement(188424, "Temp oral", *_CELSIUS, "numeric", ("8331-1", "8310-5")),
    Measurement(188428, "Temp ear", *_CELSIUS, "numeric", ("8333-7", "8310-5")),
    Measurement(188452, "Temp axillary", *_CELSIUS, "numeric", ("8328-7", "8310-5")),
    Measurement(150021, "Sys", *_MERCURY, "numeric", ("8480-6",)),
    Measurement(150022, "Dia", *_MERCURY, "numeric", ("8462-4",)),
    Measurement(150023, "Mean", *_MERCURY, "numeric", ("8478-0",)),
    Measurement(149546, "Cuff pulse", *_BEATS, "numeric", ("8867-4",)),
    Measurement(160184, "Glucose", "mg/dL", 264274, "numeric", ("41653-7",)),
    Measurement(160184, "Glucose", "mmol/L", 266866, "numeric", ("14743-9",)),
    Measurement(151780, "Impedance", *_NO_DIMENSION, "pleth"),
    Measurement(192513, "Red light", *_NO_DIMENSION, "pleth"),  # no code exists: private range of partition 2
)
MEASUREMENTS: Final = {entry.mdc: entry for entry in reversed(TABLE)}
IN_UNIT: Final = {(entry.mdc, entry.unit): entry for entry in TABLE}
BLOOD_PRESSURE_LOINC: Final = "85354-9"  # the panel whose components Sys, Dia and Mean are

# Known from one or two public sources only: to be compared with what their owners publish before a release.
# Monitors of one maker call the axillary temperature 188496.
UNSURE_LOINC: Final = frozenset({"61006-3", "8889-8", "14743-9"})
UNSURE_MDC: Final = frozenset({188424, 188428, 188452})

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
EAR_TEMPERATURE: Final = 188428
SYSTOLIC: Final = 150021
DIASTOLIC: Final = 150022
MEAN_PRESSURE: Final = 150023
CUFF_PULSE: Final = 149546
GLUCOSE: Final = 160184
IMPEDANCE: Final = 151780
RED_LIGHT: Final = 192513
