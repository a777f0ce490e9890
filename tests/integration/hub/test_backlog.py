"""`hub backlog` over a real store that a hub has open."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from contract.events import Owed, Status, Tombstone
from contract.header import Header, Kind, Record, UnreadableRecord, encode_record, parse_record
from contract.ids import NO_VISIT, BootId, KeyId, RecordClass, SpoolId, StationId, StreamSetNo
from hub.__main__ import app
from hub.store.interface import Arrival
from hub.store.sqlite import SqliteStore
from tests.integration.conftest import Command
from tests.integration.hub.arrivals import event_arrival

CON_DAO, LY_SON, MUONG_NHE = (StationId(name) for name in ("con-dao-01", "ly-son-02", "muong-nhe-03"))
SPOOL, OLD_SPOOL = SpoolId(0xB0C5), SpoolId(0x01D)
CALL, NUMERIC, WAVEFORM, PART = RecordClass
NOW_US = 1_790_000_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    (tmp_path / "hub.toml").write_text("")
    with SqliteStore(tmp_path / "store", is_writer=True) as store:
        yield store


def chunk(
    seq: int,
    record_class: RecordClass,
    *,
    station: StationId = CON_DAO,
    spool: SpoolId = SPOOL,
    kind: Kind = Kind.CHUNK,
) -> Arrival:
    header = Header(
        kind=kind,
        record_class=record_class,
        seq=seq,
        key_id=KeyId(1),
        nonce=seq,
        boot=BootId(1),
        t_us=seq,
        visit=NO_VISIT,
        stream_set=StreamSetNo(1),
        first_index=0,
        count=1,
        codec=1,
    )
    record = Record(header, b"sealed" * 8)
    return Arrival(
        station=station,
        spool=spool,
        boot=BootId(1),
        sent_t_us=seq,
        received_utc_us=NOW_US,
        record=record,
        raw=encode_record(record),
    )


def status(records: int, oldest_age_s: float) -> Status:
    return Status(
        owed={"0": Owed(records=0), "2": Owed(records=records, oldest_age_s=oldest_age_s)},
        spool_bytes=5_000_000,
        disk_free_bytes=7_000_000_000,
        frames_damaged=0,
        samples_lost=0,
        refused=0,
    )


def say(tmp_path: Path, *options: str) -> str:
    result = CliRunner().invoke(app, ["backlog", "--config", str(tmp_path / "hub.toml"), *options])
    assert result.exit_code == 0, result.output
    return result.output


def told(tmp_path: Path, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(say(tmp_path, "--json", *options))["spools"]
    return found


def test_what_is_missing_is_what_lies_below_the_highest_and_was_not_given_up(
    store: SqliteStore, tmp_path: Path
) -> None:
    store.commit([chunk(seq, WAVEFORM) for seq in (1, 2, 3, 7, 8, 20)])
    given_up = Tombstone(record_class=WAVEFORM, first_seq=9, last_seq=12, why="full")
    of_a_call = Tombstone(record_class=CALL, first_seq=2, last_seq=2, why="damaged")
    at = {"boot": BootId(1), "t_us": 5, "utc_us": NOW_US}
    store.commit([event_arrival(CON_DAO, SPOOL, given_up, seq=1, **at)])  # type: ignore[arg-type]
    store.commit([event_arrival(CON_DAO, SPOOL, of_a_call, seq=2, **at)])  # type: ignore[arg-type]
    store.commit([chunk(1, CALL), chunk(4, CALL)])
    (held,) = told(tmp_path)
    waves = held["classes"]["2"]
    assert waves["ranges"] == [[1, 3], [7, 12], [20, 20]]
    assert (waves["stored"], waves["missing"], waves["given_up"], waves["highest"]) == (6, 3 + 7, 4, 20)
    calls = held["classes"]["0"]  # a call is never given up: its hole stays
    assert (calls["stored"], calls["missing"], calls["given_up"]) == (2, 2, 1)
    assert held["classes"]["3"] == {"highest": 0, "stored": 0, "missing": 0, "given_up": 0, "ranges": []}


def test_a_record_that_came_though_it_was_given_up_is_counted_once(
    store: SqliteStore, tmp_path: Path
) -> None:
    event = Tombstone(record_class=WAVEFORM, first_seq=1, last_seq=3, why="full")
    store.commit([event_arrival(CON_DAO, SPOOL, event, boot=BootId(1), t_us=5, seq=1, utc_us=NOW_US)])
    store.commit([chunk(2, WAVEFORM), chunk(4, WAVEFORM)])
    waves = told(tmp_path)[0]["classes"]["2"]
    assert (waves["stored"], waves["missing"], waves["given_up"]) == (1, 0, 3)


def test_what_cannot_be_opened_or_read_is_counted(store: SqliteStore, tmp_path: Path) -> None:
    newer = b"\x09" + chunk(1, NUMERIC).raw[1:]
    store.commit([chunk(seq, NUMERIC, kind=Kind.EVENT) for seq in (2, 3)])
    unreadable = chunk(1, NUMERIC)
    record = UnreadableRecord(9, NUMERIC, 1, newer)
    store.commit(
        [
            Arrival(
                station=CON_DAO,
                spool=SPOOL,
                boot=BootId(1),
                sent_t_us=1,
                received_utc_us=NOW_US,
                record=record,
                raw=newer,
            )
        ]
    )
    assert isinstance(parse_record(unreadable.raw), Record)
    (held,) = told(tmp_path)
    assert (held["unopened"], held["unreadable"]) == (2, 1)


def test_the_newest_word_of_the_box_says_what_it_owes(store: SqliteStore, tmp_path: Path) -> None:
    for seq, (boot, t_us, records) in enumerate(((2, 5, 40), (1, 900, 7)), start=1):
        at = {"boot": BootId(boot), "t_us": t_us, "seq": seq, "utc_us": NOW_US}
        store.commit([event_arrival(CON_DAO, SPOOL, status(records, 3_600.0), **at)])  # type: ignore[arg-type]
    (held,) = told(tmp_path)
    assert held["status"]["owed"]["2"] == {"records": 40, "oldest_age_s": 3_600.0}
    assert held["status_utc_us"] == held["heard_utc_us"] == NOW_US
    assert held["oldest_owed_s"] >= 3_600.0


def test_the_worst_spool_is_first_and_each_spool_of_a_station_is_there(
    store: SqliteStore, tmp_path: Path
) -> None:
    store.commit([chunk(1, WAVEFORM, station=MUONG_NHE)])
    store.commit([chunk(seq, WAVEFORM, station=CON_DAO) for seq in (1, 30)])
    store.commit([chunk(2, CALL, station=LY_SON)])
    store.commit([chunk(1, CALL, station=CON_DAO, spool=OLD_SPOOL)])
    assert [(one["station"], one["spool"]) for one in told(tmp_path)] == [
        (LY_SON, f"{SPOOL:016x}"),
        (CON_DAO, f"{SPOOL:016x}"),
        (MUONG_NHE, f"{SPOOL:016x}"),
        (CON_DAO, f"{OLD_SPOOL:016x}"),
    ]
    assert {one["spool"] for one in told(tmp_path, CON_DAO)} == {f"{SPOOL:016x}", f"{OLD_SPOOL:016x}"}


def test_people_are_shown_a_table(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    store.commit([chunk(seq, WAVEFORM) for seq in (1, 30)])
    at = {"boot": BootId(1), "t_us": 5, "seq": 1, "utc_us": NOW_US}
    store.commit([event_arrival(CON_DAO, SPOOL, status(12, 60.0), **at)])  # type: ignore[arg-type]
    text = say(tmp_path)
    assert f"store of epoch {store.epoch:08x}, 1 spools" in text
    row = next(line.split() for line in text.splitlines() if line.startswith(CON_DAO))
    assert row[-1] == "7000"
    assert "-28" in row
    assert "12" in row


def test_an_empty_store_and_an_unknown_station_are_said_to_be_so(store: SqliteStore, tmp_path: Path) -> None:
    assert "0 spools" in say(tmp_path)
    result = CliRunner().invoke(app, ["backlog", "nowhere", "--config", str(tmp_path / "hub.toml")])
    assert result.exit_code == 1
    assert "nowhere" in str(result.exception)


def test_no_record_is_looked_at_however_many_there_are(store: SqliteStore) -> None:
    """Counted in steps of SQLite's machine, which are the same on any computer."""

    def steps() -> int:
        count = 0

        def one_more() -> int:
            nonlocal count
            count += 1
            return 0

        store._db.conn.set_progress_handler(one_more, 10)
        store.backlog()
        store._db.conn.set_progress_handler(None, 0)
        return count

    store.commit([chunk(seq, NUMERIC) for seq in range(1, 20)])
    few = steps()
    store.commit([chunk(seq, NUMERIC) for seq in range(20, 3_000)])
    assert steps() < few + 50  # a look at each would be hundreds


def test_a_damaged_store_is_told_with_what_to_do(tmp_path: Path, command: Command) -> None:
    (tmp_path / "hub.toml").write_text("")
    with SqliteStore(tmp_path / "store", is_writer=True):
        pass
    database = tmp_path / "store" / "hub.db"
    data = database.read_bytes()
    database.write_bytes(data[:4_096] + b"\xa5" * (len(data) - 4_096))
    said = command("backlog", "--config", tmp_path / "hub.toml")
    assert (said.status, "hub restore makes a hub of the newest backup" in said.err) == (1, True), said.err
