"""The list without scripts, what scripts ask for, saved views, and the block of box and link."""

import gzip
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from contract.events import BoxStarted, PartFound, SelfTested, Status
from contract.ids import StationId
from hub.alerts.alert import Place
from hub.console.fleet_room import FleetRoom
from hub.fleet.compact import Row
from hub.fleet.organisation import Card
from hub.fleet.organisation_service import HOME
from hub.fleet.station_card import StationCard
from hub.fleet.units import Unit, UnitName, UnitNo
from hub.people.accounts import Role
from hub.store.view_book import VIEWS_MAX
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ConsoleStation
from tests.simulators.synthetic_fleet import made_fleet, settle

COUNT = 250
TOLD = Status(
    owed={}, spool_bytes=48_000_000, disk_free_bytes=900_000_000, round_trip_ms=612, connected_for_s=60.0,
    frames_damaged=0, samples_lost=0, refused=0, loss_permille=23, up_bps=96_000, reconnects=3, cpu_c=84.5,
    power="was low", clock_off_ms=-7_500, clock_sure=False, disk_mb=31_268, memory_mb=640, written_mb=1_234,
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path_factory.mktemp("fleet")) as server:
        server.account("Lan")
        server.account("Minh", Role.OPERATOR)
        settle(server, made_fleet(COUNT))
        yield server


@pytest.fixture(scope="module")
def lan(server: ConsoleServer) -> str:
    return server.session("Lan")


@pytest.fixture(scope="module")
def station(server: ConsoleServer) -> ConsoleStation:
    station = ConsoleStation(server, "tram-00005")
    station.tell(BoxStarted(software="0.1.0", drafts_recovered=0))
    station.tell(TOLD)
    wait_for(lambda: server.rooms.feed.now(StationId("tram-00005")).status == TOLD, "the status")
    return station


def wait_for(is_so: Callable[[], object], what: str) -> None:
    """Return once it is so: what a station tells is committed on a thread."""
    deadline_s = time.monotonic() + 30.0
    while not is_so():
        assert time.monotonic() < deadline_s, f"{what} did not come"
        time.sleep(0.02)


def rows(text: str) -> list[str]:
    return re.findall(r'<tr data-station="([^"]+)"', text)


def test_without_scripts_the_list_is_read_in_pages_of_a_hundred(server: ConsoleServer, lan: str) -> None:
    pages = [rows(server.get(f"/?sort=name&page={page}", Cookie=lan).text) for page in range(3)]
    assert [len(page) for page in pages] == [100, 100, 50]
    assert len({one for page in pages for one in page}) == COUNT
    assert "/?sort=name&amp;page=1" in server.get("/?sort=name", Cookie=lan).text
    assert rows(server.get("/?page=99", Cookie=lan).text)  # beyond the end is the end


def test_filters_and_search_work_by_the_address(server: ConsoleServer, lan: str) -> None:
    text = server.get("/?q=tram+00005", Cookie=lan).text
    assert rows(text) == ["tram-00005"]
    assert 'name="q" value="tram 00005"' in text
    assert "Không có trạm nào như vậy." in server.get("/?q=zzzz", Cookie=lan).text
    by_unit = server.get("/?unit=1&group=unit", Cookie=lan).text
    assert '<tr class="group">' in by_unit
    assert 0 < len(rows(by_unit)) < COUNT


def test_hostile_words_stay_words(server: ConsoleServer, lan: str) -> None:
    text = server.get("/?q=%3Cscript%3Ealert(1)%3C/script%3E&unit=9'&word=x&page=-3", Cookie=lan).text
    assert "<script>alert" not in text


def test_names_are_told_once_and_kept_by_their_generation(server: ConsoleServer, lan: str) -> None:
    generation = server.rooms.fleet.generation
    answer = server.get(f"/fleet/names.json?g={generation}", Cookie=lan)
    told = json.loads(gzip.decompress(answer.data))
    assert told["generation"] == generation
    assert len(told["stations"]) == COUNT
    assert "immutable" in answer.headers["Cache-Control"]
    assert server.get("/fleet/names.json?g=old", Cookie=lan).headers["Cache-Control"] == "no-store"


