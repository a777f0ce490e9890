"""Picture and voice while a call is held, given to a guest, or tried by another way: in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from hub.calls.call import Given
from hub.calls.table import Input, State
from tests.browser import chromium, chromium_page, observe, observe_until
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation
from tests.simulators.media_line import MediaLine
from tests.simulators.media_station import MediaStation

from .conftest import finish

COUNTS = "document.body.call?.counts"
CONNECTED = "document.body.call?.phase === 'connected'"
HEARD = f"{CONNECTED} && {COUNTS}?.heardLevel > 0.02"
SEEN = f"{COUNTS}?.framesDecoded > 5"
WAITS = "document.body.call?.phase === 'waiting'"
SILENT = "document.body.call?.own.voice === null && document.body.call?.leg === null"


@pytest.fixture(scope="module", autouse=True)
def one_browser() -> Iterator[None]:
    with chromium():
        yield


@pytest.fixture
def talk(server: ConsoleServer, station: ConsoleStation, page: Page) -> Iterator[MediaStation]:
    """Lan has answered a call of con-dao-01, and both hear each other."""
    call = station.press()
    with MediaLine(server, call) as line:
        observe_until(page, f"document.querySelector('.ring[data-call=\"{call}\"]') !== null")
        page.keyboard.press("F2")
        page.wait_for_url(re.compile("/stations/con-dao-01$"))
        observe_until(page, f"{HEARD} && {SEEN}")
        yield line.station
        page.goto("about:blank")
        finish(server, str(call))


def state(server: ConsoleServer) -> str:
    return str(server.call(server.rooms.calls)[0]["state"])


def give(server: ConsoleServer, given: Given) -> None:
    call_id = server.call(lambda: server.rooms.desk.open_calls()[0].call_id)
    moved = server.run(lambda: server.rooms.desk.give(call_id, given))
    assert moved.is_done, moved.why


def test_a_call_is_active_once_both_hear_each_other_and_says_so_when_the_line_breaks_off(
    server: ConsoleServer, page: Page, talk: MediaStation
) -> None:
    wait_for(lambda: state(server) == "ACTIVE", "packets both ways")
    talk.answers_renewals = False
    talk.cut()
    wait_for(lambda: state(server) == "DROPPED", "the word that nothing comes any more")
    expect(page.locator("#callbar")).to_contain_text("tự nối lại, còn ")
    expect(page.locator("#call-state")).to_have_text("mất đường truyền, đang nối lại")
    talk.begin_leg()
    wait_for(lambda: state(server) == "ACTIVE", "the same call, resumed")


def test_a_call_that_is_held_has_neither_voice_nor_picture_and_goes_on_where_it_was(
    server: ConsoleServer, page: Page, talk: MediaStation
) -> None:
    talk.wait_voice()
    page.keyboard.press("h")
    observe_until(page, f"{WAITS} && {SILENT}")
    expect(page.locator("#callbar")).to_contain_text("bạn đang giữ máy")
    expect(page.locator("#call-state")).to_contain_text("micrô và hình ở trang này đã tắt")
    page.keyboard.press("h")
    observe_until(page, f"{HEARD} && {SEEN}")
    talk.wait_voice()
    wait_for(lambda: state(server) == "ACTIVE", "packets both ways again")


def test_a_guest_has_picture_and_voice_when_the_word_is_given_and_only_then(
    server: ConsoleServer, page: Page, talk: MediaStation
) -> None:
    with chromium_page(allow=r"ERR_|WebSocket|409 \(Conflict\)") as second:
        cookie, _, token = server.session("Minh").partition("=")
        session = {"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}
        second.context.add_cookies([session])  # type: ignore[list-item]
        second.goto(f"{server.url}/stations/con-dao-01")
        give(server, Given(input=Input.ASK, by="Lan", to="Minh", kind="second"))
        give(server, Given(input=Input.SECONDED, by="Minh"))
        observe_until(second, f"{WAITS} && {SILENT}")
        expect(second.locator("#call-state")).to_contain_text("Lan đang nói với trạm")
        page.keyboard.press("v")
        observe_until(second, f"{HEARD} && {SEEN}")
        observe_until(page, f"{WAITS} && {SILENT}")
        expect(page.locator("#callbar")).to_contain_text("Minh đang nói với trạm")
        talk.wait_voice()
        page.keyboard.press("v")
        observe_until(page, HEARD)
        observe_until(second, f"{WAITS} && {SILENT}")
        second.keyboard.press("k")
        observe_until(second, "document.body.call === null")
        assert state(server) != State.WRAP_UP.name


def test_a_way_that_does_not_stand_in_time_is_followed_by_one_without_a_picture(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    call = station.press()
    with MediaLine(server, call) as line:
        line.cut()  # what the station offers does not come
        observe_until(page, f"document.querySelector('.ring[data-call=\"{call}\"]') !== null")
        page.keyboard.press("F2")
        page.wait_for_url(re.compile("/stations/con-dao-01$"))
        wait_for(lambda: state(server) == "CONNECTING", "the page")
        expect(page.locator("#callbar")).to_contain_text("đang nối thẳng")
        give(server, Given(input=Input.DUE))
        expect(page.locator("#callbar")).to_contain_text("đang nối, chỉ tiếng")
        line.connect(server)
        line.station.begin_leg()  # a station offers again what is not answered
        observe_until(page, HEARD)
        line.station.wait_voice()
        wait_for(lambda: state(server) == "ACTIVE", "packets both ways")
        assert observe(page, f"{COUNTS}.framesDecoded") == 0
        assert "m=video 0 " in line.station.leg.up.remoteDescription.sdp or re.search(
            r"m=video[^\r\n]*(?:(?!m=)[\s\S])*a=inactive", line.station.leg.up.remoteDescription.sdp
        )
        expect(page.locator("#call-no-picture")).to_have_text("chỉ có tiếng")
        expect(page.locator("#call-state")).to_have_text("đã nối")
        page.keyboard.press("i")
        observe_until(page, f"{HEARD} && {SEEN}")
        expect(page.locator("#call-no-picture")).to_be_hidden()
        line.station.wait_voice()
        wait_for(lambda: state(server) == "ACTIVE", "the voice again")
        expect(page.locator("#call-again")).to_be_hidden()
        page.goto("about:blank")
        finish(server, str(call))
