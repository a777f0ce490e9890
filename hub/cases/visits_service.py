"""Keeps who was being seen while a call was answered: the only visits that its papers may speak of."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from contract.ids import CallId, StationId
from hub.hub import Hub
from hub.store.interface import Store, StoreFailedError
from hub.store.papers import VisitId

log = logging.getLogger(__name__)

TRY_AGAIN_S: Final = 2.0
KEPT_MAX: Final = 10_000  # of those already written; the store has them all


class CallVisits:
    """`run` until cancelled; `on_change` is told of each change of calls or stations."""

    def __init__(
        self,
        hub: Hub,
        *,
        answered_calls: Callable[[], Iterable[CallId]],
        visit_now: Callable[[StationId], VisitId | None],
    ) -> None:
        self._hub, self._answered_calls, self._visit_now = hub, answered_calls, visit_now
        self._written: dict[tuple[CallId, VisitId], None] = {}
        self._awake = asyncio.Event()

    def on_change(self) -> None:
        """Some call or the visit at some station has changed."""
        self._awake.set()

    async def run(self) -> None:
        """Write down each visit of an answered call, until cancelled."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self.note(self._answered_calls())
            except StoreFailedError as error:
                log.warning("who is being seen in a call is still to be written down: %s", error)
                await asyncio.sleep(TRY_AGAIN_S)
                self._awake.set()

    async def note(self, calls: Iterable[CallId]) -> None:
        """Write down who is being seen in these calls now. Raises StoreFailedError."""
        seen = [(call_id, of) for call_id in calls if (of := self._visit_now(call_id.station)) is not None]
        fresh = [one for one in seen if one not in self._written]
        if not fresh:
            return
        utc_us = self._hub.utc_now_us()

        def write(store: Store) -> None:
            for call_id, of in fresh:
                store.note_visit(call_id, of, utc_us=utc_us)

        await self._hub.run_write(write)
        self._written.update(dict.fromkeys(fresh))
        while len(self._written) > KEPT_MAX:
            del self._written[next(iter(self._written))]
