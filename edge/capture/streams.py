"""What a board or an instrument announces, as the streams of a stream set (core)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from contract.codes import HEART_RATE, MEASUREMENTS, PULSE_RATE, SPO2, RateSource, Shape
from contract.events import Stream, StreamSet
from contract.ids import RecordClass, StreamSetNo
from contract.limits import COLUMNS_MAX
from firmware_bridge.events import (
    BoardConnected,
    InstrumentConnected,
    InstrumentStream,
    StreamDescription,
    StreamKind,
    StreamUnit,
)
from firmware_bridge.instruments.conditions import NO_ELECTRODES, NO_FINGER, measures_nobody

TEXT_MAX: Final = 200  # characters of a text in an event
BOARD_MODEL: Final = "Haidang board"
NOT_FOR_PATIENTS: Final = "this board is not isolated: not for patients"
_UNITS: Final = {
    StreamUnit.MICROVOLT: "uV",
    StreamUnit.COUNT: "1",
    StreamUnit.MILLIDEGREE_CELSIUS: "mCel",
    StreamUnit.PERCENT: "%",
    StreamUnit.PER_MINUTE: "/min",
}
_WAVE_MIN_RATE_MHZ: Final = 10_000  # an unknown kind at 10 Hz and above is drawn, below it is a number
_BOARD_SOURCES: Final = {PULSE_RATE: RateSource.PLETH, HEART_RATE: RateSource.ECG}


class Sensor(Enum):
    """What a stream hangs on: when it is off, the stream measures nobody."""

    LEADS = auto()
    PROBE = auto()
    OTHER = auto()  # nobody tells whether it has contact


@dataclass(frozen=True, slots=True)
class Mapped:
    """A device's stream in the set: one stream number for each of its channels.

    `is_signal`: when it comes with contact somebody is being measured. Waveforms are; a number only where the
    device has no waveform, for it would say the same.
    """

    numbers: tuple[int, ...]
    record_class: RecordClass
    sensor: Sensor
    is_signal: bool


@dataclass(frozen=True, slots=True)
class MappedSet:
    """The set as the hub is told, and where each of the device's streams went."""

    event: StreamSet
    by_stream_id: dict[int, Mapped]

    def streams(self) -> dict[int, Stream]:
        """Return the first stream of each of the device's: most have one channel."""
        return {number: self.event.streams[one.numbers[0]] for number, one in self.by_stream_id.items()}


@dataclass(frozen=True, slots=True)
class _Announced:
    stream_id: int
    kind: int
    mdc: int
    label: str
    rate_mhz: int
    channels: int
    scale: float
    unit: str
    source: RateSource | None
    sensor: Sensor

    @property
    def shape(self) -> Shape:
        known = MEASUREMENTS.get(self.mdc)
        if known is not None:
            return known.shape
        match self.kind:
            case StreamKind.ECG:
                return "ecg"
            case StreamKind.PPG | StreamKind.RESPIRATION:
                return "pleth"
            case StreamKind.TEMPERATURE | StreamKind.NUMERIC:
                return "numeric"
            case _:
                return "pleth" if self.rate_mhz >= _WAVE_MIN_RATE_MHZ else "numeric"

    def streams(self, numbers: tuple[int, ...]) -> Iterator[Stream]:
        known = MEASUREMENTS.get(self.mdc)
        for number in numbers:
            yield Stream(
                stream=number,
                mdc=self.mdc,
                label=known.label if known else self.label,
                shape=self.shape,
                rate_mhz=self.rate_mhz,
                scale=self.scale,
                unit=self.unit,
                source=None if self.source is None else self.source.value,
            )


def map_streams(device: BoardConnected | InstrumentConnected, set_no: StreamSetNo) -> MappedSet | None:
    """Return the stream set of a device's announcement; None when it announces no stream. What is measured
    once, and told when it was, is no stream of the set."""
    announced = list(_of_board(device) if isinstance(device, BoardConnected) else _of_instrument(device))
    has_waveform = any(one.shape != "numeric" for one in announced)
    streams: list[Stream] = []
    mapped: dict[int, Mapped] = {}
    for one in announced:
        if len(streams) + one.channels > COLUMNS_MAX:
            break
        numbers = tuple(range(len(streams), len(streams) + one.channels))
        streams += one.streams(numbers)
        is_number = one.shape == "numeric"
        mapped[one.stream_id] = Mapped(
            numbers=numbers,
            record_class=RecordClass.NUMERIC if is_number else RecordClass.WAVEFORM,
            sensor=one.sensor,
            is_signal=not (is_number and has_waveform),
        )
    if not streams:
        return None
    if isinstance(device, BoardConnected):
        event = StreamSet(
            set_no=set_no,
            device=device.uid.hex(),
            streams=tuple(streams),
            model=BOARD_MODEL,
            unverified=NOT_FOR_PATIENTS if device.is_not_for_patients else None,
        )
    else:
        event = StreamSet(
            set_no=set_no,
            device=device.device,
            streams=tuple(streams),
            model=device.model[:TEXT_MAX],
            unverified=device.unverified[:TEXT_MAX] or None,
        )
    return MappedSet(event, mapped)


def _of_board(board: BoardConnected) -> Iterator[_Announced]:
    for one in board.streams:
        yield _Announced(
            stream_id=one.stream_id,
            kind=one.kind,
            mdc=one.mdc,
            label=f"MDC {one.mdc}",
            rate_mhz=one.rate_mhz,
            channels=one.channels,
            scale=one.scale,
            unit=_UNITS.get(one.unit, "1"),  # type: ignore[call-overload]
            source=_BOARD_SOURCES.get(one.mdc),
            sensor=_sensor_of_board(one),
        )


def _of_instrument(instrument: InstrumentConnected) -> Iterator[_Announced]:
    for stream_id, one in enumerate(instrument.streams):
        if one.rate_mhz:
            yield _Announced(
                stream_id=stream_id,
                kind=one.kind,
                mdc=one.mdc,
                label=one.name[:TEXT_MAX],
                rate_mhz=one.rate_mhz,
                channels=1,
                scale=one.scale,
                unit=one.unit,
                source=one.source,
                sensor=_sensor_of_instrument(one),
            )


def _sensor_of_board(stream: StreamDescription) -> Sensor:
    if stream.kind == StreamKind.PPG or stream.mdc in (SPO2, PULSE_RATE):
        return Sensor.PROBE
    known = MEASUREMENTS.get(stream.mdc)
    is_ecg = known.shape == "ecg" if known else stream.kind == StreamKind.ECG
    return Sensor.LEADS if is_ecg else Sensor.OTHER


def _sensor_of_instrument(stream: InstrumentStream) -> Sensor:
    causes = measures_nobody(stream)
    if causes & NO_FINGER:
        return Sensor.PROBE
    return Sensor.LEADS if causes & NO_ELECTRODES else Sensor.OTHER
