"""Two consoles race for one call, again and again: two real browsers' pages, one key, a real hub.

The two requests are held until both are on their way and let go in the same moment, the other one first each
time: by themselves two keys pressed one after the other would rarely meet.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, Route

from contract.ids import CallId
from hub.calls.call import Given
from hub.calls.table import Input
from tests.browser import chromium_page, wait_until
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ConsoleStation

NAMES: Final = ("Lan", "Minh")
STATION: Final = "con-dao-01"
LATE: Final = r"409 \(Conflict\)|ERR_ABORTED|WebSocket"  # whoever came second is told so
RINGS: Final = "(id) => document.body.console?.calls.get(id)?.rings === true"
OWNER: Final = "(id) => document.body.console.calls.get(id)?.owner ?? null"
SAYS_MINE: Final = "() => document.getElementById('callbar').innerText.includes('bạn đang trả lời')"


@dataclass(slots=True)
class Races:
    """What came of it. `double_owned`: calls that two consoles took for theirs, or that the hub gave away
    twice; `disagreed`: of which the two pages named different owners; `won`: calls by owner."""

    count: int = 0
    double_owned: int = 0
    disagreed: int = 0
    won: Counter[str] = field(default_factory=Counter)


def run_races(count: int, *, folder: Path, on_race: Callable[[Races], None] = lambda _: None) -> Races:
    """Let two pages answer `count` calls at once each. `folder` is the hub's; `on_race` is told after each.

    Raises:
        TimeoutError: a page never showed a call, or never learned whose it is.
    """
    races = Races()
    with ExitStack() as stack:
        server = stack.enter_context(ConsoleServer(folder, names={STATION: "Trạm Y tế Côn Đảo"}))
        pages = {name: stack.enter_context(chromium_page(allow=LATE)) for name in NAMES}
        gates = {name: _Gate(page) for name, page in pages.items()}
        for name, page in pages.items():
            server.account(name)
            cookie, _, token = server.session(name).partition("=")
            session = {"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}
            page.context.add_cookies([session])  # type: ignore[list-item]
            page.goto(f"{server.url}/stations/{STATION}")  # where its call is: nobody is sent elsewhere
        station = ConsoleStation(server, STATION)
        for number in range(count):
            _race(server, station.press(), pages, gates, races, is_turned=number % 2 == 1)
            on_race(races)
        for page in pages.values():
            page.goto("about:blank")
    return races


def _race(
    server: ConsoleServer,
    call: CallId,
    pages: dict[str, Page],
    gates: dict[str, "_Gate"],
    races: Races,
    *,
    is_turned: bool,
) -> None:
    for page in pages.values():
        wait_until(page, RINGS, str(call))
    for page in pages.values():
        page.keyboard.press("F2")
    for name in NAMES:
        gates[name].wait()
    for name in reversed(NAMES) if is_turned else NAMES:
        gates[name].open()
    named = {}
    for name, page in pages.items():
        wait_until(page, f"(id) => ({OWNER})(id) !== null", str(call))
        wait_until(page, f"(mine) => ({SAYS_MINE})() === mine", page.evaluate(OWNER, str(call)) == name)
        named[name] = page.evaluate(OWNER, str(call))
    claims = [line for line in server.run(partial(server.rooms.desk.journal, call)) if line.input == "CLAIM"]
    mine = [name for name, page in pages.items() if page.evaluate(SAYS_MINE)]
    races.count += 1
    races.double_owned += len(claims) != 1 or len(mine) != 1
    races.disagreed += len(set(named.values())) != 1
    races.won.update(set(named.values()))
    _put_away(server, call)


def _put_away(server: ConsoleServer, call: CallId) -> None:
    for input_ in (Input.END, Input.CLOSE):
        held = server.rooms.desk.held(call)
        assert held is not None
        moved = server.run(partial(server.rooms.desk.give, call, Given(input=input_, by=held.call.owner)))
        assert moved.is_done, moved.why


class _Gate:
    """Holds a page's request to answer a call until it is opened."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._held: list[Route] = []
        page.route("**/claim", self._hold)

    def _hold(self, route: Route) -> None:
        self._held.append(route)

    def wait(self) -> None:
        """Return when the request has come."""
        wait_until(self._page, "() => true")
        while not self._held:
            self._page.wait_for_timeout(1)

    def open(self) -> None:
        """Let it go on."""
        self._held.pop().continue_()
