"""Records that come by hand: from a box's export into the store of a hub that runs, or does not."""

import asyncio
import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from contract.ids import RecordClass, SpoolId, StationId
from contract.ranges import SeqRanges
from contract.sealing import HubKey, read_hub_key
from edge.spool.batch import Batch
from edge.spool.export import Export
from edge.spool.spool import Spool
from hub.clock import Clock
from hub.config import Config
from hub.ingest.inbox_service import Inbox, put, result_of
from hub.ingest.ingest import Payload
from hub.store.sqlite import SqliteStore
from tests.broker import Broker
from tests.integration.edge.spools import QUOTA_BYTES, event, press_batch, wave
from tests.running_hub import HubProcess, hub_config

STATION = StationId("con-dao-01")
CALL, NUMERIC, WAVE, _ = RecordClass


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Broker(folder, stations=[STATION]) as broker:
        yield broker


@pytest.fixture
def config(broker: Broker) -> Config:
    return hub_config(broker)


@pytest.fixture
def key(broker: Broker) -> HubKey:
    return read_hub_key(broker.boxes[STATION].seal_key.read_bytes())


def export(folder: Path, key: HubKey) -> SpoolId:
    """A box that stored a little, and its export."""
    spool = Spool(folder / "box" / "spool.db", quota_bytes=QUOTA_BYTES)
    boot = spool.begin_boot("a-boot")
    spool.begin_sealing(key, station=STATION, boot=boot, t_us=1_000, software="test")
    spool.commit(Batch(entries=[wave(n * 250, seed=n) for n in range(40)]))
    spool.commit(press_batch(1))
    spool.commit(Batch(entries=[event()]))
    one = Export(folder / "stick", station=STATION)
    writing = one.plan(spool)
    while writing.portion():
        pass
    one.finish(boot=boot, t_us=2_000)
    spool.close()
    return spool.spool_id


WHERE = Path(__file__).parents[3]


def command(config: Config, folder: Path) -> list[str]:
    return [sys.executable, "-m", "hub", "import", str(folder), "--config", str(config.path)]


def type_in(config: Config, folder: Path) -> subprocess.CompletedProcess[str]:
    typed = command(config, folder)
    return subprocess.run(typed, capture_output=True, text=True, cwd=WHERE, timeout=60, check=False)


def ranges(config: Config, spool: SpoolId) -> dict[RecordClass, SeqRanges]:
    with SqliteStore(config.store_folder, is_writer=False) as store:
        return dict(store.ranges(STATION, spool))


ALL = {CALL: SeqRanges([(1, 2)]), NUMERIC: SeqRanges([(1, 2)]), WAVE: SeqRanges([(1, 40)])}


def test_an_export_is_taken_without_a_running_hub_and_twice_does_no_harm(
    config: Config, key: HubKey, tmp_path: Path
) -> None:
    spool = export(tmp_path, key)
    shown = type_in(config, tmp_path / "stick")
    assert (shown.returncode, shown.stdout) == (0, "44 records stored\n"), shown.stderr
    assert ranges(config, spool) == ALL
    again = type_in(config, tmp_path / "stick")
    assert again.stdout == "44 records were here already\n"
    assert not any(config.inbox_folder.iterdir()), "the inbox is empty again"


def test_a_running_hub_takes_an_export_itself(config: Config, key: HubKey, tmp_path: Path) -> None:
    spool = export(tmp_path, key)
    with HubProcess(config):
        for _ in range(100):  # until it has the store
            shown = type_in(config, tmp_path / "stick")
            if shown.returncode == 0:
                break
        assert shown.returncode == 0, shown.stderr
    assert ranges(config, spool) == ALL
    with SqliteStore(config.store_folder, is_writer=False) as store:
        (call,) = store.open_calls()
        assert call.sent_boot != call.boot, "nothing says that the press is young"
        assert store.last_received_utc_us(STATION) in (None, 0), "it was not heard"


def test_a_file_that_was_changed_is_refused_whole(config: Config, key: HubKey, tmp_path: Path) -> None:
    export(tmp_path, key)
    path = next(tmp_path.glob("stick/*-2.parcels"))
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    shown = type_in(config, tmp_path / "stick")
    assert shown.returncode == 1
    assert "is not what was written there" in shown.stderr
    assert not (config.store_folder / "hub.db").exists(), "nothing was begun"


def test_an_export_that_was_broken_off_is_none(config: Config, key: HubKey, tmp_path: Path) -> None:
    export(tmp_path, key)
    (tmp_path / "stick" / "manifest.json").unlink()
    shown = type_in(config, tmp_path / "stick")
    assert shown.returncode == 1
    assert "no manifest.json" in shown.stderr


