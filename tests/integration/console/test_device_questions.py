"""Which device is it? Over plain HTTP: who may answer, what may be answered, and what a restart knows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.events import Conditions, DeviceConfirmed, DeviceQuestion, DeviceState, LeadReversal
from contract.ids import StationId
from contract.signals import ConfirmDevice
from hub.live.answers import HOLDS_S, SAY_AGAIN_S
from hub.people.accounts import Role
from tests.simulators.console_devices import (
    OXIMETER,
    ConsoleDevice,
    blood_pressure,
    oximeter,
)
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import BOARD, ConsoleStation

DEVICE = "port-1.1"
QUESTION = DeviceQuestion(device=DEVICE, candidates=(OXIMETER, "usb-9"), port="1-1.1")
PATH = f"/stations/con-dao-01/devices/{DEVICE}"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path) as server:
        server.account("Lan")
        server.account("Hoa", Role.DOCTOR)
        yield server


@pytest.fixture
def station(server: ConsoleServer) -> ConsoleStation:
    station = ConsoleStation(server, "con-dao-01")
    station.tell(QUESTION, visit=0)
    wait_for(lambda: asked(server) == [DEVICE], "the question")
    return station


def asked(server: ConsoleServer) -> list[str]:
    questions = server.call(lambda: server.rooms.questions(StationId("con-dao-01")))
    return [one["device"] for one in questions]


def told(server: ConsoleServer) -> list[ConfirmDevice]:
    return [signal for _, signal in server.signals if isinstance(signal, ConfirmDevice)]


def answer_shown(server: ConsoleServer) -> str:
    (question,) = server.call(lambda: server.rooms.questions(StationId("con-dao-01")))
    return str(question["answer"] and question["answer"]["state"])


def test_only_an_operator_on_a_page_of_ours_may_answer(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    form, lan = {"is_device": OXIMETER}, server.session("Lan")
    assert server.post(PATH, form).status == 303  # to the login page
    assert server.post(PATH, form, Cookie=lan, Origin="https://evil.example").status == 403
    assert server.post(PATH, form, Cookie=lan, Origin="").status == 403
    assert server.post(PATH, form, Cookie=server.session("Hoa")).status == 403
    assert "<button" not in server.get("/stations/con-dao-01/questions", Cookie=server.session("Hoa")).text
    assert server.get("/stations/con-dao-01/questions").status == 303
    assert told(server) == []


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        (PATH, {"is_device": "a device that is no candidate"}, 409),
        (PATH, {}, 422),
        ("/stations/con-dao-01/devices/another", {"is_device": ""}, 409),
        (f"/stations/nowhere/devices/{DEVICE}", {"is_device": ""}, 404),
    ],
)
def test_what_was_not_asked_is_not_answered(
    server: ConsoleServer, station: ConsoleStation, path: str, form: dict[str, str], status: int
) -> None:
    assert server.post(path, form, Cookie=server.session("Lan"), Accept="application/json").status == status
    assert told(server) == []


def test_a_page_without_scripts_shows_the_question_and_an_answer_is_written_down(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    lan = server.session("Lan")
    assert "Thiết bị nào đang ở cổng 1-1.1?" in server.get("/stations/con-dao-01", Cookie=lan).text
    answer = server.post(PATH, {"is_device": ""}, Cookie=lan)
    assert (answer.status, answer.headers["Location"]) == (303, "/stations/con-dao-01")
    server.wait_signal(lambda _, signal: signal == ConfirmDevice(device=DEVICE, by="Lan"))
    assert "Đã gửi, chờ trạm: thiết bị mới (Lan)" in server.get("/stations/con-dao-01", Cookie=lan).text
    (deed,) = server.run(lambda: server.rooms.people.deeds("con-dao-01"))
    assert (deed.name, deed.deed, deed.text) == ("Lan", "confirm device", f"{DEVICE} is a new device")


def test_an_answer_waits_for_the_broker_is_said_again_and_is_over_when_the_station_confirms(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    lan = server.session("Lan")
    server.set_broker(is_there=False)
    server.post(PATH, {"is_device": OXIMETER}, Cookie=lan)
    assert answer_shown(server) == "waiting"
    server.set_broker(is_there=True)
    wait_for(lambda: answer_shown(server) == "sent", "the answer to be sent")
    server.ahead_s += SAY_AGAIN_S
    wait_for(lambda: len(told(server)) == 2, "it to be said again")
    server.ahead_s += HOLDS_S
    assert answer_shown(server) == "unheard"
    server.post(PATH, {"is_device": "usb-9"}, Cookie=lan)
    wait_for(lambda: told(server)[-1].is_device == "usb-9", "the other answer")
    station.tell(DeviceConfirmed(device=DEVICE, is_device="usb-9", by="Lan"), visit=0)
    wait_for(lambda: asked(server) == [], "the question to be over")
    said = len(told(server))
    server.ahead_s += SAY_AGAIN_S + 1
    assert server.post(PATH, {"is_device": "usb-9"}, Cookie=lan).status == 409
    assert len(told(server)) == said


def test_a_hub_that_starts_anew_knows_questions_devices_and_measurements_again(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path) as server:
        station = ConsoleStation(server, "con-dao-01")
        ConsoleDevice(station, oximeter())
        station.open_visit(7)
        station.tell(blood_pressure(111, 70, 84))
        station.close_visit()
        station.open_visit(8)
        station.tell(QUESTION, visit=0)
        station.tell(blood_pressure(120, 80, 93))
        station.tell(Conditions(device=OXIMETER, on=("alarm",)))
        station.tell(LeadReversal(device=BOARD, suspected="RA-LA"))
        station.tell(DeviceState(device=BOARD, state="silent"))
        wait_for(lambda: known(server)[-1] == "silent", "all of it")
        before = known(server)
    with ConsoleServer(tmp_path) as server:
        wait_for(lambda: known(server) == before, "the same, taken up from the store")
        assert before == ([DEVICE], [[120.0, 80.0, 93.0], [72.0]], ("alarm",), "RA-LA", "silent")


def known(server: ConsoleServer) -> tuple[object, ...]:
    """What the hub knows of the station's devices."""

    def read() -> tuple[object, ...]:
        now = server.rooms.feed.now(StationId("con-dao-01"))
        values = [quantity["values"] for one in now.measurements() for quantity in one["quantities"]]
        conditions = now.devices.conditions(OXIMETER, now.visit)
        return values, conditions, now.devices.reversal(BOARD, now.visit), now.devices.word(BOARD)

    found: tuple[object, ...] = server.call(read)
    return asked(server), *found


def test_events_of_a_person_are_listed_in_their_own_visit_only(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    def listed() -> str:
        return server.get("/stations/con-dao-01/events", Cookie=server.session("Lan")).text

    station.tell(blood_pressure(140, 90, 107), visit=0)  # nobody's
    station.open_visit(1)
    station.tell(blood_pressure(120, 80, 93))
    station.tell(Conditions(device=OXIMETER, on=("alarm",)))
    station.tell(Conditions(device=OXIMETER, on=()))
    station.tell(LeadReversal(device=BOARD, suspected="RA-LA"))
    words = [
        "120/80 (93) mmHg",
        "đang báo động",
        f"thiết bị {OXIMETER}: bình thường",
        "RA–LA",
        "ở cổng 1-1.1",
    ]
    wait_for(lambda: all(word in listed() for word in words), "the list of the visit")
    assert "140/90" not in listed()
    station.close_visit()
    station.open_visit(2)
    wait_for(lambda: "120/80" not in listed(), "the list of the next")
    assert [word for word in words if word in listed()] == ["ở cổng 1-1.1"]
