"""An operator calls a station from its page: what stands there before, meanwhile and after, in Chromium."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from contract.events import HubRang
from contract.ids import CallId, RecordClass
from contract.signals import RingStation
from hub.calls.call import LIMITS
from hub.calls.table import LIVE_STATES, Input, State
from tests.browser import chromium, chromium_page, observe_until, wait_until
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation
from tests.simulators.media_line import MediaLine

from .conftest import finish
from .desk_calls import give

LATE = r"409 \(Conflict\)|ERR_|WebSocket"
HEARD = "document.body.call?.phase === 'connected' && document.body.call.counts.heardLevel > 0.02"
SEEN = "document.body.call?.counts.framesDecoded > 5"
MAY_BE_RUNG = """async (states) => {
  const { mayBeRung } = await import("/hub/console/static/deeds.js");
  return states.map((state) => mayBeRung([{ state: "CALLBACK" }, { state }]));
}"""


@pytest.fixture(scope="module", autouse=True)
def one_browser() -> Iterator[None]:
    with chromium():
        yield


@pytest.fixture
def lan(server: ConsoleServer, station: ConsoleStation, page: Page) -> Iterator[Page]:
    """Lan's page of the station; it does not ring afterwards."""
    page.goto(f"{server.url}/stations/con-dao-01")
    wait_until(page, "document.body.feed")
    offers(page, "Gọi trạm")
    yield page
    server.run(lambda: server.rooms.desk.stop_ringing(station.records.station, "Lan"))


