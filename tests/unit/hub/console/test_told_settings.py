"""What a station says is in force is shown, whatever it is."""

import pytest

from contract.events import SettingTold
from hub.console.station_configuration import Line


@pytest.mark.parametrize(
    ("told", "shown"),
    [('"115"', "115"), ("60", 60), ("true", True), ("[1, 2]", [1, 2]), ("null", None)],
)
def test_a_value_is_read_as_json(told: str, shown: object) -> None:
    assert in_force(told) == shown


@pytest.mark.parametrize("told", ["", "{", '{"a": 1', "60 %", '"\\ud800"', '["\\udfff"]', "[" * 400, "\x00"])
def test_what_is_none_is_shown_as_it_came(told: str) -> None:
    assert in_force(told) == told


def in_force(value: str) -> object:
    return Line(
        "volume_pct", None, SettingTold(name="volume_pct", value=value, origin="hub"), "same"
    ).in_force
