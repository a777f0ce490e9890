from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub.calls.age import Age
from hub.console.ages import age_text, at_place, date_and_time, moment_text, press_age_text, time_of_day
from hub.console.words import Words
from hub.times.fit import UtcInterval

ROOT = Path(__file__).parents[4]
VI = Words("vi")


@pytest.mark.parametrize(
    ("age_s", "text"),
    [
        (None, "không rõ"),
        (-1.0, "không rõ"),
        (0.0, "0 s"),
        (59.9, "59 s"),
        (60.0, "1 phút"),
        (3_599.0, "59 phút"),
        (7_500.0, "2 giờ 05"),
        (172_799.0, "47 giờ 59"),
        (172_800.0, "2 ngày"),
    ],
)  # as web/ages.js writes them
def test_an_age_is_written_as_the_scripts_write_it(age_s: float | None, text: str) -> None:
    assert age_text(age_s, VI) == text


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (Age(65.0, 65.0), "1 phút"),
        (Age(65.0, 67.0), "1 phút"),
        (Age(20.0, 1_000.0), "20 s đến 16 phút"),
        (Age(0.0, None), "không rõ"),
        (Age(300.0, None), "ít nhất 5 phút"),
    ],
)
def test_the_age_of_a_press_is_said_no_more_exactly_than_it_is_known(age: Age, text: str) -> None:
    assert press_age_text(age, VI) == text


def test_times_are_vietnams_wherever_the_hub_stands() -> None:
    utc_ms = 1_763_816_722_000.0  # 2025-11-22 13:05:22 UTC
    assert time_of_day(utc_ms) == "20:05:22"
    assert date_and_time(utc_ms) == "22/11 20:05"
    assert (time_of_day(None), date_and_time(None)) == ("--:--:--", "--/-- --:--")


NOON_US = 1_763_816_722_000_000  # 2025-11-22 20:05:22 in Vietnam


@pytest.mark.parametrize(
    ("earliest_s", "latest_s", "best_s", "text"),
    [
        (-0.9, 0.9, 0.0, "20:05:22"),
        (-2.5, 1.0, 0.0, "20:05:22 ± 3 s"),
        (-200.0, 10.0, 0.0, "20:05:22 ± 3 phút"),
        (-2_400.0, 600.0, None, "19:25 – 20:15"),
        (-90_000.0, 600.0, None, "21/11 19:05 – 22/11 20:15"),
        (-4_000.0, 4_000.0, 0.0, "18:58 – 21:12"),
        (None, 0.0, None, ""),
        (0.0, None, None, ""),
        (-2e9, 0.0, None, ""),
        (0.0, 9e12, 4.5e12, ""),
    ],
)
def test_a_time_is_said_no_more_exactly_than_it_is_known(
    earliest_s: float | None, latest_s: float | None, best_s: float | None, text: str
) -> None:
    moment = UtcInterval(
        *(None if at_s is None else NOON_US + int(at_s * 1e6) for at_s in (earliest_s, latest_s, best_s))
    )
    assert moment_text(moment, VI) == text


@pytest.mark.parametrize("utc_ms", [-9.3e15, -1.0, 9.3e15])
def test_a_time_of_no_year_that_there_is_breaks_no_page(utc_ms: float) -> None:
    assert (time_of_day(utc_ms), date_and_time(utc_ms)) == ("--:--:--", "--/-- --:--")


def test_a_moment_is_written_on_the_clock_of_a_place() -> None:
    noon_utc_ms = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp() * 1000
    east = timezone(timedelta(hours=9))
    assert (time_of_day(noon_utc_ms), time_of_day(noon_utc_ms, east)) == ("19:00:00", "21:00:00")
    assert date_and_time(noon_utc_ms, ZoneInfo("America/New_York")) == "27/11 07:00"
    assert at_place(noon_utc_ms, east).date() == at_place(noon_utc_ms).date() == date(2026, 11, 27)
    with pytest.raises(ValueError, match="in no year"):
        at_place(-1.0)


def test_nothing_but_ages_puts_a_moment_on_the_clock_of_vietnam() -> None:
    """So that units in another zone have one place to begin."""
    rooms = [ROOT / "hub" / name for name in ("console", "cases", "papers")]
    files = [path for room in rooms for path in room.glob("*.py")]
    found = [path.name for path in files if "astimezone(VIETNAM)" in path.read_text("utf-8")]
    assert found == []
