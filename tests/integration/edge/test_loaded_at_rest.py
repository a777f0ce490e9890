"""Which packages the services of a box have in memory while devices capture and nobody calls."""

import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.broker import free_port
from tests.loaded import AT_REST, loaded_by, packages, telling_at_its_end
from tests.village.eyes import wait_until
from tests.village.instruments import Instrument
from tests.village.process import Process
from tests.village.station import Station
from tests.village.village import PLACES, Village, wait_for_port

OXIMETER: Final = Instrument(port="oximeter", driver="berry-bm1000", name="finger")
LIMIT_S: Final = 60.0
MODULES: Final = {
    "vitals": "edge.vitals_service",
    "panel": "edge.panel.panel_service",
    "network": "edge.network.network_service",
}


@pytest.mark.parametrize("name", sorted(AT_REST))
def test_a_service_needs_these_packages_to_be_there(name: str) -> None:
    found = packages(loaded_by(f"import edge.__main__, {MODULES[name]}"))
    assert found <= AT_REST[name], "tests/loaded.py says what to ask first"


@pytest.mark.timeout(180)
def test_vitals_and_panel_load_nothing_else_while_two_devices_capture(tmp_path: Path) -> None:
    port, told = free_port(), {name: tmp_path / f"{name}.modules" for name in ("vitals", "panel")}
    village = Village(tmp_path, [replace(PLACES[0], instruments=(OXIMETER,))])
    station = village.stations[0]
    station.settings = f"[panel]\nport = {port}\n"
    station.environment = telling_at_its_end(tmp_path / "vitals.site", told["vitals"])
    environment = telling_at_its_end(tmp_path / "panel.site", told["panel"])
    panel = Process(
        ["edge", "panel", "--config", str(station.config)],
        log=tmp_path / "panel.log",
        entry=lambda: ["env", *(f"{name}={value}" for name, value in environment.items())],
    )
    with village:
        panel.start()
        try:
            wait_for_port(port, process=panel, limit_s=LIMIT_S)
            wait_until(lambda: is_captured(station), what="two devices are heard, and the hub answers")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=LIMIT_S) as page:
                assert page.status == 200
        finally:
            panel.stop()
        station.vitals.stop()
    for name, file in told.items():
        assert packages(file.read_text().split()) == AT_REST[name], "tests/loaded.py says what to ask first"


def is_captured(station: Station) -> bool:
    """Whether board and oximeter are heard and the hub has something of theirs."""
    if not station.answers():
        return False
    well = {finding.part for finding in station.report().findings if finding.is_well}
    devices = station.ask("devices")["devices"]
    return {"link", "hub"} <= well and [one["state"] for one in devices].count("connected") == 2
