"""The tree of units: free depth, names with dates, and what makes no tree."""

from datetime import date

import pytest

from contract.ids import StationId
from hub.fleet.organisation import HOME_ZONE, Organisation, OrganisationError
from hub.fleet.station_card import BoxCard, StationCard
from hub.fleet.units import Unit, UnitName, UnitNo, UnitTree, UnitTreeError

CON_DAO = StationId("con-dao-01")


def unit(no: int, name: str, parent: int | None = None, *, zone: str | None = None) -> Unit:
    above = None if parent is None else UnitNo(parent)
    return Unit(no=UnitNo(no), parent=above, names=(UnitName(name),), zone=zone)


def tree(*units: Unit) -> UnitTree:
    return UnitTree({one.no: one for one in units})


def test_a_path_goes_from_the_top_down_however_deep_it_is() -> None:
    found = tree(
        unit(1, "Việt Nam"), unit(2, "Quảng Ninh", 1), unit(3, "Cô Tô", 2), unit(4, "Trạm Thanh Lân", 3)
    )
    assert found.path_text(UnitNo(4)) == "Việt Nam › Quảng Ninh › Cô Tô › Trạm Thanh Lân"
    assert found.below(UnitNo(2)) == {2, 3, 4}
    assert found.below(UnitNo(9)) == frozenset()
    assert found.path(None) == []


def test_a_name_is_that_of_the_day() -> None:
    names = (UnitName("Bà Rịa – Vũng Tàu"), UnitName("Thành phố Hồ Chí Minh", date(2025, 7, 1)))
    found = Unit(no=UnitNo(1), parent=None, names=names)
    assert found.name(date(2025, 6, 30)) == "Bà Rịa – Vũng Tàu"
    assert found.name(date(2025, 7, 1)) == "Thành phố Hồ Chí Minh"
    assert found.name() == "Thành phố Hồ Chí Minh"
    dated = Unit(no=UnitNo(1), parent=None, names=(UnitName("Đặc khu Côn Đảo", date(2025, 7, 1)),))
    assert dated.name(date(2020, 1, 1)) == "Đặc khu Côn Đảo"  # it had none then: better this than nothing


def test_a_tree_calls_its_units_as_they_are_called_on_its_day() -> None:
    names = (UnitName("Xã Cô Tô"), UnitName("Đặc khu Cô Tô", date(2025, 7, 1)))
    of = Organisation(tree=tree(Unit(no=UnitNo(1), parent=None, names=names)))
    assert of.on(date(2025, 6, 30)).tree.path_text(UnitNo(1)) == "Xã Cô Tô"
    assert of.on(date(2025, 7, 1)).tree.path_text(UnitNo(1)) == "Đặc khu Cô Tô"
    kept = of.on(date(2025, 6, 30)).with_cards([StationCard(station=CON_DAO, unit=UnitNo(1))])
    assert kept.unit_text(CON_DAO) == "Xã Cô Tô"
    assert of.tree.path_text(UnitNo(1), date(2020, 1, 1)) == "Xã Cô Tô"


@pytest.mark.parametrize(
    ("units", "text"),
    [
        ((unit(1, "A", 2), unit(2, "B", 1)), "unit 1 .A. would be below itself"),
        ((unit(1, "A", 1),), "would be below itself"),
        ((unit(1, "A", 7),), "below unit 7: there is none"),
        ((unit(1, "  "),), "unit 1 has no name"),
        ((Unit(no=UnitNo(1), parent=None, names=()),), "unit 1 has no name"),
    ],
)
def test_what_is_no_tree_is_refused_and_named(units: tuple[Unit, ...], text: str) -> None:
    with pytest.raises(UnitTreeError, match=text):
        tree(*units)


def test_a_zone_is_the_stations_the_units_or_that_above() -> None:
    units = tree(unit(1, "A", zone="Asia/Tokyo"), unit(2, "B", 1), unit(3, "C"))
    of = Organisation(tree=units)
    there, own = StationCard(station=CON_DAO, unit=UnitNo(2)), StationCard(station=CON_DAO, zone="Asia/Dili")
    assert of.with_cards([there]).zone(CON_DAO) == "Asia/Tokyo"
    assert of.with_cards([own]).zone(CON_DAO) == "Asia/Dili"
    assert of.with_cards([StationCard(station=CON_DAO, unit=UnitNo(3))]).zone(CON_DAO) == HOME_ZONE
    assert of.zone(StationId("never-seen")) == HOME_ZONE


def test_members_are_those_of_all_units_below_but_closed_ones() -> None:
    of = Organisation(tree=tree(unit(1, "A"), unit(2, "B", 1)), names={CON_DAO: "Côn Đảo"})
    ly_son = StationCard(station=StationId("ly-son-02"), unit=UnitNo(2), closed=True)
    of = of.with_cards([StationCard(station=CON_DAO, unit=UnitNo(2)), ly_son])
    assert of.members(UnitNo(1)) == {CON_DAO}
    assert of.members(UnitNo(5)) == frozenset()
    assert of.unit_text(CON_DAO) == "A › B"
    assert of.name(CON_DAO) == "Côn Đảo"  # the card names it not, the hub's file does
    assert of.name(StationId("ly-son-02")) == "ly-son-02"


def test_boxes_stand_somewhere_lie_on_a_shelf_or_are_retired() -> None:
    of = Organisation(tree=tree(unit(1, "A")))
    of = of.with_cards(
        [
            BoxCard(box="HD-0002", station=CON_DAO),
            BoxCard(box="HD-0001", unit=UnitNo(1)),
            BoxCard(box="HD-0003", retired=True),
        ]
    )
    assert [one.box for one in of.boxes_of(CON_DAO)] == ["HD-0002"]
    assert [one.box for one in of.spares()] == ["HD-0001"]
    with pytest.raises(OrganisationError, match="HD-0003 is retired"):
        of.with_cards([BoxCard(box="HD-0003", station=CON_DAO, retired=True)])


def test_a_station_of_a_unit_that_is_none_is_refused() -> None:
    with pytest.raises(OrganisationError, match="station con-dao-01 belongs to unit 8: there is none"):
        Organisation().with_cards([StationCard(station=CON_DAO, unit=UnitNo(8))])
    with pytest.raises(OrganisationError, match="box HD-1 belongs to unit 8"):
        Organisation().with_cards([BoxCard(box="HD-1", unit=UnitNo(8))])


def test_a_new_unit_has_a_number_that_none_has() -> None:
    assert Organisation().next_unit() == 1
    assert Organisation(tree=tree(unit(41, "A"))).next_unit() == 42
