"""The line of `edge video` to `edge vitals`: found, kept, found again (shell).

`edge vitals` may be killed and come back: for that long the call's media goes on without it. When it stays
away nobody can tell us that the call is over, so the line, and with it the process, ends; and at once when
it is there and does not take us: the call is over, or another `edge video` serves it.
"""

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from edge.call.video_messages import (
    LINE_MAX_BYTES,
    FromVideo,
    PhotoSlice,
    ToVideo,
    encode_line,
    parse_to_video,
)
from edge.errors import VideoLinkError

log = logging.getLogger(__name__)

FIND_AGAIN_S: Final = 0.3
AWAY_MAX_S: Final = 15.0  # `edge vitals` is back within a second or two, or not at all
UNSENT_MAX_BYTES: Final = 1_000_000  # `edge vitals` reads a line in milliseconds, or is dying


class _NotWantedError(VideoLinkError):
    """`edge vitals` lives, and does not take us."""


class VitalsLink:
    """One line at a time. `said` yields what `edge vitals` says, over all its lives."""

    def __init__(self, socket: Path, *, now_s: Callable[[], float]) -> None:
        self._socket, self._now_s = socket, now_s
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

        Ends when `edge vitals` stays away, or does not take us.
        """
        gone_s = self._now_s()
        while self._now_s() - gone_s < AWAY_MAX_S:
            try:
                async with self._connected() as reader:
                    yield None
                    async for line in _lines(reader):
                        try:
                            yield parse_to_video(line)
                        except VideoLinkError as error:
                            self._refuse(error)
                gone_s = self._now_s()
            except _NotWantedError as error:
                log.info("%s; ending", error)
                return
            except (OSError, VideoLinkError) as error:
                log.debug("%s: %s", self._socket, error)
            await asyncio.sleep(FIND_AGAIN_S)
        log.warning("`edge vitals` has been away for %.0f s; ending", AWAY_MAX_S)

    def _refuse(self, error: VideoLinkError) -> None:
        self.refused_lines += 1
        log.log(logging.WARNING if self.refused_lines == 1 else logging.DEBUG, "%s", error)

    @contextlib.asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncio.StreamReader]:
        folder = os.open(self._socket.parent, os.O_PATH | os.O_DIRECTORY)
        try:  # below the 108 bytes that the kernel takes, however deep the folder lies
            reader, writer = await asyncio.open_unix_connection(
                f"/proc/self/fd/{folder}/{self._socket.name}", limit=LINE_MAX_BYTES
            )
        finally:
            os.close(folder)
        try:
            writer.write(json.dumps({"ask": "video"}).encode() + b"\n")
            answer = json.loads(await reader.readline() or b"{}")
            if not isinstance(answer, dict) or "ok" not in answer:
                raise VideoLinkError("`edge vitals` went without an answer")
            if not answer["ok"]:
                raise _NotWantedError(f"`edge vitals` does not take us: {str(answer.get('error'))[:200]}")
            self._writer = writer
            yield reader
        except ValueError as error:
            raise VideoLinkError(f"`edge vitals` answers what is no line of ours: {error}") from error
        finally:
            self._writer = None
            writer.close()


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield lines until the other side goes; an endless one is where we stop believing it."""
    with contextlib.suppress(ConnectionError, ValueError):
        while line := await reader.readline():
            yield line
