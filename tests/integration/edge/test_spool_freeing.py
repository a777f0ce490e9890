"""What the hub has had for a week goes, in bulk, by the hub's own clock."""

import sqlite3
from contextlib import closing
from pathlib import Path

from contract.errors import Refusal
from contract.events import Tombstone
from contract.ids import RecordClass
from contract.ranges import SeqRanges
from contract.receipts import RefusedRecord
from edge.spool.batch import Batch
from edge.spool.freeing import MARK_EVERY_US, MARKS_KEPT
from edge.spool.ledger import Page
from edge.spool.room import RECEIVED_AT_ONCE
from edge.spool.spool import Spool
from tests.integration.edge.spools import CALL, NUMERIC, WAVE, event, open_all, open_spool, press_batch, wave

DAY_US = 24 * 3600 * 1_000_000
START_US = 1_790_000_000_000_000


def store(spool: Spool, count: int) -> int:
    """Store so many waveforms; return the last seq."""
    return spool.commit(Batch(entries=[wave(n) for n in range(count)]))[-1].seq


def receive(spool: Spool, last: int, utc_us: int, record_class: RecordClass = WAVE) -> None:
    """A receipt for everything up to a seq, when the hub's clock is there."""
    spool.commit(Batch(received={record_class: SeqRanges([(1, last)])}, hub_utc_us=utc_us))


def on_card(spool: Spool, record_class: RecordClass = WAVE) -> list[int]:
    return list(spool.read(record_class, range(1, 1_000)))


def days(spool: Spool, start_us: int, count: int, *, last: int) -> int:
    """Two receipts every quarter of so many days; return the time after them."""
    for quarter in range(count * 4):
        receive(spool, last, start_us + quarter * MARK_EVERY_US)
        receive(spool, last, start_us + quarter * MARK_EVERY_US + 60_000_000)
    return start_us + count * DAY_US


def test_what_the_hub_has_stays_for_a_week_and_then_goes(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        first = store(spool, 10)
        now_us = days(spool, START_US, 3, last=first)
        last = store(spool, 10)
        now_us = days(spool, now_us, 4, last=last)
        spool.tend()
        assert on_card(spool) == [*range(1, 21)], "the first mark is not a week old yet"
        receive(spool, last, now_us)
        spool.tend()
        assert on_card(spool) == [*range(11, 21)]
        now_us = days(spool, now_us + MARK_EVERY_US, 3, last=last)
        spool.tend()
        assert on_card(spool) == []
        assert spool.ledger(WAVE).given_up == SeqRanges([(1, 20)])
        assert not [one for one in open_all(spool).values() if isinstance(one, Tombstone)], "nothing is lost"
    with open_spool(tmp_path / "spool.db") as spool:
        assert store(spool, 1) == 21


def test_receipts_alone_free_nothing_however_many_come(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        last = store(spool, 10)
        for second in range(0, 20_000, 100):
            receive(spool, last, START_US + second * 1_000_000)
            spool.tend()
        assert on_card(spool) == [*range(1, 11)]


def test_a_hub_s_clock_that_jumps_frees_nothing_before_its_time(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        last = store(spool, 10)
        receive(spool, last, START_US)
        for utc_us in (START_US + 400 * DAY_US, START_US + 60_000_000, START_US - 400 * DAY_US, START_US):
            receive(spool, last, utc_us)
            spool.tend()
        assert on_card(spool) == [*range(1, 11)]
        days(spool, START_US, 7, last=last)
        spool.tend()
        receive(spool, last, START_US + 7 * DAY_US)
        spool.tend()
        assert on_card(spool) == [], "nor does it keep for ever what was marked before it went back"


def test_a_hub_s_clock_that_swings_frees_nothing_however_often(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        last = store(spool, 10)
        for swing in range(40):
            receive(spool, last, START_US + (swing % 2) * DAY_US + swing * 5_000_000)
            spool.tend()
        assert on_card(spool) == [*range(1, 11)]


def test_what_is_owed_or_refused_stays_and_what_lies_behind_it_waits(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        store(spool, 10)
        ranges = {WAVE: SeqRanges([(1, 3), (5, 6), (8, 10)])}
        spool.commit(Batch(refused=[RefusedRecord(WAVE, 4, Refusal.BAD_CRC)]))
        for quarter in range(MARKS_KEPT + 1):
            spool.commit(Batch(received=ranges, hub_utc_us=START_US + quarter * MARK_EVERY_US))
        spool.tend()
        assert on_card(spool) == [4, 7, 8, 9, 10]


def test_keys_and_presses_stay(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        spool.commit(press_batch(1))
        spool.commit(Batch(entries=[event()]))
        received = {CALL: SeqRanges([(1, 2)]), NUMERIC: SeqRanges([(1, 2)])}
        for quarter in range(MARKS_KEPT + 1):
            spool.commit(Batch(received=received, hub_utc_us=START_US + quarter * MARK_EVERY_US))
        spool.tend()
        assert (on_card(spool, CALL), on_card(spool, NUMERIC)) == ([1, 2], [])


def test_it_goes_a_piece_at_a_time(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        last = spool.commit(Batch(entries=[wave(count=1)] * (2 * RECEIVED_AT_ONCE + 500)))[-1].seq
        for quarter in range(MARKS_KEPT + 1):
            receive(spool, last, START_US + quarter * MARK_EVERY_US)
        left = []
        for _ in range(4):
            spool.tend()
            left.append(last - spool.ledger(WAVE).given_up.count_to(last))
        assert left == [RECEIVED_AT_ONCE + 500, 500, 0, 0]
        assert spool.look_up(Page(WAVE, ((1, last),))) == []


def test_no_more_marks_are_kept_than_are_of_use(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        last = store(spool, 1)
        days(spool, START_US, 20, last=last)
    with closing(sqlite3.connect(tmp_path / "spool.db")) as db:
        assert db.execute("SELECT count(DISTINCT mark) FROM mark").fetchone() == (MARKS_KEPT + 1,)


def test_another_hub_s_store_is_told_what_cannot_be_sent_again(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        last = store(spool, 10)
        for quarter in range(MARKS_KEPT + 1):
            receive(spool, last, START_US + quarter * MARK_EVERY_US)
        spool.tend()
        last = store(spool, 2)
        receive(spool, last, START_US + MARKS_KEPT * MARK_EVERY_US + 5_000_000)
        backup = {WAVE: SeqRanges([(1, 6)])}
        (told,) = spool.commit(Batch(received=backup, forgets_receipts=True))
        assert [one.seq for one in spool.owed() if one.record_class == WAVE] == [11, 12]
        assert open_all(spool)[NUMERIC, told.seq] == Tombstone(
            record_class=2, first_seq=7, last_seq=10, why="it is not on the card any more"
        )


def test_with_another_hub_s_store_the_week_begins_anew(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        last = store(spool, 5)
        for quarter in range(MARKS_KEPT):
            receive(spool, last, START_US + quarter * MARK_EVERY_US)
        spool.commit(Batch(received={WAVE: SeqRanges([(1, 2)])}, forgets_receipts=True))
        receive(spool, last, START_US + MARKS_KEPT * MARK_EVERY_US)
        spool.tend()
        assert on_card(spool) == [1, 2, 3, 4, 5]
