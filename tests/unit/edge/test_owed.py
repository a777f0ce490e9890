import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import Refusal
from contract.ids import BootId, RecordClass
from contract.ranges import SeqRanges
from contract.receipts import RefusedRecord
from edge.spool.batch import OwedRecord
from edge.uplink.owed import Owed

CALL, NUMERIC, WAVE = RecordClass.CALL, RecordClass.NUMERIC, RecordClass.WAVEFORM


def record(record_class: RecordClass, seq: int) -> OwedRecord:
    return OwedRecord(record_class, seq, BootId(1), seq * 1_000_000, 100)


def owing(*seqs: int, record_class: RecordClass = WAVE) -> Owed:
    return Owed([record(record_class, seq) for seq in seqs], {})


def waiting(owed: Owed, record_class: RecordClass = WAVE) -> list[int]:
    return [one.seq for one in owed.waiting(record_class)]


def send(owed: Owed, *seqs: int, record_class: RecordClass = WAVE, now_s: float = 0.0) -> None:
    owed.sent(record_class, seqs, now_s=now_s, round_trip_s=0.1)


def test_what_is_on_the_way_does_not_wait_and_is_still_owed() -> None:
    owed = owing(1, 2, 3)
    send(owed, 2)
    assert waiting(owed) == [1, 3]
    assert owed.count(WAVE) == 3
    assert owed.is_on_the_way


def test_a_receipt_frees_what_it_names_whether_sent_or_waiting() -> None:
    owed = owing(1, 2, 3, 4)
    send(owed, 1, 3)
    gone = owed.receive({WAVE: SeqRanges([(1, 2), (3, 3)])}, epoch=9)
    assert sorted(one.seq for one in gone) == [1, 2, 3]
    assert waiting(owed) == [4]
    assert not owed.is_on_the_way
    assert owed.epoch == 9
    assert owed.received[WAVE] == SeqRanges([(1, 3)])


def test_a_receipt_of_another_class_frees_nothing() -> None:
    owed = owing(1, 2)
    assert owed.receive({NUMERIC: SeqRanges([(1, 2)])}, epoch=1) == []
    assert waiting(owed) == [1, 2]


def test_a_record_without_a_receipt_goes_again_after_ten_seconds_in_its_old_place() -> None:
    owed = owing(1, 2, 3)
    send(owed, 1, now_s=100.0)
    assert not owed.overdue(now_s=109.9)
    assert waiting(owed) == [2, 3]
    assert owed.next_due_s() == 110.0
    assert owed.overdue(now_s=110.0) is False
    assert waiting(owed) == [1, 2, 3]
    assert owed.next_due_s() is None


def test_a_call_without_a_receipt_is_overdue_after_three_seconds_and_says_so() -> None:
    owed = owing(1, record_class=CALL)
    send(owed, 1, record_class=CALL, now_s=100.0)
    assert not owed.overdue(now_s=102.9)
    assert owed.overdue(now_s=103.0)


@pytest.mark.parametrize(("record_class", "due_s"), [(CALL, 106.0), (WAVE, 110.0)])
def test_a_slow_link_gets_more_time(record_class: RecordClass, due_s: float) -> None:
    owed = owing(1, record_class=record_class)
    owed.sent(record_class, [1], now_s=100.0, round_trip_s=2.0)
    assert owed.next_due_s() == due_s


def test_a_lost_connection_puts_everything_back_in_order() -> None:
    owed = owing(1, 2, 3, 4)
    send(owed, 3, 1)
    owed.connection_lost()
    assert waiting(owed) == [1, 2, 3, 4]


def test_the_newest_first_is_the_same_backwards() -> None:
    owed = owing(1, 2, 3)
    send(owed, 2)
    assert [one.seq for one in owed.waiting_newest(WAVE)] == [3, 1]


def test_a_refused_record_is_not_sent_again() -> None:
    owed = owing(1, 2)
    send(owed, 1)
    owed.refuse([RefusedRecord(WAVE, 1, Refusal.BAD_CRC), RefusedRecord(WAVE, 2, Refusal.BAD_CRC)])
    owed.connection_lost()
    assert owed.count(WAVE) == 0


def test_two_commits_told_in_the_wrong_order_are_sent_in_the_right_one() -> None:
    owed = owing(1)
    owed.add(record(WAVE, 3))
    owed.add(record(WAVE, 2))
    assert waiting(owed) == [1, 2, 3]


def test_the_oldest_is_the_oldest_even_when_it_is_on_the_way() -> None:
    owed = owing(4, 5)
    send(owed, 4)
    oldest = owed.oldest(WAVE)
    assert oldest is not None
    assert oldest.seq == 4
    assert owing().oldest(WAVE) is None


def test_a_restored_hub_is_sent_again_what_it_lacks_and_nothing_else() -> None:
    owed = owing(8, 9)
    owed.receive({WAVE: SeqRanges([(1, 7)]), NUMERIC: SeqRanges([(1, 3)])}, epoch=1)
    send(owed, 8)
    committed = {WAVE: SeqRanges([(1, 5)])}
    owed.hub_restored(committed, [record(WAVE, 6), record(WAVE, 7), record(WAVE, 8), record(NUMERIC, 1)])
    owed.receive(committed, epoch=2)
    assert waiting(owed) == [6, 7, 9]
    assert waiting(owed, NUMERIC) == [1]
    assert owed.received[NUMERIC] == SeqRanges()


def test_what_a_receipt_said_is_ours_and_not_the_receipt_s() -> None:
    owed, committed = owing(1, 2), {WAVE: SeqRanges([(1, 1)])}
    owed.hub_restored(committed, [])
    owed.receive({WAVE: SeqRanges([(2, 2)])}, epoch=1)
    assert committed[WAVE] == SeqRanges([(1, 1)])
    first = Owed([], committed)
    first.receive({WAVE: SeqRanges([(2, 2)])}, epoch=1)
    assert committed[WAVE] == SeqRanges([(1, 1)])


@given(
    st.sets(st.integers(1, 60)),
    st.lists(
        st.tuples(st.sampled_from(["send", "receive", "late", "lost"]), st.integers(1, 60), st.integers(0, 9))
    ),
)
def test_every_record_waits_or_is_on_the_way_until_a_receipt_names_it(
    seqs: set[int], steps: list[tuple[str, int, int]]
) -> None:
    owed, left, sent = owing(*sorted(seqs)), set(seqs), set[int]()
    for what, low, length in steps:
        some = range(low, low + length + 1)
        match what:
            case "send":
                sent |= left & set(some)
                send(owed, *some)
            case "receive":
                left -= set(some)
                owed.receive({WAVE: SeqRanges([(low, low + length)])}, epoch=1)
            case "late":
                sent = set()
                owed.overdue(now_s=1e9)
            case _:
                sent = set()
                owed.connection_lost()
        assert waiting(owed) == sorted(left - sent)
        assert owed.count(WAVE) == len(left)
