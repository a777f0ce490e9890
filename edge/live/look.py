"""What is looked at for a live view (core): all that the screen may show of a station at one moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from contract.codes import PLETH
from contract.events import Stream
from contract.ids import NO_VISIT, StationId, StreamSetNo, VisitNo
from edge.capture.capture import BUTTON
from edge.capture.device import DeviceSight
from edge.capture.recent import Key, Recent


class Shown(NamedTuple):
    """A stream that may be drawn, and the device that it is of."""

    key: Key
    stream: Stream
    sight: DeviceSight


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One moment. `zero_ms`: UTC in ms at CLOCK_BOOTTIME 0 as the screen is told it, `clock_no` another one
    whenever that was put right; `is_utc_known` False: nobody knows what time it is, and ages are true all the
    same. `news` grows whenever anything changed of what the panel's page says in words.
    """

    station: StationId
    now_us: int
    zero_ms: float
    clock_no: int
    is_utc_known: bool
    visit: VisitNo
    code: str
    sights: Sequence[DeviceSight]
    recent: Recent
    news: int

    @property
    def now_ms(self) -> float:
        """Now, by the clock that the screen is told."""
        return self.utc_ms(self.now_us)

    def utc_ms(self, t_us: int) -> float:
        """Return a moment of this boot by that clock."""
        return self.zero_ms + t_us / 1000

    def devices(self) -> list[DeviceSight]:
        """Return the devices that are known for sure and have named their streams, by identity."""
        found = [one for one in self.sights if one.source != BUTTON and one.name and not one.is_held_apart]
        return sorted(found, key=lambda one: one.name or "")

    def streams(self) -> list[Shown]:
        """Return what may be drawn, as it stands on the page: ECG, pleth, other waveforms, numbers."""
        shown = [
            Shown((StreamSetNo(device.streams.set_no), stream.stream), stream, device)
            for device in self.devices()
            if device.streams is not None and not (device.is_away and self.visit == NO_VISIT)
            for stream in device.streams.streams
        ]
        return sorted(shown, key=lambda one: (_rank(one.stream), one.sight.name, one.stream.stream))

    def name(self, device: DeviceSight) -> str:
        """Return what people call it: with its identity before it where two of a kind are there."""
        if not device.model:
            return device.name or device.source
        is_alone = all(one is device or one.model != device.model for one in self.devices())
        return device.model if is_alone else f"{device.name} · {device.model}"


def _rank(stream: Stream) -> int:
    if stream.shape == "pleth":
        return 1 if stream.mdc == PLETH else 2
    return 0 if stream.shape == "ecg" else 3
