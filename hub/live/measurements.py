"""Single measurements of the visit under way (core): dated, and never a value of now."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from contract.codes import CUFF_PULSE, DIASTOLIC, MEAN_PRESSURE, SYSTOLIC, RateSource
from contract.events import Measured, MeasuredValue
from contract.ids import NO_VISIT, BootId, VisitNo
from hub.console.live_texts import MeasurementEntry, Quantity
from hub.live.arrived import Arrived, At
from hub.live.hub_times import HubTimes
from hub.live.instrument_phrases import keys_or_none, phrase_keys
from hub.live.measure_words import BLOOD_PRESSURE, label_word

KEPT_MAX: Final = 20  # the newest; a page's message has room for as many of the longest
UNIT_MAX_CHARS: Final = 16  # longer than every unit in use
PRESSURES: Final = (SYSTOLIC, DIASTOLIC, MEAN_PRESSURE)


def quantities(event: Measured) -> list[Quantity]:
    """Return what was measured as people say it: the pressures in one, the rest one by one."""
    by_mdc = {one.mdc: one for one in event.values}
    found: list[Quantity] = []
    pressures = [by_mdc.get(mdc) for mdc in PRESSURES]
    if pressures[0] is not None and pressures[1] is not None:
        values = [None if one is None else one.value for one in pressures]
        found.append(Quantity(label=BLOOD_PRESSURE, values=values, unit=_unit(pressures[0]), source=None))
    in_one = PRESSURES if found else ()
    found += [
        Quantity(
            label=label_word(one.mdc),
            values=[one.value],
            unit=_unit(one),
            source=RateSource.CUFF if one.mdc == CUFF_PULSE else None,
        )
        for one in event.values
        if one.mdc not in in_one
    ]
    return found


def _unit(value: MeasuredValue) -> str:
    return value.unit[:UNIT_MAX_CHARS]


@dataclass(frozen=True, slots=True)
class _Kept:
    event: Measured
    boot: BootId
    at: At
    visit: VisitNo
    received_ms: float


@dataclass(slots=True)
class MeasurementsNow:
    """The newest of the visit under way, and of a later one whose opening has not come yet."""

    _kept: list[_Kept] = field(default_factory=list)

    def take(self, arrived: Arrived, event: Measured, *, last_visit: VisitNo) -> bool:
        """Take in a measurement; return False for what is nobody's, or of a visit that is over."""
        visit = arrived.header.visit
        if visit == NO_VISIT or visit < last_visit:
            return False
        kept = _Kept(event, arrived.header.boot, arrived.at, visit, arrived.received_utc_us / 1000)
        if kept in self._kept:
            return False  # of the store, and committed while that was read
        self._kept = sorted([*self._kept, kept], key=lambda one: (one.visit, one.at))[-KEPT_MAX:]
        return True

    def on_clock_set(self, by_ms: float) -> None:
        """The hub's wall clock was set: by it all this came that much later."""
        self._kept = [replace(one, received_ms=one.received_ms + by_ms) for one in self._kept]

    def of(self, visit: VisitNo, times: HubTimes, name_of: Callable[[str], str]) -> list[MeasurementEntry]:
        """Return those of a visit as a page shows them, newest first."""
        return [
            MeasurementEntry(
                device=one.event.device,
                device_name=name_of(one.event.device),
                quantities=quantities(one.event),
                measured_ms=times.utc_ms(one.boot, one.at[1]),
                received_ms=one.received_ms,
                device_time=one.event.device_time,
                text=phrase_keys(one.event.text),
                unverified=keys_or_none(one.event.unverified),
            )
            for one in reversed(self._kept)
            if one.visit == visit and visit != NO_VISIT
        ]
