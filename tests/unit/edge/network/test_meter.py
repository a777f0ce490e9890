from datetime import date

from edge.network.meter import Meter, day_of

DAY = date(2026, 11, 27)


def test_bytes_are_counted_over_restarts_of_the_service_the_machine_and_the_modem() -> None:
    meter = Meter("month", None)
    assert meter.read(1_000, boot="a", today=DAY) == 1_000
    meter = Meter("month", meter.document())
    assert meter.read(1_500, boot="a", today=DAY) == 1_500
    assert meter.read(200, boot="a", today=DAY) == 1_700, "plugged in again"
    meter = Meter("month", meter.document())
    assert meter.read(900, boot="b", today=DAY) == 2_600, "another boot"


def test_a_period_ends_with_its_day_or_month_and_not_while_nobody_knows_the_day() -> None:
    day, month = Meter("day", None), Meter("month", None)
    for meter in (day, month):
        meter.read(1_000, boot="a", today=DAY)
        assert meter.read(1_100, boot="a", today=None) == 1_100
    assert day.read(1_200, boot="a", today=date(2026, 11, 28)) == 0
    assert month.read(1_200, boot="a", today=date(2026, 11, 28)) == 1_200
    assert month.read(1_300, boot="a", today=date(2026, 12, 1)) == 0


def test_what_was_counted_before_the_day_was_known_belongs_to_it() -> None:
    meter = Meter("day", None)
    meter.read(1_000, boot="a", today=None)
    assert meter.read(1_000, boot="a", today=DAY) == 1_000


def test_what_was_kept_and_is_damaged_counts_as_nothing() -> None:
    assert Meter("day", {"used_bytes": "x", "counted": -1}).read(5, boot="", today=DAY) == 5


def test_the_day_is_vietnams() -> None:
    assert day_of(1_795_798_800_000 - 1) == date(2026, 11, 27)
    assert day_of(1_795_798_800_000) == date(2026, 11, 28)
