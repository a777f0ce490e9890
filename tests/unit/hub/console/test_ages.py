import pytest

from hub.calls.age import Age
from hub.console.ages import age_text, date_and_time, press_age_text, time_of_day
from hub.console.words import Words

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
