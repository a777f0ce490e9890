import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.errors import Refusal
from contract.ids import BootId, RecordClass
from contract.ranges import SeqRanges
from contract.receipts import RefusedRecord
from edge.spool.batch import OwedRecord
from edge.spool.ledger import Ledger, Page
from edge.uplink.owed import Owed
from edge.uplink.owed_class import HEAD_LOW, ON_THE_WAY_MAX, PAGE_RECORDS, TAIL_MAX
from tests.unit.edge.owing import Card
from tests.unit.edge.owing import owing as looked_up

CALL, NUMERIC, WAVE = RecordClass.CALL, RecordClass.NUMERIC, RecordClass.WAVEFORM


def record(record_class: RecordClass, seq: int) -> OwedRecord:
    return OwedRecord(record_class, seq, BootId(1), seq * 1_000_000, 100)


def owing(*seqs: int, record_class: RecordClass = WAVE) -> Owed:
    return looked_up(*(record(record_class, seq) for seq in seqs))


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


def test_a_call_waits_longer_while_the_hub_s_end_is_heard_but_not_for_ever() -> None:
    owed = owing(1, record_class=CALL)
    send(owed, 1, record_class=CALL, now_s=100.0)
    owed.heard(at_s=100.6)  # perhaps a word that was under way when the connection died
    assert owed.next_due_s() == 103.0
    owed.heard(at_s=102.5)
    assert owed.next_due_s() == 104.0
    assert not owed.overdue(now_s=103.9)
    owed.heard(at_s=105.5)
    assert not owed.overdue(now_s=105.9)
    assert owed.overdue(now_s=106.0)


def test_a_record_that_is_no_call_goes_again_whatever_is_heard() -> None:
    owed = owing(1)
    send(owed, 1, now_s=100.0)
    owed.heard(at_s=109.9)
    assert owed.next_due_s() == 110.0


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
    card = Card(
        [*(record(WAVE, seq) for seq in range(1, 10)), *(record(NUMERIC, seq) for seq in range(1, 4))]
    )
    owed = Owed(card.ledgers())
    owed.receive({WAVE: SeqRanges([(1, 7)]), NUMERIC: SeqRanges([(1, 3)])}, epoch=1)
    card.look_up(owed)
    send(owed, 8)
    ledgers = card.ledgers()
    ledgers[WAVE].received.add(1, 5)
    owed.hub_restored(ledgers)
    card.look_up(owed)
    assert waiting(owed) == [6, 7, 9]
    assert waiting(owed, NUMERIC) == [1, 2, 3]
    assert owed.received[NUMERIC] == SeqRanges()
    assert (owed.count(WAVE), owed.count(NUMERIC)) == (4, 3)


def test_what_a_restored_hub_has_of_what_is_on_the_way_is_not_sent_again() -> None:
    owed = owing(1, 2)
    send(owed, 1)
    owed.hub_restored({WAVE: Ledger(given=2, received=SeqRanges([(1, 1)]))})
    assert not owed.is_on_the_way
    owed.connection_lost()
    assert waiting(owed) == []
    assert owed.wanted() == Page(WAVE, ((2, 2),))


def test_what_was_stored_while_the_card_was_asked_what_a_restored_hub_lacks_is_owed_too() -> None:
    owed = owing(1, 2)
    owed.add(record(WAVE, 3))
    owed.hub_restored({WAVE: Ledger(given=2, received=SeqRanges([(1, 2)]))})
    assert owed.count(WAVE) == 1
    assert owed.wanted() == Page(WAVE, ((3, 3),))


def test_what_a_receipt_said_is_ours_and_not_the_receipt_s() -> None:
    owed, committed = owing(1, 2), {WAVE: SeqRanges([(1, 1)])}
    owed.receive(committed, epoch=1)
    owed.receive({WAVE: SeqRanges([(2, 2)])}, epoch=1)
    assert committed[WAVE] == SeqRanges([(1, 1)])
    ledger = Ledger(given=2, received=SeqRanges([(1, 1)]))
    other = Owed({WAVE: ledger})
    other.receive({WAVE: SeqRanges([(2, 2)])}, epoch=1)
    assert ledger.received == SeqRanges([(1, 1)])


def test_a_receipt_for_what_was_never_given_settles_nothing_that_comes() -> None:
    owed = owing(1)
    owed.receive({WAVE: SeqRanges([(1, 5)])}, epoch=1)
    owed.add(record(WAVE, 2))
    assert (waiting(owed), owed.count(WAVE), owed.received[WAVE].cumulative) == ([2], 1, 1)


# Half a million records and little memory


def backlog(count: int, record_class: RecordClass = WAVE) -> tuple[Card, Owed]:
    card = Card(record(record_class, seq) for seq in range(1, count + 1))
    return card, Owed(card.ledgers())


