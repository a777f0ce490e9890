"""What every store of the hub must do, over real files."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from contract.codes import MEASUREMENTS
from contract.errors import OwnFaultError
from contract.events import (
    AnchorSet,
    Event,
    LeadState,
    Stream,
    StreamSet,
    Tombstone,
    parse_event,
)
from contract.header import Record, UnreadableRecord, parse_record
from contract.ids import (
    BootId,
    KeyId,
    RecordClass,
    RecordId,
    SpoolId,
    StationId,
    StreamSetNo,
    VisitNo,
    spool_text,
)
from contract.parts import parse_part
from contract.ranges import SeqRanges
from contract.sealing import Opener
from contract.times import Anchor
from hub.store.interface import Arrival, Outcome, Store, StoreFailedError, StoreLockedError
from hub.store.segments import SegmentWriter
from hub.store.sqlite import SqliteStore
from tests.integration.hub.arrivals import HUB_KEY, NOW_US, Arrive, of_version_9
from tests.simulators.box import BoxRecords

CON_DAO, LY_SON = StationId("con-dao-01"), StationId("ly-son-02")
CALL, NUMERIC, WAVEFORM, PART = RecordClass


def body(raw: bytes) -> bytes:
    record = parse_record(raw)
    assert isinstance(record, Record)
    return record.body


def bodies(
    store: Store,
    record_class: RecordClass,
    spool: SpoolId,
    *,
    visit: VisitNo | None = None,
    newest: int | None = None,
) -> list[bytes]:
    chunks = store.chunks(CON_DAO, spool, record_class=record_class, visit=visit, newest=newest)
    return [stored.record.body for stored in chunks]


def commit_one(store: Store, arrival: Arrival) -> Outcome:
    (outcome,) = store.commit([arrival])
    return outcome


@pytest.mark.parametrize("record_class", [NUMERIC, WAVEFORM])
def test_a_record_is_stored_once_and_its_first_content_stays(
    store: SqliteStore, box: BoxRecords, arrive: Arrive, record_class: RecordClass
) -> None:
    raw = box.chunk(record_class=record_class)
    arrival, twin = arrive(raw), BoxRecords(CON_DAO, HUB_KEY.public_key(), key_id=2)
    forged = arrive(twin.chunk(record_class=record_class))
    assert forged.record_id == arrival.record_id
    assert store.commit([arrival, arrival]) == [Outcome.STORED, Outcome.DUPLICATE]
    assert store.commit([arrival, forged]) == [Outcome.DUPLICATE, Outcome.OTHER_CONTENT]
    (stored,) = store.chunks(CON_DAO, box.spool, record_class=record_class)
    assert stored.record == parse_record(raw)
    assert stored.record_id == RecordId(CON_DAO, box.spool, record_class, 1)
    assert stored.received_utc_us == NOW_US


def test_what_was_committed_is_there_after_the_store_is_opened_again(
    tmp_path: Path, box: BoxRecords, arrive: Arrive
) -> None:
    raws = [box.chunk() for _ in range(20)] + [box.chunk(record_class=NUMERIC)]
    with SqliteStore(tmp_path / "s", is_writer=True, segment_max_bytes=500) as store:
        epoch = store.epoch
        store.commit([arrive(raw) for raw in raws])
    assert len(list((tmp_path / "s" / "segments").iterdir())) > 1
    with SqliteStore(tmp_path / "s", is_writer=True) as store:
        assert store.epoch == epoch
        assert bodies(store, WAVEFORM, box.spool) == [body(raw) for raw in raws[:20]]
        assert store.commit([arrive(raw) for raw in raws]) == [Outcome.DUPLICATE] * 21


def test_a_torn_tail_of_a_segment_is_cut_off_and_overwritten(
    tmp_path: Path, box: BoxRecords, arrive: Arrive
) -> None:
    with SqliteStore(tmp_path / "s", is_writer=True) as store:
        store.commit([arrive(box.chunk())])
    (segment,) = (tmp_path / "s" / "segments").iterdir()
    whole_bytes = segment.stat().st_size
    with segment.open("ab") as file:
        file.write(b"half a record")
    with SqliteStore(tmp_path / "s", is_writer=True) as store:
        assert segment.stat().st_size == whole_bytes
        store.commit([arrive(box.chunk())])
        expected = [body(raw) for (of_class, _), raw in box.sent.items() if of_class is WAVEFORM]
        assert bodies(store, WAVEFORM, box.spool) == expected


def test_a_lost_segment_loses_its_records_only_until_the_box_sends_them_again(
    tmp_path: Path, box: BoxRecords, arrive: Arrive, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = arrive(box.chunk()), arrive(box.chunk())
    with SqliteStore(tmp_path / "s", is_writer=True) as store:
        store.commit([first])
    (segment,) = (tmp_path / "s" / "segments").iterdir()
    segment.unlink()
    with SqliteStore(tmp_path / "s", is_writer=True) as store:
        assert "restore it from a backup" in caplog.text
        store.commit([second])
        assert len(bodies(store, WAVEFORM, box.spool)) == 1
        assert commit_one(store, first) is Outcome.DUPLICATE
        assert len(bodies(store, WAVEFORM, box.spool)) == 2


def test_ranges_tell_holes_and_count_tombstones(store: SqliteStore, box: BoxRecords, arrive: Arrive) -> None:
    chunks = [arrive(box.chunk()) for _ in range(9)]
    store.commit([chunks[n] for n in (0, 1, 2, 5, 8)])
    assert store.ranges(CON_DAO, box.spool)[WAVEFORM] == SeqRanges([(1, 3), (6, 6), (9, 9)])
    gone = box.event(Tombstone(record_class=2, first_seq=4, last_seq=5, why="disk full"))
    store.commit([arrive(gone), chunks[6]])
    assert store.ranges(CON_DAO, box.spool) == {
        WAVEFORM: SeqRanges([(1, 7), (9, 9)]),
        NUMERIC: SeqRanges([(1, 1)]),
    }
    assert store.ranges(LY_SON, box.spool) == {}


def test_a_tombstone_of_a_former_spool_is_that_spool_s(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    former = SpoolId(0xF0F0)
    gone = Tombstone(record_class=2, first_seq=4, last_seq=5, why="damaged", spool=spool_text(former))
    store.commit([arrive(box.event(gone))])
    assert store.ranges(CON_DAO, former) == {WAVEFORM: SeqRanges([(4, 5)])}
    assert store.ranges(CON_DAO, box.spool) == {NUMERIC: SeqRanges([(1, 1)])}


def test_a_record_that_arrives_all_the_same_beats_its_tombstone(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    late = arrive(box.chunk())
    store.commit([arrive(box.event(Tombstone(record_class=2, first_seq=1, last_seq=1, why="disk full")))])
    assert commit_one(store, late) is Outcome.STORED
    assert len(bodies(store, WAVEFORM, box.spool)) == 1


def test_a_call_is_never_counted_as_given_up(store: SqliteStore, box: BoxRecords, arrive: Arrive) -> None:
    store.commit(
        [arrive(box.event(Tombstone(record_class=0, first_seq=2, last_seq=5, why="a bug of the box")))]
    )
    assert CALL not in store.ranges(CON_DAO, box.spool)


def test_an_event_that_waits_for_its_key_is_filed_when_it_is_opened(
    store: SqliteStore, box: BoxRecords, arrive: Arrive, opener: Opener
) -> None:
    leads = LeadState(device="board-1", off=(1,))
    waiting = arrive(box.event(leads), is_opened=False)
    press = arrive(box.press(), is_opened=False)
    store.commit([waiting, press])
    assert store.events(CON_DAO) == []
    found = store.unopened(CON_DAO, box.spool, KeyId(1))
    assert [stored.record_id for stored in found] == [press.record_id, waiting.record_id]
    assert store.unopened(CON_DAO, box.spool, KeyId(2)) == []
    for stored in found:
        store.file_event(stored.record_id, parse_event(opener.open(stored.record)), now_utc_us=NOW_US)
    assert store.unopened(CON_DAO, box.spool, KeyId(1)) == []
    assert [stored.event for stored in store.events(CON_DAO, names=["leads"])] == [leads]
    assert len(store.open_calls()) == 1


def test_filing_an_event_of_no_record_is_our_own_fault(store: SqliteStore, box: BoxRecords) -> None:
    with pytest.raises(OwnFaultError, match="is not stored"):
        leads = LeadState(device="board-1", off=())
        store.file_event(RecordId(CON_DAO, box.spool, CALL, 9), leads, now_utc_us=NOW_US)
    assert store.stations() == []


def test_keys_stream_sets_and_anchors_are_found_by_number(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    ecg = MEASUREMENTS[131329]
    stream = Stream(
        stream=1, mdc=ecg.mdc, label=ecg.label, shape="ecg", rate_mhz=250_000, scale=5.0, unit="uV"
    )
    streams = StreamSet(set_no=3, device="board-1", streams=(stream,))
    anchors = [AnchorSet(boot=2, t_us=50 + n, utc_us=NOW_US + n, err_us=900, source="hub") for n in (2, 1)]
    key = arrive(box.sent[CALL, 1])
    store.commit([key, *(arrive(box.event(event)) for event in (streams, *anchors))])
    assert store.key_event(CON_DAO, box.spool, KeyId(1)) == key.event
    assert store.key_event(CON_DAO, box.spool, KeyId(2)) is None
    assert store.stream_set(CON_DAO, box.spool, StreamSetNo(3)) == streams
    assert store.stream_set(CON_DAO, box.spool, StreamSetNo(4)) is None
    first, second = (Anchor(BootId(2), 50 + n, NOW_US + n, 900, "hub") for n in (1, 2))
    assert store.anchors(CON_DAO, box.spool, newest=9) == [first, second]
    assert store.anchors(CON_DAO, box.spool, newest=1) == [second]


def test_events_come_newest_first_by_the_boxs_time_and_by_name(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    def leads(off: int) -> Event:
        return LeadState(device="board-1", off=(off,))

    one, two, three = (arrive(box.event(leads(n))) for n in range(3))
    press = arrive(box.press())
    store.commit([three, press, one])
    store.commit([two])  # arrived last, happened before the third

    def ids(events: Sequence[object]) -> list[object]:
        return [getattr(stored, "record_id", None) for stored in events]

    assert ids(store.events(CON_DAO)) == [press.record_id, three.record_id, two.record_id, one.record_id]
    assert ids(store.events(CON_DAO, names=["leads"], newest=2)) == [three.record_id, two.record_id]
    assert ids(store.events(CON_DAO, names=["press", "leads"], newest=2)) == [
        press.record_id,
        three.record_id,
    ]
    assert store.events(CON_DAO, spool=SpoolId(77)) == []


def test_chunks_come_in_the_order_of_time_whatever_the_order_of_arrival(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    arrivals = []
    for visit in (1, 1, 2, 2, 2):
        box.visit = VisitNo(visit)
        arrivals.append(arrive(box.chunk()))
    store.commit([arrivals[n] for n in (4, 0, 3, 1, 2)])
    seqs = [stored.record_id.seq for stored in store.chunks(CON_DAO, box.spool, record_class=WAVEFORM)]
    assert seqs == [1, 2, 3, 4, 5]
    assert len(bodies(store, WAVEFORM, box.spool, visit=VisitNo(1))) == 2
    newest = store.chunks(CON_DAO, box.spool, record_class=WAVEFORM, visit=VisitNo(2), newest=2)
    assert [stored.record_id.seq for stored in newest] == [4, 5]
    assert bodies(store, WAVEFORM, box.spool, newest=0) == []
    assert bodies(store, PART, box.spool) == []


def test_many_chunks_are_read_page_by_page_without_a_hole(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    store.commit([arrive(box.chunk(record_class=NUMERIC)) for _ in range(700)])
    assert [s.record_id.seq for s in store.chunks(CON_DAO, box.spool, record_class=NUMERIC)] == [
        *range(1, 701)
    ]


def test_parts_of_a_visit_come_in_order_and_those_of_others_never(
    store: SqliteStore, box: BoxRecords, arrive: Arrive, opener: Opener
) -> None:
    box.visit = VisitNo(1)
    mine = box.photograph("a" * 32, bytes(range(256)) * 12, slice_bytes=10)
    box.visit = VisitNo(2)
    other = box.photograph("b" * 32, b"another person", slice_bytes=10)
    store.commit([arrive(raw) for raw in (*other, *reversed(mine))])
    store.commit([arrive(box.chunk()), arrive(mine[0])])
    found = list(store.parts(CON_DAO, box.spool, visit=VisitNo(1)))
    assert [one.record_id.seq for one in found] == list(range(1, len(mine) + 1))
    assert b"".join(parse_part(opener.open(one.record)).data for one in found) == bytes(range(256)) * 12
    assert len(list(store.parts(CON_DAO, box.spool, visit=VisitNo(2)))) == 2
    assert list(store.parts(CON_DAO, box.spool, visit=VisitNo(3))) == []
    assert list(store.parts(LY_SON, box.spool, visit=VisitNo(1))) == []


@pytest.mark.parametrize("record_class", [NUMERIC, WAVEFORM])
def test_a_version_that_nobody_reads_is_stored_whole_and_listed(
    store: SqliteStore, box: BoxRecords, arrive: Arrive, record_class: RecordClass
) -> None:
    raw = of_version_9(box.chunk(record_class=record_class))
    arrival = arrive(raw)
    assert store.commit([arrival, arrival]) == [Outcome.STORED, Outcome.DUPLICATE]
    assert store.unreadable(CON_DAO) == [(arrival.record_id, UnreadableRecord(9, record_class, 1, raw))]
    assert 1 in store.ranges(CON_DAO, box.spool)[record_class]
    assert bodies(store, record_class, box.spool) == []


def test_stations_and_spools_are_told_by_when_they_were_heard(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    assert (store.stations(), store.last_received_utc_us(CON_DAO)) == ([], None)
    old, new = arrive(box.chunk()), replace(arrive(box.chunk()), spool=SpoolId(2**64 - 1))
    store.commit([new, replace(old, station=LY_SON)])
    store.commit([replace(old, received_utc_us=NOW_US + 9)])
    assert store.stations() == [CON_DAO, LY_SON]
    assert store.spools(CON_DAO) == [box.spool, SpoolId(2**64 - 1)]
    assert (store.last_received_utc_us(CON_DAO), store.last_received_utc_us(LY_SON)) == (NOW_US + 9, NOW_US)
    assert store.heard_stations() == [(CON_DAO, NOW_US + 9), (LY_SON, NOW_US)]


def test_the_spool_heard_last_is_the_first_whatever_the_wall_clock_said(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    """A card was changed while the hub's clock was set back: whose visit it is depends on the order."""
    old, new = arrive(box.chunk()), replace(arrive(box.chunk()), spool=SpoolId(2**64 - 1))
    store.commit([replace(old, received_utc_us=NOW_US + 3_600_000_000)])
    store.commit([new])
    assert store.spools(CON_DAO) == [SpoolId(2**64 - 1), box.spool]
    again = replace(arrive(box.chunk()), received_utc_us=NOW_US + 1)
    store.commit([replace(arrive(box.chunk()), spool=SpoolId(2**64 - 1)), again])
    assert store.spools(CON_DAO) == [box.spool, SpoolId(2**64 - 1)]


