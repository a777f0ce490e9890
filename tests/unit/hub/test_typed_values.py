"""What somebody typed is a number of plain digits within its bounds, a day with days around it, or none."""

from datetime import date

import pytest

from hub.typed_values import day, whole_number


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("007", 7), ("999", 999)])
def test_plain_digits_are_a_number(text: str, number: int) -> None:
    assert whole_number(text, most=999) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        " 1",
        "1_0",
        "1.0",
        "1e2",
        "NaN",
        "1000",
        "0001",
        "9" * 5_000,
        "0" * 5_000,
        "٣",
        "²",
        "1\0",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert whole_number(text, most=999) is None


def test_a_day_is_read_as_it_is_written() -> None:
    assert day("2026-11-30") == date(2026, 11, 30)


@pytest.mark.parametrize("text", ["", "30/11/2026", "2026-02-30", "0001-01-01", "9999-12-31", "9" * 5_000])
def test_a_day_that_is_none_or_at_the_end_of_time_is_none(text: str) -> None:
    assert day(text) is None
