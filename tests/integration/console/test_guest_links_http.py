"""A doctor is brought into a call: by roster, one after the other, and by a link that works once."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from http.client import HTTPConnection
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from contract.ids import CallId
from hub.calls.call import STAGES, Given
from hub.calls.table import Input
from hub.people.accounts import Role
from hub.routing.duty import Proof
from tests.simulators.console_server import Answer, ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

READY = Proof(sound=True, microphone=True, clock_offset_ms=1.0)
SPOOLS = iter(range(0xA000, 0xB000))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    names = {"con-dao-01": "Trạm Y tế Côn Đảo", "ly-son": "Trạm Y tế Lý Sơn"}
    with ConsoleServer(tmp_path_factory.mktemp("guests"), names=names) as server:
        for name in ("Lan", "Minh"):
            server.account(name)
        for name in ("BS An", "BS Bình"):
            server.account(name, Role.DOCTOR)
        ConsoleStation(server, "ly-son", spool=next(SPOOLS))
        server.call(lambda: server.rooms.open_page("Lan"))  # her calls are not abandoned
        wait_for(lambda: "Minh" in server.rooms.routing.accounts, "the accounts to be known")
        yield server


@pytest.fixture
def call(server: ConsoleServer) -> CallId:
    """A call in which Lan speaks with the station, by telephone: nothing of it is due at any time."""
    found = ConsoleStation(server, "con-dao-01", spool=next(SPOOLS)).press()
    wait_for(lambda: held(server, found) is not None, f"{found} to be open")
    give(server, found, Input.CLAIM, Input.JOINED, Input.DUE, Input.DUE)
    phone = STAGES.index("phone")  # the room goes there by itself: there is no relay
    wait_for(lambda: held(server, found).call.stage == phone, "the last way")
    return found


def held(server: ConsoleServer, call: CallId) -> Any:
    return server.call(lambda: server.rooms.desk.held(call))


def guests(server: ConsoleServer, call: CallId) -> list[tuple[str, bool]]:
    """Who is invited or there; True: is there."""
    return [(one.name, one.due_us is None) for one in held(server, call).call.guests]


def give(server: ConsoleServer, call: CallId, *inputs: Input | Given, by: str = "Lan") -> None:
    async def give_all() -> None:
        for one in inputs:
            given = one if isinstance(one, Given) else Given(input=one, by=by)
            moved = await server.rooms.desk.give(call, given)
            assert moved.is_done, moved.why

    server.run(give_all)


@cache
def session(server: ConsoleServer, who: str) -> str:
    """Their cookie; a password costs 0.1 s."""
    return server.session(who)


def post(server: ConsoleServer, path: str, form: dict[str, str], who: str) -> Answer:
    return server.post(path, form, Cookie=session(server, who), Accept="application/json")


def link(server: ConsoleServer, call: CallId, name: str = "Hoa") -> str:
    """Make a link; return its path."""
    made = json.loads(post(server, f"/calls/{call}/link", {"name": name}, "Lan").text)
    assert made["url"].startswith(f"{server.url}/guest/")
    assert made["name"] == f"BS khách: {name}"
    return str(made["url"]).removeprefix(server.url)


def enter(server: ConsoleServer, path: str) -> str:
    """Use a link; return the guest's cookie."""
    answer = server.post(path)
    assert (answer.status, answer.headers["Location"]) == (303, "/guest")
    assert {"HttpOnly", "SameSite=strict"} <= set(answer.headers["Set-Cookie"].split("; "))
    return str(answer.headers["Set-Cookie"].split(";")[0])


def ready(server: ConsoleServer, *names: str) -> None:
    def prove() -> None:
        for name in names:
            server.rooms.routing.duty.hear(name, name, READY, now_s=server.rooms.hub.now_s())

    server.call(prove)


