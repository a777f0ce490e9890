"""The calls that are off the list: which ones are shown, how each ended, and the way to its papers."""

import re
from collections.abc import Iterator
from functools import cache

import pytest

from contract.ids import CallId
from hub.calls.table import Input
from hub.console.closed_calls import how_it_ended
from hub.people.accounts import Role
from hub.store.interface import JournalLine
from tests.simulators.answered_call import answered, give, seen_at
from tests.simulators.console_server import PASSWORD, Answer, ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

NAMES = {"con-dao-01": "Trạm Y tế Côn Đảo", "ly-son": "Trạm Y tế Lý Sơn", "phu-quy": "Trạm Y tế Phú Quý"}
NOTHING = "Chưa có cuộc gọi nào đã đóng."
DAY_S = 86_400


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path_factory.mktemp("closed"), names=NAMES) as server:
        for name, role in (("Lan", Role.OPERATOR), ("BS An", Role.DOCTOR)):
            server.account(name, role)
        server.call(lambda: server.rooms.open_page("Lan"))
        yield server


@cache
def session(server: ConsoleServer, who: str) -> str:
    """Their cookie; a password costs 0.1 s."""
    return server.session(who)


def look(server: ConsoleServer, query: str = "", *, who: str = "Lan") -> Answer:
    return server.get(f"/calls/closed{query}", Cookie=session(server, who))


def rows(page: Answer) -> dict[str, str]:
    """Each call's row as it is written, in order."""
    found = re.findall(r'<tr data-call="([^"]+)"(.*?)</tr>', page.text, re.DOTALL)
    return dict(found)


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def closed(server: ConsoleServer, call: CallId, disposition: str, reason: str = "") -> CallId:
    give(server, call, Input.END)
    said = {"disposition": disposition, "reason": reason}
    answer = server.post(f"/calls/{call}/disposition", said, Cookie=session(server, "Lan"))
    assert answer.status == 303, answer.text
    return call


def test_a_hub_without_closed_calls_says_so(server: ConsoleServer) -> None:
    page = look(server)
    assert (page.status, NOTHING in page.text, rows(page)) == (200, True, {})


def test_closed_calls_stand_newest_first_each_with_how_it_ended_whose_it_was_and_its_papers(
    server: ConsoleServer,
) -> None:
    station, other = seen_at(server, "con-dao-01"), ConsoleStation(server, "ly-son")
    first = closed(server, answered(server, station), "referred")
    second = closed(server, answered(server, other), "other", "mất điện </td>")
    still_open = answered(server, station)
    wait_for(lambda: "minutes.pdf" in rows(look(server))[str(first)], "the minutes to be signed")
    shown = rows(look(server))
    assert list(shown) == [str(second), str(first)]
    assert re.search(r"đi khám tuyến trên theo hẹn +Lan +Biên bản", text_of(shown[str(first)]))
    assert re.search(r"khác +mất điện &lt;/td&gt; +Lan\b", text_of(shown[str(second)]))
    assert "letter.pdf" not in shown[str(second)]  # nobody was seen in it
    links = re.findall(r'href="([^"]+)"', shown[str(first)])
    assert links[:2] == [f"/calls/{first}", f"/calls/{first}/minutes.pdf"]
    assert len(links) == 3
    assert links[2].startswith(f"/calls/{first}/letter.pdf?")
    for link in links:
        assert server.get(link.replace("&amp;", "&"), Cookie=session(server, "Lan")).status == 200
    assert list(rows(look(server, "?station=con-dao-01"))) == [str(first)]
    assert list(rows(look(server, "?station=ly-son"))) == [str(second)]
    empty = look(server, "?station=phu-quy")
    assert (empty.status, NOTHING in empty.text) == (200, True)
    give(server, still_open, Input.END)
    give(server, still_open, Input.CLOSE)
    shown = rows(look(server, "?station="))
    assert list(shown) == [str(still_open), str(second), str(first)]
    assert " đóng Lan" in text_of(shown[str(still_open)])  # nobody said how it ended


def test_practice_is_marked_and_tests_of_the_button_are_left_to_their_own_list(server: ConsoleServer) -> None:
    station = ConsoleStation(server, "phu-quy", spool=0xD00)
    tested = station.press(practice="test")

    async def state() -> str:
        row = await server.rooms.hub.run_read(lambda store: store.call(tested))
        return "" if row is None else row.state

    wait_for(lambda: server.run(state) == "CLOSED", "the test to be closed")
    drill = station.press(practice="drill")
    wait_for(lambda: server.call(lambda: server.rooms.desk.held(drill)) is not None, "the drill")
    station.press()
    wait_for(lambda: server.call(lambda: server.rooms.desk.held(drill)) is None, "a real press to end it")
    shown = rows(look(server, "?station=phu-quy"))
    assert list(shown) == [str(drill)]
    assert "DIỄN TẬP" in shown[str(drill)]
    assert "dừng diễn tập vì có cuộc gọi thật" in shown[str(drill)]
    real = rows(look(server, "?station=ly-son"))
    assert real
    assert not any("DIỄN TẬP" in row for row in real.values())


def test_the_lists_and_the_station_lead_to_the_closed_calls(server: ConsoleServer) -> None:
    for who in ("Lan", "BS An"):
        assert look(server, who=who).status == 200
        assert 'href="/calls/closed"' in server.get("/calls", Cookie=session(server, who)).text
    page = server.get("/stations/ly-son", Cookie=session(server, "BS An")).text
    assert 'href="/calls/closed?station=ly-son"' in page


@pytest.mark.parametrize(
    "query", ["?station=nowhere", "?station=../x", "?station=%00", "?station=" + "x" * 999]
)
def test_a_station_that_there_is_not_is_refused(server: ConsoleServer, query: str) -> None:
    page = look(server, query)
    assert (page.status, "Không có trạm này." in page.text) == (404, True)


def test_strangers_are_sent_to_log_in(server: ConsoleServer) -> None:
    for query in ("", "?station=ly-son", "?station=nowhere"):
        answer = server.get(f"/calls/closed{query}")
        assert (answer.status, answer.headers["Location"]) == (303, "/login")


def test_what_was_closed_long_ago_is_not_shown(server: ConsoleServer) -> None:
    before = rows(look(server, "?station=ly-son"))
    assert before
    server.ahead_s += 15 * DAY_S
    entered = server.post("/login", {"name": "Lan", "password": PASSWORD})  # the session of before is over
    cookie = entered.headers["Set-Cookie"].split(";")[0]
    page = server.get("/calls/closed?station=ly-son", Cookie=cookie)
    assert (page.status, rows(page), NOTHING in page.text) == (200, {}, True)


def test_how_a_call_ended_is_said_as_far_as_its_journal_knows() -> None:
    def ended(input_: Input, detail: str | None) -> tuple[str, str]:
        line = JournalLine(
            utc_us=1, by=None, input=input_.name, from_state="WRAP_UP", to_state="CLOSED", detail=detail
        )
        return how_it_ended(line)

    assert how_it_ended(None) == ("", "")
    assert ended(Input.CLOSE, '{"disposition": "mistake", "reason": "x"}') == ("nhấn nhầm hoặc thử nút", "x")
    assert ended(Input.CLOSE, '{"disposition": "unheard of", "reason": "x"}') == ("đóng", "x")
    assert ended(Input.CLOSE, None) == ("đóng", "")
    assert ended(Input.PRACTICE_OVER, "[]") == ("dừng diễn tập vì có cuộc gọi thật", "")
