"""What the hub wants and asks, from the hub's desk over a real broker to the card of a box, and back."""

import asyncio
import json
import queue
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from pydantic import JsonValue

from contract.commands import CommandWord, encode_command, make_command
from contract.desired import Desired, encode_desired
from contract.events import CommandResult, ConfigurationTold, DesiredApplied, Event
from contract.ids import BootId, StationId
from contract.topics import Topic
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.control_service import ask
from edge.desired.desired_service import DESIRED_FACT, DesiredService
from edge.desired.settings import Settings
from edge.spool.spool_service import SpoolThread
from edge.vitals_service import Vitals
from firmware_bridge.board.messages import OutputId, OutputPattern
from hub.fleet.bundles import Bundles, BundleState, open_bundle
from hub.fleet.configuration_service import ConfigurationDesk
from hub.hub import Hub
from hub.store.interface import Outcome
from hub.store.settings_book import CommandRow, LayerDraft
from tests.broker import Broker
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.spools import HUB_KEY
from tests.integration.edge.test_vitals import until_answered
from tests.integration.edge.uplinks import board_of, box_config
from tests.running_hub import HubThread, hub_config
from tests.simulators.board import BoardSim

LIMIT_S: Final = 30.0
CON_DAO: Final = StationId("con-dao-01")
NAME: Final = "0011223344556677"
E = TypeVar("E", bound=Event)


