"""Lists that somebody owns, over plain HTTP: what is due, handing over, practice, statistics."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from contract.ids import CallId
from contract.signals import Practice
from hub.calls.call import Given
from hub.calls.table import Input, State
from hub.console.ages import VIETNAM
from hub.console.lists import until
from hub.people.accounts import Role
from hub.routing.duty import Proof
from tests.simulators.console_server import Answer, ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

READY = Proof(sound=True, microphone=True, clock_offset_ms=1.0)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    names = {"con-dao-01": "Trạm Y tế Côn Đảo", "ly-son": "Trạm Y tế Lý Sơn", "phu-quy": "Trạm Y tế Phú Quý"}
    with ConsoleServer(tmp_path_factory.mktemp("lists"), names=names) as server:
        for name, role in (("Lan", Role.OPERATOR), ("Minh", Role.OPERATOR), ("BS An", Role.DOCTOR)):
            server.account(name, role)
        yield server


@pytest.fixture
def station(server: ConsoleServer) -> Iterator[ConsoleStation]:
    yield ConsoleStation(server, "con-dao-01", spool=next(SPOOLS))
    for one in server.call(server.rooms.desk.open_calls):
        take_off(server, one.call_id)


SPOOLS = iter(range(0xB0C5, 0xFFFF))


def give(server: ConsoleServer, call: CallId, *inputs: Input | Given, by: str = "Lan") -> None:
    async def give_all() -> None:
        for one in inputs:
            given = one if isinstance(one, Given) else Given(input=one, by=by)
            moved = await server.rooms.desk.give(call, given)
            assert moved.is_done, moved.why

    server.run(give_all)


def take_off(server: ConsoleServer, call: CallId) -> None:
    async def close() -> None:
        for given in (
            Given(input=Input.CLAIM, by="Lan"),
            Given(input=Input.CANCEL),
            Given(input=Input.CLOSE, by="Lan"),
        ):
            await server.rooms.desk.give(call, given)

    server.run(close)


def press(server: ConsoleServer, station: ConsoleStation, **said: Any) -> CallId:
    call = station.press(**said)
    wait_for(lambda: held(server, call) is not None, f"{call} to be open")
    return call


def held(server: ConsoleServer, call: CallId) -> Any:
    return server.call(lambda: server.rooms.desk.held(call))


def owed(server: ConsoleServer, station: ConsoleStation, *, by: str = "Lan") -> CallId:
    """A call that somebody owes the station."""
    call = press(server, station)
    given = (
        Given(input=Input.CLAIM, by=by),
        Given(input=Input.END, by=by),
        Given(input=Input.PROMISE, by=by),
    )
    give(server, call, *given)
    return call


def text_of(answer: Answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def overdue_of(server: ConsoleServer) -> str:
    """The rows of stations whose button nobody has pressed for too long."""
    page = server.get("/drills", Cookie=session(server, "Lan")).text
    return "".join(row for row in page.split("<tr") if ">quá hạn<" in row)


@cache
def session(server: ConsoleServer, who: str) -> str:
    """Their cookie; a password costs 0.1 s."""
    return server.session(who)


def post(server: ConsoleServer, path: str, form: Any, who: str) -> Answer:
    return server.post(path, form, Cookie=session(server, who), Accept="application/json")


def test_the_list_says_what_is_due_until_when_and_whose_it_is(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    owed(server, station)
    page = server.get("/calls", Cookie=session(server, "Minh"))
    assert page.status == 200
    said = text_of(page)
    assert "gọi lại lần đầu trong 1 phút" in said
    assert "Lan không còn trực, ai cũng nhận được" in said
    assert "Nhận thay Lan" in said
    assert 'data-text="gọi lại lần đầu trong {age}"' in page.text


def test_an_overdue_callback_is_said_in_words_with_a_mark_and_stands_before_others(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = owed(server, station)
    later = ConsoleStation(server, "ly-son", spool=next(SPOOLS))
    server.ahead_s += 200
    wait_for(lambda: held(server, call).call.overdue == 1, "the callback to be overdue")
    other = owed(server, later)
    page = server.get("/calls", Cookie=session(server, "Lan"))
    assert re.search(r'class="due overdue"[^>]*>QUÁ HẠN 1 phút: chưa gọi lại lần nào', page.text)
    assert page.text.index(str(call)) < page.text.index(str(other))


def test_what_nobody_owns_is_given_away_as_soon_as_somebody_is_ready(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = press(server, station)
    server.ahead_s += 130
    wait_for(lambda: held(server, call).state is State.MISSED, "the call to be missed")
    assert held(server, call).call.owner is None  # nobody is ready, and there is no document
    assert "chưa ai" in text_of(server.get("/calls", Cookie=session(server, "Lan")))

    def prove() -> None:
        server.rooms.routing.duty.hear("c1", "Minh", READY, now_s=server.rooms.hub.now_s())

    server.call(prove)
    wait_for(lambda: held(server, call).call.owner == "Minh", "the call to have an owner")
    assert held(server, call).state is State.CALLBACK
    server.call(lambda: server.rooms.routing.duty.goodbye("c1", now_s=server.rooms.hub.now_s()))


def test_a_callback_is_closed_only_with_how_it_ended(server: ConsoleServer, station: ConsoleStation) -> None:
    call = owed(server, station)
    path = f"/calls/{call}/disposition"
    for form in ({}, {"disposition": "because"}, {"disposition": "other"}):
        assert post(server, path, form, "Lan").status == 422
    assert held(server, call) is not None
    assert post(server, path, {"disposition": "called back"}, "Lan").status == 200
    wait_for(lambda: held(server, call) is None, "the call to be closed")


def test_a_callback_is_promised_for_a_time_of_day_after_talking_and_is_due_then(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = press(server, station)
    give(server, call, Input.CLAIM)
    path = f"/calls/{call}/promise"
    now = datetime.fromtimestamp(server.call(server.rooms.utc_ms) / 1000, UTC).astimezone(VIETNAM)
    at = (now + timedelta(hours=3)).strftime("%H:%M")
    assert post(server, path, {"at": at}, "Lan").status == 409  # still in the call
    give(server, call, Input.END)
    assert post(server, path, {"at": at}, "Minh").status == 409
    assert post(server, path, {"at": "soon"}, "Lan").status == 422
    assert post(server, path, {"at": at}, "Lan").status == 200
    left_s = (held(server, call).call.due_us - server.call(server.rooms.desk.line.now_us)) / 1e6
    assert 3 * 3600 - 65 < left_s <= 3 * 3600
    assert "gọi lại lần đầu trong 2 giờ 5" in text_of(server.get("/calls", Cookie=session(server, "Lan")))


@pytest.mark.parametrize(("at", "hours"), [("15:30", 0.5), ("14:30", 23.5), ("15:00", 24.0), ("00:00", 9.0)])
def test_a_time_of_day_is_the_next_one(at: str, hours: float) -> None:
    now = datetime(2026, 11, 26, 15, tzinfo=VIETNAM)
    assert until(at, now=now) == timedelta(hours=hours)


def test_a_shift_is_handed_over_only_when_the_next_one_takes_it(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = owed(server, station)
    form = {"to": "Minh", "call": str(call), f"note-{call}": "gọi lại lúc 15 giờ"}
    assert post(server, "/handover/offer", {**form, "to": "*"}, "Minh").status == 409  # it is not his
    assert post(server, "/handover/offer", {**form, "to": "BS An"}, "Lan").status == 422
    assert post(server, "/handover/offer", form, "Lan").status == 200
    assert held(server, call).call.owner == "Lan"
    page = text_of(server.get("/handover", Cookie=session(server, "Minh")))
    assert "Đồng nghiệp bàn giao cho bạn" in page
    assert "Lan : gọi lại lúc 15 giờ" in page or "Lan: gọi lại lúc 15 giờ" in page
    assert post(server, "/handover/decline", {"call": str(call)}, "Minh").status == 200
    assert (held(server, call).call.owner, held(server, call).call.asked) == ("Lan", None)
    assert post(server, "/handover/accept", {"call": str(call)}, "Minh").status == 409  # not offered any more
    post(server, "/handover/offer", form, "Lan")
    assert post(server, "/handover/accept", {"call": str(call)}, "Minh").status == 200
    assert held(server, call).call.owner == "Minh"
    history = text_of(server.get("/handover/history", Cookie=session(server, "Lan")))
    assert re.search(r"Trạm Y tế Côn Đảo Lan Minh .*gọi lại lúc 15 giờ", history)


def test_what_everybody_is_offered_one_takes_and_nobody_takes_twice(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = owed(server, station)
    post(server, "/handover/offer", {"to": "*", "call": str(call)}, "Lan")
    assert post(server, "/handover/decline", {"call": str(call)}, "Minh").status == 409  # others may want it
    assert post(server, "/handover/accept", {"call": str(call)}, "Lan").status == 409  # his own
    assert post(server, "/handover/accept", {"call": str(call)}, "Minh").status == 200
    assert post(server, "/handover/accept", {"call": str(call)}, "Minh").status == 409


def test_an_offer_returns_after_a_quarter_of_an_hour(server: ConsoleServer, station: ConsoleStation) -> None:
    call = owed(server, station)
    post(server, "/handover/offer", {"to": "Minh", "call": str(call)}, "Lan")
    server.ahead_s += 901
    wait_for(lambda: held(server, call).call.asked is None, "the offer to be over")
    assert held(server, call).call.owner == "Lan"


def test_a_doctor_neither_takes_over_a_shift_nor_starts_practice(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = owed(server, station)
    form = {"call": str(call), "to": "*"}
    for path in ("/handover/offer", "/handover/accept", "/handover/decline", "/drills/con-dao-01/test"):
        assert post(server, path, form, "BS An").status == 403
    assert server.get("/handover", Cookie=session(server, "BS An")).status == 403


def test_nobody_is_logged_out_with_unfinished_work_unless_he_means_it_and_it_stays_his(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = owed(server, station)
    lan = server.session("Lan")
    asked = server.post("/logout", Cookie=lan)
    assert (asked.status, "Bạn còn 1 việc chưa xong" in asked.text) == (200, True)
    assert server.get("/calls", Cookie=lan).status == 200
    assert server.post("/logout", {"anyway": "1"}, Cookie=lan).status == 303
    assert server.get("/calls", Cookie=lan).status == 303
    assert held(server, call).call.owner == "Lan"


def test_a_test_of_the_button_is_asked_for_shown_and_makes_the_station_up_to_date(
    server: ConsoleServer,
) -> None:
    assert "Trạm Y tế Phú Quý" in overdue_of(server)
    assert "chưa bao giờ" in overdue_of(server)
    server.signals.clear()
    assert post(server, "/drills/phu-quy/test", {}, "Lan").status == 200
    asked = server.wait_signal(lambda at, signal: isinstance(signal, Practice) and at == "phu-quy")
    assert isinstance(asked, Practice)
    assert (asked.kind, asked.by, asked.lease_s > 500) == ("test", "Lan", True)
    assert "chờ trạm" in text_of(server.get("/drills", Cookie=session(server, "Lan")))
    call = ConsoleStation(server, "phu-quy", spool=next(SPOOLS)).press(practice="test")
    lan = session(server, "Lan")

    def is_shown() -> bool:
        return "thử nút" in text_of(server.get("/drills?part=1", Cookie=lan)).split("gần đây")[-1]

    wait_for(is_shown, "the test to be shown")
    assert "Trạm Y tế Phú Quý" not in overdue_of(server)
    wait_for(lambda: held(server, call) is None, "the test to be closed")
    assert post(server, "/drills/phu-quy/end", {}, "Lan").status == 200
    ended = server.wait_signal(
        lambda _, signal: isinstance(signal, Practice) and signal.name == asked.name and signal.lease_s == 0
    )
    assert isinstance(ended, Practice)


def test_no_practice_begins_while_somebody_waits_for_help(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    press(server, station)
    assert post(server, "/drills/con-dao-01/drill", {}, "Lan").status == 409


def test_statistics_tell_as_page_json_and_csv_what_the_journals_say(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    lan = session(server, "Lan")
    before = json.loads(server.get("/statistics.json", Cookie=lan).text)["total"]
    call = press(server, station)
    give(
        server,
        call,
        Input.CLAIM,
        Input.JOINED,
        Input.FLOWS,
        Input.STALLED,
        Input.FLOWS,
        Input.END,
        Input.CLOSE,
    )
    station.press(practice="test")

    def now() -> Any:
        return json.loads(server.get("/statistics.json", Cookie=lan).text)

    wait_for(lambda: now()["total"]["tests"] == before["tests"] + 1, "the test to be counted")
    after = now()["total"]
    more = {
        name: after[name] - before[name] for name in ("calls", "presses", "answered", "within_10_s", "drops")
    }
    assert more == {"calls": 1, "presses": 1, "answered": 1, "within_10_s": 1, "drops": 1}
    assert now()["stations"][0]["name"].startswith("Trạm Y tế")
    csv = server.get("/statistics.csv", Cookie=lan)
    assert csv.headers["Content-Disposition"].startswith('attachment; filename="haidang-')
    head, total, *_ = csv.text.splitlines()
    assert dict(zip(head.split(","), total.split(","), strict=True))["calls"] == str(after["calls"])
    page = server.get("/statistics", Cookie=lan)
    assert (page.status, "Trạm Y tế Côn Đảo" in page.text) == (200, True)


@pytest.mark.parametrize(
    "query", ["from=yesterday", "from=2026-01-01&until=2026-12-31", "from=2026-02-02&until=2026-01-01"]
)
def test_a_period_that_is_none_or_too_long_is_refused(server: ConsoleServer, query: str) -> None:
    assert server.get(f"/statistics?{query}", Cookie=session(server, "Lan")).status == 422


def test_strangers_see_none_of_it(server: ConsoleServer) -> None:
    for path in (
        "/handover",
        "/handover/history",
        "/drills",
        "/statistics",
        "/statistics.json",
        "/statistics.csv",
    ):
        assert server.get(path).headers["Location"] == "/login"