def test_only_a_page_that_is_open_names_what_is_in_sight(server: ConsoleServer, lan: str) -> None:
    asked = {"window": "nobody's", "stations": ["tram-00001"]}
    assert json.loads(server.post_json("/fleet/window", asked, Cookie=lan).data) == {"is_there": False}
    wrongs: tuple[object, ...] = ([], {"window": "x"}, {"window": "x", "stations": 3})
    for wrong in wrongs:
        assert server.post_json("/fleet/window", wrong, Cookie=lan).status == 400


def test_a_view_is_mine_or_everybodys_and_only_mine_to_take_away(server: ConsoleServer, lan: str) -> None:
    minh = server.session("Minh")
    for name, shared in (("Của tôi", ""), ("Chung", "1")):
        form = {"name": name, "query": "word=SILENT&sort=unit&page=4", "shared": shared}
        answer = server.post("/fleet/views", form, Cookie=lan)
        assert answer.headers["Location"] == "/?word=SILENT&sort=unit"
    mine, other = server.get("/", Cookie=lan).text, server.get("/", Cookie=minh).text
    assert ("Của tôi" in mine, "Chung" in mine, "Của tôi" in other, "Chung" in other) == (
        True,
        True,
        False,
        True,
    )
    drop = re.findall(r'action="(/fleet/views/\d+/drop)"', mine)
    assert len(drop) == 2
    assert {server.post(one, Cookie=minh).status for one in drop} == {404}
    assert {server.post(one, Cookie=lan).status for one in drop} == {303}
    assert "Chung" not in server.get("/", Cookie=minh).text
    assert server.post("/fleet/views", {"name": " "}, Cookie=lan).status == 400
    assert server.post("/fleet/views", {"name": "x" * 61}, Cookie=lan).status == 400


def test_who_saved_too_many_views_is_told_what_to_do(server: ConsoleServer, lan: str) -> None:
    answers = [server.post("/fleet/views", {"name": f"v{n}"}, Cookie=lan) for n in range(VIEWS_MAX + 1)]
    assert [answer.status for answer in answers] == [303] * VIEWS_MAX + [409]
    assert "Bạn đã lưu 50 cách xem. Hãy bỏ bớt một cách xem rồi lưu lại." in answers[-1].text
    for drop in re.findall(r'action="(/fleet/views/\d+/drop)"', server.get("/", Cookie=lan).text):
        server.post(drop, Cookie=lan)


def test_the_stations_page_begins_with_what_its_box_told_and_when(
    server: ConsoleServer, station: ConsoleStation, lan: str
) -> None:
    text = server.get("/stations/tram-00005", Cookie=lan).text
    begins = text.index('id="health"')
    block = text[begins : text.index("</details>", begins)]
    for words in (
        "hộp quá nóng", "nguồn điện yếu", "đĩa gần đầy", "đồng hồ lệch", "612 ms", "2,3 %", "96 kbit/s",
        "84,5 °C", "900 MB / 31268 MB", "lệch -7,5 s", "không ai giữ giờ", "0.1.0", "1234 MB",
        "đã từng yếu từ khi bật máy",
    ):  # fmt: skip
        assert words in block, words
    assert block.count("data-line-ms") >= 3
    assert re.search(r'<path class="mean" d="M\d', block), "the history of the link is drawn"
    assert server.get("/stations/tram-00005/health", Cookie=lan).text.count("<details") == 1


