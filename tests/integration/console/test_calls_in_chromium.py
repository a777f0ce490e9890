"""Calls as an operator meets them: a real browser on real pages."""

import re

import pytest
from playwright.sync_api import Page, expect

from contract.signals import CallState
from tests.browser import wait_until
from tests.simulators.console_server import PASSWORD, ConsoleServer
from tests.simulators.console_station import ConsoleStation


def test_an_operator_logs_in_with_the_keyboard_alone_and_sees_the_stations(
    server: ConsoleServer, browser_page: Page
) -> None:
    browser_page.context.clear_cookies()
    browser_page.goto(server.url)
    expect(browser_page.locator("input[name=name]")).to_be_focused()
    browser_page.keyboard.type("Lan")
    browser_page.keyboard.press("Tab")
    browser_page.keyboard.type(PASSWORD)
    browser_page.keyboard.press("Enter")
    expect(browser_page.locator("#fleet tbody th")).to_have_text(["Trạm Y tế Côn Đảo", "Trạm Y tế Lý Sơn"])
    browser_page.get_by_role("button", name="Đăng xuất").press("Enter")
    expect(browser_page).to_have_url(re.compile("/login$"))


@pytest.mark.parametrize("path", ["/", "/calls", "/stations/ly-son", "/stations/con-dao-01"])
def test_a_call_rings_on_every_page_and_one_key_answers_it(
    server: ConsoleServer, station: ConsoleStation, page: Page, path: str
) -> None:
    page.goto(server.url + path)
    page.keyboard.press("a")  # the gesture that a browser wants before it sounds
    call = station.press(waited_s=65.0)
    ring = page.locator(".ring")
    expect(ring).to_contain_text("Trạm Y tế Côn Đảo")
    expect(ring).to_contain_text("gọi cách đây 1 phút")
    expect(ring.locator("kbd")).to_have_text("F2")
    wait_until(page, "document.body.console.ring.isRunning")
    told = server.wait_signal(
        lambda _, one: isinstance(one, CallState) and (one.call_seq, one.state) == (call.seq, "ringing")
    )
    assert isinstance(told, CallState)
    page.keyboard.press("F2")
    expect(page).to_have_url(f"{server.url}/stations/con-dao-01")
    expect(page.locator("#callbar")).to_contain_text("bạn đang trả lời")
    wait_until(page, "document.body.feed?.isOpen")
    expect(page.locator(".ring")).to_have_count(0)
    expect(page.locator("#callbar [data-deed=end]")).to_be_visible()
    page.keyboard.press("k")
    expect(page.locator("#callbar")).to_contain_text("bạn chưa ghi xong biên bản")
    assert [one["state"] for one in server.call(server.rooms.calls)] == ["WRAP_UP"]


def test_the_key_answers_from_inside_a_field_and_the_other_keys_only_type_there(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    page.evaluate("document.querySelector('main').append(document.createElement('textarea'))")
    field = page.locator("main textarea")
    field.focus()
    page.keyboard.type("nhịp đều, không khó thở? ")
    station.press()
    expect(page.locator(".ring")).to_have_count(1)
    page.keyboard.type("khg yn")
    expect(field).to_have_value("nhịp đều, không khó thở? khg yn")
    expect(page.locator(".chooser")).to_have_count(0)
    page.keyboard.press("F2")
    expect(page).to_have_url(f"{server.url}/stations/con-dao-01")


def test_the_others_are_told_who_answered_and_stop_ringing(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    page.keyboard.press("a")
    call = station.press()
    expect(page.locator(".ring")).to_have_count(1)
    server.post(f"/calls/{call}/claim", Cookie=server.session("Minh"))
    expect(page.locator(".ring")).to_have_count(0)
    wait_until(page, "!document.body.console.ring.isRunning")
    expect(page.locator("tr[data-station='con-dao-01'] .call")).to_contain_text("Minh đang trả lời")
    page.goto(f"{server.url}/stations/con-dao-01")
    expect(page.locator("#callbar")).to_contain_text("Minh đang trả lời")
    expect(page.locator("#callbar button")).to_have_count(0)
    page.keyboard.press("k")
    assert server.call(server.rooms.calls)[0]["owner"] == "Minh"


def test_who_is_in_a_call_must_press_twice_to_leave_it_for_another(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    other = ConsoleStation(server, "ly-son", spool=0xB0C6)
    page.keyboard.press("a")
    first = station.press()
    expect(page.locator(".ring")).to_have_count(1)
    page.keyboard.press("F2")
    expect(page.locator("#callbar")).to_contain_text("bạn đang trả lời")
    second = other.press()
    expect(page.locator(".ring")).to_have_count(1)
    page.keyboard.press("F2")
    expect(page.locator("#told")).to_contain_text("Trạm Y tế Côn Đảo sẽ không nghe thấy bạn nữa")
    owners = {call["id"]: call["owner"] for call in server.call(server.rooms.calls)}
    assert owners == {str(first): "Lan", str(second): None}
    page.keyboard.press("F2")
    expect(page).to_have_url(f"{server.url}/stations/ly-son")


def test_a_ring_stays_in_sight_however_far_the_page_is_scrolled(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    page.keyboard.press("a")
    station.press()
    expect(page.locator(".ring")).to_have_count(1)
    page.evaluate("document.querySelector('main').style.minHeight = '3000px'")
    page.evaluate("window.scrollTo(0, 2000)")
    wait_until(page, "window.scrollY > 1000")
    expect(page.locator(".ring")).to_be_in_viewport()
