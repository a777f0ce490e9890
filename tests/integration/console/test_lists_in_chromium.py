"""Lists that somebody owns, by the keyboard alone; and a link that works once, in two browsers."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from contract.ids import CallId
from contract.signals import RingStation
from hub.calls.call import Given
from hub.calls.table import Input, State
from tests.browser import chromium_page, wait_until
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

SPOOLS = iter(range(0xD000, 0xE000))


@pytest.fixture
def box(server: ConsoleServer) -> ConsoleStation:
    return ConsoleStation(server, "con-dao-01", spool=next(SPOOLS))


@pytest.fixture
def minh(server: ConsoleServer, browser_page: Page) -> Iterator[Page]:
    """Another operator, in a browser context of his own."""
    with chromium_page(allow=r"ERR_INCOMPLETE_CHUNKED|409 \(Conflict\)|404 \(Not Found\)") as page:
        cookie, _, token = server.session("Minh").partition("=")
        page.context.add_cookies([{"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}])
        yield page


def held(server: ConsoleServer, call: CallId) -> Any:
    return server.call(lambda: server.rooms.desk.held(call))


def give(server: ConsoleServer, call: CallId, *inputs: Input | Given) -> None:
    async def give_all() -> None:
        for one in inputs:
            given = one if isinstance(one, Given) else Given(input=one, by="Lan")
            moved = await server.rooms.desk.give(call, given)
            assert moved.is_done, moved.why

    server.run(give_all)


def owed(server: ConsoleServer, box: ConsoleStation) -> CallId:
    """A call that Lan owes the station."""
    call = box.press()
    wait_for(lambda: held(server, call) is not None, f"{call} to be open")
    give(server, call, Input.CLAIM, Input.END, Input.PROMISE)
    return call


def row(page: Page, call: CallId, field: str = "") -> Any:
    return page.locator(f'tr[data-call="{call}"] {field}')


def test_a_shift_is_handed_over_and_taken_by_the_keyboard_alone(
    page: Page, server: ConsoleServer, box: ConsoleStation, minh: Page
) -> None:
    call = owed(server, box)
    minh.goto(f"{server.url}/handover")
    page.goto(f"{server.url}/handover")
    expect(row(page, call)).to_be_visible()
    wait_until(page, "() => document.body.console")
    focus(page, "input[type=text]")
    page.keyboard.type("gọi lại lúc 15 giờ, hỏi SpO2")
    box.press(nudges=call.seq)  # it rings, so its row goes; when it is back, what was typed is there
    wait_for(lambda: held(server, call).row.nudges == 1, "the nudge")
    expect(row(page, call)).to_have_count(0)
    give(server, call, *back(server, call))
    wait_until(page, f"() => document.querySelector('tr[data-call=\"{call}\"] input[type=text]')?.value")
    focus(page, "input[type=text]")
    page.keyboard.press("Enter")
    expect(page.locator("#told")).to_contain_text("vẫn là của bạn")
    assert held(server, call).call.owner == "Lan"
    expect(row(minh, call)).to_contain_text("Lan: gọi lại lúc 15 giờ, hỏi SpO2")
    expect(row(minh, call, ".due")).to_contain_text("gọi lại lần đầu trong")
    minh.keyboard.press("y")
    wait_for(lambda: held(server, call).call.owner == "Minh", "Minh to own it")
    expect(row(page, call)).to_have_count(0)
    minh.goto(f"{server.url}/handover/history")
    expect(minh.locator("table.history")).to_contain_text(re.compile("Lan.*Minh.*hỏi SpO2", re.DOTALL))


def back(server: ConsoleServer, call: CallId) -> tuple[Input | Given, ...]:
    """What makes a call Lan's callback again, after a press."""
    wait_for(lambda: held(server, call).state is not State.CALLBACK, "the call to ring again")
    return (Input.CLAIM, Input.END, Input.PROMISE)


