"""The past as the hub gives it: what was sent, of that visit alone, in bounded pieces, and who looked."""

import io
import itertools
import json
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlencode

import pytest
from pypdf import PdfReader

from contract.events import AnchorSet, LeadState
from contract.ids import spool_text
from hub.fleet.station_card import StationCard
from hub.playback.piece import BINS_MAX, RAW_MAX_US
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import BOARD, ECG, ECG_HZ, ConsoleStation
from tests.simulators.pdf_reader import read_pdf
from tests.simulators.piece_reader import PieceRead, read_piece

STATIONS = iter(f"tram-{number:02d}" for number in range(40))
MV = 200  # steps of 5 µV
UTC_US = 1_795_000_000_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path_factory.mktemp("past")) as server:
        server.account("Lan")
        yield server


@pytest.fixture(scope="module")
def cookie(server: ConsoleServer) -> str:
    return server.session("Lan")


@pytest.fixture
def station(server: ConsoleServer, monkeypatch: pytest.MonkeyPatch) -> ConsoleStation:
    """Somebody is being seen; the clock stands: what is sent lies as far apart as a test says."""
    station = ConsoleStation(server, next(STATIONS))
    at_us = station.now_us()
    monkeypatch.setattr(station, "now_us", lambda: at_us)
    station.open_visit(3)
    wait_for(lambda: server.call(lambda: server.rooms.stations.knows(station.records.station)), "the station")
    return station


def query(station: ConsoleStation, *, visit: int = 3, **values: int) -> str:
    return urlencode({"spool": spool_text(station.records.spool), "visit": visit, "boot": 1, **values})


def piece(server: ConsoleServer, cookie: str, station: ConsoleStation, **values: int) -> PieceRead:
    now_us = station.now_us()
    asked = {"from": now_us - 5_000_000, "until": now_us + 1_000_000, **values}
    answer = server.get(f"/stations/{station.name}/playback/piece?{query(station, **asked)}", Cookie=cookie)
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "application/octet-stream"
    return read_piece(answer.data)


def whole(
    server: ConsoleServer, cookie: str, station: ConsoleStation, *, count: int, visit: int = 3
) -> PieceRead:
    """The last five seconds, once so many samples of the ECG are there."""
    found: list[PieceRead] = []

    def has_come() -> bool:
        found.append(piece(server, cookie, station, visit=visit))
        return sum(len(samples) for _, samples in found[-1].of("I")) >= count

    wait_for(has_come, f"{count} samples")
    return found[-1]


def test_a_raw_piece_has_the_samples_that_were_sent_with_their_index_time_and_scale(
    server: ConsoleServer, cookie: str, station: ConsoleStation
) -> None:
    wave = [(index * 7) % 400 - 200 for index in range(500)]
    station.samples(ECG, wave)
    read = whole(server, cookie, station, count=500)
    ((run, samples),) = read.of("I")
    assert samples == wave
    assert (run["first_index"], run["rate_hz"]) == (0, ECG_HZ)
    assert run["t_us"] == pytest.approx(station.now_us() - 2_000_000, abs=2_000)
    stream = read.head["streams"][0]
    assert (stream["scale"], stream["unit"], stream["kind"], stream["device"]) == (5.0, "uV", "ecg", BOARD)
    assert (read.head["kind"], read.head["visit_no"], read.head["bin_us"]) == ("raw", "3", None)


def test_neighbouring_pieces_hold_every_sample_once(
    server: ConsoleServer, cookie: str, station: ConsoleStation
) -> None:
    for half in range(4):
        station.samples(ECG, list(range(half * 125, half * 125 + 125)), ended_s_ago=1.5 - half / 2)
    whole(server, cookie, station, count=500)
    now_us = station.now_us()
    edges = [now_us - 3_000_000, now_us - 1_234_567, now_us - 700_001, now_us + 1_000_000]
    found = [
        value
        for begin, end in itertools.pairwise(edges)
        for _, samples in piece(server, cookie, station, **{"from": begin, "until": end}).of("I")
        for value in samples
    ]
    assert found == list(range(500))


