"""Changes to a newer seal key of the hub while the box runs: heard, checked, stored, then sealed to."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from contract.errors import RefusedError
from contract.ids import BootId, StationId
from contract.sealing import HubKey, read_hub_key
from contract.signals import SealKey
from edge.errors import ConfigError, SpoolError
from edge.spool.batch import OwedRecord
from edge.spool.hub_keys import HubKeys, offer_fact
from edge.spool.spool_service import SpoolThread

log = logging.getLogger(__name__)

STORE_AGAIN_S: Final = 10.0  # after the card refused the new key


class SealService:
    """Belongs to the loop. `keys` says which key of the hub is sealed to now."""

    def __init__(
        self,
        keys: HubKeys,
        *,
        ca: Path,
        spool: SpoolThread,
        station: StationId,
        boot: BootId,
        now_us: Callable[[], int],
        on_stored: Callable[[list[OwedRecord]], None],
    ) -> None:
        self.keys = keys
        self._ca, self._spool, self._station, self._boot = ca, spool, station, boot
        self._now_us, self._on_stored = now_us, on_stored
        self._wanted: tuple[SealKey, HubKey] | None = None
        self._is_wanted = asyncio.Event()

    def hear(self, offer: SealKey) -> None:
        """The hub offers a key; one that must not be taken is counted and told by `edge doctor`."""
        try:
            hub_key = self.keys.consider(offer, ca_pem=read_authority(self._ca))
        except RefusedError as error:
            self._refuse(error)
            return
        if hub_key is not None and (self._wanted is None or hub_key.number > self._wanted[1].number):
            self._wanted = offer, hub_key
            self._is_wanted.set()

    async def run(self) -> None:
        """Change to what was heard, until cancelled. A card that refuses is tried again."""
        while True:
            await self._is_wanted.wait()
            self._is_wanted.clear()
            if self._wanted is None:
                continue
            offer, hub_key = self._wanted
            try:
                await self._change_to(offer, hub_key)
            except SpoolError as error:
                log.error("key %d of the hub waits: %s", hub_key.number, error)
                await asyncio.sleep(STORE_AGAIN_S)
                self._is_wanted.set()
                continue
            except RefusedError as error:
                self._refuse(error)
            if self._wanted == (offer, hub_key):
                self._wanted = None

    async def _change_to(self, offer: SealKey, hub_key: HubKey) -> None:
        owed = await self._spool.use(
            lambda spool: spool.change_hub_key(
                hub_key,
                station=self._station,
                boot=self._boot,
                t_us=self._now_us(),
                facts=offer_fact(offer),
            )
        )
        self.keys.current = hub_key
        log.info("from now on everything is sealed to key %d of the hub", hub_key.number)
        self._on_stored(owed)

    def _refuse(self, error: RefusedError) -> None:
        log.log(logging.DEBUG if self.keys.refused_count else logging.WARNING, "not taken: %s", error)
        self.keys.refuse(error)


def read_authority(path: Path) -> bytes:
    """Return the authority's certificate; empty, which no offer passes, when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        log.debug("%s: %s", path, error)
        return b""


def read_enrolled_key(path: Path) -> HubKey:
    """Return the hub's public key as the box was given it. Raises ConfigError."""
    try:
        return read_hub_key(path.read_bytes())
    except (OSError, RefusedError) as error:
        raise ConfigError(f"{path}: is not the hub's public key ({error}); enrol the box again") from error
