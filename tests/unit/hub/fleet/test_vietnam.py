"""The list of Viet Nam's units, and what of it is taken into a tree that is not empty."""

from collections import Counter
from datetime import date

import pytest

from hub.fleet.cells import CellError
from hub.fleet.organisation import Organisation
from hub.fleet.search import SearchIndex
from hub.fleet.units import Unit, UnitName, UnitNo, UnitTree
from hub.fleet.vietnam import find_provinces, listed_units, seed

LISTED = listed_units()


def test_the_list_is_whole_and_every_code_in_it_is_of_one_unit() -> None:
    assert Counter(bool(one.province) for one in LISTED) == {False: 34, True: 3321}
    kinds = Counter(one.name.split()[0] for one in LISTED if one.province)
    assert kinds == {"Xã": 2621, "Phường": 687, "Đặc": 13}
    assert max(Counter(one.code for one in LISTED if one.code and one.province).values()) == 1
    zones = {one.name: one.province for one in LISTED if one.name.startswith("Đặc khu")}
    assert (zones["Đặc khu Hoàng Sa"], zones["Đặc khu Trường Sa"], zones["Đặc khu Côn Đảo"]) == (
        "48",
        "56",
        "79",
    )
    assert {one.since for one in LISTED} == {None, date(2025, 7, 1)}


def test_a_province_is_found_by_name_or_code() -> None:
    assert [one.code for one in find_provinces(LISTED, "dien bien")] == ["11"]
    assert [one.name for one in find_provinces(LISTED, "79")] == ["Thành phố Hồ Chí Minh"]
    assert [one.code for one in find_provinces(LISTED, "Hồ Chí Minh")] == ["79"]
    assert len(find_provinces(LISTED, "all")) == 34
    with pytest.raises(CellError, match="Không có tỉnh, thành phố Hà Giang"):
        find_provinces(LISTED, "Hà Giang")


def test_only_what_is_asked_for_is_taken_and_old_names_find_it() -> None:
    units = seed(Organisation(), find_provinces(LISTED, "Điện Biên"), LISTED)
    assert len(units) == 46
    organisation = Organisation().with_cards(units)
    index = SearchIndex(organisation)
    found = [organisation.tree.path_text(no) for no in index.find_units("huyện mường nhé (cũ)")]
    assert found[0] == "Điện Biên › Xã Mường Nhé"
    assert len(found) == 6  # and one whose words are those of another name
    assert seed(organisation, find_provinces(LISTED, "all"), LISTED)[0].name() == "Thành phố Hà Nội"
    assert seed(organisation, find_provinces(LISTED, "Điện Biên"), LISTED) == []


def test_what_is_there_keeps_its_name_and_gets_other_names() -> None:
    own = Unit(no=UnitNo(7), parent=None, names=(UnitName("Điện Biên"),), aliases=("Sở Y tế",))
    below = Unit(no=UnitNo(8), parent=UnitNo(7), names=(UnitName("TYT Mường Nhé"),), code="03160")
    organisation = Organisation(tree=UnitTree({one.no: one for one in (own, below)}))
    units = {one.no: one for one in seed(organisation, find_provinces(LISTED, "11"), LISTED)}
    assert (units[UnitNo(7)].code, units[UnitNo(7)].aliases) == ("11", ("Sở Y tế",))
    assert units[UnitNo(8)].name() == "TYT Mường Nhé"
    assert units[UnitNo(8)].aliases[:2] == ("Xã Mường Nhé", "huyện Mường Nhé (cũ)")
    assert len(units) == 46
