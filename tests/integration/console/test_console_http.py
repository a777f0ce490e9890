"""The console's pages and deeds over plain HTTP: who may, from where, and pages without scripts."""

import json
import logging
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn
from urllib.parse import urlsplit

import pytest
from starlette.requests import ClientDisconnect, Request
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from contract.ids import CallId
from hub.people.accounts import Role
from hub.store.interface import StoreFailedError
from tests.simulators.console_server import LIMIT_S, PASSWORD, ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

RACES = 100


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    names = {"con-dao-01": "Trạm Y tế Côn Đảo", "ly-son": "Trạm Y tế Lý Sơn"}
    with ConsoleServer(tmp_path_factory.mktemp("console"), names=names) as server:
        server.account("Lan")
        server.account("Minh")
        server.account("Hoa", Role.DOCTOR)
        yield server


@pytest.fixture(scope="module")
def station(server: ConsoleServer) -> ConsoleStation:
    return ConsoleStation(server, "con-dao-01")


@pytest.fixture(scope="module")
def lan(server: ConsoleServer) -> str:
    return server.session("Lan")


def press(server: ConsoleServer, station: ConsoleStation) -> CallId:
    call = station.press()
    wait_for(lambda: str(call) in state_of(server), f"{call} to be open")
    return call


def state_of(server: ConsoleServer) -> dict[str, tuple[str, str | None, int]]:
    calls = server.call(server.rooms.calls)
    return {call["id"]: (call["state"], call["owner"], call["revision"]) for call in calls}


@pytest.mark.parametrize("path", ["/", "/calls", "/stations/con-dao-01", "/stations/con-dao-01/events"])
def test_nobody_sees_a_page_without_logging_in(server: ConsoleServer, path: str) -> None:
    answer = server.get(path)
    assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert server.get(path, Cookie="haidang=" + "x" * 43).status == 303
    assert server.get(path, Accept="application/json").status == 401


def test_the_event_stream_is_closed_to_strangers_and_to_other_sites(server: ConsoleServer, lan: str) -> None:
    assert server.get("/events").status == 303
    assert server.get("/events", Cookie=lan, Origin="https://evil.example").status == 403
    assert server.get("/events", Cookie=lan, Sec_Fetch_Site="cross-site").status == 403


def test_logging_in_gives_a_cookie_that_scripts_and_other_sites_cannot_use(server: ConsoleServer) -> None:
    answer = server.post("/login", {"name": "lan", "password": PASSWORD})
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert re.match(r"haidang=[\w-]{43}; ", cookie)
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    token = cookie.split(";")[0]
    assert server.get("/", Cookie=token).status == 200
    assert server.post("/logout", Cookie=token).status == 303
    assert server.get("/", Cookie=token).status == 303


def test_a_wrong_name_and_a_wrong_password_are_told_in_the_same_words(server: ConsoleServer) -> None:
    wrong = [
        server.post("/login", {"name": name, "password": "nham roi nham roi"}) for name in ("Lan", "Khong")
    ]
    assert [answer.status for answer in wrong] == [401, 401]
    assert all("Sai tên hoặc mật khẩu." in answer.text for answer in wrong)
    assert all("Set-Cookie" not in answer.headers for answer in wrong)


@pytest.mark.parametrize("origin", ["", "https://evil.example", "null", "http://127.0.0.1:1"])
@pytest.mark.parametrize("deed", ["claim", "end", "take", "disposition", "shown", "ringing"])
def test_a_deed_from_another_site_is_refused(
    server: ConsoleServer, station: ConsoleStation, lan: str, origin: str, deed: str
) -> None:
    call = CallId(station.records.station, station.records.spool, 1)
    answer = server.post(f"/calls/{call}/{deed}", {"reason": "x", "revision": "1"}, Cookie=lan, Origin=origin)
    assert answer.status == 403


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_logging_in_or_out_from_another_site_is_refused(server: ConsoleServer, lan: str, path: str) -> None:
    form = {"name": "Lan", "password": PASSWORD}
    assert server.post(path, form, Origin="https://evil.example", Cookie=lan).status == 403
    assert server.get("/", Cookie=lan).status == 200


