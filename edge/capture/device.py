"""One device as it is heard (core): its streams, what has contact, its samples since the last cut.

Lead-off and probe-off samples measure nobody and are not kept; they end the chunk, of this device alone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from contract.chunks import Column
from contract.codes import Condition
from contract.events import Conditions, StreamSet
from contract.ids import NO_VISIT, RecordClass, StreamSetNo, VisitNo
from edge.capture.blocks import Blocks
from edge.capture.cuts import Scene
from edge.capture.device_words import DeviceState, Fault
from edge.capture.electrodes import names_of
from edge.capture.lead_reversal import Suspicion
from edge.capture.limb_leads import LimbLeads
from edge.capture.streams import Mapped, MappedSet, Sensor
from firmware_bridge.events import SampleBlock
from firmware_bridge.instruments.conditions import NO_ELECTRODES, NO_FINGER

WAVES_STOPPED_S: Final = 2.0  # without any block
NO_STREAMS: Final = StreamSetNo(0)
_NO_CONTACT: Final = {Sensor.PROBE: NO_FINGER, Sensor.LEADS: NO_ELECTRODES}
_NO_PERSON: Final = {Condition.SEARCHING, Condition.DEVICE_FAULT}  # not sure that anybody is measured


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSight:
    """What is known of a device. `source`: whom its events came from; `name`: as the hub knows it, None
    before it was heard; `problem`: what is wrong, and what to do, and `fault` the same as a word.

    `streams`: what it measures, None before it was introduced; `off`: which of them have no contact, and
    `electrodes_off` by name, as far as it tells. `suspected`: which of them seem
    changed over. `visit`: whose its samples are; `is_measuring`: a sensor is on somebody.
    """

    source: str
    name: str | None
    model: str
    unverified: str
    problem: str | None
    conditions: tuple[Condition, ...]
    lost_samples: int
    unmeasured_samples: int
    is_held_apart: bool
    is_measuring: bool = False
    is_away: bool = False
    state: DeviceState = "connected"
    fault: Fault | None = None
    streams: StreamSet | None = None
    off: tuple[int, ...] = ()
    electrodes_off: tuple[str, ...] = ()
    visit: VisitNo = NO_VISIT
    suspected: Suspicion | None = None


class HeardDevice:
    """What is heard from `source`. `visit` and stream set of its samples are right at every moment.
    `telling`: names of sensors, of all devices, that have said that they were off."""

    def __init__(self, source: str, *, telling: Collection[str] = ()) -> None:
        self.source = source
        self.name: str | None = None
        self.model = self.unverified = ""
        self.problem: str | None = "nothing has been heard from it yet"
        self.state: DeviceState = "silent"
        self.fault: Fault | None = None
        self.conditions: frozenset[Condition] = frozenset()
        self.is_held_apart = False  # nobody can tell which device it is
        self.is_away = True
        self.mapped: MappedSet | None = None
        self.blocks = Blocks(Scene(NO_VISIT, NO_STREAMS))
        self.lost_samples = 0
        self.unmeasured_samples = 0  # came while a lead or the probe was off
        self._visit = NO_VISIT
        self._life: tuple[str, int] | None = None
        self._off: dict[int, bool] = {}  # stream -> has no contact
        self._masks: dict[int, int] = {}  # stream -> which electrodes are off
        self._measuring: set[int] = set()  # streams that come with contact
        self._tells_contact = {sensor for sensor in Sensor if self.sensor_name(sensor) in telling}
        self._waves_at_us: int | None = None
        self.limb_leads = LimbLeads({})

    # Who and what

    @property
    def told_name(self) -> str:
        """Its name to the hub."""
        return self.name or self.source

    @property
    def told_conditions(self) -> Conditions:
        """What is the matter, as the hub is told."""
        return Conditions(device=self.told_name, on=tuple(sorted(one.value for one in self.conditions)))

    def is_begun(self, name: str, life: int) -> bool:
        """Whether `begin` has been called for this life of that device."""
        return self._life == (name, life)

    def begin(self, name: str, life: int, mapped: MappedSet | None) -> None:
        """The device starts anew: nobody has seen a sensor come off."""
        self.name, self._life, self.mapped = name, (name, life), mapped
        self._off, self._masks, self.conditions = {}, {}, frozenset()
        self._measuring.clear()
        self.limb_leads = LimbLeads({} if mapped is None else mapped.streams())
        self._set_scene()

    def forget_streams(self) -> None:
        """Its streams could not be told: nothing of it is kept until it is introduced again."""
        self._life, self.mapped = None, None
        self._measuring.clear()
        self._set_scene()

    @property
    def visit(self) -> VisitNo:
        """Whose samples come from it now."""
        return self._visit

    def belongs_to(self, visit: VisitNo) -> bool:
        """What comes from now on is of this visit; of none where the device is held apart. Return whether
        that is another one than before."""
        before, self._visit = self._visit, NO_VISIT if self.is_held_apart else visit
        if before != self._visit:
            self.limb_leads.restart()
        self._set_scene()
        return before != self._visit

    def _set_scene(self) -> None:
        set_no = NO_STREAMS if self.mapped is None else StreamSetNo(self.mapped.event.set_no)
        self.blocks.set_scene(Scene(self._visit, set_no))

    def went(self) -> None:
        """It went, or fell silent."""
        self.is_away = True
        self.blocks.end_chunk()
        self._measuring.clear()

    # Contact

    def sensor_name(self, sensor: Sensor) -> str:
        """Return what tells the sensor from those of other devices."""
        return f"{self.source} {sensor.name.lower()}"

    @property
    def sensor_names(self) -> dict[Sensor, str]:
        """All that it may have."""
        return {sensor: self.sensor_name(sensor) for sensor in Sensor}

    def is_as(self, other: "HeardDevice") -> None:
        """It is the same instrument as `other` was taken for."""
        self._tells_contact |= other._tells_contact

    def tells_contact(self, sensor: Sensor) -> bool:
        """Whether the device has ever said of the sensor that it is off: some never do."""
        return sensor in self._tells_contact

    def has_contact(self, sensor: Sensor) -> bool:
        """Whether the sensor is on somebody, as far as is known."""
        return any(mapped.sensor is sensor for mapped in map(self.stream, self._measuring) if mapped)

    @property
    def finds_somebody(self) -> bool:
        """Whether what comes with contact is the signal of a person."""
        return self.conditions.isdisjoint(_NO_PERSON)

    def is_off(self, stream_id: int) -> bool:
        """Whether the stream measures nobody."""
        return self._off.get(stream_id, False)

    def notice(self, stream_id: int) -> None:
        """The stream comes with contact."""
        mapped = self.stream(stream_id)
        if mapped is not None and mapped.is_signal:
            self._measuring.add(stream_id)

    def change_contact(self, stream_id: int, *, is_off: bool) -> set[Sensor]:
        """The stream has contact or has none; return the sensor if that is new. A probe has one contact for
        all that it measures."""
        mapped = self.stream(stream_id)
        if mapped is None:
            return set()
        is_probe = mapped.sensor is Sensor.PROBE
        streams = self._streams_of(Sensor.PROBE) if is_probe else [stream_id]
        return self._set_off(mapped.sensor, streams, is_off=is_off)

    def set_mask(self, stream_id: int, mask: int) -> None:
        """Which electrodes of the stream are off, bit by bit."""
        self._masks[stream_id] = mask

    @property
    def electrodes_off(self) -> tuple[str, ...]:
        """Return the electrodes that are off, by name; none where the device only tells that some are."""
        mask = 0
        for of_stream in self._masks.values():
            mask |= of_stream
        return names_of(mask)

    def change_conditions(self, conditions: frozenset[Condition]) -> set[Sensor]:
        """Take what is the matter now; return the sensors whose contact is new."""
        self.conditions = conditions
        changed = set()
        for sensor, causes in _NO_CONTACT.items():
            is_off = not causes.isdisjoint(conditions)
            changed |= self._set_off(sensor, self._streams_of(sensor), is_off=is_off)
        return changed

    def _set_off(self, sensor: Sensor, streams: list[int], *, is_off: bool) -> set[Sensor]:
        changed = [one for one in streams if self.is_off(one) != is_off]
        if not changed:
            return set()
        self._off.update(dict.fromkeys(changed, is_off))
        if is_off:
            self._tells_contact.add(sensor)
            self.blocks.end_chunk()
            self._measuring.difference_update(changed)
        else:  # it is on somebody, before its first sample
            for stream_id in changed:
                self.notice(stream_id)
        return {sensor}

    def _streams_of(self, sensor: Sensor) -> list[int]:
        streams = {} if self.mapped is None else self.mapped.by_stream_id
        return [number for number, mapped in streams.items() if mapped.sensor is sensor]

    def off_streams(self) -> tuple[int, ...]:
        """Return the stream numbers of the set that have no contact."""
        streams = {} if self.mapped is None else self.mapped.by_stream_id
        return tuple(sorted(n for one, mapped in streams.items() if self.is_off(one) for n in mapped.numbers))

    # Samples

    def stream(self, stream_id: int, life: int | None = None) -> Mapped | None:
        """Return what the stream is; None for one of another life or that was not announced."""
        if self.mapped is None or self._life is None or life not in (None, self._life[1]):
            return None
        return self.mapped.by_stream_id.get(stream_id)

    def keep(self, mapped: Mapped, block: SampleBlock, *, now_us: int) -> list[Column]:
        """Keep the samples of a stream that has contact, and return them."""
        if mapped.record_class == RecordClass.WAVEFORM:
            self._waves_at_us = now_us
        kept = []
        for channel, number in enumerate(mapped.numbers):
            samples = block.samples[:, channel].copy()
            column = Column(number, block.first_index, block.box_t_us, block.board_t_us, samples)
            self.blocks.add(mapped.record_class, column)
            kept.append(column)
        return kept

    def has_samples(self, *, now_us: int) -> bool:
        """Whether waveforms come."""
        return self._waves_at_us is not None and now_us - self._waves_at_us < WAVES_STOPPED_S * 1e6

    def sight(self) -> DeviceSight:
        """Return what is known of it."""
        return DeviceSight(
            source=self.source,
            name=self.name,
            model=self.model,
            unverified=self.unverified,
            problem=self.problem,
            conditions=tuple(sorted(self.conditions)),
            lost_samples=self.lost_samples,
            unmeasured_samples=self.unmeasured_samples,
            is_held_apart=self.is_held_apart,
            is_measuring=bool(self._measuring),
            is_away=self.is_away,
            state=self.state,
            fault=self.fault,
            streams=None if self.mapped is None else self.mapped.event,
            off=self.off_streams(),
            electrodes_off=self.electrodes_off,
            visit=self.visit,
            suspected=self.limb_leads.suspected,
        )
