"""What goes into the spool together (core): entries before they have a number, and what else one transaction
holds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contract.events import Event, StreamSet, event_body
from contract.header import Header, Kind
from contract.ids import CLEAR, NO_VISIT, BootId, RecordClass, StreamSetNo, VisitNo
from contract.ranges import SeqRanges
from contract.receipts import RefusedRecord


@dataclass(frozen=True, slots=True)
class Entry:
    """A record to be: its header without seq, key and nonce, and its body in clear. `explains`: other records
    mean nothing without it.
    """

    header: Header
    body: bytes
    explains: bool = False

    def with_seq(self, seq: int) -> Header:
        """Return the header of the record that this becomes."""
        return replace(self.header, seq=seq)


@dataclass(frozen=True, slots=True)
class OwedRecord:
    """What the uplink needs to know of a record to decide when to send it."""

    record_class: RecordClass
    seq: int
    boot: BootId
    t_us: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What goes to disk in one transaction.

    `press` (device, its boot, its count) is the press that the first entry records: stored once, however
    often the board repeats it; `facts_of_seq` gives facts that name that entry's seq, and may be asked again
    where room had to be made. `received` replaces what is known of those classes. A fact of None is
    forgotten.
    """

    entries: Sequence[Entry] = ()
    drafts: Sequence[Entry] = ()
    drops_drafts: bool = False  # the entries hold all that the drafts held
    facts: Mapping[str, Any] = field(default_factory=dict)
    press: tuple[str, int, int] | None = None
    facts_of_seq: Callable[[int], Mapping[str, Any]] | None = None
    received: Mapping[RecordClass, SeqRanges] = field(default_factory=dict)
    refused: Sequence[RefusedRecord] = ()
    hub_utc_us: int | None = None  # the hub's own clock, with what it received
    forgets_receipts: bool = False  # what was received or refused before this is so no more

    @property
    def size_bytes(self) -> int:
        """The bodies of entries and drafts."""
        return sum(len(entry.body) for entry in (*self.entries, *self.drafts))

    @property
    def is_urgent(self) -> bool:
        """Whether this may use what is kept in reserve: somebody waits for it, or all that the hub lacks."""
        is_call = any(entry.header.record_class == RecordClass.CALL for entry in self.entries)
        return is_call or self.forgets_receipts


def event_entry(
    event: Event, record_class: RecordClass, *, boot: BootId, t_us: int, visit: VisitNo = NO_VISIT
) -> Entry:
    """Return the entry of an event that happened at (`boot`, `t_us`) during `visit`."""
    header = Header(
        kind=Kind.EVENT,
        record_class=record_class,
        seq=0,
        key_id=CLEAR,
        nonce=0,
        boot=boot,
        t_us=t_us,
        visit=visit,
        stream_set=StreamSetNo(0),
        first_index=0,
        count=0,
        codec=0,
    )
    return Entry(header, event_body(event, record_class), explains=isinstance(event, StreamSet))
