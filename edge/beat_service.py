"""The beat of `edge vitals`, about once a second: what was captured is coded and stored, and whatever else is
due goes with it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from contract.times import Anchor
from edge.call.lamps import host_state_of
from edge.capture.coding_service import CodingThread
from edge.capture.cuts import Cut
from edge.capture.rhythm import CutRhythm
from edge.health.hub_anchors import anchor_event
from edge.health.own_clocks import OwnClocks
from edge.life_service import LifeSigns
from edge.rooms import Rooms
from edge.spool.batch import Batch
from edge.uplink.receipt_book import ReceiptBook


class Beat:
    """Of one spool. `cut_now`: set where the next cut must not wait; `on_time`: an anchor, for who shows
    times here.
    """

    def __init__(
        self,
        rooms: Rooms,
        *,
        receipts: ReceiptBook,
        own_clocks: OwnClocks,
        life: LifeSigns,
        cut_now: asyncio.Event,
        on_time: Callable[[Anchor], None],
    ) -> None:
        self._rooms, self._clock, self._receipts, self._own_clocks = rooms, rooms.clock, receipts, own_clocks
        self._life, self._cut_now, self._on_time = life, cut_now, on_time
        self._cuts = CutRhythm()
        self._coding = CodingThread(rooms.capture, rooms.spool, self._with_the_rest)

    async def run(self) -> None:
        """Beat until cancelled. Raises SpoolDamagedError."""
        rooms, uplink = self._rooms, self._rooms.uplink
        while True:
            is_live = uplink.is_live
            rooms.video.tick()
            for anchor in self._own_clocks.anchors(now_us=self._clock.now_us()):
                self._tell_anchor(anchor)
            if await rooms.statuses.record_if_due(is_live=is_live):
                for anchor in rooms.hub_anchors.with_status():
                    self._tell_anchor(anchor)
            cut_at_s = self._clock.now_s()
            makes_records = self._cuts.makes_records(is_live=is_live, round_trip_s=uplink.round_trip_s)
            cuts = await self._store_cuts(makes_records=makes_records)
            is_connected = uplink.link.connected_since_s is not None
            rooms.board.set_host_state(host_state_of(rooms.call.call, is_connected=is_connected))
            self._life.on_cuts(cuts, uplink, rooms.spool)
            await self._until_next_cut(cut_at_s)

    async def keep_noting(self) -> None:
        """Of a box that was replaced: what receipts say goes to the card, and when things were to the hub."""
        while True:
            await self._store_cuts(makes_records=True)
            await self._until_next_cut(self._clock.now_s())

    async def end(self) -> None:
        """Store all that was captured."""
        for cut in self._rooms.capture.cut(now_us=self._clock.now_us(), is_live=True):
            await self._coding.store(cut)
        await self._coding.close()

    def on_exchange(self, anchor: Anchor) -> None:
        """The hub told its time."""
        for told in self._rooms.hub_anchors.on_exchange(anchor, now_s=self._clock.now_s()):
            self._tell_anchor(told)

    def _tell_anchor(self, anchor: Anchor) -> None:
        self._on_time(anchor)
        self._rooms.capture.tell(anchor_event(anchor), self._clock.now_us())

    async def _store_cuts(self, *, makes_records: bool) -> Sequence[Cut]:
        cuts = self._rooms.capture.cut(now_us=self._clock.now_us(), is_live=makes_records)
        for cut in cuts:
            self._rooms.uplink.add(await self._coding.store(cut))
        return cuts

    async def _until_next_cut(self, last_s: float) -> None:
        """Wait for the rest of the time since the last cut, however long that took to code and store."""
        uplink = self._rooms.uplink
        wait_s = self._cuts.wait_s(is_live=uplink.is_live, round_trip_s=uplink.round_trip_s)
        rest_s = last_s + wait_s - self._clock.now_s()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(rest_s, 0.0)):
                await self._cut_now.wait()
        self._cut_now.clear()

    def _with_the_rest(self, batch: Batch | None) -> Batch | None:
        """Return what goes to the card this second: what was captured, receipts, wishes, known devices."""
        owed = self._rooms.uplink.owed
        facts = {**self._rooms.video.new_facts(), **self._rooms.instruments.new_facts()}
        batch = self._receipts.added_to(batch, received=owed.received, epoch=owed.epoch)
        if not facts:
            return batch
        batch = batch or Batch()
        return replace(batch, facts={**batch.facts, **facts})
