"""The compact fleet: everything once, then what changed, and nothing twice."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Owed, Status
from contract.ids import StationId
from hub.fleet.compact import DELTAS_KEPT, WHEN_MISSING, Board, Row, names_text, row_of
from hub.fleet.health import Trouble, figures_of, troubles_of
from hub.fleet.organisation import Organisation
from hub.fleet.presence import Rhythm
from hub.fleet.station_card import Position, StationCard
from hub.fleet.units import Unit, UnitName, UnitNo, UnitTree

A, B = StationId("a"), StationId("b")
QUIET = Status(owed={}, spool_bytes=1, disk_free_bytes=9_000_000, frames_damaged=0, samples_lost=0, refused=0)
ABOUT = '"generation":"g"'


def board() -> Board:
    made = Board(base_us=5_000_000)
    made.begin([A, B], {A: Row(100, 8)})
    return made


def told(made: Board, number: int | None) -> list[Any]:
    return [json.loads(text) for text in made.since(number, now_us=7_000_000, about=ABOUT)]


def test_a_page_that_knows_nothing_is_told_all() -> None:
    (message,) = told(board(), None)
    assert message == {
        "number": 1, "line_ms": 7000, "base_ms": 5000, "generation": "g", "all": [[100, 8], [None, 0]],
    }  # fmt: skip


def test_a_change_is_told_once_and_being_heard_in_two_numbers() -> None:
    made = board()
    made.put(A, Row(150, 8))
    made.put(B, Row(150, 0, told=140, owed_count=3))
    assert made.turn(now_us=7_000_000)
    (message,) = told(made, 1)
    assert message == {"number": 2, "line_ms": 7000, "rows": [[1, 150, 0, 140, None, 3]], "heard": [0, 150]}
    assert told(made, 2) == []
    assert not made.turn(now_us=8_000_000)


def test_what_is_as_it_was_is_not_told() -> None:
    made = board()
    made.put(A, Row(100, 8))
    assert not made.turn(now_us=7_000_000)


def test_a_page_that_missed_too_much_or_other_stations_is_told_all_anew() -> None:
    made = board()
    for tick in range(DELTAS_KEPT + 3):
        made.put(A, Row(200 + tick, 8))
        made.turn(now_us=7_000_000)
    assert "all" in told(made, 1)[0]
    assert len(told(made, made.number - DELTAS_KEPT)) == DELTAS_KEPT
    made.begin([A], {})
    assert "all" in told(made, made.number - 1)[0]


@given(
    st.lists(st.lists(st.tuples(st.sampled_from([A, B]), st.integers(0, 9), st.integers(0, 3)), max_size=4))
)
def test_whoever_follows_the_deltas_has_what_is_told_whole(
    turns: list[list[tuple[StationId, int, int]]],
) -> None:
    made, number = board(), None
    have: list[list[int | None]] = []
    for turn in turns:
        for station, heard, owed in turn:
            made.put(station, Row(heard, 0, owed_count=owed))
        made.turn(now_us=7_000_000)
        for message in told(made, number):
            if "all" in message:
                have = message["all"]
            for at, *row in message.get("rows", []):
                have[at] = row
            for at, tenths in zip(message.get("heard", [])[::2], message.get("heard", [])[1::2], strict=True):
                have[at] = [tenths, *have[at][1:]]
        number = made.number
    if turns:
        whole = told(made, None)[0]["all"]
        assert [_full(row) for row in have] == [_full(row) for row in whole]


def _full(row: list[int | None]) -> list[int | None]:
    return [*row, *WHEN_MISSING[len(row) :]]


def test_names_are_told_with_units_places_and_aliases() -> None:
    unit = Unit(no=UnitNo(3), parent=None, names=(UnitName("Quảng Ngãi"),), aliases=("Lý Sơn (huyện cũ)",))
    card = StationCard(
        station=A, name="Lý Sơn", unit=UnitNo(3), position=Position(15.3812, -1.5), aliases=("An Vĩnh",)
    )
    organisation = Organisation(tree=UnitTree({UnitNo(3): unit}), stations={A: card}, names={B: 'B "2"'})
    assert json.loads(names_text([A, B], organisation, generation="g")) == {
        "generation": "g",
        "units": [[3, None, "Quảng Ngãi", ["Lý Sơn (huyện cũ)"]]],
        "stations": [["a", "Lý Sơn", 3, 15381, -1500, ["An Vĩnh"]], ["b", 'B "2"']],
    }


def test_units_are_told_as_they_are_called_on_the_day() -> None:
    names = (UnitName("Huyện Côn Đảo"), UnitName("Đặc khu Côn Đảo", since=date(2025, 7, 1)))
    units = {UnitNo(3): Unit(no=UnitNo(3), parent=None, names=names)}
    told = [
        json.loads(names_text([], Organisation(tree=UnitTree(units, day)), generation="g"))["units"]
        for day in (date(2025, 6, 30), date(2025, 7, 1))
    ]
    assert told == [[[3, None, "Huyện Côn Đảo"]], [[3, None, "Đặc khu Côn Đảo"]]]


def test_a_row_tells_of_the_status_when_it_was_and_what_is_wrong() -> None:
    status = QUIET.model_copy(
        update={"owed": {"2": Owed(records=4, oldest_age_s=1_000.9)}, "round_trip_ms": 640, "cpu_c": 81.0}
    )
    figures = figures_of(status, at_line_us=6_000_000)
    troubles = troubles_of(figures, silent_devices=0, questions=0)
    row = row_of(
        heard=12, rhythm=Rhythm.WATCHED, is_cut=True, has_visit=True, troubles=troubles, figures=figures,
        base_us=5_000_000,
    )  # fmt: skip
    assert (row.heard, row.told, row.round_trip_ms, row.owed_count, row.oldest_owed_s) == (
        12,
        10,
        640,
        4,
        1_000,
    )
    assert row.troubles == Trouble.SPOOL | Trouble.HOT
    assert row.flags & 0xFF == 0b1101


@pytest.mark.parametrize(
    ("update", "trouble"),
    [
        ({}, Trouble.NONE),
        ({"cpu_c": 80.0}, Trouble.NONE),
        ({"cpu_c": 80.1}, Trouble.HOT),
        ({"power": "ok"}, Trouble.NONE),
        ({"power": "was low"}, Trouble.POWER),
        ({"power": "low"}, Trouble.POWER),
        ({"disk_mb": 90}, Trouble.NONE),
        ({"disk_mb": 91}, Trouble.DISK),
        ({"clock_off_ms": -5_000}, Trouble.NONE),
        ({"clock_off_ms": -5_001}, Trouble.CLOCK),
        ({"loss_permille": 101}, Trouble.LOSS),
        ({"refused": 1}, Trouble.REFUSED),
        ({"owed": {"0": Owed(records=1, oldest_age_s=900.0)}}, Trouble.NONE),
        ({"owed": {"0": Owed(records=1, oldest_age_s=900.1)}}, Trouble.SPOOL),
        ({"owed": {"0": Owed(records=0, oldest_age_s=900.1)}}, Trouble.NONE),
    ],
)
def test_each_limit_is_kept(update: dict[str, object], trouble: Trouble) -> None:
    status = QUIET.model_copy(update=update)
    assert troubles_of(figures_of(status, at_line_us=None), silent_devices=0, questions=0) == trouble


def test_devices_are_troubles_with_or_without_a_status() -> None:
    assert troubles_of(None, silent_devices=1, questions=2) == Trouble.DEVICE | Trouble.QUESTION
    assert troubles_of(None, silent_devices=0, questions=0) == Trouble.NONE