def test_helpers_are_told_with_colleagues_and_doctors_and_who_is_ready(
    server: ConsoleServer, call: CallId
) -> None:
    ready(server, "Minh", "BS Bình")
    found = json.loads(server.get(f"/calls/{call}/helpers", Cookie=session(server, "Lan")).text)
    assert [(one["name"], one["is_ready"]) for one in found["colleagues"]] == [("Minh", True)]
    assert [(one["account"], one["is_ready"]) for one in found["doctors"]] == [
        ("BS An", False),
        ("BS Bình", True),
    ]
    colleagues = json.loads(server.get(f"/calls/{call}/colleagues", Cookie=session(server, "Lan")).text)
    assert colleagues == found["colleagues"]
    assert server.get(f"/calls/{call}/helpers").status == 303


def test_a_doctor_is_invited_for_thirty_seconds_comes_and_leaves(server: ConsoleServer, call: CallId) -> None:
    assert post(server, f"/calls/{call}/invite", {"to": "BS An"}, "Minh").status == 409  # not his call
    assert post(server, f"/calls/{call}/invite", {"to": "Minh"}, "Lan").status == 409  # no doctor
    assert post(server, f"/calls/{call}/invite", {"to": "BS An"}, "Lan").status == 200
    assert guests(server, call) == [("BS An", False)]
    assert held(server, call).call.owner == "Lan"
    revision = {"revision": str(held(server, call).row.revision)}
    assert post(server, f"/calls/{call}/come", revision, "BS An").status == 200
    assert guests(server, call) == [("BS An", True)]
    revision = {"revision": str(held(server, call).row.revision)}
    assert post(server, f"/calls/{call}/leave", revision, "BS An").status == 200
    assert guests(server, call) == []


def test_a_doctor_to_whom_a_call_is_transferred_does_with_it_what_its_owner_does(
    server: ConsoleServer, call: CallId
) -> None:
    def deed(word: str, who: str, **form: str) -> int:
        revision = str(held(server, call).row.revision)
        return post(server, f"/calls/{call}/{word}", {"revision": revision, **form}, who).status

    assert deed("ask", "Lan", kind="transfer", to="BS An") == 200
    assert held(server, call).call.owner == "Lan"
    assert deed("accept", "BS Bình") == 409
    assert deed("accept", "BS An") == 200
    assert held(server, call).call.owner == "BS An"
    assert deed("end", "BS Bình") == 403
    assert deed("end", "BS An") == 200
    assert deed("disposition", "BS Bình", disposition="stays") == 403
    assert deed("disposition", "BS An", disposition="stays") == 200
    wait_for(lambda: held(server, call) is None, "the call to be closed")


def test_a_doctor_who_does_not_answer_is_followed_by_the_next_who_is_ready(
    server: ConsoleServer, call: CallId
) -> None:
    ready(server, "BS An", "BS Bình")
    give(server, call, Given(input=Input.INVITE, by="Lan", to="BS An", then=("BS Bình",)))
    server.ahead_s += 31
    wait_for(lambda: guests(server, call) == [("BS Bình", False)], "the next one to be invited")
    server.ahead_s += 31
    wait_for(lambda: guests(server, call) == [], "nobody to be invited any more")
    assert held(server, call).call.owner == "Lan"


def test_a_link_lets_in_once_and_looking_at_it_lets_nobody_in(server: ConsoleServer, call: CallId) -> None:
    path = link(server, call)
    assert guests(server, call) == [("BS khách: Hoa", False)]
    for _ in range(2):  # as a program does that shows what is behind a link
        shown = server.get(path)
        assert (shown.status, "Lan mời bạn vào cuộc gọi của Trạm Y tế Côn Đảo" in shown.text) == (200, True)
    assert server.post(path, Origin="https://evil.example").status == 403
    cookie = enter(server, path)
    assert guests(server, call) == [("BS khách: Hoa", True)]
    again = server.post(path)
    assert (again.status, "Đường dẫn này đã được dùng" in again.text) == (410, True)
    assert server.get(path).status == 410
    assert server.get("/guest", Cookie=cookie).status == 200
    assert "link used" in [deed.deed for deed in server.run(lambda: server.rooms.people.deeds(str(call)))]


