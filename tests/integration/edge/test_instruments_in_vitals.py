"""A real `edge vitals` with our board and instruments on pseudo-terminals."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from contract.chunks import Column, decode_chunk
from contract.events import (
    Conditions,
    DeviceConfirmed,
    DeviceQuestion,
    DeviceState,
    LeadState,
    StreamSet,
    VisitOpened,
)
from contract.ids import NO_VISIT
from edge.cli import app
from edge.config import BoxConfig
from edge.control_service import ask
from edge.errors import ControlError
from edge.health.report import Finding
from firmware_bridge.ports.device_settings import DeviceSettings
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.spools import WAVE, open_all, open_spool, stored
from tests.integration.edge.test_spool_cli import write_toml
from tests.integration.edge.test_vitals import LIMIT_S, config, report, vitals  # noqa: F401
from tests.integration.edge.uplinks import board_of
from tests.simulators.board import BoardSim
from tests.simulators.devices.berry import Berry
from tests.simulators.devices.sim import DeviceSim

BERRY = "berry-bm1000"
E = TypeVar("E")


def oximeter(folder: Path, port: str, *, seed: int = 1) -> DeviceSim:
    return DeviceSim(folder / port, Berry(random.Random(seed), now_s=time.monotonic()))


def on_port(folder: Path, port: str, *, name: str = "") -> DeviceSettings:
    return DeviceSettings(where=str(folder / port), driver=BERRY, name=name)


async def until_told(config: BoxConfig, is_so: Callable[[Finding], bool]) -> str:  # noqa: F811
    """Return what `edge doctor` says of a device when it says so."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            for finding in (await report(config)).findings:
                if finding.part == "devices" and is_so(finding):
                    return finding.text
            await asyncio.sleep(0.02)  # nothing announces what a report would say


def has_frames(port: str, count: int) -> Callable[[Finding], bool]:
    """Whether so many frames came from there since it was plugged in."""

    def is_so(finding: Finding) -> bool:
        _, found, rest = finding.text.partition(f"{port}, ")
        return bool(found) and int(rest.split(" ")[0]) >= count

    return is_so


@dataclass
class Run:
    """Samples of one stream without a hole."""

    set_no: int
    visit: int
    first: int
    samples: NDArray[np.int32]


@dataclass
class Card:
    """What a box that was stopped has on its card, read as the hub would."""

    events: list[object] = field(default_factory=list)
    runs: dict[str, list[Run]] = field(default_factory=lambda: defaultdict(list))

    def told(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]


def card_of(config: BoxConfig) -> Card:  # noqa: F811
    """Read it. `runs`: of the first waveform of each device, whatever its chunks were."""
    card, columns = Card(), list[tuple[int, int, Column]]()
    with open_spool(config.data_dir / "spool.db") as spool:
        waves = stored(spool, WAVE)
        for (record_class, seq), body in open_all(spool).items():
            if not isinstance(body, bytes):
                card.events.append(body)
            elif record_class == WAVE:
                header = waves[seq].header
                chunk = decode_chunk(body, t_us=header.t_us)
                columns += [(header.stream_set, header.visit, one) for one in chunk if one.stream == 0]
    devices = {one.set_no: one.device for one in card.told(StreamSet)}
    for set_no, visit, column in sorted(columns, key=lambda one: (one[0], one[2].first_index)):
        runs = card.runs[devices[set_no]]
        last = runs[-1] if runs else None
        is_next = last is not None and (last.set_no, last.visit) == (set_no, visit)
        if last is not None and is_next and last.first + len(last.samples) == column.first_index:
            last.samples = np.concatenate([last.samples, column.samples])
        else:
            runs.append(Run(set_no, visit, column.first_index, column.samples))
    return card


def place_in(sent: NDArray[np.int32], run: NDArray[np.int32], *, after: int = 0) -> int:
    """Return where in what was sent the run lies."""
    for at in range(after, len(sent) - len(run) + 1):
        if np.array_equal(sent[at : at + len(run)], run):
            return at
    raise AssertionError("these samples were not sent in this order")


@in_a_loop
async def test_an_oximeter_that_is_unplugged_and_back_loses_the_gap_alone_and_the_board_nothing(
    config: BoxConfig,  # noqa: F811
    tmp_path: Path,
) -> None:
    config = replace(config, devices=(on_port(tmp_path, "oximeter", name="finger"),))
    with BoardSim(board_of(config)), oximeter(tmp_path, "oximeter") as finger:
        async with vitals(config):
            told = await until_told(config, has_frames(str(tmp_path / "oximeter"), 150))
            assert told.startswith(f"finger ({BERRY}) on ")
            assert "unverified: " in told
            sent = finger.device.sent["pleth"]
            sent_at_unplug = len(sent)
            finger.unplug()
            gone = await until_told(config, lambda finding: "no such port" in finding.text)
            assert "finger" in gone
            finger.plug()
            sent_at_plug = len(sent)
            await until_told(config, has_frames(str(tmp_path / "oximeter"), 150))
            await until_told(config, has_frames(str(board_of(config)), 50))
    card = card_of(config)
    board_runs = next(runs for device, runs in card.runs.items() if device != "finger")
    assert len(board_runs) == 1
    before, after = card.runs["finger"]
    assert (before.first, after.first) == (0, 0)
    assert {before.visit, after.visit, board_runs[0].visit} - {NO_VISIT} == {1}
    truth = np.array(sent, np.int32)
    end = place_in(truth, before.samples) + len(before.samples)
    assert sent_at_unplug - end < 50, "more is lost than was on the line"
    begin = place_in(truth, after.samples, after=end)
    assert begin >= sent_at_plug - 2
    assert begin - sent_at_plug < 100 * LIMIT_S / 3
    states = [one.state for one in card.told(DeviceState) if one.device == "finger"]
    assert states == ["connected", "gone", "connected", "gone"]
    assert all(one.model and one.unverified for one in card.told(StreamSet) if one.device == "finger")


