import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from contract.events import Event, Stream, StreamSet, Tombstone
from contract.ids import BootId, RecordClass
from contract.ranges import SeqRanges
from edge.errors import SpoolFullError
from edge.spool.batch import Batch, Entry, OwedRecord, event_entry
from edge.spool.room import BALLAST_BYTES, SACRIFICE_MAX, SACRIFICE_SHARE, Ballast
from edge.spool.spool import Spool
from tests.integration.edge.spools import (
    BOOT,
    CALL,
    HUB_KEY,
    NUMERIC,
    PART,
    STATION,
    WAVE,
    event,
    open_all,
    open_spool,
    press_batch,
    wave,
)

QUOTA = 6_000_000
BIG = 12_000  # samples of noise: 48 kB
A_BATCH = 5
ECG = Stream(stream=0, mdc=131329, label="I", shape="ecg", rate_mhz=250_000, scale=5.0, unit="uV")
STREAMS = StreamSet(set_no=1, device="board-1", streams=(ECG,))


def told_of(told: Event) -> Entry:
    return event_entry(told, NUMERIC, boot=BootId(1), t_us=1)


@cache
def noise(record_class: RecordClass = WAVE) -> Entry:
    entry = wave(count=BIG, seed=1)
    return replace(entry, header=replace(entry.header, record_class=record_class))


