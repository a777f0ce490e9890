"""A station with a real `edge vitals`, for tests: a board on a pty, a card, and a hub that is only words."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from contract.events import Event
from contract.ids import spool_text
from contract.media import Join
from contract.signals import CallState, HubCallState, RingStation, Signal, encode_signal
from edge.call.station_table import State
from edge.clock import BoxClock
from edge.config import BoxConfig, CallConfig
from edge.control_service import ask
from edge.vitals_service import Vitals
from firmware_bridge.board.messages import Output, OutputId
from firmware_bridge.events import ButtonPressed, PressKind
from tests.integration.edge.spools import CALL, open_all, open_spool
from tests.integration.edge.test_vitals import config, until, until_answered  # noqa: F401
from tests.simulators.board import BoardSim

RING, PAGE = "00112233445566aa", "a" * 16
SILENT = CallConfig(voice=False)
ROOT = Path(__file__).parents[3]


class Station:
    """A running `edge vitals`, and a hub that is only words: they come in as the broker would bring them."""

    def __init__(self, config: BoxConfig, service: Vitals) -> None:  # noqa: F811
        self._config, self.service = config, service
        self._revision = 0

    def hears(self, signal: Signal | Join) -> None:
        self.service._uplink.on_message("v1/con-dao-01/down/signal", encode_signal(signal))

    def hub_says(self, state: HubCallState, **more: Any) -> None:
        """The hub says how the open call is, as news."""
        call = self.service._call.call
        assert call.call_seq is not None
        self._revision += 1
        spool = call.spool or spool_text(self.service._spool_id)
        said = {"spool": spool, "call_seq": call.call_seq, "state": state, "revision": self._revision}
        self.hears(CallState.model_validate({**said, **more}))

    def rings(self, lease_s: float = 12.0, **more: Any) -> None:
        self.hears(RingStation.model_validate({"ring": RING, "lease_s": lease_s, "by": "Lan", **more}))

    def presses(self, count: int) -> None:
        """The button, as the bridge tells of it, where the test has no board."""
        now_us = self.service._clock.now_us()
        self.service._on_button(ButtonPressed(b"button", 1, count, 1, now_us, PressKind.PRESS))

    @property
    def state(self) -> State:
        return self.service._call.call.state

    async def until(self, state: State) -> None:
        await until(lambda: self.state is state)

    async def ask(self, name: str, **details: object) -> Mapping[str, Any]:
        return await ask(self._config.control_socket, name, **details)


@asynccontextmanager
async def station(
    config: BoxConfig,  # noqa: F811
    clock: BoxClock | None = None,
    video: tuple[str, ...] = ("sleep", "60"),
) -> AsyncIterator[Station]:
    service = Vitals(config, clock or BoxClock.read(), random.Random(1), video_command=video)
    task = asyncio.create_task(service.run())
    await until_answered(config)
    try:
        yield Station(config, service)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def told(config: BoxConfig) -> list[Event]:  # noqa: F811
    """The events of class 0 on the card, in order, but for the keys."""
    with open_spool(config.data_dir / "spool.db") as spool:
        events = [one for key, one in sorted(open_all(spool).items()) if key[0] == CALL]
    return [one for one in events if isinstance(one, Event) and getattr(one, "event", "") != "key"]


def commands(board: BoardSim, output: OutputId) -> list[tuple[float, Output]]:
    return [(at_s, one) for at_s, one in list(board.truth.outputs) if one.output == output]
