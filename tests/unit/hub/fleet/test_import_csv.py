"""Files of units and stations: what they say, what is refused by line, and that export and import are one."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.ids import StationId
from hub.fleet.cells import read_text
from hub.fleet.export_csv import export_stations, export_units
from hub.fleet.import_csv import propose
from hub.fleet.organisation import Card, Organisation
from hub.fleet.preview import make_preview
from hub.fleet.proposal import Proposal
from hub.fleet.station_card import BoxCard, Contact, OwnedDevice, Position, StationCard
from hub.fleet.units import Unit, UnitName, UnitNo, UnitTree

CON_DAO = StationId("con-dao-01")
CITY = Unit(no=UnitNo(1), parent=None, names=(UnitName("Thành phố Hồ Chí Minh"),), code="079")
ZONE = Unit(no=UnitNo(2), parent=UnitNo(1), names=(UnitName("Đặc khu Côn Đảo", date(2025, 7, 1)),))
CARD = StationCard(
    station=CON_DAO, name="Trạm y tế Côn Đảo", unit=UnitNo(2), contacts=(Contact("trực", "0254 383 0000"),)
)
BOX = BoxCard(box="HD-1", station=CON_DAO, note="mới")
NOW = Organisation(
    tree=UnitTree({one.no: one for one in (CITY, ZONE)}), stations={CON_DAO: CARD}, boxes={"HD-1": BOX}
)


def file(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


def told(proposal: Proposal) -> list[tuple[int, str, str]]:
    assert proposal.cards == ()
    return [
        (one.line, one.heading, one.text_key.format(**one.values) if one.values else one.text_key)
        for one in proposal.problems
    ]


def cards(data: bytes, organisation: Organisation = NOW) -> Sequence[Card]:
    proposal = propose(data, organisation)
    assert proposal.problems == ()
    return proposal.cards


def test_a_file_of_stations_in_vietnamese_with_excels_semicolons() -> None:
    data = "\ufeff" + "\r\n".join(
        [
            "Mã trạm;Tên;Đơn vị;Vĩ độ;Kinh độ;Múi giờ;Liên hệ;Thiết bị;Hộp;Tên khác;Ghi chú;Đã đóng",
            "ly-son;Trạm y tế Lý Sơn;đặc khu con dao;15,38;109,12;;trực trạm: 0255 386 | 115;Nonin #7 | BP;"
            'HD-2;"Trạm ""quân; dân y""";tàu;',
        ]
    )
    station, box = cards(data.encode())
    assert station == StationCard(
        station=StationId("ly-son"),
        name="Trạm y tế Lý Sơn",
        unit=UnitNo(2),
        position=Position(15.38, 109.12),
        contacts=(Contact("trực trạm", "0255 386"), Contact("", "115")),
        devices=(OwnedDevice("Nonin", "7"), OwnedDevice("BP")),
        aliases=('Trạm "quân; dân y"',),
        note="tàu",
    )
    assert box == BoxCard(box="HD-2", station=StationId("ly-son"))


def test_columns_that_are_missing_leave_their_fields_alone_and_empty_cells_clear() -> None:
    assert cards(file("station,note", "con-dao-01,sóng lớn")) == (
        StationCard(station=CON_DAO, name=CARD.name, unit=CARD.unit, contacts=CARD.contacts, note="sóng lớn"),
    )
    (cleared,) = cards(file("station,contacts,unit", "con-dao-01,,"))
    assert cleared == StationCard(station=CON_DAO, name=CARD.name)


def test_a_box_that_a_file_names_no_more_is_a_spare_and_one_named_elsewhere_moves() -> None:
    _, spare = cards(file("station,boxes", "con-dao-01,"))
    assert spare == BoxCard(box="HD-1", unit=UnitNo(2), note="mới")
    for lines in (("con-dao-01,HD-9", "ly-son,HD-1"), ("ly-son,HD-1", "con-dao-01,HD-9")):
        boxes = [card for card in cards(file("station,boxes", *lines)) if isinstance(card, BoxCard)]
        assert {box.box: box.station for box in boxes} == {"HD-9": CON_DAO, "HD-1": "ly-son"}


