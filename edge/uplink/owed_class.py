"""The owed records of one class (core): which there are is arithmetic, and only two ends of them are loaded.

A spool of 2 GB holds half a million records, and a box has little memory. So of each class a *head* is
loaded, the oldest, and a *tail*, the newest; what lies between is the gap, and it is looked up on the card
page by page as the head drains. Nothing is sent over the gap: head and tail each end there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Final

from contract.ids import RecordClass
from contract.ranges import SeqRanges
from edge.spool.batch import OwedRecord
from edge.spool.ledger import Ledger, Page, first_of, last_of

PAGE_RECORDS: Final = 256  # of one look at the card: a press waits for it, 0.1 s on a slow card
HEAD_LOW: Final = 128  # below, the next page of the backlog is wanted
TAIL_MAX: Final = 2_048  # new records kept in memory: ten photographs, or seventeen minutes of live records
ON_THE_WAY_MAX: Final = 10_000  # no more is looked up then: five seconds of 2,000 records a second


@dataclass(frozen=True, slots=True)
class Sent:
    """A record on the way; at `due_s` it goes again. One whose repeat costs the connection has `patience_s`:
    it waits so long after the hub's last word, up to twice that.
    """

    record: OwedRecord
    due_s: float
    patience_s: float = 0.0

    def due(self, *, heard_s: float) -> float:
        """When it goes again, the hub's last word having come at `heard_s`."""
        if not self.patience_s:
            return self.due_s
        return min(max(self.due_s, heard_s + self.patience_s), self.due_s + 2 * self.patience_s)


