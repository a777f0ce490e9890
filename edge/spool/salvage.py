"""From a file that was set aside to a former spool (shell): everything that can be read and is still owed,
the most urgent first.

Rows are asked of SQLite first: fast, and in the order in which they matter. What is missing after that is
looked for in the raw pages, the newest copies first. Each step is short, and may be the last before a power
cut: what is in the former spool already is not looked for again, and the file goes when all is done.
"""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from contract.header import Kind, Record
from contract.ids import KeyId, RecordClass, SpoolId
from contract.ranges import SeqRanges
from edge.spool.batch import OwedRecord
from edge.spool.former import FormerSpool, Lost
from edge.spool.ledger import Ledger, Page
from edge.spool.salvage_aside import Aside
from edge.spool.salvage_pages import RawPages
from edge.spool.salvage_rows import DamagedFile
from edge.spool.salvage_scan import records_in

ORDER: Final = (RecordClass.CALL, RecordClass.NUMERIC, RecordClass.PART, RecordClass.WAVEFORM)


def spool_of(aside: Aside) -> SpoolId | None:
    """Return whose file it is; None when nobody can tell. Reads all of it at worst. Raises OSError."""
    with DamagedFile(aside.path) as rows, RawPages(aside) as pages:
        return rows.spool() or aside.heritage.spool or pages.spool()


@dataclass(slots=True)
class Outcome:
    """What becomes of a file that was set aside. `has_calls`: all of class 0 that SQLite can read is there;
    `scanned` is the share of the raw pages that was looked at, None when they need not be. The rest is there
    at the end: how many records were recovered and how many drafts are among them, and what is lost.
    """

    has_calls: bool = False
    scanned: float | None = None
    is_done: bool = False
    recovered: int = 0
    drafts: int = 0
    lost: tuple[Lost, ...] = ()

    @property
    def lost_count(self) -> int:
        """How many records are lost."""
        return sum(high - low + 1 for _, low, high in self.lost)