def loaded(owed: Owed, record_class: RecordClass = WAVE) -> int:
    return len(owed._classes[record_class].waiting)


def test_a_count_needs_no_record() -> None:
    ledger = Ledger(
        given=500_000,
        received=SeqRanges([(1, 1_000), (5_001, 6_000)]),
        refused=SeqRanges([(2_000, 2_000)]),
        given_up=SeqRanges([(900, 1_500)]),
    )
    owed = Owed({WAVE: ledger})
    assert owed.count(WAVE) == 500_000 - 1_500 - 1_000 - 1
    assert loaded(owed) == 0


def test_of_a_long_backlog_the_two_ends_are_looked_up_and_no_more() -> None:
    card, owed = backlog(100_000)
    card.look_up(owed)
    assert [page.ranges for page in card.pages] == [
        ((100_000 - PAGE_RECORDS + 1, 100_000),),
        ((1, PAGE_RECORDS),),
    ]
    assert waiting(owed) == list(range(1, PAGE_RECORDS + 1)), "nothing is sent over the gap"
    assert [one.seq for one in owed.waiting_newest(WAVE)] == list(range(100_000, 100_000 - PAGE_RECORDS, -1))


def test_calls_are_wanted_before_anything_else_and_the_newest_before_the_backlog() -> None:
    card = Card(record(c, seq) for c in RecordClass for seq in range(1, 2_001))
    owed = Owed(card.ledgers())
    card.look_up(owed)
    assert [(page.record_class, page.ranges[0][0] == 1) for page in card.pages] == [
        (CALL, True),
        *((c, False) for c in RecordClass if c is not CALL),
        *((c, True) for c in RecordClass if c is not CALL),
    ]


def test_a_backlog_drains_oldest_first_and_once_in_bounded_memory() -> None:
    card, owed = backlog(5_000)
    sent: list[int] = []
    most = 0
    while True:
        card.look_up(owed)
        most = max(most, loaded(owed))
        some = waiting(owed)[:40]
        if not some:
            break
        send(owed, *some)
        sent += some
        owed.receive({WAVE: SeqRanges([(some[0], some[-1])])}, epoch=1)
    assert sent == list(range(1, 5_001))
    assert most <= HEAD_LOW + 2 * PAGE_RECORDS
    assert owed.count(WAVE) == 0


def test_what_is_stored_while_the_link_is_down_for_days_is_forgotten_and_looked_up_again() -> None:
    card, owed = backlog(0)
    for seq in range(1, 50_001):
        card.records[WAVE, seq] = record(WAVE, seq)
        owed.add(record(WAVE, seq))
        assert loaded(owed) <= TAIL_MAX + HEAD_LOW + PAGE_RECORDS
    card.look_up(owed)
    assert owed.count(WAVE) == 50_000
    assert waiting(owed)[0] == 1
    assert next(owed.waiting_newest(WAVE)).seq == 50_000
    assert len(list(owed.waiting_newest(WAVE))) >= TAIL_MAX // 2


def test_what_was_sent_from_a_part_that_was_forgotten_is_sent_again_in_its_turn() -> None:
    card, owed = backlog(0)
    for seq in range(1, 10_001):
        card.records[WAVE, seq] = record(WAVE, seq)
        owed.add(record(WAVE, seq))
        if seq == 1_000:
            send(owed, 900)
    before = loaded(owed)
    owed.connection_lost()
    assert loaded(owed) == before
    sent: list[int] = []
    card.look_up(owed)
    while some := waiting(owed)[:100]:
        send(owed, *some)
        sent += some
        owed.receive({WAVE: SeqRanges([(some[0], some[-1])])}, epoch=1)
        card.look_up(owed)
    assert sent == list(range(1, 10_001))


def test_a_page_names_what_is_owed_and_not_what_the_hub_has_between() -> None:
    card, owed = backlog(2_000)
    owed.receive({WAVE: SeqRanges([(seq, seq) for seq in range(2, 2_001, 2)])}, epoch=1)
    card.look_up(owed)
    assert all(low == high and low % 2 for page in card.pages for low, high in page.ranges)
    assert [len(list(page.seqs)) for page in card.pages] == [PAGE_RECORDS, PAGE_RECORDS]
    assert waiting(owed) == list(range(1, 2 * PAGE_RECORDS, 2))


def test_what_the_card_does_not_have_is_not_owed() -> None:
    card, owed = backlog(1_000)
    for seq in (3, 4, 999):
        del card.records[WAVE, seq]
    card.look_up(owed)
    assert owed.count(WAVE) == 997
    assert waiting(owed)[:3] == [1, 2, 5]


def test_a_tombstone_that_comes_with_a_page_is_owed_too() -> None:
    owed = Owed({WAVE: Ledger(given=2)})
    page = owed.wanted()
    assert page == Page(WAVE, ((1, 2),))
    owed.take_page(page, [record(WAVE, 1), record(NUMERIC, 1)])
    assert (waiting(owed), waiting(owed, NUMERIC), owed.count(WAVE)) == ([1], [1], 1)