def test_a_commit_that_fails_midway_stores_nothing(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    good = arrive(box.chunk())
    ours = replace(arrive(box.event(LeadState(device="board-1", off=()))), received_utc_us=2**70)
    with pytest.raises(OverflowError):
        store.commit([good, ours])
    assert store.ranges(CON_DAO, box.spool) == {}
    assert commit_one(store, good) is Outcome.STORED
    assert len(bodies(store, WAVEFORM, box.spool)) == 1


def test_what_a_writer_knows_is_what_was_committed(
    tmp_path: Path, store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    first, second = arrive(box.chunk()), arrive(box.chunk())
    store.commit([first])
    told = store.ranges(CON_DAO, box.spool)
    with pytest.raises(OverflowError):
        store.commit([second, replace(arrive(box.chunk()), received_utc_us=2**70)])
    with SqliteStore(tmp_path / "store", is_writer=False) as reader:
        assert store.ranges(CON_DAO, box.spool) == reader.ranges(CON_DAO, box.spool) == told
        assert store.commit([second, second, first]) == [
            Outcome.STORED, Outcome.DUPLICATE, Outcome.DUPLICATE,
        ]  # fmt: skip
        assert store.ranges(CON_DAO, box.spool) == reader.ranges(CON_DAO, box.spool) != told
    assert told == {WAVEFORM: SeqRanges([(1, 1)])}  # a receipt that waits says what it was told
    assert len(bodies(store, WAVEFORM, box.spool)) == 2


def test_a_commit_that_failed_and_was_made_all_the_same_is_known(
    store: SqliteStore, box: BoxRecords, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrival = arrive(box.chunk(record_class=NUMERIC))
    store.commit([arrive(box.chunk(record_class=NUMERIC))])
    with monkeypatch.context() as patch, pytest.raises(StoreFailedError):
        patch.setattr(SegmentWriter, "keep", _fail)  # behind the database's own commit
        store.commit([arrival])
    assert store.ranges(CON_DAO, box.spool) == {NUMERIC: SeqRanges([(1, 2)])}
    assert commit_one(store, arrival) is Outcome.DUPLICATE


def _fail(_: SegmentWriter) -> None:
    raise OSError("the disk is gone")


@pytest.mark.parametrize("record_class", [NUMERIC, WAVEFORM])
def test_a_record_that_no_range_names_is_there_all_the_same(
    tmp_path: Path, box: BoxRecords, arrive: Arrive, record_class: RecordClass
) -> None:
    """Ranges save a look for each record; the table's own key decides."""
    arrival = arrive(box.chunk(record_class=record_class))
    with SqliteStore(tmp_path / "s", is_writer=True) as store:
        store.commit([arrival])
    with closing(sqlite3.connect(tmp_path / "s" / "hub.db", isolation_level=None)) as db:
        db.execute("DELETE FROM stored_range")
    with SqliteStore(tmp_path / "s", is_writer=True) as store:
        assert commit_one(store, arrival) is Outcome.DUPLICATE
        assert len(bodies(store, record_class, box.spool)) == 1


def test_a_reader_sees_what_the_writer_committed_and_writes_nothing(
    tmp_path: Path, store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    with SqliteStore(tmp_path / "store", is_writer=False) as reader:
        store.commit([arrive(box.chunk())])
        assert len(bodies(reader, WAVEFORM, box.spool)) == 1
        with pytest.raises(OwnFaultError, match="for reading"):
            reader.commit([arrive(box.chunk())])


def test_a_second_hub_on_the_same_store_is_refused(tmp_path: Path, store: SqliteStore) -> None:
    with pytest.raises(StoreLockedError, match="stop that one"):
        SqliteStore(tmp_path / "store", is_writer=True)
    store.close()
    SqliteStore(tmp_path / "store", is_writer=True).close()