def test_units_may_stand_in_any_order_and_name_parents_by_path_code_or_number() -> None:
    data = file(
        "name,parent,code",
        "Thôn 1,Điện Biên › Xã Mường Nhé,",
        "Xã Mường Nhé,Điện Biên,",
        "Điện Biên,,11",
        "Xã Nậm Kè,11,",
        "Khu 1,#2,",
        "Khu 2,79,",  # a spreadsheet has eaten the nought
    )
    found = {unit.name(): unit for unit in cards(data) if isinstance(unit, Unit)}
    tree = UnitTree({**NOW.tree.units, **{unit.no: unit for unit in found.values()}})
    assert [tree.path_text(unit.no) for unit in found.values()] == [
        "Điện Biên › Xã Mường Nhé › Thôn 1",
        "Điện Biên › Xã Mường Nhé",
        "Điện Biên",
        "Điện Biên › Xã Nậm Kè",
        "Thành phố Hồ Chí Minh › Đặc khu Côn Đảo › Khu 1",
        "Thành phố Hồ Chí Minh › Khu 2",
    ]


def test_a_unit_is_known_again_by_number_code_or_name_and_keeps_its_number() -> None:
    for heading, cell in (("no", "1"), ("code", "79"), ("aliases", "")):
        (unit,) = cards(file(f"{heading},name", f"{cell},Thành phố Hồ Chí Minh"))
        assert unit == CITY
    (unit,) = cards(file("name,parent,aliases", "đặc khu côn đảo,#1,huyện Côn Đảo (cũ)"))
    assert isinstance(unit, Unit)
    assert (unit.no, unit.aliases) == (2, ("huyện Côn Đảo (cũ)",))


def test_another_name_from_a_day_on_is_one_more_and_without_a_day_a_correction() -> None:
    (later,) = cards(file("no,name,since", "2,Phường Côn Đảo,1/1/2027"))
    assert isinstance(later, Unit)
    assert later.names == (*ZONE.names, UnitName("Phường Côn Đảo", date(2027, 1, 1)))
    (corrected,) = cards(file("no,name", "2,Đặc khu Côn Ðảo"))
    assert isinstance(corrected, Unit)
    assert corrected.names == (UnitName("Đặc khu Côn Ðảo", date(2025, 7, 1)),)
    (all_said,) = cards(file("no,name,since,former_names", "2,B,2026-01-01,A | A2 [2020-01-01]"))
    assert isinstance(all_said, Unit)
    assert [one.text for one in all_said.names] == ["A", "A2", "B"]


def test_children_may_still_name_their_parent_as_the_hub_does_when_the_file_renames_it() -> None:
    data = file(
        "no,parent,name,since",
        "1,,Sài Gòn,2027-01-01",
        "2,Thành phố Hồ Chí Minh,Đặc khu Côn Đảo,2025-07-01",
    )
    city, zone = cards(data)
    assert isinstance(city, Unit)
    assert (city.name(), zone) == ("Sài Gòn", ZONE)


