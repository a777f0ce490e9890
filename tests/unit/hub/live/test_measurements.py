"""Single measurements: dated, of one visit, and never of the next."""

import pytest

from contract.codes import BODY_TEMPERATURE, CUFF_PULSE, DIASTOLIC, GLUCOSE, MEAN_PRESSURE, SYSTOLIC
from contract.events import Measured, MeasuredValue, VisitClosed, VisitOpened
from hub.live.measurements import KEPT_MAX, quantities
from hub.live.station_now import Change, StationNow
from tests.unit.hub.live.station_events import UTC_US, S, next_person, station, tell


def measured(*values: tuple[int, float, str], **more: str) -> Measured:
    numbers = tuple(MeasuredValue(mdc=mdc, value=value, unit=unit) for mdc, value, unit in values)
    return Measured.model_validate({"device": "bp-1", "values": numbers, **more})


SYS, DIA, MEAN = (SYSTOLIC, 120.0, "mm[Hg]"), (DIASTOLIC, 80.0, "mm[Hg]"), (MEAN_PRESSURE, 93.0, "mm[Hg]")
PRESSURE = measured(SYS, DIA, MEAN)


def shown(now: StationNow) -> list[list[float | None]]:
    return [quantity["values"] for one in now.measurements() for quantity in one["quantities"]]


def test_a_blood_pressure_is_one_quantity_and_the_rest_stand_beside_it() -> None:
    found = quantities(measured(MEAN, SYS, DIA, (CUFF_PULSE, 72.0, "/min")))
    assert [(one["label"], one["values"], one["source"]) for one in found] == [
        ("Huyết áp", [120.0, 80.0, 93.0], None),
        ("Mạch", [72.0], "cuff"),
    ]


def test_a_pressure_without_its_mean_or_its_half_is_not_made_up() -> None:
    assert quantities(measured(SYS, DIA))[0]["values"] == [120.0, 80.0, None]
    assert [(one["label"], one["values"]) for one in quantities(measured(SYS))] == [("Sys", [120.0])]


@pytest.mark.parametrize(
    ("mdc", "label"), [(BODY_TEMPERATURE, "Nhiệt độ"), (GLUCOSE, "Đường huyết"), (999, "MDC 999")]
)
def test_each_quantity_has_its_word_and_the_unit_that_the_station_said(mdc: int, label: str) -> None:
    assert quantities(measured((mdc, 5.4, "mmol/L"))) == [
        {"label": label, "values": [5.4], "unit": "mmol/L", "source": None}
    ]


def test_a_measurement_is_dated_and_bears_what_its_device_said() -> None:
    now = station()
    event = measured(SYS, DIA, device_time="2026-11-25 08:15", unverified="a guess", text="cuff 2")
    assert tell(now, event, 10.0) is Change.MEASUREMENTS
    (one,) = now.measurements()
    assert one["measured_ms"] == (UTC_US + 10 * S) / 1000 + 40
    assert (one["device_time"], one["unverified"], one["text"]) == ("2026-11-25 08:15", "a guess", "cuff 2")


def test_one_that_failed_says_why_and_has_no_number() -> None:
    now = station()
    tell(now, measured(text="cuff is loose"), 10.0)
    (one,) = now.measurements()
    assert (one["quantities"], one["text"]) == ([], "cuff is loose")


def test_a_measurement_has_no_limit_of_age_within_its_visit_and_the_newest_is_first() -> None:
    now = station()
    for t_s, value in ((3_000.0, 37.0), (10.0, 36.0), (6_000.0, 38.0)):
        tell(now, measured((BODY_TEMPERATURE, value, "Cel")), t_s)
    assert shown(now) == [[38.0], [37.0], [36.0]]


def test_a_measurement_is_never_shown_in_the_next_visit_nor_after_its_own() -> None:
    now = station()
    tell(now, PRESSURE, 10.0)
    tell(now, VisitClosed(visit=1, why="asked"), 20.0)
    assert now.measurements() == []
    tell(now, VisitOpened(visit=2, how="button"), 30.0, visit=2)
    assert now.measurements() == []
    tell(now, PRESSURE, 31.0, visit=1)  # late, of the person before
    tell(now, measured((BODY_TEMPERATURE, 36.8, "Cel")), 32.0, visit=2)
    assert shown(now) == [[36.8]]


def test_what_was_measured_in_no_visit_is_nobodys() -> None:
    now = station()
    assert tell(now, PRESSURE, 10.0, visit=0) is Change.NOTHING
    assert now.measurements() == []
    tell(now, VisitClosed(visit=1, why="asked"), 20.0)
    tell(now, PRESSURE, 21.0, visit=0)
    assert now.measurements() == []


def test_one_that_overtakes_the_opening_of_its_visit_waits_for_it() -> None:
    now = station()
    tell(now, PRESSURE, 21.0, visit=2)
    assert now.measurements() == []
    next_person(now, 2, 20.0)
    assert shown(now) == [[120.0, 80.0, 93.0]]


def test_the_same_one_twice_is_one_and_there_is_an_end_to_how_many_are_kept() -> None:
    now = station()
    for _ in range(2):
        tell(now, PRESSURE, 10.0)
    assert len(now.measurements()) == 1
    for t_s in range(100):
        tell(now, PRESSURE, 20.0 + t_s)
    assert len(now.measurements()) == KEPT_MAX
