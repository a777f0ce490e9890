"""Words that box and hub share (core): names and units of what is measured, by its IEEE 11073-10101 code, and
how camera, microphone and loudspeaker are.
"""

from dataclasses import dataclass
from typing import Final, Literal

Shape = Literal["ecg", "pleth", "numeric"]

# Of a device at the station. "off" is a person's wish, the rest are facts.
CameraState = Literal["closed", "open", "off", "missing", "busy", "lost"]
SoundState = Literal["closed", "open", "missing", "busy", "lost"]


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
)
MEASUREMENTS: Final = {entry.mdc: entry for entry in _TABLE}
SPO2: Final = 150456
PULSE_RATE: Final = 149530
