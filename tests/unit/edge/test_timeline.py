import pytest

from contract.ids import BootId, RecordClass
from contract.ranges import SeqRanges
from edge.spool.batch import OwedRecord
from edge.spool.ledger import Ledger
from edge.uplink.owed import Owed
from edge.uplink.timeline import Doubt, Timeline

CALL, NUMERIC, WAVE, PART = RecordClass
GIVEN = {CALL: 5, NUMERIC: 50, WAVE: 500, PART: 0}


def owing(new: int = 0, *, settled: SeqRanges | None = None) -> Owed:
    """All of before the start is owed, and `new` calls since."""
    owed = Owed({c: Ledger(given=n, given_up=settled or SeqRanges()) for c, n in GIVEN.items()})
    for seq in range(6, 6 + new):
        owed.add(OwedRecord(CALL, seq, BootId(1), 0, 10))
    return owed


def has(*ranges: tuple[int, int], record_class: RecordClass = CALL) -> dict[RecordClass, SeqRanges]:
    return {record_class: SeqRanges(ranges)}


def test_a_receipt_for_what_was_sent_or_may_have_been_is_no_proof() -> None:
    timeline, owed = Timeline(GIVEN, None), owing(2)
    assert timeline.doubt(has((1, 5)), owed) is None, "a process before may have sent them"
    timeline.on_sent(CALL, [6, 7])
    assert timeline.doubt(has((1, 7)), owed) is None


def test_a_receipt_for_a_number_that_was_never_given_is() -> None:
    assert Timeline(GIVEN, None).doubt(has((1, 9)), owing()) == Doubt(CALL, 6, 9)
    assert Timeline(GIVEN, None).doubt(has((7, 7), record_class=PART), owing()) == Doubt(PART, 7, 7)


def test_so_is_one_for_a_record_of_ours_that_was_never_sent() -> None:
    """The key that each start makes: the first new number of an old card."""
    assert Timeline(GIVEN, None).doubt(has((1, 6)), owing(2)) == Doubt(CALL, 6, 6)


def test_what_was_given_up_may_have_been_told_by_a_tombstone() -> None:
    timeline = Timeline(dict.fromkeys(RecordClass, 0), None)
    assert timeline.doubt(has((1, 3)), owing(settled=SeqRanges([(1, 3)]))) is None


def test_what_was_not_sent_is_known_after_a_restart_if_no_connection_was_made_since() -> None:
    timeline = Timeline(GIVEN, None)
    timeline.on_sent(CALL, [6])
    again = Timeline({**GIVEN, CALL: 20}, timeline.kept())
    assert again.is_kept
    assert again.doubt(has((1, 6)), owing(15)) is None
    assert again.doubt(has((1, 7)), owing(15)) == Doubt(CALL, 7, 7)


@pytest.mark.parametrize("kept", [None, "nonsense", 5])
def test_where_nothing_is_kept_all_of_before_may_have_been_sent(kept: object) -> None:
    timeline = Timeline(GIVEN, kept)
    assert not timeline.is_kept
    assert timeline.doubt(has((1, 5)), owing()) is None
