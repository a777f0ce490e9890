import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contract.chunks import decode_chunk
from contract.errors import Refusal
from contract.events import BoxStarted, KeyMade, Press, Tombstone, VisitOpened
from contract.ranges import SeqRanges
from contract.receipts import RefusedRecord
from contract.short_events import lengthen
from edge.errors import SpoolBusyError, SpoolDamagedError, SpoolError
from edge.spool.batch import Batch, event_entry
from edge.spool.ledger import Page
from edge.spool.schema import SCHEMA
from edge.spool.spool import Spool
from edge.spool.spool_file import PAGE_BYTES
from tests.integration.edge.spools import (
    BOOT,
    CALL,
    HUB_KEY,
    NUMERIC,
    QUOTA_BYTES,
    STATION,
    WAVE,
    event,
    open_all,
    open_spool,
    press_batch,
    seqs,
    wave,
)


def test_the_first_record_is_the_key_and_the_second_says_that_the_box_started(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        found = open_all(spool)
    assert isinstance(found[CALL, 1], KeyMade)
    assert found[NUMERIC, 1] == BoxStarted(software="test", drafts_recovered=0)


def test_what_is_stored_is_there_numbered_and_opens_with_the_hub_s_key(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        owed = spool.commit(Batch(entries=[wave(0), event(4), wave(250)]))
    assert [(one.record_class, one.seq) for one in owed] == [(WAVE, 1), (NUMERIC, 2), (WAVE, 2)]
    with open_spool(tmp_path / "spool.db") as spool:
        found = open_all(spool)
        assert {(one.record_class, one.seq, one.size_bytes) for one in spool.owed()} >= {
            (one.record_class, one.seq, one.size_bytes) for one in owed
        }
    assert found[NUMERIC, 2] == VisitOpened(visit=4, how="signal")
    body = found[WAVE, 2]
    assert isinstance(body, bytes)
    (column,) = decode_chunk(body, t_us=2_000_000)
    assert column.samples.tolist() == list(range(250, 500))


def test_a_process_is_a_key_and_a_boot_is_a_number(tmp_path: Path) -> None:
    spool_ids, boots = set(), []
    for name in ("a", "a", "b"):
        spool = Spool(tmp_path / "spool.db", quota_bytes=QUOTA_BYTES)
        boots.append(spool.begin_boot(name))
        spool.begin_sealing(HUB_KEY, station=STATION, boot=boots[-1], t_us=1, software="test")
        spool_ids.add(spool.spool_id)
        keys = [one.key_id for one in open_all(spool).values() if isinstance(one, KeyMade)]
        spool.close()
    assert boots == [1, 1, 2]
    assert keys == [1, 2, 3]
    assert len(spool_ids) == 1


def test_a_seq_is_never_given_twice_even_after_its_record_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path) as spool:
        spool.commit(Batch(entries=[wave(n) for n in range(5)]))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM record_2")
    with open_spool(path) as spool:
        (owed,) = spool.commit(Batch(entries=[wave()]))
    assert owed.seq == 6


def test_drafts_of_the_process_before_become_records_that_open(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        spool.commit(Batch(drafts=[wave(0)]))
        spool.commit(Batch(drafts=[wave(250)]))
        assert seqs(spool, WAVE) == []
    with open_spool(tmp_path / "spool.db") as spool:
        found = open_all(spool)
    assert [key for key in found if key[0] == WAVE] == [(WAVE, 1), (WAVE, 2)]
    assert found[NUMERIC, 2] == BoxStarted(software="test", drafts_recovered=2)


def test_records_take_the_place_of_their_drafts(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        spool.commit(Batch(drafts=[wave(0)]))
        spool.commit(Batch(entries=[wave(0)], drops_drafts=True))
    with open_spool(tmp_path / "spool.db") as spool:
        assert seqs(spool, WAVE) == [1]


def test_a_damaged_draft_is_counted_and_the_others_are_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path) as spool:
        for n in range(3):
            spool.commit(Batch(drafts=[wave(250 * n)]))
    with closing(sqlite3.connect(path)) as db, db:
        (raw,) = db.execute("SELECT raw FROM draft WHERE draft = 2").fetchone()
        db.execute("UPDATE draft_slot SET raw = ? WHERE slot = 2", [raw[:30] + b"\x00" + raw[31:]])
    with open_spool(path) as spool:
        assert spool.damaged_drafts == 1
        assert seqs(spool, WAVE) == [1, 2]
        assert len(open_all(spool)) == 6
    assert "draft 2 is damaged, a second is lost" in caplog.text


def test_a_press_is_known_again_by_board_boot_and_count(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        (owed,) = spool.commit(press_batch(3))
        assert spool.press_seq("48", 7, 3) == owed.seq
        assert spool.press_seq("48", 7, 4) is None
        assert spool.press_seq("48", 8, 3) is None
        spool.commit(press_batch(4))
        assert spool.last_presses() == {b"\x48": (7, 4)}
        assert [one.press_count for one in open_all(spool).values() if isinstance(one, Press)] == [3, 4]


def test_presses_of_boots_long_ago_are_forgotten_because_the_names_of_boots_come_again(
    tmp_path: Path,
) -> None:
    told = Press(device="48", device_boot=7, press_count=1, learned_from="event")
    with open_spool(tmp_path / "spool.db") as spool:
        for boot in range(1, 7):
            entry = event_entry(told, CALL, boot=BOOT, t_us=3_000)
            spool.commit(Batch(entries=[entry], press=("48", boot, 1)))
        known = [boot for boot in range(1, 7) if spool.press_seq("48", boot, 1) is not None]
        assert known == [3, 4, 5, 6]


def test_a_damaged_record_is_not_sent_and_those_beside_it_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path) as spool:
        spool.commit(Batch(entries=[wave(250 * n) for n in range(4)]))
    with closing(sqlite3.connect(path)) as db, db:
        (raw,) = db.execute("SELECT raw FROM record_2 WHERE seq = 2").fetchone()
        db.execute("UPDATE record_2 SET raw = ? WHERE seq = 2", [raw[:30] + b"\x00" + raw[31:]])
        db.execute("UPDATE record_2 SET raw = ? WHERE seq = 3", [raw])
    with open_spool(path) as spool:
        assert list(spool.read(WAVE, [1, 2, 3, 4])) == [1, 4]
    assert "record 2 of class 2 is damaged and will not be sent" in caplog.text


def test_facts_may_name_the_seq_of_the_first_entry_and_are_forgotten_when_none(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        spool.commit(Batch(entries=[event()], facts={"a": 1}, facts_of_seq=lambda seq: {"at": seq}))
        assert (spool.fact("a"), spool.fact("at")) == (1, 2)
        spool.commit(Batch(facts={"a": None}))
        assert spool.fact("a") is None


def test_receipts_and_refusals_survive_a_restart_and_are_not_owed(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        spool.commit(Batch(entries=[wave(n) for n in range(6)]))
        received = {WAVE: SeqRanges([(1, 2), (4, 4)]), NUMERIC: SeqRanges([(1, 1)])}
        spool.commit(Batch(received=received, refused=[RefusedRecord(WAVE, 3, Refusal.BAD_CRC)]))
    with open_spool(tmp_path / "spool.db") as spool:
        assert spool.ledger(WAVE).received == SeqRanges([(1, 2), (4, 4)])
        assert spool.ledger(WAVE).refused == SeqRanges([(3, 3)])
        assert [one.seq for one in spool.owed() if one.record_class == WAVE] == [5, 6]


def test_another_hub_s_store_is_owed_everything_that_it_does_not_name(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        spool.commit(Batch(entries=[wave(n) for n in range(4)]))
        received = {WAVE: SeqRanges([(1, 4)]), NUMERIC: SeqRanges([(1, 1)])}
        spool.commit(Batch(received=received, refused=[RefusedRecord(CALL, 1, Refusal.SEAL_BROKEN)]))
        spool.commit(Batch(received={WAVE: SeqRanges([(1, 3)])}, facts={"epoch": 2}, forgets_receipts=True))
        assert [(one.record_class, one.seq) for one in spool.owed()] == [(CALL, 1), (NUMERIC, 1), (WAVE, 4)]
        assert spool.fact("epoch") == 2


def test_a_row_that_is_missing_without_a_word_is_given_up_and_told_once(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path) as spool:
        spool.commit(Batch(entries=[wave(n) for n in range(9)]))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM record_2 WHERE seq IN (3, 4, 8)")
    with open_spool(path) as spool:
        page = Page(WAVE, ((1, 9),))
        told = spool.load(page)
        assert [one.seq for one in told if one.record_class == WAVE] == [1, 2, 5, 6, 7, 9]
        told_seqs = [one.seq for one in told if one.record_class == NUMERIC]
        assert told_seqs == [3, 4], "after the two starts"
        assert spool.ledger(WAVE).given_up == SeqRanges([(3, 4), (8, 8)])
        assert len(spool.load(page)) == 6
        found = open_all(spool)
        assert [found[NUMERIC, seq] for seq in told_seqs] == [
            Tombstone(record_class=2, first_seq=low, last_seq=high, why="it is not on the card any more")
            for low, high in ((3, 4), (8, 8))
        ]


def test_a_spool_that_somebody_holds_is_refused_and_free_again_after(tmp_path: Path) -> None:
    held = pytest.raises(SpoolBusyError, match=r"spool\.db: another `edge vitals` holds this spool")
    with open_spool(tmp_path / "spool.db"), held:
        Spool(tmp_path / "spool.db", quota_bytes=QUOTA_BYTES)
    Spool(tmp_path / "spool.db", quota_bytes=QUOTA_BYTES).close()


def test_a_spool_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    with open_spool(path):
        pass
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {len(SCHEMA) + 1}")
    for _ in range(2):  # the lock was given back
        with pytest.raises(SpoolError, match=r"made by a newer version \(4\); this one knows 3: update it"):
            Spool(path, quota_bytes=QUOTA_BYTES)


def test_a_file_that_is_no_database_is_called_damaged_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(b"something else" * 1_000)
    with pytest.raises(SpoolDamagedError, match="file is not a database: the file is damaged; change"):
        Spool(path, quota_bytes=QUOTA_BYTES)
    assert path.read_bytes().startswith(b"something else")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SpoolError, match=r"data/spool\.db: cannot be made: .*; check \[data_dir\]"):
        Spool(tmp_path / "data" / "spool.db", quota_bytes=QUOTA_BYTES)


def test_nothing_is_stored_before_there_is_a_key(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", quota_bytes=QUOTA_BYTES)
    with pytest.raises(SpoolError, match="before begin_sealing"):
        spool.commit(Batch(entries=[event()]))
    spool.close()


def test_nothing_that_was_captured_can_be_read_on_the_card(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    plain = wave(0, count=500, seed=7)
    samples = plain.body[-400:]  # raw, little-endian
    with open_spool(path) as spool:
        spool.commit(Batch(entries=[event(), plain], drafts=[plain]))
        spool.commit(press_batch(1))
        files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert {"spool.db", "spool.db-wal"} <= set(files)
    everything = b"".join(files.values())
    for secret in (samples, samples[:16], samples[-16:], event().body, b"learned_from"):
        assert secret in plain.body + event().body + press_batch(1).entries[0].body
        assert secret not in everything
    for word in (b"visit opened", b"signal"):  # what the short event says
        assert word in lengthen(event().body)
        assert word not in everything


def test_a_commit_waits_for_the_card(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        for pragma, value in (("synchronous", 2), ("journal_mode", "wal"), ("page_size", PAGE_BYTES)):
            assert spool._db.execute(f"PRAGMA {pragma}").fetchone() == (value,)


def test_a_commit_neither_grows_the_log_nor_truncates_it(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool.db") as spool:
        log = tmp_path / "spool.db-wal"
        before = log.stat().st_size
        for n in range(100):
            spool.commit(Batch(drafts=[wave(n * 250)]))
        assert log.stat().st_size == before >= 4_000_000
