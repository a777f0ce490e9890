"""Photographs of a call: asked for, seen as they come, and never those of the person before."""

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from contract.header import Record, parse_record
from contract.ids import StationId
from contract.media import (
    Answer,
    PhotoTaken,
    TakePhoto,
)
from contract.parts import Content, slice_object
from hub.people.accounts import Role
from hub.rooms.photographs import PhotoState
from tests.integration.console.media_calls import (
    JPEG,
    LEG,
    OTHER,
    PHOTO,
    SETTINGS,
    claimed,
    end,
    offers,
    photos,
    says,
    told,
    wait_photo,
)
from tests.simulators.call_page import page_of
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
