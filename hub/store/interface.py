"""What the hub asks of a store. One contract test runs over every store there is.

All calls are synchronous and belong on a worker thread. `commit` is durable on return: only then may a
receipt go out. Errors:

StoreError
├── StoreLockedError   another hub has this store open
└── StoreFailedError   the disk or the database failed: nothing was stored, nothing changed
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from contract.events import AnyEvent, KeyMade, StreamSet
from contract.header import Record, UnreadableRecord
from contract.ids import (
    BY_HAND,
    BootId,
    CallId,
    KeyId,
    RecordClass,
    RecordId,
    SpoolId,
    StationId,
    StreamSetNo,
    VisitNo,
)
from contract.ranges import SeqRanges
from contract.times import Anchor
from hub.store.alert_book import AlertBook
from hub.store.backlog import SpoolHeld
from hub.store.fleet_book import FleetBook
from hub.store.forgetting import Forgetting
from hub.store.link_book import LinkBook
from hub.store.papers import AdviceDraft, AdviceRow, Paper, PaperRow, VisitId
from hub.store.past import PastStore
from hub.store.settings_book import SettingsBook
from hub.store.view_book import ViewBook
from hub.times.fit import BootFit
from hub.times.rates import SampleLine


class StoreError(Exception):
    """Root of this tree. The text says what, where and what the operator can do."""


class StoreLockedError(StoreError):
    """Another hub has this store open."""


class StoreFailedError(StoreError):
    """The disk or the database failed; nothing changed. The boxes keep what they sent."""


class Outcome(Enum):
    """What became of one arrival."""

    STORED = "stored"
    DUPLICATE = "duplicate"  # harmless: the box sent it again
    OTHER_CONTENT = "other content"  # the same identity with other bytes: an alarm, the first one stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A record as it came. `boot` and `sent_t_us` are the parcel's; `received_utc_us` is the hub's clock.

    `event` is what ingest opened; None for chunks and parts, and for an event that could not be opened yet.
    `by_former`: a box has sent it that is the station no more.
    """

    station: StationId
    spool: SpoolId
    boot: BootId
    sent_t_us: int
    received_utc_us: int
    record: Record | UnreadableRecord
    raw: bytes
    event: AnyEvent | None = None
    by_former: bool = False

    @property
    def is_heard(self) -> bool:
        """Whether it is a sign of life of the station."""
        return self.boot != BY_HAND and not self.by_former

    @property
    def record_class(self) -> RecordClass:
        """The record's; for who does not need the whole of `record_id`, of a hundred thousand a minute."""
        record = self.record
        return record.header.record_class if isinstance(record, Record) else record.record_class

    @property
    def record_id(self) -> RecordId:
        """The identity under which it is stored."""
        record = self.record
        of = record.header if isinstance(record, Record) else record
        return RecordId(self.station, self.spool, of.record_class, of.seq)


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it is kept, its body sealed as it came; `event` when it is an event that was opened."""

    record_id: RecordId
    record: Record
    received_utc_us: int
    event: AnyEvent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A call as it is kept. `revision` starts at 1 and grows by one with every change; `state` is a name of
    `hub.calls.table.State`; `kept` is the JSON of `hub.calls.kept`, which no store looks into but for the
    practice of a press.

    (`boot`, `t_us`) is the press by the box's clock, boot 0 when it could not be read; `received_utc_us` is
    when the hub had it; `sent_t_us` is when the box sent it, by the clock of boot `sent_boot`, so that the
    press's true age is known without any anchor.
    """

    call_id: CallId
    state: str
    revision: int
    boot: BootId
    t_us: int
    sent_boot: BootId
    sent_t_us: int
    visit: VisitNo
    received_utc_us: int
    changed_utc_us: int
    owner: str | None
    nudges: int  # presses after the first
    kept: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """Something that was done to a call, by the names of `hub.calls.table`. `by` None: the station, a clock
    or the rules. `utc_us` counts from the receipt of the press (`CallRow.received_utc_us`), not from a wall
    clock that may have been set since. `detail`: one JSON object, of `hub.calls.moves`.
    """

    utc_us: int
    by: str | None
    input: str
    from_state: str
    to_state: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class ClosedCall:
    """A call that is off the list. `last`: how it came to that, None for one of before journals were kept."""

    row: CallRow
    last: JournalLine | None
    has_minutes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMove:
    """A call is to be so from now on, if it still has `revision`; `line` tells how it came to that."""

    call_id: CallId
    revision: int
    owner: str | None
    is_closed: bool
    kept: str
    line: JournalLine