@pytest.mark.parametrize(
    ("origin", "is_signed_in"), [("", True), ("https://evil.example", True), ("own", False)]
)
def test_a_live_view_opens_only_for_a_page_of_ours_with_a_session(
    server: ConsoleServer, station: ConsoleStation, lan: str, origin: str, is_signed_in: bool
) -> None:
    headers = {"Origin": server.url if origin == "own" else origin} if origin else {}
    if is_signed_in:
        headers["Cookie"] = lan
    address = f"ws://127.0.0.1:{server.port}/stations/con-dao-01/live"
    with pytest.raises(InvalidStatus) as refused, connect(address, additional_headers=headers):
        pass
    assert refused.value.response.status_code == 403
    allowed = {"Origin": server.url, "Cookie": lan}
    with connect(address, additional_headers=allowed) as socket:
        assert '"type": "view"' in str(socket.recv(timeout=LIMIT_S))


def test_every_answer_carries_the_headers_that_browsers_ask_for(server: ConsoleServer, lan: str) -> None:
    paths = ("/", "/login", "/nowhere", "/stations/nowhere", "/web/ages.js", "/hub/console/static/console.js")
    for path in paths:
        headers = server.get(path, Cookie=lan).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "camera=(self), microphone=(self)" in headers["Permissions-Policy"]
        assert headers["Cache-Control"] == ("no-cache" if path.endswith(".js") else "no-store")
        assert not urlsplit(headers.get("Location", "")).netloc


def test_a_station_that_nobody_knows_is_not_found_and_makes_no_trace(server: ConsoleServer, lan: str) -> None:
    for name in ("nowhere", "%2e%2e", "<b>", "hub"):
        assert server.get(f"/stations/{name}", Cookie=lan).status == 404
    assert "nowhere" not in server.get("/", Cookie=lan).text