def test_a_gap_is_two_runs_as_far_apart_as_it_was(
    server: ConsoleServer, cookie: str, station: ConsoleStation
) -> None:
    station.samples(ECG, [1] * 250, ended_s_ago=3.0)
    station.skip(2.0)
    station.samples(ECG, [2] * 250)
    first, second = whole(server, cookie, station, count=500).of("I")
    assert (second[0]["t_us"] - first[0]["t_us"]) / 1e6 == pytest.approx(3.0, abs=0.01)
    assert second[0]["first_index"] == 750


def test_nothing_of_another_visit_is_ever_in_a_piece(
    server: ConsoleServer, cookie: str, station: ConsoleStation
) -> None:
    station.samples(ECG, [1] * 250, ended_s_ago=3.0)
    station.close_visit()
    station.samples(ECG, [5] * 250, ended_s_ago=2.0)
    station.open_visit(4)
    station.samples(ECG, [9] * 250)
    for visit, value in ((3, 1), (4, 9), (0, 5)):
        read = whole(server, cookie, station, count=250, visit=visit)
        assert {one for _, samples in read.of("I") for one in samples} == {value}
        assert read.head["visit_no"] == str(visit)


def test_an_envelope_has_the_least_and_the_greatest_of_each_bin_and_leaves_gaps_open(
    server: ConsoleServer, cookie: str, station: ConsoleStation
) -> None:
    station.samples(ECG, list(range(250)), ended_s_ago=2.0)
    station.skip(1.0)
    station.samples(ECG, [7] * 250)
    whole(server, cookie, station, count=500)
    from_us = (station.now_us() - 10_000_000) // 100_000 * 100_000
    read = piece(
        server, cookie, station, **{"from": from_us, "until": from_us + BINS_MAX * 100_000, "bin": 100_000}
    )
    assert (read.head["kind"], read.head["bin_us"]) == ("envelope", 100_000)
    first, second = read.of("I")
    pairs = list(zip(first[1][::2], first[1][1::2], strict=True))
    assert pairs[0][0] == 0
    assert pairs[-1][1] == 249
    assert all(later[0] == before[1] + 1 for before, later in itertools.pairwise(pairs))
    assert all(high - low == 24 for low, high in pairs[1:-1])  # 25 samples a bin
    assert set(second[1]) == {7}
    assert second[0]["first_bin"] - first[0]["first_bin"] == pytest.approx(20, abs=1)


def test_a_piece_is_bounded_and_an_address_must_be_whole(
    server: ConsoleServer, cookie: str, station: ConsoleStation
) -> None:
    good = {"from": 0, "until": RAW_MAX_US}
    for bad in (
        {**good, "until": RAW_MAX_US + 1},
        {**good, "until": 0},
        {**good, "boot": 0},
        {**good, "bin": 5},
        {**good, "bin": 100_000, "until": BINS_MAX * 100_000 + 1},
    ):
        answer = server.get(f"/stations/{station.name}/playback/piece?{query(station, **bad)}", Cookie=cookie)
        assert answer.status == 422
    for text in ("", "from=x&until=9&boot=1", "spool=zz&from=0&until=9&boot=1"):
        answer = server.get(f"/stations/{station.name}/playback/piece?{text}", Cookie=cookie)
        assert answer.status == 422


def test_the_page_lists_visits_and_what_is_nobodys_and_says_times_no_better_than_known(
    server: ConsoleServer, cookie: str, station: ConsoleStation
) -> None:
    station.samples(ECG, [1] * 250, ended_s_ago=3.0)
    station.numbers(97, 71)
    station.close_visit()
    station.samples(ECG, [5] * 250, ended_s_ago=-2.0)
    address = f"/stations/{station.name}/playback"
    wait_for(lambda: "không biết là của ai" in server.get(address, Cookie=cookie).text, "the list")
    page = server.get(address, Cookie=cookie).text
    assert page.count('scope="row"') == 2
    assert "trước " in page  # nothing ties that boot to UTC
    table = server.get(f"{address}?{query(station)}", Cookie=cookie).text
    assert '<th scope="row">phút 0</th>' in table  # and its numbers stand by no clock
    now_us = station.now_us()
    station.tell(AnchorSet(boot=1, t_us=now_us, utc_us=UTC_US, err_us=50_000, source="hub"))
    wait_for(lambda: "18/11/2026" in server.get(address, Cookie=cookie).text, "the anchor")
    one = server.get(f"{address}?{query(station)}", Cookie=cookie).text
    assert re.search(r'<td class="number">97 – <strong>97</strong> – 97</td>', one)  # without a script
    assert re.search(r'<th scope="row">\d\d:\d\d:\d\d</th>', one)
    nobodys = server.get(f"{address}?{query(station, visit=0, t=now_us)}", Cookie=cookie).text
    assert "Không thuộc lượt khám nào: không biết là của ai." in nobodys


