"""The socket of a call: real HTTP, WebSocket, store, ingest; the station is words."""

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from contract.media import (
    Answer,
    Join,
    Leave,
    Offer,
    PeerMedia,
    TakePhoto,
)
from hub.calls.table import Input, State
from hub.console.live import SESSION_CHECK_S
from hub.people.accounts import Role
from hub.rooms.page_line import REFUSED_MAX
from tests.integration.console.desk_calls import give, wait_state
from tests.integration.console.media_calls import (
    LEG,
    NEXT_LEG,
    OTHER,
    PHOTO,
    SETTINGS,
    claimed,
    count,
    end,
    media,
    offers,
    says,
    told,
)
from tests.simulators.call_page import PAGE, page_of
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    folder = tmp_path_factory.mktemp("media")
    (folder / "turn.secret").write_text("hai dang", encoding="utf-8")
    with ConsoleServer(folder, settings=SETTINGS) as server:
        for name in ("Lan", "Minh"):
            server.account(name)
        server.account("Hoa", Role.DOCTOR)
        yield server


@pytest.fixture(scope="module")
def cookies(server: ConsoleServer) -> dict[str, str]:
    return {name: server.session(name) for name in ("Lan", "Minh", "Hoa")}


@pytest.fixture
def station(server: ConsoleServer, request: pytest.FixtureRequest) -> ConsoleStation:
    name = hashlib.sha256(request.node.name.encode()).hexdigest()[:8]  # one of its own, without a past
    return ConsoleStation(server, f"s-{name}", spool=int(name, 16) + 1)


