"""Events of the bridge become what one transaction a second stores (core).

Quiet: every second a sealed draft of all streams, every 30 s records in their place. Live: records at every
cut, or at every other (`rhythm.py`). Samples are taken here and coded elsewhere. Lead-off and probe-off
blocks measure nobody and are not stored; they end the chunk and are told by an event.
"""

from collections.abc import Sequence
from typing import Any, Final

from contract.chunks import Column
from contract.events import (
    DeviceState,
    Event,
    LeadState,
    SamplesLost,
    StreamSet,
    VisitClosed,
    VisitOpened,
)
from contract.ids import NO_VISIT, BootId, RecordClass, StreamSetNo, VisitNo
from contract.limits import QUIET_CHUNK_S
from edge.capture.blocks import Blocks
from edge.capture.cuts import Cut, Scene
from edge.capture.streams import Mapped, MappedSet, map_streams
from edge.capture.visits import Closed, Opened, Visits
from edge.spool.batch import Batch, Entry, event_entry
from firmware_bridge import events as bridge

ENTRIES_MAX: Final = 500  # of one cut; a board that floods events cannot fill the spool's memory
VITAL_ENTRIES_MAX: Final = 600  # visits and stream sets go on a little longer: samples mean nothing without
WAVES_STOPPED_S: Final = 2.0  # without any block
NO_STREAMS: Final = StreamSetNo(0)


