"""What Creative's PC-100 and PC-300 mean by their numbers, in words (core). Not a driver.

Source: docs/devices/creative-pc300.md.
"""

from collections.abc import Mapping
from typing import Final

NO_PULSE: Final = "no pulse was found"
CUFF_LOOSE: Final = "the cuff is loose: 30 mmHg were not reached in 7 s"
OVER_PRESSURE: Final = "the cuff went above 295 mmHg"
MOTION: Final = "the arm moved, or the patient spoke"
BAD_RESULT: Final = "the result is not plausible"
LEAK: Final = "the cuff or its hose leaks"
BATTERY: Final = "the battery is too low"

Errors = Mapping[tuple[int, int], str]  # (table, code) -> what went wrong with a blood pressure
_SECOND_TABLE: Final = {
    (1, 1): CUFF_LOOSE,
    (1, 2): OVER_PRESSURE,
    (1, 3): NO_PULSE,
    (1, 4): MOTION,
    (1, 5): BAD_RESULT,
    (1, 6): LEAK,
}
PC100_ERRORS: Final[Errors] = {
    (0, 0): NO_PULSE,
    (0, 1): CUFF_LOOSE,
    (0, 2): BAD_RESULT,
    (0, 3): OVER_PRESSURE,
    (0, 4): MOTION,
    (0, 15): BATTERY,
    **_SECOND_TABLE,
    (1, 15): BATTERY,
}
PC300_ERRORS: Final[Errors] = {
    **{(0, code): words for (_, code), words in _SECOND_TABLE.items()},
    (0, 14): BATTERY,
    **_SECOND_TABLE,
    (1, 7): "the self-test failed: sensor or converter",
    (1, 8): "the air pressure is wrong: a valve may not open",
    (1, 9): "the signal was too large: movement",
    (1, 10): "the leak test found a leak",
    (1, 11): "pump, sensor or converter failed",
    (1, 12): "the measurement took too long",
    (1, 14): BATTERY,
    (1, 15): BATTERY,
}

FINDINGS: Final = {  # of the instrument's own look at half a minute of ECG
    0x00: "nothing unusual",
    0x01: "a little fast",
    0x02: "too fast",
    0x03: "attacks of fast beats",
    0x04: "a little slow",
    0x05: "too slow",
    0x06: "now and then a short interval",
    0x07: "irregular intervals",
    0x08: "a little fast, now and then a short interval",
    0x09: "a little slow, now and then a short interval",
    0x0A: "a little slow, irregular intervals",
    0x0B: "the base line drifts: measure again",
    0x0C: "too fast, the base line drifts",
    0x0D: "too slow, the base line drifts",
    0x0E: "now and then a short interval, the base line drifts",
    0x0F: "irregular intervals, the base line drifts",
}
POOR_SIGNAL: Final = 0xFF
POOR_SIGNAL_TEXT: Final = "the signal is too poor: measure again"

MODULES: Final = {0x41: "blood pressure", 0x54: "SpO2", 0x71: "temperature", 0xE1: "glucose"}
MODULE_STATES: Final = {0x00: "done", 0x01: "busy", 0xFF: "fault or absent"}
THERMOMETER_STATES: Final = ("idle", "measuring", "done", "timeout")
GLUCOSE_RANGES: Final = ("normal", "low", "high")
CHARGING: Final = ("no", "charging", "full")
