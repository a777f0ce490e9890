"""The API over real HTTP: who may ask what, what it answers, and how it refuses."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from contract.ids import StationId
from hub.api.api_routes import BODY_MAX_BYTES
from hub.api.endpoints import ENDPOINTS, PREFIX
from hub.people.accounts import Role
from hub.people.tokens import Scope
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

NAMES = {"con-dao-01": "Trạm Y tế Côn Đảo", "ly-son": "Trạm Y tế Lý Sơn"}
JSON = dict[str, Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path_factory.mktemp("api"), names=NAMES) as server:
        server.account("Chi", Role.ADMIN)
        yield server


@pytest.fixture(scope="module")
def tokens(server: ConsoleServer) -> dict[str, str]:
    def make(*scopes: Scope) -> str:
        _, text = server.run(lambda: server.rooms.people.make_token("thử", scopes, days=1, by="Chi"))
        return str(text)

    return {"all": make(*Scope), **{scope.value: make(scope) for scope in Scope}}


def ask(
    server: ConsoleServer,
    path: str,
    token: str = "",
    *,
    method: str = "GET",
    body: bytes | None = None,
    **headers: str,
) -> tuple[int, JSON, dict[str, str]]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        sent["Authorization"] = f"Bearer {token}"
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request(method, PREFIX + path, body, sent)
        response = connection.getresponse()
        return response.status, json.loads(response.read()), dict(response.getheaders())


def address(path: str) -> str:
    return path.replace("{station}", "con-dao-01").replace("{call}", "con-dao-01.0000000000000001.1")


@pytest.mark.parametrize("one", ENDPOINTS, ids=lambda one: one.name)
def test_no_address_opens_without_its_scope(server: ConsoleServer, tokens: dict[str, str], one: Any) -> None:
    status, told, headers = ask(server, address(one.path), method=one.method)
    assert (status, told["error"]["code"], headers["www-authenticate"]) == (401, "no token", "Bearer")
    for scope in Scope:
        if scope is not one.scope:
            status, told, _ = ask(server, address(one.path), tokens[scope.value], method=one.method)
            assert (status, told["error"]["code"]) == (403, "not allowed")
    status, _, _ = ask(server, address(one.path), tokens[one.scope.value], method=one.method)
    assert status not in (401, 403)


def test_a_session_of_the_console_opens_nothing_here(server: ConsoleServer) -> None:
    status, told, _ = ask(server, "/stations", Cookie=server.session("Chi"))
    assert (status, told["error"]["code"]) == (401, "no token")


def test_who_has_no_token_is_told_of_a_page_that_makes_one(server: ConsoleServer) -> None:
    _, told, _ = ask(server, "/stations")
    (page,) = re.findall(r" (/[a-z/]+)", told["error"]["text"])
    answer = server.get(page, Cookie=server.session("Chi"))
    assert (answer.status, 'action="/tokens"' in answer.text) == (200, True)


def test_stations_come_page_by_page_each_once(server: ConsoleServer, tokens: dict[str, str]) -> None:
    status, first, _ = ask(server, "/stations?limit=1", tokens["all"])
    assert status == 200
    assert [one["station"] for one in first["stations"]] == ["con-dao-01"]
    assert first["next"] == "con-dao-01"
    _, last, _ = ask(server, "/stations?limit=1&after=con-dao-01", tokens["all"])
    assert [one["station"] for one in last["stations"]] == ["ly-son"]
    assert last["next"] is None


def test_a_station_says_how_it_is_with_ages_and_numbers_only_to_who_may(
    server: ConsoleServer, tokens: dict[str, str]
) -> None:
    silent = ask(server, "/stations/ly-son", tokens["all"])[1]["station"]
    assert silent["presence"] == {"word": "NEVER", "heard_age_s": None, "is_cut_hint": False}
    station = ConsoleStation(server, "con-dao-01")
    station.hello()
    heard = ask(server, "/stations/con-dao-01", tokens["all"])[1]["station"]
    assert heard["name"] == "Trạm Y tế Côn Đảo"
    assert heard["presence"]["word"] == "LIVE"
    assert 0 <= heard["presence"]["heard_age_s"] < 30
    assert heard["zone"] == "Asia/Ho_Chi_Minh"
    assert isinstance(heard["numbers"], list)
    without = ask(server, "/stations/con-dao-01", tokens["fleet:read"])[1]["station"]
    assert without["numbers"] is None


@pytest.mark.parametrize("path", ["/stations/ly-son", "/stations?after=con-dao-01&limit=1"])
def test_numbers_that_nobody_looks_at_are_opened_for_who_asks(
    server: ConsoleServer, tokens: dict[str, str], path: str
) -> None:
    station = ConsoleStation(server, "ly-son", spool=0xB0C7 + len(path))
    station.open_visit(1)
    spools = [station.records.spool]
    wait_for(lambda: [server.call(lambda: server.rooms.feed.now(StationId("ly-son")).spool)] == spools, "it")

    def values() -> list[float | None]:
        station.numbers(91, 48)
        told = ask(server, path, tokens["all"])[1]
        return [one["value"] for one in (told.get("station") or told["stations"][0])["numbers"]]

    wait_for(lambda: values() == [91.0, 48.0], "what was measured now")


def test_a_card_is_written_once_for_each_revision_and_the_deed_is_in_the_book(
    server: ConsoleServer, tokens: dict[str, str]
) -> None:
    may = tokens["organisation:write"]
    card = {"name": "Trạm Y tế Bạch Long Vĩ", "position": {"north_deg": 20.13, "east_deg": 107.73}}
    body = json.dumps(card).encode()
    status, told, _ = ask(server, "/stations/bach-long-vi/card", may, method="PUT", body=body, If_Match="0")
    assert (status, told["card_revision"]) == (200, 1)
    read = ask(server, "/stations/bach-long-vi/card", tokens["all"])[1]
    assert (read["card_revision"], read["card"]["name"]) == (1, "Trạm Y tế Bạch Long Vĩ")
    assert read["card"]["position"] == card["position"]
    status, told, _ = ask(server, "/stations/bach-long-vi/card", may, method="PUT", body=body, If_Match="0")
    assert (status, told["error"]["code"]) == (412, "changed meanwhile")
    deeds = server.run(lambda: server.rooms.people.deeds("bach-long-vi"))
    assert [(deed.name.startswith("token "), deed.deed) for deed in deeds] == [
        (True, "api put /stations/{station}/card")
    ]


@pytest.mark.parametrize(
    ("path", "method", "body", "headers", "status", "text"),
    [
        ("/stations?limit=0", "GET", None, {}, 400, "limit=0: use a number 1 … 500"),
        ("/stations?limit=x", "GET", None, {}, 400, "limit=x"),
        ("/stations?colour=red", "GET", None, {}, 400, "'colour' is no parameter of get /stations"),
        ("/stations?unit=9", "GET", None, {}, 400, "unit=9: there is none"),
        ("/stations?after=" + "a" * 201, "GET", None, {}, 400, "after is longer than 200"),
        ("/stations/CON", "GET", None, {}, 404, "station name 'CON'"),
        ("/stations/nowhere", "GET", None, {}, 404, "there is no station nowhere"),
        ("/calls/what", "GET", None, {}, 404, "call 'what' is not"),
        ("/calls/con-dao-01.0000000000000001.1", "GET", None, {}, 404, "there is no call"),
        ("/calls?first=yesterday", "GET", None, {}, 400, "write a day as 2026-11-30"),
        ("/statistics?first=2026-01-01&last=2026-11-01", "GET", None, {}, 400, "one day to 93 days"),
        ("/nothing/here", "GET", None, {}, 404, "/api/v1/openapi.json has all"),
        ("/stations", "DELETE", None, {}, 405, "DELETE cannot be done here, only GET"),
        ("/stations/ly-son/card", "PUT", b"{}", {}, 400, "If-Match"),
        ("/stations/ly-son/card", "PUT", b"{", {"If_Match": "0"}, 400, "Invalid JSON"),
        ("/stations/ly-son/card", "PUT", b'{"colour": 1}', {"If_Match": "0"}, 400, "colour: Extra inputs"),
        ("/stations/ly-son/card", "PUT", b'{"zone": "../etc"}', {"If_Match": "0"}, 400, "no IANA time zone"),
        ("/stations/ly-son/card", "PUT", b'{"unit": 77}', {"If_Match": "0"}, 400, "unit 77: there is none"),
        ("/stations/ly-son/card", "PUT", b" " * (BODY_MAX_BYTES + 1), {"If_Match": "0"}, 400, "has more"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_what_to_do(
    server: ConsoleServer,
    tokens: dict[str, str],
    path: str,
    method: str,
    body: bytes | None,
    headers: dict[str, str],
    status: int,
    text: str,
) -> None:
    got, told, _ = ask(server, path, tokens["all"], method=method, body=body, **headers)
    assert got == status
    assert text in told["error"]["text"]


def test_a_call_is_told_with_its_journal_and_nothing_of_a_person(
    server: ConsoleServer, tokens: dict[str, str]
) -> None:
    station = ConsoleStation(server, "con-dao-01", spool=0xB0C6)
    call = str(station.press())
    wait_for(lambda: ask(server, "/calls", tokens["all"])[1]["calls"] != [], "the call")
    open_calls = ask(server, "/calls", tokens["all"])[1]["calls"]
    assert [(one["call"], one["kind"], one["owner"]) for one in open_calls] == [(call, "real", None)]
    told = ask(server, f"/calls/{call}", tokens["calls:read"])[1]
    assert told["call"]["station_name"] == "Trạm Y tế Côn Đảo"
    assert isinstance(told["journal"], list)
    figures = ask(server, "/statistics", tokens["calls:read"])[1]
    assert figures["total"]["calls"] == 1
    assert figures["stations"]["con-dao-01"]["calls"] == 1


def test_who_asks_too_often_is_told_when_to_come_back(
    server: ConsoleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = server.clock.now_s()
    monkeypatch.setattr(server.clock, "now_s", lambda: now_s)  # however slow the machine is
    _, token = server.run(lambda: server.rooms.people.make_token("vội", [Scope.HUB_READ], days=1, by="Chi"))
    answers = [ask(server, "/hub", token) for _ in range(130)]
    refused = [answer for answer in answers if answer[0] == 429]
    assert refused, "130 asks in a moment were all answered"
    assert refused[0][1]["error"]["code"] == "too often"
    assert int(refused[0][2]["retry-after"]) >= 1


def test_a_broken_program_behind_the_same_address_shuts_out_nobody_else(
    server: ConsoleServer, tokens: dict[str, str]
) -> None:
    _, broken = server.run(lambda: server.rooms.people.make_token("hỏng", [Scope.HUB_READ], days=1, by="Chi"))
    _, other = server.run(lambda: server.rooms.people.make_token("khác", [Scope.HUB_READ], days=1, by="Chi"))
    assert ask(server, "/hub", broken)[0] == 200
    wrong = broken[:-1] + ("A" if broken[-1] != "A" else "B")
    for text in (wrong, "hd999999_" + "a" * 43):
        statuses = [ask(server, "/hub", text)[0] for _ in range(4)]
        assert statuses[0] == 401 and 429 in statuses
    assert ask(server, "/hub", other)[0] == 200  # for the first time, behind the same address
    assert ask(server, "/hub", broken)[0] == 200  # the same number, and it was good before


def test_the_document_is_there_for_everybody(server: ConsoleServer) -> None:
    assert ask(server, "/openapi.json")[1]["openapi"] == "3.1.0"


def test_the_file_and_the_answer_agree(server: ConsoleServer) -> None:
    kept = Path(__file__).parents[3] / "docs" / "api" / "openapi.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == ask(server, "/openapi.json")[1]
