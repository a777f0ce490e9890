"""Units, stations' cards, boxes and files over HTTP: what is written, what is refused, who may."""

import json
import re
from collections.abc import Iterator
from html import unescape

import pytest

from contract.ids import StationId
from hub.fleet.station_card import BoxCard, Contact, Position, StationCard
from hub.fleet.units import Unit, UnitName, UnitNo
from hub.people.accounts import Role
from tests.simulators.console_server import Answer, ConsoleServer

CON_DAO = StationId("con-dao-01")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    names = {CON_DAO: "Trạm Y tế Côn Đảo", "ly-son": "Trạm Y tế Lý Sơn"}
    with ConsoleServer(tmp_path_factory.mktemp("organisation"), names=names) as server:
        for name, role in (("Lan", Role.OPERATOR), ("Minh", Role.ADMIN), ("Nga", Role.DOCTOR)):
            server.account(name, role)
        yield server


def post(server: ConsoleServer, path: str, form: dict[str, str], who: str = "Minh") -> Answer:
    return server.post(path, form, Cookie=server.session(who))


def get(server: ConsoleServer, path: str, who: str = "Lan") -> str:
    answer = server.get(path, Cookie=server.session(who))
    assert answer.status == 200, answer.text
    return unescape(answer.text)


def bring(server: ConsoleServer, text: str, who: str = "Minh", name: str = "tram.csv") -> Answer:
    return server.post_file("/organisation/import", name, text.encode(), Cookie=server.session(who))


def unit_no(server: ConsoleServer, name: str) -> int:
    tree = server.call(lambda: server.rooms.organisation.now.tree)
    return next(int(no) for no, unit in tree.units.items() if unit.name() == name)


def card(server: ConsoleServer, station: str = CON_DAO) -> StationCard:
    found = server.call(lambda: server.rooms.organisation.now.stations[StationId(station)])
    assert isinstance(found, StationCard)
    return found


@pytest.fixture(scope="module")
def city(server: ConsoleServer) -> int:
    """A city with a special zone."""
    assert post(server, "/units/0/add", {"name": "Thành phố Hồ Chí Minh", "code": "79"}).status == 303
    no = unit_no(server, "Thành phố Hồ Chí Minh")
    made = post(server, f"/units/{no}/add", {"name": "Huyện Côn Đảo"})
    zone = unit_no(server, "Huyện Côn Đảo")
    assert (made.status, made.headers["Location"]) == (303, f"/units/{zone}")
    return no


def revision(page: str) -> str:
    found = re.search(r'name="revision" value="(\d+)"', page)
    assert found
    return found[1]


def test_a_unit_is_renamed_from_a_day_on_and_every_version_says_who_and_what(
    server: ConsoleServer, city: int
) -> None:
    zone = unit_no(server, "Huyện Côn Đảo")
    page = get(server, f"/units/{zone}", "Minh")
    form = {"revision": revision(page), "name": "Đặc khu Côn Đảo", "since": "1/7/2025"}
    assert post(server, f"/units/{zone}/rename", form).status == 303
    page = get(server, f"/units/{zone}")
    assert "01/07/2025" in page
    assert "<del>Huyện Côn Đảo</del>" in page
    assert "Minh" in page
    assert post(server, f"/units/{zone}/rename", form).status == 409  # of the page before
    assert 'value="Đặc khu Côn Đảo"' in unescape(post(server, f"/units/{zone}/rename", form).text)
    tree = server.call(lambda: server.rooms.organisation.now.tree)
    assert [one.text for one in tree.units[zone].names] == ["Huyện Côn Đảo", "Đặc khu Côn Đảo"]


def test_a_name_that_begins_on_a_later_day_is_not_said_before_it(server: ConsoleServer) -> None:
    post(server, "/units/0/add", {"name": "Xã An Sơn"})
    no = unit_no(server, "Xã An Sơn")
    form = {"revision": "1", "name": "Đặc khu An Sơn", "since": "1/1/2999"}
    assert post(server, f"/units/{no}/rename", form).status == 303
    page = get(server, f"/units/{no}")
    assert "<h1>Xã An Sơn</h1>" in page
    assert "01/01/2999" in page


