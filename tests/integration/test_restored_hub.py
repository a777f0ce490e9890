"""A hub made of an old backup: boxes send again what it lacks, once; calls that it does not know ring again.

Real processes and rooms: mosquitto, the hub, `edge vitals`; the board is simulated.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Coroutine, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contract.ids import CallId, RecordClass, RecordId, StationId, parse_spool
from firmware_bridge.board.messages import OutputPattern
from hub.calls.call import Given
from hub.calls.call_desk import CallDesk
from hub.calls.table import Input, State
from hub.config import Config, read_config
from hub.hub import Hub
from hub.ingest.keyring import KeyRing
from hub.pki.seal_keys import SealKeys
from hub.routing.routing_service import Routing
from hub.store.interface import CallRow
from hub.store.segments import Place, SegmentReader
from hub.store.sqlite import SqliteStore
from tests.broker import Broker
from tests.integration.conftest import Command
from tests.running_hub import HubProcess, HubThread, hub_config, read_store
from tests.village.eyes import wait_until
from tests.village.station import Station

pytestmark = pytest.mark.timeout(600)  # its waits have limits of their own, for a loaded machine

NAME = "con-dao-01"
PASSPHRASE = "correct horse battery staple"
CALL, NUMERIC, WAVEFORM, _ = RecordClass


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "hub", stations=[NAME]) as broker:
        yield broker


@pytest.fixture
def config(broker: Broker) -> Config:
    config = hub_config(broker)
    SqliteStore(config.store_folder, is_writer=True).close()  # so that it can be looked at from the start
    return config


@pytest.fixture
def station(broker: Broker, tmp_path: Path) -> Iterator[Station]:
    given = broker.boxes[NAME]
    with Station(NAME, tmp_path / "box", given, broker_port=broker.port, recording="an") as station:
        yield station


def records(config: Config) -> dict[RecordId, bytes]:
    """Every record that the hub holds, as it came, opened or not."""
    folder = config.store_folder
    segments, found = SegmentReader(folder / "segments"), {}
    sql = "SELECT s.spool, class, seq, raw, segment, start, length FROM record JOIN spool s ON no = spool_no"
    with closing(sqlite3.connect(folder / "hub.db")) as db, closing(segments):
        for spool, of_class, seq, raw, *place in db.execute(sql):
            name = RecordId(StationId(NAME), parse_spool(spool), RecordClass(of_class), seq)
            found[name] = segments.read(Place(*place)) if raw is None else raw
    return found


def assert_receipts_name_what_is_there(config: Config) -> None:
    with read_store(config) as store:
        named = {
            RecordId(StationId(NAME), spool, of_class, seq)
            for spool in store.spools(StationId(NAME))
            for of_class, of_it in store.ranges(StationId(NAME), spool).items()
            for low, high in of_it
            for seq in range(low, high + 1)
        }
    assert named == set(records(config))


def has_records_of_every_kind(config: Config, *, at_least: int) -> bool:
    held = records(config)
    classes = {one.record_class for one in held}
    return {CALL, NUMERIC, WAVEFORM} <= classes and len(held) >= at_least


def open_calls(config: Config) -> list[CallRow]:
    """What rings; a step of a call that came before its key is taken for a press until it is opened."""
    with read_store(config) as store:
        return store.open_calls()


def put_in_place(config: Config, restored: Path) -> None:
    """The operator puts the restored store where the lost one was."""
    shutil.rmtree(config.store_folder)
    shutil.move(restored / "store", config.store_folder)


def lamp_shows(station: Station, pattern: OutputPattern) -> None:
    wait_until(lambda: station.board.lamp.pattern is pattern, what=f"the lamp shows {pattern.name}")


def test_everything_arrives_again_once_at_a_hub_restored_from_an_old_backup_and_the_open_call_rings(
    config: Config, station: Station, tmp_path: Path, command: Command
) -> None:
    with HubProcess(config) as hub:
        wait_until(lambda: bool(records(config)), what="the first records")
        assert command("backup", tmp_path / "backup", "--config", config.path).status == 0
        in_backup = set(records(config))
        station.board.press()
        lamp_shows(station, OutputPattern.SLOW_BLINK)
        station.ask("next person")  # what was captured becomes records
        wait_until(lambda: has_records_of_every_kind(config, at_least=12), what="records of every kind")
        wait_until(lambda: len(open_calls(config)) == 1, what="one call")
        hub.kill()
        before = records(config)
        (call,) = open_calls(config)
        with read_store(config) as store:
            old_epoch = store.epoch
        assert len(before) > len(in_backup)

        assert command("restore", tmp_path / "backup", "--into", tmp_path / "new").status == 0
        put_in_place(config, tmp_path / "new")
        with read_store(config) as store:
            assert store.epoch != old_epoch
            assert store.open_calls() == []
        hub.start()
        wait_until(lambda: set(before) <= set(records(config)), what="all that was lost is there again")
        after = records(config)
        assert {one: after[one] for one in before} == before
        wait_until(lambda: len(open_calls(config)) == 1, what="one call again")
        (again,) = open_calls(config)
        assert (again.call_id, again.state) == (call.call_id, State.RECEIVED.name)
        assert "came with other content" not in hub.log.read_text(encoding="utf-8")
    assert_receipts_name_what_is_there(config)
    lamp_shows(station, OutputPattern.SLOW_BLINK)


async def nobody() -> tuple[str, ...]:
    """No account at all."""
    return ()


class Desk:
    """The desk of calls beside a hub in a thread."""

    def __init__(self) -> None:
        self.desk: CallDesk | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def prepare(self, hub: Hub) -> None:
        self._loop = asyncio.get_running_loop()
        routing = Routing(
            hub.config, accounts=nobody, station_name=str, now_s=hub.now_s, utc_now_us=hub.utc_now_us
        )
        self.desk = CallDesk(hub, routing, has_page=lambda _: True)
        self._task = asyncio.create_task(self._run(self.desk))

    @staticmethod
    async def _run(desk: CallDesk) -> None:
        await desk.begin()
        await desk.run()

    def do(self, work: Coroutine[Any, Any, Any]) -> None:
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def state(self) -> str | None:
        """How the one open call stands."""
        assert self.desk is not None
        calls = self.desk.open_calls()
        return calls[0].row.state if calls else None

    async def shown(self, call_id: CallId) -> None:
        """A console shows the call."""
        assert self.desk is not None
        self.desk.shown(call_id)

    def end(self) -> None:
        async def cancel() -> None:
            assert self._task is not None
            self._task.cancel()

        self.do(cancel())


def test_a_call_that_somebody_had_at_the_lost_hub_waits_for_somebody_again_and_the_lamp_says_so(
    config: Config, station: Station, tmp_path: Path, command: Command
) -> None:
    desk = Desk()
    with HubThread(config, prepare=desk.prepare):
        wait_until(lambda: bool(records(config)), what="the first records")
        assert command("backup", tmp_path / "backup", "--config", config.path).status == 0
        station.board.press()
        wait_until(lambda: desk.state() == State.RECEIVED.name, what="the call is at the desk")
        assert desk.desk is not None
        (held,) = desk.desk.open_calls()
        call_id = held.row.call_id
        for input_ in (Input.CLAIM, Input.JOINED, Input.FLOWS):
            desk.do(desk.desk.give(call_id, Given(input=input_, by="Lan")))
        lamp_shows(station, OutputPattern.STEADY)
        desk.end()
    assert command("restore", tmp_path / "backup", "--into", tmp_path / "new").status == 0
    put_in_place(config, tmp_path / "new")
    desk = Desk()
    with HubThread(config, prepare=desk.prepare):  # the box's connection to the broker has not noticed
        wait_until(lambda: desk.state() == State.RECEIVED.name, what="the call waits again")
        assert desk.desk is not None
        desk.do(desk.shown(call_id))
        lamp_shows(station, OutputPattern.SLOW_BLINK)
        desk.end()


def test_an_empty_hub_of_backup_and_escrow_is_the_same_hub_and_opens_what_boxes_sealed_before(
    tmp_path: Path, command: Command
) -> None:
    lost, new = tmp_path / "lost", tmp_path / "new"
    with Broker(lost, stations=[NAME]) as broker:
        given = broker.boxes[NAME]
        shutil.move(lost / NAME, tmp_path / "given")  # what was copied to the box outlives the hub
        moved = {
            name: tmp_path / "given" / getattr(given, name).name for name in ("ca", "certificate", "key")
        }
        files = type(given)(**moved, seal_key=tmp_path / "given" / given.seal_key.name)
        config = hub_config(broker)
        SqliteStore(config.store_folder, is_writer=True).close()
        station = Station(NAME, tmp_path / "box", files, broker_port=broker.port, recording="an")
        with HubProcess(config), station:
            wait_until(lambda: bool(records(config)), what="the first records")
            assert command("backup", tmp_path / "backup", "--config", config.path).status == 0
            assert command("seal", "rotate", "--config", config.path).status == 0
            escrow = ("seal", "escrow", "--out", tmp_path / "escrow", "--config", config.path)
            assert command(*escrow, stdin=PASSPHRASE).status == 0
            wait_until(lambda: newest_hub_key(config) == 2, what="the box seals to the new key")
            station.board.press()
            lamp_shows(station, OutputPattern.SLOW_BLINK)
            station.ask("next person")
            wait_until(lambda: has_records_of_every_kind(config, at_least=12), what="records of every kind")
        before = records(config)
    shutil.rmtree(lost)

    assert command("restore", tmp_path / "backup", "--into", new).status == 0
    said = command("init", new)
    assert (said.status, "hub seal recover" in said.err) == (1, True), "a hub that no box knows is not made"
    recover = ("seal", "recover", tmp_path / "escrow", "--config", new / "hub.toml")
    assert command(*recover, stdin=PASSPHRASE).status == 0
    with Broker(new) as broker:
        config = hub_config(broker)
        assert config.store_folder == read_config(new / "hub.toml").store_folder == new / "store"
        station = Station(NAME, tmp_path / "box", files, broker_port=broker.port, recording="an")
        with HubProcess(config), station:
            wait_until(lambda: set(before) <= set(records(config)), what="all that was lost is there again")
        after = records(config)
        assert {one: after[one] for one in before} == before
        assert_receipts_name_what_is_there(config)
        assert everything_opens(config) > 0


def newest_hub_key(config: Config) -> int | None:
    with read_store(config) as store:
        told = [event.hub_key for _, _, event in store.box_keys()]
    return told[-1] if told else None


def everything_opens(config: Config) -> int:
    """Open each chunk and find each event opened; return how many chunks."""
    ring, opened = KeyRing(SealKeys(config.pki_folder).read()), 0
    with read_store(config) as store:
        assert store.waiting_keys() == []
        for spool in store.spools(StationId(NAME)):
            for of_class in (NUMERIC, WAVEFORM):
                for one in store.chunks(StationId(NAME), spool, record_class=of_class):
                    opener = ring.opener(store.key_event, *one.record_id[:2], one.record.header.key_id)
                    assert opener is not None
                    opener.open(one.record)
                    opened += 1
    return opened