@pytest.mark.parametrize(
    ("lines", "problems"),
    [
        (["station,name,name"], [(0, "", "Cột name có hai lần.")]),
        (["Ma tram,Chieu cao"], [(0, "", "Không có cột Chieu cao. Các cột: ")]),
        ([""], [(0, "", "Tệp trống.")]),
        (["no,code", "1,2"], []),
        (["code,zone", "1,2"], [(0, "", "Tệp đơn vị cần cột “Tên”, tệp trạm cần cột “Mã trạm”.")]),
        (["station,name", 'a,"b', "c,d"], [(0, "", "Dòng 2: dấu ngoặc kép không khép lại đúng.")]),
        (
            ["station,name", "Côn Đảo,x", "a,b,c", "con-dao-01,1", "", "con-dao-01,2"],
            [
                (2, "Mã trạm", "Mã trạm có 1 đến 32 chữ a-z, chữ số và dấu - ở giữa: Côn Đảo"),
                (3, "", "Dòng có nhiều ô hơn dòng đầu."),
                (6, "Mã trạm", "Trạm này đã có ở dòng 4."),
            ],
        ),
        (
            ["station,unit,north,east,zone,closed", "a,Hà Giang,8,,Hà Nội,rồi"],
            [
                (2, "Múi giờ", "Múi giờ viết như Asia/Ho_Chi_Minh. Không có múi giờ Hà Nội."),
                (2, "Đã đóng", "Chỉ ghi x (đã đóng) hoặc để trống: rồi"),
                (2, "Đơn vị", "Không có đơn vị Hà Giang. Hãy ghi đường dẫn như "),
                (2, "Vĩ độ", "Toạ độ là số độ thập phân, như 8,6836 (vĩ độ) và 106,6092 (kinh độ): ---"),
            ],
        ),
        (["station,boxes", "a,HD-9", "b,HD-9"], [(3, "Hộp", "Hộp HD-9 đã có ở dòng 2.")]),
        (
            ["name,parent", "A,B", "B,A", "C,D"],
            [
                (2, "Thuộc đơn vị", "Không có đơn vị B. "),
                (3, "Thuộc đơn vị", "Không có đơn vị A. "),
                (4, "Thuộc đơn vị", "Không có đơn vị D. "),
            ],
        ),
        (["no,parent,name", "1,#2,A"], [(2, "Thuộc đơn vị", "Đơn vị này sẽ nằm dưới chính nó.")]),
        (["no,name", "x,A"], [(2, "Số đơn vị", "Số đơn vị là một số từ 1 trở lên: x")]),
        (["no,name", "1,A", "1,B"], [(3, "Số đơn vị", "Đơn vị này đã có ở dòng 2.")]),
        (["code,name", "7,A", "7,B"], [(3, "Mã đơn vị", "Mã 7 đã có ở dòng 2.")]),
        (["name,since", "A,mai"], [(2, "Tên", "Ngày viết như 2025-07-01 hoặc 1/7/2025: mai")]),
        (["name,closed", "A,mai"], [(2, "Hết từ ngày", "Ngày viết như 2025-07-01 hoặc 1/7/2025: mai")]),
    ],
)
def test_a_bad_line_is_named_with_what_to_do_and_nothing_is_proposed(
    lines: list[str], problems: list[tuple[int, str, str]]
) -> None:
    if not problems:
        assert propose(file(*lines), NOW).problems == ()
        return
    found = told(propose(file(*lines), NOW))
    assert [(line, heading) for line, heading, _ in found] == [one[:2] for one in problems]
    for (_, _, text), (_, _, wanted) in zip(found, problems, strict=True):
        assert text.startswith(wanted)


def test_what_is_not_utf_8_is_refused_with_the_cure() -> None:
    found = told(propose("Mã trạm,Tên\r\na,Trạm".encode("utf-16-le"), NOW))
    assert found == [(0, "", "Tệp không phải UTF-8. Trong Excel hãy lưu kiểu “CSV UTF-8”.")] or found
    (refused,) = told(propose(b"station,name\r\na,Tr\xe0m", NOW))
    assert refused == (0, "", "Tệp không phải UTF-8. Trong Excel hãy lưu kiểu “CSV UTF-8”.")
    assert cards("Mã trạm\tTên\r\na\tTrạm".encode("utf-16"))
    assert cards(file("sep=;", "station;name", "a;b"))


