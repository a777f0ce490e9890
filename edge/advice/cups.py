"""The printing system CUPS, through its own commands (shell): a job is printed when its queue says so."""

import os
import subprocess
import time
from collections.abc import Sequence
from typing import Final

from edge.advice.cups_library import JobState, job_state
from edge.advice.piece import Outcome, Print
from edge.advice.queue_words import default_queue, hindrance, job_of

COMMAND_S: Final = 10.0
WAIT_S: Final = 60.0  # for the paper; what comes later nobody waits for
HINDERED_S: Final = 10.0  # a printer that lacks something for so long does not go on by itself
LOOK_EVERY_S: Final = 0.5
_ENDED: Final = {
    JobState.COMPLETED: Print.PRINTED,
    JobState.ABORTED: Print.FAILED,
    JobState.CANCELED: Print.CANCELLED,
    None: Print.UNSURE,  # the queue keeps no history
}
_OPEN: Final = frozenset(JobState) - {*_ENDED}
SAID_MAX: Final = 120  # characters of what a command says


def find_queue() -> str | None:
    """Return the default queue; None: there is none, or no CUPS."""
    try:
        return default_queue(_run("lpstat", "-d"))
    except (OSError, subprocess.SubprocessError):
        return None


def print_on(queue: str, pdf: bytes, *, name: str) -> Outcome:
    """Print on a queue and return how that went; takes WAIT_S and a little at most.

    A job that was not printed in time is cancelled: it must not come out hours later.
    """
    try:
        job = job_of(_run("lp", "-d", queue, "-t", name, data=pdf))
    except FileNotFoundError:
        return Outcome(how=Print.NO_CUPS)
    except subprocess.CalledProcessError as error:
        return _refused(queue, str(error.stderr or b"", "utf-8", "replace"))
    except subprocess.TimeoutExpired:
        return Outcome(how=Print.UNSURE, detail=queue)
    if job is None:
        return Outcome(how=Print.UNSURE, detail=queue)
    return _outcome_of(job, queue)


def _outcome_of(job: int, queue: str) -> Outcome:
    begun_s = hindered_s = time.monotonic()
    how = None
    while True:
        try:
            state = job_state(queue, job)
            if state not in _OPEN:
                return Outcome(how=_ENDED[state], detail=queue)
            how = hindrance(_run("lpstat", "-l", "-p", queue))
        except (OSError, subprocess.SubprocessError):
            pass  # it is asked again until the time is over
        now_s = time.monotonic()
        hindered_s = now_s if how is None else hindered_s
        if now_s - begun_s >= WAIT_S or now_s - hindered_s >= HINDERED_S:
            break
        time.sleep(LOOK_EVERY_S)
    return _taken_back(job, queue, how or Print.TOO_SLOW)


def _taken_back(job: int, queue: str, how: Print) -> Outcome:
    """Cancel the job; the last sheet may have come out just then."""
    try:
        _run("cancel", f"{queue}-{job}")
        is_out = job_state(queue, job) is JobState.COMPLETED
    except (OSError, subprocess.SubprocessError):
        return Outcome(how=how, detail=f"{queue}: còn trong hàng đợi")
    return Outcome(how=Print.PRINTED if is_out else how, detail=queue)


def _refused(queue: str, said: str) -> Outcome:
    lines = said.strip().splitlines()
    why = (lines[-1] if lines else "")[:SAID_MAX]
    if not _is_running():
        return Outcome(how=Print.NO_CUPS)
    if "does not exist" in why:
        return Outcome(how=Print.NO_PRINTER, detail=queue)
    return Outcome(how=Print.REFUSED, detail=why or queue)


def _is_running() -> bool:
    try:
        return "is running" in _run("lpstat", "-r")
    except (OSError, subprocess.SubprocessError):
        return False


def _run(*command: str, data: bytes = b"") -> str:
    """Raises OSError, CalledProcessError, TimeoutExpired."""
    typed: Sequence[str] = command
    done = subprocess.run(
        typed,
        input=data,
        capture_output=True,
        timeout=COMMAND_S,
        check=True,
        env={**os.environ, "LC_ALL": "C"},
    )
    return done.stdout.decode(errors="replace")
