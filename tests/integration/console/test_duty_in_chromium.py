"""When a console is on duty: its ring is heard and its operator can speak, and no lamp at a station lies."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from contract.signals import CallState
from hub.people.accounts import Role
from tests.browser import chromium, chromium_page, observe, observe_until
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

from .conftest import NAMES

ON_DUTY = "document.body.console?.duty.isOn"
FAULTS = "document.body.console?.duty.faults.join()"
BANNER = "document.getElementById('duty').hidden ? '' : document.getElementById('duty').innerText"
ROUTING = """
failsafe = "Minh"
[units.vn]
name = "Việt Nam"
[[groups]]
unit = "vn"
members = ["Lan"]
[[supervisors]]
unit = "vn"
account = "Minh"
"""
RECORDED = """
  const real = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices); window.opened = [];
  if (real) navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await real(wanted); window.opened.push(...stream.getTracks()); return stream; };
"""


@pytest.fixture(scope="module", autouse=True)
def one_browser() -> Iterator[None]:
    with chromium():
        yield


@pytest.fixture
def page(page: Page) -> Page:
    """Lan's page, not touched by anybody since it was opened."""
    page.reload()
    return page


def proofs(server: ConsoleServer) -> set[str]:
    """The consoles that the hub counts on."""
    return set(server.call(lambda: list(server.rooms.routing.duty._consoles)))


def is_told_ringing(server: ConsoleServer, seq: int) -> bool:
    return any(
        isinstance(signal, CallState) and (signal.call_seq, signal.state) == (seq, "ringing")
        for _, signal in server.signals
    )