def test_a_preview_says_what_would_be_added_changed_left_alone_and_under_which_name() -> None:
    data = file("station,name", "con-dao-01,Trạm Côn Đảo", "ly-son,Trạm Lý Sơn")
    other = StationCard(station=StationId("truong-sa"))
    organisation = NOW.with_cards([other])
    seen = {"con-dao-01": 4}
    proposal = propose(data, organisation)
    preview = make_preview(
        proposal, organisation, revision=lambda card: seen.get(getattr(card, "station", ""), 0)
    )
    assert [(one.kind, one.title, one.line) for one in preview.lines] == [
        ("changed", "Trạm Côn Đảo (con-dao-01)", 2),
        ("added", "Trạm Lý Sơn (ly-son)", 3),
        ("absent", "truong-sa (truong-sa)", None),
    ]
    assert preview.of("changed")[0].changed == (("Tên", "Trạm y tế Côn Đảo", "Trạm Côn Đảo"),)
    assert preview.after == {("station", "con-dao-01"): 4, ("station", "ly-son"): 0}
    again = make_preview(proposal, organisation, revision=lambda _: 5)
    assert again.digest != preview.digest  # somebody changed a card meanwhile: another preview
    same = propose(data, organisation.with_cards(proposal.cards))
    after = make_preview(same, organisation.with_cards(proposal.cards), revision=lambda _: 5)
    assert [one.kind for one in after.lines] == ["unchanged", "unchanged", "absent"]
    assert after.cards == ()


letters = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn"), exclude_characters="|#›>[]:"), max_size=12
)
words = letters.map(read_text).filter(bool)
days = st.dates(date(1950, 1, 1), date(2100, 1, 1))


@st.composite
def organisations(draw: st.DrawFn) -> Organisation:
    units: dict[UnitNo, Unit] = {}
    for no in draw(st.lists(st.integers(1, 99), unique=True, max_size=6)):
        since = sorted(draw(st.lists(days, min_size=1, max_size=3, unique=True)))
        parents = [None, *units]
        units[UnitNo(no)] = Unit(
            no=UnitNo(no),
            parent=draw(st.sampled_from(parents)),
            names=tuple(
                UnitName(draw(words), None if at == 0 and draw(st.booleans()) else day)
                for at, day in enumerate(since)
            ),
            aliases=tuple(draw(st.lists(words, max_size=2, unique=True))),
            code=f"{no:05d}" if draw(st.booleans()) else None,
            zone=draw(st.sampled_from([None, "Asia/Dili"])),
            closed=draw(st.none() | days),
        )
    stations: dict[StationId, StationCard] = {}
    for name in draw(st.lists(st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True), unique=True, max_size=4)):
        where = st.builds(Position, st.floats(-90, 90).map(lambda x: x + 0.0), st.floats(-180, 180))
        stations[StationId(name)] = StationCard(
            station=StationId(name),
            name=draw(letters.map(read_text)),
            unit=draw(st.sampled_from([None, *units])),
            position=draw(st.none() | where),
            contacts=tuple(draw(st.lists(st.builds(Contact, words, st.just("0254 38")), max_size=1))),
            devices=tuple(draw(st.lists(st.builds(OwnedDevice, words, words | st.just("")), max_size=1))),
            aliases=tuple(draw(st.lists(words, max_size=2, unique=True))),
            note=draw(words | st.just("")),
            closed=draw(st.booleans()),
        )
    boxes = {f"HD-{no}": BoxCard(box=f"HD-{no}", station=at) for no, at in enumerate(stations)}
    return Organisation(tree=UnitTree(units), stations=stations, boxes=boxes)


@settings(max_examples=60, deadline=None)
@given(organisations(), st.booleans())
def test_what_is_exported_and_taken_again_changes_nothing(organisation: Organisation, english: bool) -> None:
    units = "".join(export_units(organisation, is_english=english)).encode()
    stations = "".join(export_stations(organisation, is_english=english)).encode()
    of_units, of_stations = propose(units, organisation), propose(stations, organisation)
    assert (of_units.problems, of_stations.problems) == ((), ())
    assert {card.no: card for card in of_units.cards if isinstance(card, Unit)} == organisation.tree.units
    assert organisation.with_cards(of_stations.cards) == organisation
    empty = Organisation().with_cards(propose(units, Organisation()).cards)
    assert empty.with_cards(propose(stations, empty).cards) == organisation


def test_no_cell_is_a_formula_to_a_spreadsheet() -> None:
    card = StationCard(station=CON_DAO, name="=1+1", note="'x", aliases=("-a",), position=Position(-8.5, 1.0))
    (_, line) = export_stations(Organisation(stations={CON_DAO: card}))
    assert line == "con-dao-01,'=1+1,,-8.5,1.0,,,,,'-a,''x,\r\n"
