"""What the hub wants and asks of this box, and the rooms that go on with it: built, run, told."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from contract.commands import AnyCommand, Command
from edge.call.station_table import State
from edge.call.video_messages import MediaLimits
from edge.commands.commands_service import COMMANDS_FACT, CommandsService
from edge.commands.deeds_service import Deeds, Means
from edge.desired.desired_service import DESIRED_FACT, DesiredService
from edge.desired.settings import Settings
from edge.health.log_ring import LogRing
from edge.rooms import Rooms
from edge.sight_service import Sights

WISHES_FACTS: Final = (DESIRED_FACT, COMMANDS_FACT)


class HubWishes:
    """All methods on the loop; `run` until cancelled. `facts` has WISHES_FACTS. What is in force is so from
    the start.
    """

    def __init__(self, rooms: Rooms, facts: Mapping[str, Any]) -> None:
        self._rooms, self._log = rooms, LogRing()
        self._desired = DesiredService(
            facts[DESIRED_FACT],
            config=rooms.config,
            software=rooms.software,
            clock=rooms.clock,
            boot=rooms.boot,
            spool=rooms.spool,
            on_stored=rooms.on_stored,
            on_change=self._use,
        )
        self._commands = CommandsService(
            facts[COMMANDS_FACT],
            deeds=Deeds(self._means()).by_word(),
            clock=rooms.clock,
            boot=rooms.boot,
            spool=rooms.spool,
            hub_time=lambda: rooms.hub_anchors.last,
            on_stored=rooms.on_stored,
        )
        self._use(self._desired.settings)

    async def run(self) -> None:
        """Keep, apply and do what comes."""
        self._log.attach()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._desired.run(), name="desired configuration")
                tasks.create_task(self._commands.run(), name="commands")
        finally:
            self._log.detach()

    @property
    def settings(self) -> Settings:
        """What is in force."""
        return self._desired.settings

    def on_desired(self, payload: bytes) -> None:
        """The broker hands us the document."""
        self._desired.hear(payload)

    def on_command(self, command: AnyCommand | Command) -> None:
        """The hub says a command."""
        self._commands.hear(command)

    def facts(self) -> dict[str, Any]:
        """Return what another spool must know."""
        return {DESIRED_FACT: self._desired.saved, COMMANDS_FACT: self._commands.book.saved()}

    def questions(self) -> dict[str, Any]:
        """Return who answers what tools ask."""
        return self._desired.questions()

    def _means(self) -> Means:
        rooms = self._rooms
        return Means(
            config=rooms.config,
            software=rooms.software,
            clock=rooms.clock,
            boot=rooms.boot,
            spool=rooms.spool,
            uplink=rooms.uplink,
            video=rooms.video,
            desired=self._desired,
            log=self._log,
            see=Sights(rooms).see,
            is_busy=lambda: rooms.call.call.state is not State.IDLE or rooms.call.call.ring.is_on,
            blink=self._blink,
            tell=lambda event: rooms.capture.tell(event, rooms.clock.now_us()),
            on_stored=rooms.on_stored,
        )

    def _use(self, settings: Settings) -> None:
        """What is in force is another: each room goes on with it from now on."""
        rooms = self._rooms
        rooms.rhythm.quiet_s = settings.status_every_s
        rooms.capture.record_every_s = settings.record_every_s
        rooms.call.use(settings.call)
        rooms.video.prompts.use_languages(settings.call.languages)
        rooms.video.set_limits(
            MediaLimits(
                volume_pct=settings.volume_pct,
                video_max_bps=settings.video_max_bps,
                video_max_height=settings.video_max_height,
            )
        )

    async def _blink(self, for_s: float) -> None:
        """Blink with the status lamp, which means nothing else while no call is open."""
        video = self._rooms.video
        video.blink(for_s)
        try:
            await asyncio.sleep(for_s)
        finally:
            video.blink(0.0)
