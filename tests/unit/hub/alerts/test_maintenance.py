import pytest

from contract.ids import StationId
from hub.alerts.alert import EVERYWHERE, HUB, Alert, AlertNo, Place
from hub.alerts.maintenance import (
    MaintenanceError,
    Paths,
    Window,
    checked,
    next_edge_us,
    quieted,
    window_of,
)
from hub.fleet.units import UnitNo
from tests.unit.hub.alerts.rules_of_tests import MEDIUM

PATHS = Paths(
    {StationId("a"): (UnitNo(1), UnitNo(2)), StationId("b"): (UnitNo(1), UnitNo(3))}.__getitem__,
    {1: (UnitNo(1),), 2: (UnitNo(1), UnitNo(2)), 3: (UnitNo(1), UnitNo(3))}.__getitem__,
)  # fmt: skip
A, B = Place(station=StationId("a")), Place(station=StationId("b"))


def alert(place: Place, *members: str, is_quiet: bool = False) -> Alert:
    return Alert(
        no=AlertNo(1), rule="silent", place=place, severity=MEDIUM, since_s=0.0, raised_s=0.0,
        members=frozenset(map(StationId, members)), is_quiet=is_quiet,
    )  # fmt: skip


def window(place: Place, no: int = 1, ended_utc_us: int | None = None) -> Window:
    return Window(
        no=no, place=place, from_utc_us=100, until_utc_us=200, why="x", by="lan", ended_utc_us=ended_utc_us
    )


@pytest.mark.parametrize(("utc_us", "is_in"), [(99, False), (100, True), (199, True), (200, False)])
def test_a_window_is_from_its_first_moment_to_before_its_last(utc_us: int, is_in: bool) -> None:
    assert (window_of(alert(A), [window(A)], PATHS, utc_us=utc_us) is not None) is is_in


def test_a_window_of_a_unit_covers_all_below_it_and_nothing_beside() -> None:
    of_two = [window(Place(unit=UnitNo(2)))]
    assert window_of(alert(A), of_two, PATHS, utc_us=150) is not None
    assert window_of(alert(B), of_two, PATHS, utc_us=150) is None
    assert window_of(alert(B), [window(Place(unit=UnitNo(1)))], PATHS, utc_us=150) is not None
    assert window_of(alert(Place(unit=UnitNo(1))), of_two, PATHS, utc_us=150) is None
    assert window_of(alert(HUB), [window(Place(unit=UnitNo(1)))], PATHS, utc_us=150) is None


def test_a_units_alert_is_quiet_when_each_of_its_stations_is() -> None:
    of_all = alert(Place(unit=EVERYWHERE), "a", "b")
    assert window_of(of_all, [window(A)], PATHS, utc_us=150) is None
    assert window_of(of_all, [window(A), window(B, 2)], PATHS, utc_us=150) is not None


def test_one_that_still_holds_at_the_end_is_loud() -> None:
    (quiet,) = quieted([alert(A)], [window(A)], PATHS, utc_us=150)
    assert quiet.after.is_quiet and not quiet.after.is_loud
    assert quieted([quiet.after], [window(A)], PATHS, utc_us=199) == []
    (loud,) = quieted([quiet.after], [window(A)], PATHS, utc_us=200)
    assert loud.after.is_loud


def test_a_window_that_somebody_ended_is_over() -> None:
    ended = window(A, ended_utc_us=150)
    assert not ended.is_now(150) and ended.is_now(149)
    assert next_edge_us([window(A), ended], utc_us=120) == 150
    assert next_edge_us([], utc_us=0) is None


@pytest.mark.parametrize(
    ("place", "from_us", "until_us", "why"),
    [
        (HUB, 0, 10, "x"), (A, 0, 10, "  "), (A, 10, 10, "x"), (A, 0, 5, "x"), (A, 0, 10**13, "x"),
        (A, 10**13, 10**13 + 1, "x"),
    ],
)  # fmt: skip
def test_a_window_that_makes_no_sense_is_refused(place: Place, from_us: int, until_us: int, why: str) -> None:
    with pytest.raises(MaintenanceError):
        checked(place, from_us, until_us, why, now_utc_us=5)
    assert checked(A, 0, 10, "  thay   cáp ", now_utc_us=5) == "thay cáp"
