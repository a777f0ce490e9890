"""Backups of a hub that goes on working, and hubs made of them."""

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contract.header import encode_record
from contract.ids import RecordClass
from hub.backup import copying, restoring
from hub.backup.manifest import BackupError
from hub.config import Config, read_config
from hub.people.accounts import Accounts
from hub.pki.seal_keys import SealKeys
from hub.store.copies import copy_database
from hub.store.interface import StoreFailedError
from hub.store.sqlite import SqliteStore
from tests.broker import Broker
from tests.integration.conftest import Command
from tests.integration.hub.stored import store_records
from tests.running_hub import HubThread, hub_config
from tests.simulators.box import BoxLink, BoxRecords

CON_DAO = "con-dao-01"
CALL, NUMERIC, WAVEFORM, _ = RecordClass
NAMED_ELSEWHERE = (
    '[folders]  # all of it\nstore = "/var/lib/hub"\n  pki="/etc/hub/pki" # guard it\n[broker]\nport = 1\n'
)


def nobody(_count: int) -> None:
    """Nobody looks at the bar."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "at-work", stations=[CON_DAO]) as broker:
        yield broker


@pytest.fixture
def config(tmp_path: Path, command: Command) -> Config:
    assert command("init", tmp_path / "hub").status == 0
    return read_config(tmp_path / "hub" / "hub.toml")


@pytest.fixture
def box(config: Config) -> BoxRecords:
    return BoxRecords(CON_DAO, SealKeys(config.pki_folder).newest().public)


@pytest.fixture
def filled(config: Config, box: BoxRecords) -> Config:
    """A hub with a key, a press, waveforms and an account, at rest."""
    store_records(config, box, CALL, box.key(), box.press())
    store_records(config, box, WAVEFORM, *(box.chunk() for _ in range(20)))
    with closing(Accounts(config.accounts_path)) as accounts:
        accounts.add("Lan", "a password of Lan", now_utc_s=1.0)
    return config


def contents(folder: Path, box: BoxRecords) -> dict[tuple[RecordClass, int], bytes]:
    """Every record of a store as it came."""
    with SqliteStore(folder, is_writer=False) as store:
        found = [
            stored
            for record_class in (NUMERIC, WAVEFORM)
            for stored in store.chunks(box.station, box.spool, record_class=record_class)
        ]
        found += store.events(box.station, newest=10_000)
        ranges = store.ranges(box.station, box.spool)
        records = {
            (one.record_id.record_class, one.record_id.seq): encode_record(one.record) for one in found
        }
    named = {
        (c, seq) for c, of_class in ranges.items() for low, high in of_class for seq in range(low, high + 1)
    }
    assert named == set(records), "a receipt would name what is not there"
    return records


def test_a_backup_of_a_hub_at_work_is_one_moment_of_it_and_loses_nothing_of_before(
    broker: Broker, tmp_path: Path
) -> None:
    config, is_over = hub_config(broker), threading.Event()
    box = BoxRecords(CON_DAO, broker.authority.seal_keys.newest().public)
    with HubThread(config), BoxLink(broker.boxes[CON_DAO], CON_DAO, port=broker.port) as link:
        link.send(CALL, box.parcel([box.key()]))
        link.receipt_with(CALL, 1)

        def send() -> None:
            while not is_over.wait(0.002):
                link.send(WAVEFORM, box.parcel([box.chunk() for _ in range(3)]))
                link.send(CALL, box.parcel([box.press()]))

        sending = threading.Thread(target=send)
        sending.start()
        try:
            received = {}
            for number in range(3):
                receipt = link.receipt()
                received[number] = {
                    (c, seq)
                    for c, of_class in receipt.committed.items()
                    for low, high in of_class
                    for seq in range(low, high + 1)
                }
                copying.make_backup(config, tmp_path / f"backup-{number}", on_bytes=nobody)
        finally:
            is_over.set()
            sending.join()
    for number, of_before in received.items():
        into = tmp_path / f"restored-{number}"
        restoring.restore(tmp_path / f"backup-{number}", into, on_bytes=nobody)
        records = contents(into / "store", box)
        assert of_before <= set(records)
        assert records.items() <= box.sent.items()


def test_a_copy_is_of_one_moment_and_ends_although_its_source_is_written_all_the_time(tmp_path: Path) -> None:
    source = tmp_path / "source.db"
    with closing(sqlite3.connect(source, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE row (data)")
        writer.executemany("INSERT INTO row VALUES (zeroblob(?))", [(1_000_000,)] * 30)
        copied = []

        def write_more(count: int) -> None:
            copied.append(count)
            assert len(copied) < 100, "it begins again and again"
            writer.execute("INSERT INTO row VALUES ('later')")

        copy_database(source, tmp_path / "copy.db", on_bytes=write_more)
        assert len(copied) > 2
        assert sum(copied) >= 30_000_000
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM row").fetchone() == (30,)


def test_no_private_key_is_in_a_backup(filled: Config, tmp_path: Path, command: Command) -> None:
    assert command("seal", "rotate", "--config", filled.path).status == 0
    assert command("backup", tmp_path / "backup", "--config", filled.path).status == 0
    files = [path.read_bytes() for path in (tmp_path / "backup").rglob("*") if path.is_file()]
    secrets = [path.read_bytes() for path in filled.pki_folder.glob("*.key")]
    assert len(secrets) == 6
    for secret in secrets:
        middle = secret if len(secret) == 32 else secret.splitlines()[1]
        assert not any(middle in file for file in files)


def test_a_restored_hub_has_all_of_the_other_but_its_epoch(
    filled: Config, box: BoxRecords, tmp_path: Path, command: Command
) -> None:
    said = command("backup", tmp_path / "backup", "--config", filled.path)
    assert (said.status, "22 records of 1 stations, checked" in said.out) == (0, True)
    said = command("restore", tmp_path / "backup", "--into", tmp_path / "new")
    assert (said.status, "hub seal recover ESCROW" in said.out) == (0, True)
    restored = read_config(tmp_path / "new" / "hub.toml")
    assert restored.store_folder == tmp_path / "new" / "store"
    assert contents(restored.store_folder, box) == contents(filled.store_folder, box) == box.sent
    with (
        SqliteStore(filled.store_folder, is_writer=False) as before,
        SqliteStore(restored.store_folder, is_writer=True) as after,
    ):
        assert before.epoch != after.epoch
        assert before.open_calls() == after.open_calls()
    with closing(Accounts(restored.accounts_path)) as accounts:
        assert [account.name for account in accounts.all()] == ["Lan"]
    said = command("init", tmp_path / "new")
    assert (said.status, "ca.key is gone" in said.err, "hub seal recover" in said.err) == (1, True, True)


def test_who_is_asked_to_answer_is_in_the_backup_wherever_the_document_was(
    filled: Config, tmp_path: Path, command: Command
) -> None:
    document = tmp_path / "elsewhere.toml"
    document.write_text('failsafe = "Lan"\n', encoding="utf-8")
    text = filled.path.read_text(encoding="utf-8")
    named = text.replace('# routing = "routing.toml"', f'routing = "{document}"')
    filled.path.write_text(named, encoding="utf-8")
    assert command("backup", tmp_path / "backup", "--config", filled.path).status == 0
    assert command("restore", tmp_path / "backup", "--into", tmp_path / "new").status == 0
    document.unlink()
    said = command("route", "--check", "--config", tmp_path / "new" / "hub.toml")
    assert (said.status, f"{tmp_path}/new/routing.toml: can be used" in said.out) == (0, True)


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def shorten(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty_manifest(path: Path) -> None:
    path.write_text('{"haidang_backup": 2}', encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "harm", "text"),
    [
        ("segments/00000001.segment", flip, "is not what was backed up"),
        ("segments/00000001.segment", shorten, "is not what was backed up"),
        ("hub.db", flip, "is not what was backed up"),
        ("accounts.db", Path.unlink, "accounts.db cannot be read (No such file or directory): take another"),
        ("manifest.json", Path.unlink, "one that was interrupted"),
        ("manifest.json", empty_manifest, "is not a manifest that this hub reads"),
    ],
)
def test_a_damaged_backup_is_refused_and_leaves_nothing_behind(
    filled: Config, tmp_path: Path, command: Command, name: str, harm: Callable[[Path], None], text: str
) -> None:
    copying.make_backup(filled, tmp_path / "backup", on_bytes=nobody)
    harm(tmp_path / "backup" / name)
    said = command("restore", tmp_path / "backup", "--into", tmp_path / "new")
    assert (said.status, text in said.err) == (1, True), said.err
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "new.part").exists()


def test_nothing_is_overwritten(filled: Config, tmp_path: Path) -> None:
    copying.make_backup(filled, tmp_path / "backup", on_bytes=nobody)
    with pytest.raises(BackupError, match="is there already"):
        copying.make_backup(filled, tmp_path / "backup", on_bytes=nobody)
    (tmp_path / "interrupted.part").mkdir()
    with pytest.raises(BackupError, match=r"interrupted\.part is there already"):
        copying.make_backup(filled, tmp_path / "interrupted", on_bytes=nobody)
    with pytest.raises(BackupError, match="nothing is overwritten"):
        restoring.restore(tmp_path / "backup", tmp_path / "hub", on_bytes=nobody)
    (tmp_path / "empty").mkdir()
    restoring.restore(tmp_path / "backup", tmp_path / "empty", on_bytes=nobody)


def test_what_a_hub_had_lost_already_is_told_and_the_rest_is_in_the_backup(
    filled: Config, box: BoxRecords, tmp_path: Path, command: Command
) -> None:
    (filled.store_folder / "segments" / "00000001.segment").unlink()
    said = command("backup", tmp_path / "backup", "--config", filled.path)
    assert (said.status, "00000001.segment lacks" in said.err) == (1, True)
    restoring.restore(tmp_path / "backup", tmp_path / "new", on_bytes=nobody)
    with SqliteStore(tmp_path / "new" / "store", is_writer=False) as store:
        assert [stored.record_id.seq for stored in store.events(box.station)] == [2, 1]


def test_a_folder_without_a_store_is_no_hub(filled: Config, tmp_path: Path) -> None:
    shutil.rmtree(filled.store_folder)
    for _ in range(2):  # what was begun is not in the way of the next
        with pytest.raises(StoreFailedError, match="is this the hub's configuration"):
            copying.make_backup(filled, tmp_path / "backup", on_bytes=nobody)
    assert not list(tmp_path.glob("backup*"))


def test_a_restored_configuration_has_its_folders_beside_it() -> None:
    changed = restoring.with_own_folders(NAMED_ELSEWHERE)
    assert changed == '[folders]  # all of it\nstore = "store"\npki = "pki"\n[broker]\nport = 1\n'
    assert restoring.with_own_folders("[broker]\nport = 1\n") == "[broker]\nport = 1\n"
    with pytest.raises(BackupError, match="line by line"):
        restoring.with_own_folders('folders = {store = "/var/lib/hub"}\n')
    with pytest.raises(BackupError, match="cannot be read"):
        restoring.with_own_folders("[folders\n")
