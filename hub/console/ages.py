"""Ages and times of day in words, as web/ages.js writes them (core)."""

import math
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final, Protocol

from hub.calls.age import Age
from hub.times.fit import UtcInterval

ZONE_NAME: Final = "Asia/Ho_Chi_Minh"  # as browsers know it
VIETNAM: Final = timezone(timedelta(hours=7), ZONE_NAME)  # the hub's own; no summer time since 1975
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
YEAR_9999_US: Final = 253_370_764_800_000_000  # its first day; a box may claim any time
EXACT_WITHIN_US: Final = 1_000_000  # a time of day known so well is said without more ado


class Say(Protocol):
    """Returns the word for a key in the language of the page."""

    def __call__(self, key: str, /, **values: object) -> str: ...


def age_text(age_s: float | None, say: Say) -> str:
    """Return "12 s", "3 phút", "2 giờ 05", "4 ngày" or "không rõ"."""
    if age_s is None or age_s < 0:
        return say("không rõ")
    seconds = int(age_s)
    if seconds < MINUTE_S:
        return say("{n} s", n=seconds)
    if seconds < HOUR_S:
        return say("{n} phút", n=seconds // MINUTE_S)
    if seconds < 2 * DAY_S:
        return say("{h} giờ {m}", h=seconds // HOUR_S, m=f"{seconds // MINUTE_S % 60:02d}")
    return say("{n} ngày", n=seconds // DAY_S)


def press_age_text(age: Age, say: Say) -> str:
    """Return the age of a press as exactly as it is known, and no more exactly."""
    if age.is_exact:
        return age_text(age.at_least_s, say)
    if age.at_most_s is not None:
        return say("{a} đến {b}", a=age_text(age.at_least_s, say), b=age_text(age.at_most_s, say))
    if age.at_least_s < 1:
        return say("không rõ")
    return say("ít nhất {a}", a=age_text(age.at_least_s, say))


def at_place(utc_ms: float, zone: tzinfo = VIETNAM) -> datetime:
    """Return a moment on the clock of a place: the one way from hub time to what people read.

    Raises ValueError: no year that there is.
    """
    if not 0 <= utc_ms <= YEAR_9999_US / 1000:
        raise ValueError(f"{utc_ms} ms since 1970 is in no year from 1970 to 9998")
    return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(zone)


def local_text(utc_ms: float | None, form: str, unknown: str, zone: tzinfo = VIETNAM) -> str:
    """Return a moment on the clock of a place, written as `form` says; `unknown` for what no calendar has."""
    try:
        return unknown if utc_ms is None else at_place(utc_ms, zone).strftime(form)
    except ValueError:
        return unknown


def time_of_day(utc_ms: float | None, zone: tzinfo = VIETNAM) -> str:
    """Return "13:05:22" there; "--:--:--" for an unknown time, or one of no year that there is."""
    return local_text(utc_ms, "%H:%M:%S", "--:--:--", zone)


def moment_text(moment: UtcInterval, say: Say, zone: tzinfo = VIETNAM) -> str:
    """Return when it was, as exactly as it is known: "13:05:22", "13:05:22 ± 3 s", "13:05 – 13:40"; "" for
    what is not bounded on both sides, by years that there are.
    """
    earliest_us, latest_us, err_us = moment.earliest_us, moment.latest_us, moment.err_us
    if earliest_us is None or latest_us is None or earliest_us < 0 or latest_us > YEAR_9999_US:
        return ""
    if moment.best_us is not None and err_us is not None and err_us < HOUR_S * 1e6:
        text = time_of_day(moment.best_us / 1000, zone)
        return text if err_us <= EXACT_WITHIN_US else f"{text} ± {age_text(math.ceil(err_us / 1e6), say)}"
    bounds = [at_place(at_us / 1000, zone) for at_us in (earliest_us, latest_us)]
    form = "%H:%M" if bounds[0].date() == bounds[1].date() else "%d/%m %H:%M"
    return " – ".join(bound.strftime(form) for bound in bounds)


def date_and_time(utc_ms: float | None, zone: tzinfo = VIETNAM) -> str:
    """Return "22/11 13:05" there; "--/-- --:--" for an unknown time, or one of no year that there is."""
    return local_text(utc_ms, "%d/%m %H:%M", "--/-- --:--", zone)
