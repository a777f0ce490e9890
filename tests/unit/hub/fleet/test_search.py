"""Search without accents: what finds what, and what stands first."""

import unicodedata

import pytest

from contract.ids import StationId
from hub.fleet.folding import digits_of, fold
from hub.fleet.organisation import Organisation
from hub.fleet.search import SearchIndex
from hub.fleet.station_card import BoxCard, Contact, StationCard
from hub.fleet.units import Unit, UnitName, UnitNo, UnitTree

UNITS = (
    Unit(no=UnitNo(1), parent=None, names=(UnitName("Điện Biên"),), code="11"),
    Unit(
        no=UnitNo(2),
        parent=UnitNo(1),
        names=(UnitName("Xã Mường Nhé"),),
        aliases=("huyện Mường Nhé (cũ)", "xã Chung Chải (cũ)"),
        code="03160",
    ),
    Unit(no=UnitNo(3), parent=UnitNo(1), names=(UnitName("Xã Nậm Kè"),), aliases=("huyện Mường Nhé (cũ)",)),
    Unit(no=UnitNo(4), parent=None, names=(UnitName("Quảng Ninh"),)),
)


def card(station: str, name: str, unit: int | None = None, **more: object) -> StationCard:
    of = None if unit is None else UnitNo(unit)
    return StationCard(station=StationId(station), name=name, unit=of, **more)  # type: ignore[arg-type]


STATIONS = (
    card("muong-nhe-01", "Trạm y tế Mường Nhé", 2, contacts=(Contact("trực trạm", "+84 215 374 0000"),)),
    card("chung-chai", "Điểm trạm Chung Chải", 2, aliases=("Đồn biên phòng 405",)),
    card("nam-ke", "Trạm y tế Nậm Kè", 3),
    card("hoa-an", "Trạm y tế Hoà An", 4),
    card("muong-cu", "Mường Nhé cũ", closed=True),
    card("nhe", "Mường Nhẹ", 4),
)
INDEX = SearchIndex(
    Organisation(
        tree=UnitTree({one.no: one for one in UNITS}),
        stations={one.station: one for one in STATIONS},
        boxes={"HD-0042": BoxCard(box="HD-0042", station=StationId("nam-ke"))},
        names={StationId("con-dao-01"): "Trạm y tế Côn Đảo"},
    ),
    others=[StationId("never-named")],
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Mường Nhé", "muong nhe"),
        (unicodedata.normalize("NFD", "MƯỜNG NHÉ"), "muong nhe"),
        ("Đắk Lắk", "dak lak"),
        ("Hòa An", "hoa an"),
        ("Hoà An", "hoa an"),
        ("  con-dao_01 ", "con dao 01"),
        ("Cư M’gar", "cu m gar"),
        ("›", ""),
    ],
)
def test_folding_takes_away_accents_case_and_marks(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("muong nhe", ["nhe", "muong-nhe-01", "chung-chai", "nam-ke"]),  # the name, its words, the unit's
        ("Mường Nhé", ["nhe", "muong-nhe-01", "chung-chai", "nam-ke"]),
        ("nhe muong", ["nhe", "muong-nhe-01", "chung-chai", "nam-ke"]),
        ("huyen muong nhe", ["chung-chai", "muong-nhe-01", "nam-ke"]),  # a name that is no more
        ("dien bien nam ke", ["nam-ke"]),
        ("tram hòa", ["hoa-an"]),
        ("con dao", ["con-dao-01"]),
        ("bien phong", ["chung-chai"]),
        ("0215 374", ["muong-nhe-01"]),
        ("+84215374", ["muong-nhe-01"]),
        ("hd-0042", ["nam-ke"]),
        ("HD0042", ["nam-ke"]),
        ("03160", ["chung-chai", "muong-nhe-01"]),  # of the unit
        ("never", ["never-named"]),
        ("muong nhe cu", ["chung-chai", "muong-nhe-01", "nam-ke"]),
        ("hanoi", []),
    ],
)
def test_what_finds_what_and_in_which_order(text: str, found: list[str]) -> None:
    assert INDEX.find(text) == found


def test_of_two_alike_the_one_that_is_written_as_it_was_typed_stands_first() -> None:
    index = SearchIndex(
        Organisation(stations={one.station: one for one in (card("a", "Tân Thạnh"), card("b", "Tân Thành"))})
    )
    assert index.find("tân thành") == ["b", "a"]
    assert index.find(unicodedata.normalize("NFD", "tân thành")) == ["b", "a"]
    assert index.find("tan thanh") == ["a", "b"]


def test_a_limit_keeps_the_best_and_an_empty_text_finds_all_by_name() -> None:
    assert INDEX.find("muong nhe", 2) == ["nhe", "muong-nhe-01"]
    assert INDEX.find("", 3) == ["chung-chai", "nhe", "never-named"]
    assert len(INDEX.find(" - ")) == 7
    assert "muong-cu" not in INDEX.find("")


def test_units_are_found_by_name_alias_code_and_the_names_above() -> None:
    assert INDEX.find_units("muong nhe") == [2, 3]
    assert INDEX.find_units("dien bien", 1) == [1]
    assert INDEX.find_units("dien bien") == [1, 2, 3]
    assert INDEX.find_units("03160") == [2]
    assert INDEX.find_units("ninh quang") == [4]


def test_a_number_is_told_as_it_is_dialled_at_home() -> None:
    assert digits_of("+84 (0)254") == "00254"  # as it was typed, but for the +84
    assert digits_of("+84 254 383") == "0254383"
    assert digits_of("0254.383") == "0254383"
