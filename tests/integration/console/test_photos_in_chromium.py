"""Whose photographs a station's page shows: those of the person who is there now, and nobody else's."""

import itertools
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from contract.ids import CallId
from contract.parts import Content, slice_object
from tests.browser import chromium, observe_until, wait_until
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ConsoleStation

from .test_call_media_in_chromium import claim, jpeg

THUMBNAILS = "#photo-list li"
IN_CALL = "document.body.call?.isHubThere"
VISITS = itertools.count(11)  # a box never gives a number twice


@pytest.fixture(scope="module", autouse=True)
def one_browser() -> Iterator[None]:
    with chromium():
        yield


@pytest.fixture
def call(station: ConsoleStation, page: Page) -> Iterator[CallId]:
    """Lan has answered a call of con-dao-01 in a visit."""
    station.open_visit(next(VISITS))
    call = station.press()
    claim(page, call)
    wait_until(page, f"{IN_CALL} && document.body.feed?.view?.visit != null")
    yield call
    station.close_visit()


def next_person(station: ConsoleStation, page: Page) -> None:
    """Return when the page shows another visit."""
    before = page.locator("#visit").inner_text()
    station.open_visit(next(VISITS))
    expect(page.locator("#visit")).not_to_have_text(before)


def send(station: ConsoleStation, photo: str) -> None:
    """The whole photograph comes, of the station's visit of now."""
    station.parts(
        slice_object(jpeg(320, 240), Content.PHOTOGRAPH, object_id=bytes.fromhex(photo), slice_bytes=8_000)
    )


def take(station: ConsoleStation, page: Page) -> str:
    """Ask for a photograph in the call, and have it come; return its name."""
    page.keyboard.press("p")
    photo = str(page.evaluate("[...document.body.call.photos.keys()].at(-1)"))
    send(station, photo)
    expect(page.locator(f"[data-photo='{photo}']")).to_have_class("is-whole")
    expect(page.locator(f"[data-photo='{photo}'] small")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    return photo


def expect_only(page: Page, photo: str) -> None:
    """This photograph is shown, and no other."""
    expect(page.locator(f"[data-photo='{photo}']")).to_have_class("is-whole")
    expect(page.locator(THUMBNAILS)).to_have_count(1)


def test_a_photograph_of_the_call_goes_with_its_person_and_the_hub_does_not_bring_it_back(
    station: ConsoleStation, page: Page, call: CallId
) -> None:
    take(station, page)
    next_person(station, page)
    expect(page.locator(THUMBNAILS)).to_have_count(0)
    own = take(station, page)
    expect_only(page, own)
    page.reload()  # the hub says again what the call has had
    wait_until(page, IN_CALL)
    expect_only(page, own)
    page.keyboard.press("k")
    expect(page.locator("#call")).to_be_hidden()
    expect_only(page, own)  # of the visit under way, with or without the call
    next_person(station, page)
    expect(page.locator(THUMBNAILS)).to_have_count(0)
    second = station.press()
    claim(page, second)
    wait_until(page, IN_CALL)
    expect_only(page, take(station, page))


def test_a_call_of_the_person_before_shows_the_photographs_of_the_person_who_is_there(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    station.open_visit(next(VISITS))
    send(station, "21" * 16)
    call = station.press()
    station.open_visit(next(VISITS))
    send(station, "22" * 16)
    claim(page, call)
    wait_until(page, IN_CALL)
    expect_only(page, "22" * 16)
    address, cookie = f"/stations/{station.name}/photos", server.session("Lan")
    assert server.get(f"{address}/{'21' * 16}", Cookie=cookie, Accept="application/json").status == 404
    station.close_visit()


def test_what_was_asked_for_and_has_not_come_goes_with_the_call(
    station: ConsoleStation, page: Page, call: CallId
) -> None:
    page.keyboard.press("p")
    expect(page.locator(THUMBNAILS)).to_contain_text("đang chụp")
    page.keyboard.press("k")
    expect(page.locator("#call")).to_be_hidden()
    expect(page.locator(THUMBNAILS)).to_have_count(0)


def test_what_the_call_says_late_of_the_person_before_is_not_shown(
    station: ConsoleStation, page: Page, call: CallId
) -> None:
    before = take(station, page)
    next_person(station, page)
    late = {"type": "photo", "photo": before, "received": 1, "total": 1, "size_bytes": 9, "text": ""}
    with page.expect_response("**/photos"):  # the hub's list, which has it not
        page.evaluate("late => document.body.call._receive(late)", late)
    expect_only(page, take(station, page))


def test_an_open_photograph_makes_way_for_a_call_that_rings_and_goes_with_its_person(
    server: ConsoleServer, station: ConsoleStation, page: Page, call: CallId
) -> None:
    full = page.locator("#photo-full")
    photo = take(station, page)
    page.locator(f"[data-photo='{photo}'] button").click()
    expect(full).to_be_visible()
    other = ConsoleStation(server, "ly-son").press()
    observe_until(page, f"document.querySelector('.ring[data-call=\"{other}\"]') !== null")
    expect(full).to_be_hidden()
    page.locator(f"[data-photo='{photo}'] button").click()
    expect(full).to_be_visible()
    next_person(station, page)
    expect(full).to_be_hidden()
