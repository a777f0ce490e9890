"""A station as the console meets it: visits, live signals, numbers, presses, said straight to ingest."""

import time
from collections.abc import Sequence

import numpy as np

from contract.codes import PULSE_RATE, SPO2
from contract.events import (
    CallRaised,
    CallStep,
    Event,
    LeadState,
    MediaState,
    Owed,
    PracticeKind,
    Status,
    Stream,
    StreamSet,
    VisitClosed,
    VisitOpened,
)
from contract.ids import NO_VISIT, CallId, RecordClass, VisitNo
from contract.parts import Part
from tests.integration.live_page import heartbeat, pulse_wave
from tests.simulators.box import BoxRecords, box_state
from tests.simulators.console_server import ConsoleServer

ECG_HZ, PLETH_HZ = 250, 100
ECG, PLETH, SPO2_STREAM, PULSE_STREAM = 0, 1, 2, 3
BOOTED_S_AGO = 1_000.0
BOARD = "board-1"
STREAMS = StreamSet(
    set_no=1,
    device=BOARD,
    streams=(
        Stream(stream=ECG, mdc=131329, label="I", shape="ecg", rate_mhz=250_000, scale=5.0, unit="uV"),
        Stream(stream=PLETH, mdc=150452, label="Pleth", shape="pleth", rate_mhz=100_000, scale=1.0, unit="1"),
        *(
            Stream(stream=number, mdc=mdc, label=label, shape="numeric", rate_mhz=1_000, scale=1.0, unit=unit)
            for number, mdc, label, unit in (
                (SPO2_STREAM, SPO2, "SpO2", "%"),
                (PULSE_STREAM, PULSE_RATE, "Pulse", "/min"),
            )
        ),
    ),
)


