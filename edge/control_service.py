"""How tools ask the running service: JSON lines over one Unix socket, one question a line, one answer a line.

Only `edge vitals` may hold the connection to the hub (a second client of the same name would push it out), so
whatever wants to know or do something asks here. The socket's folder decides who may.
"""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from edge.errors import BoxError, ControlError

log = logging.getLogger(__name__)

LINE_MAX_BYTES: Final = 65_536
ANSWER_TIMEOUT_S: Final = 10.0
Question = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


async def serve_control(path: Path, questions: Mapping[str, Question]) -> None:
    """Answer until cancelled. A line is {"ask": name, …}; an answer is {"ok": true, …} or {"ok": false,
    "error": text}.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await _answer(line, questions)).encode() + b"\n")
                await writer.drain()
        except (ValueError, ConnectionError) as error:  # an endless line; a tool that went away
            log.debug("control: %s", error)
        finally:
            writer.close()

    async with await asyncio.start_unix_server(serve, sock=_listen(path), limit=LINE_MAX_BYTES) as server:
        await server.serve_forever()


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # left by a process that ended; the spool's lock says that none runs
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    path.chmod(0o600)
    return listener


async def _answer(line: bytes, questions: Mapping[str, Question]) -> dict[str, Any]:
    try:
        request = json.loads(line)
        question = questions[request["ask"]]
    except (ValueError, TypeError, KeyError):
        return {"ok": False, "error": f'expected {{"ask": …}} with one of {", ".join(questions)}'}
    try:
        return {"ok": True, **await question(request)}
    except BoxError as error:
        return {"ok": False, "error": str(error)}


async def ask(path: Path, name: str, **details: Any) -> dict[str, Any]:
    """Ask the running service and return its answer. Raises ControlError."""
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            reader, writer = await asyncio.open_unix_connection(path, limit=LINE_MAX_BYTES)
            with contextlib.closing(writer):
                writer.write(json.dumps({"ask": name, **details}).encode() + b"\n")
                answer = json.loads(await reader.readline() or b"{}")
    except (OSError, ValueError, TimeoutError) as error:
        raise ControlError(f"{path}: `edge vitals` does not answer ({error}); is it running?") from error
    if not isinstance(answer, dict) or not answer.pop("ok", False):
        raise ControlError(str(answer.get("error", f"{path}: no answer")))
    return answer
