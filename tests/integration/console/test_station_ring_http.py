"""An operator calls a station from its page, over plain HTTP: chime, acceptance, and who may what."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.ids import CallId
from contract.signals import RingStation
from hub.calls.table import Input, State
from hub.people.accounts import Role
from tests.integration.console.desk_calls import give, held, wait_state
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

DOCUMENT = """
failsafe = "Lan"
[units.tw]
name = "Trung ương"
[units.dao]
name = "Đảo"
parent = "tw"
emergency_auto_answer = true
[units.bo]
name = "Bờ"
parent = "tw"
[stations]
con-dao-01 = "dao"
ly-son = "bo"
[[groups]]
unit = "dao"
members = ["*"]
[[groups]]
unit = "bo"
members = ["*"]
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ConsoleServer]:
    (tmp_path / "routing.toml").write_text(DOCUMENT, encoding="utf-8")
    names = {"con-dao-01": "Côn Đảo", "ly-son": "Lý Sơn"}
    settings = '[folders]\nrouting = "routing.toml"\n'
    with ConsoleServer(tmp_path, names=names, settings=settings) as server:
        server.account("Lan")
        server.account("Minh")
        server.account("Hoa", Role.DOCTOR)
        server.call(lambda: [server.rooms.open_page(name) for name in ("Lan", "Minh")])
        wait_for(lambda: server.rooms.routing.policy.path is not None, "the document")
        yield server


def post(server: ConsoleServer, path: str, who: str, **form: str) -> int:
    return server.post(f"/stations/{path}", form, Cookie=server.session(who)).status


def heard(server: ConsoleServer) -> RingStation:
    signal = server.wait_signal(lambda _, one: isinstance(one, RingStation) and one.lease_s > 0)
    assert isinstance(signal, RingStation)
    return signal


def test_a_station_without_a_call_is_called_and_the_press_that_accepts_is_the_callers(
    server: ConsoleServer,
) -> None:
    station = ConsoleStation(server, "con-dao-01")
    assert post(server, "con-dao-01/ring", "Hoa") == 403
    assert post(server, "con-dao-01/ring", "Lan") == 303
    assert heard(server).is_emergency is None
    assert post(server, "con-dao-01/ring", "Minh") == 409
    assert post(server, "con-dao-01/ring/stop", "Minh") == 409
    call = station.press(answers=heard(server).ring)
    wait_state(server, call, State.CLAIMED)
    now = held(server, call)
    assert now is not None and now.call.owner == "Lan"
    assert post(server, "con-dao-01/ring", "Minh") == 409, "somebody speaks with the station"


def test_a_ring_is_taken_back_by_whoever_rings(server: ConsoleServer) -> None:
    ConsoleStation(server, "con-dao-01")
    assert post(server, "con-dao-01/ring", "Lan") == 303
    assert post(server, "con-dao-01/ring/stop", "Lan") == 303
    server.wait_signal(lambda _, one: isinstance(one, RingStation) and one.lease_s == 0)
    assert post(server, "con-dao-01/ring", "Minh") == 303


def test_a_station_answers_by_itself_only_where_the_rules_say_so(server: ConsoleServer) -> None:
    for name in ("con-dao-01", "ly-son"):
        ConsoleStation(server, name)
    assert post(server, "ly-son/ring", "Lan", emergency="1") == 409
    assert "tự trả lời" not in server.get("/stations/ly-son", Cookie=server.session("Lan")).text
    assert "tự trả lời" in server.get("/stations/con-dao-01", Cookie=server.session("Lan")).text
    assert post(server, "con-dao-01/ring", "Lan", emergency="1") == 303
    assert heard(server).is_emergency is True


@pytest.mark.parametrize(("name", "is_emergency"), [("con-dao-01", True), ("ly-son", None)])
def test_calling_back_an_emergency_is_one_where_the_rules_let_the_station_answer_by_itself(
    server: ConsoleServer, name: str, is_emergency: bool | None
) -> None:
    station = ConsoleStation(server, name)
    call: CallId = station.press()
    wait_for(lambda: held(server, call) is not None, "the call")
    station.hold(call)
    wait_for(lambda: (now := held(server, call)) is not None and now.call.is_emergency, "the emergency")
    assert give(server, call, Input.CLAIM, Input.END, Input.PROMISE, by="Lan")
    now = held(server, call)
    assert now is not None
    path, form = f"/calls/{call}/ring", {"revision": str(now.row.revision)}
    assert server.post(path, form, Cookie=server.session("Lan")).status == 303
    assert heard(server).is_emergency is is_emergency
