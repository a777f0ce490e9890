"""What the store makes of anchors and rates: fits that are bounded in work, versioned, and never changed."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from contract.events import AnchorSet, Status
from contract.ids import NO_VISIT, BootId, CallId, SpoolId, StationId, StreamSetNo
from contract.times import Anchor
from hub.calls.moves import press_age
from hub.store.interface import CallRow, Outcome
from hub.store.sqlite import SqliteStore
from hub.times.fit import UNKNOWN, UtcInterval, fit_boot
from hub.times.moments import read_moment
from hub.times.rates import SampleLine
from tests.integration.hub.arrivals import anchor_arrival, event_arrival

CON_DAO, SPOOL = StationId("con-dao-01"), SpoolId(7)
S, HOUR = 1_000_000, 3_600_000_000
NOON = 1_800_000_000 * S
BOOT = BootId(2)
SET = StreamSetNo(3)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "store", is_writer=True) as store:
        yield store


def anchor(t_us: int, *, boot: int = BOOT, wrong_us: int = 0, err_us: int = 20_000) -> Anchor:
    """Boot n began n days after noon."""
    return Anchor(BootId(boot), t_us, NOON + boot * 24 * HOUR + t_us + wrong_us, err_us)


def commit(store: SqliteStore, *anchors: Anchor, first_seq: int = 1) -> None:
    arrivals = [
        anchor_arrival(CON_DAO, SPOOL, one, seq=seq) for seq, one in enumerate(anchors, start=first_seq)
    ]
    store.commit(arrivals)


def alive(store: SqliteStore, boot: int, t_us: int, *, seq: int) -> None:
    """The box says that it is there."""
    status = Status(owed={}, spool_bytes=1, disk_free_bytes=2, frames_damaged=0, samples_lost=0, refused=0)
    at = {"boot": BootId(boot), "t_us": t_us, "seq": seq, "utc_us": NOON + 99 * 24 * HOUR}
    store.commit([event_arrival(CON_DAO, SPOOL, status, **at)])  # type: ignore[arg-type]


def test_the_fit_in_the_store_is_that_of_all_anchors_in_whatever_order_they_came(store: SqliteStore) -> None:
    rng = random.Random(3)
    anchors = [
        anchor(n * HOUR // 6, wrong_us=rng.choice([0, 0, 0, rng.randrange(-90_000, 90_000), HOUR]))
        for n in range(150)
    ]
    shuffled = rng.sample(anchors, len(anchors))
    commit(store, *shuffled)
    whole = fit_boot(BOOT, anchors, version=150)
    for n in range(-20, 420):
        t_us = max(0, n * HOUR // 15 + 11 * S)
        found = store.time_fit(CON_DAO, SPOOL, BOOT, t_us=t_us)
        assert found.version == 150
        assert len(found.knots) <= 2
        assert found.at(t_us) == whole.at(t_us)


def test_every_version_can_be_told_as_it_was(store: SqliteStore) -> None:
    rng = random.Random(5)
    anchors = [anchor(n * HOUR // 6, wrong_us=rng.randrange(-19_000, 19_000)) for n in range(40)]
    rng.shuffle(anchors)
    asked_us = [n * HOUR // 4 for n in range(30)]
    told = []
    for seq, one in enumerate(anchors, start=1):
        commit(store, one, first_seq=seq)
        told.append([store.time_fit(CON_DAO, SPOOL, BOOT, t_us=t_us) for t_us in asked_us])
    for version, then in enumerate(told, start=1):
        again = [store.time_fit(CON_DAO, SPOOL, BOOT, t_us=t_us, version=version) for t_us in asked_us]
        assert again == then
        ordered = sorted(anchors[:version], key=lambda each: each.t_us)
        assert [one.at(t_us) for one, t_us in zip(then, asked_us, strict=True)] == [
            fit_boot(BOOT, ordered, version=version).at(t_us) for t_us in asked_us
        ]


def test_an_anchor_that_comes_twice_makes_one_version(store: SqliteStore) -> None:
    commit(store, anchor(HOUR))
    commit(store, anchor(HOUR), first_seq=2)
    assert store.time_fit(CON_DAO, SPOOL, BOOT, t_us=0).version == 1


def test_a_boot_of_weeks_costs_no_more_for_its_next_anchor_than_one_of_a_day(store: SqliteStore) -> None:
    """Counted in steps of SQLite's machine, which are the same on any computer."""

    def steps_of_the_next(seq: int) -> int:
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        store._db.conn.set_progress_handler(count, 10)
        commit(store, anchor(seq * HOUR // 6), first_seq=seq)
        store._db.conn.set_progress_handler(None, 0)
        return steps

    commit(store, *(anchor(n * HOUR // 6) for n in range(1, 145)))
    after_a_day = steps_of_the_next(145)
    commit(store, *(anchor(n * HOUR // 6) for n in range(146, 2_000)), first_seq=146)
    after_a_fortnight = steps_of_the_next(2_000)
    assert after_a_fortnight < after_a_day * 1.5


def test_what_is_kept_grows_with_the_anchors_and_no_faster(store: SqliteStore, tmp_path: Path) -> None:
    """A poor way: exchanges of 600 ms whose two halves are never the same."""
    rng = random.Random(9)
    anchors = [
        anchor(n * HOUR // 6, wrong_us=rng.randrange(-90_000, 90_000), err_us=rng.randrange(300_000, 400_000))
        for n in range(300)
    ]
    commit(store, *anchors)
    with closing(sqlite3.connect(tmp_path / "store" / "hub.db")) as db:
        (count,) = db.execute("SELECT count(*) FROM knot").fetchone()
    assert count < 300 * 5


def test_a_boot_without_anchors_lies_between_its_neighbours_and_their_known_lengths(
    store: SqliteStore,
) -> None:
    """Boot 1 was heard of for two hours, 2 and 3 for three and one, and 4 began on the fourth day."""
    commit(store, anchor(HOUR, boot=1), anchor(HOUR, boot=4))
    for seq, (boot, hours) in enumerate(((1, 2), (2, 3), (3, 1)), start=10):
        alive(store, boot, hours * HOUR, seq=seq)
    found = read_moment(store, CON_DAO, SPOOL, BootId(2), HOUR)
    earliest_us, latest_us = NOON + (24 + 2 + 1) * HOUR, NOON + (96 - 1 - 2) * HOUR
    assert found.earliest_us == pytest.approx(earliest_us, abs=2 * S)
    assert found.latest_us == pytest.approx(latest_us, abs=2 * S)
    assert found.earliest_us is not None
    assert found.latest_us is not None
    assert found.earliest_us <= earliest_us
    assert latest_us <= found.latest_us
    assert found.best_us is None


def test_a_boot_with_one_neighbour_or_none_is_open_on_that_side(store: SqliteStore) -> None:
    assert read_moment(store, CON_DAO, SPOOL, BOOT, 0) == UNKNOWN
    assert read_moment(store, CON_DAO, SPOOL, BOOT, 0, received_us=NOON) == UtcInterval(None, NOON)
    commit(store, anchor(HOUR, boot=1))
    after = read_moment(store, CON_DAO, SPOOL, BOOT, 0)
    assert after.latest_us is None
    assert after.earliest_us == pytest.approx(NOON + 25 * HOUR, abs=S)
    before = read_moment(store, CON_DAO, SPOOL, BootId(0), 0)
    assert before.earliest_us is None
    assert before.latest_us == pytest.approx(NOON + 24 * HOUR, abs=S)


def test_a_neighbour_whose_clock_was_wrong_leaves_the_start_open(store: SqliteStore) -> None:
    commit(store, anchor(HOUR, boot=1, wrong_us=2_400 * HOUR))
    assert read_moment(store, CON_DAO, SPOOL, BOOT, 0, received_us=NOON + 48 * HOUR) == UtcInterval(
        None, NOON + 48 * HOUR
    )


def test_a_boot_with_anchors_is_not_bounded_by_when_it_came(store: SqliteStore) -> None:
    """It may be the hub's clock that is behind."""
    commit(store, anchor(HOUR))
    found = read_moment(store, CON_DAO, SPOOL, BOOT, HOUR, received_us=NOON)
    assert found.best_us == NOON + 49 * HOUR


def test_lines_of_a_stream_are_found_by_index_and_what_they_replaced_is_kept(
    store: SqliteStore, tmp_path: Path
) -> None:
    commit(store, anchor(HOUR))  # the spool is known
    first, moved, second = (
        SampleLine(1_000, 5e6, 4_000.0),
        SampleLine(1_000, 5e6 + 9, 3_999.4),
        SampleLine(9_000, 3e7, 3_999.5),
    )
    for line in (first, moved, second):
        store.file_lines(CON_DAO, SPOOL, SET, BOOT, {1: line, 2: line}, now_utc_us=NOON)

    def of(stream: int, index: int | None) -> SampleLine | None:
        return store.sample_line(CON_DAO, SPOOL, SET, BOOT, stream=stream, index=index)

    assert [of(1, index) for index in (5, 1_000, 8_999, 9_000, None)] == [moved, moved, moved, second, second]
    assert of(3, 5) is None
    assert store.sample_line(CON_DAO, SPOOL, SET, BootId(9), stream=1) is None
    with closing(sqlite3.connect(tmp_path / "store" / "hub.db")) as db:
        kept = db.execute(
            "SELECT since_version, until_version, period_us FROM sample_line WHERE stream = 2 ORDER BY 1"
        ).fetchall()
    assert kept == [(1, 2, 4_000.0), (2, None, 3_999.4), (3, None, 3_999.5)]


@pytest.mark.parametrize("field", ["t_us", "utc_us", "err_us"])
def test_an_anchor_of_no_time_that_there_is_ties_nothing_and_stops_nothing(
    store: SqliteStore, field: str
) -> None:
    wild = replace(anchor(HOUR), **{field: 2**63 - 1})  # type: ignore[arg-type]
    event = AnchorSet(
        **{name: getattr(wild, name) for name in ("boot", "t_us", "utc_us", "err_us", "source")}
    )
    (outcome,) = store.commit(
        [event_arrival(CON_DAO, SPOOL, event, boot=BOOT, t_us=HOUR, seq=1, utc_us=NOON)]
    )
    assert outcome is Outcome.STORED
    assert store.anchors(CON_DAO, SPOOL, newest=9) == []
    high = replace(anchor(HOUR), **{field: 2**60})  # type: ignore[arg-type]
    commit(store, high, anchor(2 * HOUR), first_seq=2)
    assert store.time_fit(CON_DAO, SPOOL, BOOT, t_us=HOUR).version == 2


def test_a_press_that_waited_out_a_reboot_is_as_old_as_the_fit_of_its_boot_says(store: SqliteStore) -> None:
    commit(store, anchor(HOUR))
    received_us = NOON + 48 * HOUR + 2 * HOUR
    row = CallRow(
        call_id=CallId(CON_DAO, SPOOL, 9),
        state="RECEIVED",
        revision=1,
        boot=BOOT,
        t_us=HOUR,
        sent_boot=BootId(3),
        sent_t_us=5,
        visit=NO_VISIT,
        received_utc_us=received_us,
        changed_utc_us=received_us,
        owner=None,
        nudges=0,
    )
    age = press_age(store, row)
    assert (age.at_least_s, age.at_most_s) == (3_600 - 0.02, 3_600 + 0.02)
    assert press_age(store, replace(row, boot=BootId(1))).at_most_s is None
