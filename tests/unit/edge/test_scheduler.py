from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import BootId, RecordClass
from contract.ranges import SeqRanges
from edge.spool.batch import OwedRecord
from edge.uplink.owed import Owed
from edge.uplink.scheduler import Scheduler, riders
from tests.unit.edge.owing import Card, owing

CALL, NUMERIC, WAVE, PART = RecordClass
BOOT, NOW_US = BootId(2), 1_000_000_000
LIMIT = 4_096


def record(
    record_class: RecordClass, seq: int, age_s: float, *, size: int = 1_000, boot: int = 2
) -> OwedRecord:
    return OwedRecord(record_class, seq, BootId(boot), NOW_US - int(age_s * 1e6), size)


def choose(
    scheduler: Scheduler, owed: Owed, *, is_live: bool = False, limit_bytes: int = LIMIT
) -> tuple[RecordClass, list[int]] | None:
    chosen = scheduler.next_parcel(owed, boot=BOOT, now_us=NOW_US, is_live=is_live, limit_bytes=limit_bytes)
    return None if chosen is None else (chosen[0], [one.seq for one in chosen[1]])


def test_nothing_owed_is_nothing_to_send() -> None:
    assert choose(Scheduler(), owing()) is None


def test_a_press_goes_before_everything() -> None:
    owed = owing(record(NUMERIC, 1, 5), record(WAVE, 1, 9_000), record(WAVE, 2, 1), record(CALL, 7, 1))
    assert choose(Scheduler(), owed, is_live=True) == (CALL, [7])


def test_fresh_events_go_before_the_backlog_in_their_own_order() -> None:
    owed = owing(record(NUMERIC, 1, 3_600), record(NUMERIC, 2, 20), record(NUMERIC, 3, 10))
    assert choose(Scheduler(), owed) == (NUMERIC, [2, 3])


@pytest.mark.parametrize(("age_s", "is_first"), [(59.9, True), (60.0, False)])
def test_an_event_is_fresh_for_a_minute(age_s: float, is_first: bool) -> None:
    owed = owing(record(NUMERIC, 1, age_s), record(WAVE, 1, 9_000))
    assert choose(Scheduler(), owed) == ((NUMERIC, [1]) if is_first else (WAVE, [1]))


def test_an_event_of_another_boot_is_never_fresh() -> None:
    owed = owing(record(NUMERIC, 1, 1, boot=1), record(NUMERIC, 2, 1))
    assert choose(Scheduler(), owed) == (NUMERIC, [2])


def test_a_record_that_tells_of_something_older_holds_up_no_fresh_one_and_is_not_held_up_itself() -> None:
    owed = owing(
        record(NUMERIC, 1, 5), record(NUMERIC, 2, 900), record(NUMERIC, 3, 1), record(NUMERIC, 4, 900)
    )
    scheduler = Scheduler()
    assert choose(scheduler, owed) == (NUMERIC, [1, 3])
    owed.sent(NUMERIC, [1, 3], now_s=0.0, round_trip_s=0.1)
    assert choose(scheduler, owed) == (NUMERIC, [2, 4])


@given(
    st.lists(st.tuples(st.sampled_from(list(RecordClass)), st.sampled_from([1, 1, 70, 9_000])), max_size=60),
    st.booleans(),
)
def test_everything_goes_in_the_end_and_nothing_twice(
    records: list[tuple[RecordClass, int]], is_live: bool
) -> None:
    owed = owing(*(record(c, seq, age_s) for seq, (c, age_s) in enumerate(records, start=1)))
    scheduler, sent = Scheduler(), []
    while (chosen := choose(scheduler, owed, is_live=is_live)) is not None:
        sent += chosen[1]
        owed.sent(chosen[0], chosen[1], now_s=0.0, round_trip_s=0.1)
    waits = [seq for seq, (_, age_s) in enumerate(records, start=1) if seq not in sent]
    assert all(records[seq - 1][1] == 1 for seq in waits), "only behind many strays, until it is a minute old"
    assert sorted(sent + waits) == list(range(1, len(records) + 1))


def test_live_waveforms_go_newest_first_and_arrive_in_order_within_a_parcel() -> None:
    owed = owing(*(record(WAVE, seq, 10 - seq, size=1_500) for seq in range(1, 8)))
    assert choose(Scheduler(), owed, is_live=True) == (WAVE, [6, 7])


def test_when_nobody_watches_waveforms_go_oldest_first() -> None:
    owed = owing(*(record(WAVE, seq, 10 - seq, size=1_500) for seq in range(1, 8)))
    assert choose(Scheduler(), owed) == (WAVE, [1, 2])


