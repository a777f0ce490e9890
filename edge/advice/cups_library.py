"""How a job of CUPS is, asked of libcups (shell): `lpstat` says of all that ended only that they did.

libcups.so.2 comes with the commands, and honours what they do (CUPS_SERVER). Source: cups/cups.h of 2.4.
"""

import ctypes
from enum import IntEnum
from functools import cache
from typing import Any, Final

_ALL_JOBS: Final = -1  # CUPS_WHICHJOBS_ALL
_OURS: Final = 1
_LIBRARY: Final = "libcups.so.2"


class JobState(IntEnum):
    """RFC 8011, section 5.3.7."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


class _Job(ctypes.Structure):
    """cups_job_t."""

    _fields_ = (
        ("id", ctypes.c_int),
        ("dest", ctypes.c_char_p),
        ("title", ctypes.c_char_p),
        ("user", ctypes.c_char_p),
        ("format", ctypes.c_char_p),
        ("state", ctypes.c_int),
        ("size", ctypes.c_int),
        ("priority", ctypes.c_int),
        ("completed_time", ctypes.c_long),
        ("creation_time", ctypes.c_long),
        ("processing_time", ctypes.c_long),
    )


def job_state(queue: str, job: int) -> JobState | None:
    """Return how a job of ours is; None: its queue knows it no more. Raises OSError: nobody answers."""
    library, jobs = _library(), ctypes.POINTER(_Job)()
    count = library.cupsGetJobs(ctypes.byref(jobs), queue.encode(), _OURS, _ALL_JOBS)
    if count < 0:
        raise OSError(f"CUPS does not answer about {queue}")
    try:
        return next((JobState(jobs[at].state) for at in range(count) if jobs[at].id == job), None)
    finally:
        library.cupsFreeJobs(count, jobs)


@cache
def _library() -> Any:
    return ctypes.CDLL(_LIBRARY)
