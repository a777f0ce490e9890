"""One port and whatever board is behind it: opened, read, answered, and opened again after an unplug."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from firmware_bridge.board.link import BoardLink
from firmware_bridge.board.messages import HostState, OutputId, OutputPattern
from firmware_bridge.errors import PortError, PortLostError
from firmware_bridge.events import Counters, Event, PortMissing, PortProblem, PressIdentity
from firmware_bridge.frames import FrameDecoder
from firmware_bridge.port import SerialPort, problem_of

log = logging.getLogger(__name__)

REOPEN_EVERY_S: Final = 0.5  # a replugged board is there within two seconds, its own start included


class BoardBridge:
    """The board at `path`. All methods belong to the thread of the event loop that runs `run`.

    `on_event` is called there for each event, in order; it must not block. `boottime_s` is the box's
    CLOCK_BOOTTIME in seconds. `last_presses`: uid -> (origin boot, press count) of the latest press
    already stored.
    """

    def __init__(
        self,
        path: str,
        on_event: Callable[[Event], None],
        *,
        boottime_s: Callable[[], float],
        last_presses: Mapping[bytes, tuple[int, int]],
    ) -> None:
        self.path = path
        self._on_event = on_event
        self._boottime_s = boottime_s
        self._decoder = FrameDecoder()
        self._link = BoardLink(last_presses=last_presses)
        self._port: SerialPort | None = None
        self._problem: PortProblem | None = None
        self._last_error: str | None = None
        self._dropped_writes = 0

    async def run(self) -> None:
        """Serve until cancelled. Raises nothing for what the peer or the cable does."""
        while True:
            try:
                port = SerialPort(self.path)
            except PortError as error:
                self._tell_missing(error)
            else:
                with port:
                    await self._serve(port)
            await asyncio.sleep(REOPEN_EVERY_S)

    def press_stored(self, press: PressIdentity) -> None:
        """The press is on disk: tell the board, whose lamp then says "registered"."""
        self._link.press_stored(press)
        self._speak()

    def press_shown(self, press: PressIdentity) -> None:
        """A person has seen the press: tell the board."""
        self._link.press_shown(press)
        self._speak()

    def show_output(self, output: OutputId, pattern: OutputPattern, level: int = 255) -> None:
        """Drive a lamp or the buzzer so until told otherwise; kept through resets and replugs."""
        self._link.show_output(output, pattern, level, now_s=self._boottime_s())
        self._speak()

    def pulse_output(self, output: OutputId, pattern: OutputPattern, level: int, ttl_ms: int) -> None:
        """Drive a lamp or the buzzer so once, for `ttl_ms` (1 … 65535)."""
        self._link.pulse_output(output, pattern, level, ttl_ms, now_s=self._boottime_s())
        self._speak()

    def set_stream(self, stream_id: int, *, is_on: bool, rate_index: int = 0) -> None:
        """Let a stream of the board run or rest until told otherwise; kept through resets and replugs.

        `rate_index` 0: the rate that the board announced. StreamNotSet follows when it does not obey.
        """
        self._link.set_stream(stream_id, is_on=is_on, rate_index=rate_index, now_s=self._boottime_s())
        self._speak()

    def enter_bootloader(self, uid: bytes) -> None:
        """Stop the streams and send the board called `uid` to its boot loader, once.

        BootloaderEntered or BootloaderRefused follows within some twenty seconds. Raises IllegalInputError:
        an earlier request has not been answered yet.
        """
        self._link.enter_bootloader(uid, now_s=self._boottime_s())
        self._speak()

    def set_host_state(self, host_state: HostState) -> None:
        """Say what the box does in the next sign of life (each second)."""
        self._link.host_state = host_state

    def counters(self) -> Counters:
        """Return what `edge doctor` shows."""
        link, counts = self._link, self._link.stream_counts
        beat = link.last_heartbeat
        port_drops = self._port.dropped_writes if self._port else 0
        return Counters(
            is_open=self._port is not None,
            state=link.state.name.lower(),
            frames=self._decoder.frame_count,
            damaged_frames={cause.name.lower(): n for cause, n in self._decoder.damage.items()},
            lost_frames=link.lost_frames,
            malformed_messages=link.malformed_messages,
            unknown_messages=link.unknown_messages,
            early_frames=link.early_frames,
            stale_blocks=counts.stale_blocks,
            foreign_blocks=counts.foreign_blocks,
            lost_samples=dict(counts.lost_samples),
            absent_samples=dict(counts.absent_samples),
            board_resets=link.resets.reset_count,
            skipped_presses=link.presses.skipped_presses,
            dropped_writes=self._dropped_writes + port_drops,
            round_trip_us=link.clock.round_trip_us,
            last_error=self._last_error,
            board_dropped_samples=beat.dropped_samples if beat else 0,
            board_damaged_frames=beat.rx_bad if beat else 0,
            drift_ppm=link.clock.drift_ppm,
            stream_drift_ppm=link.stream_drifts_ppm(),
        )

    async def _serve(self, port: SerialPort) -> None:
        """Serve one opening of the port, until it goes away."""
        link = self._link
        self._port, self._problem = port, None
        self._decoder.restart()
        link.open(now_s=self._boottime_s())
        try:
            while True:
                self._flush()
                timeout_s = max(0.0, link.next_wake_s - self._boottime_s())  # an open link always has one
                data = await port.read(timeout_s=timeout_s)
                now_s = self._boottime_s()
                for frame in self._decoder.feed(data):
                    link.handle(frame, now_s=now_s)
                link.tick(now_s=now_s)
        except PortLostError as error:
            self._last_error = str(error)
            log.info("board lost: %s", error)
            link.close(error.problem, error.remedy, now_s=self._boottime_s())
            self._flush()
        finally:
            self._port = None
            self._dropped_writes += port.dropped_writes

    def _speak(self) -> None:
        """A verb was called: say it at once, and let `read` see the new deadlines."""
        self._flush()
        if self._port:
            self._port.wake()

    def _flush(self) -> None:
        """Write what the link has to say, tell what it learned."""
        data = self._link.data_to_send()
        if self._port and data:
            self._port.write(data)
        for event in self._link.events_received():
            self._on_event(event)

    def _tell_missing(self, error: PortError) -> None:
        self._last_error = str(error)
        problem = problem_of(error)
        if problem is self._problem:
            log.debug("still: %s", error)
            return
        self._problem = problem
        log.warning("port: %s", error)
        now_us = round(self._boottime_s() * 1_000_000)
        self._on_event(PortMissing(self.path, problem, error.problem, error.remedy, now_us))