class OwedClass:
    """One class. In memory are at most HEAD_LOW + PAGE_RECORDS of its head, TAIL_MAX of its tail, a page of
    the tail of the last start, and what is on the way: some 4 MB for all classes, whatever is owed.
    """

    def __init__(self, record_class: RecordClass, ledger: Ledger) -> None:
        self.record_class = record_class
        self.waiting: dict[int, OwedRecord] = {}  # loaded and not on the way, by seq
        self.sent: dict[int, Sent] = {}  # in order of sending
        self._given = 0
        self.start_over(ledger)

    def start_over(self, ledger: Ledger) -> None:
        """What became of the seqs is another story now: forget what is loaded, not what is on the way."""
        self.received = SeqRanges(ledger.received)
        self._settled = ledger.settled()
        self._given = max(self._given, ledger.given)
        self.waiting.clear()
        for seq in [seq for seq in self.sent if seq in self._settled]:
            del self.sent[seq]
        self._head_to = 0  # every owed seq up to here is loaded or on the way
        self._tail_from = self._given + 1  # and every one from here on
        self._has_tail = False  # the newest of before the start were looked up

    # Counting

    def count(self) -> int:
        """How many are owed, loaded or not, on the way or not."""
        return self._given - self._settled.count_to(self._given)

    def owes_within(self, low: int, high: int) -> tuple[int, int] | None:
        """Return the first seqs of a range that are owed, or were never given."""
        return next(self._settled.holes(low, high), None)

    def oldest(self) -> OwedRecord | None:
        """The owed record with the lowest seq; None also while it is not loaded."""
        seq, _ = next(self._settled.holes(1, self._given), (0, 0))
        return self.sent[seq].record if seq in self.sent else self.waiting.get(seq)

    # Looking up

    def wanted_head(self) -> Page | None:
        """The page of the backlog that should be looked up next."""
        if len(self.sent) >= ON_THE_WAY_MAX or not self._has_gap():
            return None
        head = takewhile(lambda seq: seq <= self._head_to, self.waiting)
        return self._page(first_of, self._gap()) if len(list(islice(head, HEAD_LOW))) < HEAD_LOW else None

    def wanted_tail(self) -> Page | None:
        """The page with the newest that were stored before the start."""
        return self._page(last_of, self._gap()) if not self._has_tail and self._has_gap() else None

    def take_page(self, page: Page, records: Iterable[OwedRecord]) -> None:
        """These are all that the card has of a page. What it lacks is owed no more.

        A page that was asked for before `start_over` and touches neither end changes nothing.
        """
        low, high = page.ranges[0][0], page.ranges[-1][1]
        is_head = self._is_settled(self._head_to + 1, low - 1)
        is_tail = self._is_settled(high + 1, self._tail_from - 1)
        if not is_head and not is_tail:
            return
        found = {record.seq: record for record in records}
        for seq in page.seqs:
            if seq not in found:
                self._settled.add(seq, seq)
            elif seq not in self.sent and seq not in self._settled:
                self.waiting[seq] = found[seq]
        self._put_in_order()
        if is_head:
            self._head_to = max(self._head_to, high)
        if is_tail:
            self._tail_from, self._has_tail = min(self._tail_from, low), True

    def _page(self, choose: Callable[..., Iterator[tuple[int, int]]], gap: Iterator[tuple[int, int]]) -> Page:
        return Page(self.record_class, tuple(choose(gap, PAGE_RECORDS)))

    def _gap(self) -> Iterator[tuple[int, int]]:
        return self._settled.holes(self._head_to + 1, self._tail_from - 1)

    def _has_gap(self) -> bool:
        return next(self._gap(), None) is not None

    def _is_settled(self, low: int, high: int) -> bool:
        return next(self._settled.holes(low, high), None) is None

    def _is_loaded(self, seq: int) -> bool:
        return seq <= self._head_to or seq >= self._tail_from

    # Sending

    def oldest_first(self) -> Iterator[OwedRecord]:
        """The records that wait, up to the gap."""
        end = self._head_to if self._has_gap() else self._given
        return takewhile(lambda one: one.seq <= end, self.waiting.values())

    def newest_first(self) -> Iterator[OwedRecord]:
        """The records that wait, down to the gap."""
        start = self._tail_from if self._has_gap() else 0
        return takewhile(lambda one: one.seq >= start, reversed(self.waiting.values()))

    def add(self, record: OwedRecord) -> None:
        """A record was stored. Two commits may be told in either order; their seqs are a few apart."""
        seq = record.seq
        self._given = max(self._given, seq)
        if seq in self._settled or seq in self.sent or not self._is_loaded(seq):
            return  # told late: a receipt was earlier, or the page that holds it will come
        is_late = bool(self.waiting) and seq < next(reversed(self.waiting))
        self.waiting[seq] = record
        if is_late:
            self._put_in_order()
        if len(self.waiting) > TAIL_MAX + HEAD_LOW + PAGE_RECORDS:
            self._cut_tail()

    def _cut_tail(self) -> None:
        """Forget the older half of the tail: it comes back as the head reaches it."""
        kept = next(islice(reversed(self.waiting), TAIL_MAX // 2 - 1, None))
        self._tail_from = max(kept, self._head_to + 1)
        for seq in [seq for seq in self.waiting if self._head_to < seq < self._tail_from]:
            del self.waiting[seq]

    def send(self, seqs: Iterable[int], *, due_s: float, patience_s: float = 0.0) -> None:
        """These are on the way."""
        for seq in seqs:
            record = self.waiting.pop(seq, None)
            if record is not None:
                self.sent[seq] = Sent(record, due_s, patience_s)

    def send_again(self, seqs: Iterable[int]) -> None:
        """These are not on the way any more."""
        for seq in seqs:
            record = self.sent.pop(seq).record
            if self._is_loaded(seq):
                self.waiting[seq] = record
        self._put_in_order()

    def _put_in_order(self) -> None:
        self.waiting = dict(sorted(self.waiting.items()))

    # Being rid of them

    def receive(self, ranges: SeqRanges) -> list[OwedRecord]:
        """The hub has these; return those that were loaded. What was never given cannot be received."""
        gone = []
        for low, high in ranges:
            if low <= self._given:
                self.received.add(low, min(high, self._given))
                gone += self.settle(low, min(high, self._given))
        return gone

    def settle(self, low: int, high: int) -> list[OwedRecord]:
        """These are owed no more; return those that were loaded."""
        self._settled.add(low, high)
        sent = [self.sent.pop(seq).record for seq in _within(self.sent, low, high)]
        return sent + [self.waiting.pop(seq) for seq in _within(self.waiting, low, high)]


def _within(seqs: Mapping[int, object], low: int, high: int) -> list[int]:
    """Return the seqs of a range, found in whichever way is shorter."""
    if high - low > len(seqs):
        return [seq for seq in seqs if low <= seq <= high]
    return [seq for seq in range(low, high + 1) if seq in seqs]
