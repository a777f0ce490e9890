"""How many bytes a link has carried in the period of its budget (core).

The kernel counts from the day that an interface is there; a restart of the machine, or a modem that is
plugged in again, begins anew. Periods are days and months of Vietnam by the hub's time: while nobody knows
what day it is, no period begins.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from edge.link_config import Period

VIETNAM: Final = timedelta(hours=7)


def day_of(utc_ms: int) -> date:
    """Return the day in Vietnam."""
    return (datetime.fromtimestamp(utc_ms / 1000, UTC) + VIETNAM).date()


class Meter:
    """Of one link. `kept`: what `document` said before, of this boot or another."""

    def __init__(self, per: Period, kept: Mapping[str, Any] | None) -> None:
        kept = kept or {}
        self._per: Final = per
        self._period = str(kept.get("period", ""))
        self.used_bytes = _whole(kept.get("used_bytes"))
        self._counted = _whole(kept.get("counted"))
        self._boot = str(kept.get("boot", ""))

    def read(self, counted: int, *, boot: str, today: date | None) -> int:
        """Take what the kernel counts now; return the bytes used in this period. `boot` names the boot of the
        machine, `today` None: nobody knows.
        """
        is_same = boot == self._boot and counted >= self._counted
        self.used_bytes += counted - (self._counted if is_same else 0)
        self._counted, self._boot = counted, boot
        if today is not None:
            period = today.isoformat() if self._per == "day" else f"{today:%Y-%m}"
            if self._period and period != self._period:
                self.used_bytes = 0
            self._period = period
        return self.used_bytes

    def document(self) -> dict[str, str | int]:
        """Return what must be kept."""
        return {
            "period": self._period,
            "used_bytes": self.used_bytes,
            "counted": self._counted,
            "boot": self._boot,
        }


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
