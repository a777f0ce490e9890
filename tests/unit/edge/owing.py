"""What is owed, made for the tests of the cores that ask it."""

from collections.abc import Iterable

from contract.ids import RecordClass
from contract.ranges import SeqRanges
from edge.spool.batch import OwedRecord
from edge.spool.ledger import Ledger, Page
from edge.uplink.owed import Owed


class Card:
    """Records as a spool holds them, and how often it was asked for them."""

    def __init__(self, records: Iterable[OwedRecord] = ()) -> None:
        self.records = {(one.record_class, one.seq): one for one in records}
        self.pages: list[Page] = []

    def ledgers(self) -> dict[RecordClass, Ledger]:
        """What is not there was given up."""
        ledgers = {}
        for record_class in RecordClass:
            seqs = SeqRanges((seq, seq) for of, seq in self.records if of is record_class)
            given = max((high for _, high in seqs), default=0)
            ledgers[record_class] = Ledger(given=given, given_up=SeqRanges(seqs.holes(1, given)))
        return ledgers

    def load(self, page: Page) -> list[OwedRecord]:
        self.pages.append(page)
        return [
            self.records[page.record_class, s] for s in page.seqs if (page.record_class, s) in self.records
        ]

    def look_up(self, owed: Owed) -> None:
        """Give `owed` all that it wants, as the uplink does before each parcel."""
        while (page := owed.wanted()) is not None:
            owed.take_page(page, self.load(page))


def owing(*records: OwedRecord) -> Owed:
    """These are owed, and looked up as far as they are wanted."""
    card = Card(records)
    owed = Owed(card.ledgers())
    card.look_up(owed)
    return owed
