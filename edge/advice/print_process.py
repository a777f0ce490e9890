"""Printing as a child of `edge vitals` (shell): it has its time, and is ended after it."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Sequence
from typing import Final

from pydantic import ValidationError

from edge.advice.piece import Outcome, Print
from edge.advice.print_job import PrintJob

log = logging.getLogger(__name__)

COMMAND: Final = (sys.executable, "-m", "edge.advice")
LIMIT_S: Final = 120.0  # a minute for the paper, and a slow board that starts Python
END_S: Final = 2.0  # for one that is killed; one that hangs in a stick goes when the stick does


async def print_in_child(job: PrintJob, *, command: Sequence[str] = COMMAND) -> Outcome:
    """Return how printing went, after LIMIT_S at most. Who is cancelled here has ended the child too."""
    try:
        child = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
    except OSError as error:
        log.error("printing cannot be started: %s", error)
        return Outcome(how=Print.FAILED, detail=str(error.strerror))
    try:
        async with asyncio.timeout(LIMIT_S):
            said, _ = await child.communicate(job.model_dump_json().encode())
    except TimeoutError:
        return Outcome(how=Print.TOO_SLOW)
    finally:
        if child.returncode is None:
            child.kill()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_S):
                    await child.wait()
    try:
        return Outcome.model_validate_json(said)
    except ValidationError:
        log.error("printing failed (exit status %s); what it said stands above", child.returncode)
        return Outcome(how=Print.FAILED, detail="edge.advice")
