"""What each measuring module of a PC-100 or PC-300 says in its frames (core). Not a driver.

Every function takes the type and the content of a frame and returns what they tell, None when the content is
not as the page says. Source: docs/devices/creative-pc300.md.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from contract.codes import Condition
from firmware_bridge.drivers.creative_frames import BATTERY_LOW_LEVEL, OXIMETRY_BYTES, oximetry, text, wave
from firmware_bridge.drivers.creative_texts import (
    CHARGING,
    FINDINGS,
    GLUCOSE_RANGES,
    MODULE_STATES,
    POOR_SIGNAL,
    POOR_SIGNAL_TEXT,
    THERMOMETER_STATES,
    Errors,
)
from firmware_bridge.drivers.driver import ALL_WELL, NO_FACTS, NO_SAMPLES, NO_VALUES, Fact

Matter = Mapping[str, frozenset[Condition]]  # of one module, or of the battery
NOTHING_TOLD: Final[Matter] = {}

ECG_SAMPLES: Final = 25
ECG_BYTES: Final = 1 + 2 * ECG_SAMPLES + 2  # number, samples, a reserved byte, lead off
ECG_COUNTS_A_MV: Final = 394.0  # of 12 bits …
ECG_COARSE_COUNTS_A_MV: Final = 28.5  # … and of 8
ECG_CENTRE: Final = 2048
ECG_COARSE_CENTRE: Final = 128
TEMPERATURE_BASE: Final = 3000  # hundredths of a degree
TEMPERATURE_MAX: Final = 4300
MEASURED: Final = 2  # of the thermometer's states
TIMED_OUT: Final = 3
PRESSURES: Final = ("sys", "mean", "dia", "cuff_pulse")


class Told(NamedTuple):
    """What one frame says; see Reading. `matter`: of which module, in place of all conditions."""

    kind: str
    values: Mapping[str, int | None] = NO_VALUES
    facts: Mapping[str, Fact] = NO_FACTS
    matter: Matter = NOTHING_TOLD
    samples: Mapping[str, tuple[int, ...]] = NO_SAMPLES


def spo2_wave(_kind: int, content: bytes) -> Told | None:
    """The pulse wave."""
    if not content:
        return None
    samples, is_beat = wave(content)
    return Told("pleth", facts={"beat": is_beat}, samples={"pleth": samples})


def spo2_parameters(_kind: int, content: bytes) -> Told | None:
    """SpO2, pulse and perfusion index."""
    if len(content) < OXIMETRY_BYTES:
        return None
    values, conditions = oximetry(content)
    return Told("SpO2", values, matter={"SpO2": conditions})


def cuff_live(_kind: int, content: bytes) -> Told | None:
    """The pressure in the cuff while it is measured."""
    if len(content) != 2:
        return None
    pressure = (content[0] & 0x0F) << 8 | content[1]
    return Told("cuff", facts={"cuff_mmhg": pressure, "beat": bool(content[0] & 0x10)})


def cuff_result(kind: int, content: bytes, errors: Errors, code_mask: int) -> Told | None:
    """A blood pressure, or why there is none."""
    if kind == 1 and len(content) == 5:
        high, low, mean, diastolic, pulse = content
        found = ((high & 0x7F) << 8 | low, mean, diastolic, pulse)
        values = {name: value or None for name, value in zip(PRESSURES, found, strict=True)}
        facts: dict[str, Fact] = {"arrhythmia": bool(high & 0x80)}
        if values["sys"] is None:
            facts["text"] = "the instrument told no pressure"
        return Told("blood pressure", values, facts)
    if kind == 2 and content:
        table, code = content[0] >> 7, content[0] & code_mask
        words = errors.get((table, code), f"error {code} of table {table}, which is not described")
        return Told("blood pressure", dict.fromkeys(PRESSURES), {"text": words})
    return None


def thermometer(kind: int, content: bytes) -> Told | None:
    """A temperature, or how far it has come."""
    if kind != 1 or len(content) not in (1, 3):
        return None
    state = content[0] >> 5 & 3
    facts: dict[str, Fact] = {"state": THERMOMETER_STATES[state], "is_probe_off": bool(content[0] & 0x10)}
    if state == TIMED_OUT:
        return Told("temperature", {"temp": None}, {**facts, "text": "no result in time"})
    if state != MEASURED:
        return Told("temperature", facts=facts)
    raw = (content[1] & 0x0F) << 8 | content[2] if len(content) == 3 else 0
    if content[0] & 0x10:
        return Told("temperature", {"temp": None}, {**facts, "text": "the probe is not connected"})
    if raw == 0:
        return Told("temperature", {"temp": None}, {**facts, "text": "no result"})
    if raw > TEMPERATURE_MAX - TEMPERATURE_BASE:
        return Told("temperature", {"temp": None}, {**facts, "text": "too hot: above 43 Cel"})
    return Told("temperature", {"temp": TEMPERATURE_BASE + raw}, facts)


def glucometer(_kind: int, content: bytes) -> Told | None:
    """A glucose: four decimal digits in mmol/L, or a binary number in mg/dL, both in tenths."""
    if len(content) != 3:
        return None
    name = "glucose_mg" if content[0] & 1 else "glucose_mmol"
    place = content[0] >> 4 & 3
    facts: dict[str, Fact] = {"range": GLUCOSE_RANGES[place] if place < len(GLUCOSE_RANGES) else str(place)}
    digits = content[1:].hex()
    tenths = (
        int.from_bytes(content[1:], "big") if content[0] & 1 else int(digits) if digits.isdecimal() else 0
    )
    if not tenths:
        return Told("glucose", {name: None}, {**facts, "text": "no result", "data": content.hex(" ")})
    return Told("glucose", {name: tenths}, facts)


def other_glucometer(kind: int, content: bytes) -> Told:
    """A glucose from a meter that is plugged in. How its number is written is not known: it is not told."""
    facts: dict[str, Fact] = {
        "type": f"{kind:02X}",
        "data": content.hex(" "),
        "text": "a glucose was told, but how this meter writes its number is not known: read its display",
    }
    return Told("glucose", {"glucose_mmol": None, "glucose_mg": None}, facts)


def ecg_wave(_kind: int, content: bytes) -> Told | None:
    """Twenty-five samples of ECG, in counts of 12 bits."""
    if len(content) != ECG_BYTES:
        return None
    number, pairs = content[0], content[1 : 1 + 2 * ECG_SAMPLES]
    counts = [(high & 0x0F) << 8 | low for high, low in zip(pairs[::2], pairs[1::2], strict=True)]
    is_fine = bool(pairs[0] & 0x80)
    if is_fine:
        samples = tuple(count - ECG_CENTRE for count in counts)
    else:
        gain = ECG_COUNTS_A_MV / ECG_COARSE_COUNTS_A_MV
        samples = tuple(round((count - ECG_COARSE_CENTRE) * gain) for count in counts)
    off = frozenset({Condition.LEAD_OFF}) if content[-1] & 0x80 else ALL_WELL
    facts: dict[str, Fact] = {"number": number, "bits": 12 if is_fine else 8, "is_preparing": number == 0}
    return Told("ECG", facts=facts, matter={"ECG": off}, samples={"ecg": samples})


def ecg_result(_kind: int, content: bytes) -> Told | None:
    """The heart rate of half a minute of ECG, and what the instrument makes of it."""
    if len(content) < 3:
        return None
    if content[0] == POOR_SIGNAL:
        return Told("ECG result", {"hr": None}, {"text": POOR_SIGNAL_TEXT}, {"ECG": ALL_WELL})
    finding = FINDINGS.get(content[0], f"finding {content[0]}, which is not described")
    return Told("ECG result", {"hr": content[2] or None}, {"finding": finding}, {"ECG": ALL_WELL})


def ecg_gain(_kind: int, content: bytes) -> Told | None:
    """The amplifier's gain; what it is a number of is not described."""
    return Told("ECG gain", facts={"gain": int.from_bytes(content, "big")}) if len(content) == 2 else None