def test_the_last_self_test_of_a_box_is_told_with_what_it_found(server: ConsoleServer, lan: str) -> None:
    tested = ConsoleStation(server, "tram-00007")

    def block() -> str:
        return server.get("/stations/tram-00007/health", Cookie=lan).text

    tested.status()
    wait_for(lambda: "41 ms" in block(), "the status")
    assert "tự kiểm tra lần cuối" not in block()
    part = PartFound(part="camera", is_well=False, text="gives no picture")
    tested.tell(SelfTested(by="station", state="done", parts=(part,)))
    wait_for(lambda: "tự kiểm tra lần cuối" in block(), "the self-test")
    assert 'có lỗi · <span data-line-ms="' in block()
    assert 'máy ảnh: <span lang="en">gives no picture</span>' in block()


def test_an_outage_is_listed_and_drawn_while_it_lasts_and_after(server: ConsoleServer, lan: str) -> None:
    away = ConsoleStation(server, "tram-00006")

    def block() -> str:
        return server.get("/stations/tram-00006/health", Cookie=lan).text

    away.status()
    wait_for(lambda: "41 ms" in block(), "the status")
    try:
        server.ahead_s = 7_200.0
        assert "<strong>đến giờ</strong>" in block()
        assert '<rect class="gap"' in block()
        away.status()
        wait_for(lambda: "đến giờ" not in block(), "the end of the outage")
        assert len(re.findall(r"<li>\d\d/\d\d", block())) == 1
    finally:
        server.ahead_s = 0.0


def test_map_and_wall_say_where_to_read_the_same(server: ConsoleServer, lan: str) -> None:
    assert "Sơ đồ cần JavaScript. Danh sách có cùng nội dung." in server.get("/map", Cookie=lan).text
    wall = server.get("/wall", Cookie=lan).text
    counts = [int(one) for one in re.findall(r'<dd id="count-[A-Z]+">(\d+)</dd>', wall)]
    assert sum(counts) == COUNT


