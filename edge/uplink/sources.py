"""The spools that are sent from (core): the box's own, and former ones, whose records keep their names.

Calls go first, the own ones before those of former spools; then what else the own spool owes, and what is
left of the link goes to the former ones.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from contract.ids import BootId, RecordClass, SpoolId
from contract.receipts import Receipt
from edge.spool.batch import OwedRecord
from edge.spool.ledger import Ledger, Page
from edge.uplink.owed import Owed
from edge.uplink.scheduler import Scheduler, riders


@dataclass(slots=True)
class Source:
    """One spool: what it owes, and who reads it. `boot` is the boot of now as that spool counts. What is
    awaited raises SpoolError.
    """

    spool: SpoolId
    boot: BootId
    owed: Owed
    load: Callable[[Page], Awaitable[list[OwedRecord]]]
    read: Callable[[RecordClass, Iterable[int]], Awaitable[dict[int, bytes]]]
    reload: Callable[[Receipt], Awaitable[Mapping[RecordClass, Ledger]]]
    on_receipt: Callable[[Receipt, list[OwedRecord]], None]
    scheduler: Scheduler = field(default_factory=Scheduler)

    async def raw(self, record_class: RecordClass, records: list[OwedRecord]) -> dict[int, bytes]:
        """Return these records as they lie on the card, by seq; one given up meanwhile is owed no more."""
        seqs = [record.seq for record in records]
        found = await self.read(record_class, seqs)
        for seq in seqs:
            if seq not in found:
                self.owed.drop(record_class, seq)
        return found


class Chosen(NamedTuple):
    """What goes next, and from where."""

    source: Source
    record_class: RecordClass
    records: list[OwedRecord]


class Sources:
    """Never empty: the own spool comes first."""

    def __init__(self, own: Source) -> None:
        self.own = own
        self.holds_bulk = False  # the link's bytes are used up; say `look_again` to the uplink
        self._former: dict[SpoolId, Source] = {}

    def __iter__(self) -> Iterator[Source]:
        return iter((self.own, *self._former.values()))

    def add(self, former: Source) -> None:
        """A former spool is to be sent from too."""
        self._former[former.spool] = former

    def remove(self, spool: SpoolId) -> None:
        """A former spool is no more."""
        self._former.pop(spool, None)

    def of(self, spool: SpoolId) -> Source | None:
        """Return the source of that name."""
        return next((source for source in self if source.spool == spool), None)

    def next_parcel(self, *, now_us: int, is_live: bool, limit_bytes: int) -> Chosen | None:
        """Return what goes next: at least one record, else as many as fit `limit_bytes`."""
        others: list[Chosen] = []
        for source in self:
            chosen = source.scheduler.next_parcel(
                source.owed,
                boot=source.boot,
                now_us=now_us,
                is_live=is_live and source is self.own,
                limit_bytes=limit_bytes,
                holds_bulk=self.holds_bulk,
            )
            if chosen is not None:
                if chosen[0] == RecordClass.CALL:
                    return Chosen(source, *chosen)
                others.append(Chosen(source, *chosen))
        return others[0] if others else None

    def riders(
        self, source: Source, records: list[OwedRecord], *, is_live: bool, now_us: int, limit_bytes: int
    ) -> list[OwedRecord]:
        """Return the waveforms that go along with these records: edge.uplink.scheduler.riders."""
        if self.holds_bulk and not is_live:
            return []
        return riders(source.owed, records, boot=source.boot, now_us=now_us, limit_bytes=limit_bytes)

    def wanted(self) -> tuple[Source, Page] | None:
        """Return what should be looked up next, and where."""
        return next(((one, page) for one in self if (page := one.owed.wanted()) is not None), None)

    @property
    def is_on_the_way(self) -> bool:
        """Whether anything was sent that no receipt has named yet."""
        return any(source.owed.is_on_the_way for source in self)

    @property
    def owes_calls(self) -> bool:
        """Whether a record of class 0 has no receipt."""
        return any(source.owed.count(RecordClass.CALL) for source in self)

    def next_due_s(self) -> float | None:
        """When `overdue` should be asked next."""
        due = (source.owed.next_due_s() for source in self)
        return min((at_s for at_s in due if at_s is not None), default=None)

    def overdue(self, *, now_s: float) -> bool:
        """Send again what was not received in time; return whether class 0 was among it."""
        return any([source.owed.overdue(now_s=now_s) for source in self])

    def heard(self, *, at_s: float) -> None:
        """The hub's end of the connection said something then."""
        for source in self:
            source.owed.heard(at_s=at_s)

    def connection_lost(self) -> None:
        """Whatever was on the way may be gone."""
        for source in self:
            source.owed.connection_lost()
