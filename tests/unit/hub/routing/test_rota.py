from datetime import date
from types import MappingProxyType
from zoneinfo import ZoneInfo

from hub.routing.hours import WHOLE_DAY, Window, parse_dates, parse_hours
from hub.routing.policy import (
    DEFAULT_ZONE,
    EVERYBODY,
    Group,
    OnCallDoctor,
    Policy,
    RosterDoctor,
    Supervisor,
    Unit,
    UnitId,
    without_document,
)
from hub.routing.rota import Duty, rota

TOP, ISLAND = UnitId("tw"), UnitId("dao")
MONDAY = date(2026, 11, 30)
HOLIDAYS = (parse_dates("2026-12-02"),)


def policy() -> Policy:
    workdays = parse_hours(["mon-fri 07:00-17:00", "holiday off"], holidays=HOLIDAYS)
    nights = parse_hours(["daily 22:00-06:00", "2026-12-03 off"])
    return Policy(
        path=None,
        units=MappingProxyType(
            {
                TOP: Unit(id=TOP, name="Trung ương", zone=ZoneInfo(DEFAULT_ZONE)),
                ISLAND: Unit(id=ISLAND, name="Đảo", parent=TOP, zone=ZoneInfo(DEFAULT_ZONE)),
            }
        ),
        root=TOP,
        groups={ISLAND: (Group(unit=ISLAND, members=("lan", "minh"), hours=workdays),)},
        supervisors={TOP: (Supervisor(unit=TOP, account="chi"),)},
        on_call={TOP: (OnCallDoctor(unit=TOP, name="BS Trực", phone="1", hours=nights),)},
        roster={ISLAND: (RosterDoctor(unit=ISLAND, name="BS An", specialties=(), hours=nights),)},
    )


def test_the_week_is_said_day_by_day_with_holidays_and_single_dates() -> None:
    rows = {(row.unit, row.duty): row for row in rota(policy(), MONDAY)}
    assert list(rows) == [
        (TOP, Duty.SUPERVISES), (TOP, Duty.ON_CALL), (ISLAND, Duty.ANSWERS), (ISLAND, Duty.INVITED),
    ]  # fmt: skip
    answers, on_call = rows[ISLAND, Duty.ANSWERS], rows[TOP, Duty.ON_CALL]
    day, night = (Window(7 * 60, 17 * 60),), (Window(22 * 60, 6 * 60),)
    assert answers.names == ("lan", "minh")
    assert answers.days == (day, day, (), day, day, (), ())  # the holiday; Saturday and Sunday
    assert on_call.days == (night, night, night, (), night, night, night)
    assert rows[TOP, Duty.SUPERVISES].days == (WHOLE_DAY,) * 7


def test_of_some_units_alone() -> None:
    assert {row.unit for row in rota(policy(), MONDAY, of={ISLAND})} == {ISLAND}
    assert [len(row.days) for row in rota(policy(), MONDAY, days=2)] == [2] * 4


def test_without_a_document_everybody_is_there_at_all_hours() -> None:
    (row,) = rota(without_document(), MONDAY)
    assert (row.names, row.days) == ((EVERYBODY,), (WHOLE_DAY,) * 7)
