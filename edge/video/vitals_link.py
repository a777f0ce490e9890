"""The line of `edge vitals` to `edge video`: taken, lost, taken again (shell).

`edge vitals` may be killed and come back: for that long the call's media goes on without it. When it stays
away nobody can tell us that the call is over, so the line, and with it the process, ends.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from typing import Final

from edge.call.video_messages import (
    LINE_MAX_BYTES,
    End,
    FromVideo,
    Here,
    PhotoSlice,
    ToVideo,
    encode_line,
    parse_to_video,
)
from edge.errors import VideoLinkError

log = logging.getLogger(__name__)

AWAY_MAX_S: Final = 15.0  # `edge vitals` is back within a second or two, or not at all
UNSENT_MAX_BYTES: Final = 1_000_000  # `edge vitals` reads a line in milliseconds, or is dying


def take_listener(fd: int) -> socket.socket:
    """Return the socket at which we are called, which whoever started us opened. Raises VideoLinkError."""
    try:
        listener = socket.socket(fileno=os.dup(fd))
        is_ours = listener.family == socket.AF_UNIX
        if not (is_ours and listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)):
            listener.close()
            raise OSError("it does not listen")
    except OSError as error:
        raise VideoLinkError(
            f"standard input is no socket to be called at ({error});"
            " `edge vitals` or haidang-video.socket starts this program"
        ) from error
    listener.setblocking(False)
    return listener


class VitalsLink:
    """One line at a time. `said` yields what `edge vitals` says, over all its lives."""

    def __init__(self, listener: socket.socket, *, now_s: Callable[[], float]) -> None:
        self._listener, self._now_s = listener, now_s
        self._writer: asyncio.StreamWriter | None = None
        self.refused_lines = 0

    def say(self, message: FromVideo) -> bool:
        """Send a message; False: nobody is there to hear it, or too much waits. Raises VideoLinkError."""
        if self._writer is None or self._writer.transport.get_write_buffer_size() > UNSENT_MAX_BYTES:
            return False
        self._writer.write(encode_line(message))
        return True

    async def say_and_wait(self, message: PhotoSlice) -> bool:
        """Send one of many messages when those before it have gone. Raises VideoLinkError."""
        writer = self._writer
        if writer is None:
            return False
        try:
            await writer.drain()
        except ConnectionError:
            return False
        return self._writer is writer and self.say(message)

    async def said(self) -> AsyncIterator[ToVideo | None]:
        """Yield each message; None: connected, and nothing that was said before is known there.

        Ends when `edge vitals` says so, or stays away.
        """
        gone_s = self._now_s()
        while (rest_s := gone_s + AWAY_MAX_S - self._now_s()) > 0:
            try:
                async with asyncio.timeout(rest_s):
                    connection, _ = await asyncio.get_running_loop().sock_accept(self._listener)
            except TimeoutError:
                break
            async with self._line(connection) as reader:
                yield None
                async for line in _lines(reader):
                    message = self._parsed(line)
                    if isinstance(message, End):
                        log.info("`edge vitals` wants no picture or voice any more; ending")
                        return
                    if message is not None:
                        yield message
            gone_s = self._now_s()
        log.warning("`edge vitals` has been away for %.0f s; ending", AWAY_MAX_S)

    def _parsed(self, line: bytes) -> ToVideo | None:
        try:
            return parse_to_video(line)
        except VideoLinkError as error:
            self.refused_lines += 1
            log.log(logging.WARNING if self.refused_lines == 1 else logging.DEBUG, "%s", error)
            return None

    @contextlib.asynccontextmanager
    async def _line(self, connection: socket.socket) -> AsyncIterator[asyncio.StreamReader]:
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=LINE_MAX_BYTES)
        writer.write(encode_line(Here(pid=os.getpid())))
        self._writer = writer
        try:
            yield reader
        finally:
            self._writer = None
            writer.close()


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield lines until the other side goes; an endless one is where we stop believing it."""
    with contextlib.suppress(ConnectionError, ValueError):
        while line := await reader.readline():
            yield line