class Capture:
    """What was heard since the last cut. `now_us` is CLOCK_BOOTTIME in microseconds, as the bridge's own
    times.
    """

    def __init__(self, *, boot: BootId, facts: dict[str, Any]) -> None:
        self._boot = boot
        saved = facts.get("visit")
        self._visits = Visits.restored(saved) if saved else Visits()
        self._last_set = int(facts.get("stream set") or 0)
        self._set: MappedSet | None = None
        self._board_key: tuple[bytes, int] | None = None
        self._off: dict[int, bool] = {}  # board stream -> has no contact
        self._measuring: set[int] = set()  # board streams of waveforms that come with contact
        self._blocks = Blocks(Scene(NO_VISIT, NO_STREAMS))
        self._entries: list[Entry] = []
        self._records_at_us = 0
        self._facts_changed = False
        self._waves_at_us: int | None = None
        self.device: str | None = None
        self.device_problem: str | None = "no board has been heard yet"
        self.lost_samples = 0
        self.unmeasured_samples = 0  # came while a lead or the probe was off
        self.dropped_entries = 0
        if saved and saved["boot"] != boot:
            self._tell_visits(self._visits.box_restarted(), t_us=0)

    @property
    def visit(self) -> VisitNo:
        """Who is being seen; 0 for nobody."""
        return self._visits.current

    def has_samples(self, *, now_us: int) -> bool:
        """Whether waveforms come."""
        return self._waves_at_us is not None and now_us - self._waves_at_us < WAVES_STOPPED_S * 1e6

    def asks(self, *, now_us: int) -> bool:
        """Whether the nurse should be asked if the visit is over."""
        return self._visits.asks(now_s=now_us / 1e6)

    # What the bridge says

    def handle(self, event: bridge.Event, *, now_us: int) -> None:
        """Take one event of the bridge; presses go to `press` instead."""
        match event:
            case bridge.SampleBlock():
                self._on_samples(event, now_us)
            case bridge.SamplesLost():
                self._on_lost(event, now_us)
            case bridge.LeadState():
                self._on_leads(event)
            case bridge.BoardConnected():
                self._on_board(event)
            case bridge.BoardSilent():
                self._tell_device("silent", "no heartbeat for 1.5 s", event.box_t_us)
            case bridge.BoardResumed():
                self._tell_device("connected", "", event.box_t_us)
            case bridge.BoardLost():
                self._on_gone(f"{event.reason}: {event.remedy}", event.box_t_us)
            case bridge.PortMissing():
                self._on_gone(f"{event.text} {event.remedy}", event.box_t_us)
            case (
                bridge.ButtonFault()
                | bridge.ResetsAlarm()
                | bridge.OutputFailed()
                | bridge.StreamNotSet()
                | bridge.BootloaderRefused()
                | bridge.ClockDrift()
            ):
                self._tell_device("connected", _fault_text(event), event.box_t_us)
            case bridge.BootloaderEntered():
                self._tell_device("connected", "it restarts into its boot loader", event.box_t_us)
            case bridge.ButtonReleased() | bridge.ButtonPressed() | bridge.CameraButton():
                pass

    def _on_board(self, board: bridge.BoardConnected) -> None:
        self.device = board.uid.hex()
        key: tuple[bytes, int] | None = (board.uid, board.board_boot)
        if key != self._board_key:
            mapped = map_streams(board, StreamSetNo(self._last_set + 1))
            if mapped is not None and self.tell(mapped.event, board.box_t_us):
                self._last_set += 1
                self._facts_changed = True
            elif mapped is not None:  # the flood left no room for it: wait for the next introduction
                key, mapped = None, None
            self._board_key, self._set, self._off = key, mapped, {}
            self._measuring.clear()  # their visit goes on: nobody has seen a sensor come off
            self._set_scene()
        text = (
            ""
            if board.is_schema_known
            else "its firmware speaks another schema: presses only, update the board"
        )
        self._tell_device("connected", text, board.box_t_us)

    def _on_gone(self, text: str, t_us: int) -> None:
        self._blocks.end_chunk()
        self._measuring.clear()
        self._visits.lost_sight()
        self._tell_device("gone", text, t_us)

    def _on_samples(self, block: bridge.SampleBlock, now_us: int) -> None:
        stream = self._mapped(block.stream_id, block.board_boot)
        if stream is None:
            return
        if stream.is_ecg and block.lead_off_mask is not None:
            self._on_contact(block.stream_id, block.lead_off_mask != 0, block.box_t_us)
        if self._off.get(block.stream_id):
            self.unmeasured_samples += len(block.samples)
            return
        if stream.record_class == RecordClass.WAVEFORM:
            self._measuring.add(block.stream_id)
            self._waves_at_us = now_us
            self._tell_visits(self._visits.signal(now_s=now_us / 1e6), block.box_t_us)
        for channel, number in enumerate(stream.numbers):
            samples = block.samples[:, channel].copy()
            column = Column(number, block.first_index, block.box_t_us, block.board_t_us, samples)
            self._blocks.add(stream.record_class, column)

    def _on_lost(self, lost: bridge.SamplesLost, now_us: int) -> None:
        stream = self._mapped(lost.stream_id, lost.board_boot)
        if stream is None or self._set is None or lost.reason.is_absence:
            return  # nothing was measured: the hole in the indexes says so
        self.lost_samples += lost.count
        for number in stream.numbers:
            event = SamplesLost(
                set_no=self._set.event.set_no,
                stream=number,
                first_index=lost.first_index,
                count=lost.count,
                reason=lost.reason.value,
            )
            self.tell(event, now_us)

    def _on_leads(self, leads: bridge.LeadState) -> None:
        """The board names one stream and says how both are: electrodes by the mask, the finger by `probe`."""
        mapped = self._set.by_board_stream.get(leads.stream_id) if self._set is not None else None
        if mapped is not None:
            has_contact = leads.probe == bridge.ProbeState.ON if mapped.is_probe else not leads.mask
            if has_contact and mapped.record_class == RecordClass.WAVEFORM:
                self._measuring.add(leads.stream_id)
            self._on_contact(leads.stream_id, not has_contact, leads.box_t_us)

    def _on_contact(self, stream_id: int, is_off: bool, t_us: int) -> None:
        if self._set is None or self._off.get(stream_id, False) == is_off:
            return
        by_stream = self._set.by_board_stream
        affected = [stream_id]
        if by_stream[stream_id].is_probe:
            affected = [number for number, other in by_stream.items() if other.is_probe]
        self._off.update(dict.fromkeys(affected, is_off))
        if is_off:
            self._blocks.end_chunk()
            self._measuring.difference_update(affected)
            if not self._measuring:
                self._visits.sensors_off()
                self._facts_changed = True
                self._set_scene()
        self.tell(LeadState(device=self._set.event.device, off=self._off_streams()), t_us)

    def _off_streams(self) -> tuple[int, ...]:
        if self._set is None:
            return ()
        by_stream = self._set.by_board_stream
        return tuple(sorted(n for s, is_off in self._off.items() if is_off for n in by_stream[s].numbers))

    def _mapped(self, stream_id: int, board_boot: int) -> Mapped | None:
        if self._set is None or self._board_key is None or self._board_key[1] != board_boot:
            return None
        return self._set.by_board_stream.get(stream_id)

    # What people do

    def press(self, *, t_us: int, now_us: int) -> list[Entry]:
        """The button was pressed: return all events that wait, which must be stored with it or given back."""
        self._tell_visits(self._visits.press(now_s=now_us / 1e6), t_us)
        told, self._entries = self._entries, []
        return told

    def next_person(self, *, now_us: int) -> None:
        """The nurse says that the next person comes."""
        changes = self._visits.next_person()
        self._facts_changed = True
        self._set_scene()
        self._tell_visits(changes, now_us)

    # Cutting

    def cut(self, *, now_us: int, is_live: bool) -> list[Cut]:
        """Return the samples that must be coded and stored now, in this order, each as its `batch`. Call
        every second, or oftener while live.

        Thirty seconds take a while to code, so the last one is drafted before them. While live there is no
        more than that one.
        """
        self._tell_visits(self._visits.tick(now_s=now_us / 1e6), now_us)
        is_due = now_us - self._records_at_us >= QUIET_CHUNK_S * 1e6
        cuts = [] if is_live else [Cut(self._boot, self._blocks.cut_drafts(), is_draft=True)]
        if is_live or is_due or self._blocks.has_ended:
            cuts.append(Cut(self._boot, self._blocks.cut_records(), is_draft=False))
            self._records_at_us = now_us
        return cuts

    def batch(self, cut: Cut, coded: Sequence[Entry]) -> Batch | None:
        """Return a cut's entries with all events that wait and the facts of now, for one transaction; None
        for nothing. Store it at once: what is stored before it may not be newer.
        """
        events, self._entries = self._entries, []
        facts = self.facts() if self._facts_changed or (coded and not cut.is_draft) else {}
        self._facts_changed = False
        if not (events or coded or facts):
            return None
        if cut.is_draft:
            return Batch(entries=events, drafts=coded, facts=facts)
        return Batch(entries=[*events, *coded], drops_drafts=True, facts=facts)

    def facts(self) -> dict[str, Any]:
        """Return what a restart must know; to be stored with whatever names the visit of now."""
        return {"visit": self._visits.saved(boot=self._boot), "stream set": self._last_set}

    def told_anew(self, *, now_us: int) -> list[Entry]:
        """Return the events without which what is in memory would mean nothing in another spool: the streams
        of now, and the visit.
        """
        told: list[Event] = [] if self._set is None else [self._set.event]
        if self.visit != NO_VISIT:
            told.append(VisitOpened(visit=self.visit, how=self._visits.how))
        return [
            event_entry(one, RecordClass.NUMERIC, boot=self._boot, t_us=now_us, visit=self.visit)
            for one in told
        ]

    def _set_scene(self) -> None:
        set_no = StreamSetNo(self._set.event.set_no) if self._set is not None else NO_STREAMS
        self._blocks.set_scene(Scene(self._visits.measured, set_no))

    def _tell_visits(self, changes: Sequence[Opened | Closed], t_us: int) -> None:
        if changes:
            self._set_scene()
        for change in changes:
            self._facts_changed = True
            if isinstance(change, Opened):
                self.tell(VisitOpened(visit=change.visit, how=change.how), t_us, visit=change.visit)
            else:
                self.tell(VisitClosed(visit=change.visit, why=change.why), t_us, visit=change.visit)

    def _tell_device(self, state: Any, text: str, t_us: int) -> None:
        self.device_problem = text if state != "connected" or text else None
        self.tell(DeviceState(device=self.device or "board", state=state, text=text[:200]), t_us)

    def tell(self, event: Event, t_us: int, *, visit: VisitNo | None = None) -> bool:
        """Record an event of class 1 with the next cut; of the visit of now unless another is named. Return
        False when a flood of events left no room for it: it is counted and gone.
        """
        is_vital = isinstance(event, VisitOpened | VisitClosed | StreamSet)
        if len(self._entries) >= (VITAL_ENTRIES_MAX if is_vital else ENTRIES_MAX):
            self.dropped_entries += 1
            return False
        of_visit = self._visits.current if visit is None else visit
        self._entries.append(
            event_entry(event, RecordClass.NUMERIC, boot=self._boot, t_us=t_us, visit=of_visit)
        )
        return True


def _fault_text(
    event: bridge.ButtonFault
    | bridge.ResetsAlarm
    | bridge.OutputFailed
    | bridge.StreamNotSet
    | bridge.BootloaderRefused
    | bridge.ClockDrift,
) -> str:
    match event:
        case bridge.ButtonFault(fault=None):
            return ""
        case bridge.ButtonFault(fault=fault):
            return f"call button: {fault.value}; test the button and its cable" if fault else ""
        case bridge.ResetsAlarm(reset_count=count):
            return f"the board restarted {count} times in ten minutes; change its cable or the board"
        case bridge.OutputFailed(output=output):
            return (
                f"the board did not carry out a command for output {output}; a lamp may show something else"
            )
        case bridge.StreamNotSet(stream_id=stream_id, is_on=is_on, why=why):
            return f"stream {stream_id} is not switched {'on' if is_on else 'off'}: {why.value}"
        case bridge.BootloaderRefused(text=text):
            return f"no boot loader: {text}"
        case bridge.ClockDrift(drift_ppm=drift_ppm, is_excessive=True):
            return f"the board's clock is {drift_ppm:+.0f} ppm off the box's; change the board"
        case bridge.ClockDrift():
            return ""