def test_a_card_that_is_changed_costs_no_look_at_all_the_other_stations(
    server: ConsoleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, looked = server.rooms.fleet, list[StationId]()
    look = room.row

    def row(station: StationId) -> Row:
        looked.append(station)
        return look(station)

    monkeypatch.setattr(room, "row", row)
    before, rows_before = room.generation, server.call(lambda: list(room.board.rows))
    card = server.rooms.organisation.now.stations[StationId("tram-00007")]
    renamed = replace(card, name="Trạm đã sửa")
    server.run(lambda: server.rooms.organisation.keep([renamed], by="Lan"))
    wait_for(lambda: room.generation != before, "the board of now")
    assert len(looked) < 10
    assert server.call(lambda: len(room.board.rows)) == len(rows_before)


def test_a_change_of_one_card_makes_no_row_and_folds_no_name_but_its_own(
    server: ConsoleServer, lan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rows(server.get("/?q=tram+00007", Cookie=lan).text) == ["tram-00007"]  # all have been folded
    made, folded = list[StationId](), list[StationId]()
    row, fold = FleetRoom.row, FleetRoom._fold

    def counted_row(self: FleetRoom, station: StationId) -> Row:
        made.append(station)
        return row(self, station)

    def counted_fold(self: FleetRoom, station: StationId) -> str:
        folded.append(station)
        return fold(self, station)

    server.call(server.rooms.fleet.turn)  # what other tests told of stations is no news any more
    server.run(server.rooms.alerts.turn)  # and all have been looked at since the hub began
    monkeypatch.setattr(FleetRoom, "row", counted_row)
    monkeypatch.setattr(FleetRoom, "_fold", counted_fold)
    seventh = StationId("tram-00007")
    keeper, looked = server.rooms.organisation, server.rooms.alerts.looked_count()
    generation = server.rooms.fleet.generation
    card = keeper.now.stations[seventh]
    server.run(lambda: keeper.keep([replace(card, note="sửa mái")], by="Lan"))
    assert server.rooms.fleet.generation == generation
    server.run(lambda: keeper.keep([replace(card, name="Trạm Hải Đăng")], by="Lan"))
    assert server.rooms.fleet.generation != generation
    assert rows(server.get("/?q=hai+dang", Cookie=lan).text) == ["tram-00007"]
    assert (made, folded) == ([], [seventh])
    new = StationCard(station=StationId("tram-moi"), name="Trạm Mới Tinh", unit=UnitNo(2))
    server.run(lambda: keeper.keep([new], by="Lan"))
    assert rows(server.get("/?q=moi+tinh", Cookie=lan).text) == ["tram-moi"]
    assert (made, folded) == (["tram-moi"], [seventh, "tram-moi"])
    server.run(server.rooms.alerts.turn)
    assert server.rooms.alerts.looked_count() - looked < COUNT // 2
    server.run(lambda: keeper.keep([replace(new, closed=True)], by="Lan"))
    assert rows(server.get("/?q=moi+tinh", Cookie=lan).text) == []


def test_a_unit_that_is_renamed_from_a_day_on_is_called_so_from_then_on(server: ConsoleServer) -> None:
    keeper, room, no = server.rooms.organisation, server.rooms.fleet, UnitNo(9_001)
    today = datetime.fromtimestamp(server.clock.utc_now_us() / 1e6, HOME).date()
    names = (UnitName("Xã Nay"), UnitName("Đặc khu Mai", since=today + timedelta(days=1)))
    cards: list[Card] = [
        Unit(no=no, parent=None, names=names),
        StationCard(station=StationId("tram-cua-xa"), name="Trạm của xã", unit=no),
    ]
    server.run(lambda: keeper.keep(cards, by="Lan"))

    def told() -> tuple[object, ...]:
        _, data = server.run(room.names)
        units = {number: name for number, _, name, *_ in json.loads(gzip.decompress(data))["units"]}
        server.run(lambda: room.fleet(calls=()))
        alert = server.call(lambda: server.rooms.alerts.names.name(Place(unit=no)))
        return units[no], alert, server.call(lambda: room._folded[StationId("tram-cua-xa")])

    assert told() == ("Xã Nay", "Xã Nay", "tram cua xa tram cua xa xa nay")
    before = room.generation
    server.clock.stepped_us += 86_400_000_000
    try:
        wait_for(lambda: room.generation != before, "the names of the next day")
        assert told() == ("Đặc khu Mai", "Đặc khu Mai", "tram cua xa tram cua xa dac khu mai")
    finally:
        server.clock.stepped_us -= 86_400_000_000


def test_units_to_choose_from_stand_in_vietnamese_order(server: ConsoleServer, lan: str) -> None:
    units = re.findall(r"<option value=[^>]*>\s*([^<]*)</option>", server.get("/", Cookie=lan).text)
    provinces = [
        name for name in units if name in {"Cà Mau", "Cần Thơ", "Đà Nẵng", "Điện Biên", "Gia Lai", "Huế"}
    ]
    assert provinces == ["Cà Mau", "Cần Thơ", "Đà Nẵng", "Điện Biên", "Gia Lai", "Huế"]


def test_the_list_stands_in_vietnamese_order_by_names_and_by_units(server: ConsoleServer, lan: str) -> None:
    names, cards = ("2", "10", "Da", "Đá", "Ea"), list[Card]()
    for number, name in enumerate(names):
        unit = UnitNo(9_010 + (len(names) - number))  # the first name in the last unit
        cards.append(Unit(no=unit, parent=None, names=(UnitName(f"Bậc {names[-1 - number]}"),)))
        cards.append(
            StationCard(station=StationId(f"xep-{9 - number}"), name=f"Thứ bậc xếp {name}", unit=unit)
        )
    server.run(lambda: server.rooms.organisation.keep(cards, by="Lan"))
    by_name = [f"xep-{9 - number}" for number in range(len(names))]
    assert rows(server.get("/?q=thu+bac+xep&sort=name", Cookie=lan).text) == by_name
    assert rows(server.get("/?q=thu+bac+xep", Cookie=lan).text) == by_name
    assert rows(server.get("/?q=thu+bac+xep&sort=unit", Cookie=lan).text) == by_name[::-1]
    assert rows(server.get("/?q=thu+bac+xep&group=unit", Cookie=lan).text) == by_name[::-1]