def module_status(module: str, content: bytes) -> Told | None:
    """What a module is doing. That it is not there looks like a fault."""
    if not content:
        return None
    state = MODULE_STATES.get(content[0], f"{content[0]:02X}")
    facts: dict[str, Fact] = {"module": module, "state": state}
    if len(content) >= 3:
        facts |= {"software": _version(content[1]), "hardware": _version(content[2])}
    matter = frozenset({Condition.DEVICE_FAULT}) if content[0] == 0xFF else ALL_WELL
    return Told("module", facts=facts, matter={f"{module} module": matter})


def version(kind: int, content: bytes) -> Told | None:
    """Version and battery; or how the SpO2 probe is."""
    if kind == 1 and len(content) == 3:
        level, charging = content[2] & 7, content[2] >> 4 & 3
        facts: dict[str, Fact] = {
            "software": _version(content[0]),
            "hardware": _version(content[1]),
            "battery": level,
            "charging": CHARGING[charging] if charging < len(CHARGING) else str(charging),
        }
        is_low = level <= BATTERY_LOW_LEVEL and charging == 0
        return Told(
            "version",
            facts=facts,
            matter={"battery": frozenset({Condition.BATTERY_LOW}) if is_low else ALL_WELL},
        )
    if kind == 2 and len(content) == 1:
        faults = {Condition.PROBE_OFF} if content[0] & 0x08 else set()
        faults |= {Condition.PROBE_FAULT} if content[0] & 0x40 else set()
        return Told("SpO2 probe", matter={"SpO2": frozenset(faults)})
    return None


def instrument(kind: int, content: bytes) -> Told | None:
    """Its name, its number, its version and battery."""
    match kind, len(content):
        case 0x01, _:
            return Told("name", facts={"model": text(content)})
        case 0x02 | 0x04, 3 | 4:
            *software, hardware, level = content
            facts: dict[str, Fact] = {
                "software": ".".join(_version(byte) for byte in software),
                "hardware": _version(hardware),
                "battery": level,
            }
            is_low = level <= BATTERY_LOW_LEVEL
            matter = frozenset({Condition.BATTERY_LOW}) if is_low else ALL_WELL
            return Told("version", facts=facts, matter={"battery": matter})
        case 0x03, _:
            return Told("clock", facts={"data": content.hex(" ")})
        case 0x10 | 0x20, _:
            return Told("id", facts={"id": int.from_bytes(content, "little")})
        case _:
            return None


def _version(byte: int) -> str:
    return f"{byte >> 4}.{byte & 0x0F}"
