"""What a simulated station owes the hub (core): every record until a receipt names it.

`made_s`, `sent_s` and `now_s` are one clock's seconds. A record that was sent waits for its receipt, and is
due again after RESEND_MIN_S; one of class 0 sooner, and then the connection is not to be trusted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contract.ids import RecordClass
from contract.limits import PARCEL_LARGE_BYTES, RESEND_CALL_MIN_S, RESEND_MIN_S
from contract.ranges import SeqRanges
from contract.receipts import Receipt


@dataclass(slots=True)
class OwedRecord:
    """One record. `sent_s` None: it is to be sent."""

    record_class: RecordClass
    seq: int
    raw: bytes
    made_s: float
    sent_s: float | None = None
    was_sent: bool = False


class Owed:
    """The book of one station."""

    def __init__(self) -> None:
        self.highest: dict[RecordClass, int] = {}  # the last seq that was given, by class
        self.resent = 0  # records that went more than once
        self._records: dict[RecordClass, dict[int, OwedRecord]] = {}  # by seq, ascending

    def __len__(self) -> int:
        return sum(map(len, self._records.values()))

    def next_seq(self, record_class: RecordClass) -> int:
        """Return the seq that the next record of a class is to have."""
        return self.highest.get(record_class, 0) + 1

    def add(self, record_class: RecordClass, seq: int, raw: bytes, *, now_s: float) -> None:
        """Take a record that was just made; its seq follows the last one of its class."""
        if seq != self.next_seq(record_class):
            raise ValueError(
                f"record {seq} of class {record_class} does not follow {self.next_seq(record_class) - 1}"
            )
        self.highest[record_class] = seq
        self._records.setdefault(record_class, {})[seq] = OwedRecord(record_class, seq, raw, now_s)

    def due(self, *classes: RecordClass, now_s: float) -> list[list[OwedRecord]]:
        """Return what is to be sent now of some classes, as the records of a parcel each, in their order."""
        return list(_parcels([one for name in classes for one in self._due(name, now_s)]))

    def sent(self, records: Sequence[OwedRecord], *, now_s: float) -> None:
        """They are on their way."""
        for one in records:
            self.resent += one.was_sent
            one.sent_s, one.was_sent = now_s, True

    def call_is_overdue(self, *, now_s: float) -> bool:
        """Whether something of class 0 has waited too long for its receipt: take a new connection."""
        return any(
            one.sent_s is not None and now_s - one.sent_s >= RESEND_CALL_MIN_S
            for one in self._records.get(RecordClass.CALL, {}).values()
        )

    def connection_lost(self) -> None:
        """What was on its way may be gone: it is to be sent again, unless the hub's word comes first."""
        for records in self._records.values():
            for one in records.values():
                one.sent_s = None

    def take(self, receipt: Receipt) -> list[OwedRecord]:
        """Strike off what the hub has, and what it will never take; return it."""
        done: list[OwedRecord] = []
        for record_class, ranges in receipt.committed.items():
            records = self._records.get(record_class)
            if records:
                done += [records.pop(seq) for seq in _named(records, ranges)]
        for refused in receipt.refused:
            record = self._records.get(refused.record_class, {}).pop(refused.seq, None)
            done += [] if record is None else [record]
        return done

    def of(self, record_class: RecordClass) -> Sequence[OwedRecord]:
        """Return what is owed of a class, oldest first."""
        return tuple(self._records.get(record_class, {}).values())

    def _due(self, record_class: RecordClass, now_s: float) -> Iterator[OwedRecord]:
        wait_s = RESEND_CALL_MIN_S if record_class is RecordClass.CALL else RESEND_MIN_S
        for one in self._records.get(record_class, {}).values():
            if one.sent_s is None or now_s - one.sent_s >= wait_s:
                yield one


def _named(records: dict[int, OwedRecord], ranges: SeqRanges) -> list[int]:
    cumulative = ranges.cumulative
    return [seq for seq in records if seq <= cumulative or seq in ranges]


def _parcels(records: Sequence[OwedRecord]) -> Iterator[list[OwedRecord]]:
    parcel: list[OwedRecord] = []
    size_bytes = 0
    for one in records:
        if parcel and size_bytes + len(one.raw) > PARCEL_LARGE_BYTES:
            yield parcel
            parcel, size_bytes = [], 0
        parcel.append(one)
        size_bytes += len(one.raw)
    if parcel:
        yield parcel
