"""A whole call by the keyboard alone, between two operators: nothing here touches a mouse."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from contract.ids import CallId
from contract.signals import RingStation
from tests.browser import chromium, chromium_page, observe_until, wait_until
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

from .conftest import finish

ON_DUTY = "document.body.console?.duty.isOn"
LATE = r"409 \(Conflict\)|ERR_|WebSocket"
TABS_MAX = 200


@pytest.fixture(scope="module", autouse=True)
def one_browser() -> Iterator[None]:
    with chromium():
        yield


@pytest.fixture
def lan(page: Page) -> Page:
    """Lan's page, on duty."""
    observe_until(page, ON_DUTY)
    return page


@pytest.fixture
def minh(server: ConsoleServer) -> Iterator[Page]:
    """Minh's page, on duty."""
    with chromium_page(allow=LATE) as page:
        cookie, _, token = server.session("Minh").partition("=")
        session = {"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}
        page.context.add_cookies([session])  # type: ignore[list-item]
        page.goto(server.url)
        observe_until(page, ON_DUTY)
        yield page
        page.goto("about:blank")


def says(page: Page, text: str) -> None:
    """Its call's bar says so."""
    expect(page.locator("#callbar")).to_contain_text(text)


def step(page: Page, key: str) -> None:
    """Press the key of a step once the page offers it."""
    expect(page.locator("#callbar button").filter(has_text=re.compile(f"\\b{key.upper()}$"))).to_be_visible()
    page.keyboard.press(key)


def tab_to(page: Page, is_there: str) -> None:
    """Go on with Tab until the element in focus is the one."""
    for _ in range(TABS_MAX):
        if page.evaluate(f"((at) => {is_there})(document.activeElement)"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {is_there}")


def state(server: ConsoleServer, call: CallId) -> tuple[str, str | None]:
    held = server.call(lambda: server.rooms.desk.held(call))
    return (held.state.name, held.call.owner) if held is not None else ("CLOSED", None)


def in_state(server: ConsoleServer, call: CallId, name: str, owner: str | None) -> None:
    wait_for(lambda: state(server, call) == (name, owner), f"{name} of {owner}: {state(server, call)}")


def test_a_call_is_held_laid_down_taken_up_shared_passed_on_and_written_down_by_keys_alone(
    server: ConsoleServer, station: ConsoleStation, lan: Page, minh: Page
) -> None:
    call = station.press()
    expect(lan.locator(".ring")).to_have_count(1)
    lan.keyboard.press("F2")
    lan.wait_for_url(re.compile("/stations/con-dao-01$"))
    in_state(server, call, "CONNECTING", "Lan")
    step(lan, "h")
    says(lan, "bạn đang giữ máy")
    step(lan, "h")
    says(lan, "bạn đang trả lời")
    in_state(server, call, "CONNECTING", "Lan")
    step(lan, "g")
    says(lan, "đang gác lại")
    in_state(server, call, "PARKED", None)

    expect(minh.locator(".ring.is-parked")).to_have_count(1)
    minh.keyboard.press("F2")
    minh.wait_for_url(re.compile("/stations/con-dao-01$"))
    in_state(server, call, "CONNECTING", "Minh")
    step(minh, "s")
    expect(minh.locator(".choices button")).to_have_count(2)
    expect(minh.locator(".choices button").first).to_be_focused()
    minh.keyboard.press("ArrowDown")
    minh.keyboard.press("Enter")
    says(minh, "đang nhờ Lan cùng vào")
    expect(lan.locator("#asked")).to_contain_text("Minh nhờ bạn cùng vào cuộc gọi của Trạm Y tế Côn Đảo")
    lan.keyboard.press("y")
    says(minh, "cùng vào: Lan")
    step(minh, "v")
    says(minh, "Lan đang nói với trạm")
    step(minh, "v")
    expect(minh.locator("#callbar")).not_to_contain_text("Lan đang nói")

    step(minh, "t")
    expect(minh.locator(".choices button").first).to_be_focused()
    minh.keyboard.press("Enter")  # anybody
    expect(lan.locator("#asked")).to_contain_text("Minh nhờ bạn nhận cuộc gọi")
    assert state(server, call)[1] == "Minh", "it is hers only once she accepts"
    lan.keyboard.press("y")
    says(lan, "bạn đang trả lời")
    says(minh, "Lan đang trả lời")
    in_state(server, call, "CONNECTING", "Lan")

    step(lan, "k")
    says(lan, "bạn chưa ghi xong biên bản")
    lan.keyboard.press("b")
    tab_to(lan, "at.id === 'case-findings' || at.name === 'findings'")
    lan.keyboard.type("Đau ngực đã đỡ.")
    tab_to(lan, "at.name === 'disposition'")
    lan.keyboard.press("ArrowDown")
    tab_to(lan, "at.closest('#case-close') && at.type === 'submit'")
    lan.keyboard.press("Enter")
    in_state(server, call, "CLOSED", None)


def test_a_station_is_called_back_from_the_list_by_keys_alone(
    server: ConsoleServer, station: ConsoleStation, lan: Page
) -> None:
    call = station.press(waited_s=900.0)
    in_state(server, call, "CALLBACK", "Lan")  # she is the only one on duty
    tab_to(lan, "at.pathname === '/calls'")
    lan.keyboard.press("Enter")
    lan.wait_for_url(re.compile("/calls$"))
    expect(lan.locator(f"tr[data-call='{call}']")).to_have_count(1)
    tab_to(lan, f"at.closest('tr')?.dataset.call === '{call}' && at.href?.includes('/stations/')")
    lan.keyboard.press("Enter")
    lan.wait_for_url(re.compile("/stations/con-dao-01$"))
    says(lan, "bạn sẽ gọi lại")
    step(lan, "r")
    says(lan, "bạn đang gọi trạm")
    rung = server.wait_signal(lambda _, one: isinstance(one, RingStation) and one.lease_s > 0)
    assert isinstance(rung, RingStation)
    station.press(nudges=call.seq, answers=rung.ring)
    says(lan, "bạn đang trả lời")
    step(lan, "k")
    in_state(server, call, "WRAP_UP", "Lan")
    finish(server, str(call))


def test_what_a_colleague_declines_stays_with_its_owner(
    server: ConsoleServer, station: ConsoleStation, lan: Page, minh: Page
) -> None:
    call = station.press()
    expect(lan.locator(".ring")).to_have_count(1)
    lan.keyboard.press("F2")
    in_state(server, call, "CONNECTING", "Lan")
    says(lan, "bạn đang trả lời")
    step(lan, "t")
    expect(lan.locator(".choices button").first).to_be_focused()
    lan.keyboard.press("End")
    lan.keyboard.press("Enter")
    expect(minh.locator("#asked")).to_contain_text("Lan nhờ bạn nhận cuộc gọi")
    observe_until(minh, "document.body.console.ring.isRunning")
    minh.keyboard.press("n")
    expect(minh.locator("#asked .asked")).to_have_count(0)
    expect(lan.locator("#callbar")).not_to_contain_text("đang nhờ")
    assert state(server, call)[1] == "Lan"
    step(lan, "t")
    expect(lan.locator(".choices button").first).to_be_focused()
    lan.keyboard.press("Escape")
    expect(lan.locator(".chooser")).to_have_count(0)
    step(lan, "k")
    in_state(server, call, "WRAP_UP", "Lan")
    finish(server, str(call))


def test_the_keys_of_a_page_are_listed_by_a_key_and_put_away_by_it(server: ConsoleServer, page: Page) -> None:
    wait_until(page, "() => document.body.console")
    page.keyboard.press("?")
    expect(page.locator("#keys dt")).to_have_text(["/", "L", "?", "F2", "Y", "N"])
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_have_count(0)
    page.goto(f"{server.url}/stations/con-dao-01")
    wait_until(page, "() => document.body.console")
    page.keyboard.press("?")
    keys = page.locator("#keys dt").all_inner_texts()
    assert len(keys) == len(set(keys)) == 21
    page.keyboard.press("k")  # with a list open a key does nothing
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_have_count(0)