def test_the_backlog_goes_oldest_first_across_classes_and_boots() -> None:
    owed = owing(
        record(NUMERIC, 1, 500),
        record(WAVE, 1, 400),
        record(PART, 1, 5, boot=1),  # of an earlier boot: older than anything of this one
    )
    scheduler, order = Scheduler(), []
    while (chosen := choose(scheduler, owed)) is not None:
        order.append(chosen)
        owed.receive({chosen[0]: [(seq, seq) for seq in chosen[1]]}, epoch=1)  # type: ignore[dict-item]
    assert order == [(PART, [1]), (NUMERIC, [1]), (WAVE, [1])]


def test_a_photograph_that_was_just_taken_does_not_wait_behind_a_day() -> None:
    owed = owing(
        *(record(WAVE, seq, 9_000 - seq) for seq in range(1, 100)),
        record(PART, 1, 5_000),  # of an earlier call: it has waited, and goes on waiting its turn
        *(record(PART, seq, 20.0, size=2_000) for seq in range(2, 6)),
    )
    scheduler, order = Scheduler(), []
    for _ in range(3):
        chosen = choose(scheduler, owed)
        assert chosen is not None
        order.append(chosen)
        owed.sent(chosen[0], chosen[1], now_s=0.0, round_trip_s=0.1)
    assert order[:2] == [(PART, [2, 3]), (PART, [4, 5])]
    assert order[2][0] is WAVE


def test_a_photograph_takes_no_more_than_the_backlog_s_share_from_what_is_live() -> None:
    owed = owing(record(WAVE, 1, 1), record(NUMERIC, 1, 1), record(PART, 1, 1))
    assert choose(Scheduler(), owed, is_live=True) == (NUMERIC, [1])


def test_a_parcel_holds_at_least_one_record_and_else_as_many_as_fit() -> None:
    assert choose(Scheduler(), owing(record(WAVE, 1, 900, size=50_000))) == (WAVE, [1])
    owed = owing(*(record(WAVE, seq, 900 - seq, size=1_020) for seq in range(1, 9)))
    assert choose(Scheduler(), owed) == (WAVE, [1, 2, 3, 4])
    assert choose(Scheduler(), owed, limit_bytes=1_022) == (WAVE, [1])


def test_a_parcel_holds_no_more_records_than_the_hub_commits_at_once() -> None:
    owed = owing()
    for seq in range(1, 1_500):
        owed.add(record(WAVE, seq, 9_000 - seq, size=1))
    chosen = choose(Scheduler(), owed, limit_bytes=60_000)
    assert chosen is not None
    assert len(chosen[1]) == 1_000


def test_the_backlog_keeps_a_tenth_of_the_bytes_while_live_fills_the_link() -> None:
    scheduler, card = Scheduler(), Card(record(WAVE, seq, 9_000 - seq) for seq in range(1, 3_000))
    owed = Owed(card.ledgers())
    bytes_of = {"live": 0, "backlog": 0}
    for seq in range(3_000, 5_000):
        owed.add(record(WAVE, seq, 1))
        card.look_up(owed)
        chosen = scheduler.next_parcel(owed, boot=BOOT, now_us=NOW_US, is_live=True, limit_bytes=1_100)
        assert chosen is not None
        bytes_of["live" if chosen[1][0].seq >= 3_000 else "backlog"] += 1_000
        owed.sent(WAVE, [one.seq for one in chosen[1]], now_s=0.0, round_trip_s=0.1)
    assert 0.09 < bytes_of["backlog"] / sum(bytes_of.values()) < 0.11


def test_an_idle_backlog_saves_up_no_claim_on_the_link() -> None:
    scheduler, owed = Scheduler(), owing(record(WAVE, 1, 1))
    for seq in range(2, 500):
        owed.add(record(WAVE, seq, 1))
        chosen = choose(scheduler, owed, is_live=True)
        assert chosen is not None
        owed.sent(WAVE, chosen[1], now_s=0.0, round_trip_s=0.1)
    for seq in range(500, 510):
        owed.add(record(NUMERIC, seq, 9_000))
        owed.add(record(WAVE, seq, 1))
    assert choose(scheduler, owed, is_live=True) == (WAVE, [506, 507, 508, 509])


