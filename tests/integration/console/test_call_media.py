"""The socket of a call and its photographs: real HTTP, WebSocket, store, ingest; the station is words."""

import asyncio
import hashlib
import json
import random
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from contract.header import Record, parse_record
from contract.ids import CallId, StationId, spool_text
from contract.media import (
    Answer,
    Join,
    Leave,
    MediaSignal,
    Offer,
    PeerMedia,
    PhotoTaken,
    StationMedia,
    TakePhoto,
)
from contract.parts import Content, slice_object
from contract.signals import AnySignal
from hub.calls.table import Input, State
from hub.console.live import SESSION_CHECK_S
from hub.people.accounts import Role
from hub.rooms.page_line import REFUSED_MAX
from hub.rooms.photographs import PhotoState
from tests.integration.console.desk_calls import give, wait_state
from tests.simulators.call_page import PAGE, page_of
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

SETTINGS = """[media]
stun = ["stun:hub.example:3478"]
turn = ["turn:hub.example:3478"]
turn_secret_file = "turn.secret"
"""
OTHER, LEG, NEXT_LEG, PHOTO = "b" * 16, "1" * 16, "2" * 16, "c" * 32
JPEG = random.Random(4).randbytes(9_500)


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


def claimed(server: ConsoleServer, station: ConsoleStation, cookie: str, visit: int = 7) -> CallId:
    station.open_visit(visit)
    call = station.press()
    wait_for(lambda: server.call(lambda: server.rooms.desk.held(call)) is not None, "the call")
    answer = server.post(f"/calls/{call}/claim", Cookie=cookie, Accept="application/json")
    assert answer.status == 200
    return call


def end(server: ConsoleServer, call: CallId, cookie: str) -> None:
    def is_done() -> bool:
        revision = server.call(lambda: server.rooms.desk.held(call)).row.revision
        form = {"revision": str(revision)}  # which grows while a page joins
        return server.post(f"/calls/{call}/end", form, Cookie=cookie, Accept="application/json").status == 200

    wait_for(is_done, "the end")


def told(server: ConsoleServer, call: CallId, kind: type[MediaSignal], **fields: Any) -> Any:
    """Wait until the station was told this."""

    def is_it(station: StationId, signal: AnySignal) -> bool:
        if not isinstance(signal, kind) or station != call.station or signal.call_seq != call.seq:
            return False
        return all(getattr(signal, name) == value for name, value in fields.items())

    return server.wait_signal(is_it)


def count(server: ConsoleServer, call: CallId, kind: type[MediaSignal]) -> int:
    return sum(isinstance(one, kind) and at == call.station for at, one in server.signals)


def says(server: ConsoleServer, call: CallId, kind: type[MediaSignal], **fields: Any) -> None:
    signal = kind.model_validate({"spool": spool_text(call.spool), "call_seq": call.seq, **fields})
    server.signal(call.station, signal)


def offers(server: ConsoleServer, call: CallId, *, page: str = PAGE, leg: str = LEG) -> None:
    says(server, call, Offer, page=page, leg=leg, direction="up", sdp="v=0 station")


def media(server: ConsoleServer, call: CallId, leg: str | None = LEG, **fields: Any) -> None:
    closed = {"camera": "closed", "microphone": "closed", "loudspeaker": "closed"}
    says(server, call, StationMedia, **{**closed, "leg": leg, **fields})


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