def test_a_unit_moves_is_edited_and_closes_only_when_nothing_is_left(
    server: ConsoleServer, city: int
) -> None:
    post(server, "/units/0/add", {"name": "Khánh Hòa"})
    no = unit_no(server, "Khánh Hòa")
    moved = post(server, f"/units/{no}/move", {"revision": "1", "unit": "79"})
    assert moved.status == 303
    assert "Hồ Chí Minh › Khánh Hòa" in server.call(
        lambda: server.rooms.organisation.now.tree.path_text(UnitNo(no))
    )
    under_itself = post(server, f"/units/{city}/move", {"revision": "1", "unit": f"#{no}"})
    assert under_itself.status == 422
    assert "dưới chính nó" in under_itself.text
    edit = {"revision": "2", "aliases": "tỉnh Khánh Hòa\nNha Trang", "code": "56", "zone": "Asia/Dili"}
    assert post(server, f"/units/{no}/edit", edit).status == 303
    full = post(server, f"/units/{city}/close", {"revision": "1", "closed": "2027-01-01"})
    assert full.status == 422
    assert "2 đơn vị trực thuộc" in full.text
    assert post(server, f"/units/{no}/close", {"revision": "3", "closed": "1/1/2027"}).status == 303
    assert "hết từ 01/01/2027" in get(server, f"/units/{no}")


def test_who_may_not_change_is_told_so_and_reads_all_the_same(server: ConsoleServer, city: int) -> None:
    assert post(server, f"/units/{city}/add", {"name": "X"}, "Lan").status == 403
    assert post(server, f"/stations/{CON_DAO}/card", {"name": "X"}, "Nga").status == 403
    assert bring(server, "station,name\nx,y", "Lan").status == 403
    assert server.get("/organisation/import", Cookie=server.session("Lan")).status == 403
    assert server.get("/organisation/stations.csv", Cookie=server.session("Nga")).status == 403
    for path in ("/units", f"/units/{city}", f"/stations/{CON_DAO}/card", "/boxes"):
        page = get(server, path, "Nga")
        assert f'action="{path}' not in page.replace('action="/units" class="find"', "").replace(
            'action="/boxes" class="find"', ""
        )


def test_a_card_is_written_by_an_operator_with_a_unit_that_is_searched_for(
    server: ConsoleServer, city: int
) -> None:
    address = f"/stations/{CON_DAO}/card"
    typed = {
        "revision": "0",
        "name": "Trung tâm Y tế Côn Đảo",
        "unit": "con dao",
        "north": "8,6836",
        "east": "106,6092",
        "contacts": "trực trạm: 0254 383 0000\n115",
        "note": "tàu hai ngày một chuyến",
    }
    searched = unescape(post(server, address, {**typed, "find": "1"}, "Lan").text)
    zone = unit_no(server, "Đặc khu Côn Đảo")
    assert f'value="#{zone}"' in searched
    assert 'value="8,6836"' in searched  # nothing typed is lost
    assert post(server, address, {**typed, "unit_no": f"#{zone}"}, "Lan").status == 303
    assert card(server) == StationCard(
        station=CON_DAO,
        name="Trung tâm Y tế Côn Đảo",
        unit=UnitNo(zone),
        position=Position(8.6836, 106.6092),
        contacts=(Contact("trực trạm", "0254 383 0000"), Contact("", "115")),
        note="tàu hai ngày một chuyến",
    )
    station_page = get(server, f"/stations/{CON_DAO}")
    assert "Thành phố Hồ Chí Minh › Đặc khu Côn Đảo" in station_page
    assert "<h1>Trung tâm Y tế Côn Đảo</h1>" in station_page
    deeds = server.run(lambda: server.rooms.people.deeds(CON_DAO))
    assert ("Lan", "station card") in [(deed.name, deed.deed) for deed in deeds]


def test_of_two_who_write_at_once_the_second_keeps_what_was_typed_and_sees_both(
    server: ConsoleServer, city: int
) -> None:
    address = "/stations/ly-son/card"
    assert post(server, address, {"revision": "0", "name": "Lý Sơn", "note": "một"}, "Lan").status == 303
    late = post(server, address, {"revision": "0", "name": "Lý Sơn", "note": "hai"})
    text = unescape(late.text)
    assert late.status == 409
    assert card(server, "ly-son").note == "một"
    assert ">hai</textarea>" in text
    assert re.search(r"<td>một</td><td>hai</td>", text)
    again = post(server, address, {"revision": revision(text), "name": "Lý Sơn", "note": "hai"})
    assert (again.status, card(server, "ly-son").note) == (303, "hai")