class Salvage:
    """One file set aside. `steps` may be given up after any step and begun anew. For one thread."""

    def __init__(self, aside: Aside, *, has_drafts_elsewhere: bool) -> None:
        """`has_drafts_elsewhere`: what the drafts held is in the next spool already, from memory."""
        self.outcome = Outcome()
        self._aside = aside
        self._wants_drafts = not has_drafts_elsewhere
        self._known = dict.fromkeys(RecordClass, 0)  # the highest seq that anything told of
        self._unwanted = {c: SeqRanges() for c in RecordClass}
        self._last_key, self._sealed_to = 0, 0  # the newest key, and its highest nonce of a chunk's record
        self._is_sure = False  # that no higher one was given
        self._drafts: dict[tuple[KeyId, int], Record] = {}

    def steps(self, former: FormerSpool) -> Iterator[list[OwedRecord]]:
        """Yield after each step what was recovered by it. Raises SpoolError, OSError."""
        with ExitStack() as stack:
            rows = stack.enter_context(DamagedFile(self._aside.path))
            pages = stack.enter_context(RawPages(self._aside))
            yield self._begin(former, rows)
            if former.fact("lost") is None:
                is_all = yield from self._take_rows(former, rows, is_log_broken=pages.is_log_broken)
                if not is_all:
                    yield from self._take_pages(former, pages)
                self._go_on(former)
            self._sum_up(former)
        self.outcome.is_done = True

    # By SQLite

    def _begin(self, former: FormerSpool, rows: DamagedFile) -> list[OwedRecord]:
        """Hand on what became of the numbers and how boots were counted; return one of what was recovered
        before a power cut, if anything was: all of it may be half a million.
        """
        ledgers = {}
        for record_class in RecordClass:
            ledgers[record_class] = ledger = Ledger(
                given=rows.last_seq(record_class)[0],
                received=rows.ranges("received", record_class),
                refused=rows.refused(record_class),
                given_up=rows.ranges("given_up", record_class),
            )
            self._known[record_class] = ledger.given
            self._unwanted[record_class] = ledger.settled()
        boots, are_boots_sure = rows.boots()
        if self._aside.heritage.boot is not None:
            number, name = self._aside.heritage.boot
            boots[name] = number
        former.take_over(ledgers, boots, are_boots_sure=are_boots_sure)
        self._last_key = rows.number("last key")
        for record_class, ledger in former.ledgers().items():
            for low, _ in ledger.settled().holes(1, ledger.given):
                return former.look_up(Page(record_class, ((low, low),)))
        return []

    def _take_rows(
        self, former: FormerSpool, rows: DamagedFile, *, is_log_broken: bool
    ) -> Generator[list[OwedRecord], None, bool]:
        """Return (after the last step) whether that was all there is."""
        self._is_sure = not is_log_broken and all(rows.last_seq(c)[1] for c in RecordClass)
        is_all = self._is_sure
        for record_class in ORDER:
            wanted = self._missing(former, record_class)
            newest_first = record_class is RecordClass.WAVEFORM
            for records in rows.records(record_class, wanted, newest_first=newest_first):
                yield self._take(former, records)
            is_all = is_all and not any(self._missing(former, record_class))
            self.outcome.has_calls = True  # they are the first
        for record_class in (RecordClass.NUMERIC, RecordClass.WAVEFORM):
            for record in rows.newest(record_class):
                self._note(record)
        drafts, are_all = rows.drafts()
        if self._wants_drafts:
            for draft in drafts:
                self._note(draft)
                self._drafts[draft.header.key_id, draft.header.nonce] = draft
            self._wants_drafts = is_log_broken or not are_all
        return is_all and not self._wants_drafts

    def _missing(self, former: FormerSpool, record_class: RecordClass) -> SeqRanges:
        """What is still to be found of the numbers that were given."""
        ledger = former.ledger(record_class)
        there = SeqRanges(self._unwanted[record_class])
        for ranges in (ledger.received, SeqRanges(ledger.given_up.holes(1, ledger.given))):
            for low, high in ranges:
                there.add(low, high)
        return SeqRanges(there.holes(1, self._known[record_class]))

    def _take(self, former: FormerSpool, records: list[Record]) -> list[OwedRecord]:
        for record in records:
            self._note(record)
        return former.take(records) if records else []

    def _note(self, record: Record) -> None:
        """Remember the newest key, how far it sealed, and the highest seqs."""
        header = record.header
        self._known[header.record_class] = max(self._known[header.record_class], header.seq)
        if header.key_id > self._last_key:
            self._last_key, self._sealed_to = header.key_id, 0
        is_cut = header.kind is Kind.CHUNK and header.seq and not header.was_draft
        if is_cut and header.key_id == self._last_key:
            self._sealed_to = max(self._sealed_to, header.nonce)

    # By their own bytes

    def _take_pages(self, former: FormerSpool, pages: RawPages) -> Iterator[list[OwedRecord]]:
        read = 0
        for some, page_of in pages.portions():
            found: dict[tuple[RecordClass, int], Record] = {}
            for page in some:
                for record in records_in(page, page_of):
                    self._note(record)
                    if record.header.seq:
                        found.setdefault((record.header.record_class, record.header.seq), record)
                    elif self._wants_drafts:
                        self._drafts.setdefault((record.header.key_id, record.header.nonce), record)
                read += len(page)
            wanted = [one for (c, seq), one in found.items() if seq not in self._unwanted[c]]
            self.outcome.scanned = min(1.0, read / max(1, pages.size_bytes))
            yield self._take(former, wanted)

    # At the end

    def _go_on(self, former: FormerSpool) -> None:
        lost: list[Lost] = [(c, low, high) for c in RecordClass for low, high in self._missing(former, c)]
        drafts = [
            draft
            for (key, nonce), draft in sorted(self._drafts.items())
            if key == self._last_key and nonce > self._sealed_to  # older ones have become records
        ]
        former.go_on(drafts, lost, known=self._known, is_sure=self._is_sure)

    def _sum_up(self, former: FormerSpool) -> None:
        self.outcome.recovered = int(former.fact("recovered"))
        self.outcome.drafts = int(former.fact("drafts"))
        self.outcome.lost = tuple((RecordClass(c), low, high) for c, low, high in former.fact("lost"))
