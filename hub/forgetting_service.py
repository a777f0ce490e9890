"""What the hub keeps for a time and not for ever, forgotten a little at a time while it runs."""

import asyncio
import logging
from typing import Final

from hub.hub import Hub
from hub.store.interface import StoreFailedError

log = logging.getLogger(__name__)

DAY_US: Final = 86_400_000_000
ALERTS_KEPT_DAYS: Final = 400  # after they are closed: last year's season is still there to compare with
VERSIONS_KEPT_DAYS: Final = 730  # of a station's desired document, and
VERSIONS_KEPT: Final = 50  # the newest of each station however old
FORGOTTEN_AT_ONCE: Final = 200  # of one transaction: ingest and calls write between
FIRST_S: Final = 600.0  # after the start, when there is enough else to do
EVERY_S: Final = 6 * 3_600.0
SET_MAX_US: Final = 3_600_000_000  # a wall clock that is set by more may be wrong now, and
BELIEVED_AFTER_S: Final = 7 * 86_400.0  # whoever set it has so long to see that


class Forgetter:
    """`run` until cancelled."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._offset_us, self._believed_s = self._wall_offset_us(), hub.now_s()

    async def run(self) -> None:
        """Forget what is too old, now and then."""
        wait_s = FIRST_S
        while True:
            await asyncio.sleep(wait_s)
            wait_s = EVERY_S
            try:
                await self.turn()
            except StoreFailedError as error:
                log.warning("what is too old stays: %s", error)

    async def turn(self) -> tuple[int, int]:
        """Forget all that is too old; return how many alerts and versions. Nothing, while the wall clock was
        set not long ago: one that is years ahead would make everything too old. Raises StoreFailedError.
        """
        offset_us = self._wall_offset_us()
        if abs(offset_us - self._offset_us) > SET_MAX_US:
            self._believed_s = self._hub.now_s() + BELIEVED_AFTER_S
            log.warning("the clock was set: nothing is forgotten for %d days", BELIEVED_AFTER_S // 86_400)
        self._offset_us = offset_us
        if self._hub.now_s() < self._believed_s:
            return 0, 0
        now_us = self._hub.utc_now_us()
        alerts_us, versions_us = now_us - ALERTS_KEPT_DAYS * DAY_US, now_us - VERSIONS_KEPT_DAYS * DAY_US
        alerts = versions = 0
        while count := await self._hub.run_write(
            lambda store: store.forgetting.alerts(before_utc_us=alerts_us, most=FORGOTTEN_AT_ONCE)
        ):
            alerts += count
        while old := await self._hub.run_read(
            lambda store: store.forgetting.old_versions(
                before_utc_us=versions_us, newest=VERSIONS_KEPT, most=FORGOTTEN_AT_ONCE
            )
        ):
            await self._hub.run_write(lambda store, old=old: store.forgetting.versions(old))  # type: ignore[misc]
            versions += len(old)
        if alerts or versions:
            log.info("%d closed alerts and %d versions of documents were too old", alerts, versions)
        return alerts, versions

    def _wall_offset_us(self) -> int:
        return self._hub.utc_now_us() - round(self._hub.now_s() * 1e6)
