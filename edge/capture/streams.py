"""What a board announces, as the streams of a stream set (core)."""

from dataclasses import dataclass
from typing import Final

from contract.codes import MEASUREMENTS, PULSE_RATE, SPO2, Shape
from contract.events import Stream, StreamSet
from contract.ids import RecordClass, StreamSetNo
from contract.limits import COLUMNS_MAX
from firmware_bridge.events import BoardConnected, StreamDescription, StreamKind, StreamUnit

_UNITS: Final = {
    StreamUnit.MICROVOLT: "uV",
    StreamUnit.COUNT: "1",
    StreamUnit.MILLIDEGREE_CELSIUS: "m[degC]",
    StreamUnit.PERCENT: "%",
    StreamUnit.PER_MINUTE: "/min",
}
_WAVE_MIN_RATE_MHZ: Final = 10_000  # an unknown kind at 10 Hz and above is drawn, below it is a number


@dataclass(frozen=True, slots=True)
class Mapped:
    """A board's stream in the set: one stream number for each of its channels."""

    numbers: tuple[int, ...]
    record_class: RecordClass
    is_ecg: bool
    is_probe: bool  # comes from the finger probe: pleth and what is computed from it


@dataclass(frozen=True, slots=True)
class MappedSet:
    """The set as the hub is told, and where each of the board's streams went."""

    event: StreamSet
    by_board_stream: dict[int, Mapped]


def map_streams(board: BoardConnected, set_no: StreamSetNo) -> MappedSet | None:
    """Return the stream set of a board's announcement; None when it announces no stream."""
    streams: list[Stream] = []
    mapped: dict[int, Mapped] = {}
    for description in board.streams:
        shape = _shape(description)
        if len(streams) + description.channels > COLUMNS_MAX:
            break
        numbers = tuple(range(len(streams), len(streams) + description.channels))
        streams += (_stream(description, number, shape) for number in numbers)
        mapped[description.stream_id] = Mapped(
            numbers=numbers,
            record_class=RecordClass.NUMERIC if shape == "numeric" else RecordClass.WAVEFORM,
            is_ecg=shape == "ecg",
            is_probe=description.kind == StreamKind.PPG or description.mdc in (SPO2, PULSE_RATE),
        )
    if not streams:
        return None
    return MappedSet(StreamSet(set_no=set_no, device=board.uid.hex(), streams=tuple(streams)), mapped)


def _shape(description: StreamDescription) -> Shape:
    known = MEASUREMENTS.get(description.mdc)
    if known is not None:
        return known.shape
    match description.kind:
        case StreamKind.ECG:
            return "ecg"
        case StreamKind.PPG | StreamKind.RESPIRATION:
            return "pleth"
        case StreamKind.TEMPERATURE | StreamKind.NUMERIC:
            return "numeric"
        case _:
            return "pleth" if description.rate_mhz >= _WAVE_MIN_RATE_MHZ else "numeric"


def _stream(description: StreamDescription, number: int, shape: Shape) -> Stream:
    known = MEASUREMENTS.get(description.mdc)
    return Stream(
        stream=number,
        mdc=description.mdc,
        label=known.label if known else f"MDC {description.mdc}",
        shape=shape,
        rate_mhz=description.rate_mhz,
        scale=description.scale,
        unit=_UNITS.get(description.unit, "1"),  # type: ignore[call-overload]
    )
