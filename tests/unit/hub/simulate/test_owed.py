"""The book of what a simulated station owes: nothing leaves it but by the hub's word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import Refusal
from contract.ids import RecordClass, SpoolId
from contract.limits import PARCEL_LARGE_BYTES, RESEND_CALL_MIN_S, RESEND_MIN_S
from contract.ranges import SeqRanges
from contract.receipts import Receipt, RefusedRecord
from hub.simulate.owed import Owed

CALL, NUMERIC, WAVEFORM = RecordClass.CALL, RecordClass.NUMERIC, RecordClass.WAVEFORM


def receipt(record_class: RecordClass, *ranges: tuple[int, int]) -> Receipt:
    return Receipt(SpoolId(1), 1, 0, 0, 0, {record_class: SeqRanges(ranges)})


def book(count: int, record_class: RecordClass = NUMERIC, *, size_bytes: int = 10) -> Owed:
    owed = Owed()
    for seq in range(1, count + 1):
        owed.add(record_class, seq, bytes(size_bytes), now_s=0.0)
    return owed


def test_numbers_of_a_class_follow_one_another() -> None:
    owed = book(2)
    assert owed.next_seq(NUMERIC) == 3
    assert owed.next_seq(WAVEFORM) == 1
    with pytest.raises(ValueError, match="does not follow"):
        owed.add(NUMERIC, 4, b"", now_s=0.0)


def test_what_was_sent_is_due_again_only_after_its_time() -> None:
    owed = book(1)
    (parcel,) = owed.due(NUMERIC, now_s=0.0)
    owed.sent(parcel, now_s=0.0)
    assert owed.due(NUMERIC, now_s=RESEND_MIN_S - 0.1) == []
    assert owed.due(NUMERIC, now_s=RESEND_MIN_S) == [parcel]


def test_a_press_without_a_receipt_asks_for_another_connection() -> None:
    owed = book(1, CALL)
    owed.sent(owed.due(CALL, now_s=0.0)[0], now_s=0.0)
    assert not owed.call_is_overdue(now_s=RESEND_CALL_MIN_S - 0.1)
    assert owed.call_is_overdue(now_s=RESEND_CALL_MIN_S)
    owed.connection_lost()
    assert not owed.call_is_overdue(now_s=60.0)  # it is to be sent, and nothing is overdue
    assert len(owed.due(CALL, now_s=60.0)) == 1


def test_a_lost_connection_makes_everything_due_again() -> None:
    owed = book(3)
    owed.sent(owed.due(NUMERIC, now_s=0.0)[0], now_s=0.0)
    owed.connection_lost()
    (again,) = owed.due(NUMERIC, now_s=0.1)
    assert [one.seq for one in again] == [1, 2, 3]
    assert owed.resent == 0
    owed.sent(again, now_s=0.1)
    assert owed.resent == 3


def test_parcels_hold_no_more_than_a_large_one_may() -> None:
    owed = book(5, size_bytes=PARCEL_LARGE_BYTES // 2)
    assert [[one.seq for one in parcel] for parcel in owed.due(NUMERIC, now_s=0.0)] == [[1, 2], [3, 4], [5]]


def test_ranges_above_a_hole_are_struck_off_and_the_hole_stays() -> None:
    owed = book(6)
    done = owed.take(receipt(NUMERIC, (1, 2), (5, 6)))
    assert [one.seq for one in done] == [1, 2, 5, 6]
    assert [one.seq for one in owed.of(NUMERIC)] == [3, 4]
    assert owed.take(receipt(WAVEFORM, (1, 6))) == []


def test_what_the_hub_will_never_take_is_not_sent_for_ever() -> None:
    owed = book(2)
    refused = Receipt(SpoolId(1), 1, 0, 0, 0, {}, (RefusedRecord(NUMERIC, 2, Refusal.BAD_CRC),))
    assert [one.seq for one in owed.take(refused)] == [2]
    assert len(owed) == 1


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20)), max_size=8))
def test_nothing_is_struck_off_that_no_receipt_named(ranges: list[tuple[int, int]]) -> None:
    owed, named = book(30), SeqRanges()
    for low, length in ranges:
        named.add(low, low + length)
        owed.take(receipt(NUMERIC, *named))
    assert [one.seq for one in owed.of(NUMERIC)] == [seq for seq in range(1, 31) if seq not in named]
