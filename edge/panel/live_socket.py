"""The page's WebSockets (shell): what `edge vitals` tells a screen, and the operator's picture, passed on.

Nothing is kept here and nothing queues: what the page does not read is not read from the other side either.
"""

import asyncio
import contextlib
import logging
import os
import struct
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from edge.config import BoxConfig

log = logging.getLogger(__name__)

TRY_AGAIN_LATER: Final = 1013
ANSWER_LIMIT_S: Final = 3.0
MESSAGE_MAX_BYTES: Final = 66_000  # a frame of 16,384 samples, a text of 65,536 characters
PICTURE_MAX_BYTES: Final = 1_000_000
PICTURE_EVERY_S: Final = 0.12  # eight a second: a face, and no claim on the box
ASK: Final = b'{"ask": "live"}\n'
_HEAD: Final = struct.Struct("<cI")
_LENGTH: Final = struct.Struct("<I")
Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def serve_live(socket: WebSocket, config: BoxConfig) -> None:
    """Pass on what `edge vitals` tells, until the page or it goes away."""
    await socket.accept()
    try:
        async with _connected(config.control_socket) as (reader, writer):
            writer.write(ASK)
            async with asyncio.timeout(ANSWER_LIMIT_S):
                answer = await reader.readline()
            if b'"ok": true' not in answer:
                raise ConnectionError(answer[:200].decode(errors="replace"))
            await _until_gone(socket, _pass_on(reader, socket))
    except (OSError, TimeoutError, asyncio.IncompleteReadError, WebSocketDisconnect) as error:
        log.debug("a live view ends: %s", error)
    await _close(socket)


async def _pass_on(reader: asyncio.StreamReader, socket: WebSocket) -> None:
    while True:
        kind, size = _HEAD.unpack(await reader.readexactly(_HEAD.size))
        if size > MESSAGE_MAX_BYTES:
            raise ConnectionError(f"a message of {size} bytes; the limit is {MESSAGE_MAX_BYTES}")
        data = await reader.readexactly(size)
        if kind == b"t":
            await socket.send_text(data.decode())
        else:
            await socket.send_bytes(data)


async def serve_picture(socket: WebSocket, config: BoxConfig) -> None:
    """Pass on the operator's picture, one frame for each that the page has drawn."""
    await socket.accept()
    try:
        async with _connected(config.picture_socket) as pipe:
            while True:
                async with asyncio.timeout(ANSWER_LIMIT_S * 2):
                    frame = await _next_frame(pipe)
                    await (socket.send_bytes(frame) if frame else socket.send_text(""))
                    await socket.receive_text()  # drawn
                await asyncio.sleep(PICTURE_EVERY_S)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, WebSocketDisconnect, KeyError) as error:
        log.debug("a picture ends: %s", error)
    await _close(socket)


async def _next_frame(pipe: Pipe) -> bytes:
    """Return the next JPEG; empty: nobody is to be seen."""
    reader, writer = pipe
    writer.write(b"n")
    (size,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
    if size > PICTURE_MAX_BYTES:
        raise ConnectionError(f"a picture of {size} bytes; the limit is {PICTURE_MAX_BYTES}")
    return await reader.readexactly(size)


@contextlib.asynccontextmanager
async def _connected(path: Path) -> AsyncIterator[Pipe]:
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:  # below the 108 bytes that the kernel takes, however deep the folder lies
        reader, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
    try:
        yield reader, writer
    finally:
        writer.close()


async def _until_gone(socket: WebSocket, passing: Coroutine[None, None, None]) -> None:
    """Pass on until that ends, or the page goes, which says nothing but that."""
    working = asyncio.ensure_future(passing)
    gone = asyncio.ensure_future(socket.receive())
    try:
        await asyncio.wait((working, gone), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
    finally:
        for task in (working, gone):
            task.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _close(socket: WebSocket) -> None:
    if socket.client_state is WebSocketState.CONNECTED:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(TRY_AGAIN_LATER)
