"""What receipts have said since the card was last told."""

from contract.errors import Refusal
from contract.ids import RecordClass, SpoolId
from contract.ranges import SeqRanges
from contract.receipts import Receipt, RefusedRecord
from edge.spool.batch import Batch
from edge.uplink.receipt_book import ReceiptBook

REFUSED = RefusedRecord(RecordClass.WAVEFORM, 7, Refusal.MALFORMED)


def receipt(*refused: RefusedRecord) -> Receipt:
    return Receipt(SpoolId(5), 1, 0, 100, 200, refused=refused)


def test_without_a_receipt_nothing_is_added() -> None:
    book, batch = ReceiptBook(refused_count=2), Batch(facts={"visit": 1})
    assert book.added_to(batch, received={}, epoch=1) is batch
    assert book.added_to(None, received={}, epoch=1) is None


def test_what_a_receipt_says_goes_to_the_card_once_beside_what_is_there() -> None:
    book, received = ReceiptBook(refused_count=2), {RecordClass.WAVEFORM: SeqRanges([(1, 6)])}
    book.on_receipt(receipt(REFUSED))
    batch = book.added_to(Batch(facts={"visit": 1}), received=received, epoch=9)
    assert batch is not None
    assert (batch.facts, list(batch.refused), batch.hub_utc_us) == ({"visit": 1, "epoch": 9}, [REFUSED], 200)
    assert book.refused_count == 3
    received[RecordClass.WAVEFORM].add(8, 8)
    assert list(batch.received[RecordClass.WAVEFORM]) == [(1, 6)], (
        "a batch that waits keeps what it was given"
    )
    assert book.added_to(None, received=received, epoch=9) is None
