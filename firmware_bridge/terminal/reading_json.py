"""A reading as a JSON object that says the same in units (core)."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from firmware_bridge.drivers.driver import Counts, Driver, Reading
from firmware_bridge.events import InstrumentStream


def told(reading: Reading, streams: Mapping[str, InstrumentStream]) -> dict[str, Any]:
    """Return `reading`, values in their units and samples raw. None: the device says it has none."""
    event: dict[str, Any] = {"offset": reading.offset, "size": reading.size, "event": reading.kind}
    if reading.samples:
        event["samples"] = {name: list(samples) for name, samples in reading.samples.items()}
    if reading.values:
        event["values"] = {
            name: None if raw is None else in_unit(raw, streams[name]) for name, raw in reading.values.items()
        }
    if reading.conditions is not None:
        event["conditions"] = sorted(reading.conditions)
    if reading.facts:
        event["facts"] = dict(reading.facts)
    if reading.lost:
        event["lost_frames"] = reading.lost
    return event


def counted(counts: Counts) -> dict[str, Any]:
    """Return what the decoder counted, the last line."""
    return {
        "event": "counts",
        "frames": counts.frames,
        "damaged": counts.damaged,
        "discarded_bytes": counts.discarded_bytes,
        "lost_frames": counts.lost_frames,
        "lost_samples": sum(Counter(counts.lost_samples).values()),
        "lost_samples_of": dict(counts.lost_samples),
    }


def streams_of(driver: Driver) -> dict[str, InstrumentStream]:
    """Return a driver's streams by name."""
    return {stream.name: stream for stream in driver.streams}


def in_unit(raw: int, stream: InstrumentStream) -> float | int:
    """Return a raw value in its stream's unit, without the noise of binary fractions."""
    return raw if stream.scale == 1 else round(raw * stream.scale, 6)