def test_of_a_long_visit_the_table_has_a_part_and_leads_to_the_others(
    server: ConsoleServer, cookie: str, station: ConsoleStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_us = station.now_us()
    station.numbers(97, 71)
    monkeypatch.setattr(station, "now_us", lambda: first_us + 50 * 3_600_000_000)
    station.numbers(88, 72)
    address = f"/stations/{station.name}/playback"
    wait_for(lambda: "2 ngày" in server.get(address, Cookie=cookie).text, "the visit of fifty hours")
    page = server.get(f"{address}?{query(station)}", Cookie=cookie).text
    assert "<strong>97</strong>" in page
    assert "<strong>88</strong>" not in page
    assert "Lượt khám dài: bảng này chỉ có từ 0 s đến 12 giờ 00 sau lúc bắt đầu." in page
    assert "Phần trước" not in page
    for _ in range(4):
        (after,) = re.findall(r'<a class="button" href="([^"#]*)#past-table">Phần sau</a>', page)
        page = server.get(unescape(after), Cookie=cookie).text
    assert "<strong>88</strong>" in page
    assert "<strong>97</strong>" not in page
    assert re.search(r'<th scope="row">phút (2999|3000)</th>', page)
    assert ("Phần trước" in page, "Phần sau" in page) == (True, False)


def test_who_is_being_seen_is_known_before_the_station_s_turn_after_a_start(
    server: ConsoleServer, cookie: str, station: ConsoleStation
) -> None:
    station.numbers(97, 71)
    base, name = f"/stations/{station.name}", station.records.station
    wait_for(lambda: 'scope="row"' in server.get(f"{base}/playback", Cookie=cookie).text, "the visit")

    def start_anew() -> None:
        server.rooms.feed.stations.pop(name, None)
        server.rooms.feed.begin([name])  # nobody takes it up until it is looked at

    server.call(start_anew)
    assert "đang khám" in server.get(f"{base}/playback", Cookie=cookie).text
    server.call(start_anew)
    told = server.get(f"{base}/trends", Cookie=cookie, Accept="application/json").text
    assert [one["is_under_way"] for one in json.loads(told)["visits"]] == [True]


def test_events_of_the_period_are_listed_with_their_place_and_none_of_another_visit(
    server: ConsoleServer, cookie: str, station: ConsoleStation
) -> None:
    station.samples(ECG, [1] * 250, ended_s_ago=1.0)
    station.leads(ECG)
    station.tell(LeadState(device=BOARD, off=()), visit=9)
    station.samples(ECG, [1] * 250)
    address = f"/stations/{station.name}/playback?{query(station)}"
    wait_for(lambda: "Tuột điện cực LA / RA" in server.get(address, Cookie=cookie).text, "the event")
    page = server.get(address, Cookie=cookie).text
    assert re.search(r'<li data-t="\d+"><time>', page)
    assert "điện cực và đầu dò đã gắn" not in page


def test_who_looked_at_whom_is_written_down_once_for_a_while(
    server: ConsoleServer, cookie: str, station: ConsoleStation
) -> None:
    station.samples(ECG, [1] * 250)
    whole(server, cookie, station, count=250)
    for _ in range(3):
        server.get(f"/stations/{station.name}/playback?{query(station)}", Cookie=cookie)
        piece(server, cookie, station)
    deeds = server.run(lambda: server.rooms.people.deeds(station.name))
    assert [(one.name, one.deed) for one in deeds] == [("Lan", "playback")]
    assert deeds[0].text.endswith(f"{spool_text(station.records.spool)}.3")
    server.ahead_s += 1_000.0
    piece(server, cookie, station)
    assert len(server.run(lambda: server.rooms.people.deeds(station.name))) == 2
    server.get(f"/stations/{station.name}/playback.pdf?{query(station)}", Cookie=cookie)
    newest = server.run(lambda: server.rooms.people.deeds(station.name))[0]
    assert newest.deed == "playback paper"


def test_the_paper_of_what_is_shown_is_true_to_scale_and_says_what_it_is(
    server: ConsoleServer, cookie: str, station: ConsoleStation
) -> None:
    """1 mV for 200 ms, each 800 ms: 10 mm high, 5 mm wide, 20 mm apart."""
    wave = [MV if index % 200 < 50 else 0 for index in range(1_000)]
    station.samples(ECG, wave)
    whole(server, cookie, station, count=1_000)
    now_us = station.now_us()
    asked = query(station, **{"from": now_us - 4_000_000, "until": now_us + 1_000})
    answer = server.get(f"/stations/{station.name}/playback.pdf?{asked}", Cookie=cookie)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/pdf")
    first, second = read_pdf(answer.data)
    for text in (
        "ĐIỆN TIM XEM LẠI",
        "25 mm/s · 10 mm/mV · không lọc",
        "Chỉ hỗ trợ hội chẩn từ xa",
        station.name,
    ):
        assert text in first.text
    assert "Chỉ hỗ trợ hội chẩn từ xa" in second.text  # on the page of the strip too
    pulse, trace, *_ = second.black
    assert (pulse.height_mm, pulse.width_mm) == pytest.approx((10.0, 8.0), rel=0.005)
    assert trace.height_mm == pytest.approx(10.0, rel=0.005)
    assert trace.width_mm == pytest.approx(999 / ECG_HZ * 25, rel=0.005)
    rises = [b[0] for a, b in itertools.pairwise(trace.points) if b[1] - a[1] > 5]
    assert [b - a for a, b in itertools.pairwise(rises)] == pytest.approx([20.0] * 3, rel=0.005)
    assert len(PdfReader(io.BytesIO(answer.data)).pages) == 2


def test_a_period_without_an_ecg_says_so_on_paper_and_another_visits_is_not_taken_for_it(
    server: ConsoleServer, cookie: str, station: ConsoleStation
) -> None:
    station.numbers(97, 71)
    station.close_visit()
    station.open_visit(4)
    station.samples(ECG, [9] * 250)
    whole(server, cookie, station, count=250, visit=4)
    answer = server.get(f"/stations/{station.name}/playback.pdf?{query(station)}", Cookie=cookie)
    (only,) = read_pdf(answer.data)
    assert "không có điện tim của đoạn này" in only.text
    missing = server.get(f"/stations/{station.name}/playback.pdf?{query(station, visit=8)}", Cookie=cookie)
    assert missing.status == 404


def test_the_past_of_a_station_in_another_zone_is_told_on_its_clock_and_says_so(
    server: ConsoleServer, cookie: str, station: ConsoleStation
) -> None:
    station.samples(ECG, [1] * 250)
    station.numbers(97, 71)
    whole(server, cookie, station, count=250)
    now_us = station.now_us()
    station.tell(AnchorSet(boot=1, t_us=now_us, utc_us=UTC_US, err_us=50_000, source="hub"))
    address = f"/stations/{station.name}/playback"
    wait_for(lambda: "18/11/2026 18:06:" in server.get(address, Cookie=cookie).text, "the anchor")
    assert "Giờ trên trang này" not in server.get(address, Cookie=cookie).text
    card = StationCard(station=station.records.station, zone="Asia/Tokyo")
    server.run(lambda: server.rooms.organisation.keep([card], by="Lan"))
    clock = "Asia/Tokyo (UTC+09:00), giờ trạm sớm hơn 2 giờ"
    asked = query(station, **{"from": now_us - 1_000_000, "until": now_us + 1_000})
    for path in (address, f"{address}?{query(station)}", f"/stations/{station.name}/trends"):
        page = server.get(path, Cookie=cookie).text
        assert f"Giờ trên trang này là giờ ở trạm: {clock}." in page
        assert 'data-zone="Asia/Tokyo"' in page
        assert "18/11/2026 20:06:" in page
        assert "18:06:" not in page
    paper = " ".join(read_pdf(server.get(f"{address}.pdf?{asked}", Cookie=cookie).data)[0].text.split())
    assert "18/11/2026 20:06:" in paper
    assert "18:06:" not in paper
    assert f"Giờ trên giấy này {clock}" in paper
