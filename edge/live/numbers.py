"""The numbers of the visit under way for the station's own screen (core): each with its three times.

Two devices that measure the same stand beside one another; nothing is chosen, nothing merged.
"""

from typing import Any, Final

from contract.codes import (
    BODY_TEMPERATURE,
    HEART_RATE,
    MEASUREMENTS,
    PERFUSION_INDEX,
    PULSE_RATE,
    RESPIRATION_RATE,
    SPO2,
    Condition,
    RateSource,
)
from contract.events import Stream
from contract.limits import STALE_AFTER_S
from edge.capture.device import DeviceSight
from edge.live.look import Look, Shown
from edge.panel.words import WORDS

SHOWN: Final = (SPO2, PULSE_RATE, HEART_RATE, PERFUSION_INDEX, RESPIRATION_RATE, BODY_TEMPERATURE)
SHOWN_UNITS: Final = {"mCel": ("Cel", 0.001), "m[degC]": ("Cel", 0.001)}  # what boards send, and people read
LABELS: Final = {  # keys of the page's words
    PULSE_RATE: "Mạch",
    HEART_RATE: "Nhịp tim",
    RESPIRATION_RATE: "Nhịp thở",
    BODY_TEMPERATURE: "Nhiệt độ",
}
_COUNTED_ON: Final = {PULSE_RATE: RateSource.PLETH, HEART_RATE: RateSource.ECG}
_OF_THE_PROBE: Final = frozenset({Condition.PROBE_OFF, Condition.PROBE_FAULT, Condition.SEARCHING})
_OF_ANY: Final = frozenset({Condition.HELD, Condition.OUT_OF_RANGE})


def values(look: Look) -> list[dict[str, Any]]:
    """Return them as the page may show them: none older than five seconds."""
    known = [one for one in look.streams() if one.stream.shape == "numeric" and one.stream.mdc in SHOWN]
    known.sort(key=lambda one: (SHOWN.index(one.stream.mdc), one.sight.name, one.stream.stream))
    return [_value(look, one) for one in known]


def _value(look: Look, shown: Shown) -> dict[str, Any]:
    stream, device = shown.stream, shown.sight
    number = look.recent.number(shown.key, look.visit)
    why = (
        "im lặng" if device.state == "silent" else "đã rút" if device.is_away else why_absent(stream, device)
    )
    is_fresh = number is not None and look.now_us - number.measured_us <= STALE_AFTER_S * 1e6
    unit, factor = SHOWN_UNITS.get(stream.unit, (stream.unit, 1.0))
    times = (None,) * 3 if number is None else (number.measured_us, number.received_us, number.changed_us)
    measured_ms, received_ms, changed_ms = (None if one is None else look.utc_ms(one) for one in times)
    return {
        "device": device.name,
        "device_name": look.name(device),
        "stream": stream.stream,
        "mdc": stream.mdc,
        "label": label_of(stream),
        "source": source_of(stream),
        "value": round(number.raw * stream.scale * factor, 3) if number and is_fresh and not why else None,
        "unit": unit,
        "measured_ms": measured_ms,
        "received_ms": received_ms,
        "changed_ms": changed_ms,
        "state": "off" if why else "ok" if is_fresh else "unknown",
        "why": why,
        "is_unverified": bool(device.unverified),
    }


def label_of(stream: Stream) -> str:
    """Return the name of what is measured: a key of the page's words, or what the device calls it."""
    known = MEASUREMENTS.get(stream.mdc)
    return LABELS.get(stream.mdc, stream.label) if known and stream.label == known.label else stream.label


def source_of(stream: Stream) -> str | None:
    """Return what a heart rate was counted on; None: it is no rate."""
    return (stream.source or _COUNTED_ON[stream.mdc]) if stream.mdc in _COUNTED_ON else None


def why_absent(stream: Stream, device: DeviceSight) -> str | None:
    """Return why a number is not measured now, in Vietnamese, such as "tuột đầu dò"; None: it may be."""
    source = source_of(stream)
    needs_probe = stream.mdc in (SPO2, PERFUSION_INDEX) or source == RateSource.PLETH
    needs_probe |= stream.mdc == PULSE_RATE and source == RateSource.DEVICE
    needs_leads = source == RateSource.ECG or stream.mdc == RESPIRATION_RATE
    siblings = () if device.streams is None else device.streams.streams
    if needs_probe and any(one.stream in device.off for one in siblings if one.shape == "pleth"):
        return WORDS["vi"][Condition.PROBE_OFF]
    leads = [one.stream in device.off for one in siblings if one.shape == "ecg"]
    if (needs_leads and leads and all(leads)) or (stream.stream in device.off and needs_leads):
        return WORDS["vi"][Condition.LEAD_OFF]
    if stream.stream in device.off:
        return WORDS["vi"][Condition.PROBE_OFF]
    blocking = set(_OF_ANY)
    blocking |= _OF_THE_PROBE if needs_probe else set()
    blocking |= {Condition.LEAD_OFF} if needs_leads else set()
    return next((WORDS["vi"][one] for one in device.conditions if one in blocking), None)
