"""Accounts, tokens and the book of deeds over plain HTTP: who may, what is shown once, what is refused."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.cases.note_words import utc_text
from hub.people.accounts import Role
from tests.simulators.console_server import Answer, ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

NAMES = {"con-dao-01": "Trạm Y tế Côn Đảo"}


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path_factory.mktemp("people"), names=NAMES) as server:
        server.account("Chi", Role.ADMIN)
        server.account("Lan")
        yield server


def post(server: ConsoleServer, path: str, form: dict[str, str] | None = None, by: str = "Chi") -> Answer:
    return server.post(path, form, Cookie=server.session(by))


def secret_in(page: Answer) -> str:
    found = re.search(r'class="secret"[^>]*>([^<]+)<', page.text)
    assert found is not None, page.text
    return found[1]


@pytest.mark.parametrize("path", ["/people", "/tokens", "/audit", "/audit.csv"])
def test_only_an_admin_reads_these_pages(server: ConsoleServer, path: str) -> None:
    assert server.get(path, Cookie=server.session("Lan")).status == 403
    assert server.get(path).status == 303
    assert server.get(path, Cookie=server.session("Chi")).status == 200


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/people", {"name": "Hoa", "role": "operator"}),
        ("/people/Lan/role", {"role": "admin"}),
        ("/people/Lan/password", {}),
        ("/people/Lan/remove", {}),
        ("/tokens", {"name": "A", "days": "30", "scope": "fleet:read"}),
        ("/tokens/1/end", {}),
    ],
)
def test_only_an_admin_changes_anything_and_only_from_our_own_page(
    server: ConsoleServer, path: str, form: dict[str, str]
) -> None:
    assert post(server, path, form, by="Lan").status == 403
    other = server.post(path, form, Cookie=server.session("Chi"), Origin="https://elsewhere.example")
    assert other.status == 403
    assert [one.name for one in server.run(server.rooms.people.accounts)] == ["Chi", "Lan"]
    assert server.run(server.rooms.people.tokens) == []


def test_a_person_is_made_with_a_password_that_is_shown_once(server: ConsoleServer) -> None:
    made = post(server, "/people", {"name": "Hoa", "role": "doctor"})
    password = secret_in(made)
    signed_in = server.post("/login", {"name": "Hoa", "password": password})
    assert signed_in.status == 303
    assert password not in server.get("/people", Cookie=server.session("Chi")).text
    assert made.headers["Cache-Control"] == "no-store"
    again = post(server, "/people", {"name": "hoa", "role": "doctor"})
    assert again.status == 422
    assert "Đã có tài khoản tên này." in again.text
    assert 'value="hoa"' in again.text  # what was typed is still there
    bad = post(server, "/people", {"name": "<b>", "role": "doctor"})
    assert bad.status == 422
    assert "&lt;b&gt;" in bad.text
    assert post(server, "/people", {"name": "Huy", "role": "king"}).status == 422


def test_nobody_is_left_who_could_not_change_accounts(server: ConsoleServer) -> None:
    for path, form in (("/people/Chi/role", {"role": "operator"}), ("/people/Chi/remove", {})):
        refused = post(server, path, form)
        assert refused.status == 409
        assert "quản trị duy nhất" in refused.text
    assert post(server, "/people/Lan/role", {"role": "admin"}).status == 303
    assert post(server, "/people/Chi/remove", by="Lan").status == 303


def test_who_still_owns_a_call_is_not_removed(server: ConsoleServer) -> None:
    station = ConsoleStation(server, "con-dao-01")
    call = station.press()
    wait_for(lambda: server.rooms.desk.held(call) is not None, "the call")
    assert post(server, f"/calls/{call}/claim", by="Lan").status == 303
    refused = post(server, "/people/Lan/remove")
    assert refused.status == 409
    assert "bàn giao trước" in refused.text


def test_another_password_signs_its_person_out_even_who_asked(server: ConsoleServer) -> None:
    lan = server.session("Lan")
    assert secret_in(post(server, "/people/Lan/password"))
    assert server.get("/", Cookie=lan).status == 303
    mine = post(server, "/people/Chi/password")
    assert mine.status == 200
    assert server.post("/login", {"name": "Chi", "password": secret_in(mine)}).status == 303


def test_a_token_is_shown_once_opens_the_api_and_is_ended(server: ConsoleServer) -> None:
    made = post(server, "/tokens", {"name": "Grafana", "days": "30", "scope": "hub:read"})
    bearer = f"Bearer {secret_in(made)}"
    assert server.get("/api/v1/hub", Authorization=bearer).status == 200
    page = server.get("/tokens", Cookie=server.session("Chi"))
    assert "Grafana" in page.text
    ends = datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")) + timedelta(days=30)
    assert f"{ends:%d/%m/%Y} " in page.text, "the year too: it may be the next"
    assert secret_in(made) not in page.text
    ends = server.run(server.rooms.people.tokens)[0].ends_utc_s
    assert utc_text(ends * 1_000_000)[:16] in page.text  # with its year: a token may last longer than one
    assert post(server, "/tokens/1/end").status == 303
    assert server.get("/api/v1/hub", Authorization=bearer).status == 401
    assert post(server, "/tokens/9/end").status == 404
    for form in ({"name": "A", "days": "30"}, {"name": "A", "days": "999", "scope": "hub:read"}, {}):
        assert post(server, "/tokens", form).status == 422


def test_the_book_says_who_did_what_to_whom(server: ConsoleServer) -> None:
    post(server, "/people", {"name": "Hoa", "role": "doctor"})
    post(server, "/tokens", {"name": "Grafana", "days": "30", "scope": "hub:read"})
    page = server.get("/audit", Cookie=server.session("Chi")).text
    assert page.index("<td>lập mã cho chương trình</td>") < page.index("<td>lập tài khoản</td>")
    found = server.get("/audit?subject=Hoa", Cookie=server.session("Chi")).text
    assert "<td>bác sĩ</td>" in found
    assert "Grafana" not in found
    assert server.get("/audit?first=gestern", Cookie=server.session("Chi")).status == 422
    saved = server.get("/audit.csv?name=Chi", Cookie=server.session("Chi"))
    assert saved.text.startswith("\ufeffno,utc_us,name,deed,subject,text\r\n")
    assert "audit saved" in server.get("/audit.csv", Cookie=server.session("Chi")).text


def test_a_long_book_has_pages_and_none_is_lost_between_them(server: ConsoleServer) -> None:
    people, chi = server.rooms.people, server.run(server.rooms.people.accounts)[0]

    async def write() -> None:
        for number in range(150):
            await people.note(chi, "ring", "con-dao-01", f"lần {number:03}")

    server.run(write)
    first = server.get("/audit", Cookie=server.session("Chi")).text
    older = re.search(r'href="(/audit\?[^"]*before=[0-9]+)"', first)
    assert older is not None
    last = server.get(older[1].replace("&amp;", "&"), Cookie=server.session("Chi")).text
    found = re.findall(r"lần ([0-9]{3})", first + last)
    assert sorted(found) == [f"{number:03}" for number in range(150)]
    assert '<a href="/stations/con-dao-01"' in first
