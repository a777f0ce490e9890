"""What the devices say becomes what one transaction a second stores (core).

Quiet: every second a sealed draft of each device, every 30 s records in their place. Live: records at every
cut, or at every other (`rhythm.py`). Samples are taken here and coded elsewhere. Each device has its own
chunks, gaps and contact; who is being seen is one question over all of them.
"""

from collections.abc import Sequence
from typing import Any, Final

from contract.chunks import Column
from contract.events import (
    Conditions,
    DeviceConfirmed,
    DeviceQuestion,
    DeviceState,
    Event,
    LeadReversal,
    LeadState,
    SamplesLost,
    VisitClosed,
    VisitOpened,
)
from contract.ids import NO_VISIT, BootId, StreamSetNo, VisitNo
from contract.limits import QUIET_CHUNK_S
from edge.capture.cuts import Cut
from edge.capture.device import DeviceSight, HeardDevice
from edge.capture.device_words import StateEvent, words_of
from edge.capture.recent import Recent
from edge.capture.singles import begun_us, measured_of
from edge.capture.streams import BOARD_MODEL, NOT_FOR_PATIENTS, TEXT_MAX, Sensor, map_streams
from edge.capture.told import Told
from edge.capture.visits import Closed, Opened, Visits
from edge.spool.batch import Batch, Entry
from firmware_bridge import events as bridge

BOARD: Final = "board"  # the source of our own board's events, whichever board it is
BUTTON: Final = "button"  # and of a call button of the box itself
DEVICES_MAX: Final = 32  # more than a station has: devices that went long ago are forgotten
CANDIDATES_MAX: Final = 16


