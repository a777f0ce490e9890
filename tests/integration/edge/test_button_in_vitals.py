"""A real `edge vitals` without a board of ours, whose button hangs on the box itself (here: on a FIFO)."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from contract.events import DeviceState
from edge import button_service
from edge.config import BoxConfig, ButtonConfig
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.spools import open_all, open_spool
from tests.integration.edge.test_vitals import config, presses, report, rows, until, vitals  # noqa: F401
from tests.simulators.pipe_contact import PipeContact


@in_a_loop
async def test_each_press_is_a_call_once_and_the_count_goes_on_after_a_restart(
    config: BoxConfig,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(button_service, "_OPENERS", {"gpio": PipeContact})
    line = tmp_path / "line"
    config = replace(config, board_port=None, button=ButtonConfig(kind="gpio", place=str(line)))
    async with vitals(config):
        told = [finding.text for finding in (await report(config)).findings]
        assert any("call button of the box: no such device" in text for text in told)
        os.mkfifo(line)
        await press(line)
        await until(lambda: rows(config, "press") == 1)
        assert any("call button of the box" in finding.text for finding in (await report(config)).findings)
    async with vitals(config):
        await press(line)
        await until(lambda: rows(config, "press") == 2)
    found = sorted(presses(config), key=lambda one: one.press_count)
    assert [(one.press_count, one.learned_from) for one in found] == [(1, "event"), (2, "event")]
    assert len({(one.device, one.device_boot) for one in found}) == 1
    assert found[1].nudges is not None, "the call of the first press is still open"
    with open_spool(config.data_dir / "spool.db") as spool:
        states = [one for one in open_all(spool).values() if isinstance(one, DeviceState)]
    assert [one.state for one in states if one.device == "button"][:2] == ["gone", "connected"]


async def press(line: Path) -> None:
    writer = await asyncio.to_thread(os.open, line, os.O_WRONLY)  # waits until the box has it open
    os.write(writer, b"DU")
    os.close(writer)
