"""Minutes on paper: every time is on the clock of the station, which is named where it is not the hub's."""

import re
from typing import Any

import pytest

from hub.cases.minutes import Minutes
from hub.cases.minutes_sheet import write_sheet
from hub.console.words import Words
from hub.papers.blocks import Facts, Paper, Paragraph

VI = Words("vi")
NOON_US = 1_795_669_200_000_000  # 26/11/2026 12:00 in Vietnam
MINUTE_US = 60_000_000
TIME = re.compile(r"\d\d/\d\d/\d{4} (\d\d):(\d\d):\d\d")
CLOCK = "Giờ trên giấy này"


def at(minute: int) -> int:
    return NOON_US + minute * MINUTE_US


DOCUMENT: dict[str, Any] = {
    "format": "haidang minutes 1",
    "call": "tram-01.000000000000b0c5.12",
    "station": "tram-01",
    "station_name": "Trạm",
    "practice": None,
    "received_utc_us": at(1),
    "version": 1,
    "corrects": None,
    "reason": "",
    "by": "Lan",
    "made_utc_us": at(2),
    "persons": [
        {
            "visit": "K7-42",
            "identity": None,
            "is_identity_withheld": False,
            "consents": [
                {
                    "is_given": True,
                    "by_whom": "người bệnh",
                    "purposes": ["record"],
                    "words": "",
                    "noted_by": "Lan",
                    "utc_us": at(3),
                }
            ],
            "form": {"urgency": None, "findings": "", "advice": ""},
            "advice": [
                {
                    "text": "nghỉ",
                    "by": "Lan",
                    "made_utc_us": at(4),
                    "steps": [{"state": "printed", "text": "", "utc_us": at(5)}],
                }
            ],
        }
    ],
    "journal": [
        {
            "utc_us": at(6),
            "by": "Lan",
            "input": "PROMISE",
            "from": "MISSED",
            "to": "CALLBACK",
            "detail": f'{{"due_utc_us": {at(7)}}}',
        }
    ],
}


MINUTES = Minutes(DOCUMENT, b"")


def rows(paper: Paper) -> list[tuple[str, str]]:
    return [row for block in paper.blocks if isinstance(block, Facts) for row in block.rows]


def hours(paper: Paper) -> dict[int, int]:
    """Return the hour of each time on a paper, by its minute."""
    paragraphs = [block.text for block in paper.blocks if isinstance(block, Paragraph)]
    said = " ".join([*(text for row in rows(paper) for text in row), *paragraphs])
    return {int(minute): int(hour) for hour, minute in TIME.findall(said)}


def test_every_time_is_on_the_stations_clock_and_the_clock_is_named() -> None:
    sheet = write_sheet(MINUTES, VI, zone="Asia/Tokyo")
    assert hours(sheet) == dict.fromkeys(range(1, 8), 14)
    assert dict(rows(sheet))[CLOCK] == "Asia/Tokyo (UTC+09:00), giờ trạm sớm hơn 2 giờ"


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "Asia/Bangkok"])
def test_a_clock_that_is_the_hubs_own_is_not_named(zone: str) -> None:
    sheet = write_sheet(MINUTES, VI, zone=zone)
    assert hours(sheet) == dict.fromkeys(range(1, 8), 12)
    assert CLOCK not in dict(rows(sheet))


def test_the_hubs_own_clock_is_the_one_of_an_operators_terminal() -> None:
    assert hours(write_sheet(MINUTES, VI)) == dict.fromkeys(range(1, 8), 12)
