"""The one `edge video` of the box (shell): called when a call begins, again when it dies, ended after it.

It listens at a Unix socket that it is given as its standard input, and serves one connection at a time. Where
systemd listens there (`is_unit`), connecting starts it. Elsewhere we listen first and start it as our child,
which then has the socket; so one that outlives us is found there by the next `edge vitals`.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from edge.call.video_messages import LINE_MAX_BYTES, End, Here, encode_line, parse_from_video
from edge.control_service import short_name
from edge.errors import VideoLinkError

log = logging.getLogger(__name__)

PAUSE_FIRST_S: Final = 0.5  # before it is started again; twice as long after each that died young
PAUSE_MAX_S: Final = 5.0  # the call is back within that
YOUNG_S: Final = 30.0  # one that lived so long has not died of how the box is
FIND_AGAIN_S: Final = 2.0  # for one that outlived an earlier `edge vitals` to say that it lives
START_S: Final = 180.0  # it loads the video libraries first, on a slow machine; systemd waits as long
TERM_S: Final = 3.0  # from SIGTERM to SIGKILL
OTHER_END_S: Final = 20.0  # one that is not our child has ended by then, or its watchdog has ended it
BACKLOG: Final = 2

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Talk = Callable[[int, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def pause_s(deaths: int) -> float:
    """Return how long to wait after so many young deaths in a row, from 1 on."""
    return min(PAUSE_MAX_S, PAUSE_FIRST_S * 2.0 ** min(deaths - 1, 16))


class VideoProcess:
    """One process at most. `run` until cancelled, which ends our child too.

    `path`: its socket. `command`: starts a child. `is_wanted`: a call is open; say `wake` when that may have
    changed. `talk` has the connection from the process that says it is here, until its end. `on_ended` is
    called after each end, with why.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        path: Path,
        is_unit: bool,
        is_wanted: Callable[[], bool],
        talk: Talk,
        on_ended: Callable[[str], None],
    ) -> None:
        self._command, self._path, self._is_unit = command, path, is_unit
        self._is_wanted, self._talk, self._on_ended = is_wanted, talk, on_ended
        self._child: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._other_pid: int | None = None
        self._changed = asyncio.Event()
        self.starts = 0  # of children, and calls of the unit

    @property
    def pid(self) -> int | None:
        """The process id of the one that is there, None while there is none."""
        return self._other_pid if self._child is None else self._child.pid

    def wake(self) -> None:
        """What `is_wanted` says may have changed."""
        self._changed.set()

    def kill(self) -> None:
        """End it at once; it is started again if it is wanted."""
        if self._child is not None and self._child.returncode is None:
            self._child.kill()
        elif self._writer is not None:
            self._writer.write(encode_line(End()))

    async def run(self) -> None:
        """Keep it as it should be."""
        try:
            if not self._is_unit:  # one may have outlived the `edge vitals` before; unwanted, it is told
                with contextlib.suppress(OSError):
                    await self._live(await self._connect(), limit_s=FIND_AGAIN_S)
            await self._keep()
        finally:
            await self._end_child()

    async def _keep(self) -> None:
        deaths = 0
        while True:
            await self._until(self._is_wanted)
            try:
                lived_s = await self._live(await self._start(), limit_s=START_S)
            except OSError as error:
                await self._end_child()
                log.error("`edge video` cannot be started: %s", error)
                self._on_ended("picture and voice cannot be started at the station")
                lived_s = 0.0
            if lived_s is None:  # its call was over
                deaths = 0
                continue
            deaths = 1 if lived_s >= YOUNG_S else deaths + 1
            await self._until(lambda: not self._is_wanted(), timeout_s=pause_s(deaths))

    async def _until(self, is_so: Callable[[], bool], *, timeout_s: float | None = None) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not is_so():
                    self._changed.clear()
                    await self._changed.wait()

    async def _live(self, connection: Connection, *, limit_s: float) -> float | None:
        """Return when it has ended: how long it lived, None when we ended it. It has `limit_s` to say that
        it is here.
        """
        began_s = time.monotonic()
        reader, self._writer = connection
        serving = asyncio.create_task(self._serve(reader, self._writer, limit_s), name="edge video")
        unwanted = asyncio.create_task(self._until(lambda: not self._is_wanted()), name="no call is open")
        try:
            await asyncio.wait({serving, unwanted}, return_when=asyncio.FIRST_COMPLETED)
            was_wanted = self._is_wanted()
            if not was_wanted and self._child is None:
                await self._end_other(serving)
        finally:
            unwanted.cancel()
            try:
                await self._end_child()
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
            finally:  # `edge vitals` may end while it waits here
                self._writer.close()
                self._writer = self._other_pid = None
        lived_s = time.monotonic() - began_s
        if was_wanted:
            log.warning("`edge video` ended after %.1f s; starting it again", lived_s)
        self._on_ended("picture and voice ended at the station; they start again" if was_wanted else "")
        return lived_s if was_wanted else None

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit_s: float
    ) -> None:
        """Have it say that it is here, then talk until its end."""
        try:
            async with asyncio.timeout(limit_s):
                here = parse_from_video(await reader.readline())
            if not isinstance(here, Here):
                raise VideoLinkError("`edge video` does not say who it is")
        except (TimeoutError, ConnectionError, ValueError, VideoLinkError) as error:
            log.warning("%s: nobody of ours is there (%s)", self._path, str(error) or "too late")
            return
        self._other_pid = here.pid
        try:
            await self._talk(here.pid, reader, writer)
        except ConnectionError as error:
            log.debug("%s: %s", self._path, error)
        except Exception:  # a talk is its own boundary: the box goes on, and the process is started again
            log.exception("%s: a fault of our own", self._path)

    # Reaching it

    async def _start(self) -> Connection:
        """Have it started, by systemd or as our child. Raises OSError."""
        if not self._is_unit:
            with contextlib.closing(self._listen()) as listener:
                self._child = await asyncio.create_subprocess_exec(
                    *self._command, stdin=listener.fileno(), stdout=asyncio.subprocess.DEVNULL
                )
                self.starts += 1
                return await self._connect()
        self.starts += 1
        return await self._connect()

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_UNIX)
        try:
            self._path.unlink(missing_ok=True)  # of one that ended, or that is given up
            with short_name(self._path) as name:
                listener.bind(name)
            self._path.chmod(0o600)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener

    async def _connect(self) -> Connection:
        with short_name(self._path) as name:
            return await asyncio.open_unix_connection(name, limit=LINE_MAX_BYTES)

    # Ending it

    async def _end_child(self) -> None:
        child = self._child
        if child is None:
            return
        ended = asyncio.create_task(child.wait(), name="edge video ends")
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
            await asyncio.wait({ended}, timeout=TERM_S)
            if not ended.done():
                log.warning("`edge video` does not end; killing it")
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
        await ended
        self._child = None  # not before: whoever ends us meanwhile has it ended all the same

    async def _end_other(self, serving: asyncio.Task[None]) -> None:
        """Say that it may end, and wait for that: until then its camera may be open. A new call waits not."""
        if self._writer is not None:
            self._writer.write(encode_line(End()))
        wanted = asyncio.create_task(self._until(self._is_wanted), name="a call again")
        gone = {serving, wanted}
        await asyncio.wait(gone, timeout=OTHER_END_S, return_when=asyncio.FIRST_COMPLETED)
        wanted.cancel()
        if not serving.done() and not self._is_wanted():
            log.warning("an `edge video` that nobody wants does not end: process %s", self._other_pid)
