"""How tools ask the running service: JSON lines over one Unix socket, one question a line, one answer a line.

Only `edge vitals` may hold the connection to the hub (a second client of the same name would push it out), so
whatever wants to know or do something asks here. The socket's folder decides who may. One who asks for a
stream is answered {"ok": true}, and has the connection from then on.
"""

import asyncio
import contextlib
import json
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from edge.errors import BoxError, ControlError

log = logging.getLogger(__name__)

LINE_MAX_BYTES: Final = 65_536
ANSWER_TIMEOUT_S: Final = 10.0
_CREDENTIALS: Final = struct.Struct("3i")  # struct ucred: pid, uid, gid
Question = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Stream = Callable[[int], Talk]  # given who asks (a process id); raises BoxError: why not


async def serve_control(
    path: Path, questions: Mapping[str, Question], *, streams: Mapping[str, Stream] = MappingProxyType({})
) -> None:
    """Answer until cancelled. A line is {"ask": name, …}; an answer is {"ok": true, …} or {"ok": false,
    "error": text}. A stream's connection ends with its talk.
    """

    talks: dict[asyncio.Task[None] | None, asyncio.StreamWriter] = {}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        talks[talk] = writer
        try:
            while line := await _read_line(reader):
                answer, stream = await _answer(line, questions, streams, writer)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
                if stream is not None:
                    await stream(reader, writer)
                    return
        except ConnectionError as error:  # a tool that went away
            log.debug("control: %s", error)
        except Exception:  # a talk is its own boundary: the box goes on
            log.exception("control: a stream failed")
        finally:
            del talks[talk]
            writer.close()

    with contextlib.closing(_listen(path)) as listener:
        server = await asyncio.start_unix_server(serve, sock=listener, limit=LINE_MAX_BYTES)
        try:
            await server.start_serving()
            await asyncio.Event().wait()  # until cancelled
        finally:
            server.close()
            running = [talk for talk in talks if talk is not None]
            for writer in talks.values():  # who is connected may be waiting for us, and would for ever
                writer.transport.abort()
            if running:
                await asyncio.wait(running, timeout=1.0)


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    """Return the next line, empty at the end. An endless one is answered as what it is, and is the last."""
    try:
        return await reader.readline()
    except ValueError:
        reader.feed_eof()
        return b"an endless line\n"


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    try:
        path.unlink(missing_ok=True)  # left by a process that ended; the spool's lock says that none runs
        with short_name(path) as name:
            listener.bind(name)
        path.chmod(0o660)  # of the folder's group, where it hands that on
    except OSError as error:
        listener.close()
        raise ControlError(f"{path}: cannot listen there ({error}); check the folder's rights") from error
    return listener


@contextlib.contextmanager
def short_name(path: Path) -> Iterator[str]:
    """Give the socket a name below the 108 bytes that the kernel takes, however deep its folder lies."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


async def _answer(
    line: bytes,
    questions: Mapping[str, Question],
    streams: Mapping[str, Stream],
    writer: asyncio.StreamWriter,
) -> tuple[dict[str, Any], Talk | None]:
    try:
        request = json.loads(line)
        if request["ask"] not in {*questions, *streams}:
            raise KeyError
    except (ValueError, TypeError, KeyError, RecursionError):
        names = ", ".join((*questions, *streams))
        return {"ok": False, "error": f'expected {{"ask": …}} with one of {names}'}, None
    try:
        if request["ask"] in streams:
            return {"ok": True}, streams[request["ask"]](_process_of(writer))
        return {"ok": True, **await questions[request["ask"]](request)}, None
    except BoxError as error:
        return {"ok": False, "error": str(error)}, None
    except Exception:  # a tool's question is this task's boundary: the box goes on
        log.exception("control: %r", request["ask"])
        return {"ok": False, "error": "a fault of our own; see the log of `edge vitals`"}, None


def _process_of(writer: asyncio.StreamWriter) -> int:
    """Return the process id of the other end, as it was when it connected."""
    connection = writer.get_extra_info("socket")
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(raw)[0])


async def ask(path: Path, name: str, **details: Any) -> dict[str, Any]:
    """Ask the running service and return its answer. Raises ControlError."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            with short_name(path) as name_in_kernel:
                reader, writer = await asyncio.open_unix_connection(name_in_kernel, limit=LINE_MAX_BYTES)
            with contextlib.closing(writer):
                writer.write(json.dumps({"ask": name, **details}).encode() + b"\n")
                answer = json.loads(await reader.readline() or b"{}")
    except (OSError, ValueError, TimeoutError) as error:
        why = str(error) or "no answer in time"
        raise ControlError(f"{path}: `edge vitals` does not answer ({why}); is it running?") from error
    if not isinstance(answer, dict) or not answer.pop("ok", False):
        raise ControlError(str(answer.get("error", f"{path}: no answer")))
    return answer
