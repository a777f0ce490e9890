"""What `hub serve` tells its supervisor: ready when it can take records, alive while it does.

A sign of life goes through the work itself: both threads of the store, behind what waits there, and ingest,
which must have gone on if anything waited for it.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from hub.hub import Hub
from hub.ingest.ingest_service import IngestService
from hub.store.interface import StoreFailedError
from supervisor.notify import Supervisor

LOG = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0
OPEN_AGAIN_S: Final = 0.1  # until the console lets people in


class LifeSigns:
    """`run` until cancelled, all on the loop."""

    def __init__(self, supervisor: Supervisor, hub: Hub, ingest: IngestService) -> None:
        self._supervisor, self._hub, self._ingest = supervisor, hub, ingest
        self._had_work, self._turns = False, -1

    async def run(self, *, is_open: Callable[[], bool], every_s: float = LOOK_EVERY_S) -> None:
        """Say ready when the store answers and `is_open`; then a sign of life for each look that finds work
        going on.
        """
        is_ready = False
        while True:
            goes_on = await self._goes_on()
            if goes_on and not is_ready and is_open():
                is_ready = self._supervisor.say_ready(self._status())
            if goes_on and is_ready:
                self._supervisor.say_alive()
                self._supervisor.say_status(self._status())
            await asyncio.sleep(every_s if is_ready else OPEN_AGAIN_S)

    def on_end(self) -> None:
        """The hub is told to end."""
        self._supervisor.say_stopping()

    async def _goes_on(self) -> bool:
        """Whether both threads answer, and ingest has taken a turn if it had work at the last look."""
        try:
            await self._hub.run_read(lambda store: store.epoch)
            await self._hub.run_write(lambda store: store.epoch)
        except StoreFailedError as error:  # a disk that fails is told on every page, and no restart mends it
            LOG.debug("%s", error)
        had_work, turns = self._had_work, self._turns
        self._had_work, self._turns = self._ingest.has_work, self._ingest.turns
        return not had_work or turns != self._turns

    def _status(self) -> str:
        state, link = self._ingest.state(), self._hub.broker_link()
        broker = "the broker has us" if link.is_connected else f"no broker: {link.text}"
        return f"{broker}; " + (f"nothing is stored: {state.fault}" if state.fault else "records are stored")
