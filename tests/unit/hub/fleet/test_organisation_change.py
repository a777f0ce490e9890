"""What a change of cards makes otherwise: the stations that it touches, and no others."""

from dataclasses import replace

from contract.ids import StationId
from hub.fleet.organisation import MembersOf, Organisation
from hub.fleet.organisation_change import OrganisationChange, change_of
from hub.fleet.station_card import BoxCard, Position, StationCard
from hub.fleet.units import Unit, UnitName, UnitNo

A, B, FAR = StationId("a"), StationId("b"), StationId("far")
TOP = Unit(no=UnitNo(1), parent=None, names=(UnitName("Quảng Ninh"),))
ISLAND = Unit(no=UnitNo(2), parent=UnitNo(1), names=(UnitName("Cô Tô"),))
OTHER = Unit(no=UnitNo(3), parent=None, names=(UnitName("Huế"),))
CARD = StationCard(station=A, name="Cô Tô", unit=UnitNo(2))
NOW = Organisation().with_cards(
    [
        TOP,
        ISLAND,
        OTHER,
        CARD,
        StationCard(station=B, unit=UnitNo(2)),
        StationCard(station=FAR, unit=UnitNo(3)),
    ]
)


def changed(*cards: Unit | StationCard | BoxCard) -> OrganisationChange:
    return change_of(NOW, NOW.with_cards(cards), cards)


def test_a_note_changes_nothing_that_anybody_keeps() -> None:
    assert changed(replace(CARD, note="sửa mái"), BoxCard(box="HD-1", station=A)) == OrganisationChange()
    assert changed(TOP) == OrganisationChange()


def test_a_name_is_one_station_s() -> None:
    assert changed(replace(CARD, name="Đảo")) == OrganisationChange(
        called=frozenset({A}), are_names_other=True
    )
    assert changed(replace(CARD, position=Position(21.0, 107.0))) == OrganisationChange(are_names_other=True)


def test_a_station_that_moves_is_called_otherwise_and_is_the_only_one() -> None:
    assert changed(replace(CARD, unit=UnitNo(3))) == OrganisationChange(
        moved=frozenset({A}), called=frozenset({A}), are_names_other=True
    )


def test_a_new_station_and_a_closed_one_come_and_go() -> None:
    new = StationId("new")
    assert changed(StationCard(station=new)) == OrganisationChange(
        listed=frozenset({new}), called=frozenset({new}), are_names_other=True
    )
    assert changed(replace(CARD, closed=True)) == OrganisationChange(
        listed=frozenset({A}), are_names_other=True
    )


def test_a_unit_s_name_and_place_are_those_of_the_stations_below_it() -> None:
    renamed = changed(replace(TOP, names=(UnitName("Vùng mỏ"),)))
    assert renamed == OrganisationChange(called=frozenset({A, B}), are_names_other=True, are_units_other=True)
    assert changed(replace(ISLAND, parent=UnitNo(3))).moved == {A, B}


def test_the_tree_stays_the_same_object_while_no_unit_is_another() -> None:
    assert NOW.with_cards([replace(CARD, unit=UnitNo(3)), TOP]).tree is NOW.tree
    assert NOW.with_cards([replace(TOP, code="22")]).tree is not NOW.tree


def test_who_is_a_member_is_answered_as_by_the_list_of_members() -> None:
    after = NOW.with_cards([replace(CARD, closed=True)])
    for no in (UnitNo(1), UnitNo(2), UnitNo(3), UnitNo(9)):
        for station in (A, B, FAR, StationId("nobody")):
            assert (station in MembersOf(after, no)) is (station in after.members(no))
    assert A not in MembersOf(NOW, None)
