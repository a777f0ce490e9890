"""Text messages of the live WebSocket, hub to page. Source: docs/live.md.

Words are keys of the catalogue; times are hub UTC in ms, None when unknown.
"""

from typing import Literal, TypedDict

Word = Literal["connected", "silent", "gone"]


class Visit(TypedDict):
    """`no` is a decimal string (64 bits do not fit a JSON number); `code` is what people say."""

    no: str
    code: str
    opened_ms: float | None


class Stream(TypedDict):
    """One stream of the view: raw value x `scale` is in `unit` (UCUM: mV, uV, %, /min, 1)."""

    stream_id: int
    set_no: int
    mdc: int
    label: str
    rate_mhz: int
    scale: float
    unit: str
    kind: Literal["ecg", "pleth", "numeric"]
    device: str
    device_name: str
    unverified: str | None
    detects_pacing: bool


class Notice(TypedDict):
    """What is the matter: a word, or what the station said where there is none; what stands in its places."""

    key: str
    values: dict[str, str]


class ViewMessage(TypedDict):
    """What the page may draw now, in this order; sent first, and before the first frame of any change."""

    type: Literal["view"]
    station: str
    now_ms: float
    visit: Visit | None
    streams: list[Stream]


class Value(TypedDict):
    """One number of one device. `source`: what a heart rate was counted on; `why`: why it is not measured."""

    device: str
    device_name: str
    stream: int
    mdc: int
    label: str
    source: str | None
    value: float | None
    unit: str
    measured_ms: float | None
    received_ms: float | None
    changed_ms: float | None
    state: Literal["ok", "off", "unknown"]
    why: str | None
    is_unverified: bool


class ValuesMessage(TypedDict):
    """All current numerics of the view; one that is missing here is not shown any more."""

    type: Literal["values"]
    values: list[Value]
    now_ms: float


class StreamNotices(TypedDict):
    """What is the matter with one stream."""

    stream_id: int
    notices: list[Notice]


class NoticesMessage(TypedDict):
    """All strips of which something is to be said; the others are well."""

    type: Literal["notices"]
    streams: list[StreamNotices]
    now_ms: float


class DeviceEntry(TypedDict):
    """One device at the station, and all that is the matter with it."""

    device: str
    name: str
    word: Word
    unverified: str | None
    notices: list[Notice]


class DevicesMessage(TypedDict):
    """All devices; one that is missing here is not there any more."""

    type: Literal["devices"]
    devices: list[DeviceEntry]
    now_ms: float


class Quantity(TypedDict):
    """One number, or three of a blood pressure (the mean may be unknown). `source` as in Value."""

    label: str
    values: list[float | None]
    unit: str
    source: str | None


class MeasurementEntry(TypedDict):
    """A single measurement; without quantities it failed. `device_time`: what the device's own clock said."""

    device: str
    device_name: str
    quantities: list[Quantity]
    measured_ms: float | None
    received_ms: float
    device_time: str | None
    text: str
    unverified: str | None


class MeasurementsMessage(TypedDict):
    """All of the visit under way, newest first."""

    type: Literal["measurements"]
    measurements: list[MeasurementEntry]
    now_ms: float
