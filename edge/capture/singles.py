"""A single measurement, as the hub is told (core)."""

import math
from typing import Final

from contract.events import Measured, MeasuredValue
from edge.capture.streams import TEXT_MAX
from firmware_bridge.events import SingleMeasurement

VALUES_MAX: Final = 16


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
