"""The devices of one station now (core): which there are, and which of their streams may be drawn."""

from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from contract.codes import PLETH, Condition
from contract.events import DeviceQuestion, Stream, StreamSet
from contract.ids import StreamSetNo, VisitNo
from hub.live.arrived import At, VisitNow
from hub.live.device_now import NEVER, DeviceEvent, DeviceNow, DeviceWord, Told

DEVICES_MAX: Final = 64  # of a station; the one heard of least lately is forgotten
BROKEN: Final = frozenset({Condition.DEVICE_FAULT, Condition.BATTERY_CRITICAL})
STREAM_IDS: Final = 256  # a frame names its stream in one byte


class Shown(NamedTuple):
    """A stream that a page may draw; its id stays the same while its set does."""

    stream_id: int
    set_no: StreamSetNo
    device: str
    stream: Stream


class Trouble(NamedTuple):
    """What is the matter with a device since a moment of the box: no contact, it is away, it is broken."""

    kind: Literal["contact", "gone", "fault"]
    device: str
    at: At


@dataclass(slots=True)
class DevicesNow:
    """All of a station's, of one spool."""

    _devices: dict[str, DeviceNow] = field(default_factory=dict)
    _started: At = NEVER  # of `edge vitals`: what it has not named since is not there
    _ids: dict[tuple[StreamSetNo, int], int] = field(default_factory=dict)
    _shown: tuple[VisitNow | None, list[Shown]] | None = None  # kept: lists of stations ask each second

    def take(self, event: DeviceEvent, at: At, visit: VisitNo) -> bool:
        """Take in an event; return whether it changes anything."""
        self._shown = None
        is_new = self._devices.setdefault(event.device, DeviceNow()).take(event, at, visit)
        if len(self._devices) > DEVICES_MAX:
            del self._devices[min(self._devices, key=lambda name: self._devices[name].newest_at())]
        if is_new and isinstance(event, StreamSet):
            self._number_streams()
        return is_new

    def box_started(self, at: At) -> bool:
        """The box began anew, and names its devices again."""
        is_new = at > self._started
        self._started, self._shown = max(at, self._started), None
        return is_new

    def streams(self, visit: VisitNow | None) -> list[Shown]:
        """Return what may be drawn, as it stands on the page: ECG, pleth, other waveforms, numbers."""
        if self._shown is None or self._shown[0] != visit:
            shown = [one for device in self._devices for one in self._shown_of(device, visit)]
            shown.sort(key=lambda one: (_rank(one.stream), one.device, one.stream.stream))
            self._shown = visit, shown
        return self._shown[1]

    def find(self, set_no: StreamSetNo, number: int, visit: VisitNow | None) -> Shown | None:
        """Return one stream, if it may be drawn."""
        for one in self.streams(visit):
            if one.set_no == set_no and one.stream.stream == number:
                return one
        return None

    def sets(self) -> set[StreamSetNo]:
        """Return the numbers of the devices' sets, drawn or not."""
        return {StreamSetNo(one.set_no) for one in map(self.set_of, self._devices) if one is not None}

    def set_of(self, device: str) -> StreamSet | None:
        """Return the streams of a device, None when it has not named any."""
        told = self._device(device).streams
        return None if told is None else told.event

    def name(self, device: str) -> str:
        """Return what people call it; its identity when nobody said, and before it where two of a kind are
        there: so that it is what stays where room is short.
        """
        model = self._model(device)
        if model is None:
            return device
        is_alone = all(one == device or self._model(one) != model for one in self._devices)
        return model if is_alone else f"{device} · {model}"

    def full_name(self, device: str) -> str:
        """Return its name with its identity, whichever other devices there are."""
        model = self._model(device)
        return device if model is None else f"{model} ({device})"

    def _model(self, device: str) -> str | None:
        of_set = self.set_of(device)
        return of_set.model if of_set is not None and of_set.model else None

    def word(self, device: str) -> DeviceWord:
        """Return whether it is there."""
        return self._device(device).word(self._started)

    def listed(self, visit: VisitNow | None) -> list[str]:
        """Return the devices to be named on the page, in the order of their identities."""
        return sorted(
            device
            for device, one in self._devices.items()
            if one.is_shown(visit, self._started)
            and (one.streams is not None or one.away_at(self._started) is None)
        )

    def off(self, device: str) -> frozenset[int]:
        """Return the streams of a device that have no contact."""
        told = self._device(device).leads
        return frozenset() if told is None else frozenset(told.event.off)

    def conditions(self, device: str, visit: VisitNow | None) -> tuple[str, ...]:
        """Return the conditions that hold."""
        return self._device(device).conditions_in(visit, self._started)

    def reversal(self, device: str, visit: VisitNow | None) -> str | None:
        """Return which electrodes seem changed over in this visit."""
        return self._device(device).reversal_in(visit)

    def troubles(self, visit: VisitNow | None) -> list[Trouble]:
        """Return what is the matter with devices: of no contact only while somebody is being seen."""
        found = []
        for device, one in self._devices.items():
            away_at = one.away_at(self._started)
            if away_at is not None:
                if one.streams is not None:
                    found.append(Trouble("gone", device, away_at))
            elif one.word(self._started) == "connected":
                if visit is not None and one.leads is not None and one.leads.event.off:
                    found.append(Trouble("contact", device, max(one.leads.at, visit.opened)))
                if one.conditions is not None and BROKEN.intersection(one.conditions.event.on):
                    found.append(Trouble("fault", device, one.conditions.at))
        return found

    def questions(self) -> list[Told[DeviceQuestion]]:
        """Return the devices of which somebody must say which they are, the first asked first."""
        asked = [one.question for one in self._devices.values() if one.is_asked(self._started)]
        return sorted((told for told in asked if told is not None), key=lambda told: told.at)

    def _device(self, device: str) -> DeviceNow:
        return self._devices.get(device, DeviceNow())

    def _shown_of(self, device: str, visit: VisitNow | None) -> list[Shown]:
        of_set = self.set_of(device)
        if of_set is None or not self._device(device).is_drawn(visit, self._started):
            return []
        set_no = StreamSetNo(of_set.set_no)
        return [
            Shown(self._ids[set_no, stream.stream], set_no, device, stream)
            for stream in of_set.streams
            if (set_no, stream.stream) in self._ids
        ]

    def _number_streams(self) -> None:
        """Streams that are there keep their numbers: a device that comes does not clear another's strip."""
        sets = [one.streams.event for one in self._devices.values() if one.streams is not None]
        there = [(StreamSetNo(one.set_no), stream.stream) for one in sets for stream in one.streams]
        self._ids = {key: number for key, number in self._ids.items() if key in set(there)}
        free = iter(sorted(set(range(STREAM_IDS)) - set(self._ids.values())))
        for key in there:
            if key not in self._ids and (number := next(free, None)) is not None:
                self._ids[key] = number


def _rank(stream: Stream) -> int:
    if stream.shape == "ecg":
        return 0
    if stream.shape == "pleth":
        return 1 if stream.mdc == PLETH else 2
    return 3
