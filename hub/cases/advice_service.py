"""Advice on its way to the stations: kept, said until it is confirmed, given up after a day."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from contract.events import AdviceKept
from contract.ids import StationId
from contract.signals import BoxState, encode_signal
from contract.topics import Topic
from hub.cases.advice_saying import AdviceSaying, signal_of
from hub.hub import Hub
from hub.ingest.committed import Committed, SignalHeard
from hub.store.interface import Store, StoreFailedError
from hub.store.papers import AdviceDraft, AdviceRow

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
LOOK_AGAIN_S: Final = 10.0  # at the store: another process of this hub may have sent some


class AdviceDesk:
    """`begin`, then `run` until cancelled."""

    def __init__(self, hub: Hub, *, on_change: Callable[[StationId], None]) -> None:
        """`on_change` is called when what pages show of a station's advice has changed."""
        self._hub, self._on_change = hub, on_change
        self._saying = AdviceSaying()
        self._absent: set[StationId] = set()
        self._awake = asyncio.Event()
        hub.on_committed(self._on_committed)
        hub.on_signal(self._on_signal)

    async def begin(self) -> None:
        """Take up what no station had confirmed when the hub ended."""
        await self._look()

    async def run(self) -> None:
        """Say what is due, until cancelled."""
        looked_s = self._hub.now_s()
        while True:
            try:
                async with asyncio.timeout(TICK_S):
                    await self._awake.wait()
            except TimeoutError:
                pass
            now_s = self._hub.now_s()
            try:
                if self._awake.is_set() or now_s - looked_s >= LOOK_AGAIN_S:
                    self._awake.clear()
                    looked_s = now_s
                    await self._look()
                await self._give_up()
            except StoreFailedError as error:
                log.warning("advice is said on as far as it is known: %s", error)
            self._say()

    async def send(self, draft: AdviceDraft) -> AdviceRow:
        """Keep a piece of advice and say it from now on; the same words twice for one person are once. Raises
        StoreFailedError: nothing was kept.
        """

        def keep(store: Store) -> AdviceRow:
            sent = [row for row in store.advice_of_call(draft.call_id) if row.of == draft.of]
            if sent and (sent[-1].text, sent[-1].urgency) == (draft.text, draft.urgency):
                return sent[-1]
            return store.add_advice(draft)

        row = await self._hub.run_write(keep)
        await self._look()
        self._say()
        self._on_change(row.call_id.station)
        return row

    async def _look(self) -> None:
        rows = await self._hub.run_read(lambda store: store.open_advice())
        self._saying.take(rows, now_s=self._hub.now_s(), now_utc_us=self._hub.utc_now_us())

    async def _give_up(self) -> None:
        over, utc_us = self._saying.over(now_s=self._hub.now_s()), self._hub.utc_now_us()
        if not over:
            return

        def give_up(store: Store) -> None:
            for row in over:
                store.give_up_advice(row.no, utc_us=utc_us)

        await self._hub.run_write(give_up)
        for row in over:
            log.warning("advice %d: %s has not confirmed it within a day", row.no, row.call_id.station)
            self._on_change(row.call_id.station)
        await self._look()

    def _say(self) -> None:
        now_s = self._hub.now_s()
        for row in self._saying.due(now_s=now_s, absent=frozenset(self._absent)):
            signal = encode_signal(signal_of(row))
            if self._hub.publish_signal(row.call_id.station, Topic.SIGNAL, signal):
                self._saying.said(row.no, now_s=now_s)

    def _on_committed(self, batch: Sequence[Committed]) -> None:
        stations = {one.arrival.station for one in batch if isinstance(one.arrival.event, AdviceKept)}
        for station in stations:
            self._awake.set()
            self._on_change(station)

    def _on_signal(self, heard: SignalHeard) -> None:
        if not isinstance(heard.signal, BoxState):
            return
        if not heard.signal.connected:
            self._absent.add(heard.station)
            return
        self._absent.discard(heard.station)
        self._saying.hello(heard.station)
        if not self._saying.is_empty:
            self._awake.set()
