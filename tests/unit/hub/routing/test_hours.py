from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.routing.hours import ALWAYS, DAY_MIN, WEEKDAYS, Hours, HoursError, parse_dates, parse_hours
from hub.routing.policy import Unit, UnitId

HOLIDAYS = (parse_dates("2027-02-05..2027-02-11"), parse_dates("2026-09-02"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_no_line_means_always() -> None:
    assert parse_hours([]) is ALWAYS
    assert all(ALWAYS.cover(at(f"2026-11-2{day}T{hour:02}:59")) for day in range(3, 10) for hour in range(24))


@pytest.mark.parametrize(
    ("moment", "is_within"),
    [
        ("2026-11-27T06:59", False),  # Friday
        ("2026-11-27T07:00", True),
        ("2026-11-27T11:29", True),
        ("2026-11-27T11:30", False),
        ("2026-11-27T13:00", True),
        ("2026-11-27T17:00", False),
        ("2026-11-28T08:00", True),  # Saturday
        ("2026-11-28T14:00", False),
        ("2026-11-29T08:00", False),  # Sunday
    ],
)
def test_a_line_begins_with_its_minute_and_ends_before_its_last(moment: str, is_within: bool) -> None:
    hours = parse_hours(["mon-fri 07:00-11:30,13:00-17:00", "sat 07:00-11:30"])
    assert hours.cover(at(moment)) is is_within


@pytest.mark.parametrize(
    ("moment", "is_within"),
    [
        ("2026-11-28T21:59", False),  # Saturday
        ("2026-11-28T22:00", True),
        ("2026-11-29T00:00", True),  # the same night, on Sunday
        ("2026-11-29T03:00", True),
        ("2026-11-29T06:00", False),
        ("2026-11-29T23:00", False),  # no night begins on Sunday
        ("2026-11-30T03:00", False),
    ],
)
def test_a_night_over_midnight_belongs_to_the_day_on_which_it_began(moment: str, is_within: bool) -> None:
    assert parse_hours(["sat 22:00-06:00"]).cover(at(moment)) is is_within


def test_weekdays_may_wrap_and_be_listed() -> None:
    hours = parse_hours(["fri-mon 08:00-09:00", "wed 08:00-09:00"])
    covered = [hours.cover(at(f"2026-11-{day}T08:30")) for day in range(23, 30)]  # Monday first
    assert covered == [True, False, True, False, True, True, True]


def test_a_holiday_has_hours_of_its_own_and_a_date_stands_above_it() -> None:
    lines = ["daily 08:00-17:00", "holiday 09:00-10:00", "2027-02-08 off", "2027-03-01 20:00-21:00"]
    hours = parse_hours(lines, holidays=HOLIDAYS)
    assert [hours.cover(at(f"2027-02-0{day}T16:00")) for day in (4, 5)] == [True, False]
    assert [hours.cover(at(f"2027-02-0{day}T09:30")) for day in (7, 8, 9)] == [True, False, True]
    assert [hours.cover(at(f"2027-03-01T{hour}:30")) for hour in ("09", "20")] == [False, True]


def test_who_says_nothing_of_holidays_is_there_on_them() -> None:
    assert parse_hours(["daily 08:00-17:00"], holidays=HOLIDAYS).cover(at("2026-09-02T09:00"))


def test_the_night_before_a_holiday_goes_on_into_it() -> None:
    hours = parse_hours(["daily 22:00-06:00", "holiday off"], holidays=HOLIDAYS)
    assert hours.cover(at("2026-09-02T05:00"))
    assert not hours.cover(at("2026-09-02T23:00"))
    assert not hours.cover(at("2026-09-03T05:00"))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("mon-frei 07:00-17:00", "'mon-frei' is no weekday; they are mon, tue"),
        ("mon 7:00-17:00", "'7:00-17:00' is no time"),
        ("mon", "'' is no time"),
        ("mon 07:00-07:00", "a whole one is 00:00-24:00"),
        ("mon 24:00-02:00", "is no part of a day"),
        ("mon 07:00-24:01", "is no part of a day"),
        ("2027-02-30 off", "'2027-02-30' is no date"),
        ("2027-02-03..2027-02-01 off", "ends before it begins"),
        ("2027-02-03..soon off", "is no date"),
    ],
)
def test_a_line_that_is_none_is_refused_and_says_why(line: str, complaint: str) -> None:
    with pytest.raises(HoursError, match=complaint):
        parse_hours(["daily 00:00-24:00", line])


def moments() -> st.SearchStrategy[datetime]:
    return st.datetimes(at("2026-01-01"), at("2028-01-01"))


@given(moments(), st.integers(0, DAY_MIN - 1), st.integers(1, DAY_MIN - 1), st.sampled_from(WEEKDAYS))
def test_a_window_covers_exactly_the_minutes_after_it_began(
    moment: datetime, from_min: int, length_min: int, weekday: str
) -> None:
    """Against the obvious: find the latest beginning, and see whether its length is over."""
    to_min = (from_min + length_min) % DAY_MIN
    text = f"{weekday} {from_min // 60:02}:{from_min % 60:02}-{to_min // 60:02}:{to_min % 60:02}"
    begins = [
        datetime.combine(moment.date() - timedelta(days=back), time()) + timedelta(minutes=from_min)
        for back in (0, 1)
        if (moment.date() - timedelta(days=back)).weekday() == WEEKDAYS.index(weekday)
    ]
    expected = any(begin <= moment < begin + timedelta(minutes=length_min) for begin in begins)
    assert parse_hours([text]).cover(moment) is expected


@given(moments(), st.sampled_from(["Asia/Ho_Chi_Minh", "UTC", "Europe/Berlin", "America/St_Johns"]))
def test_hours_are_those_of_the_units_own_clock(moment: datetime, zone: str) -> None:
    unit = Unit(id=UnitId("u"), name="", zone=ZoneInfo(zone))
    utc = moment.replace(tzinfo=ZoneInfo("UTC"))
    hours = parse_hours(["sun 22:00-06:00"])
    local = utc.astimezone(ZoneInfo(zone))
    is_night = (local.weekday() == 6 and local.hour >= 22) or (local.weekday() == 0 and local.hour < 6)
    assert hours.cover(unit.local(utc)) is is_night


def test_three_in_the_morning_of_a_vietnamese_sunday_is_saturday_in_utc() -> None:
    unit = Unit(id=UnitId("u"), name="", zone=ZoneInfo("Asia/Ho_Chi_Minh"))
    hours = parse_hours(["sun 00:00-24:00"])
    assert hours.cover(unit.local(datetime(2026, 11, 28, 20, 0, tzinfo=ZoneInfo("UTC"))))
    assert not hours.cover(unit.local(datetime(2026, 11, 28, 16, 59, tzinfo=ZoneInfo("UTC"))))


@given(st.lists(st.sampled_from(["off", "08:00-12:00"]), min_size=7, max_size=7))
def test_each_weekday_has_its_own_line(lines: list[str]) -> None:
    hours: Hours = parse_hours([f"{day} {times}" for day, times in zip(WEEKDAYS, lines, strict=True)])
    monday = date(2026, 11, 23)
    assert [bool(hours.windows(monday + timedelta(days=day))) for day in range(7)] == [
        times != "off" for times in lines
    ]
