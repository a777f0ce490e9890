"""One port and the instrument behind it: opened, read, spoken to, and opened again after an unplug."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from firmware_bridge.drivers.driver import Driver, Line
from firmware_bridge.errors import PortError, PortLostError
from firmware_bridge.events import Event, PortMissing, PortProblem
from firmware_bridge.instruments.instrument import Instrument
from firmware_bridge.instruments.instrument_presence import State
from firmware_bridge.port import SerialPort, problem_of

log = logging.getLogger(__name__)

REOPEN_EVERY_S: Final = 0.5  # a replugged instrument is there within two seconds
# So much of a known instrument's stream is taken together: fewer wakes. Who looks on sees it that much
# later, and an unplug takes so much with it. steady.py counts on several in its HOLD_S (docs/adr/0060).
GATHER_S: Final = 0.05
LINE_TRIED_S: Final = 3.0  # one that sends each second has spoken by then


@dataclass(frozen=True, slots=True)
class InstrumentCounters:
    """What `edge doctor` shows. Counts since the bridge was made; `lost_samples` of each waveform."""

    is_open: bool
    state: str
    line: Line
    frames: int
    damaged: int
    discarded_bytes: int
    lost_samples: Mapping[str, int]
    refused_numbers: int
    dropped_writes: int
    last_error: str | None


class InstrumentBridge:
    """The instrument at `path`. All methods belong to the thread of the event loop that runs `run`.

    `on_event` is called there for each event, in order; it must not block. `device`: the instrument's name at
    this station. `boottime_s` is the box's CLOCK_BOOTTIME in seconds. `line`: how the line is set where it is
    known; without it the driver's lines are tried in turn until one makes sense. `on_bytes`, of a recording,
    is called with (time, bytes) of all that comes, before it is looked at.
    """

    def __init__(
        self,
        driver: Driver,
        path: str,
        on_event: Callable[[Event], None],
        *,
        device: str,
        boottime_s: Callable[[], float],
        line: Line | None = None,
        on_bytes: Callable[[float, bytes], None] | None = None,
    ) -> None:
        self.path, self.device = path, device
        self.farewell = ("no longer listened to", "")  # reason and remedy told when `run` is cancelled
        self._on_event = on_event
        self._on_bytes = on_bytes
        self._boottime_s = boottime_s
        self._lines = (line,) if line is not None else driver.lines
        self._line = self._lines[0]
        # A life's number: milliseconds since the box started, which no process before this one reached.
        self._instrument = Instrument(driver, device=device, first_life=1 + round(boottime_s() * 1000))
        self._port: SerialPort | None = None
        self._problem: PortProblem | None = None
        self._last_error: str | None = None
        self._dropped_writes = 0

    async def run(self) -> None:
        """Serve until cancelled; what was held back is told then. Raises nothing for what the instrument or
        the cable does."""
        while True:
            try:
                port = SerialPort(self.path, baud=self._line.baud, parity=self._line.parity)
            except PortError as error:
                self._tell_missing(error)
            else:
                with port:
                    await self._serve(port)
            await asyncio.sleep(REOPEN_EVERY_S)

    def counters(self) -> InstrumentCounters:
        """Return what `edge doctor` shows."""
        instrument, counts = self._instrument, self._instrument.counts
        return InstrumentCounters(
            is_open=self._port is not None,
            state=instrument.state.name.lower(),
            line=self._line,
            frames=counts.frames,
            damaged=counts.damaged,
            discarded_bytes=counts.discarded_bytes,
            lost_samples=dict(instrument.lost_samples),
            refused_numbers=instrument.refused_numbers,
            dropped_writes=self._dropped_writes + (self._port.dropped_writes if self._port else 0),
            last_error=self._last_error,
        )

    async def _serve(self, port: SerialPort) -> None:
        """Serve one opening of the port, until it goes away. Lines are tried without giving it back: boards
        restart when a port is opened."""
        self._port, self._problem = port, None
        try:
            while True:
                await self._read(port)
                self._try_next_line()
                port.set_line(baud=self._line.baud, parity=self._line.parity)
        except asyncio.CancelledError:
            self._take(port.left())
            port.write(self._instrument.farewell)
            self._tell(self._instrument.closed(*self.farewell, now_s=self._boottime_s()))
            raise
        except PortLostError as error:
            self._last_error = str(error)
            log.info("%s lost: %s", self.device, error)
            self._tell(self._instrument.closed(error.problem, error.remedy, now_s=self._boottime_s()))
        finally:
            self._port = None
            self._dropped_writes += port.dropped_writes

    async def _read(self, port: SerialPort) -> None:
        """Read and answer. Returns when nothing on this line makes sense and there is another."""
        instrument, opened_s = self._instrument, self._boottime_s()
        tried_until_s = opened_s + LINE_TRIED_S if len(self._lines) > 1 else None
        instrument.opened(now_s=opened_s)
        while True:
            port.write(instrument.data_to_send())
            if instrument.state is State.CONNECTED:
                await port.rest(GATHER_S)
            data = await port.read(timeout_s=self._wait_s(tried_until_s))
            now_s = self._boottime_s()
            if data:
                self._take(data)
            else:
                self._tell(instrument.tick(now_s=now_s))
            if instrument.state is State.CONNECTED:
                tried_until_s = None  # this is the line, whatever happens now
            if tried_until_s is not None and now_s >= tried_until_s:
                return

    def _take(self, data: bytes) -> None:
        now_s = self._boottime_s()
        if self._on_bytes is not None and data:
            self._on_bytes(now_s, data)
        self._tell(self._instrument.on_bytes(data, now_s=now_s))

    def _wait_s(self, tried_until_s: float | None) -> float | None:
        until_s = (self._instrument.next_wake_s, tried_until_s)
        soonest_s = min((at_s for at_s in until_s if at_s is not None), default=None)
        return None if soonest_s is None else max(0.0, soonest_s - self._boottime_s())

    def _try_next_line(self) -> None:
        at = self._lines.index(self._line)
        self._line = self._lines[(at + 1) % len(self._lines)]
        log.debug("%s: nothing makes sense; trying %s", self.device, self._line)

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            self._on_event(event)

    def _tell_missing(self, error: PortError) -> None:
        self._last_error = str(error)
        problem = problem_of(error)
        if problem is self._problem:
            log.debug("still: %s", error)
            return
        self._problem = problem
        log.warning("%s: %s", self.device, error)
        now_us = round(self._boottime_s() * 1_000_000)
        missing = PortMissing(self.path, problem, error.problem, error.remedy, now_us, device=self.device)
        self._on_event(missing)
