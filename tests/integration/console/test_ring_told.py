"""What the hub tells pages of a station that it rings: in rows of the event stream, and without scripts."""

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from contract.events import HubRang
from contract.signals import RingStation
from hub.calls.call import LIMITS
from hub.calls.rings import TOLD_AFTER_US
from hub.calls.table import Input, State
from hub.people.accounts import Role
from tests.integration.console.desk_calls import give, held, wait_state
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

NAME = "con-dao-01"
SHOWN = re.compile(r'<form [^>]*id="ring-(\w+)"([^>]*)>')


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path, names={NAME: "Côn Đảo"}) as server:
        server.account("Lan")
        server.account("Minh")
        server.account("Hoa", Role.DOCTOR)
        server.call(lambda: server.rooms.open_page("Lan"))
        yield server


@pytest.fixture
def station(server: ConsoleServer) -> ConsoleStation:
    return ConsoleStation(server, NAME)


def post(server: ConsoleServer, path: str, who: str) -> int:
    return server.post(f"/stations/{NAME}/{path}", Cookie=server.session(who)).status


def ring_name(server: ConsoleServer) -> str:
    """The newest ring that the station has heard."""
    server.wait_signal(lambda _, one: isinstance(one, RingStation) and one.lease_s > 0)
    return [one.ring for _, one in server.signals if isinstance(one, RingStation) and one.lease_s > 0][-1]


def told(server: ConsoleServer) -> Any:
    return server.call(lambda: server.rooms.station(server.rooms.stations.ids()[0])["ring"])


def page(server: ConsoleServer, who: str) -> tuple[str, set[str]]:
    """What a page says of the ring, and which of its buttons it shows."""
    text = server.get(f"/stations/{NAME}", Cookie=server.session(who)).text
    said = re.search(r'id="ring-text"[^>]*>([^<]*)</strong>\s*<span id="ring-left">([^<]*)<', text)
    assert said
    return " · ".join(filter(None, said.groups())), {
        one for one, more in SHOWN.findall(text) if "hidden" not in more
    }


@contextmanager
def stream(server: ConsoleServer, who: str) -> Iterator[HTTPResponse]:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request("GET", f"/events?station={NAME}", headers={"Cookie": server.session(who)})
        yield connection.getresponse()


def wait_ring(response: HTTPResponse, *, is_told: bool) -> Any:
    """The ring of the next row in a stream that tells of one, or of none; a row may be told again."""
    while line := response.readline():
        if line.startswith(b"data:") and b'"rows"' in line:
            ring = json.loads(line[5:])["rows"][0]["ring"]
            if (ring is not None) == is_told:
                return ring
    raise AssertionError("the stream ended")


def test_a_stream_tells_who_rings_and_until_when_and_that_it_is_over(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    with stream(server, "Minh") as response:
        wait_ring(response, is_told=False)
        before_ms = server.call(server.rooms.line_ms)
        assert post(server, "ring", "Lan") == 303
        ring = wait_ring(response, is_told=True)
        assert (ring["by"], ring["outcome"]) == ("Lan", None)
        assert 0 <= ring["until_ms"] - before_ms - LIMITS.ring_us / 1000 < 30_000
        assert post(server, "ring/stop", "Lan") == 303
        wait_ring(response, is_told=False)


def test_a_page_offers_to_call_or_to_stop_and_whoever_looks_on_is_told_who_calls(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    assert page(server, "Lan") == ("", {"begin"})
    assert page(server, "Hoa") == ("", set()), "a doctor calls nobody"
    assert post(server, "ring", "Lan") == 303
    said, buttons = page(server, "Lan")
    assert re.fullmatch(r"bạn đang gọi trạm · còn \d+ s", said)
    assert buttons == {"stop"}
    for who in ("Minh", "Hoa"):
        assert page(server, who) == ("Lan đang gọi trạm", set())
    call = station.press(answers=ring_name(server))
    wait_state(server, call, State.CLAIMED)
    for who in ("Lan", "Minh"):
        assert page(server, who) == ("", set()), "a station with a call is not called"
    assert give(server, call, Input.END, by="Lan")
    assert page(server, "Minh") == ("", {"begin"}), "nobody waits there any more"


def test_a_station_that_declines_or_does_not_answer_is_said_to_have_done_so_for_a_while(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    assert post(server, "ring", "Lan") == 303
    station.tell(HubRang(ring=ring_name(server), outcome="declined", by="Lan"))
    wait_for(
        lambda: told(server) is not None and told(server)["outcome"] is not None, "the word of the station"
    )
    assert page(server, "Lan") == ("Trạm từ chối.", {"begin"})
    assert post(server, "ring", "Lan") == 303
    assert told(server)["outcome"] is None
    server.ahead_s += LIMITS.ring_us / 1e6 + 0.1
    wait_for(lambda: told(server)["outcome"] is not None, "the end of its time")
    assert page(server, "Lan") == ("Trạm không trả lời.", {"begin"})
    server.ahead_s += TOLD_AFTER_US / 1e6
    wait_for(lambda: told(server) is None, "nothing more to be said")


@pytest.mark.parametrize(("outcome", "words"), [("declined", "Trạm từ chối."), (None, "Trạm không trả lời.")])
def test_a_ring_of_a_call_is_told_by_that_call_and_what_came_of_it_by_the_row(
    server: ConsoleServer, station: ConsoleStation, outcome: str | None, words: str
) -> None:
    call = station.press()
    wait_for(lambda: held(server, call) is not None, "the call")
    assert give(server, call, Input.CLAIM, Input.END, Input.PROMISE, by="Lan")
    assert post(server, "ring", "Lan") == 303
    wait_state(server, call, State.CALLING)
    assert told(server) is None
    assert page(server, "Lan") == ("", set())
    if outcome is None:
        server.ahead_s += LIMITS.ring_us / 1e6 + 0.1
    else:
        station.tell(HubRang.model_validate({"ring": ring_name(server), "outcome": outcome, "by": "Lan"}))
    wait_state(server, call, State.CALLBACK)
    assert page(server, "Lan") == (words, {"begin"})


def test_a_ring_of_a_call_that_is_taken_back_came_to_nothing_that_is_said(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    call = station.press()
    wait_for(lambda: held(server, call) is not None, "the call")
    assert give(server, call, Input.CLAIM, Input.END, Input.PROMISE, by="Lan")
    assert post(server, "ring", "Lan") == 303
    wait_state(server, call, State.CALLING)
    assert post(server, "ring/stop", "Lan") == 303
    wait_state(server, call, State.CALLBACK)
    assert told(server) is None


def test_streams_are_woken_for_the_station_when_a_ring_begins_and_when_it_is_stopped(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    woken: list[str | None] = []
    server.call(lambda: server.rooms.listen(woken.append))
    for path, by in (("ring", "Lan"), ("ring/stop", None)):
        woken.clear()
        post(server, path, "Lan")
        ring = told(server)
        assert (ring and ring["by"]) == by
        assert NAME in woken, "the row is told only with the next look around"
