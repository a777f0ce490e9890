"""The self-test in the running service, over a real broker and hub: a press goes before it."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from contract.events import CallRaised, Press, SelfTested
from contract.ids import StationId
from edge.call.station_table import State
from edge.clock import BoxClock
from edge.config import BoxConfig, SocketsConfig
from edge.control_service import ask
from edge.errors import ControlError
from edge.health.self_test import SelfTestNow
from edge.vitals_service import Vitals
from firmware_bridge.events import ButtonHeld, ButtonHeldOn, ButtonPressed, PressIdentity, PressKind
from tests.broker import Broker
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.test_configuration_in_vitals import HubSide, until
from tests.integration.edge.test_vitals import until_answered
from tests.integration.edge.uplinks import box_config
from tests.integration.edge.video_side import called_at
from tests.simulators import video_stand_in
from tests.simulators.video_stand_in import TRIED, heard

CON_DAO = StationId("con-dao-01")
HELD = PressIdentity(b"button", 1, 1)
NEXT = PressIdentity(b"button", 1, 2)


@pytest.fixture(autouse=True)
def _is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in is found wherever the tests are started."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


def video_in(folder: Path, manner: str) -> tuple[str, ...]:
    return (sys.executable, "-m", video_stand_in.__name__, str(folder), manner)


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


@pytest.fixture
def hub(broker: Broker) -> Iterator[HubSide]:
    side = HubSide(broker)
    with side.thread:
        yield side


@asynccontextmanager
async def vitals(config: BoxConfig, manner: str = "") -> AsyncIterator[Vitals]:
    """`manner`: of its `edge video`, which is a stand-in."""
    clock = BoxClock.read(config.boot_file)
    video = video_in(config.file.parent, manner)
    service = Vitals(config, clock, Random(1), video_command=video)
    task = asyncio.create_task(service.run())
    await until_answered(config)
    try:
        yield service
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def press(service: Vitals, identity: PressIdentity) -> None:
    now_us = service._clock.now_us()
    kind = PressKind.PRESS
    service._on_button(ButtonPressed(*identity, event_id=1, box_t_us=now_us, kind=kind))


async def now(config: BoxConfig) -> SelfTestNow:
    return SelfTestNow.model_validate(await ask(config.control_socket, "self-test now"))


async def until_state(config: BoxConfig, state: str) -> SelfTestNow:
    async with asyncio.timeout(60):
        while (found := await now(config)).state != state:  # noqa: ASYNC110 - as a tool asks
            await asyncio.sleep(0.05)
    return found


def trials(folder: Path) -> list[bool]:
    """What `edge video` was told of trials."""
    return [line["is_wanted"] for _, line in heard(folder) if line["tell"] == "try devices"]


def states(hub: HubSide) -> list[str]:
    return [one.state for one in hub.told(SelfTested)]


@in_a_loop
async def test_holding_on_is_an_emergency_as_ever_and_tests_when_the_call_is_over(
    config: BoxConfig, hub: HubSide
) -> None:
    async with vitals(config) as service:
        press(service, HELD)
        at_us = service._clock.now_us()
        service._on_button(ButtonHeld(*HELD, at_us))
        service._on_button(ButtonHeldOn(*HELD, at_us))
        await until(lambda: hub.told(Press) and hub.told(CallRaised) and states(hub) == ["waits"])
        assert service._call.call.is_raised
        assert service._call.call.state is not State.IDLE
        assert (await now(config)).state == "WAITS"
        await ask(config.control_socket, "cancel call")
        await until(lambda: states(hub) == ["waits", "begun", "done"])
        found = (await until_state(config, "QUIET")).result
        assert found is not None
        well = [one.text for one in found if one.is_well]
        assert TRIED.text in well
        assert any("written within" in text for text in well)
        assert any("has what was just written" in text for text in well)
        told = hub.told(SelfTested)[-1]
        assert told.by == "button"
        assert {one.part for one in told.parts} <= {one.part for one in found}


@in_a_loop
async def test_a_press_ends_a_self_test_at_once_and_is_a_call(config: BoxConfig, hub: HubSide) -> None:
    folder = config.file.parent
    async with vitals(config, "tries") as service:
        await ask(config.control_socket, "self-test")
        await until(lambda: states(hub) == ["begun"] and trials(folder) == [True])
        press(service, NEXT)
        await until(lambda: states(hub) == ["begun", "broken off"] and hub.told(Press))
        assert service._call.call.state is not State.IDLE
        found = await until_state(config, "QUIET")
        assert found.result is None
        await until(lambda: trials(folder) == [True, False])  # the devices are free for the call
        with pytest.raises(ControlError, match="call is open"):
            await ask(config.control_socket, "self-test")


@in_a_loop
@pytest.mark.parametrize("is_unit", [False, True])
async def test_without_an_edge_video_the_finding_says_so_and_the_box_goes_on(
    config: BoxConfig, hub: HubSide, is_unit: bool, tmp_path: Path
) -> None:
    """Its child dies at once; or where systemd should listen for it, nobody does."""
    unit = SocketsConfig(video=tmp_path / "nobody.sock") if is_unit else SocketsConfig()
    async with vitals(replace(config, sockets=unit), "dies"):
        await ask(config.control_socket, "self-test")
        await until(lambda: states(hub) == ["begun", "done"])
        found = await until_state(config, "QUIET")
        assert any("camera and sound: `edge video` is not there" in one.text for one in found.ill)


@in_a_loop
async def test_an_edge_video_that_systemd_starts_is_asked_over_its_socket(
    config: BoxConfig, hub: HubSide, tmp_path: Path
) -> None:
    path = tmp_path / "unit.sock"
    async with called_at(path, tmp_path), vitals(replace(config, sockets=SocketsConfig(video=path)), "dies"):
        await ask(config.control_socket, "self-test")
        await until(lambda: states(hub) == ["begun", "done"])
        found = await until_state(config, "QUIET")
        assert found.result is not None
        assert TRIED in found.result