def test_a_page_that_was_asked_for_before_the_hub_was_another_changes_nothing() -> None:
    card, owed = backlog(5_000)
    card.look_up(owed)
    send(owed, *range(1, 200))
    owed.receive({WAVE: SeqRanges([(1, 199)])}, epoch=1)
    page = owed.wanted()
    assert page is not None
    owed.hub_restored(card.ledgers())
    owed.take_page(page, card.load(page))
    assert (waiting(owed), loaded(owed)) == ([], 0)
    card.look_up(owed)
    assert waiting(owed) == list(range(1, PAGE_RECORDS + 1))


def test_the_oldest_is_unknown_until_it_was_looked_up_and_never_another() -> None:
    card, owed = backlog(5_000)
    assert owed.oldest(WAVE) is None
    card.look_up(owed)
    assert owed.oldest(WAVE) == record(WAVE, 1)


def test_no_more_is_looked_up_while_very_much_is_on_the_way() -> None:
    card, owed = backlog(20_000)
    sent = 0
    while True:
        card.look_up(owed)
        some = waiting(owed)
        if not some:
            break
        send(owed, *some)
        sent += len(some)
    assert ON_THE_WAY_MAX <= sent < ON_THE_WAY_MAX + PAGE_RECORDS
    owed.receive({WAVE: SeqRanges([(1, 5_000)])}, epoch=1)
    assert owed.wanted() is not None


def test_what_was_given_up_for_room_is_not_owed_whether_it_was_looked_up_or_not() -> None:
    card, owed = backlog(5_000)
    card.look_up(owed)
    owed.give_up({WAVE: SeqRanges([(1, 2_000)])})
    assert (owed.count(WAVE), waiting(owed)) == (3_000, [])
    card.look_up(owed)
    assert waiting(owed)[0] == 2_001


def test_a_record_that_is_told_late_is_not_owed_twice() -> None:
    card, owed = backlog(3)
    card.look_up(owed)
    send(owed, 3)
    owed.receive({WAVE: SeqRanges([(1, 2)])}, epoch=1)
    for seq in (2, 3):  # the receipt, the page were faster than the word that it was stored
        owed.add(record(WAVE, seq))
    assert (waiting(owed), owed.count(WAVE)) == ([], 1)


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


@given(
    st.integers(0, 3_000),
    st.lists(
        st.tuples(
            st.sampled_from(
                ["send", "newest", "receive", "late", "lost", "store", "give up", "look", "restored"]
            ),
            st.integers(1, 4_000),
            st.integers(0, 700),
        ),
        max_size=60,
    ),
)
@settings(max_examples=60, deadline=None)
def test_in_the_end_everything_that_the_card_has_was_received_whatever_came_between(
    count: int, steps: list[tuple[str, int, int]]
) -> None:
    card, owed = backlog(count)
    given, hub, gone = count, SeqRanges(), SeqRanges()
    for what, low, length in steps:
        high = min(low + length, given)
        match what:
            case "send":
                send(owed, *waiting(owed)[:length])
            case "newest":
                send(owed, *[one.seq for one in owed.waiting_newest(WAVE)][:length])
            case "receive" if low <= high:
                hub.add(low, high)
                owed.receive({WAVE: SeqRanges([(low, high)])}, epoch=1)
            case "late":
                owed.overdue(now_s=1e9)
            case "lost":
                owed.connection_lost()
            case "store":
                for _ in range(length):
                    given += 1
                    card.records[WAVE, given] = record(WAVE, given)
                    owed.add(record(WAVE, given))
            case "give up" if low <= high:
                gone.add(low, high)
                for seq in range(low, high + 1):
                    card.records.pop((WAVE, seq), None)
                owed.give_up({WAVE: SeqRanges([(low, high)])})
            case "look":
                card.look_up(owed)
            case "restored":
                hub = SeqRanges([(1, low)]) if low <= given else hub
                owed.hub_restored({WAVE: Ledger(given=given, received=SeqRanges(hub), given_up=gone)})
            case _:
                pass
        there = [seq for seq in range(1, given + 1) if seq not in hub and seq not in gone]
        assert owed.count(WAVE) == len(there)
        shown = waiting(owed)
        assert shown == sorted(shown)
        assert set(shown) <= set(there)
    owed.connection_lost()
    sent: list[int] = []
    card.look_up(owed)
    while some := waiting(owed):
        send(owed, *some)
        sent += some
        owed.receive({WAVE: SeqRanges((seq, seq) for seq in some)}, epoch=1)
        card.look_up(owed)
    assert sent == [seq for seq in range(1, given + 1) if seq not in hub and seq not in gone]
    assert owed.count(WAVE) == 0
