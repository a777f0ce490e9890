import pytest

from hub.alerts.amounts import Kind, amount_text, parse_amount


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("90 s", Kind.DURATION, 90.0),
        ("15 min", Kind.DURATION, 900.0),
        ("1.5 h", Kind.DURATION, 5_400.0),
        ("7d", Kind.DURATION, 604_800.0),
        ("250 ms", Kind.DURATION, 0.25),
        ("500 MB", Kind.BYTES, 5e8),
        ("2,5 GB", Kind.BYTES, 2.5e9),
        ("80 °C", Kind.TEMPERATURE, 80.0),
        ("-5 C", Kind.TEMPERATURE, -5.0),
        ("10 %", Kind.SHARE, 10.0),
        ("1000", Kind.COUNT, 1000.0),
    ],
)
def test_amounts_are_read_in_their_units(text: str, kind: Kind, value: float) -> None:
    assert parse_amount(text, kind) == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("80", Kind.TEMPERATURE),
        ("15 min", Kind.BYTES),
        ("min", Kind.DURATION),
        ("", Kind.COUNT),
        ("3 m", Kind.DURATION),
    ],
)
def test_an_amount_without_its_unit_is_refused_with_an_example(text: str, kind: Kind) -> None:
    with pytest.raises(ValueError, match="such as"):
        parse_amount(text, kind)


def test_amounts_are_told_in_the_unit_that_keeps_them_small() -> None:
    told = [amount_text(value, Kind.DURATION) for value in (0.25, 30, 900, 7_200, 604_800, float("inf"))]
    assert told == ["250 ms", "30 s", "15 min", "2 h", "7 d", "∞"]
    assert [amount_text(value, Kind.BYTES) for value in (12, 5e8, 2.5e9)] == ["12 B", "500 MB", "2.5 GB"]
    assert amount_text(80, Kind.TEMPERATURE) == "80 °C"
    assert amount_text(3, Kind.COUNT) == "3"