@in_a_loop
async def test_a_box_without_a_board_captures_from_instruments_and_a_finger_that_is_out_measures_nobody(
    config: BoxConfig,  # noqa: F811
    tmp_path: Path,
) -> None:
    config = replace(config, board_port=None, devices=(on_port(tmp_path, "oximeter", name="finger"),))
    with oximeter(tmp_path, "oximeter") as finger:
        async with vitals(config):
            await until_told(config, has_frames(str(tmp_path / "oximeter"), 150))
            finger.device.has_contact = False
            await until_told(config, lambda finding: "probe off" in finding.text)
            sent_when_out = len(finger.device.sent["pleth"])
            finger.device.has_contact = True
            await until_told(
                config, lambda finding: "frames" in finding.text and "probe off" not in finding.text
            )
            frames = len(finger.device.sent["pleth"])
            await until_told(config, has_frames(str(tmp_path / "oximeter"), frames + 20))
    card = card_of(config)
    before, after = card.runs["finger"]
    assert before.set_no == after.set_no == 1
    assert len(before.samples) < sent_when_out
    assert 0 not in before.samples[:-1]  # what the simulator sends without a finger
    assert 0 not in after.samples
    assert card.told(VisitOpened) == [VisitOpened(visit=1, how="signal")]
    assert any("probe off" in one.on for one in card.told(Conditions))
    assert [one.off for one in card.told(LeadState)] == [(), (0, 1, 2), ()]


@in_a_loop
async def test_two_oximeters_that_went_together_are_held_apart_until_somebody_says_which_they_are(
    config: BoxConfig,  # noqa: F811
    tmp_path: Path,
) -> None:
    ports = ("left", "right")
    config = replace(config, board_port=None, devices=tuple(on_port(tmp_path, port) for port in ports))
    with oximeter(tmp_path, "left") as left, oximeter(tmp_path, "right", seed=2) as right:
        async with vitals(config):
            names = [await name_on(config, tmp_path / port) for port in ports]
            left.unplug()
            right.unplug()
            for port in ports:
                await until_told(config, _is_absent(tmp_path / port))
            left.plug()  # perhaps the right one: nobody can tell
            told = await until_told(config, lambda finding: "nobody knows which device it is" in finding.text)
            await until_told(config, has_frames(str(tmp_path / "left"), 50))
            temporary = told.split(" ")[0]
            assert temporary not in names
            with pytest.raises(ControlError, match=f"asked is: {temporary}"):
                await ask(config.control_socket, "confirm device", device=temporary, is_device="nobody")
            await ask(config.control_socket, "confirm device", device=temporary, is_device=names[1])
            await until_told(config, has_frames(f"{names[1]} ({BERRY}) on {tmp_path / 'left'}", 50))
        async with vitals(config):  # what was said is known after a restart
            await until_told(config, has_frames(f"{names[1]} ({BERRY}) on {tmp_path / 'left'}", 1))
            toml = str(write_toml(config))
            typed = ("device", "forget", names[0], "--config", toml)  # it fell into the water
            assert (await asyncio.to_thread(CliRunner().invoke, app, typed)).exit_code == 0
            with pytest.raises(ControlError, match=rf"there is no device .*; known are: {names[1]}$"):
                await ask(config.control_socket, "forget device", device=names[0])
            right.plug()
            assert await name_on(config, tmp_path / "right") not in (*names, temporary)  # a new one, unasked
    card = card_of(config)
    question = card.told(DeviceQuestion)
    assert [(one.device, set(one.candidates)) for one in question] == [(temporary, set(names))]
    assert card.told(DeviceConfirmed) == [DeviceConfirmed(device=temporary, is_device=names[1], by="station")]
    assert {run.visit for run in card.runs[temporary]} == {NO_VISIT}
    assert {run.visit for run in card.runs[names[0]]} - {NO_VISIT} == {1}
    assert [run.visit for run in card.runs[names[1]]][-1] == 1


async def name_on(config: BoxConfig, port: Path) -> str:  # noqa: F811
    """Return what the device there is called, once it is heard."""
    return (await until_told(config, has_frames(str(port), 50))).split(" ")[0]


def _is_absent(port: Path) -> Callable[[Finding], bool]:
    return lambda finding: str(port) in finding.text and "no such port" in finding.text