@pytest.fixture
def minh(server: ConsoleServer) -> Iterator[Page]:
    """Minh's page of the station."""
    with chromium_page(allow=LATE) as page:
        cookie, _, token = server.session("Minh").partition("=")
        session = {"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}
        page.context.add_cookies([session])  # type: ignore[list-item]
        page.goto(f"{server.url}/stations/con-dao-01")
        offers(page, "Gọi trạm")
        yield page


def offers(page: Page, *words: str) -> None:
    """These are the buttons by which the station is called or not, and no others."""
    shown = page.locator("#station-ring button").filter(visible=True)
    expect(shown).to_have_text([re.compile(f"^{word}") for word in words])


def says(page: Page, text: str) -> None:
    """This, and nothing else, is said of a ring."""
    expect(page.locator("#ring-text")).to_have_text(text)


def rings(server: ConsoleServer, station: ConsoleStation) -> str:
    """Wait until the hub rings the station; return the ring's name."""

    def of_now() -> str | None:
        ring = server.rooms.desk.rings.of(station.records.station)
        return None if ring is None else ring.name

    wait_for(lambda: server.call(of_now) is not None, "the ring")
    return str(server.call(of_now))


def next_call(station: ConsoleStation) -> CallId:
    """The call that the next press will be."""
    seqs = [seq for record_class, seq in station.records.sent if record_class is RecordClass.CALL]
    return CallId(station.records.station, station.records.spool, max(seqs) + 1)


def rung_count(server: ConsoleServer) -> int:
    return len({one.ring for _, one in server.signals if isinstance(one, RingStation)})


def test_who_calls_a_station_has_picture_and_voice_when_it_accepts_and_a_colleague_sees_who_calls(
    server: ConsoleServer, station: ConsoleStation, lan: Page, minh: Page
) -> None:
    lan.get_by_role("button", name="Gọi trạm").click()
    says(lan, "bạn đang gọi trạm")
    expect(lan.locator("#ring-left")).to_have_text(re.compile(r"^còn \d+ s$"))
    offers(lan, "Thôi gọi")
    says(minh, "Lan đang gọi trạm")
    expect(minh.locator("#ring-left")).to_have_text("")
    offers(minh)
    with MediaLine(server, next_call(station)) as line:
        call = station.press(answers=rings(server, station))
        observe_until(lan, f"{HEARD} && {SEEN}")
        line.station.wait_voice()
        for page in (lan, minh):
            says(page, "")
            offers(page)
        expect(minh.locator("#callbar")).to_contain_text("Lan đang trả lời")
        wait_until(minh, "document.body.call === null || document.body.call === undefined")
        lan.keyboard.press("k")
        offers(minh, "Gọi trạm")
        lan.goto("about:blank")
        finish(server, str(call))


def test_r_begins_and_does_nothing_more_while_it_rings_and_k_ends_it(
    server: ConsoleServer, station: ConsoleStation, lan: Page
) -> None:
    before = rung_count(server)
    lan.keyboard.press("r")
    says(lan, "bạn đang gọi trạm")
    name = rings(server, station)
    for key in ("r", "Escape", "r"):
        lan.keyboard.press(key)
    lan.keyboard.press("?")
    expect(lan.locator("#keys")).to_contain_text("Gọi trạm; đang gọi thì không làm gì")
    lan.keyboard.press("Escape")
    expect(lan.locator("#keys")).to_have_count(0)
    assert (rings(server, station), rung_count(server)) == (name, before + 1), "the same ring goes on"
    offers(lan, "Thôi gọi")
    lan.keyboard.press("k")
    says(lan, "")
    offers(lan, "Gọi trạm")
    assert server.call(lambda: server.rooms.desk.rings.of(station.records.station)) is None
    expect(lan.locator("#told")).to_be_hidden()


def test_a_ring_may_be_stopped_before_the_hub_has_answered_that_it_rings(
    server: ConsoleServer, station: ConsoleStation, lan: Page
) -> None:
    held: list[tuple[Route, APIResponse]] = []
    lan.route("**/stations/*/ring", lambda route: held.append((route, route.fetch())))
    lan.reload()  # a page that runs already may send a request past it
    wait_until(lan, "document.body.feed")
    offers(lan, "Gọi trạm")
    lan.keyboard.press("r")
    offers(lan, "Thôi gọi")
    lan.keyboard.press("k")
    offers(lan, "Gọi trạm")
    route, response = held[0]
    route.fulfill(response=response)
    lan.unroute("**/stations/*/ring")
    assert server.call(lambda: server.rooms.desk.rings.of(station.records.station)) is None


def test_a_station_that_declines_or_does_not_answer_is_said_to_have_done_so(
    server: ConsoleServer, station: ConsoleStation, lan: Page
) -> None:
    lan.keyboard.press("r")
    station.tell(HubRang(ring=rings(server, station), outcome="declined", by="Lan"))
    says(lan, "Trạm từ chối.")
    offers(lan, "Gọi trạm")
    lan.keyboard.press("r")
    says(lan, "bạn đang gọi trạm")
    server.ahead_s += LIMITS.ring_us / 1e6 + 0.1
    says(lan, "Trạm không trả lời.")
    offers(lan, "Gọi trạm")


def test_a_ring_that_is_declined_before_the_hub_has_answered_that_it_rings_may_be_followed_by_another(
    server: ConsoleServer, station: ConsoleStation, lan: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    rings_of, name = server.rooms.desk.rings, station.records.station
    ring = rings_of.ring

    async def ring_in_vain(*asked: Any, **more: Any) -> str:
        why = await ring(*asked, **more)
        begun = rings_of.of(name)
        assert begun is not None
        rings_of.not_accepted(begun.name, "declined")
        return why

    held: list[tuple[Route, APIResponse]] = []
    lan.route("**/stations/*/ring", lambda route: held.append((route, route.fetch())), times=1)
    lan.reload()  # a page that runs already may send a request past it
    wait_until(lan, "document.body.feed")
    offers(lan, "Gọi trạm")
    with monkeypatch.context() as patched:
        patched.setattr(rings_of, "ring", ring_in_vain)
        lan.keyboard.press("r")
        says(lan, "Trạm từ chối.")
    offers(lan, "Gọi trạm")
    lan.keyboard.press("r")
    says(lan, "bạn đang gọi trạm")
    route, response = held[0]
    route.fulfill(response=response)
    offers(lan, "Thôi gọi")


def test_an_emergency_ring_is_one_where_the_station_may_answer_by_itself(
    server: ConsoleServer, station: ConsoleStation, lan: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.rooms.routing, "may_answer_by_itself", lambda _: True)
    lan.reload()
    wait_until(lan, "document.body.feed")
    offers(lan, "Gọi trạm", "Gọi khẩn: trạm tự trả lời")
    lan.get_by_role("button", name="Gọi khẩn").click()
    offers(lan, "Thôi gọi")
    name = rings(server, station)
    heard = server.wait_signal(lambda _, one: isinstance(one, RingStation) and one.ring == name)
    assert isinstance(heard, RingStation)
    assert heard.is_emergency is True


def test_a_call_that_is_owed_has_the_one_button_and_its_ring_is_told_by_it(
    server: ConsoleServer, station: ConsoleStation, lan: Page
) -> None:
    call = station.press()
    wait_for(lambda: server.call(lambda: server.rooms.desk.held(call)) is not None, "the call")
    offers(lan)
    assert give(server, call, Input.CLAIM, Input.END, Input.PROMISE, by="Lan")
    expect(lan.locator("#callbar")).to_contain_text("bạn sẽ gọi lại")
    expect(lan.get_by_role("button", name="Gọi trạm").filter(visible=True)).to_have_count(1)
    offers(lan)
    lan.keyboard.press("r")
    expect(lan.locator("#callbar")).to_contain_text("bạn đang gọi trạm")
    expect(lan.get_by_role("button", name="Thôi gọi").filter(visible=True)).to_have_count(1)
    says(lan, "")
    station.tell(HubRang(ring=rings(server, station), outcome="declined", by="Lan"))
    says(lan, "Trạm từ chối.")
    expect(lan.locator("#callbar")).to_contain_text("bạn sẽ gọi lại")


def test_a_page_offers_to_call_a_station_in_the_states_in_which_the_hub_does(page: Page) -> None:
    states = list(State)
    may = page.evaluate(MAY_BE_RUNG, [one.name for one in states])
    assert dict(zip(states, may, strict=True)) == {one: one not in LIVE_STATES for one in states}
