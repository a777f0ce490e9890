"""One device while it is plugged in: its bridge, which serves one opening of the port and no more.

Who comes back to a path is not for the bridge to say: after a loss it is ended, and another is begun for
whoever is found to be there.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from firmware_bridge.drivers.driver import Decoder, Driver, Line, Reading
from firmware_bridge.events import Event, InstrumentConnected, InstrumentLost, PortMissing, PortProblem
from firmware_bridge.instruments.instrument_bridge import LINE_TRIED_S, InstrumentBridge, InstrumentCounters
from firmware_bridge.ports.ownership import owner_of

log = logging.getLogger(__name__)

DOUBT_S: Final = 4.0  # an instrument that speaks this language has made itself understood by then
DOUBT_BYTES: Final = 200
OWNER_LOOK_EVERY_S: Final = 2.0


class ServedDevice:
    """The device `name` on the port `path`. Belongs to the running event loop.

    `on_event` gets what the bridge tells, until the end; `on_own`: what the instrument calls itself, each
    time it does, before anything of that frame is told. `line`: as the configuration says; None: those of
    the driver are tried.
    """

    def __init__(
        self,
        name: str,
        path: str,
        driver: Driver,
        *,
        line: Line | None,
        on_event: Callable[[Event], None],
        on_own: Callable[[str], None],
        boottime_s: Callable[[], float],
    ) -> None:
        self.name, self.path, self.driver = name, path, driver
        self.is_over = False
        self.has_failed = False  # in our own program
        self.owner = ""  # another program that has the port
        self._is_connected = False
        self._on_event = on_event
        self._boottime_s = boottime_s
        self._began_s = boottime_s()
        self._heard_bytes = 0
        self._on_own = on_own
        self._bridge = InstrumentBridge(
            replace(driver, decoder=lambda: _Overheard(driver.decoder(), self._overhear)),
            path,
            self._take,
            device=name,
            boottime_s=boottime_s,
            line=line,
        )
        self.task: asyncio.Task[None] | None = None

    @property
    def counters(self) -> InstrumentCounters:
        """What `edge doctor` shows."""
        return self._bridge.counters()

    @property
    def is_not_understood(self) -> bool:
        """Whether bytes have come for long enough, and not one sound frame."""
        lines_tried_s = LINE_TRIED_S * (len(self.driver.lines) - 1)
        is_old = self._boottime_s() - self._began_s > DOUBT_S + lines_tried_s
        return is_old and self._heard_bytes > DOUBT_BYTES and not self.counters.frames

    def begin(self, *, after: set[asyncio.Task[None]]) -> None:
        """Open the port once the tasks of `after`, which may have it open still, have ended."""
        self.task = asyncio.create_task(self._run(set(after)), name=f"device {self.name}")

    def end(self, reason: str, remedy: str) -> None:
        """Give the port back; the last that the device said, and that it is lost, are told soon after."""
        self._bridge.farewell = (reason, remedy)
        if not self.counters.is_open:  # not yet: the bridge has nothing to close, and nothing to say
            self._tell_lost(reason, remedy)
        if self.task is not None:
            self.task.cancel()

    def disown(self) -> None:
        """Nothing from this moment on is of this device: tell that it is lost now, and give the port back."""
        if self._is_connected:
            self._tell_lost("another instrument is behind its adapter", "plug it in again")
        self._stop()

    async def _run(self, after: set[asyncio.Task[None]]) -> None:
        if after:
            await asyncio.wait(after)
        try:
            await self._wait_for_owner()
            await self._bridge.run()
        except Exception:
            log.exception("%s: a fault in our own program", self.name)
            self.has_failed = True
            self._tell_lost("a fault in this program", "it is tried again; the journal has the fault")
            self._stop()

    async def _wait_for_owner(self) -> None:
        """A port that another program has open is not opened, though it may not be locked."""
        while (owner := owner_of(self.path)) is not None:
            if owner != self.owner:
                self.owner = owner
                remedy = "end that program, or take the device out of the configuration"
                now_us = round(self._boottime_s() * 1e6)
                text = f"{owner} uses the port"
                self._take(PortMissing(self.path, PortProblem.BUSY, text, remedy, now_us, device=self.name))
            await asyncio.sleep(OWNER_LOOK_EVERY_S)
        self.owner = ""

    def _tell_lost(self, reason: str, remedy: str) -> None:
        self._take(InstrumentLost(self.name, reason, remedy, round(self._boottime_s() * 1e6)))

    def _stop(self) -> None:
        self.is_over = True
        if self.task is not None:
            self.task.cancel()

    def _overhear(self, data: bytes, readings: list[Reading]) -> None:
        self._heard_bytes += len(data)
        for reading in readings:
            if (own := reading.facts.get("serial")) and not self.is_over:
                self._on_own(str(own))

    def _take(self, event: Event) -> None:
        if self.is_over:
            return
        if isinstance(event, InstrumentConnected):
            self._is_connected = True
        try:
            self._on_event(event)
        finally:  # also if it could not be told: a device that is gone is not served
            if isinstance(event, InstrumentLost):
                self._stop()


class _Overheard(Decoder):
    """A decoder to which somebody listens."""

    def __init__(self, decoder: Decoder, on_readings: Callable[[bytes, list[Reading]], None]) -> None:
        super().__init__()
        self._decoder = decoder
        self.counts = decoder.counts
        self._on_readings = on_readings

    @property
    def pending_bytes(self) -> int:
        """How much is held."""
        return self._decoder.pending_bytes

    def feed(self, data: bytes) -> list[Reading]:
        """Return the readings of the frames that `data` completes, in order."""
        readings = self._decoder.feed(data)
        self._on_readings(data, readings)
        return readings

    def finish(self) -> list[Reading]:
        """The stream ends here."""
        readings = self._decoder.finish()
        self._on_readings(b"", readings)
        return readings