class ConsoleStation:
    """One station whose box started `BOOTED_S_AGO`; its clock runs with the machine's."""

    def __init__(self, server: ConsoleServer, name: str, *, spool: int = 0xB0C5) -> None:
        self.server, self.name = server, name
        self.records = BoxRecords(name, server.authority.seal_keys.newest().public, spool=spool)
        self._began_s = time.monotonic() - BOOTED_S_AGO
        self._next_index = {ECG: 0, PLETH: 0, SPO2_STREAM: 0, PULSE_STREAM: 0}
        self._send(RecordClass.CALL, self.records.key)
        self.tell(STREAMS)

    def now_us(self) -> int:
        """The box's clock."""
        return int((time.monotonic() - self._began_s) * 1e6)

    def hello(self, *, open_call: int | None = None, is_connected: bool = True) -> None:
        """The box's state, or its Will."""
        state = box_state(self.records, connected=is_connected)
        self.server.say(self.name, state.model_copy(update={"open_call": open_call}))

    def open_visit(self, visit: int) -> None:
        """Somebody sits down."""
        self.records.visit = VisitNo(visit)
        self.tell(VisitOpened(visit=visit, how="signal"))

    def close_visit(self) -> None:
        """They leave."""
        self.tell(VisitClosed(visit=self.records.visit, why="next person"))
        self.records.visit = NO_VISIT

    def live(
        self, *, seconds: float = 1.0, ended_s_ago: float = 0.0, sent_s_later: float = 0.0
    ) -> dict[int, list[int]]:
        """Send `seconds` of ECG and pleth that ended a while ago; return the samples by stream."""
        sent = {}
        for stream, rate_hz, wave in ((ECG, ECG_HZ, heartbeat), (PLETH, PLETH_HZ, pulse_wave)):
            first, count = self._next_index[stream], int(rate_hz * seconds)
            values = [wave(index) for index in range(first, first + count)]
            self.samples(stream, values, ended_s_ago=ended_s_ago)
            sent[stream] = values
        return sent

    def samples(self, stream: int, values: Sequence[int], *, ended_s_ago: float = 0.0) -> int:
        """Send samples of one stream, the last of them measured a while ago; return the first index."""
        rate_hz = STREAMS.streams[stream].rate_mhz / 1000
        first = self._next_index[stream]
        self._next_index[stream] = first + len(values)
        began_us = self.now_us() - int((ended_s_ago + len(values) / rate_hz) * 1e6)
        record_class = RecordClass.WAVEFORM if stream in (ECG, PLETH) else RecordClass.NUMERIC
        self.records.t_us = began_us - 1_000
        chunk = self.records.chunk(
            np.array(values, np.int32), record_class=record_class, stream=stream, first_index=first
        )
        self.deliver(record_class, [chunk])
        return first

    def skip(self, seconds: float) -> None:
        """Samples go by that nobody sends."""
        for stream in self._next_index:
            self._next_index[stream] += int(STREAMS.streams[stream].rate_mhz / 1000 * seconds)

    def numbers(self, spo2: int, pulse: int) -> None:
        """Send one value each."""
        self.samples(SPO2_STREAM, [spo2])
        self.samples(PULSE_STREAM, [pulse])

    def tell(self, event: Event, *, visit: int | None = None) -> None:
        """The box tells an event of class 1, of the visit of now unless another is named."""
        of_now = self.records.visit
        self.records.visit = of_now if visit is None else VisitNo(visit)
        self._send(RecordClass.NUMERIC, lambda: self.records.event(event))
        self.records.visit = of_now

    def deliver(self, record_class: RecordClass, records: Sequence[bytes]) -> None:
        """A parcel of the box arrives."""
        self.records.t_us = self.now_us()
        self.server.take(self.name, record_class, self.records.parcel(records))

    def leads(self, *off: int) -> None:
        """Electrodes or probe came off, or are on again."""
        self.tell(LeadState(device=BOARD, off=off))

    def media(self, camera: str, microphone: str, loudspeaker: str) -> None:
        """Camera, microphone or loudspeaker changed."""
        states = {"camera": camera, "microphone": microphone, "loudspeaker": loudspeaker}
        self.tell(MediaState.model_validate(states))

    def status(self, *, round_trip_ms: int | None = 41, owed: int = 0) -> None:
        """The box says how it is."""
        status = Status(
            owed={"2": Owed(records=owed, oldest_age_s=90.0 if owed else None)},
            spool_bytes=10_000_000,
            disk_free_bytes=20_000_000_000,
            round_trip_ms=round_trip_ms,
            connected_for_s=60.0,
            frames_damaged=0,
            samples_lost=0,
            refused=0,
        )
        self.tell(status)

    def parts(self, parts: Sequence[Part]) -> None:
        """Slices of a photograph arrive, each in a parcel of its own."""
        for part in parts:
            self.records.t_us = self.now_us() - 1_000
            self.deliver(RecordClass.PART, [self.records.part(part)])

    def press(
        self,
        *,
        waited_s: float = 0.0,
        nudges: int | None = None,
        answers: str | None = None,
        practice: PracticeKind | None = None,
    ) -> CallId:
        """Press the button `waited_s` before the press could be sent; return the call's id."""
        self.records.t_us = self.now_us() - int(waited_s * 1e6) - 1_000
        raw = self.records.press(nudges, answers=answers, practice=practice)
        self.deliver(RecordClass.CALL, [raw])
        seq = max(seq for record_class, seq in self.records.sent if record_class is RecordClass.CALL)
        return CallId(self.records.station, self.records.spool, nudges or seq)

    def step(self, call: CallId, step: str) -> None:
        """The station's side of a call took a step."""
        event = CallStep.model_validate({"call_seq": call.seq, "step": step})
        self._send(RecordClass.CALL, lambda: self.records.event(event, RecordClass.CALL))

    def hold(self, call: CallId) -> None:
        """The button of a call is held for two seconds."""
        raised = CallRaised(call_seq=call.seq)
        self._send(RecordClass.CALL, lambda: self.records.event(raised, RecordClass.CALL))

    def _send(self, record_class: RecordClass, make: object) -> None:
        assert callable(make)
        self.records.t_us = self.now_us() - 1_000
        self.deliver(record_class, [make()])
