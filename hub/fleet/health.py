"""How a station's box and link are (core): worked out of what it last told, whenever it is read.

Nothing here is stored. Each figure is as old as the status that told it, and says so.
"""

from dataclasses import dataclass
from enum import IntFlag, auto

from contract.events import Status
from hub.fleet.limits import LIMITS, Limits

MB = 1_000_000


class Trouble(IntFlag):
    """What is wrong, as far as the station told; a set of them fits a page's row as one number."""

    NONE = 0
    SPOOL = auto()  # the oldest record waits too long
    LOSS = auto()  # the link loses much
    POWER = auto()  # under-voltage now, or since the box's start
    HOT = auto()
    DISK = auto()
    CLOCK = auto()  # the box's wall clock is off
    DEVICE = auto()  # a device that was there is silent
    QUESTION = auto()  # somebody must say which device it is
    REFUSED = auto()  # the hub refuses records


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a status told, at `at_line_us` of the hub's own line (None: nobody knows when). None: unknown."""

    at_line_us: int | None
    round_trip_ms: int | None
    owed_count: int
    oldest_owed_s: float | None
    disk_free_share: float | None
    status: Status


def figures_of(status: Status, *, at_line_us: int | None) -> Figures:
    """Return what a status tells of link, spool and disk."""
    waiting = [owed for owed in status.owed.values() if owed.records]
    ages_s = [owed.oldest_age_s for owed in waiting if owed.oldest_age_s is not None]
    share = None if not status.disk_mb else min(1.0, status.disk_free_bytes / (status.disk_mb * MB))
    return Figures(
        at_line_us=at_line_us,
        round_trip_ms=status.round_trip_ms,
        owed_count=sum(owed.records for owed in waiting),
        oldest_owed_s=max(ages_s, default=None),
        disk_free_share=share,
        status=status,
    )


def troubles_of(
    figures: Figures | None, *, silent_devices: int, questions: int, limits: Limits = LIMITS
) -> Trouble:
    """Return what is wrong, by the newest status and by what is known of the devices."""
    found = Trouble.DEVICE if silent_devices else Trouble.NONE
    found |= Trouble.QUESTION if questions else Trouble.NONE
    if figures is None:
        return found
    status, share = figures.status, figures.disk_free_share
    wrong = {
        Trouble.SPOOL: (figures.oldest_owed_s or 0.0) > limits.owed_s,
        Trouble.LOSS: (status.loss_permille or 0) > limits.loss_permille,
        Trouble.POWER: status.power in ("low", "was low"),
        Trouble.HOT: status.cpu_c is not None and status.cpu_c > limits.cpu_c,
        Trouble.DISK: share is not None and share < limits.disk_free_share,
        Trouble.CLOCK: abs(status.clock_off_ms or 0) > limits.clock_off_ms,
        Trouble.REFUSED: status.refused > 0,
    }
    for trouble, is_so in wrong.items():
        found |= trouble if is_so else Trouble.NONE
    return found
