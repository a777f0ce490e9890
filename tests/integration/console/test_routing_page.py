"""Who would ring at 03:00 on Sunday, and what is the matter with routing: said on pages, over plain HTTP."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from hub.people.accounts import Role
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

DOCUMENT = """
failsafe = "Chi"
[units.dao]
name = "Đảo"
hotline = "1900 9095"
[stations]
con-dao-01 = "dao"
[[groups]]
unit = "dao"
members = ["Lan"]
hours = ["mon-fri 07:00-17:00"]
[[groups]]
unit = "dao"
members = ["Minh"]
hours = ["daily 17:00-07:00"]
[[on_call]]
unit = "dao"
name = "BS <Trực>"
phone = "0901234567"
[[sms]]
name = "gateway"
command = ["true", "{number}"]
rungs = ["doctor"]
"""
SUNDAY = "/routing?station=con-dao-01&at=2026-11-29T03:00"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("routing")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ConsoleServer]:
    (folder / "routing.toml").write_text(DOCUMENT, encoding="utf-8")
    settings = '[folders]\nrouting = "routing.toml"\n'
    with ConsoleServer(folder, names={"con-dao-01": "Trạm Côn Đảo"}, settings=settings) as server:
        for name in ("Lan", "Minh", "Chi"):
            server.account(name)
        server.account("Hoa", Role.DOCTOR)
        ConsoleStation(server, "con-dao-01")
        wait_for(lambda: server.rooms.routing.policy.path is not None, "the document")
        wait_for(lambda: len(server.rooms.routing.accounts) == 3, "the accounts")
        yield server


@pytest.fixture(scope="module")
def lan(server: ConsoleServer) -> str:
    return server.session("Lan")


def test_who_would_ring_at_three_on_sunday_is_said_rung_by_rung(server: ConsoleServer, lan: str) -> None:
    page = server.get(SUNDAY, Cookie=lan).text
    rows = page.split("<tbody>")[1].split("</tbody>")[0]
    assert "Trạm Côn Đảo · 03:00 29/11/2026" in page
    assert "Minh" in rows and "Lan" not in rows
    assert "SMS gateway: BS &lt;Trực&gt; 0901234567" in rows
    assert "Minh phải gọi lại." in page and "1900\u00a09095" in page
    noon = server.get("/routing?station=con-dao-01&at=2026-11-30T12:00", Cookie=lan).text.split("<tbody>")[1]
    assert "Lan" in noon and "Minh" not in noon


def test_with_nobody_ready_each_rung_is_passed_and_the_failsafe_owns_the_callback(
    server: ConsoleServer, lan: str
) -> None:
    page = server.get(f"{SUNDAY}&ready=now", Cookie=lan).text
    assert "không có ai: sang bậc sau ngay" in page
    assert "Chi phải gọi lại." in page
    assert "Đang trực bây giờ: không có ai." in page


def rota(page: str) -> list[list[str]]:
    """The lines of the week's rota, cell by cell."""
    table = page.partition("Lịch trực bảy ngày")[2].partition("<tbody>")[2].partition("</tbody>")[0]
    lines = table.split("</tr>")[:-1]
    return [
        [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in re.split("</t[dh]>", one)]
        for one in lines
    ]


def test_the_rota_says_who_is_there_on_each_of_seven_days(server: ConsoleServer, lan: str) -> None:
    page = server.get(SUNDAY, Cookie=lan).text
    head = page.split("Lịch trực bảy ngày")[1].split("</thead>")[0]
    assert "CN 29/11" in head and "T7 05/12" in head and "28/11" not in head
    day, night = "07:00–17:00", "17:00–07:00"
    assert [line[:10] for line in rota(page)] == [
        ["Đảo", "trả lời", "Lan", "---", day, day, day, day, day, "---"],
        ["Đảo", "trả lời", "Minh", *[night] * 7],
        ["Đảo", "bác sĩ trực, qua điện thoại", "BS &lt;Trực&gt;", *["cả ngày"] * 7],
    ]
    assert rota(server.get("/routing", Cookie=lan).text) != []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("station=nowhere", 404),
        ("station=%3Cscript%3E", 404),
        ("station=con-dao-01&at=soon", 422),
        ("station=con-dao-01&at=0001-01-01T00:00", 422),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    server: ConsoleServer, lan: str, query: str, status: int
) -> None:
    assert server.get(f"/routing?{query}", Cookie=lan).status == status


def test_telephone_numbers_are_for_whoever_answers_calls(server: ConsoleServer) -> None:
    assert server.get("/routing", Cookie=server.session("Hoa")).status == 403
    assert server.get("/routing").status == 303


def test_a_document_that_is_refused_is_said_on_every_page_of_whoever_answers_until_it_is_mended(
    server: ConsoleServer, folder: Path, lan: str
) -> None:
    routing, path = server.rooms.routing, folder / "routing.toml"
    assert (state_of(server, lan)["has_routing_fault"], is_told(server, lan)) == (False, False)
    path.write_text(DOCUMENT + '\n[[groups]]\nunit = "nowhere"\n', encoding="utf-8")
    wait_for(lambda: routing.fault is not None, "the document to be refused")
    assert (state_of(server, lan)["has_routing_fault"], is_told(server, lan)) == (True, True)
    assert "nowhere" in server.get("/routing", Cookie=lan).text
    assert 'id="routing"' not in server.get("/", Cookie=server.session("Hoa")).text
    assert "Minh" in server.get(SUNDAY, Cookie=lan).text.split("<tbody>")[1], "the one before holds"
    path.write_text(DOCUMENT, encoding="utf-8")
    wait_for(lambda: routing.fault is None, "the document to be mended")
    assert not is_told(server, lan)


def test_an_adapter_that_is_unwell_is_said_too(
    server: ConsoleServer, lan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server.rooms.routing._outbox._unready, "gateway", "there is no program")
    assert is_told(server, lan)
    page = server.get("/routing", Cookie=lan).text
    assert "Đường nhắn gateway đang có lỗi:" in page and "there is no program" in page


def is_told(server: ConsoleServer, cookie: str) -> bool:
    notice = server.get("/", Cookie=cookie).text.split('id="routing"')[1].split(">")[0]
    return "hidden" not in notice


def state_of(server: ConsoleServer, cookie: str) -> Any:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request("GET", "/events", headers={"Cookie": cookie})
        response = connection.getresponse()
        while line := response.readline():
            if line.startswith(b"data:"):
                return json.loads(line[5:])
    raise AssertionError("the stream ended")
