"""Desired configuration in `edge vitals`: heard, kept on the card with its event, then in force.

What is on the card is what a restart begins with: nothing is in force that was not stored, and what was
stored is in force, wherever the box was killed between the two.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from contract.desired import settings_hash
from contract.events import ConfigurationTold, DesiredApplied
from contract.ids import BootId, RecordClass
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.desired.document import Heard, InForce, hear
from edge.desired.settings import Settings, in_force, told_in_force, told_of_the_place
from edge.errors import SpoolError
from edge.spool.batch import Batch, OwedRecord, event_entry
from edge.spool.spool_service import SpoolThread

log = logging.getLogger(__name__)

DESIRED_FACT: Final = "desired"
STORE_AGAIN_S: Final = 1.0  # after the card refused


class DesiredService:
    """All methods on the loop; `run` until cancelled. `saved`: DESIRED_FACT. `settings`: in force."""

    def __init__(
        self,
        saved: Mapping[str, Any] | None,
        *,
        config: BoxConfig,
        software: str,
        clock: BoxClock,
        boot: BootId,
        spool: SpoolThread,
        on_stored: Callable[[list[OwedRecord]], None],
        on_change: Callable[[Settings], None],
    ) -> None:
        self._config, self._software, self._clock, self._boot = config, software, clock, boot
        self._spool, self._on_stored, self._on_change = spool, on_stored, on_change
        self._in_force = InForce.restored(saved)
        told = set(saved.get("taken", ())) if saved else set()
        self._is_weighed_anew = self._in_force is not None and told != set(self._in_force.taken)
        self._payload: bytes | None = None  # the newest that nobody has looked at
        self._is_asked = False
        self._unreadable: bytes | None = None  # the hash of the last one: it is told once
        self._has_work = asyncio.Event()
        self.settings = in_force(config, self._taken)

    @property
    def _taken(self) -> Mapping[str, Any]:
        return {} if self._in_force is None else self._in_force.taken

    @property
    def saved(self) -> dict[str, Any] | None:
        """What another spool must know."""
        return None if self._in_force is None else self._in_force.saved()

    def hear(self, payload: bytes) -> None:
        """The broker hands us the document: at each connection, and when it changes. The newest counts."""
        self._payload = payload
        self._has_work.set()

    def ask(self) -> None:
        """The next one is answered, be it news or not."""
        self._is_asked = True

    async def run(self) -> None:
        """Keep and apply what comes, until cancelled."""
        if self._is_weighed_anew and self._in_force is not None:  # the software is another than when it came
            await self._take(Heard(self._in_force.event(replaces=None), self._in_force))
        while True:
            await self._has_work.wait()
            self._has_work.clear()
            payload, self._payload = self._payload, None
            if payload is not None:
                heard = hear(payload, self._in_force, is_asked=self._is_asked)
                if heard is not None and not self._was_told(payload, heard.event):
                    self._is_asked = False
                    await self._take(heard)

    def _was_told(self, payload: bytes, event: DesiredApplied) -> bool:
        if event.version:
            return False
        digest, before = hashlib.sha256(payload).digest(), self._unreadable
        self._unreadable = digest
        return digest == before and not self._is_asked

    async def _take(self, heard: Heard) -> None:
        entry = event_entry(heard.event, RecordClass.NUMERIC, boot=self._boot, t_us=self._clock.now_us())
        facts = {} if heard.in_force is None else {DESIRED_FACT: heard.in_force.saved()}
        is_told = False
        while True:
            try:
                owed = await self._spool.store_now(Batch(entries=[entry], facts=facts))
                break
            except SpoolError as error:
                log.log(logging.DEBUG if is_told else logging.ERROR, "configuration waits: %s", error)
                is_told = True
                await asyncio.sleep(STORE_AGAIN_S)
        self._on_stored(owed)
        for refused in heard.event.refused:
            log.warning("desired configuration %d: %s: %s", heard.event.version, refused.name, refused.why)
        if heard.in_force is not self._in_force:
            self._in_force = heard.in_force
            self.settings = in_force(self._config, self._taken)
            log.info("desired configuration %d is in force", heard.event.version)
            self._on_change(self.settings)

    # What tools and the hub ask

    def told(self) -> ConfigurationTold:
        """Return the whole configuration, as the hub is told it."""
        return ConfigurationTold(
            software=self._software,
            version=0 if self._in_force is None else self._in_force.document.version,
            settings=told_in_force(self._config, self._taken),
            place=told_of_the_place(self._config),
        )

    def questions(self) -> dict[str, Any]:
        """Return who answers what is asked, by the names of the questions."""
        return {"configuration": self._show}

    async def _show(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        desired = None
        if self._in_force is not None:
            document = self._in_force.document
            desired = {
                **document.model_dump(mode="json"),
                "hash": settings_hash(document.settings),
                "refused": dict(self._in_force.refused),
            }
        return {"desired": desired, "told": self.told().model_dump(mode="json")}
