"""A press rings rung by rung as the routing document says, and ends on a list that somebody owns."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contract.ids import CallId
from hub.calls.open_call import OpenCall
from hub.calls.table import Input, State
from hub.routing.duty import Proof
from tests.integration.console.desk_calls import give, held, wait_looked, wait_state, wait_told
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

DOCUMENT = """
failsafe = "Chi"
[units.tw]
name = "Trung ương"
hotline = "1900 9095"
[units.dao]
name = "Đảo"
parent = "tw"
[stations]
con-dao-01 = "dao"
[[groups]]
unit = "dao"
members = ["Lan"]
[[groups]]
unit = "tw"
members = ["Minh"]
[[supervisors]]
unit = "tw"
account = "Sếp"
phone = "0907654321"
[[on_call]]
unit = "tw"
name = "BS Trực"
phone = "0901234567"
[[sms]]
name = "gateway"
command = ["true", "{number}"]
rungs = ["supervisor", "doctor"]
"""
PROOF = Proof(sound=True, microphone=True, clock_offset_ms=0.0)
SETTLED_S = 10.1


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ConsoleServer]:
    (tmp_path / "routing.toml").write_text(DOCUMENT, encoding="utf-8")
    with ConsoleServer(tmp_path, settings='[folders]\nrouting = "routing.toml"\n') as server:
        for name in ("Lan", "Minh", "Sếp", "Chi"):
            server.account(name)
        server.call(lambda: [server.rooms.open_page(name) for name in ("Lan", "Minh", "Chi")])
        routing = server.rooms.routing
        wait_for(lambda: len(routing.accounts) == 4 and routing.policy.path is not None, "the document")
        yield server


@pytest.fixture
def station(server: ConsoleServer) -> ConsoleStation:
    return ConsoleStation(server, "con-dao-01")


def ready(server: ConsoleServer, *names: str) -> None:
    """These prove that they are ready; everybody else is not."""
    duty = server.rooms.routing.duty

    def prove() -> None:
        now_s = server.rooms.hub.now_s()
        for name in ("Lan", "Minh", "Sếp"):
            duty.goodbye(name, now_s=now_s)
        for name in names:
            duty.hear(name, name, PROOF, now_s=now_s)

    server.call(prove)


def rings(server: ConsoleServer, call: CallId) -> tuple[int, set[str]]:
    now: OpenCall | None = held(server, call)
    return (-1, set()) if now is None else (now.call.rung, set(now.offered_to))


def wait_rings(server: ConsoleServer, call: CallId, rung: int, *names: str) -> None:
    wait_for(lambda: rings(server, call) == (rung, set(names)), f"rung {rung}, not {rings(server, call)}")


def pass_s(server: ConsoleServer, seconds: float, *names: str) -> None:
    """So much time passes, in which these stay ready."""
    for _ in range(round(seconds)):
        server.ahead_s += 1.0
        ready(server, *names)


def test_a_press_rings_the_unit_then_those_above_then_supervisors_then_telephones(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    ready(server, "Lan", "Minh", "Sếp")
    call = station.press()
    wait_rings(server, call, 0, "Lan")
    pass_s(server, 15.0, "Lan", "Minh", "Sếp")
    wait_rings(server, call, 1, "Lan", "Minh")
    pass_s(server, 15.0, "Lan", "Minh", "Sếp")
    wait_rings(server, call, 2, "Lan", "Minh", "Sếp")
    wait_for(lambda: deliveries(server, call) == 1, "the first message to be sent")
    server.call(lambda: server.rooms.desk.shown(call))
    wait_state(server, call, State.OFFERED)
    pass_s(server, 30.0, "Lan", "Minh", "Sếp")
    wait_rings(server, call, 3, "Lan", "Minh", "Sếp")
    wait_for(lambda: deliveries(server, call) == 2, "the second message to be sent")
    now = held(server, call)
    assert now is not None
    assert [key.split()[:2] for key in now.held.kept.told] == [["2", "gateway"], ["3", "gateway"]]
    assert [one for one in server.signals if getattr(one[1], "phone", None) == "1900 9095"]
    pass_s(server, 60.0, "Lan", "Minh", "Sếp")
    wait_state(server, call, State.CALLBACK)
    now = held(server, call)
    assert now is not None
    assert now.row.owner == "Lan"
    lines = server.run(lambda: server.rooms.desk.journal(call))
    steps = [line.input for line in lines if line.input not in ("SHOWN", "TOLD")]
    assert steps == ["WIDEN"] * 3 + ["DUE", "ASSIGN"]
    told = [json.loads(line.detail or "{}") for line in lines if line.input == "TOLD"]
    assert [(one["delivery"], one["adapter"], one["people"]) for one in told] == [
        ("sent", "gateway", ["Sếp"]),
        ("sent", "gateway", ["BS Trực"]),
    ]
    assert wait_told(server, call, "callback").phone == "1900 9095"


def test_a_rung_without_a_ready_console_is_passed_at_once_but_not_while_consoles_come_back(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    ready(server, "Sếp")
    call = station.press()
    wait_state(server, call, State.RECEIVED)
    wait_looked(server)
    wait_rings(server, call, 0, "Lan")
    server.ahead_s += SETTLED_S
    ready(server, "Sếp")
    wait_rings(server, call, 2, "Lan", "Minh", "Sếp")
    ready(server)  # the last one goes: the telephones ring
    wait_rings(server, call, 3, "Lan", "Minh", "Sếp")
    again = station.press()
    wait_rings(server, again, 3, "Lan", "Minh", "Sếp")


def told_to(server: ConsoleServer, name: str) -> Callable[[], set[str]]:
    """Return what asks which calls ring for that account, as a stream of its pages has been told so far."""
    number: list[int | None] = [None]
    ringing: set[str] = set()

    def hear() -> set[str]:
        told = server.call(lambda: server.rooms.calls_since(number[0], account=name))
        number[0] = told.number
        for call in map(json.loads, told.calls):
            (ringing.add if call["rings"] else ringing.discard)(call["id"])
        return ringing

    return hear


def test_who_comes_into_the_group_of_a_call_that_rings_is_told_at_once(
    server: ConsoleServer, station: ConsoleStation, tmp_path: Path
) -> None:
    ready(server, "Lan", "Minh")
    call, told = station.press(), told_to(server, "Minh")
    wait_rings(server, call, 0, "Lan")
    assert told() == set()
    document = DOCUMENT.replace('members = ["Lan"]', 'members = ["Lan", "Minh"]')
    (tmp_path / "routing.toml").write_text(document, encoding="utf-8")
    wait_rings(server, call, 0, "Lan", "Minh")
    wait_for(lambda: told() == {str(call)}, "Minh's pages to be told")
    assert rings(server, call)[0] == 0, "they were told by the next rung"


def test_when_the_hour_brings_another_group_its_pages_are_told_with_the_next_look(
    server: ConsoleServer, station: ConsoleStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(server, "Lan")
    server.ahead_s += SETTLED_S
    ready(server, "Lan")
    call, told = station.press(), told_to(server, "Chi")
    wait_rings(server, call, 0, "Lan")
    wait_looked(server)
    assert told() == set()
    routing = server.rooms.routing
    ladder = routing.ladder(call.station, is_emergency=False)
    steps = (replace(ladder.steps[0], accounts=frozenset({"Lan", "Chi"})), *ladder.steps[1:])
    monkeypatch.setattr(routing, "ladder", lambda *_, **__: replace(ladder, steps=steps))
    ready(server, "Lan", "Minh")  # somebody comes on duty: the calls are looked at
    wait_rings(server, call, 0, "Lan", "Chi")
    wait_for(lambda: told() == {str(call)}, "Chi's pages to be told")
    assert rings(server, call)[0] == 0, "they were told by the next rung"


def test_a_held_button_rings_everybody_at_once(server: ConsoleServer, station: ConsoleStation) -> None:
    ready(server, "Lan", "Minh", "Sếp")
    call = station.press()
    wait_rings(server, call, 0, "Lan")
    station.hold(call)
    wait_rings(server, call, 2, "Lan", "Minh", "Sếp")
    now = held(server, call)
    assert now is not None
    assert now.call.is_emergency


def test_a_button_that_is_held_while_it_rings_is_told_outside_at_once(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    server.ahead_s += SETTLED_S
    ready(server, "Lan", "Minh", "Sếp")
    call = station.press()
    wait_rings(server, call, 0, "Lan")
    wait_looked(server)  # who is there is known by now, and does not change
    station.hold(call)
    wait_rings(server, call, 2, "Lan", "Minh", "Sếp")

    def told() -> list[str]:
        now = held(server, call)
        return [] if now is None else [key.split()[0] for key in now.held.kept.told]

    wait_for(lambda: told() == ["2"], f"the supervisor's telephone, not {told()}")


def test_a_missed_call_waits_for_an_owner_and_a_call_that_was_taken_back_is_reviewed_by_one(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    server.ahead_s += SETTLED_S
    missed, taken_back = station.press(), station.press()
    wait_state(server, taken_back, State.RECEIVED)
    station.step(taken_back, "cancelled")

    def owner(call: CallId) -> str | None:
        now = held(server, call)
        return None if now is None else now.row.owner

    wait_for(lambda: owner(taken_back) == "Sếp", "the supervisor on duty, for no operator is ready")
    ready(server, "Minh")
    server.ahead_s += 115.0
    ready(server, "Minh")
    server.ahead_s += 6.0
    ready(server, "Minh")
    wait_state(server, missed, State.CALLBACK)
    wait_for(lambda: owner(missed) == "Minh", "the operator who is ready")
    assert give(server, missed, Input.CLAIM, by="Minh") is False
    assert give(server, missed, Input.CLOSE, by="Minh")


def test_a_press_that_waited_out_an_outage_is_somebodys_callback_at_once(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    ready(server, "Lan")
    call = station.press(waited_s=700.0)
    wait_state(server, call, State.CALLBACK)

    def is_lans() -> bool:
        now = held(server, call)
        return now is not None and now.row.owner == "Lan"

    wait_for(is_lans, "an owner")
    now = held(server, call)
    assert now is not None
    assert now.age.is_exact
    assert 700.0 <= now.age.at_least_s < 712.0


def test_an_overdue_callback_is_told_to_the_supervisor(
    server: ConsoleServer, station: ConsoleStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[CallId, int]] = []
    routing = server.rooms.routing
    monkeypatch.setattr(routing, "tell", lambda call_id, tells, **_: told.append((call_id, len(tells))))
    call = station.press(waited_s=700.0)
    wait_state(server, call, State.CALLBACK)
    server.ahead_s += 130.0

    def is_overdue() -> bool:
        now = held(server, call)
        return now is not None and now.call.overdue == 1

    wait_for(is_overdue, "the callback to be overdue")
    wait_for(lambda: (call, 1) in told, "the supervisor to be told")


@pytest.mark.parametrize("is_sent", [True, False])
def test_what_a_hub_that_ended_had_not_told_the_outside_the_next_one_tells_and_nothing_twice(
    tmp_path: Path, is_sent: bool
) -> None:
    settings = '[folders]\nrouting = "routing.toml"\n'
    (tmp_path / "routing.toml").write_text(DOCUMENT, encoding="utf-8")
    with ConsoleServer(tmp_path, settings=settings) as first:
        for name in ("Lan", "Minh", "Sếp", "Chi"):
            first.account(name)
        wait_for(lambda: first.rooms.routing.policy.path is not None, "the document")
        if not is_sent:
            first.call(
                lambda: setattr(first.rooms.routing._outbox, "submit", lambda *_: None)
            )  # killed before
        call = ConsoleStation(first, "con-dao-01").press()
        first.ahead_s += SETTLED_S
        wait_for(lambda: told_keys(first, call) == 2, "what is to be told to be written down")
        if is_sent:
            wait_for(lambda: deliveries(first, call) == 2, "both to have gone out")
    with ConsoleServer(tmp_path, settings=settings) as second:
        sent: list[str] = []
        outbox = second.rooms.routing._outbox
        second.call(lambda: setattr(outbox, "submit", lambda _, tell: sent.append(tell.key)))
        second.ahead_s += SETTLED_S + 1.0
        if is_sent:
            station = ConsoleStation(second, "con-dao-01", spool=2)
            other = station.press()  # told of at once: by then the first was looked at too
            wait_for(lambda: told_keys(second, other) == 2, "the other call to be told")
            assert len(sent) == 2
        else:
            wait_for(lambda: len(sent) == 2, "both to be told")


def told_keys(server: ConsoleServer, call: CallId) -> int:
    now = held(server, call)
    return 0 if now is None else len(now.held.kept.told)


def deliveries(server: ConsoleServer, call: CallId) -> int:
    lines = server.run(lambda: server.rooms.desk.journal(call))
    return sum(line.input == "TOLD" for line in lines)