class Store(PastStore, Protocol):
    """The hub's store."""

    @property
    def epoch(self) -> int:
        """A random u32 made with the store; a store restored from a backup is given a new one."""

    @property
    def fleet(self) -> FleetBook:
        """The book of the organisation."""

    @property
    def alerts(self) -> AlertBook:
        """The book of alerts and maintenance."""

    @property
    def links(self) -> LinkBook:
        """The book of links; `commit` writes it."""

    @property
    def forgetting(self) -> Forgetting:
        """What is not kept for ever."""

    @property
    def views(self) -> ViewBook:
        """The book of saved views."""

    @property
    def settings(self) -> SettingsBook:
        """Settings and commands: what people decided, what it made, what stations said of it."""

    def commit(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Store all arrivals in one transaction, durable on return, and say what became of each.

        In the same transaction opened events are filed, and calls are made in state RECEIVED: from a press
        that nudges nothing, or nudges a call that is unknown, closed or over for its station (one that is
        open counts the nudge), and from whatever of class 0 could not be opened, for it may be a press:
        better one ring too many.
        Waveform bodies are in synced segment files before the transaction ends.
        Raises StoreFailedError: no receipt may go out.
        """

    def ranges(self, station: StationId, spool: SpoolId) -> Mapping[RecordClass, SeqRanges]:
        """Return what is stored of a spool, tombstones counted as stored, but never those of class 0."""

    def spools(self, station: StationId) -> list[SpoolId]:
        """Return the station's spools, the one heard last first."""

    def stations(self) -> list[StationId]:
        """Return every station that ever sent a record, by name."""

    def heard_stations(self) -> list[tuple[StationId, int | None]]:
        """Return the same, each with when the hub last stored anything of it."""

    def last_received_utc_us(self, station: StationId) -> int | None:
        """Return when the hub last stored anything of the station."""

    def key_event(self, station: StationId, spool: SpoolId, key_id: KeyId) -> KeyMade | None:
        """Return the wrapped key of that number."""

    def newest_key(self, station: StationId, spool: SpoolId) -> KeyMade | None:
        """Return the wrapped key of the largest number: what the box seals under, as far as we know."""

    def box_keys(self) -> Iterator[tuple[StationId, SpoolId, KeyMade]]:
        """Return every wrapped key, spool by spool, by number."""

    def waiting_keys(self) -> list[tuple[StationId, SpoolId, KeyId]]:
        """Return the keys that are here and that events wait for all the same: nobody could unwrap them."""

    def unopened(self, station: StationId, spool: SpoolId, key_id: KeyId) -> list[StoredRecord]:
        """Return the events that wait for this key."""

    def file_event(self, record_id: RecordId, event: AnyEvent, *, now_utc_us: int) -> None:
        """File an event that could be opened late, as `commit` would have."""

    def anchors(self, station: StationId, spool: SpoolId, *, newest: int) -> list[Anchor]:
        """Return the last `newest` ties of this spool's boots to UTC, in order."""

    def time_fit(
        self, station: StationId, spool: SpoolId, boot: BootId, *, t_us: int, version: int | None = None
    ) -> BootFit:
        """Return of the boot's fit what a moment about `t_us` needs; by default the newest version.

        `commit` makes a version with each anchor; no version is ever changed.
        """

    def anchored_boots(
        self, station: StationId, spool: SpoolId, boot: BootId
    ) -> tuple[BootId | None, BootId | None]:
        """Return the last boot before and the first after `boot` that have anchors."""

    def last_moment_us(self, station: StationId, spool: SpoolId, boot: BootId) -> int:
        """Return the latest time of the boot that anything is known of, 0 for nothing."""

    def sample_line(
        self,
        station: StationId,
        spool: SpoolId,
        set_no: StreamSetNo,
        boot: BootId,
        *,
        stream: int,
        index: int | None = None,
    ) -> SampleLine | None:
        """Return the line that places a sample of a stream: the last that begins before it, or else the
        first; the last of all for None.
        """

    def file_lines(
        self,
        station: StationId,
        spool: SpoolId,
        set_no: StreamSetNo,
        boot: BootId,
        lines: Mapping[int, SampleLine],
        *,
        now_utc_us: int,
    ) -> None:
        """Keep a line of each stream: a new one, or a new version of the one that begins there."""

    def stream_set(self, station: StationId, spool: SpoolId, set_no: StreamSetNo) -> StreamSet | None:
        """Return what the streams of a set are."""

    def events(
        self,
        station: StationId,
        *,
        names: Sequence[str] = (),
        newest: int = 100,
        spool: SpoolId | None = None,
    ) -> list[StoredRecord]:
        """Return opened events, newest first, of these names (all for none)."""

    def chunks(
        self,
        station: StationId,
        spool: SpoolId,
        *,
        record_class: RecordClass,
        visit: VisitNo | None = None,
        newest: int | None = None,
    ) -> Iterator[StoredRecord]:
        """Return chunks in the order of (boot, t_us, seq), bodies read as they are asked for.

        `newest` keeps only the last so many of them.
        """

    def chunks_between(
        self,
        station: StationId,
        spool: SpoolId,
        *,
        record_class: RecordClass,
        visit: VisitNo,
        boot: BootId,
        from_t_us: int,
        until_t_us: int,
    ) -> Iterator[StoredRecord]:
        """Return the visit's chunks of a boot that begin between the two, in the order of (t_us, seq)."""

    def parts(self, station: StationId, spool: SpoolId, *, visit: VisitNo) -> Iterator[StoredRecord]:
        """Return the parts of a visit's objects in the order of seq, bodies read as they are asked for."""

    def unreadable(self, station: StationId) -> list[tuple[RecordId, UnreadableRecord]]:
        """Return the records whose version this hub could not read when they came: stored whole."""

    def backlog(self, station: StationId | None = None) -> list[SpoolHeld]:
        """Return what is here and what is missing of every spool, or of a station's; the worst first."""

    def open_calls(self) -> list[CallRow]:
        """Return the calls that are not closed, oldest press first."""

    def call(self, call_id: CallId) -> CallRow | None:
        """Return one call."""

    def move_calls(self, moves: Sequence[CallMove]) -> list[CallRow | None]:
        """Compare and set, all in one transaction with their lines of the journal. Return each call as it is
        then; None where somebody was faster, and nothing was changed. Raises StoreFailedError.
        """

    def journal(self, call_id: CallId) -> list[JournalLine]:
        """Return what was done to a call, in order; a press that it counted is a PRESSED_AGAIN too."""

    def calls_between(
        self, from_utc_us: int, until_utc_us: int, *, station: StationId | None = None
    ) -> list[CallRow]:
        """Return the calls, open and closed, that were received from then on and before, oldest first."""

    def journals_between(
        self, from_utc_us: int, until_utc_us: int
    ) -> Iterator[tuple[CallRow, list[JournalLine]]]:
        """Return the same, each with its journal."""

    def newest_calls(self) -> list[CallRow]:
        """Return the call of each station that was received last, open or closed."""

    def newest_practices(self, *, since_utc_us: int, newest: int) -> list[CallRow]:
        """Return the drills and tests of the button that were received since then, newest first."""

    def closed_calls(
        self, *, since_utc_us: int, newest: int, station: StationId | None = None
    ) -> list[ClosedCall]:
        """Return the closed calls, of all or of one station, that were received since then, newest first; no
        tests of the button."""

    def handed_over(self, *, since_utc_us: int, newest: int) -> list[CallId]:
        """Return the calls that changed hands with a shift since then, each once, the newest first."""

    def note_visit(self, call_id: CallId, of: VisitId, *, utc_us: int) -> None:
        """Keep that somebody is being seen in a call; twice is once. Raises StoreFailedError."""

    def call_visits(self, call_id: CallId) -> list[VisitId]:
        """Return who was being seen in a call, in that order."""

    def keep_paper(self, paper: Paper, *, after: int | None) -> PaperRow | None:
        """Compare and set: keep a version that follows revision `after` (0: the first) of its kind, of that
        person and, but for what is true of a person in any call, in that call; None: another one stands by
        now. `after` None: it is kept aside. No version is ever changed. Raises StoreFailedError.
        """

    def papers_of_call(self, call_id: CallId, *, kind: str | None = None) -> list[PaperRow]:
        """Return what was written in a call, oldest first, also what was laid aside."""

    def papers_of_visit(self, station: StationId, of: VisitId, kind: str) -> list[PaperRow]:
        """Return all versions of what was written of a person, in whichever call, oldest first."""

    def calls_unsigned(self, from_utc_us: int) -> list[CallId]:
        """Return the calls received from then on that are closed and have no minutes of their end."""

    def add_advice(self, draft: AdviceDraft) -> AdviceRow:
        """Number advice and keep it. The events by which its station answers are filed as they come. Raises
        StoreFailedError.
        """

    def advice_of_call(self, call_id: CallId) -> list[AdviceRow]:
        """Return the advice that was sent in a call, oldest first."""

    def open_advice(self) -> list[AdviceRow]:
        """Return the advice that its station has not confirmed and that is still being said, oldest first."""

    def give_up_advice(self, no: int, *, utc_us: int) -> None:
        """Nobody says it any more. Raises StoreFailedError."""
