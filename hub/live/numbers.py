"""The numbers of the visit under way (core): each with its device, its source and its three times.

Two devices that measure the same stand beside one another; nothing is chosen, nothing merged.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from contract.codes import (
    BODY_TEMPERATURE,
    HEART_RATE,
    PERFUSION_INDEX,
    PULSE_RATE,
    RESPIRATION_RATE,
    SPO2,
    Condition,
    RateSource,
)
from contract.events import Stream
from contract.ids import StreamSetNo
from contract.limits import STALE_AFTER_S
from hub.console.live_texts import Value
from hub.live.arrived import Arrived, At, VisitNow
from hub.live.devices import DevicesNow, Shown
from hub.live.hub_times import HubTimes
from hub.live.measure_words import condition_word, label_word
from hub.times.placing import PlacedColumn

AHEAD_MAX_MS: Final = 1_000.0  # as the page's own limit
SHOWN: Final = (SPO2, PULSE_RATE, HEART_RATE, PERFUSION_INDEX, RESPIRATION_RATE, BODY_TEMPERATURE)
SHOWN_UNITS: Final = {"mCel": ("Cel", 0.001), "m[degC]": ("Cel", 0.001)}  # what boards send, and people read
_COUNTED_ON: Final = {PULSE_RATE: RateSource.PLETH, HEART_RATE: RateSource.ECG}  # by the meaning of the code
_OF_THE_PROBE: Final = (Condition.PROBE_OFF, Condition.PROBE_FAULT, Condition.SEARCHING)
_OF_ANY: Final = (Condition.HELD, Condition.OUT_OF_RANGE)


def rate_of(column: PlacedColumn, stream: Stream) -> float:
    """Return how many samples a second a column has: the true rate, or the nominal one until it is known."""
    return column.rate_hz if column.rate_hz is not None else stream.rate_mhz / 1000


def source_of(stream: Stream) -> str | None:
    """Return what a heart rate was counted on, a word of RateSource or one not known here; None: no rate."""
    if stream.mdc not in _COUNTED_ON:
        return None
    return stream.source or _COUNTED_ON[stream.mdc]


def why_absent(shown: Shown, devices: DevicesNow, visit: VisitNow | None) -> str | None:
    """Return the word for why a number is not measured now, such as "probe off"; None: it may be."""
    off, conditions = devices.off(shown.device), devices.conditions(shown.device, visit)
    if not off and not conditions:
        return None
    stream = shown.stream
    source = source_of(stream)
    needs_probe = stream.mdc in (SPO2, PERFUSION_INDEX) or source == RateSource.PLETH
    needs_probe |= stream.mdc == PULSE_RATE and source == RateSource.DEVICE
    needs_leads = source == RateSource.ECG or stream.mdc == RESPIRATION_RATE
    of_set = devices.set_of(shown.device)
    siblings = () if of_set is None else of_set.streams
    if needs_probe and any(one.stream in off for one in siblings if one.shape == "pleth"):
        return condition_word(Condition.PROBE_OFF)
    leads = [one.stream in off for one in siblings if one.shape == "ecg"]
    if needs_leads and leads and all(leads):
        return condition_word(Condition.LEAD_OFF)
    if stream.stream in off:
        return condition_word(Condition.LEAD_OFF if needs_leads else Condition.PROBE_OFF)
    blocking = {*_OF_ANY, *(_OF_THE_PROBE if needs_probe else ())}
    blocking |= {Condition.LEAD_OFF} if needs_leads else set()
    return next((condition_word(word) for word in conditions if word in blocking), None)


@dataclass(frozen=True, slots=True)
class NumericNow:
    """The newest value of one stream; its three times are hub UTC in ms, `measured_ms` None when unknown."""

    value: float
    at: At
    measured_ms: float | None
    received_ms: float
    changed_ms: float | None


@dataclass(slots=True)
class NumbersNow:
    """Of the visit under way: `clear` when it changes."""

    _newest: dict[tuple[StreamSetNo, int], NumericNow] = field(default_factory=dict)

    def clear(self) -> None:
        """Another visit: nothing measured before is true any more."""
        self._newest.clear()

    def on_clock_set(self, by_ms: float) -> None:
        """The hub's wall clock was set: what it measured before is as old as it was."""
        self._newest = {
            key: replace(
                one,
                measured_ms=_moved(one.measured_ms, by_ms),
                received_ms=one.received_ms + by_ms,
                changed_ms=_moved(one.changed_ms, by_ms),
            )
            for key, one in self._newest.items()
        }

    def keep_only(self, sets: set[StreamSetNo]) -> None:
        """A device began a new set: what the one before measured is over."""
        self._newest = {key: one for key, one in self._newest.items() if key[0] in sets}

    def take(self, arrived: Arrived, column: PlacedColumn, shown: Shown, times: HubTimes) -> bool:
        """Take in the last sample of a column; return False for what is not shown or older."""
        stream, key = shown.stream, (shown.set_no, shown.stream.stream)
        if stream.mdc not in SHOWN:
            return False
        rate_hz = rate_of(column, stream)
        end_t_us = column.t_us + int((len(column.samples) - 1) * 1e6 / rate_hz)
        at = (int(arrived.header.boot), end_t_us)
        before = self._newest.get(key)
        if before is not None and at <= before.at:
            return False
        raw = column.samples[-1]
        value = float(raw) * stream.scale
        received_ms = arrived.received_utc_us / 1000
        measured_ms = times.utc_ms(arrived.header.boot, end_t_us)
        if (
            measured_ms is not None
        ):  # a box whose clock is ahead says so: nothing comes before it was measured
            measured_ms = min(measured_ms, received_ms)
        changed_ms = measured_ms
        run = 0  # how many samples at the end have this value
        while run < len(column.samples) and column.samples[-1 - run] == raw:
            run += 1
        if run == len(column.samples) and before is not None and before.value == value:
            changed_ms = before.changed_ms
        elif measured_ms is not None:
            changed_ms = measured_ms - (run - 1) * 1e3 / rate_hz
        self._newest[key] = NumericNow(value, at, measured_ms, received_ms, changed_ms)
        return True

    def values(self, devices: DevicesNow, visit: VisitNow | None, *, now_utc_ms: float) -> list[Value]:
        """Return them as a page may show them: none older than five seconds."""
        numeric = [one for one in devices.streams(visit) if one.stream.shape == "numeric"]
        known = [one for one in numeric if one.stream.mdc in SHOWN]
        known.sort(key=lambda one: (SHOWN.index(one.stream.mdc), one.device, one.stream.stream))
        return [self._value(one, devices, visit, now_utc_ms) for one in known]

    def _value(self, shown: Shown, devices: DevicesNow, visit: VisitNow | None, now_utc_ms: float) -> Value:
        stream = shown.stream
        now = self._newest.get((shown.set_no, stream.stream))
        why = why_absent(shown, devices, visit)
        unit, factor = SHOWN_UNITS.get(stream.unit, (stream.unit, 1.0))
        is_fresh = now is not None and _is_fresh(now, now_utc_ms)
        of_set = devices.set_of(shown.device)
        return Value(
            device=shown.device,
            device_name=devices.name(shown.device),
            stream=stream.stream,
            mdc=stream.mdc,
            label=label_word(stream.mdc, stream.label),
            source=source_of(stream),
            value=round(now.value * factor, 3) if now is not None and is_fresh and why is None else None,
            unit=unit,
            measured_ms=now.measured_ms if now else None,
            received_ms=now.received_ms if now else None,
            changed_ms=now.changed_ms if now else None,
            state="off" if why is not None else "ok" if is_fresh else "unknown",
            why=why,
            is_unverified=of_set is not None and bool(of_set.unverified),
        )


def _moved(at_ms: float | None, by_ms: float) -> float | None:
    return None if at_ms is None else at_ms + by_ms


def _is_fresh(now: NumericNow, now_utc_ms: float) -> bool:
    if now.measured_ms is None:  # of an earlier boot of the box, which nothing ties to now
        return False
    times = now.received_ms, now.measured_ms
    # a time well ahead of now: the hub's clock was stepped back, and how old the value is nobody knows
    return all(-AHEAD_MAX_MS <= now_utc_ms - at <= STALE_AFTER_S * 1000 for at in times)