def test_two_consoles_claim_at_once_and_exactly_one_owns_the_call_every_time(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    cookies = [server.session(name) for name in ("Lan", "Minh")]
    with ThreadPoolExecutor(2) as both:
        for _ in range(RACES):
            call = press(server, station)
            answers = list(
                both.map(
                    lambda cookie, path: server.post(path, Cookie=cookie, Accept="application/json"),
                    cookies,
                    [f"/calls/{call}/claim"] * 2,
                )
            )
            assert sorted(answer.status for answer in answers) == [200, 409]
            winner = "Lan" if answers[0].status == 200 else "Minh"
            assert all(f'"owner":"{winner}"' in answer.text for answer in answers)
            state, owner, revision = state_of(server)[str(call)]
            assert (state, owner) == ("CLAIMED", winner)
            cookie = cookies[winner == "Minh"]
            server.post(f"/calls/{call}/end", {"revision": str(revision)}, Cookie=cookie)
            state, _, revision = state_of(server)[str(call)]
            assert state == "WRAP_UP"
            server.post(f"/calls/{call}/disposition", {"disposition": "mistake"}, Cookie=cookie)
            assert str(call) not in state_of(server)


def test_a_callback_is_taken_and_closed_with_a_reason_and_not_on_an_old_view(
    server: ConsoleServer, station: ConsoleStation, lan: str
) -> None:
    call = station.press(waited_s=900.0)
    wait_for(lambda: state_of(server).get(str(call), ("",))[0] == "CALLBACK", "the callback")
    revision = state_of(server)[str(call)][2]
    path, told = f"/calls/{call}", {"Cookie": lan, "Accept": "application/json"}
    assert server.post(f"{path}/take", {"revision": str(revision - 1)}, **told).status == 409
    assert server.post(f"{path}/take", {"revision": str(revision)}, **told).status == 200
    assert server.post(f"{path}/take", {"revision": str(revision)}, **told).status == 409
    assert server.post(f"{path}/disposition", {"reason": "đã xong"}, **told).status == 422
    form = {"disposition": "called back", "reason": "qua điện thoại"}
    assert server.post(f"{path}/disposition", form, **told).status == 200
    assert str(call) not in state_of(server)
    deeds = server.run(lambda: server.rooms.people.deeds(str(call)))
    assert [(deed.name, deed.deed, deed.text) for deed in deeds] == [
        ("Lan", "close", "called back qua điện thoại"),
        ("Lan", "take", ""),
    ]


def test_a_doctor_watches_but_answers_no_calls(server: ConsoleServer, station: ConsoleStation) -> None:
    hoa = server.session("Hoa")
    call = press(server, station)
    assert "đang gọi" in server.get("/", Cookie=hoa).text
    page = server.get("/calls", Cookie=hoa).text
    assert f'data-call="{call}"' in page
    assert f"/calls/{call}/claim" not in page
    assert server.post(f"/calls/{call}/claim", Cookie=hoa).status == 403
    heard = {"console": "hoa", "is_heard": True, "calls": [str(call)]}
    assert server.post_json("/ringing", heard, Cookie=hoa).status == 403
    assert state_of(server)[str(call)][0] == "RECEIVED"
    server.post(f"/calls/{call}/claim", Cookie=server.session("Lan"))


def test_a_deed_that_the_store_cannot_keep_says_so_and_no_call_moves(
    server: ConsoleServer, station: ConsoleStation, lan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> NoReturn:
        raise StoreFailedError("the disk is full")

    call = press(server, station)
    before = state_of(server)
    with monkeypatch.context() as full:
        full.setattr(server.rooms.desk, "give", fails)
        told = server.post(f"/calls/{call}/claim", Cookie=lan, Accept="application/json")
        assert (told.status, json.loads(told.data)) == (503, {"error": "Chưa lưu được. Hãy thử lại."})
        assert "Chưa lưu được" in server.post(f"/calls/{call}/claim", Cookie=lan).text
    assert state_of(server) == before
    assert server.post(f"/calls/{call}/claim", Cookie=lan).status == 303


def test_a_page_that_leaves_in_the_middle_of_what_it_says_is_no_error_of_ours(
    server: ConsoleServer, lan: str, caplog: pytest.LogCaptureFixture
) -> None:
    head = f"POST /duty HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nOrigin: {server.url}\r\n"
    left: list[object] = []
    with pytest.MonkeyPatch.context() as watched:
        body = Request.body

        async def watch(request: Request) -> bytes:
            try:
                return await body(request)
            except ClientDisconnect as error:
                left.append(error)
                raise

        watched.setattr(Request, "body", watch)
        with socket.create_connection(("127.0.0.1", server.port)) as page:
            page.sendall(f"{head}Cookie: {lan}\r\nContent-Length: 90\r\n\r\n{{".encode())
        wait_for(lambda: bool(left), "the page to have gone")
    assert server.get("/calls", Cookie=lan).status == 200  # by then what became of the first is written down
    assert [one.getMessage() for one in caplog.records if one.levelno >= logging.ERROR] == []


def test_without_scripts_the_pages_still_say_everything_with_its_age(
    server: ConsoleServer, station: ConsoleStation, lan: str
) -> None:
    station.open_visit(5)
    station.status(round_trip_ms=612, owed=7)
    station.numbers(97, 71)
    wait_for(lambda: ">97 <small>" in server.get("/", Cookie=lan).text, "the numbers on the list")
    call = press(server, station)
    text = server.get("/", Cookie=lan).text
    for words in (
        "Trạm Y tế Côn Đảo",
        "đang nghe · ",
        "71 <small>",
        "612 ms · còn nợ 7 bản ghi",
        "số liệu lúc",
    ):
        assert words in text
    never = r"<td class=\"presence\" data-word=\"NEVER\">chưa từng nghe"
    assert re.search(rf"Lý Sơn</a>.*</th>\s*<td class=\"unit\"></td>\s*{never}", text)
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in text
    assert f'action="/calls/{call}/claim"' in text
    page = server.get("/stations/con-dao-01", Cookie=lan).text
    for words in ("Lượt khám", "mở lượt khám", "Không phải thiết bị theo dõi", ">97 <small>"):
        assert words in page
    server.ahead_s += 400.0
    assert re.search('data-word="(LATE|SILENT)">(trễ|im lặng) · 6 phút', server.get("/", Cookie=lan).text)
    assert server.post(f"/calls/{call}/claim", Cookie=lan).headers["Location"] == "/stations/con-dao-01"


def test_the_language_is_chosen_once_and_kept(server: ConsoleServer, lan: str) -> None:
    answer = server.get("/?lang=en", Cookie=lan)
    assert "Log out" in answer.text
    kept = answer.headers["Set-Cookie"].split(";")[0]
    assert 'lang="en"' in server.get("/calls", Cookie=f"{lan}; {kept}").text
    assert "Đăng xuất" in server.get("/calls", Cookie=f"{lan}; haidang_lang=xx").text


def test_the_list_of_events_tells_what_could_be_seen_and_heard(
    server: ConsoleServer, station: ConsoleStation, lan: str
) -> None:
    def told() -> str:
        return server.get("/stations/con-dao-01/events", Cookie=lan).text

    station.media("closed", "closed", "closed")
    station.media("open", "closed", "closed")
    station.media("open", "open", "open")
    wait_for(lambda: "camera hoặc micrô ở trạm mở" in told(), "the opening is told")
    assert told().count("ở trạm mở") == 1
    assert "ở trạm đóng" not in told()
    station.media("off", "lost", "missing")
    words = ("y tá đã tắt camera", "không nghe được trạm", "trạm không nghe được")
    wait_for(lambda: all(word in told() for word in words), "each fault is told")