def test_wrong_fields_are_named_each_at_its_place_and_nothing_is_written(
    server: ConsoleServer, city: int
) -> None:
    before = card(server, "ly-son")
    typed = {"revision": "9", "name": "x" * 130, "north": "trăm", "zone": "Hà Nội", "unit": "Atlantis"}
    answer = post(server, "/stations/ly-son/card", typed, "Lan")
    text = unescape(answer.text)
    assert answer.status == 422
    assert [found for found in ("name", "north", "zone", "unit") if f'id="wrong-{found}"' in text] == [
        "name", "north", "zone", "unit",
    ]  # fmt: skip
    assert 'value="Atlantis"' in text
    assert card(server, "ly-son") == before


def test_boxes_come_go_and_say_where_they_were(server: ConsoleServer, city: int) -> None:
    boxes = f"/stations/{CON_DAO}/boxes"
    assert post(server, "/boxes", {"box": "HD-0001", "unit": "79", "note": ""}, "Lan").status == 303
    assert post(server, "/boxes", {"box": "HD-0001"}, "Lan").status == 422
    assert "HD-0001" in get(server, "/boxes")
    assert post(server, boxes, {"in": "HD-0001", "why": "lắp mới"}, "Lan").status == 303
    swapped = post(server, boxes, {"out": "HD-0001", "retire": "1", "in": "HD-0002", "why": "cháy"}, "Lan")
    assert swapped.status == 303
    now = server.call(lambda: server.rooms.organisation.now)
    assert now.boxes["HD-0001"] == BoxCard(box="HD-0001", retired=True)
    assert now.boxes["HD-0002"].station == CON_DAO
    page = get(server, f"/stations/{CON_DAO}/card")
    assert "Trước đây" in page
    history = get(server, "/boxes/HD-0001")
    assert "Trung tâm Y tế Côn Đảo" in history
    assert "cháy" in history
    taken = post(server, "/stations/ly-son/boxes", {"in": "HD-0002"}, "Lan")
    assert taken.status == 409
    assert "đang ở trạm" in unescape(taken.text)
    assert post(server, boxes, {"out": "HD-0001"}, "Lan").status == 409
    back = post(server, "/boxes/HD-0001", {"revision": "3", "unit": "", "note": "đã sửa"}, "Lan")
    assert back.status == 303
    assert server.call(lambda: server.rooms.organisation.now.boxes["HD-0001"].retired) is False
    assert post(server, "/boxes/HD-0001", {"revision": "3"}, "Lan").status == 409


def test_a_station_that_is_closed_is_on_no_list_and_has_its_page_still(
    server: ConsoleServer, city: int
) -> None:
    assert (
        post(server, f"/units/{city}/station", {"station": "cu-lao", "name": "Cù Lao"}, "Lan").status == 303
    )
    assert post(server, f"/units/{city}/station", {"station": "cu-lao"}, "Lan").status == 422
    assert "/stations/cu-lao" in get(server, "/")
    form = {"revision": "1", "name": "Cù Lao", "unit": "79", "closed": "1"}
    assert post(server, "/stations/cu-lao/card", form, "Lan").status == 303
    assert "/stations/cu-lao" not in get(server, "/")
    assert json.loads(get(server, "/organisation/search?q=cu+lao"))["stations"] == []
    assert "đã đóng" in get(server, "/stations/cu-lao/card")
    assert "Cù Lao" in get(server, "/stations/cu-lao")  # a press from there still rings, and has a page


def test_search_without_accents_finds_stations_and_units(server: ConsoleServer, city: int) -> None:
    found = json.loads(get(server, "/organisation/search?q=con+dao"))
    assert [one["station"] for one in found["stations"]] == [CON_DAO]
    assert found["stations"][0]["unit"] == "Thành phố Hồ Chí Minh › Đặc khu Côn Đảo"
    units = json.loads(get(server, "/organisation/search?q=con+dao&kind=unit"))["units"]
    assert [one["text"] for one in units] == ["Thành phố Hồ Chí Minh › Đặc khu Côn Đảo"]
    assert "Đặc khu Côn Đảo" in get(server, "/units?q=con+dao")
    assert server.get("/organisation/search?q=x").status == 303


