"""What `edge vitals` tells its supervisor: a real datagram socket, a real spool, a board on a terminal."""

import asyncio
import random
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.spool import spool_service
from edge.spool.spool import Spool
from edge.vitals_service import Vitals
from firmware_bridge.events import SampleBlock
from supervisor.notify import Supervisor
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.test_vitals import config  # noqa: F401 - a fixture
from tests.integration.edge.uplinks import board_of
from tests.simulators.board import BoardSim
from tests.supervised import Listening, until

BLOCKS = 60  # of samples: seconds of a board that goes on


@asynccontextmanager
async def vitals(config: BoxConfig, listening: Listening) -> AsyncIterator[Vitals]:  # noqa: F811
    supervisor = Supervisor(str(listening.path), watchdog_s=30.0)
    clock = BoxClock.read()
    service = Vitals(config, clock, random.Random(1), video_command=("sleep", "60"), supervisor=supervisor)
    task = asyncio.create_task(service.run())
    try:
        yield service
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@in_a_loop
async def test_it_is_ready_when_the_spool_is_open_and_asks_for_time_until_then(
    config: BoxConfig,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_open, is_opening = threading.Event(), threading.Event()

    def slow_spool(*arguments: Any, **options: Any) -> Spool:
        is_opening.set()
        may_open.wait()
        return Spool(*arguments, **options)

    monkeypatch.setattr(spool_service, "Spool", slow_spool)
    monkeypatch.setattr("edge.life_service.ASK_EVERY_S", 0.01)
    with Listening(tmp_path / "notify") as listening:
        async with vitals(config, listening):
            try:
                await until(is_opening.is_set)
                await until(lambda: listening.names().count("EXTEND_TIMEOUT_USEC") > 3)
                assert "READY" not in listening.names()
            finally:
                may_open.set()
            await until(lambda: "READY" in listening.names())
            assert (config.data_dir / "spool.db").exists()
            assert listening.values("STATUS") == ["no device sends samples; the hub is away, all is kept"]
        assert listening.names()[-1] == "STOPPING"


@in_a_loop
async def test_a_card_that_hangs_ends_the_signs_of_life_although_samples_come(
    config: BoxConfig,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    blocks = 0
    heard = Vitals._on_heard

    def count(self: Vitals, event: Any) -> None:
        nonlocal blocks
        blocks += isinstance(event, SampleBlock)
        heard(self, event)

    monkeypatch.setattr(Vitals, "_on_heard", count)
    with Listening(tmp_path / "notify") as listening, BoardSim(board_of(config)):
        async with vitals(config, listening) as service:
            await until(lambda: "samples come; the hub is away, all is kept" in listening.values("STATUS"))
            await until(lambda: listening.names().count("WATCHDOG") > 2)
            hangs, goes_on = threading.Event(), threading.Event()

            def hang(_spool: Spool) -> None:
                hangs.set()
                goes_on.wait()

            hanging = asyncio.create_task(service._spool.use(hang))
            try:
                await until(hangs.is_set)
                listening.names()
                listening.said.clear()
                blocks = 0
                await until(lambda: blocks > BLOCKS)
                assert listening.names().count("WATCHDOG") <= 1, "the turn that was under way"
            finally:
                goes_on.set()
            await hanging
            await until(lambda: listening.names().count("WATCHDOG") > 2)
