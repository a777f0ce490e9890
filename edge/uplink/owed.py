"""What the hub does not have yet, and what of it is on the way (core).

A record is owed until a receipt names it. PUBACKs move the window only. A record that was sent and not
received in time is sent again; one of class 0 then wants a new connection, because middleboxes drop flows
without a word. Which records are owed is arithmetic on ranges; the records themselves are looked up page by
page (`wanted`, `take_page`), and `edge/uplink/owed_class.py` says which of them are in memory.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from math import inf

from contract.ids import RecordClass
from contract.limits import RESEND_CALL_MIN_S, RESEND_MIN_S
from contract.ranges import SeqRanges
from contract.receipts import RefusedRecord
from edge.spool.batch import OwedRecord
from edge.spool.ledger import Ledger, Page
from edge.uplink.owed_class import OwedClass, Sent


class Owed:
    """The records that the hub is not known to have, by class and seq."""

    def __init__(self, ledgers: Mapping[RecordClass, Ledger]) -> None:
        self._classes = {c: OwedClass(c, ledgers.get(c, Ledger())) for c in RecordClass}
        self.epoch: int | None = None
        self._heard_s = -inf

    @property
    def received(self) -> dict[RecordClass, SeqRanges]:
        """What the hub is known to have."""
        return {c: one.received for c, one in self._classes.items()}

    def count(self, record_class: RecordClass) -> int:
        """How many are owed, on the way or not."""
        return self._classes[record_class].count()

    def owes_within(self, record_class: RecordClass, low: int, high: int) -> tuple[int, int] | None:
        """Return the first seqs of a range that are owed, or were never given."""
        return self._classes[record_class].owes_within(low, high)

    def oldest(self, record_class: RecordClass) -> OwedRecord | None:
        """The owed record with the lowest seq; None also while it is still to be looked up."""
        return self._classes[record_class].oldest()

    # Looking up

    def wanted(self) -> Page | None:
        """What should be looked up next, None for nothing: calls, then what is perhaps of the last minute,
        then the backlog. Give what was found to `take_page`, and ask again.
        """
        call, *others = self._classes.values()
        pages = (
            *(call.wanted_head,),
            *(one.wanted_tail for one in others),
            *(one.wanted_head for one in others),
        )
        return next((page for ask in pages if (page := ask()) is not None), None)

    def take_page(self, page: Page, records: Iterable[OwedRecord]) -> None:
        """Take what was found of a page; what is missing is not owed any more. Records of no page, such as
        the tombstones of the missing, are new ones.
        """
        found = list(records)
        self._classes[page.record_class].take_page(page, (record for record in found if record in page))
        for record in found:
            if record not in page:
                self.add(record)

    # Sending

    def add(self, record: OwedRecord) -> None:
        """A record was stored. Two commits may be told in either order; their seqs are a few apart."""
        self._classes[record.record_class].add(record)

    def waiting(self, record_class: RecordClass) -> Iterator[OwedRecord]:
        """The records that are not on the way, oldest first, as far as they were looked up."""
        return self._classes[record_class].oldest_first()

    def waiting_newest(self, record_class: RecordClass) -> Iterator[OwedRecord]:
        """The records that are not on the way, newest first, as far as they were looked up."""
        return self._classes[record_class].newest_first()

    @property
    def is_on_the_way(self) -> bool:
        """Whether anything was sent that no receipt has named yet."""
        return any(one.sent for one in self._classes.values())

    def sent(
        self, record_class: RecordClass, seqs: Iterable[int], *, now_s: float, round_trip_s: float
    ) -> None:
        """These are on the way."""
        if record_class == RecordClass.CALL:
            wait_s = max(RESEND_CALL_MIN_S, 3 * round_trip_s)
            self._classes[record_class].send(seqs, due_s=now_s + wait_s, patience_s=wait_s / 2)
        else:
            wait_s = max(RESEND_MIN_S, 4 * round_trip_s)
            self._classes[record_class].send(seqs, due_s=now_s + wait_s)

    def heard(self, *, at_s: float) -> None:
        """The hub's end of the connection said something: it is not dead, and a call that was lost on it is
        being sent again by TCP. Its place on a new connection would be behind a handshake.
        """
        self._heard_s = at_s

    def connection_lost(self) -> None:
        """Whatever was on the way may be gone."""
        for one in self._classes.values():
            one.send_again(list(one.sent))

    def overdue(self, *, now_s: float) -> bool:
        """Send again what was not received in time; return whether class 0 was among it."""
        late = {
            c: [seq for seq, _ in takewhile(lambda item: self._due_s(item[1]) <= now_s, one.sent.items())]
            for c, one in self._classes.items()
        }
        for record_class, seqs in late.items():
            if seqs:
                self._classes[record_class].send_again(seqs)
        return bool(late[RecordClass.CALL])

    def next_due_s(self) -> float | None:
        """When `overdue` should be asked next."""
        first_sent = (next(iter(one.sent.values()), None) for one in self._classes.values())
        return min((self._due_s(one) for one in first_sent if one is not None), default=None)

    def _due_s(self, one: Sent) -> float:
        return one.due(heard_s=self._heard_s)

    # Being rid of them

    def receive(self, committed: Mapping[RecordClass, SeqRanges], *, epoch: int) -> list[OwedRecord]:
        """Take a receipt; return those of the records that are no longer owed which were looked up.

        `hub_restored` comes first when the epoch is another than before.
        """
        self.epoch = epoch
        return [gone for c, ranges in committed.items() for gone in self._classes[c].receive(ranges)]

    def refuse(self, refused: Iterable[RefusedRecord]) -> None:
        """The hub will not take these: they stay on the box and are not sent again."""
        for one in refused:
            self.drop(one.record_class, one.seq)

    def drop(self, record_class: RecordClass, seq: int) -> None:
        """The spool gave the record up."""
        self._classes[record_class].settle(seq, seq)

    def give_up(self, given_up: Mapping[RecordClass, SeqRanges]) -> None:
        """The spool gave these up."""
        for record_class, ranges in given_up.items():
            for low, high in ranges:
                self._classes[record_class].settle(low, high)

    def hub_restored(self, ledgers: Mapping[RecordClass, Ledger]) -> None:
        """The hub's store is another (a backup): what it lacks is owed, and looked up again."""
        for record_class, ledger in ledgers.items():
            self._classes[record_class].start_over(ledger)