def test_a_call_does_not_wait_for_what_the_disk_says_of_photographs(
    server: ConsoleServer,
    station: ConsoleStation,
    cookies: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    station.open_visit(7)
    station.parts(slice_object(JPEG, Content.PHOTOGRAPH, object_id=bytes.fromhex(PHOTO), slice_bytes=9_500))
    wait_photo(server, station, cookies["Lan"], lambda one: one["is_whole"])
    call, media_rooms = claimed(server, station, cookies["Lan"]), server.rooms.media
    is_read, read = asyncio.Event(), media_rooms.photos.shown

    async def read_late(of: StationId) -> list[PhotoState]:
        await is_read.wait()
        return await read(of)

    monkeypatch.setattr(media_rooms.photos, "shown", read_late)
    with page_of(server, call, cookies["Lan"]) as page:
        page.join()
        page.hear("ice")
        offers(server, call)
        page.hear("offer")
        page.say("answer", leg=LEG, sdp="v=0 page")
        told(server, call, Answer)
        server.call(is_read.set)
        assert page.hear("photo")["received"] == 1


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


# Photographs


def photos(server: ConsoleServer, station: ConsoleStation, cookie: str) -> list[dict[str, Any]]:
    answer = server.get(f"/stations/{station.name}/photos", Cookie=cookie, Accept="application/json")
    assert answer.status == 200
    found: list[dict[str, Any]] = json.loads(answer.text)["photos"]
    return found


def wait_photo(
    server: ConsoleServer, station: ConsoleStation, cookie: str, is_so: Callable[[dict[str, Any]], bool]
) -> None:
    def found() -> bool:
        return any(is_so(one) for one in photos(server, station, cookie))

    wait_for(lambda: server.call(lambda: server.rooms.stations.knows(station.records.station)), "the station")
    wait_for(found, "the photograph")


def test_a_photograph_is_asked_for_and_seen_as_it_comes(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    call = claimed(server, station, cookies["Lan"])
    parts = slice_object(JPEG, Content.PHOTOGRAPH, object_id=bytes.fromhex(PHOTO), slice_bytes=1_000)
    address = f"/stations/{station.name}/photos/{PHOTO}"
    with page_of(server, call, cookies["Lan"]) as page:
        page.join()
        page.hear("ice")
        page.say("photo", photo=PHOTO)
        told(server, call, TakePhoto, photo=PHOTO)
        assert server.get(address, Cookie=cookies["Lan"]).status == 404
        says(server, call, PhotoTaken, photo=PHOTO, size_bytes=len(JPEG))
        assert page.hear("photo")["size_bytes"] == len(JPEG)
        station.parts(parts[1:2])
        assert page.hear("photo", received=1)["total"] == 10
        assert server.get(address, Cookie=cookies["Lan"]).status == 204, "the first slice has not come"
        station.parts(parts[:1] + parts[3:4])
        page.hear("photo", received=3)
        answer = server.get(address, Cookie=cookies["Lan"])
        assert (answer.status, answer.data) == (200, JPEG[:2_000])
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["Cache-Control"] == "no-store"
        station.parts(parts)
        page.hear("photo", received=10, text="")
    (state,) = photos(server, station, cookies["Hoa"])
    assert (state["received"], state["is_whole"], state["text"]) == (10, True, "")
    assert server.get(address, Cookie=cookies["Hoa"]).data == JPEG
    assert server.get(address).status == 303
    assert server.get(address, Accept="application/json").status == 401
    with page_of(server, call, cookies["Lan"]) as page:
        page.join(OTHER)
        assert page.hear("photo", received=10)["photo"] == PHOTO


def test_nobody_sees_the_photograph_of_the_person_before(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    station.open_visit(7)
    station.parts(slice_object(JPEG, Content.PHOTOGRAPH, object_id=b"o" * 16, slice_bytes=5_000))
    wait_photo(server, station, cookies["Lan"], lambda one: one["is_whole"])
    address = f"/stations/{station.name}/photos/{(b'o' * 16).hex()}"
    station.close_visit()
    station.open_visit(8)
    wait_for(lambda: photos(server, station, cookies["Lan"]) == [], "the next person")
    assert server.get(address, Cookie=cookies["Lan"], Accept="application/json").status == 404
    call = claimed(server, station, cookies["Lan"], visit=9)
    station.close_visit()
    assert photos(server, station, cookies["Lan"]) == []
    end(server, call, cookies["Lan"])


def test_a_room_does_not_say_again_what_it_knows_of_the_person_before(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    call = claimed(server, station, cookies["Lan"])
    with page_of(server, call, cookies["Lan"]) as page:
        page.join()
        station.parts(slice_object(JPEG, Content.PHOTOGRAPH, object_id=b"o" * 16, slice_bytes=5_000))
        page.hear("photo", received=2)
    station.open_visit(8)
    wait_for(lambda: photos(server, station, cookies["Lan"]) == [], "the next person")
    with page_of(server, call, cookies["Lan"]) as page:
        page.join(OTHER)
        station.parts(slice_object(JPEG, Content.PHOTOGRAPH, object_id=b"n" * 16, slice_bytes=5_000))
        assert page.hear("photo")["photo"] == (b"n" * 16).hex()


def test_parts_that_make_another_thing_are_never_shown_as_a_photograph(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    call = claimed(server, station, cookies["Lan"])
    parts = slice_object(JPEG, Content.PHOTOGRAPH, object_id=bytes.fromhex(PHOTO), slice_bytes=5_000)
    forged = [parts[0], replace(parts[1], data=bytes(len(parts[1].data)))]
    with page_of(server, call, cookies["Lan"]) as page:
        page.join()
        station.parts(forged)
        assert page.hear("photo", received=2)["text"] == "Ảnh bị hỏng trên đường truyền. Hãy chụp lại."
    (state,) = photos(server, station, cookies["Lan"] + "; haidang_lang=en")
    assert (state["is_whole"], state["text"]) == (
        False,
        "The photograph was damaged on the way. Take another.",
    )
    answer = server.get(f"/stations/{station.name}/photos/{PHOTO}", Cookie=cookies["Lan"])
    assert answer.status == 409
    other = slice_object(JPEG[::-1], Content.PHOTOGRAPH, object_id=bytes.fromhex(PHOTO), slice_bytes=5_000)
    station.parts(other)  # another object under the same name: the last one counts
    wait_photo(server, station, cookies["Lan"], lambda one: one["is_whole"])


def test_the_hub_keeps_a_photograph_sealed_as_it_came(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    station.open_visit(3)
    station.parts(slice_object(JPEG, Content.PHOTOGRAPH, object_id=b"s" * 16, slice_bytes=9_500))
    wait_photo(server, station, cookies["Lan"], lambda one: one["is_whole"])
    on_disk = b"".join(path.read_bytes() for path in server.config.store_folder.rglob("*") if path.is_file())
    assert JPEG[:64] not in on_disk
    sealed = [parse_record(raw) for raw in station.records.sent.values()]
    assert any(isinstance(one, Record) and one.body in on_disk for one in sealed)


def test_a_station_that_does_not_answer_a_wish_for_a_photograph_is_named_to_the_page(
    server: ConsoleServer, station: ConsoleStation, cookies: dict[str, str]
) -> None:
    call = claimed(server, station, cookies["Lan"])
    with page_of(server, call, cookies["Lan"]) as page:
        page.join()
        page.hear("ice")
        page.say("photo", photo=PHOTO)
        told(server, call, TakePhoto, photo=PHOTO)
        server.ahead_s += 61.0
        assert page.hear("photo")["text"] == "Trạm chưa trả lời: chưa có ảnh."


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
