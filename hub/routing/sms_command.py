"""Sends an SMS by a program of the place: a gateway's own client, or a script. It decides nothing."""

import asyncio
import contextlib
import os
import signal
from typing import Final

from hub.routing.outside import OutsideError
from hub.routing.policy import NUMBER, SmsCommand

LIMIT_S: Final = 30.0
SAID_MAX_CHARS: Final = 200


async def send(command: SmsCommand, number: str, text: str, *, limit_s: float = LIMIT_S) -> None:
    """Run it; returns when it has ended well. Raises OutsideError."""
    where = f"SMS command {command.name}"
    argv = [part.replace(NUMBER, number) for part in command.argv]
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=pipe, stdout=asyncio.subprocess.DEVNULL, stderr=pipe, start_new_session=True
        )
    except OSError as error:
        raise OutsideError(
            f"{where}: {argv[0]} cannot be started ({error.strerror}): correct it in the routing document",
            is_final=True,
        ) from error
    try:
        async with asyncio.timeout(limit_s):
            _, said = await process.communicate(text.encode())
    except TimeoutError:
        raise OutsideError(f"{where}: did not end within {limit_s:.0f} s and was ended") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what it has started too
            await process.wait()
    if process.returncode:
        last = said.decode(errors="replace").strip().rpartition("\n")[2][:SAID_MAX_CHARS]
        raise OutsideError(f"{where}: failed with status {process.returncode} ({last or 'it said nothing'})")