class KilledError(Exception):
    """The power went."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Broker(folder, stations=[CON_DAO]) as broker:
        yield broker


@pytest.fixture
def config(tmp_path: Path, broker: Broker) -> BoxConfig:
    made = box_config(tmp_path, broker.boxes[CON_DAO], port=broker.port)
    made.boot_file.write_text("boot-a 0\n")
    return made


class HubSide:
    """The hub with its desk, and every event that came of the box."""

    def __init__(self, broker: Broker) -> None:
        self.desk: ConfigurationDesk
        self.events: list[Event] = []
        self.thread = HubThread(hub_config(broker), prepare=self._prepare)

    def _prepare(self, hub: Hub) -> None:
        self.desk = ConfigurationDesk(hub, stations=lambda: [CON_DAO])
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        await self.desk.begin()
        await self.desk.run()

    def want(self, **settings: object) -> None:
        """Somebody wants this of all stations."""
        layers = self.thread.read(lambda store: store.settings.changes(newest=1, layer="all"))
        draft = LayerDraft(layer="all", settings=settings, by="Lan", why="thử", utc_us=1)
        after = layers[0].no if layers else 0
        assert self.thread.wait_for(lambda _: self.desk.change(draft, after=after)) is not None

    def command(self, word: CommandWord) -> CommandRow:
        row = self.thread.wait_for(lambda _: self.desk.command(CON_DAO, word, by="Lan"))
        assert row is not None
        return row

    def publish(self, topic: Topic, payload: bytes) -> None:
        assert self.thread.do(lambda hub: hub.publish_signal(CON_DAO, topic, payload))

    def told(self, kind: type[E]) -> list[E]:
        with suppress(queue.Empty):
            while True:
                told = self.thread.committed.get_nowait()
                if told.outcome is Outcome.STORED and told.arrival.event is not None:
                    self.events.append(told.arrival.event)
        return [one for one in self.events if isinstance(one, kind)]

    def results(self, name: str) -> list[str]:
        """Sorted: what a box owes when it comes back goes newest first."""
        return sorted(one.state for one in self.told(CommandResult) if one.command == name)

    def bundle(self, name: str) -> BundleState | None:
        bundles = Bundles(self.thread.hub.opener_for)
        return self.thread.read(lambda store: bundles.read(store, CON_DAO, name))


@pytest.fixture
def hub(broker: Broker) -> Iterator[HubSide]:
    side = HubSide(broker)
    with side.thread:
        yield side


@asynccontextmanager
async def vitals(config: BoxConfig) -> AsyncIterator[Vitals]:
    sleeps = (sys.executable, "-c", "import time; time.sleep(60)")
    service = Vitals(config, BoxClock.read(config.boot_file), random.Random(1), video_command=sleeps)
    task = asyncio.create_task(service.run())
    await until_answered(config)
    try:
        yield service
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not is_so():  # noqa: ASYNC110 - the hub is in another thread
            await asyncio.sleep(0.02)


async def in_force(config: BoxConfig) -> dict[str, Any]:
    told = ConfigurationTold.model_validate((await ask(config.control_socket, "configuration"))["told"])
    return {one.name: json.loads(one.value) for one in told.settings}


def edge_config(config: BoxConfig) -> str:
    """What the engineer reads at the place."""
    config.file.write_text(
        f'''station = "{config.station}"
data_dir = "{config.data_dir}"
[hub]
host = "{config.hub_host}"
port = {config.hub_port}
ca = "{config.ca}"
certificate = "{config.certificate}"
key = "{config.key}"
seal_key = "{config.seal_key}"
'''
    )
    command = [sys.executable, "-m", "edge", "config", "--config", str(config.file)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@in_a_loop
async def test_what_was_wanted_while_a_box_was_away_is_in_force_when_it_comes_and_is_told(
    hub: HubSide, config: BoxConfig
) -> None:
    hub.want(hotline="0254 383 0123", volume_pct=60, status_every_s=120)
    await until(lambda: hub.desk.waiting == 0)
    async with vitals(config) as box:
        await until(lambda: hub.told(DesiredApplied))
        (applied,) = hub.told(DesiredApplied)
        version = hub.desk.version(CON_DAO)
        assert version is not None
        assert (applied.version, applied.hash, applied.refused) == (1, version.hash, ())
        assert (await in_force(config))["hotline"] == "0254 383 0123"
        assert box._rhythm.quiet_s == 120.0
        hub.want(hotline="115")
        await until(lambda: len(hub.told(DesiredApplied)) == 2)
        now = await in_force(config)
        assert (now["hotline"], now["volume_pct"]) == ("115", 100)
        shown = await asyncio.to_thread(edge_config, config)
        assert '  hotline = "115"  (the hub)' in shown
    report = hub.thread.read(lambda store: store.settings.report(CON_DAO))
    assert report is not None and report.event.version == 2
    async with vitals(config):  # the broker hands it out again: nothing is told twice
        asked = hub.command("say configuration").name
        await until(lambda: hub.results(asked) == ["done", "taken"])
        await until(lambda: hub.told(ConfigurationTold))
        assert len(hub.told(DesiredApplied)) == 2
        assert hub.told(ConfigurationTold)[0].version == 2
        hub.command("read desired")  # but when it is asked for, it is
        await until(lambda: len(hub.told(DesiredApplied)) == 3)
        assert hub.told(DesiredApplied)[2].version == 2


@in_a_loop
async def test_a_key_that_the_box_does_not_know_is_refused_told_and_harms_no_other(
    hub: HubSide, config: BoxConfig
) -> None:
    async with vitals(config) as box:
        wanted: dict[str, JsonValue] = {"hotline": "115", "volume_pct": 101, "of_tomorrow": {"deep": [1]}}
        document = Desired(version=9, epoch=hub.desk.epoch, made_utc_us=1, by="Lan", settings=wanted)
        await until(lambda: box._uplink.link.connected_since_s)
        hub.publish(Topic.DESIRED, encode_desired(document))
        await until(lambda: hub.told(DesiredApplied))
        (applied,) = hub.told(DesiredApplied)
        assert (applied.taken, {one.name for one in applied.refused}) == (
            ("hotline",),
            {"volume_pct", "of_tomorrow"},
        )
        assert (await in_force(config))["hotline"] == "115"
        hub.publish(Topic.DESIRED, b"no document")
        await until(lambda: len(hub.told(DesiredApplied)) == 2)
        assert hub.told(DesiredApplied)[1].version == 0
        assert (await in_force(config))["hotline"] == "115"


@in_a_loop
async def test_a_box_that_is_killed_between_card_and_force_begins_with_what_is_on_the_card(
    config: BoxConfig, tmp_path: Path
) -> None:
    config = replace(config, data_dir=tmp_path / "alone")
    config.data_dir.mkdir()
    spool, clock = SpoolThread(config.data_dir / "spool.db", quota_bytes=config.quota_bytes), BoxClock("boot")
    await spool.open()
    await spool.use(lambda opened: opened.begin_boot("boot"))

    def killed(_settings: Settings) -> None:
        raise KilledError

    def service(saved: object, on_change: Callable[[Settings], None]) -> DesiredService:
        return DesiredService(
            saved,  # type: ignore[arg-type]
            config=config,
            software="0.1.0",
            clock=clock,
            boot=BootId(1),
            spool=spool,
            on_stored=lambda _records: None,
            on_change=on_change,
        )

    await spool.use(
        lambda opened: opened.begin_sealing(HUB_KEY, station=CON_DAO, boot=BootId(1), t_us=1, software="test")
    )
    document = Desired(version=9, epoch=1, made_utc_us=1, by="Lan", settings={"volume_pct": 60})
    first = service(None, killed)
    first.hear(encode_desired(document))
    with pytest.raises(KilledError):
        await first.run()
    saved = await spool.use(lambda opened: opened.fact(DESIRED_FACT))
    await spool.close()
    assert service(saved, killed).settings.volume_pct == 60


@in_a_loop
async def test_a_command_that_comes_twice_is_done_once_also_after_a_restart(
    hub: HubSide, config: BoxConfig
) -> None:
    command = make_command("self-test", name=NAME, lease_s=600.0, expires_utc_us=2**60, by="Lan")
    async with vitals(config) as box:
        await until(lambda: box._uplink.link.connected_since_s)
        for _ in range(3):
            hub.publish(Topic.COMMAND, encode_command(command))
        await until(lambda: hub.results(NAME) == ["done", "taken"])
    async with vitals(config) as box:
        await until(lambda: box._uplink.link.connected_since_s)
        hub.publish(Topic.COMMAND, encode_command(command))
        name = hub.command("restart video").name  # behind it, so that it has been looked at
        await until(lambda: hub.results(name) == ["done", "taken"])
        assert hub.results(NAME) == ["done", "taken"]


@in_a_loop
async def test_a_command_after_its_end_and_one_that_nobody_knows_are_answered(
    hub: HubSide, config: BoxConfig
) -> None:
    async with vitals(config) as box:
        await until(lambda: box._uplink.link.connected_since_s)
        late = make_command("identify", name=NAME, lease_s=0.0, expires_utc_us=2**60, by="Lan")
        hub.publish(Topic.COMMAND, encode_command(late))
        await until(lambda: hub.results(NAME) == ["expired"])
        await until(lambda: box._hub_anchors.last)
        past = make_command("identify", name="1" * 16, lease_s=600.0, expires_utc_us=1, by="Lan")
        hub.publish(Topic.COMMAND, encode_command(past))
        await until(lambda: hub.results("1" * 16) == ["expired"])
        foreign = encode_command(late).replace(b'"identify"', b'"dance"').replace(NAME.encode(), b"2" * 16)
        hub.publish(Topic.COMMAND, foreign.replace(b'"lease_s":0.0', b'"lease_s":9.0'))
        await until(lambda: hub.results("2" * 16) == ["refused"])


@in_a_loop
async def test_a_station_blinks_when_somebody_looks_for_it_and_never_in_a_call(
    hub: HubSide, config: BoxConfig
) -> None:
    with BoardSim(board_of(config)) as board:
        async with vitals(config) as box:
            await until(lambda: box._uplink.link.connected_since_s)
            await until(lambda: (now := box._board.counters()) and now.round_trip_us)  # the board answers
            name = hub.command("identify").name
            lamp = OutputId.STATUS_LED
            await until(lambda: board.output(lamp).pattern is OutputPattern.FAST_BLINK)
            await until(lambda: hub.results(name) == ["done", "taken"])
            await until(lambda: board.output(lamp).pattern is OutputPattern.OFF)
            board.press()
            await until(lambda: box._call.call.call_seq)
            name = hub.command("identify").name
            await until(lambda: hub.results(name) == ["refused", "taken"])
            assert board.output(lamp).pattern is OutputPattern.OFF


@in_a_loop
async def test_the_machine_is_not_restarted_in_a_call_and_once_outside_of_it(
    hub: HubSide, config: BoxConfig, tmp_path: Path
) -> None:
    mark = tmp_path / "restarted"
    append = f"open({str(mark)!r}, 'a').write('x')"
    config = replace(config, restart_command=(sys.executable, "-c", append))
    with BoardSim(board_of(config)) as board:
        async with vitals(config) as box:
            await until(lambda: box._uplink.link.connected_since_s)
            board.press()
            board.release()
            await until(lambda: box._call.call.call_seq)
            name = hub.command("restart box").name
            await until(lambda: hub.results(name) == ["refused", "taken"])
            assert not mark.exists()
            await ask(config.control_socket, "cancel call")
            name = hub.command("restart box").name
            await until(lambda: mark.exists() and mark.read_text() == "x")
    config.boot_file.write_text("boot-b 0\n")
    async with vitals(config):
        await until(lambda: hub.results(name) == ["done", "taken"])
    assert mark.read_text() == "x"


@in_a_loop
async def test_a_bundle_comes_whole_and_has_nothing_of_who_is_being_seen(
    hub: HubSide, config: BoxConfig
) -> None:
    with BoardSim(board_of(config)):
        async with vitals(config) as box:
            await until(lambda: box._capture.visit)
            name = hub.command("bundle").name
            await until(lambda: hub.results(name) == ["done", "taken"])
            (result,) = [one for one in hub.told(CommandResult) if one.state == "done"]
            assert result.object is not None
            await until(lambda: (found := hub.bundle(str(result.object))) and found.data)
    state = hub.bundle(str(result.object))
    assert state is not None and state.data is not None
    files = open_bundle(state.data)
    assert state.size_bytes < 20_000
    assert set(files) == {
        "versions.json",
        "configuration.json",
        "doctor.json",
        "status.json",
        "spool.json",
        "link.json",
        "devices.json",
        "media.json",
        "log.txt",
    }
    assert {one["part"] for one in json.loads(files["doctor.json"])}.isdisjoint({"visit", "call"})
    whole = "\n".join(files.values())
    assert str(config.key) not in whole
    assert "visit" not in whole.replace("visits", "")
    assert json.loads(files["devices.json"])["devices"]


@in_a_loop
async def test_a_broker_that_lost_everything_is_handed_all_documents_again(
    hub: HubSide, broker: Broker, config: BoxConfig
) -> None:
    hub.want(hotline="115")
    await until(lambda: hub.thread.hub.retained_mark() is not None)
    assert hub.desk.handed_out == 1
    broker.kill()
    await until(lambda: not hub.thread.hub.broker_link().is_connected)
    broker.start()
    await until(lambda: hub.thread.hub.retained_mark() is not None)
    async with vitals(config):
        await until(lambda: hub.told(DesiredApplied))
        assert (await in_force(config))["hotline"] == "115"
    assert hub.desk.handed_out == 2


def test_a_hub_that_starts_beside_a_broker_that_kept_everything_hands_out_nothing(broker: Broker) -> None:
    first = HubSide(broker)
    with first.thread:
        first.want(hotline="115")
        first.thread.wait_until(lambda hub: hub.retained_mark() is not None)
    again = HubSide(broker)
    with again.thread:
        again.thread.wait_until(lambda hub: hub.retained_mark() is not None)
        again.thread.wait_until(lambda _: again.desk._broker_since_s is not None)
        assert (again.desk.waiting, again.desk.handed_out) == (0, 0)
        again.want(hotline="113")
        again.thread.wait_until(lambda _: again.desk.handed_out == 1)


@in_a_loop
async def test_a_hub_from_a_backup_is_believed_and_told_which_version_the_box_had(
    broker: Broker, config: BoxConfig
) -> None:
    first = HubSide(broker)
    store = hub_config(broker).store_folder
    with first.thread:
        first.want(hotline="115")
        first.thread.wait_until(lambda _: first.desk.handed_out == 1)
    shutil.copytree(store, store.with_name("backup"))
    async with vitals(config):
        second = HubSide(broker)
        with second.thread:
            second.want(hotline="113")
            await until(lambda: 2 in [one.version for one in second.told(DesiredApplied)])
        shutil.rmtree(store)
        shutil.copytree(store.with_name("backup"), store)
        with closing(sqlite3.connect(store / "hub.db")) as db, db:  # as `hub restore` does
            db.execute("UPDATE epoch SET value = (value + 1) % 4294967296")
        restored = HubSide(broker)
        with restored.thread:
            await until(lambda: [one for one in restored.told(DesiredApplied) if one.replaces == 2])
            (applied,) = (one for one in restored.told(DesiredApplied) if one.replaces == 2)
            assert (applied.version, applied.epoch) == (1, restored.desk.epoch)
            assert (await in_force(config))["hotline"] == "115"