def test_a_call_s_media_are_its_owner_s_alone(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    call = claimed(server, station, cookies["Lan"])
    for cookie, origin in (
        (cookies["Lan"], "https://evil.example"),
        ("haidang=" + "x" * 43, None),
    ):
        with pytest.raises(InvalidStatus) as refused, page_of(server, call, cookie, origin=origin):
            pass
        assert refused.value.response.status_code == 403
    for name in ("Minh", "Hoa"):
        with page_of(server, call, cookies[name]) as page:
            assert page.hear("ended")
            assert page.is_closed()
    with page_of(server, call._replace(seq=999), cookies["Lan"]) as page:
        assert page.hear("ended")
    with page_of(server, call, cookies["Lan"]) as page:
        page.join()
        assert page.hear("ice")


def test_page_and_station_find_one_another_through_the_hub(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    call = claimed(server, station, cookies["Lan"])
    with page_of(server, call, cookies["Lan"]) as page:
        page.join()
        servers = page.hear("ice")["servers"]
        assert servers[0] == {"urls": ["stun:hub.example:3478"]}
        assert servers[1]["username"].endswith(f":{call.station}")
        join = told(server, call, Join, page=PAGE)
        assert join.ice[1].credential == servers[1]["credential"]
        offers(server, call)
        assert page.hear("offer") == {"type": "offer", "leg": LEG, "sdp": "v=0 station"}
        page.say("answer", leg=LEG, sdp="v=0 page")
        page.say("offer", leg=LEG, sdp="v=0 page down")
        assert told(server, call, Answer).direction == "up"
        assert told(server, call, Offer).direction == "down"
        says(server, call, Answer, page=PAGE, leg=LEG, direction="down", sdp="v=0 station down")
        assert page.hear("answer")["sdp"] == "v=0 station down"
        media(server, call, camera="open", is_connected=True, target_bps=123_456)
        assert page.hear("media")["target_bps"] == 123_456
        end(server, call, cookies["Lan"])
        assert page.hear("ended")
        assert page.is_closed()
    told(server, call, Leave, page=PAGE)


def test_the_desk_hears_that_the_page_is_there_that_packets_pass_and_that_they_stopped(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    close_page = server.call(lambda: server.rooms.open_page("Lan"))
    call = claimed(server, station, cookies["Lan"])
    with page_of(server, call, cookies["Lan"]) as page:
        page.join()
        assert page.hear("stage")["stage"] == "direct"
        wait_state(server, call, State.CONNECTING)
        page.say("flow", heard=True, said=True)
        wait_state(server, call, State.ACTIVE)
        server.ahead_s += 3.1
        wait_state(server, call, State.DROPPED)
        page.say("flow", heard=True, said=True)
        wait_state(server, call, State.ACTIVE)
        assert give(server, call, Input.HOLD, by="Lan")
        assert page.hear("waiting")["reason"] == "held"
        told(server, call, Leave, page=PAGE)
        assert give(server, call, Input.RESUME, by="Lan")
        page.hear("ice")
        wait_state(server, call, State.CONNECTING)
        assert give(server, call, Input.PARK, by="Lan")
        assert page.hear("ended")["reason"] == "parked"
        assert page.is_closed()
    server.call(close_page)


def test_of_two_pages_the_last_has_the_call(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    call = claimed(server, station, cookies["Lan"])
    with page_of(server, call, cookies["Lan"]) as first, page_of(server, call, cookies["Lan"]) as second:
        first.join()
        first.hear("ice")
        second.join(OTHER)
        assert first.hear("taken")
        assert first.is_closed()
        told(server, call, Join, page=OTHER)
        offers(server, call, page=OTHER)
        assert second.hear("offer")
    assert count(server, call, Leave) <= 1


def test_a_call_that_is_let_go_takes_the_media_from_its_owner(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    call = claimed(server, station, cookies["Lan"])
    with page_of(server, call, cookies["Lan"]) as page:
        page.join()
        page.hear("ice")
        station.step(call, "cancelled")
        assert page.hear("ended")
    told(server, call, Leave, page=PAGE)


def test_what_cannot_be_used_is_told_and_the_socket_stays_until_there_is_no_end_of_it(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    call = claimed(server, station, cookies["Lan"])
    with page_of(server, call, cookies["Lan"]) as page:
        page.say("answer", leg=LEG, sdp="v=0")
        assert "before 'join'" in page.hear("refused")["text"]
        page.socket.send("{")
        page.socket.send(b"bytes")
        page.say("dance")
        for _ in range(3):
            page.hear("refused")
        page.join()
        page.hear("ice")
        page.say("answer", leg=NEXT_LEG, sdp="v=0")  # of no leg of ours: late, and nothing happens
        for _ in range(REFUSED_MAX - 4):
            page.socket.send("{")
        assert page.is_closed()
    told(server, call, Leave, page=PAGE)
    assert count(server, call, Answer) == 0


def test_a_page_that_never_stops_talking_is_let_go_when_its_session_ends(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    call, session = claimed(server, station, cookies["Lan"]), server.session("Lan")
    with page_of(server, call, session) as page:
        page.join()
        page.hear("ice")
        before = count(server, call, PeerMedia)
        assert server.post("/logout", {"anyway": "1"}, Cookie=session).status == 303
        server.ahead_s += SESSION_CHECK_S
        page.say("peer", microphone="off", camera="off")
        assert page.is_closed()
        assert count(server, call, PeerMedia) == before
    told(server, call, Leave, page=PAGE)


def test_a_page_whose_socket_fell_is_waited_for_and_one_that_closes_is_not(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    call = claimed(server, station, cookies["Lan"])
    with page_of(server, call, cookies["Lan"]) as page:
        page.join()
        page.hear("ice")
        offers(server, call)
        page.hear("offer")
        page.socket.socket.shutdown(socket.SHUT_RDWR)  # without a word
    with page_of(server, call, cookies["Lan"]) as page:
        page.join(leg=LEG)
        page.hear("ice")
        assert count(server, call, Leave) == 0
        told(server, call, Join, page=PAGE, leg=LEG)
        media(server, call, is_connected=True)
        page.hear("media")
    told(server, call, Leave, page=PAGE)


def test_what_was_not_said_while_the_broker_was_away_is_said_when_it_is_back(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    call = claimed(server, station, cookies["Lan"])
    with page_of(server, call, cookies["Lan"]) as page:
        server.set_broker(is_there=False)
        page.join()
        page.hear("ice")
        assert count(server, call, Join) == 0
        server.set_broker(is_there=True)
        server.ahead_s += 2.0
        told(server, call, Join, page=PAGE)
        offers(server, call)
        page.hear("offer")
        station.hello(open_call=call.seq)  # the station connects anew: what it missed is said again
        told(server, call, Join, page=PAGE, leg=LEG)


def test_the_hub_dies_and_returns_and_the_leg_that_lives_goes_on(tmp_path: Path) -> None:
    with ConsoleServer(tmp_path) as first:
        first.account("Lan")
        cookie, port = first.session("Lan"), first.port
        station = ConsoleStation(first, "con-dao-01")
        call = claimed(first, station, cookie)
        with page_of(first, call, cookie) as page:
            page.join()
            page.hear("ice")
            offers(first, call)
            page.hear("offer")
    with ConsoleServer(tmp_path, port=port) as second:
        media(second, call, is_connected=True)  # the station knows nothing of all that
        with page_of(second, call, cookie) as page:
            page.join(leg=LEG)
            page.hear("ice")
            assert told(second, call, Join, page=PAGE).leg == LEG
            media(second, call, is_connected=True, camera="open")
            assert page.hear("media", camera="open")["is_connected"] is True
            page.say("renew", leg=LEG)
            offers(second, call, leg=NEXT_LEG)
            assert page.hear("offer")["leg"] == NEXT_LEG
            assert count(second, call, Leave) == 0


def test_what_is_not_a_station_s_to_say_is_refused_at_the_door(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    call = claimed(server, station, cookies["Lan"])

    def refused() -> int:
        counts = server.call(lambda: server.rooms.hub.ingest_state().refused_counts)
        return int(counts.get("wrong_topic", 0))

    before = refused()
    says(server, call, Leave, page=PAGE)
    says(server, call, TakePhoto, photo=PHOTO)
    station.status()  # counts are summed up with the next commit
    wait_for(lambda: refused() == before + 2, "two refusals")