def focus(page: Page, selector: str) -> None:
    """Go there by Tab, as somebody without a mouse does."""
    for _ in range(40):
        if page.evaluate(f"() => document.activeElement?.matches('#mine-to-give {selector}') ?? false"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab")


def test_the_next_shift_takes_all_by_one_key(
    page: Page, server: ConsoleServer, box: ConsoleStation, minh: Page
) -> None:
    calls = [owed(server, ConsoleStation(server, "con-dao-01", spool=next(SPOOLS))) for _ in range(3)]
    ask = [Given(input=Input.ASK, by="Lan", to="*", kind="handover")]
    for call in calls:
        give(server, call, *ask)
    minh.goto(f"{server.url}/handover")
    expect(minh.locator("tr[data-for=me]")).to_have_count(3)
    wait_until(minh, "() => document.body.console")
    minh.keyboard.press("a")
    wait_for(lambda: {held(server, one).call.owner for one in calls} == {"Minh"}, "Minh to own all")


def test_the_list_of_calls_is_worked_off_by_keys(
    page: Page, server: ConsoleServer, box: ConsoleStation, minh: Page
) -> None:
    first, second = owed(server, box), owed(server, ConsoleStation(server, "ly-son", spool=next(SPOOLS)))
    minh.goto(f"{server.url}/calls")
    wait_until(minh, "() => document.body.console")
    expect(row(minh, second)).to_be_visible()
    minh.keyboard.press("ArrowDown")
    expect(row(minh, first)).to_be_focused()
    minh.keyboard.press("ArrowDown")
    expect(row(minh, second)).to_be_focused()
    minh.keyboard.press("t")
    wait_for(lambda: held(server, second).call.owner == "Minh", "Minh to take it")
    expect(row(minh, second)).to_contain_text("bạn sẽ gọi lại")
    expect(row(minh, second)).to_be_focused()  # the list was read again under it
    minh.keyboard.press("c")
    minh.keyboard.press("ArrowDown")  # the second of the ways in which it ended
    minh.keyboard.press("Enter")
    wait_for(lambda: held(server, second) is None, "it to be closed")
    expect(minh.locator("#closing")).to_be_hidden()  # the page has heard so too
    row(minh, first).focus()
    minh.keyboard.press("r")  # it is Lan's: it is taken, and its station rung
    rang = server.wait_signal(lambda at, signal: at == "con-dao-01" and isinstance(signal, RingStation))
    assert isinstance(rang, RingStation)
    assert (rang.by, rang.call_seq) == ("Minh", first.seq)
    minh.wait_for_url("**/stations/con-dao-01")


def test_a_link_works_in_one_browser_and_is_refused_in_words_in_the_next(
    page: Page, server: ConsoleServer, box: ConsoleStation
) -> None:
    call = box.press()
    wait_for(lambda: held(server, call) is not None, "the call")
    give(server, call, Input.CLAIM)
    page.goto(f"{server.url}/stations/con-dao-01")
    expect(page.locator("[data-deed=doctor]")).to_be_visible()
    page.keyboard.press("d")
    expect(page.locator("dialog.chooser .choices button").first).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.keyboard.type("Hoa")
    page.keyboard.press("Enter")
    link = page.locator("#guest-link")
    expect(link).to_have_value(re.compile(re.escape(server.url) + "/guest/"))
    address = link.input_value()
    with (
        chromium_page(address, size=(390, 844), allow=r"410 \(Gone\)") as second,  # looks, and waits
        chromium_page(address, size=(390, 844), allow=r"403 \(Forbidden\)|401 \(Un|INCOMPLETE") as first,
    ):
        first.get_by_role("button", name="Vào cuộc gọi").click()
        expect(first.locator("#guest-state")).to_have_text("Lan đang nói với trạm")
        expect(first.locator("h1")).to_have_text("Trạm Y tế Côn Đảo")
        assert first.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        second.get_by_role("button", name="Vào cuộc gọi").click()
        expect(second.locator("h1")).to_contain_text("Đường dẫn này đã được dùng")
        guest = "BS khách: Hoa"
        give(server, call, Input.JOINED, Given(input=Input.TURN, by="Lan", to=guest))
        expect(first.locator("#guest-state")).to_have_text("bạn đang nói với trạm")
        expect(first.locator("#call")).to_be_visible()
        give(server, call, Given(input=Input.GUEST, to=guest, change="left"))
        expect(first.locator("h1")).to_contain_text("Bạn không còn ở trong cuộc gọi này")
