"""Sees to it that boxes seal to the hub's newest key: offers it to who does not, and takes up new keys.

`hub seal rotate` and `hub seal recover` write into the pki folder while the hub runs; it is looked at every
few seconds. A box is asked about after its hello and when a key of it was stored, and all that are here when
the newest key has changed. What an offer came to, the box's next `key` event says. Source: docs/adr/0018.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from contract.errors import RefusedError
from contract.events import KeyMade
from contract.ids import BoxName, SpoolId, StationId, parse_spool
from contract.seal_offers import make_offer
from contract.sealing import HubKey, HubPrivateKey
from contract.signals import BoxState, encode_signal
from contract.topics import Topic
from hub.ingest.committed import Committed, SignalHeard
from hub.ingest.keyring import KeyRing
from hub.pki.files import PkiError
from hub.pki.seal_keys import SealKeys
from hub.store.interface import Outcome, Store, StoreFailedError
from hub.store.threads import StoreThread

LOG = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0  # at the folder of keys
GATHER_S: Final = 0.25  # a fleet that comes back is asked about together
ASK_AT_ONCE: Final = 200  # spools: a page that reads must not wait behind a fleet that comes back at once

Publish = Callable[[StationId | BoxName, Topic, bytes], bool]


class SealService:
    """Belongs to the event loop; the rings belong to the threads of their stores."""

    def __init__(
        self,
        *,
        keys: SealKeys,
        sign: Callable[[bytes], bytes],
        reader: StoreThread,
        reader_ring: KeyRing,
        writer: StoreThread,
        writer_ring: KeyRing,
        publish: Publish,
    ) -> None:
        """`sign` is the authority's, `publish` returns False when the broker is away."""
        self._keys, self._sign, self._publish = keys, sign, publish
        self._reader, self._reader_ring = reader, reader_ring
        self._writer, self._writer_ring = writer, writer_ring
        self._numbers: list[int] = []
        self._offer, self._newest = b"", 0
        self._here: dict[StationId, SpoolId] = {}  # who said hello and has not gone; a station has one box
        self._ask: dict[StationId, SpoolId] = {}
        self._awake = asyncio.Event()
        self._fault: str | None = None

    def on_signal(self, heard: SignalHeard) -> None:
        """A box says hello, or that it goes."""
        if not isinstance(heard.signal, BoxState):
            return
        if not heard.signal.connected:
            self._here.pop(heard.station, None)
            return
        with suppress(RefusedError):
            self._ask[heard.station] = self._here[heard.station] = parse_spool(heard.signal.spool)
            self._awake.set()

    def on_committed(self, committed: Sequence[Committed]) -> None:
        """A box may have made a key: wrapped for which of ours?"""
        for one in committed:
            if isinstance(one.arrival.event, KeyMade) and one.outcome is Outcome.STORED:
                self._ask[one.arrival.station] = one.arrival.spool
                self._awake.set()

    async def run(self, open_waiting: Callable[[], Awaitable[None]]) -> None:
        """Look and offer until cancelled. `open_waiting` opens what new keys may open."""
        while True:
            await self._look(open_waiting)
            while self._ask:
                await self._ask_some()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._awake.wait()
                    await asyncio.sleep(GATHER_S)
            self._awake.clear()

    async def _look(self, open_waiting: Callable[[], Awaitable[None]]) -> None:
        """Take up the keys of the folder where they have changed."""
        try:
            if self._keys.numbers() != self._numbers:
                await self._take(self._keys.read())
                await open_waiting()
            self._fault = None
        except PkiError as error:
            LOG.log(logging.DEBUG if self._fault == str(error) else logging.ERROR, "%s", error)
            self._fault = str(error)

    async def _take(self, hub_keys: Mapping[int, HubPrivateKey]) -> None:
        self._newest = max(hub_keys)
        newest = HubKey(self._newest, hub_keys[self._newest].public_key())
        self._offer = encode_signal(make_offer(newest, sign=self._sign))
        await self._reader.run(lambda _: self._reader_ring.take_hub_keys(hub_keys))
        await self._writer.run(lambda _: self._writer_ring.take_hub_keys(hub_keys))
        self._numbers = list(hub_keys)
        LOG.info("seal keys %s are here; boxes seal to key %d", self._numbers, self._newest)
        self._ask.update(self._here)

    async def _ask_some(self) -> None:
        """Offer the newest key to those of the next few boxes that do not seal to it."""
        some = [(station, self._ask.pop(station)) for station in list(self._ask)[:ASK_AT_ONCE]]
        try:
            behind = await self._reader.run(
                lambda store: [one for one in some if self._is_behind(store, one)]
            )
        except StoreFailedError as error:  # they are asked about at their next hello
            LOG.warning("which keys boxes seal to cannot be read: %s", error)
            return
        for station, spool in behind:
            if self._publish(station, Topic.SIGNAL, self._offer):
                LOG.info("%s, spool %016x: seal key %d is offered", station, spool, self._newest)

    def _is_behind(self, store: Store, of: tuple[StationId, SpoolId]) -> bool:
        """Whether the box's newest key is wrapped for another than our newest. No key yet: it will come."""
        event = store.newest_key(*of)
        return event is not None and self._reader_ring.hub_key_of(*of, event) != self._newest
