from pathlib import Path
from typing import Any

import pytest

from edge.errors import ConfigError
from edge.link_config import Budget, found_links, read_links

FILE = Path("/etc/haidang/box.toml")
CABLE = {"interface": "eth0", "class": "ethernet"}


def test_a_link_has_a_class_and_is_metered_as_its_class_is() -> None:
    cable, satellite = read_links(
        FILE,
        [
            CABLE,
            {
                "name": "vệ tinh",
                "interface": "eth1",
                "class": "satellite",
                "budget_mb": 50,
                "budget_per": "day",
            },
        ],
    )
    assert (cable.name, cable.is_metered, cable.budget) == ("eth0", False, None)
    assert (satellite.name, satellite.is_metered) == ("vệ tinh", True)
    assert satellite.budget == Budget(limit_bytes=50_000_000, per="day")
    assert read_links(FILE, None) == ()


@pytest.mark.parametrize(
    ("tables", "complaint"),
    [
        ({"interface": "eth0"}, r"expected tables, each headed \[\[link\]\]"),
        ([{**CABLE, "speed": 1}], r"\[\[link\]\] 1: speed is not a setting"),
        ([{"class": "ethernet"}], "interface: expected a name"),
        ([{**CABLE, "interface": "a name that is too long"}], "interface: expected a name"),
        ([{**CABLE, "class": "pigeon"}], "class: expected ethernet or wifi"),
        ([{**CABLE, "name": ""}], "name: expected 1"),
        ([{**CABLE, "metered": "yes"}], "metered: expected true or false"),
        ([{**CABLE, "budget_mb": 0}], "budget_mb: expected a whole number"),
        ([{**CABLE, "budget_mb": 5, "budget_per": "week"}], "budget_per: expected day or month"),
        ([{**CABLE, "budget_per": "day"}], "budget_per: expected budget_mb"),
        ([CABLE, {**CABLE, "name": "x"}], r"\[\[link\]\] 2: name and interface"),
        ([{**CABLE, "interface": f"eth{n}"} for n in range(9)], "at most 8"),
    ],
)
def test_a_table_that_cannot_be_used_is_named(tables: Any, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        read_links(FILE, tables)


def test_links_that_nobody_named_are_found_cable_before_wifi_before_modem() -> None:
    found = found_links(["lo", "wwan0", "wlan0", "eth0", "docker0", "enp1s0"])
    assert [(one.interface, one.kind, one.is_metered) for one in found] == [
        ("eth0", "ethernet", False),
        ("enp1s0", "ethernet", False),
        ("wlan0", "wifi", False),
        ("wwan0", "mobile", True),
    ]
    assert not any(one.is_configured for one in found)
