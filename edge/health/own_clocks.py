"""Anchors made at the box (core): its wall clock while NTP holds it, its battery clock at start, its staff.

The hub weighs them against others; here only what cannot be right is left out. Source:
docs/adr/0021-time-at-the-hub.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from contract.ids import BootId
from contract.times import Anchor
from edge.errors import ControlError

NTP_EVERY_S: Final = 600.0
NTP_ERR_MIN_US: Final = 100_000  # clients set the kernel's error to zero at each answer, whatever the way was
NTP_ERR_MAX_US: Final = 5_000_000
RTC_ERR_US: Final = 300_000_000  # 50 ppm for two months without power
STAFF_ERR_S: Final = range(1, 86_401)
VIETNAM: Final = timezone(timedelta(hours=7))
NOT_BEFORE_S: Final = 1_767_225_600  # 2026: a clock that shows less has lost its battery


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelTime:
    """The wall clock showed `utc_us` between `before_us` and `after_us` of the box's own. `max_err_us` is the
    kernel's own bound, which grows while no answer of a time server comes.
    """

    before_us: int
    utc_us: int
    after_us: int
    is_synchronised: bool
    max_err_us: int


class OwnClocks:
    """When which clock is told. The caller asks `anchors` about once a second."""

    def __init__(
        self,
        boot: BootId,
        *,
        read_kernel: Callable[[], KernelTime | None],
        read_rtc_s: Callable[[], int | None],
    ) -> None:
        self._boot, self._read_kernel, self._read_rtc_s = boot, read_kernel, read_rtc_s
        self._is_rtc_read = False
        self._ntp_us: int | None = None

    def anchors(self, *, now_us: int) -> list[Anchor]:
        """Return what is to be told now: the battery clock once, NTP every NTP_EVERY_S while it holds."""
        found = []
        if not self._is_rtc_read:
            self._is_rtc_read = True
            rtc_s = self._read_rtc_s()
            found += [] if rtc_s is None else rtc_anchors(rtc_s, boot=self._boot, now_us=now_us)
        if self._ntp_us is None or now_us - self._ntp_us >= NTP_EVERY_S * 1e6:
            reading = self._read_kernel()
            ntp = [] if reading is None else ntp_anchors(reading, boot=self._boot)
            if ntp:
                self._ntp_us = now_us
            found += ntp
        return found


def ntp_anchors(reading: KernelTime, *, boot: BootId) -> list[Anchor]:
    """Return the anchor of a synchronised wall clock; none of one that is not, or that is known badly."""
    read_for_us = reading.after_us - reading.before_us
    err_us = max(NTP_ERR_MIN_US, reading.max_err_us) + read_for_us
    if not reading.is_synchronised or err_us > NTP_ERR_MAX_US or reading.utc_us < NOT_BEFORE_S * 1_000_000:
        return []
    return [Anchor(boot, reading.before_us + read_for_us // 2, reading.utc_us, err_us, "ntp")]


def clock_off_ms(reading: KernelTime | None, hub: Anchor | None) -> int | None:
    """Return the box's wall clock less the hub's, by the last exchange with it; None: either is unknown."""
    if reading is None or hub is None:
        return None
    at_us = (reading.before_us + reading.after_us) // 2
    return (reading.utc_us - (hub.utc_us + at_us - hub.t_us)) // 1000


def rtc_anchors(rtc_s: int, *, boot: BootId, now_us: int) -> list[Anchor]:
    """Return the anchor of a battery clock that has just shown `rtc_s`; none of one that lost its battery."""
    if rtc_s < NOT_BEFORE_S:
        return []
    return [Anchor(boot, now_us, rtc_s * 1_000_000 + 500_000, RTC_ERR_US + 500_000, "rtc")]


def staff_anchor(text: str, *, within_s: int, boot: BootId, now_us: int) -> Anchor:
    """Return the anchor of somebody who says that it is `text` now, give or take `within_s`.

    `text` is ISO 8601, such as 2026-11-26T14:05, Vietnam's time unless it names another. Raises ControlError.
    """
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise ControlError(f"{text!r} is no date and time: write them as 2026-11-26T14:05") from error
    if said.tzinfo is None:
        said = said.replace(tzinfo=VIETNAM)
    if within_s not in STAFF_ERR_S or said.timestamp() < NOT_BEFORE_S:
        raise ControlError(
            f"{text} within {within_s} s: expected a time since 2026, known to {STAFF_ERR_S[0]} s to a day"
        )
    return Anchor(boot, now_us, round(said.timestamp() * 1e6), within_s * 1_000_000, "staff")