class Capture:
    """What was heard since the last cut. `now_us` is CLOCK_BOOTTIME in microseconds, as the bridge's own
    times. `source` is BOARD, BUTTON, or the name of an instrument at this station.
    """

    def __init__(self, *, boot: BootId, facts: dict[str, Any]) -> None:
        self._boot = boot
        saved = facts.get("visit")
        self._visits = Visits.restored(saved) if saved else Visits()
        self._last_set = int(facts.get("stream set") or 0)
        self._questions: dict[str, DeviceQuestion] = {}
        self._devices: dict[str, HeardDevice] = {}
        self._telling = frozenset(saved.get("telling", ()) if saved else ())  # of the process before
        self._told = Told(boot)
        self.recent = Recent()  # what the screen beside the person shows
        self.record_every_s = QUIET_CHUNK_S  # while nobody watches
        self._records_at_us = 0
        self._wants_records = False
        self._facts_changed = False
        self._lost_samples = 0
        if saved and saved["boot"] != boot:
            self._tell_visits(self._visits.box_restarted(), t_us=0)

    @property
    def visit(self) -> VisitNo:
        """Who is being seen; 0 for nobody."""
        return self._visits.current

    @property
    def lost_samples(self) -> int:
        """Samples of all devices that never reached the box."""
        return self._lost_samples

    @property
    def dropped_entries(self) -> int:
        """Events that came faster than they can be stored."""
        return self._told.dropped

    def sights(self) -> list[DeviceSight]:
        """Return what is known of each device, in the order in which they were first heard."""
        return [device.sight() for device in self._devices.values()]

    def has_samples(self, *, now_us: int) -> bool:
        """Whether waveforms come."""
        return any(device.has_samples(now_us=now_us) for device in self._devices.values())

    @property
    def awaits_sensors_off(self) -> bool:
        """Whether a sensor is still on the person before."""
        return self._visits.awaits_sensors_off

    def asks(self, *, now_us: int) -> bool:
        """Whether the nurse should be asked if the visit is over."""
        return self._visits.asks(now_s=now_us / 1e6)

    def _device(self, source: str) -> HeardDevice:
        device = self._devices.get(source)
        if device is None:
            device = self._devices[source] = HeardDevice(source, telling=self._telling)
            device.belongs_to(self._visits.measured(device.sensor_names.values()))
        return device

    # What devices say

    def handle(self, event: bridge.Event, *, source: str, now_us: int) -> None:
        """Take one event of a device; presses go to `press` instead."""
        device = self._device(source)
        match event:
            case bridge.SampleBlock():
                self._on_samples(device, event, now_us)
            case bridge.SamplesLost():
                self._on_lost(device, event, now_us)
            case bridge.LeadState():
                self._on_leads(device, event)
            case bridge.ConditionsChanged():
                self._on_conditions(device, event)
            case bridge.SingleMeasurement():
                self._on_single(device, event, now_us)
            case bridge.BoardConnected():
                self._begin(device, event, event.uid.hex(), event.board_boot)
                self._on_state(device, event)
            case bridge.InstrumentConnected():
                self._begin(device, event, event.device, event.life)
                self._on_state(device, event)
            case (
                bridge.ButtonPressed()
                | bridge.ButtonHeld()
                | bridge.ButtonHeldOn()
                | bridge.ButtonReleased()
                | bridge.CameraButton()
            ):
                pass
            case _:
                self._on_state(device, event)

    def _begin(
        self,
        device: HeardDevice,
        event: bridge.BoardConnected | bridge.InstrumentConnected,
        name: str,
        life: int,
    ) -> None:
        """A device that starts anew has a new stream set. What was the matter before is not any more."""
        if device.is_begun(name, life):
            return
        mapped = map_streams(event, StreamSetNo(self._last_set + 1))
        is_told = mapped is None or self._tell_of(device, mapped.event, event.box_t_us)
        if not is_told:  # a flood left no room for it: wait for the next introduction
            device.forget_streams()
            return
        if mapped is not None:
            self._last_set += 1
            self._facts_changed = True
        self._lose_sight(device, event.box_t_us)
        device.begin(name, life, mapped)
        if mapped is not None:
            self._tell_of(device, LeadState(device=name, off=()), event.box_t_us)
        if isinstance(event, bridge.BoardConnected):
            device.model = BOARD_MODEL
            device.unverified = NOT_FOR_PATIENTS if event.is_not_for_patients else ""
        else:
            device.model, device.unverified = event.model, event.unverified
            self._tell_of(device, Conditions(device=name, on=()), event.box_t_us)

    def _on_state(self, device: HeardDevice, event: StateEvent) -> None:
        words = words_of(event)
        device.is_away = words.is_away
        if words.is_away:
            self._lose_sight(device, event.box_t_us)
            device.went()
        device.problem, device.state, device.fault = words.text or None, words.state, words.fault
        state = DeviceState(device=device.told_name, state=words.state, text=words.text[:TEXT_MAX])
        self._tell_of(device, state, event.box_t_us)

    def _lose_sight(self, device: HeardDevice, t_us: int) -> None:
        """Where a sensor never says that it is off, taking its device away is how to say so."""
        for sensor, name in device.sensor_names.items():
            if device.tells_contact(sensor):
                self._visits.lost_sight(name)
            elif device.has_contact(sensor):
                self._visits.sensor_off(name)
        self._facts_changed = True
        self._set_scenes(t_us)

    def _on_samples(self, device: HeardDevice, block: bridge.SampleBlock, now_us: int) -> None:
        stream = device.stream(block.stream_id, block.board_boot)
        if stream is None:
            return
        if stream.sensor is Sensor.LEADS and block.lead_off_mask is not None:
            device.set_mask(block.stream_id, block.lead_off_mask)
            changed = device.change_contact(block.stream_id, is_off=block.lead_off_mask != 0)
            self._on_contact(device, changed, block.box_t_us)
        if device.is_off(block.stream_id):
            device.unmeasured_samples += len(block.samples)
            return
        if stream.is_signal:
            self._on_signal(device, stream.sensor, block, now_us)
        for column in device.keep(stream, block, now_us=now_us):
            self._remember(device, column, now_us)
        if device.limb_leads.add(block):
            suspected = device.limb_leads.suspected
            told = None if suspected is None else suspected.value
            event = LeadReversal(device=device.told_name, suspected=told)
            self._tell_of(device, event, block.box_t_us, visit=device.visit)

    def _remember(self, device: HeardDevice, column: Column, now_us: int) -> None:
        if device.mapped is not None:
            of_set = device.mapped.event
            self.recent.take(
                column,
                of_set.streams[column.stream],
                set_no=StreamSetNo(of_set.set_no),
                visit=device.visit,
                now_us=now_us,
            )

    def _on_signal(self, device: HeardDevice, sensor: Sensor, block: bridge.SampleBlock, now_us: int) -> None:
        self._facts_changed |= not device.has_contact(sensor)
        device.notice(block.stream_id)
        waited = self._visits.awaits_sensors_off
        opens = device.finds_somebody and not device.is_held_apart
        changes = self._visits.signal(device.sensor_name(sensor), now_s=now_us / 1e6, opens=opens)
        self._tell_visits(changes, block.box_t_us)
        if waited != self._visits.awaits_sensors_off:
            self._set_scenes(block.box_t_us)

    def _on_lost(self, device: HeardDevice, lost: bridge.SamplesLost, now_us: int) -> None:
        stream = device.stream(lost.stream_id, lost.board_boot)
        if stream is None or device.mapped is None or lost.reason.is_absence:
            return  # nothing was measured: the hole in the indexes says so
        self._lost_samples += lost.count
        device.lost_samples += lost.count
        for number in stream.numbers:
            event = SamplesLost(
                set_no=device.mapped.event.set_no,
                stream=number,
                first_index=lost.first_index,
                count=lost.count,
                reason=lost.reason.value,
            )
            self._tell_of(device, event, now_us)

    def _on_leads(self, device: HeardDevice, leads: bridge.LeadState) -> None:
        """The board names one stream and says how both are: electrodes by the mask, the finger by `probe`."""
        stream = device.stream(leads.stream_id)
        if stream is None:
            return
        is_on = leads.probe == bridge.ProbeState.ON if stream.sensor is Sensor.PROBE else not leads.mask
        if stream.sensor is Sensor.LEADS:
            device.set_mask(leads.stream_id, leads.mask)
        if is_on:
            device.notice(leads.stream_id)
        self._on_contact(device, device.change_contact(leads.stream_id, is_off=not is_on), leads.box_t_us)

    def _on_conditions(self, device: HeardDevice, event: bridge.ConditionsChanged) -> None:
        changed = device.change_conditions(event.on)
        self._tell_of(device, device.told_conditions, event.box_t_us, visit=device.visit)
        self._on_contact(device, changed, event.box_t_us)

    def _on_contact(self, device: HeardDevice, changed: set[Sensor], t_us: int) -> None:
        """Streams of these sensors have contact, or none, since now."""
        if not changed:
            return
        for sensor in changed:
            if device.has_contact(sensor):
                self._visits.contact(device.sensor_name(sensor), now_s=t_us / 1e6)
            else:
                self._visits.sensor_off(device.sensor_name(sensor))
        self._facts_changed = True
        self._set_scenes(t_us)
        self._tell_of(device, LeadState(device=device.told_name, off=device.off_streams()), t_us)

    def _on_single(self, device: HeardDevice, event: bridge.SingleMeasurement, now_us: int) -> None:
        measured = measured_of(event, unverified=device.unverified)
        is_of_now = not event.is_from_memory and self._visits.is_of_now(begun_us(event) / 1e6)
        if measured.values and is_of_now and not device.is_held_apart:
            self._tell_visits(self._visits.single(now_s=now_us / 1e6), event.box_t_us)
        visit = self._visits.measured() if is_of_now else NO_VISIT
        self._tell_of(device, measured, event.box_t_us, visit=visit)

    # Which device it is

    def hold_apart(self, source: str, candidates: Sequence[str], port: str, *, now_us: int) -> None:
        """Nobody can tell which device this is: what it measures is nobody's until it is `confirmed`. To be
        called before its first event, also after each start; the same question is told once."""
        question = DeviceQuestion(
            device=source, candidates=tuple(candidates[:CANDIDATES_MAX]), port=port[:TEXT_MAX]
        )
        if self._questions.get(source) == question:
            return
        self._questions[source] = question
        device = self._device(source)
        device.is_held_apart, device.is_away = True, False
        self._set_scenes(now_us)
        self._tell_of(device, question, now_us)

    def confirmed(self, source: str, is_device: str | None, by: str, *, now_us: int) -> None:
        """Somebody said which device it is: another's name, which its events have from now on, or None: its
        own. Nothing where it was not asked."""
        if self._questions.pop(source, None) is None:
            return
        device = self._device(source)
        event = DeviceConfirmed(device=source, is_device=is_device, by=by[:TEXT_MAX])
        self._tell_of(device, event, now_us)
        if is_device is None:
            device.is_held_apart = False
        else:
            device.went()
            device.forget_streams()
            known = self._device(is_device)
            known.is_as(device)
            for sensor, name in device.sensor_names.items():
                self._visits.lost_sight(name)  # until it is heard under its own name
                self._visits.renamed(name, known.sensor_name(sensor))
        self._set_scenes(now_us)

    # What people do

    def press(self, *, t_us: int, now_us: int) -> list[Entry]:
        """The button was pressed: return all events that wait, which must be stored with it or given back."""
        self._tell_visits(self._visits.press(now_s=now_us / 1e6), t_us)
        return self._told.take()

    def next_person(self, *, now_us: int) -> None:
        """The nurse says that the next person comes."""
        changes = self._visits.next_person(now_s=now_us / 1e6)
        self._facts_changed = True
        self._set_scenes(now_us)
        self._tell_visits(changes, now_us)

    # Cutting

    def cut(self, *, now_us: int, is_live: bool) -> list[Cut]:
        """Return the samples that must be coded and stored now, in this order, each as its `batch`. Call
        every second, or oftener while live.

        Thirty seconds (`record_every_s`) take a while to code, so the last one is drafted before them. While
        live there is no more than that one. Records take the place of all drafts, so they are made of all
        devices at once; also when a visit is over.
        """
        self._tell_visits(self._visits.tick(now_s=now_us / 1e6), now_us)
        is_due = self._wants_records or now_us - self._records_at_us >= self.record_every_s * 1e6
        blocks = [device.blocks for device in self._devices.values()]
        cuts = []
        if not is_live:
            drafts = [chunk for one in blocks for chunk in one.cut_drafts()]
            cuts.append(Cut(self._boot, drafts, is_draft=True))
        if is_live or is_due:
            records = [chunk for one in blocks for chunk in one.cut_records()]
            cuts.append(Cut(self._boot, records, is_draft=False))
            self._records_at_us, self._wants_records = now_us, False
            self._forget_the_gone()
        return cuts

    def batch(self, cut: Cut, coded: Sequence[Entry]) -> Batch | None:
        """Return a cut's entries with all events that wait and the facts of now, for one transaction; None
        for nothing. Store it at once: what is stored before it may not be newer.
        """
        events = self._told.take()
        facts = self.facts() if self._facts_changed or (coded and not cut.is_draft) else {}
        self._facts_changed = False
        if not (events or coded or facts):
            return None
        if cut.is_draft:
            return Batch(entries=events, drafts=coded, facts=facts)
        return Batch(entries=[*events, *coded], drops_drafts=True, facts=facts)

    def facts(self) -> dict[str, Any]:
        """Return what a restart must know; to be stored with whatever names the visit of now."""
        return {
            "visit": {**self._visits.saved(boot=self._boot), "telling": self._all_telling()},
            "stream set": self._last_set,
        }

    def _all_telling(self) -> list[str]:
        devices = self._devices.values()
        heard = {
            name for one in devices for sensor, name in one.sensor_names.items() if one.tells_contact(sensor)
        }
        return sorted(heard | {name for name in self._telling if self._visits.knows(name)})

    def told_anew(self, *, now_us: int) -> list[Entry]:
        """Return the events without which what is in memory would mean nothing in another spool: the streams
        of now, open questions, and the visit.
        """
        told: list[Event] = [one.mapped.event for one in self._devices.values() if one.mapped is not None]
        if self.visit != NO_VISIT:
            told.append(VisitOpened(visit=self.visit, how=self._visits.how))
        asked = [one for source, one in self._questions.items() if not self._device(source).is_away]
        return [
            *(self._told.entry(one, now_us, self.visit) for one in told),
            *(self._told.entry(one, now_us, NO_VISIT) for one in asked),
        ]

    def _forget_the_gone(self) -> None:
        """Right after records were made: no sample is lost."""
        gone = [name for name, one in self._devices.items() if one.is_away and name not in (BOARD, BUTTON)]
        for name in gone[: max(0, len(self._devices) - DEVICES_MAX)]:
            del self._devices[name]
            self._questions.pop(name, None)

    # Telling

    def tell(self, event: Event, t_us: int, *, visit: VisitNo | None = None) -> bool:
        """Record an event of class 1 with the next cut; of the visit of now unless another is named. Return
        False when a flood of events left no room for it: it is counted and gone.
        """
        return self._told.add(event, t_us, self._visits.current if visit is None else visit)

    def _tell_of(self, device: HeardDevice, event: Event, t_us: int, *, visit: VisitNo | None = None) -> bool:
        return self.tell(event, t_us, visit=NO_VISIT if device.is_held_apart else visit)

    def _tell_visits(self, changes: Sequence[Opened | Closed], t_us: int) -> None:
        for change in changes:
            if isinstance(change, Opened):
                self.tell(VisitOpened(visit=change.visit, how=change.how), t_us, visit=change.visit)
            else:
                self._wants_records = True
                self.tell(VisitClosed(visit=change.visit, why=change.why), t_us, visit=change.visit)
        if changes:
            self._facts_changed = True
            self._set_scenes(t_us)

    def _set_scenes(self, t_us: int) -> None:
        """Whose samples come now. What is the matter with a device holds for the next person too, once it
        measures them."""
        for device in self._devices.values():
            is_another = device.belongs_to(self._visits.measured(device.sensor_names.values()))
            if is_another and device.visit != NO_VISIT and device.conditions and not device.is_away:
                self._tell_of(device, device.told_conditions, t_us, visit=device.visit)
