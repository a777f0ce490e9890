"""A single measurement, as the hub is told (core)."""

import math
from typing import Final

from contract.codes import SYSTOLIC
from contract.events import Measured, MeasuredValue
from edge.capture.streams import TEXT_MAX
from firmware_bridge.events import SingleMeasurement

VALUES_MAX: Final = 16
PRESSURE_TAKES_US: Final = 30_000_000  # at least, from cuff to result, where the instrument does not say


def begun_us(event: SingleMeasurement) -> int:
    """Return when the measurement was begun, as far as that is known: a cuff takes its time, and is on the
    person who was there when it did."""
    if event.begun_t_us is not None:
        return event.begun_t_us
    is_pressure = any(mdc == SYSTOLIC for mdc, _, _ in event.values)
    return event.box_t_us - (PRESSURE_TAKES_US if is_pressure else 0)


def measured_of(event: SingleMeasurement, *, unverified: str) -> Measured:
    """Return the event of a measurement. A value that is no number is left out."""
    values = [
        MeasuredValue(mdc=mdc, value=float(value), unit=unit)
        for mdc, value, unit in event.values[:VALUES_MAX]
        if math.isfinite(value)
    ]
    return Measured(
        device=event.device,
        values=tuple(values),
        device_time=None if event.device_time is None else event.device_time[:TEXT_MAX],
        text=event.text[:TEXT_MAX],
        unverified=unverified[:TEXT_MAX] or None,
    )