def test_after_a_reload_nobody_touched_the_ring_is_heard(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    observe_until(page, ON_DUTY)
    assert observe(page, "navigator.userActivation.hasBeenActive") is False
    assert observe(page, "document.getElementById('on-duty').innerText") == "đang trực"
    call = station.press()
    server.wait_signal(
        lambda _, one: isinstance(one, CallState) and (one.call_seq, one.state) == (call.seq, "ringing")
    )
    assert observe(page, "document.body.console.ring.isRunning")
    assert observe(page, "navigator.userActivation.hasBeenActive") is False


def test_a_page_that_is_loaded_anew_while_it_rings_rings_on_and_proves_itself_untouched(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    observe_until(page, ON_DUTY)
    call = station.press()
    observe_until(page, "document.body.console.ring.isRunning")
    before = proofs(server)
    page.reload()
    observe_until(page, f"{ON_DUTY} && document.body.console.ring.isRunning")
    assert observe(page, "navigator.userActivation.hasBeenActive") is False
    assert len(proofs(server) - before) == 1
    confirmed = (
        "performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/ringing')).length"
    )
    observe_until(page, f"{confirmed} > 0")
    server.wait_signal(
        lambda _, one: isinstance(one, CallState) and (one.call_seq, one.state) == (call.seq, "ringing")
    )
    assert server.call(server.rooms.calls)[0]["state"] == "RINGING"


def test_who_is_off_duty_while_it_rings_is_passed_over_at_once(
    tmp_path: Path, browser_page: Page, enter: Callable[[ConsoleServer, str], None]
) -> None:
    page = browser_page
    (tmp_path / "routing.toml").write_text(ROUTING, encoding="utf-8")
    with ConsoleServer(tmp_path, names=NAMES, settings='[folders]\nrouting = "routing.toml"') as server:
        server.account("Lan")
        server.account("Minh")
        server.ahead_s = 11.0  # the first moments of a hub, in which consoles come back, are over
        wait_for(lambda: len(server.rooms.routing.accounts) == 2, "the hub to know who may answer")
        enter(server, "Lan")
        observe_until(page, ON_DUTY)
        proof = {"console": "minh", "sound": True, "microphone": True, "clock_offset_ms": 0}
        assert server.post_json("/duty", proof, Cookie=server.session("Minh")).status == 200
        call = ConsoleStation(server, "con-dao-01").press()
        observe_until(page, "document.body.console.ring.isRunning")
        page.context.clear_permissions()
        page.context.grant_permissions([])
        observe_until(page, f"{FAULTS} === 'microphone refused'")
        one = server.rooms.desk.held(call)
        assert one is not None
        wait_for(lambda: "Minh" in one.offered_to, "the supervisor to be asked")
        assert one.call.rung == 2
        expect(page.locator(".ring-text")).to_contain_text("đã báo người phụ trách")
        page.context.clear_permissions()
        page.context.grant_permissions(["microphone", "camera"])
        page.goto("about:blank")


def test_outside_a_call_nobody_listens_to_the_microphone(page: Page) -> None:
    page.add_init_script(RECORDED)
    page.reload()
    observe_until(page, ON_DUTY)
    assert observe(page, "window.opened.map((track) => track.readyState)") == ["ended"]


@pytest.mark.parametrize(
    ("microphone", "fault", "words"),
    [
        ("missing", "microphone missing", "không có micrô"),
        ("refused", "microphone refused", "trình duyệt chặn micrô"),
    ],
)
def test_without_a_microphone_a_console_says_so_confirms_nothing_and_may_answer(
    server: ConsoleServer, station: ConsoleStation, microphone: str, fault: str, words: str
) -> None:
    allow = r"ERR_|WebSocket|401 \(Unauthorized\)"
    with chromium_page(allow=allow, microphone=microphone) as page:  # type: ignore[arg-type]
        cookie, _, token = server.session("Lan").partition("=")
        page.context.add_cookies([{"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}])
        confirmed: list[str] = []
        page.on("request", lambda request: confirmed.append(request.post_data or ""))
        page.goto(server.url)
        observe_until(page, f"{FAULTS}?.includes('{fault}')")
        assert words in observe(page, BANNER)
        assert "nhấn một phím bất kỳ" in observe(page, BANNER)
        page.keyboard.press("a")  # a gesture: the ring may sound
        observe_until(page, f"!({BANNER}).includes('nhấn một phím bất kỳ')")
        call = station.press()
        observe_until(page, "document.body.console.ring.isRunning")
        page.keyboard.press("F2")
        page.wait_for_url(re.compile("/stations/con-dao-01$"))
        observe_until(page, "document.getElementById('callbar').innerText.includes('bạn đang trả lời')")
        assert not [said for said in confirmed if '"is_heard":true' in said]
        assert not is_told_ringing(server, call.seq)


def test_a_microphone_refused_later_ends_the_duty_and_one_that_is_allowed_begins_it(page: Page) -> None:
    observe_until(page, ON_DUTY)
    page.context.clear_permissions()
    page.context.grant_permissions([])
    observe_until(page, f"{FAULTS} === 'microphone refused'")
    assert "chưa trực" in observe(page, "document.getElementById('on-duty').innerText")
    page.context.clear_permissions()
    page.context.grant_permissions(["microphone", "camera"])
    observe_until(page, ON_DUTY)


def test_sound_that_is_stuck_is_no_sound(page: Page) -> None:
    observe_until(page, ON_DUTY)
    observe(page, "Object.defineProperty(document.body.console.ring, 'sound_s', { value: 1 })")
    observe_until(page, f"{FAULTS} === 'sound'")


def test_a_doctor_proves_like_everybody_that_he_could_hear_and_speak_and_is_ready_to_be_invited(
    server: ConsoleServer, page: Page, enter: Callable[[ConsoleServer, str], None]
) -> None:
    server.account("Hoa", Role.DOCTOR)
    enter(server, "Hoa")
    observe_until(page, ON_DUTY)
    assert "Hoa" in server.call(server.rooms.routing.ready)
    page.context.clear_permissions()
    observe_until(page, f"{FAULTS} === 'microphone ask'")
    assert "mời bạn" in observe(page, "document.getElementById('duty-text').textContent")
    page.context.grant_permissions(["microphone", "camera"])
