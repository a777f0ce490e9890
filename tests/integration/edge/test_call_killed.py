"""A call whose `edge vitals` is killed with SIGKILL in each state: a real process, a board, a card."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest

from contract.events import HubRang, Press
from contract.signals import CallState, HubCallState, RingStation, encode_signal
from edge.config import BoxConfig
from edge.control_service import ask
from firmware_bridge.board.messages import OutputPattern
from tests.integration.edge.call_station import RING, ROOT, told
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.test_vitals import LIMIT_S, config, until, until_answered  # noqa: F401
from tests.integration.edge.uplinks import board_of
from tests.simulators.board import BoardSim


class Killed:
    """An `edge vitals` that is there until the test lets it go, which is by SIGKILL."""

    def __init__(self, config: BoxConfig, process: asyncio.subprocess.Process) -> None:  # noqa: F811
        self._config, self._process = config, process

    def hears(self, signal: CallState | RingStation) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(encode_signal(signal) + b"\n")

    def hub_says(self, state: HubCallState, revision: int) -> None:
        call_seq, spool = saved(self._config)["call_seq"], fact(self._config, "spool")
        said = {"spool": spool, "call_seq": call_seq, "state": state, "revision": revision, "by": "Lan"}
        self.hears(CallState.model_validate(said))

    async def until(self, *states: str) -> Mapping[str, Any]:
        async with asyncio.timeout(LIMIT_S):
            while (facts := await ask(self._config.control_socket, "call"))["state"] not in states:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # between questions: a state announces nothing
        return facts


def fact(config: BoxConfig, name: str) -> Any:  # noqa: F811
    """What the card knows by that name."""
    with closing(sqlite3.connect(f"file:{config.data_dir / 'spool.db'}?mode=ro", uri=True)) as db:
        row = db.execute("SELECT value FROM fact WHERE name = ?", [name]).fetchone()
    return None if row is None else json.loads(row[0])


def saved(config: BoxConfig) -> dict[str, Any]:  # noqa: F811
    """How the call stands on the card."""
    return fact(config, "call") or {}


@asynccontextmanager
async def killed_in_the_end(config: BoxConfig) -> AsyncIterator[Killed]:  # noqa: F811
    module = "tests.integration.edge.vitals_worker"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, str(config.file.parent)), stdin=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        await until_answered(config)
        yield Killed(config, process)
    finally:
        process.kill()
        await process.wait()


WORDS: Mapping[str, HubCallState] = {"AT_HUB": "offered", "RINGING": "ringing", "CLAIMED": "claimed"}
LAMPS: Mapping[str, OutputPattern] = {
    "AT_HUB": OutputPattern.SLOW_BLINK,
    "RINGING": OutputPattern.DOUBLE_FLASH,
    "CLAIMED": OutputPattern.STEADY,
}


@pytest.mark.parametrize("state", ["REGISTERED", *WORDS])
@in_a_loop
async def test_a_call_outlives_the_death_of_its_process_in_every_state(config: BoxConfig, state: str) -> None:  # noqa: F811
    with BoardSim(board_of(config)) as board:
        async with killed_in_the_end(config) as box:
            await until(lambda: bool(board.truth.outputs))
            board.press()
            await until(lambda: board.unacked == 0)  # on the card, and so told to the board
            board.release()
            if state in WORDS:
                box.hub_says(WORDS[state], revision=1)
                await until(lambda: saved(config)["state"] == state)
        async with killed_in_the_end(config) as box:
            facts = await box.until(*((state,) if state in WORDS else ("REGISTERED", "KEPT")))
            assert facts["call_seq"] == saved(config)["call_seq"]
            shown = [LAMPS[state]] if state in WORDS else [OutputPattern.FAST_BLINK, OutputPattern.PULSE]
            await until(lambda: board.lamp.pattern in shown)
            box.hub_says("claimed", revision=2)
            assert (await box.until("CLAIMED"))["call_seq"] == facts["call_seq"]
            await until(lambda: saved(config)["state"] == "CLAIMED")
    assert len([one for one in told(config) if isinstance(one, Press)]) == 1


@in_a_loop
async def test_a_ring_outlives_the_death_of_its_process_and_its_press_answers_it(config: BoxConfig) -> None:  # noqa: F811
    with BoardSim(board_of(config)) as board:
        async with killed_in_the_end(config) as box:
            await until(lambda: bool(board.truth.outputs))
            box.hears(RingStation(ring=RING, lease_s=60.0, by="Lan"))
            await until(lambda: saved(config).get("state") == "CHIMING")
        async with killed_in_the_end(config) as box:
            await box.until("CHIMING")
            board.press()
            await until(lambda: board.unacked == 0)
            await box.until("REGISTERED", "KEPT")
    events = told(config)
    assert [one.answers for one in events if isinstance(one, Press)] == [RING]
    assert [one.outcome for one in events if isinstance(one, HubRang)] == ["accepted"]


@in_a_loop
async def test_a_press_that_was_made_while_no_process_lived_is_a_call_of_its_own(config: BoxConfig) -> None:  # noqa: F811
    with BoardSim(board_of(config)) as board:
        async with killed_in_the_end(config):
            await until(lambda: bool(board.truth.outputs))
        board.press()
        board.release()
        async with killed_in_the_end(config) as box:
            await box.until("REGISTERED", "KEPT")
            await until(lambda: board.unacked == 0)
    assert len([one for one in told(config) if isinstance(one, Press)]) == 1
