"""The page by which boxes come in: a code shown once, a number typed, the end of a box; and who may."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from contract.claims import parse_code
from contract.enrolment import Asked, Enrolled, Fault, Waiting
from contract.ids import StationId
from edge.enrolment.box_file import parse_box_file
from edge.enrolment.box_key import BoxKey
from hub.enrolment.enrolment_service import Answer as Said
from hub.people.accounts import Role
from hub.people.boxes import CLAIMS_MAX
from tests.simulators.console_server import Answer, ConsoleServer

CON_DAO, LY_SON, CO_TO = "con-dao-01", "ly-son", "co-to"
DEEDS = ("claim", "withdraw", "number", "revoke", "file")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    names = {CON_DAO: "Trạm Y tế Côn Đảo", LY_SON: "Trạm Y tế Lý Sơn", CO_TO: "Trạm Y tế Cô Tô"}
    with ConsoleServer(tmp_path_factory.mktemp("enrolment"), names=names) as server:
        for name, role in (("Lan", Role.OPERATOR), ("Nga", Role.DOCTOR)):
            server.account(name, role)
        yield server


@pytest.fixture
def key(tmp_path: Path) -> BoxKey:
    return BoxKey.load_or_make(tmp_path / "box.key")


def post(
    server: ConsoleServer, deed: str, form: dict[str, str] | None = None, station: str = CON_DAO
) -> Answer:
    return server.post(f"/stations/{station}/enrolment/{deed}", form, Cookie=server.session("Lan"))


def page(server: ConsoleServer, station: str = CON_DAO, who: str = "Lan") -> str:
    answer = server.get(f"/stations/{station}/enrolment", Cookie=server.session(who))
    assert answer.status == 200
    return unescape(answer.text)


def ask(server: ConsoleServer, key: BoxKey, *, claim: str = "", ticket: str = "") -> Said:
    """Ask as a box does."""
    asked = Asked(csr=key.request(), claim=claim, ticket=ticket, serial="abc")
    answer = server.post_json("/enrol/v1/claim", asked.model_dump(mode="json"))
    kinds: dict[int, type[Enrolled | Waiting]] = {201: Enrolled, 202: Waiting}
    return kinds.get(answer.status, Fault).model_validate_json(answer.text)


def deeds(server: ConsoleServer, station: str) -> list[tuple[str, str]]:
    found = server.run(lambda: server.rooms.people.deeds(station))
    return [(deed.name, deed.deed) for deed in found]


def test_a_code_is_shown_once_with_its_file_and_its_picture(server: ConsoleServer, key: BoxKey) -> None:
    made = post(server, "claim")
    assert made.status == 200
    found = re.search(r'<code class="secret" translate="no">([^<]+)</code>', made.text)
    assert found is not None
    code = found[1]
    assert '<svg class="qr"' in made.text
    saved = post(server, "file", {"code": code})
    assert 'filename="haidang.txt"' in saved.headers["Content-Disposition"]
    file = parse_box_file(saved.text.encode())
    assert file.claim == parse_code(code)
    assert (file.port, len(file.pin)) == (server.config.console.port, 64)
    assert code not in page(server)
    assert "Lan lập, dùng được đến" in page(server)
    assert isinstance(ask(server, key, claim=code), Enrolled)
    assert "con-dao-01.1" in page(server)
    assert "đang là hộp của trạm" in page(server)
    assert deeds(server, CON_DAO) == [("con-dao-01.1", "box enrolled"), ("Lan", "claim made")]


def test_a_number_that_was_read_out_lets_a_box_in(server: ConsoleServer, key: BoxKey) -> None:
    waiting = ask(server, key)
    assert isinstance(waiting, Waiting)
    wrong = post(server, "number", {"number": "000 000" if waiting.number != "000 000" else "1"}, LY_SON)
    assert (wrong.status, "Không có hộp nào đang hiện số này" in wrong.text) == (404, True)
    assert isinstance(ask(server, key, ticket=waiting.ticket), Waiting)
    assert post(server, "number", {"number": waiting.number.replace(" ", "")}, LY_SON).status == 303
    answer = ask(server, key, ticket=waiting.ticket)
    assert isinstance(answer, Enrolled) and answer.station == StationId(LY_SON)
    assert post(server, "number", {"number": waiting.number}, CO_TO).status == 404  # once
    assert ("Lan", "box let in") in deeds(server, LY_SON)


def test_a_box_is_revoked_here_and_no_box_of_another_station(server: ConsoleServer, key: BoxKey) -> None:
    code = re.search(r'translate="no">(\w{4}-\w{4}-\w{4})<', post(server, "claim", station=CO_TO).text)
    assert code is not None
    assert isinstance(ask(server, key, claim=code[1]), Enrolled)
    assert post(server, "revoke", {"box": f"{CO_TO}.1"}, LY_SON).status == 404
    assert post(server, "revoke", {"box": "no box"}, CO_TO).status == 400
    assert post(server, "revoke", {"box": f"{CO_TO}.1"}, CO_TO).status == 303
    assert "đã thu hồi" in page(server, CO_TO)
    assert deeds(server, CO_TO)[0] == ("Lan", "box revoked")
    told = json.loads(server.post_json("/enrol/v1/renew", {"box": f"{CO_TO}.1"}).text)
    proof = {"box": f"{CO_TO}.1", **told, "proof": ""}
    assert server.post_json("/enrol/v1/renew", proof).status == 403


def test_codes_that_wait_are_few_and_go_at_once(server: ConsoleServer) -> None:
    for _ in range(CLAIMS_MAX):
        assert post(server, "claim", station=CO_TO).status == 200
    refused = post(server, "claim", station=CO_TO)
    assert (refused.status, "năm mã đang chờ" in refused.text) == (409, True)
    assert post(server, "withdraw", station=CO_TO).status == 303
    assert "Mã đang chờ" not in page(server, CO_TO)


@pytest.mark.parametrize("deed", DEEDS)
def test_a_doctor_looks_and_changes_nothing(server: ConsoleServer, deed: str) -> None:
    assert '<form method="post" action="/stations/' not in page(server, who="Nga")
    cookie = server.session("Nga")
    assert server.post(f"/stations/{CON_DAO}/enrolment/{deed}", {}, Cookie=cookie).status == 403


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"csr": 1}', b"x" * 20_000])
def test_what_is_no_question_is_refused_as_such(server: ConsoleServer, body: bytes) -> None:
    answer = server._ask("POST", "/enrol/v1/claim", body, {"Content-Type": "application/json"})
    assert (answer.status, json.loads(answer.text)["code"]) == (400, "malformed")
