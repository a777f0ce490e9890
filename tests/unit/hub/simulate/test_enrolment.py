"""Who is simulated: the hub's own stations first, the same ones again at the next start."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract.ids import StationId
from hub.config import CONFIG_TEMPLATE, parse_config
from hub.pki.authority import Authority
from hub.pki.files import PkiError
from hub.simulate.enrolment import choose, enrol_all, names_to_add
from hub.toml_table import ConfigError

OURS = StationId("dao-cua-ta-01")
TEMPLATE = CONFIG_TEMPLATE.format(
    broker_host="127.0.0.1", broker_port=8883, address="127.0.0.1", port=8443, https="true", names="[]"
)


def test_stations_that_the_hub_names_come_first_under_their_names() -> None:
    chosen = choose({OURS: "Đảo của ta"}, 40, units=None)
    assert (chosen[0].station, chosen[0].name) == (OURS, "Đảo của ta")
    assert len({one.station for one in chosen}) == 40
    assert [one.station for one in choose({OURS: "Đảo của ta"}, 1, units=None)] == [OURS]


def test_names_once_given_change_neither_who_is_chosen_nor_where_they_belong() -> None:
    first = choose({}, 60, units=12)
    named = {one.station: one.name for one in first}
    assert choose(named, 60, units=12) == first


def test_names_are_added_behind_the_configurations_last_table() -> None:
    chosen = choose({}, 5, units=None)
    text = names_to_add(TEMPLATE, chosen, {})
    config = parse_config(text, path=Path("/hub/hub.toml"))
    assert config.station_names == {one.station: one.name for one in chosen}
    assert names_to_add(text, chosen, config.station_names) == text
    with pytest.raises(ConfigError, match="last table is not"):
        names_to_add(text + "[media]\n", chosen, {})


def test_the_same_certificates_come_back_and_only_missing_ones_are_made(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "pki")
    authority.make(names=(), now=datetime(2026, 11, 27, tzinfo=UTC))
    folder = tmp_path / "simulated"
    few = enrol_all(authority, folder, choose({}, 2, units=None))
    more = enrol_all(authority, folder, choose({}, 4, units=None))
    assert more[:2] == few
    assert (folder / "certificates").stat().st_mode & 0o777 == 0o600
    with (folder / "stations.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["station"] for row in rows] == [one.station for one in choose({}, 4, units=None)]
    assert rows[0]["units"] == "Điện Biên / Mường Nhé"
    (folder / "certificates").write_text("cut sho")
    with pytest.raises(PkiError, match="remove it"):
        enrol_all(authority, folder, choose({}, 2, units=None))