def test_what_another_record_has_the_name_of_is_told_and_not_taken(
    config: Config, key: HubKey, tmp_path: Path
) -> None:
    spool = export(tmp_path, key)
    assert type_in(config, tmp_path / "stick").returncode == 0
    with_same_name = tmp_path / "other"
    shutil.copytree(tmp_path / "box", with_same_name / "box")
    other = Spool(with_same_name / "box" / "spool.db", quota_bytes=QUOTA_BYTES)
    other._db.execute("DELETE FROM record_1 WHERE seq = 2")
    other._db.execute("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'record_1'")
    other._db.execute("DELETE FROM record_0 WHERE seq > 2")
    boot = other.begin_boot("a-boot")
    other.begin_sealing(key, station=STATION, boot=boot, t_us=9_000, software="another")
    one = Export(with_same_name / "stick", station=STATION)
    writing = one.plan(other)
    while writing.portion():
        pass
    one.finish(boot=boot, t_us=2_000)
    other.close()
    shown = type_in(config, with_same_name / "stick")
    assert "bear a name that another record has" in shown.stdout
    assert ranges(config, spool)[WAVE] == SeqRanges([(1, 40)])


def test_a_parcel_that_this_hub_cannot_read_is_told_and_the_others_are_taken(
    config: Config, key: HubKey, tmp_path: Path
) -> None:
    export(tmp_path, key)
    path = next(tmp_path.glob("stick/*-1.parcels"))
    data = bytearray(path.read_bytes())
    data[4] = 250  # as a later version of the parcel would begin
    path.write_bytes(data)
    manifest = tmp_path / "stick" / "manifest.json"
    document = json.loads(manifest.read_text())
    (told,) = (file for file in document["files"] if file["name"] == path.name)
    told["sha256"] = hashlib.sha256(data).hexdigest()
    manifest.write_text(json.dumps(document))
    shown = type_in(config, tmp_path / "stick")
    assert "42 records stored" in shown.stdout
    assert "2 records were refused" in shown.stdout


def test_when_the_hub_ends_before_it_has_taken_an_export_the_command_takes_it(
    config: Config, key: HubKey, tmp_path: Path
) -> None:
    spool = export(tmp_path, key)
    hub = SqliteStore(config.store_folder, is_writer=True)
    typed = command(config, tmp_path / "stick")
    with subprocess.Popen(typed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=WHERE) as waits:
        while not (config.inbox_folder.exists() and list(config.inbox_folder.glob("[0-9]*"))):
            assert waits.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            waits.wait(timeout=2)
        hub.close()
        try:
            said, _ = waits.communicate(timeout=60)
        finally:
            waits.kill()
    assert said == b"44 records stored\n"
    assert ranges(config, spool) == ALL


class Faulty:
    """An ingest that fails in a way that nobody expected."""

    async def take_in(self, payloads: Sequence[Payload]) -> Counter[str]:
        raise ZeroDivisionError(len(payloads))


def test_a_folder_that_fails_in_an_unexpected_way_is_told_and_the_hub_goes_on(
    config: Config, key: HubKey, tmp_path: Path
) -> None:
    export(tmp_path, key)
    place = put(tmp_path / "stick", config.inbox_folder, on_bytes=lambda _: None)
    asyncio.run(Inbox(config.inbox_folder, Faulty(), Clock()).take_all())  # type: ignore[arg-type]
    assert "keep the stick" in json.loads(result_of(place).read_text())["error"]
    assert not place.exists()


def test_an_inbox_that_cannot_be_written_waits_and_does_not_end_the_hub(
    config: Config, key: HubKey, tmp_path: Path
) -> None:
    export(tmp_path, key)
    place = put(tmp_path / "stick", config.inbox_folder, on_bytes=lambda _: None)
    result_of(place).with_suffix(".new").mkdir()  # where it would write what became of the folder

    async def run() -> None:
        running = asyncio.create_task(Inbox(config.inbox_folder, Faulty(), Clock()).run())  # type: ignore[arg-type]
        done, _ = await asyncio.wait([running], timeout=1.0)
        assert not done
        running.cancel()

    asyncio.run(run())
    assert place.exists()


def test_an_import_is_never_told_the_end_of_another(config: Config, key: HubKey, tmp_path: Path) -> None:
    export(tmp_path, key)
    first, second = (put(tmp_path / "stick", config.inbox_folder, on_bytes=lambda _: None) for _ in range(2))
    result_of(second).write_text("{}")  # of a command that was ended before it could read this
    shutil.rmtree(first)
    shutil.rmtree(second)
    third = put(tmp_path / "stick", config.inbox_folder, on_bytes=lambda _: None)
    assert not result_of(third).exists()
