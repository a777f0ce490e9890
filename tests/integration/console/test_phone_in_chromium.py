"""A doctor away from a desk, a phone in one hand: comes into a call, looks, and leaves it by the thumb."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from hub.calls.call import Given
from hub.calls.table import Input
from hub.people.accounts import Role
from tests.browser import chromium, chromium_page, observe_until
from tests.simulators.answered_call import answered
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

from .conftest import finish

WIDTH, HEIGHT = 390, 844
THUMB_FROM_PX: Final = HEIGHT * 0.6  # the rest is out of reach of the hand that holds it
TOUCH_PX: Final = 48
DOCTOR: Final = "BS An"


@pytest.fixture(scope="module", autouse=True)
def one_browser() -> Iterator[None]:
    with chromium():
        yield


@pytest.fixture
def phone(server: ConsoleServer) -> Iterator[Page]:
    """The doctor's, at the list of stations."""
    server.account(DOCTOR, Role.DOCTOR)
    with chromium_page(size=(WIDTH, HEIGHT), allow=r"ERR_|WebSocket|409 \(Conflict\)") as phone:
        name, _, value = server.session(DOCTOR).partition("=")
        phone.context.add_cookies([{"name": name, "value": value, "url": server.url, "sameSite": "Lax"}])
        phone.goto(server.url)
        observe_until(phone, "document.body.console !== undefined")
        yield phone


def in_reach(buttons: Locator) -> None:
    """Each can be pressed with the thumb: large enough, and far enough below."""
    expect(buttons.first).to_be_visible()
    for one in buttons.all():
        box = one.bounding_box()
        assert box is not None and box["height"] >= TOUCH_PX and box["width"] >= TOUCH_PX, one.inner_text()
        assert box["y"] >= THUMB_FROM_PX and box["y"] + box["height"] <= HEIGHT, one.inner_text()
        assert box["x"] >= 0 and box["x"] + box["width"] <= WIDTH, one.inner_text()


def test_a_doctor_comes_into_a_call_looks_and_leaves_with_the_thumb_of_one_hand(
    server: ConsoleServer, station: ConsoleStation, phone: Page
) -> None:
    station.open_visit(60)
    call = answered(server, station)
    desk = server.rooms.desk
    asked = server.run(lambda: desk.give(call, Given(input=Input.INVITE, by="Lan", to=DOCTOR)))
    assert asked.is_done, asked.why
    in_reach(phone.locator("#asked button"))
    phone.locator("#asked button").first.click()
    phone.wait_for_url("**/stations/con-dao-01")
    leave = phone.locator("#callbar [data-deed=end]")
    expect(leave).to_contain_text("Rời cuộc gọi")
    in_reach(phone.locator("#callbar button"))

    phone.evaluate("scrollTo(0, document.body.scrollHeight)")
    in_reach(phone.locator("#callbar button"))
    foot, bar = phone.locator(".foot a").last.bounding_box(), phone.locator("#callbar").bounding_box()
    assert foot is not None and bar is not None and foot["y"] + foot["height"] <= bar["y"]

    leave.click()

    def is_gone() -> bool:
        held = server.call(lambda: desk.held(call))
        return held is not None and held.call.guest(DOCTOR) is None

    wait_for(is_gone, "the doctor to have left")
    expect(phone.locator("#callbar [data-deed=end]")).to_be_hidden()
    phone.goto("about:blank")
    finish(server, str(call))
