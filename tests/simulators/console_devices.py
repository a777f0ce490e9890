"""Devices beside the board of a station as the console meets it: an oximeter, a blood-pressure monitor."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from contract.codes import (
    CUFF_PULSE,
    DIASTOLIC,
    HEART_RATE,
    MEAN_PRESSURE,
    PERFUSION_INDEX,
    PLETH,
    PULSE_RATE,
    SPO2,
    SYSTOLIC,
)
from contract.events import Measured, MeasuredValue, Stream, StreamSet
from contract.ids import RecordClass, StreamSetNo
from tests.integration.live_page import pulse_wave
from tests.simulators.console_station import ConsoleStation

OXIMETER: Final = "usb-1.2"
PRESSURE_MONITOR: Final = "usb-1.3"
UNVERIFIED: Final = "known from its maker's description only"
OXIMETER_HZ: Final = 60
PLETH_STREAM, SPO2_STREAM, PULSE_STREAM, PERFUSION_STREAM = 0, 1, 2, 3


def number(
    stream: int, mdc: int, label: str, unit: str, *, source: str | None = None, scale: float = 1.0
) -> Stream:
    """A number that is told each second."""
    what = {"mdc": mdc, "label": label, "unit": unit, "source": source, "scale": scale}
    return Stream.model_validate({"stream": stream, "shape": "numeric", "rate_mhz": 1_000, **what})


def oximeter(set_no: int = 2, *, device: str = OXIMETER, model: str = "Contec CMS50D+") -> StreamSet:
    """Pleth, SpO2, pulse and perfusion of a driver that nobody has tried on real bytes."""
    pleth = Stream(
        stream=PLETH_STREAM,
        mdc=PLETH,
        label="Pleth",
        shape="pleth",
        rate_mhz=1_000 * OXIMETER_HZ,
        scale=1.0,
        unit="1",
    )
    numbers = (
        number(SPO2_STREAM, SPO2, "SpO2", "%"),
        number(PULSE_STREAM, PULSE_RATE, "Pulse", "/min", source="pleth"),
        number(PERFUSION_STREAM, PERFUSION_INDEX, "PI", "%", scale=0.1),
    )
    return StreamSet(
        set_no=set_no, device=device, streams=(pleth, *numbers), model=model, unverified=UNVERIFIED
    )


def heart_rate(set_no: int, *, device: str, source: str | None) -> StreamSet:
    """A device that tells a heart rate and nothing else."""
    return StreamSet(
        set_no=set_no, device=device, streams=(number(0, HEART_RATE, "HR", "/min", source=source),)
    )


def blood_pressure(systolic: float, diastolic: float, mean: float, *, pulse: float = 72.0) -> Measured:
    """One measurement with the cuff."""
    values = (
        (SYSTOLIC, systolic, "mm[Hg]"),
        (DIASTOLIC, diastolic, "mm[Hg]"),
        (MEAN_PRESSURE, mean, "mm[Hg]"),
        (CUFF_PULSE, pulse, "/min"),
    )
    return Measured(
        device=PRESSURE_MONITOR,
        values=tuple(MeasuredValue(mdc=mdc, value=value, unit=unit) for mdc, value, unit in values),
    )


class ConsoleDevice:
    """A device of a station that sends chunks of its own set."""

    def __init__(self, station: ConsoleStation, streams: StreamSet) -> None:
        self.station, self.streams = station, streams
        self._next_index = {one.stream: 0 for one in streams.streams}
        station.tell(streams)

    def live(self) -> None:
        """Send a second of pleth that has just ended."""
        first = self._next_index[PLETH_STREAM]
        wave = [pulse_wave(index, rate_hz=OXIMETER_HZ) for index in range(first, first + OXIMETER_HZ)]
        self.samples(PLETH_STREAM, wave)

    def numbers(self, **values: int) -> None:
        """Send numbers by the name of their label, raw: SpO2=97."""
        by_label = {one.label: one.stream for one in self.streams.streams}
        for label, value in values.items():
            self.samples(by_label[label], [value])

    def samples(self, stream: int, values: Sequence[int]) -> int:
        """Send samples of one stream that have just been measured; return the first index."""
        records, of_stream = self.station.records, self.streams.streams[stream]
        first = self._next_index[stream]
        self._next_index[stream] = first + len(values)
        records.t_us = self.station.now_us() - int(len(values) * 1e9 / of_stream.rate_mhz) - 1_000
        is_wave = of_stream.shape != "numeric"
        record_class = RecordClass.WAVEFORM if is_wave else RecordClass.NUMERIC
        board_set, records.stream_set = records.stream_set, StreamSetNo(self.streams.set_no)
        samples = np.array(values, np.int32)
        chunk = records.chunk(samples, record_class=record_class, stream=stream, first_index=first)
        records.stream_set = board_set
        self.station.deliver(record_class, [chunk])
        return first