def fill(spool: Spool, count: int, record_class: RecordClass = WAVE) -> list[OwedRecord]:
    return [
        owed
        for _ in range(count // A_BATCH)
        for owed in spool.commit(Batch(entries=[noise(record_class)] * A_BATCH))
    ]


def fill_up(spool: Spool, record_class: RecordClass) -> None:
    """Store until nothing more of that class goes in."""
    with pytest.raises(SpoolFullError):
        fill(spool, 400, record_class)
    with pytest.raises(SpoolFullError):
        for _ in range(A_BATCH):
            spool.commit(Batch(entries=[noise(record_class)]))


def present(spool: Spool, record_class: RecordClass) -> list[int]:
    return sorted(spool.read(record_class, range(1, 1_000)))


def tombstones(spool: Spool) -> list[Tombstone]:
    return [one for one in open_all(spool).values() if isinstance(one, Tombstone)]


@contextmanager
def files_may_not_exceed(size_bytes: int) -> Iterator[None]:
    """As a full partition: no file of this process may grow beyond this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_at_the_quota_what_the_hub_has_goes_first_and_needs_no_tombstone(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db", quota_bytes=QUOTA) as spool:
        fill(spool, 100)
        spool.commit(Batch(received={WAVE: SeqRanges([(11, 60)])}))
        fill(spool, 60)
        assert present(spool, WAVE) == [*range(1, 11), *range(61, 161)]
        assert tombstones(spool) == []


def test_keys_and_presses_stay_though_the_hub_has_them(tmp_path: Path) -> None:
    """A hub restored from a backup would have no key for what it is sent again."""
    with open_spool(tmp_path / "spool.db", quota_bytes=QUOTA) as spool:
        spool.commit(press_batch(1))
        spool.commit(Batch(entries=[event()] * 20))
        fill(spool, 20)
        calls, numerics = present(spool, CALL), present(spool, NUMERIC)
        received = {CALL: SeqRanges([(1, calls[-1])]), NUMERIC: SeqRanges([(1, numerics[-1])])}
        spool.commit(Batch(received={**received, WAVE: SeqRanges([(1, 10)])}))
        fill(spool, 200)
        assert present(spool, WAVE)[0] > 11, "all that the hub has was given up, and more"
        assert present(spool, NUMERIC)[0] > numerics[-1]
        assert present(spool, CALL) == calls
    with open_spool(tmp_path / "spool.db", quota_bytes=QUOTA) as spool:
        assert present(spool, CALL) == [*calls, calls[-1] + 1], "the key of the new process beside them"


def test_what_the_streams_of_a_chunk_are_stays_though_the_hub_has_it(tmp_path: Path) -> None:
    """A hub restored from a backup is sent the chunks again, and could make nothing of them."""
    with open_spool(tmp_path / "spool.db", quota_bytes=QUOTA) as spool:
        owed = spool.commit(Batch(entries=[event(), told_of(STREAMS), event()]))
        received = SeqRanges([(1, owed[-1].seq)])
        spool.commit(Batch(received={NUMERIC: received}))
        fill(spool, 200)
        assert present(spool, NUMERIC)[:2] == [owed[1].seq, owed[-1].seq + 1]


def test_then_the_oldest_waveforms_go_with_a_tombstone_and_nothing_else(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db", quota_bytes=QUOTA) as spool:
        spool.commit(press_batch(1))
        spool.commit(Batch(entries=[event()] * 20))
        told = fill(spool, 200)
        left = present(spool, WAVE)
        gone = tombstones(spool)
        assert left == [*range(left[0], 201)]
        assert 60 < len(left) < 140
        assert gone[0].first_seq == 1
        assert gone[-1].last_seq == left[0] - 1
        assert spool.ledger(WAVE).given_up == SeqRanges([(1, left[0] - 1)])
        assert {one.record_class for one in gone} == {int(WAVE)}
        assert len(present(spool, CALL)) == 2
        assert len(present(spool, NUMERIC)) == 21 + len(gone)
    assert [one.seq for one in told if one.record_class == WAVE] == [*range(1, 201)]
    assert len([one for one in told if one.record_class == NUMERIC]) == len(gone), (
        "the uplink is told of them"
    )


def test_parts_go_after_the_waveforms(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db", quota_bytes=QUOTA) as spool:
        fill(spool, 5)
        fill(spool, 160, PART)
        assert present(spool, WAVE) == []
        assert present(spool, PART)[0] > 1
        assert tombstones(spool)[0].record_class == WAVE


def test_events_and_numerics_are_never_given_up_and_a_press_has_room_in_reserve(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db", quota_bytes=QUOTA) as spool:
        fill_up(spool, NUMERIC)
        before = present(spool, NUMERIC)
        with pytest.raises(
            SpoolFullError, match=r"spool\.db: no room for 1 records .* raise \[spool\] quota"
        ):
            spool.commit(Batch(entries=[noise(NUMERIC)]))
        for count in range(1, 30):
            (owed,) = spool.commit(press_batch(count))
            assert owed.record_class == CALL
        assert present(spool, NUMERIC) == before


def test_a_batch_that_did_not_fit_left_nothing_behind(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db", quota_bytes=QUOTA) as spool:
        fill_up(spool, NUMERIC)
        with pytest.raises(SpoolFullError):
            spool.commit(Batch(entries=[noise()] * 20, facts={"a": 1}, drafts=[event()]))
        assert spool.fact("a") is None
        assert present(spool, WAVE) == []
    with open_spool(tmp_path / "spool.db", quota_bytes=2 * QUOTA) as spool:
        (owed,) = spool.commit(Batch(entries=[noise()]))
        assert owed.seq == 1


def test_a_full_partition_costs_the_oldest_waveforms_and_not_the_service(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path) as spool:
        fill(spool, 100)
        limit = max(file.stat().st_size for file in (path, tmp_path / "spool.db-wal")) + 300_000
        with files_may_not_exceed(limit):
            spool.commit(press_batch(1))
            fill(spool, 50)
            (owed,) = spool.commit(press_batch(2))
            assert (owed.record_class, owed.seq) == (CALL, 3)
            left = present(spool, WAVE)
            assert left == [*range(left[0], 151)]
            assert len(left) > 30, "sacrificed in vain"
        assert tombstones(spool)[-1].last_seq == left[0] - 1


def test_a_partition_full_of_what_is_never_given_up_is_told_and_recovered_from(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path) as spool:
        fill(spool, 50, NUMERIC)
        limit = max(file.stat().st_size for file in (path, tmp_path / "spool.db-wal")) + 300_000
        with files_may_not_exceed(limit):
            fill_up(spool, NUMERIC)
            before = present(spool, NUMERIC)
            with pytest.raises(SpoolFullError, match="free space there"):
                spool.commit(Batch(entries=[noise()]))
            assert [spool.commit(press_batch(count))[0].seq for count in range(1, 30)] == [*range(2, 31)]
        (owed,) = spool.commit(Batch(entries=[noise()]))
        assert owed.seq == 1
        assert present(spool, NUMERIC) == before
    with open_spool(path) as spool:
        assert present(spool, WAVE) == [1]


def test_drafts_of_a_spool_that_is_full_at_the_start_still_become_records(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db", quota_bytes=QUOTA) as spool:
        fill(spool, 130)
        spool.commit(Batch(drafts=[noise()]))
    with open_spool(tmp_path / "spool.db", quota_bytes=QUOTA // 2) as spool:
        assert present(spool, WAVE)[-1] == 131
        assert len(open_all(spool)) > 131 - 100


def test_what_is_given_up_at_once_is_bounded_however_much_there_is(tmp_path: Path) -> None:
    small = wave(count=1)
    with open_spool(tmp_path / "spool.db", quota_bytes=900_000) as spool:
        while not spool.ledger(WAVE).given_up.count_to(10**6):
            before = spool.ledger(WAVE).given
            spool.commit(Batch(entries=[small] * 500))
        assert before > SACRIFICE_SHARE * SACRIFICE_MAX, "the share of it would be no more"
        assert spool.ledger(WAVE).given_up.count_to(10**6) == SACRIFICE_MAX


def test_what_is_given_up_before_there_is_a_key_is_told_by_whoever_has_one_next(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path, quota_bytes=3 * QUOTA) as spool:
        fill(spool, 30)
        fill(spool, 120, NUMERIC)
        spool.commit(Batch(drafts=[noise()] * 120))
    spool = Spool(path, quota_bytes=QUOTA)
    try:
        with pytest.raises(SpoolFullError, match="no room for this process's key"):
            spool.begin_sealing(HUB_KEY, station=STATION, boot=BOOT, t_us=1, software="test")
        gone = spool.ledger(WAVE).given_up
        assert gone == SeqRanges([(1, 30)])
    finally:
        spool.close()
    with open_spool(path, quota_bytes=4 * QUOTA) as spool:
        assert SeqRanges((one.first_seq, one.last_seq) for one in tombstones(spool)) == gone
        assert present(spool, WAVE) == [*range(31, 151)]
    with open_spool(path, quota_bytes=3 * QUOTA) as spool:
        assert len(tombstones(spool)) == len({one.first_seq for one in tombstones(spool)}), "told once"


def test_nothing_is_sacrificed_in_vain_where_it_is_the_log_that_has_no_room(tmp_path: Path) -> None:
    path, log = tmp_path / "spool.db", tmp_path / "spool.db-wal"
    with open_spool(path) as spool:
        fill(spool, 100)
        with closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM fact").fetchone()
            with files_may_not_exceed(log.stat().st_size):
                refused = 0
                while refused < 20:  # first the log fills, which cannot be begun anew
                    try:
                        spool.commit(Batch(drafts=[noise()], drops_drafts=True))
                    except SpoolFullError:
                        refused += 1
        assert present(spool, WAVE)[-1] == 100
        assert len(present(spool, WAVE)) > 80
        assert spool.commit(Batch(entries=[noise()]))[0].seq == 101


def test_the_ballast_is_given_back_for_a_press_and_kept_again_when_there_is_room(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "spool.ballast")
    ballast.keep()
    assert (tmp_path / "spool.ballast").stat().st_size == BALLAST_BYTES
    assert ballast.give_back()
    assert not ballast.give_back()
    ballast.keep()
    assert (tmp_path / "spool.ballast").exists()


def test_a_ballast_that_does_not_fit_leaves_no_torso(tmp_path: Path) -> None:
    with files_may_not_exceed(BALLAST_BYTES // 2):
        Ballast(tmp_path / "spool.ballast").keep()
    assert not list(tmp_path.iterdir())
