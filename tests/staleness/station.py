"""A station of the fuzz: what it measures is true at once, and reaches the hub when there is a line."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from contract.codes import PULSE_RATE, SPO2
from contract.events import AnchorSet, BoxStarted, Event, Status, VisitClosed, VisitOpened
from contract.ids import NO_VISIT, BootId, RecordClass, SpoolId, StreamSetNo, VisitNo
from tests.simulators.box import BoxRecords
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import (
    ECG,
    ECG_HZ,
    PULSE_STREAM,
    SPO2_STREAM,
    STREAMS,
    ConsoleStation,
)
from tests.staleness.truth import (
    FRESH_SPOOL_S,
    PULSE_COUNT,
    PULSE_LEAST,
    Measured,
    Person,
    StationTruth,
)

MDC: Final = {SPO2_STREAM: SPO2, PULSE_STREAM: PULSE_RATE}
PARCEL_RECORDS: Final = 40


class FuzzStation(ConsoleStation):
    """`is_cut`: nothing goes out, everything waits. `persons` numbers whoever sits down."""

    def __init__(
        self, server: ConsoleServer, truth: StationTruth, persons: Iterable[int], *, spool: int
    ) -> None:
        self.truth, self._persons = truth, iter(persons)
        self.is_cut, self.box_off_s = False, frozenset[float]()
        self._boot_s = server.clock.now_s() - 1_000.0
        self._waiting: list[tuple[RecordClass, bytes, float, SpoolId, object]] = []
        self._pulse = 0
        self.person: Person | None = None
        self.sent_count = 0
        super().__init__(server, truth.name, spool=spool)

    def now_us(self) -> int:
        """The box's clock runs true; what it says of UTC need not."""
        return int((self.server.clock.now_s() - self._boot_s) * 1e6)

    def deliver(self, record_class: RecordClass, records: Iterable[bytes]) -> None:
        """What the simulator makes goes the way of everything: out, or into the spool."""
        for raw in records:
            self._give(record_class, raw, None)

    # -- what happens at the station ---------------------------------------------------------------------

    def sit_down(self) -> None:
        """The next person."""
        before = [one.visit for one in self.truth.persons if one.spool == self.records.spool]
        visit = VisitNo(max(before, default=0) + 1)
        self.person = Person(self.records.spool, visit, next(self._persons))
        self.truth.persons.append(self.person)
        self.records.visit = visit
        self._event(VisitOpened(visit=visit, how="signal"))

    def leave(self) -> None:
        """Nobody sits there; the sensors may go on measuring."""
        if self.person is not None:
            self._event(VisitClosed(visit=self.person.visit, why="next person"))
            self.records.visit, self.person = NO_VISIT, None

    def measure(self, *, ago_s: float = 0.0) -> None:
        """One SpO2, one pulse, half a second of ECG, that ended `ago_s` before now."""
        spo2 = self.person.spo2 if self.person is not None else 59
        self._pulse = (self._pulse + 1) % PULSE_COUNT
        for stream, value in ((SPO2_STREAM, spo2), (PULSE_STREAM, PULSE_LEAST + self._pulse)):
            measured_s = self.server.clock.now_s() - ago_s
            one = Measured(
                MDC[stream], value, self.person, measured_s, int(self.records.boot), self.box_off_s
            )
            self.truth.measured.append(one)
            raw = self._chunk(stream, [value], RecordClass.NUMERIC, measured_s)
            self._give(RecordClass.NUMERIC, raw, one)
        if self.person is not None:
            wave = [0, self.person.amplitude] * (ECG_HZ // 4)
            raw = self._chunk(ECG, wave, RecordClass.WAVEFORM, self.server.clock.now_s() - ago_s - 0.5)
            self._give(RecordClass.WAVEFORM, raw, self.person)

    def tell_status(self) -> None:
        """How the box is."""
        self.status()

    def tell(self, event: Event, *, visit: int | None = None) -> None:
        """As the simulator tells it, with the time at which a status was made."""
        self.records.t_us = self.now_us() - 1_000
        made_s = self.server.clock.now_s()
        what = ("status", made_s, self.box_off_s) if isinstance(event, Status) else None
        self._give(RecordClass.NUMERIC, self.records.event(event), what)

    def set_clock(self, *, off_s: float) -> None:
        """The box is told a UTC that is so far off; 0: it is right."""
        self.box_off_s |= {off_s}
        now_us = self.now_us()
        utc_us = self.server.clock.utc_now_us() - self.server.clock.stepped_us + round(off_s * 1e6)
        self.tell(AnchorSet(boot=self.records.boot, t_us=now_us, utc_us=utc_us, err_us=50_000, source="ntp"))

    def restart(self) -> None:
        """The box starts again: another boot, its clock and its indexes at nought; who sat there has gone."""
        self.person, self.records.visit = None, NO_VISIT
        self.records.boot = BootId(self.records.boot + 1)
        self._boot_s = self.server.clock.now_s() - 20.0
        self._begin()

    def change_card(self, spool: int) -> None:
        """Another card, and what waited on the old one has gone with it."""
        self._waiting.clear()
        self.person = None
        key = self.server.authority.seal_keys.newest().public
        self.records = BoxRecords(self.name, key, spool=spool, boot=int(self.records.boot) + 1)
        self._boot_s = self.server.clock.now_s() - 20.0
        self._send(RecordClass.CALL, self.records.key)
        self._begin(set_no=1)

    def _begin(self, *, set_no: int | None = None) -> None:
        self.box_off_s = frozenset()
        self._next_index = dict.fromkeys(self._next_index, 0)
        number = self.records.stream_set + 1 if set_no is None else set_no
        self.records.stream_set = StreamSetNo(number)
        self.tell(BoxStarted(software="0.1.0", drafts_recovered=0))
        self.tell(STREAMS.model_copy(update={"set_no": number}))

    # -- the line ----------------------------------------------------------------------------------------

    def reconnect(self) -> None:
        """The line is back: what waited goes out, the newest class of it as parcels of its own."""
        self.is_cut = False
        waiting, self._waiting = self._waiting, []
        for record_class in (RecordClass.CALL, RecordClass.WAVEFORM, RecordClass.NUMERIC):
            mine = [one for one in waiting if one[0] is record_class]
            for at in range(0, len(mine), PARCEL_RECORDS):
                self._arrive(record_class, mine[at : at + PARCEL_RECORDS])

    def greet(self) -> None:
        """The box says that it is there: no record, and nothing that a store keeps."""
        if not self.is_cut:
            self.hello()
            self.truth.heard_s = self.server.clock.now_s()

    def _event(self, event: Event) -> None:
        self.records.t_us = self.now_us() - 1_000
        self._give(RecordClass.NUMERIC, self.records.event(event), event)

    def _chunk(self, stream: int, values: list[int], record_class: RecordClass, began_s: float) -> bytes:
        first = self._next_index[stream]
        self._next_index[stream] = first + len(values)
        self.records.t_us = int((began_s - self._boot_s) * 1e6)
        samples = np.array(values, np.int32)
        return self.records.chunk(samples, record_class=record_class, stream=stream, first_index=first)

    def _give(self, record_class: RecordClass, raw: bytes, what: object) -> None:
        made_s = self.server.clock.now_s()
        one = (record_class, raw, made_s, self.records.spool, what)
        if self.is_cut:
            self._waiting.append(one)
        else:
            self._arrive(record_class, [one])

    def _arrive(
        self, record_class: RecordClass, some: list[tuple[RecordClass, bytes, float, SpoolId, object]]
    ) -> None:
        super().deliver(record_class, [raw for _, raw, *_ in some])
        self.sent_count += len(some)
        now_s, truth = self.server.clock.now_s(), self.truth
        truth.heard_s = truth.heard_stored_s = now_s
        truth.wall_off_s = self.server.clock.stepped_us / 1e6
        for _, _, made_s, spool, what in some:
            if now_s - made_s <= FRESH_SPOOL_S - 1.0 or not truth.spools:
                truth.spools = {spool}
            elif now_s - made_s <= FRESH_SPOOL_S + 1.0:
                truth.spools = truth.spools | {spool}
            self._note(spool, what, now_s)

    def _note(self, spool: SpoolId, what: object, now_s: float) -> None:
        truth = self.truth
        match what:
            case Measured():
                what.arrived_s, what.wall_off_s = now_s, self.server.clock.stepped_us / 1e6
                if what.person is not None:
                    truth.begun[spool] = max(truth.begun.get(spool, 0), what.person.visit)
            case Person():
                truth.waves.add(what)
                truth.begun[spool] = max(truth.begun.get(spool, 0), what.visit)
            case VisitOpened():
                truth.opened[spool] = max(truth.opened.get(spool, 0), what.visit)
            case VisitClosed():
                truth.closed[spool] = max(truth.closed.get(spool, 0), what.visit)
            case ("status", float() as made_s, frozenset() as off_s) if made_s >= (truth.status_s or 0.0):
                truth.status_s, truth.status_box_off_s = made_s, off_s
                truth.status_wall_off_s = self.server.clock.stepped_us / 1e6
            case _:
                pass