def test_a_backlog_of_several_classes_goes_in_order_page_by_page() -> None:
    numerics = [record(NUMERIC, seq, 90_000 - 30 * seq) for seq in range(1, 1_001)]
    waves = [record(WAVE, seq, 90_000 - 10 * seq) for seq in range(1, 3_001)]
    card = Card([*numerics, *waves])
    owed, scheduler, ages = Owed(card.ledgers()), Scheduler(), []
    card.look_up(owed)
    while (chosen := choose(scheduler, owed)) is not None:
        owed.sent(chosen[0], chosen[1], now_s=0.0, round_trip_s=0.1)
        owed.receive({chosen[0]: SeqRanges((seq, seq) for seq in chosen[1])}, epoch=1)
        ages.append(max(card.records[chosen[0], seq].t_us for seq in chosen[1]))
        card.look_up(owed)
    assert owed.count(NUMERIC) == owed.count(WAVE) == 0
    parcel_us = 4 * 30 * 1_000_000
    assert all(later >= earlier - parcel_us for earlier, later in pairwise(ages)), "one class ran ahead"


def test_what_was_just_stored_before_a_restart_is_as_fresh_as_after_it() -> None:
    waves = [record(WAVE, seq, 90_000 - seq) for seq in range(1, 5_000)]
    owed = owing(*waves, record(WAVE, 5_000, 5), record(NUMERIC, 1, 9_000), record(NUMERIC, 2, 3))
    assert choose(Scheduler(), owed, is_live=True) == (NUMERIC, [2])
    owed.sent(NUMERIC, [2], now_s=0.0, round_trip_s=0.1)
    assert choose(Scheduler(), owed, is_live=True) == (WAVE, [5_000])


def along(owed: Owed, *records: OwedRecord, limit_bytes: int = LIMIT) -> list[int]:
    found = riders(owed, records, boot=BOOT, now_us=NOW_US, limit_bytes=limit_bytes)
    assert all(one.record_class is WAVE for one in found)
    return [one.seq for one in found]


def test_waveforms_of_the_last_minute_ride_along_with_numerics_the_newest_as_far_as_they_fit() -> None:
    numeric = record(NUMERIC, 1, 1, size=100)
    owed = owing(numeric, *(record(WAVE, seq, 10 - seq, size=1_200) for seq in range(1, 8)))
    assert along(owed, numeric) == [5, 6, 7]


def test_numerics_of_few_bytes_take_a_long_waveform_along_and_longer_ones_do_not() -> None:
    few, many = record(NUMERIC, 1, 1, size=100), record(NUMERIC, 1, 1, size=200)
    waves = [record(WAVE, seq, 10 - seq, size=1_200) for seq in range(1, 8)]
    assert along(owing(few, *waves), few, limit_bytes=1_024) == [7]
    assert along(owing(many, *waves), many, limit_bytes=1_024) == []


def test_a_day_that_waits_does_not_ride_along() -> None:
    numeric = record(NUMERIC, 1, 1, size=100)
    owed = owing(numeric, *(record(WAVE, seq, 9_000 - seq, size=200) for seq in range(1, 8)))
    assert along(owed, numeric) == []


def test_nothing_rides_along_with_a_press_or_with_other_waveforms() -> None:
    press, wave = record(CALL, 1, 1), record(WAVE, 1, 1)
    assert along(owing(press, wave, record(WAVE, 2, 1)), press) == []
    assert along(owing(press, wave, record(WAVE, 2, 1)), wave) == []


def held(owed: Owed, *, is_live: bool = False) -> tuple[RecordClass, list[int]] | None:
    chosen = Scheduler().next_parcel(
        owed, boot=BOOT, now_us=NOW_US, is_live=is_live, limit_bytes=LIMIT, holds_bulk=True
    )
    return None if chosen is None else (chosen[0], [one.seq for one in chosen[1]])


def test_where_the_links_bytes_are_used_up_waveforms_and_old_parts_wait_and_nothing_else() -> None:
    bulk = (record(WAVE, 1, 9_000), record(WAVE, 2, 1), record(PART, 1, 9_000))
    assert held(owing(*bulk)) is None
    assert held(owing(*bulk, record(CALL, 7, 1))) == (CALL, [7])
    assert held(owing(*bulk, record(NUMERIC, 1, 1))) == (NUMERIC, [1])
    assert held(owing(*bulk, record(NUMERIC, 1, 9_000))) == (NUMERIC, [1]), "vital signs of before, too"
    assert held(owing(*bulk), is_live=True) == (WAVE, [2]), "somebody looks"
    assert held(owing(*bulk, record(PART, 2, 5))) == (PART, [2]), "somebody has asked for it"
