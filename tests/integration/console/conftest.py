"""A hub with two stations and two operators, and one browser: shared by the tests of a file."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from playwright.sync_api import Page

from contract.ids import CallId
from hub.calls.call import Given
from hub.calls.table import Input
from tests.browser import chromium_page
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ConsoleStation

NAMES = {"con-dao-01": "Trạm Y tế Côn Đảo", "ly-son": "Trạm Y tế Lý Sơn"}
PUT_AWAY_TRIES = 5


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path_factory.mktemp("console"), names=NAMES) as server:
        server.account("Lan")
        server.account("Minh")
        yield server


@pytest.fixture(scope="module")
def station(server: ConsoleServer) -> ConsoleStation:
    return ConsoleStation(server, "con-dao-01")


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    lost = r"ERR_(CONNECTION_(REFUSED|RESET)|INCOMPLETE_CHUNKED)|401 \(Unauthorized\)|409 \(Conflict\)"
    with chromium_page(allow=lost) as page:
        yield page


@pytest.fixture(scope="module")
def enter(browser_page: Page) -> Callable[[ConsoleServer, str], None]:
    """Signs somebody in, behind the login page's back, and opens the list of stations."""

    def enter(server: ConsoleServer, name: str) -> None:
        browser_page.context.clear_cookies()
        cookie, _, token = server.session(name).partition("=")
        browser_page.context.add_cookies(
            [{"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}]
        )
        browser_page.goto(server.url)

    return enter


@pytest.fixture
def page(
    browser_page: Page, server: ConsoleServer, enter: Callable[[ConsoleServer, str], None]
) -> Iterator[Page]:
    """A page of Lan's, at the list of stations; calls left over are put away afterwards."""
    enter(server, "Lan")
    yield browser_page
    browser_page.goto("about:blank")
    for call in server.call(server.rooms.calls):
        finish(server, call["id"])


def finish(server: ConsoleServer, call: str) -> None:
    """Put a call away, whatever became of it: its console may have left it between two of our deeds."""
    desk, call_id = server.rooms.desk, CallId.parse(call)
    for input_ in (Input.CLAIM, Input.END, Input.TAKE, Input.CLOSE) * PUT_AWAY_TRIES:
        held = desk.held(call_id)
        if held is None:
            return
        given = Given(input=input_, by=held.call.owner or "Lan")
        server.run(partial(desk.give, call_id, given))
    raise AssertionError(f"{call} is still {desk.held(call_id)}")