def test_a_guest_sees_the_station_of_the_call_and_nothing_else(server: ConsoleServer, call: CallId) -> None:
    cookie = enter(server, link(server, call, "Mai"))
    page = server.get("/guest", Cookie=cookie)
    assert "Trạm Y tế Côn Đảo" in page.text
    for path in (
        "/",
        "/calls",
        "/stations/con-dao-01",
        "/stations/con-dao-01/playback",
        "/stations/con-dao-01/playback/piece",
        "/stations/con-dao-01/playback.pdf",
        "/stations/con-dao-01/trends",
        "/events",
        f"/calls/{call}",
        "/statistics",
        "/drills",
    ):
        assert server.get(path, Cookie=cookie).status == 303, path  # to the login
    for word in ("end", "claim", "turn", "invite", "link", "leave"):
        assert server.post(f"/calls/{call}/{word}", Cookie=cookie).status in (303, 401), word
    with live(server, "con-dao-01", cookie):
        pass
    with pytest.raises(InvalidStatus):
        live(server, "ly-son", cookie)


def live(server: ConsoleServer, station: str, cookie: str) -> ClientConnection:
    url = f"ws://127.0.0.1:{server.port}/stations/{station}/live"
    return connect(url, origin=Origin(server.url), additional_headers={"Cookie": cookie})


def test_a_guest_is_out_when_the_call_is_over_and_when_he_leaves(server: ConsoleServer, call: CallId) -> None:
    cookie = enter(server, link(server, call, "Nga"))
    gone = server.post("/guest/leave", Cookie=cookie)
    assert (gone.status, guests(server, call)) == (200, [])
    assert server.get("/guest", Cookie=cookie).status == 403
    other = enter(server, link(server, call, "Oanh"))
    give(server, call, Input.END)
    refused = server.get("/guest", Cookie=other)
    assert (refused.status, "không còn ở trong cuộc gọi" in refused.text) == (403, True)
    assert server.get("/guest/events", Cookie=other).status == 401


def test_a_link_ends_with_the_call_with_its_time_and_by_the_owners_word(
    server: ConsoleServer, call: CallId
) -> None:
    late = link(server, call, "Phúc")
    server.ahead_s += 901
    wait_for(lambda: guests(server, call) == [], "the invitation to be over")
    assert server.post(late).status == 410
    over = link(server, call, "Quý")
    give(server, call, Input.END)
    assert server.get(over).status == 410
    refused = server.post(over)
    assert (refused.status, "hết hạn, hoặc cuộc gọi đã xong" in refused.text) == (410, True)


def test_only_the_owner_makes_links_and_no_two_guests_have_one_name(
    server: ConsoleServer, call: CallId
) -> None:
    assert post(server, f"/calls/{call}/link", {"name": "Sơn"}, "Minh").status == 409
    assert post(server, f"/calls/{call}/link", {"name": "Sơn"}, "BS An").status == 403
    assert post(server, f"/calls/{call}/link", {"name": " "}, "Lan").status == 422
    assert post(server, f"/calls/{call}/link", {"name": "x" * 41}, "Lan").status == 422
    link(server, call, "Sơn")
    again = post(server, f"/calls/{call}/link", {"name": "Sơn"}, "Lan")
    assert (again.status, "Hãy ghi tên khác" in again.text) == (409, True)


def test_a_guessed_link_is_refused_and_the_next_guess_waits(server: ConsoleServer) -> None:
    guessed = server.get("/guest/" + "x" * 43)
    assert (guessed.status, "Đường dẫn này không dùng được" in guessed.text) == (404, True)
    assert server.get("/guest/" + "y" * 43).status == 429
    server.ahead_s += 60  # for the tests after this one


def test_the_guests_stream_tells_of_his_call_alone(server: ConsoleServer, call: CallId) -> None:
    other = ConsoleStation(server, "ly-son", spool=next(SPOOLS)).press()
    wait_for(lambda: held(server, other) is not None, "another call")
    cookie = enter(server, link(server, call, "Tâm"))
    first = next(read_events(server, "/guest/events", cookie))
    assert [one["id"] for one in first["calls"]] == [str(call)]
    assert not re.search("ly-son", json.dumps(first))


def read_events(server: ConsoleServer, path: str, cookie: str) -> Iterator[Any]:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request("GET", path, headers={"Cookie": cookie})
        response = connection.getresponse()
        while line := response.readline():
            if line.startswith(b"data:"):
                yield json.loads(line[5:])