def test_a_file_is_looked_at_then_taken_as_it_was_seen(server: ConsoleServer, city: int) -> None:
    wrong = bring(server, "station,north\nTrạm,1\nly-son,abc")
    text = unescape(wrong.text)
    assert wrong.status == 422
    assert "tram.csv: 2 chỗ phải sửa" in text
    looked = bring(server, "station,name\nly-son,Trạm Lý Sơn\nly-son-02,Trạm Lý Sơn 2")
    assert looked.status == 303
    address = looked.headers["Location"]
    assert server.call(lambda: StationId("ly-son-02") not in server.rooms.organisation.now.stations)
    page = get(server, f"{address}?kind=changed", "Minh")
    assert "<del>Lý Sơn</del> → Trạm Lý Sơn" in page
    assert server.get(address, Cookie=server.session("Lan")).status == 403
    done = post(server, address, {})
    assert done.status == 200
    assert card(server, "ly-son").name == "Trạm Lý Sơn"
    assert card(server, "ly-son-02").name == "Trạm Lý Sơn 2"
    assert post(server, address, {}).status == 404  # it was taken
    assert "tram.csv" in get(server, "/stations/ly-son-02/card")
    assert server.get("/stations/ly-son-02", Cookie=server.session("Lan")).status == 200  # it is on the list


def test_what_changed_after_the_look_is_shown_again_and_not_written_over(
    server: ConsoleServer, city: int
) -> None:
    address = bring(server, "station,note\nly-son,từ tệp").headers["Location"]
    card_form = {"revision": str(_revision(server)), "name": "Trạm Lý Sơn", "note": "từ trang"}
    assert post(server, "/stations/ly-son/card", card_form, "Lan").status == 303
    refused = post(server, address, {})
    assert refused.status == 409
    assert "<del>từ trang</del> → từ tệp" in unescape(refused.text)
    assert card(server, "ly-son").note == "từ trang"
    again = re.search(r'class="confirm" method="post" action="([^"]+)"', refused.text)
    assert again
    assert again[1] != address
    assert post(server, again[1], {"drop": "1"}).status == 303
    assert card(server, "ly-son").note == "từ trang"


def _revision(server: ConsoleServer) -> int:
    found = server.call(lambda: server.rooms.organisation.revision(StationCard(station=StationId("ly-son"))))
    assert isinstance(found, int)
    return found


def test_what_is_exported_comes_back_unchanged_and_14_000_lines_are_shown_by_the_page(
    server: ConsoleServer, city: int
) -> None:
    for what in ("units", "stations"):
        text = server.get(f"/organisation/{what}.csv", Cookie=server.session("Minh")).text
        address = bring(server, text).headers["Location"]
        page = get(server, address, "Minh")
        assert "Ghi 0 thay đổi" in page
    lines = "\n".join(f"tram-{no:05d},Trạm {no},79" for no in range(14_000))
    address = bring(server, f"station,name,unit\n{lines}").headers["Location"]
    page = get(server, f"{address}?kind=added&page=140", "Minh")
    assert "Ghi 14000 thay đổi" in page
    assert page.count('<th scope="row">') == 100
    assert "Trạm 13999 (tram-13999)" in page
    assert len(page) < 100_000


def test_a_tree_that_is_too_large_for_a_page_is_shown_by_whole_levels(server: ConsoleServer) -> None:
    async def grow() -> None:
        now = server.rooms.organisation
        first = int(now.now.next_unit())
        top = Unit(no=UnitNo(first), parent=None, names=(UnitName("Lớn"),))
        below = [
            Unit(no=UnitNo(first + no), parent=UnitNo(first), names=(UnitName(f"Đơn vị {no}"),))
            for no in range(1, 701)
        ]
        await now.keep([top, *below], by="Minh")

    server.run(grow)
    page = get(server, "/units")
    assert "700 đơn vị trực thuộc" in page
    assert "Đơn vị 700" not in page
    assert "Đơn vị 700" in get(server, f"/units/{unit_no(server, 'Lớn')}")
