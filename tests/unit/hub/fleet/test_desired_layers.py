import json
from collections.abc import Mapping
from typing import Any

import pytest

from contract.desired import settings_hash
from contract.ids import StationId
from hub.fleet.desired import (
    Difference,
    Plan,
    changed,
    check_settings,
    difference,
    is_layer,
    with_draft,
)
from hub.fleet.groups import GroupRule, members, no_units
from hub.store.settings_book import LayerRow

CON_DAO, LY_SON, MUONG_NHE = map(StationId, ("con-dao-01", "ly-son-02", "muong-nhe-03"))
STATIONS = (CON_DAO, LY_SON, MUONG_NHE)


def layer(no: int, name: str, members: Mapping[str, Any] | None = None, **settings: object) -> LayerRow:
    return LayerRow(
        no=no,
        layer=name,
        settings=settings,
        members=members,
        is_removed=False,
        by="Lan",
        why="",
        utc_us=1,
    )


def plan(*layers: LayerRow) -> Plan:
    return Plan(layers, STATIONS, unit_members=no_units)


def test_each_layer_stands_above_the_one_before_it_and_says_which_it_is() -> None:
    found = plan(
        layer(4, "station:con-dao-01", volume_pct=40),
        layer(1, "all", volume_pct=80, hotline="115", status_every_s=300),
        layer(3, "group:islands", {"stations": ["con-dao-01", "ly-son-02"]}, hotline="0254"),
    )
    settings = {name: (one.value, one.layer) for name, one in found.settings(CON_DAO).items()}
    assert settings == {
        "volume_pct": (40, "station:con-dao-01"),
        "hotline": ("0254", "group:islands"),
        "status_every_s": (300, "all"),
    }
    assert found.settings(MUONG_NHE)["hotline"].layer == "all"
    assert [row.layer for row in found.layers_of(LY_SON)] == ["all", "group:islands"]


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [((1, "a"), (0, "b"), "a"), ((0, "a"), (1, "b"), "b"), ((0, "b"), (0, "a"), "b")],
)
def test_of_two_groups_the_higher_rank_counts_and_of_one_rank_the_later_name(
    first: tuple[int, str], second: tuple[int, str], winner: str
) -> None:
    groups = [
        layer(no, f"group:{name}", {"rank": rank, "prefix": "con"}, hotline=name)
        for no, (rank, name) in enumerate((first, second), start=1)
    ]
    assert plan(*groups).settings(CON_DAO)["hotline"].value == winner


def test_a_group_means_who_is_named_who_begins_so_and_who_is_below_a_unit() -> None:
    rule = GroupRule(prefix="con-", stations=frozenset({LY_SON}), unit="Điện Biên")
    assert members(rule, STATIONS, unit_members=no_units) == {CON_DAO, LY_SON}
    below = {"Điện Biên": (MUONG_NHE,)}
    assert members(rule, STATIONS, unit_members=lambda path: below[path]) == set(STATIONS)
    assert members(GroupRule(), STATIONS, unit_members=no_units) == set()
    assert GroupRule.of(rule.to_keep()) == rule


def test_a_document_has_the_hash_of_its_settings_and_stations_of_the_same_layers_share_it() -> None:
    documents = plan(layer(1, "all", volume_pct=80), layer(2, "station:ly-son-02", volume_pct=40)).documents()
    assert documents[CON_DAO] is documents[MUONG_NHE]
    for station, volume_pct in ((CON_DAO, 80), (LY_SON, 40)):
        hash_, text = documents[station]
        assert json.loads(text) == {"volume_pct": volume_pct}
        assert hash_ == settings_hash({"volume_pct": volume_pct})


def test_what_a_change_makes_otherwise_is_told_for_the_stations_that_it_touches_alone() -> None:
    before = [layer(1, "all", volume_pct=80), layer(2, "station:ly-son-02", volume_pct=40)]
    after = with_draft(before, layer(-1, "all", volume_pct=60, hotline="115"))
    found = changed(plan(*before).documents(), plan(*after).documents())
    volume, hotline = Difference("volume_pct", 80, 60), Difference("hotline", None, "115")
    assert found == {CON_DAO: [hotline, volume], LY_SON: [hotline], MUONG_NHE: [hotline, volume]}
    assert changed(plan(*before).documents(), plan(*before).documents()) == {}


def test_a_key_that_nobody_knows_is_shown_last_and_one_that_is_no_more_as_not_set() -> None:
    found = difference({"of_tomorrow": 1, "volume_pct": 80}, {"of_tomorrow": 2})
    assert found == [Difference("volume_pct", 80, None), Difference("of_tomorrow", 1, 2)]


def test_what_may_not_be_wanted_is_named() -> None:
    assert check_settings({"volume_pct": 80, "languages": ["vi"]}) == {}
    assert set(check_settings({"volume_pct": 0, "dance": 1, "hotline": "x"})) == {
        "volume_pct",
        "dance",
        "hotline",
    }


@pytest.mark.parametrize("name", ["all", "group:islands", "station:con-dao-01"])
def test_a_layer_is_all_or_a_group_or_a_station(name: str) -> None:
    assert is_layer(name)


@pytest.mark.parametrize("name", ["", "ALL", "group:", "group:A b", "station:hub", "unit:x", "group:../x"])
def test_nothing_else_is_a_layer(name: str) -> None:
    assert not is_layer(name)
