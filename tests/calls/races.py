"""Two real pages press the answer key for one call at the same moment, again and again: one has it."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from contract.ids import CallId
from hub.calls.call import Given
from hub.calls.table import Input, State
from hub.store.interface import JournalLine
from tests.browser import STEP_LIMIT_MS, chromium, wait_until
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

STATION: Final = "tram-1"
ACCOUNTS: Final = ("lan", "minh")
OWNER: Final = "async (id) => (await import('/hub/console/static/stream.js')).calls.get(id)?.owner ?? null"
GONE: Final = "async (id) => !(await import('/hub/console/static/stream.js')).calls.has(id)"
RINGS: Final = "(id) => !!document.querySelector(`form.ring[data-call='${id}']`)"


@dataclass(slots=True)
class Races:
    """`contested`: both had pressed before either page was told of an owner."""

    run: int = 0
    contested: int = 0
    double_owned: int = 0


def race(folder: Path, times: int, *, seed: int, on_done: Callable[[int], None]) -> Races:
    """Race so often; both pages are the station's own, so that whoever wins stays where he is."""
    rng, races = random.Random(seed), Races()
    with ConsoleServer(folder, names={STATION: "Trạm 1"}) as server, chromium() as browser:
        station = ConsoleStation(server, STATION)
        with page_of(browser, server, ACCOUNTS[0]) as one, page_of(browser, server, ACCOUNTS[1]) as other:
            for _ in range(times):
                pages = [one, other]
                rng.shuffle(pages)
                _race(server, station, pages, races)
                on_done(races.run)
    return races


def _race(server: ConsoleServer, station: ConsoleStation, pages: list[Page], races: Races) -> None:
    call_id = station.press()
    for page in pages:
        wait_until(page, RINGS, str(call_id))
    for page in pages:  # down, and down: the one does not wait for what comes of the other
        page.keyboard.down("F2")
    races.contested += all(page.evaluate(OWNER, str(call_id)) is None for page in pages)
    for page in pages:
        page.keyboard.up("F2")
    wait_for(lambda: owner_of(server, call_id) is not None, f"{call_id} somebody's")
    for page in pages:
        wait_until(page, f"async (id) => (await ({OWNER})(id)) !== null", str(call_id))
    owner = owner_of(server, call_id)
    believed = [page.evaluate(OWNER, str(call_id)) for page in pages]
    claims = [line for line in journal(server, call_id) if line.input == Input.CLAIM.name]
    races.run += 1
    races.double_owned += len(claims) != 1 or claims[0].by != owner or set(believed) != {owner}
    assert owner is not None
    for input_ in (Input.END, Input.CLOSE):
        give(server, call_id, Given(input=input_, by=owner))
    for page in pages:
        wait_until(page, GONE, str(call_id))


@contextmanager
def page_of(
    browser: Browser,
    server: ConsoleServer,
    account: str,
    *,
    path: str = f"stations/{STATION}",
    script: str = "",
) -> Iterator[Page]:
    """A page before that account, with a session of its own, on duty; `script` runs first in each of them."""
    server.account(account)
    context = browser.new_context(locale="vi-VN")
    try:
        context.set_default_timeout(STEP_LIMIT_MS)
        context.grant_permissions(["microphone", "camera"])
        name, value = server.session(account).split("=", 1)
        context.add_cookies([{"name": name, "value": value, "url": server.url}])
        context.add_init_script(script)
        page = context.new_page()
        page.goto(f"{server.url}/{path}")
        page.keyboard.press("Shift")  # a gesture: it may sound
        wait_until(page, "() => document.body.console?.duty?.isOn === true")
        yield page
    finally:
        context.close()


def owner_of(server: ConsoleServer, call_id: CallId) -> str | None:
    """Return whose call it is."""
    one = server.call(lambda: server.rooms.desk.held(call_id))
    owner: str | None = None if one is None or one.state is State.CLOSED else one.call.owner
    return owner


def journal(server: ConsoleServer, call_id: CallId) -> list[JournalLine]:
    """Return what was done to a call."""
    lines: list[JournalLine] = server.run(lambda: server.rooms.desk.journal(call_id))
    return lines


def give(server: ConsoleServer, call_id: CallId, given: Given) -> None:
    """Do something to a call; it must be done."""
    assert server.run(lambda: server.rooms.desk.give(call_id, given)).is_done
