"""What time it is at a station, and how far its clocks are from those of the pages."""

from datetime import UTC, datetime

import pytest

from hub.console.local_time import local_time_text, station_clock_text, zone_difference_text
from hub.console.words import Words

NOON_MS = datetime(2026, 11, 27, 5, 0, tzinfo=UTC).timestamp() * 1000  # 12:00 in Viet Nam


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Asia/Ho_Chi_Minh", ""),
        ("Asia/Bangkok", ""),  # other name, same clocks
        ("Asia/Tokyo", "giờ trạm sớm hơn 2 giờ"),
        ("Asia/Yangon", "giờ trạm muộn hơn 0 giờ 30"),
        ("Asia/Kolkata", "giờ trạm muộn hơn 1 giờ 30"),
    ],
)
def test_a_zone_is_told_where_its_clocks_differ(zone: str, text: str) -> None:
    assert zone_difference_text(zone, NOON_MS, Words("vi")) == text


def test_a_clock_is_named_where_it_is_another_than_the_pages() -> None:
    told = "Asia/Tokyo (UTC+09:00), giờ trạm sớm hơn 2 giờ"
    assert station_clock_text("Asia/Tokyo", NOON_MS, Words("vi")) == told
    assert station_clock_text("Asia/Bangkok", NOON_MS, Words("vi")) == ""


def test_a_local_time_names_its_offset() -> None:
    assert local_time_text("Asia/Tokyo", NOON_MS) == "27/11/2026 14:00 (UTC+09:00)"
    assert local_time_text("Asia/Kolkata", NOON_MS) == "27/11/2026 10:30 (UTC+05:30)"
