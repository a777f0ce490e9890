"""What the CUPS commands say, read (core). They are run with LC_ALL=C; CUPS 2.4."""

import re
from typing import Final

from edge.advice.piece import Print

# printer-state-reasons (RFC 8011, section 5.4.12; PWG 5100.9), the worst first; suffixes say how bad.
_HINDRANCES: Final = (
    ("media-empty", Print.NO_PAPER),
    ("media-needed", Print.NO_PAPER),
    ("media-jam", Print.JAMMED),
    ("cover-open", Print.OPEN),
    ("door-open", Print.OPEN),
    ("interlock-open", Print.OPEN),
    ("toner-empty", Print.NO_INK),
    ("marker-supply-empty", Print.NO_INK),
    ("offline", Print.OFFLINE),
    ("shutdown", Print.OFFLINE),
    ("timed-out", Print.OFFLINE),
    ("connecting-to-device", Print.OFFLINE),
    ("paused", Print.STOPPED),
)
_HARMLESS: Final = ("-report", "-warning")  # it prints all the same
_DEFAULT: Final = re.compile(r"system default destination: (\S+)")
_REQUEST: Final = re.compile(r"request id is \S+-([0-9]+) \(")


def default_queue(said: str) -> str | None:
    """Return the queue that `lpstat -d` names, if there is one."""
    found = _DEFAULT.search(said)
    return None if found is None else found[1].partition("/")[0]


def job_of(said: str) -> int | None:
    """Return the number of the job that `lp` has made."""
    found = _REQUEST.search(said)
    return None if found is None else int(found[1])


def hindrance(said: str) -> Print | None:
    """Return why a printer does not go on, of `lpstat -l -p`; None: as far as it says, it does."""
    alerts = [line.partition(":")[2].split() for line in said.splitlines() if line.startswith("\tAlerts:")]
    serious = [one for one in (alerts[0] if alerts else []) if not one.endswith(_HARMLESS)]
    return next((how for word, how in _HINDRANCES if any(one.startswith(word) for one in serious)), None)
