"""Hours of duty as lines of text: weekdays, holidays, single dates (core). Source: docs/routing.md, "Hours".

A line is days, then times or "off": ``mon-fri 07:00-11:30,13:00-17:00``, ``daily 22:00-06:00``,
``holiday off``, ``2027-02-05..2027-02-10 08:00-10:00``. Times are those of the unit's own wall clock. A time
that ends before it begins goes on over midnight, and belongs to the day on which it began.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MIN: Final = 24 * 60
EXPECTED: Final = (
    'lines such as "mon-fri 07:00-17:00", "sat,sun 22:00-06:00", "daily 00:00-24:00", "holiday off",'
    ' "2027-02-05..2027-02-10 08:00-10:00"'
)
_TIMES: Final = re.compile(r"([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])")


class HoursError(ValueError):
    """A line is none. The text says what was expected."""


@dataclass(frozen=True, slots=True)
class Window:
    """From minute to minute of a day, 0 … 1440; over midnight when `to_min` is not above `from_min`."""

    from_min: int
    to_min: int

    @property
    def is_over_midnight(self) -> bool:
        """It ends on the day after."""
        return self.to_min <= self.from_min


Windows = tuple[Window, ...]
WHOLE_DAY: Final[Windows] = (Window(0, DAY_MIN),)


@dataclass(frozen=True, slots=True)
class Dates:
    """A day, or all from `first` to `last`."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Hours:
    """Who is there when. A date's own line stands above that of holidays, and that above the weekday's."""

    by_weekday: tuple[Windows, ...]  # Monday first, seven
    on_holidays: Windows | None = None  # None: like any other day
    by_dates: tuple[tuple[Dates, Windows], ...] = ()
    holidays: tuple[Dates, ...] = field(default=(), repr=False)

    def windows(self, day: date) -> Windows:
        """Return what begins on that day."""
        dated = [windows for dates, windows in self.by_dates if day in dates]
        if dated:
            return tuple(window for windows in dated for window in windows)
        if self.on_holidays is not None and any(day in dates for dates in self.holidays):
            return self.on_holidays
        return self.by_weekday[day.weekday()]

    def cover(self, local: datetime) -> bool:
        """Whether it is within them. `local`: on the unit's wall clock."""
        minute = local.hour * 60 + local.minute
        today = local.date()
        return any(
            window.from_min <= minute and (window.is_over_midnight or minute < window.to_min)
            for window in self.windows(today)
        ) or any(
            window.is_over_midnight and minute < window.to_min
            for window in self.windows(today - timedelta(days=1))
        )


ALWAYS: Final = Hours((WHOLE_DAY,) * len(WEEKDAYS))


def parse_hours(lines: Sequence[str], *, holidays: tuple[Dates, ...] = ()) -> Hours:
    """Return the hours in `lines`; none means always. Raises HoursError: which line, and why."""
    if not lines:
        return ALWAYS
    by_weekday: list[list[Window]] = [[] for _ in WEEKDAYS]
    on_holidays: list[Window] | None = None
    by_dates: list[tuple[Dates, Windows]] = []
    for line in lines:
        days, _, times = line.strip().partition(" ")
        windows = _windows(times.strip(), line)
        if days == "holiday":
            on_holidays = [*(on_holidays or ()), *windows]
        elif days[:1].isdigit():
            by_dates.append((parse_dates(days), windows))
        else:
            for weekday in _weekdays(days, line):
                by_weekday[weekday] += windows
    return Hours(
        tuple(tuple(windows) for windows in by_weekday),
        None if on_holidays is None else tuple(on_holidays),
        tuple(by_dates),
        holidays,
    )


def parse_dates(text: str) -> Dates:
    """Return the dates in "2027-02-05" or "2027-02-05..2027-02-10". Raises HoursError."""
    first, _, last = text.partition("..")
    try:
        dates = Dates(date.fromisoformat(first), date.fromisoformat(last or first))
    except ValueError as error:
        raise HoursError(f"{text!r} is no date ({error})") from None
    if dates.last < dates.first:
        raise HoursError(f"{text!r} ends before it begins")
    return dates


def _weekdays(days: str, line: str) -> list[int]:
    if days == "daily":
        return list(range(len(WEEKDAYS)))
    found = []
    for part in days.split(","):
        first, _, last = part.partition("-")
        if first not in WEEKDAYS or (last or first) not in WEEKDAYS:
            raise HoursError(f"{line!r}: {part!r} is no weekday; they are {', '.join(WEEKDAYS)}")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        found += [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]
    return found


def _windows(times: str, line: str) -> Windows:
    if times == "off":
        return ()
    windows = []
    for part in times.split(","):
        match = _TIMES.fullmatch(part.strip())
        if match is None:
            raise HoursError(f'{line!r}: {part!r} is no time; write it as 07:00-17:00, or "off"')
        from_hour, from_min, to_hour, to_min = map(int, match.groups())
        window = Window(from_hour * 60 + from_min, to_hour * 60 + to_min)
        if window.from_min >= DAY_MIN or window.to_min > DAY_MIN or window.from_min == window.to_min:
            raise HoursError(f"{line!r}: {part!r} is no part of a day; a whole one is 00:00-24:00")
        windows.append(window)
    return tuple(windows)
