"""The line of what the station sends and why, and the key for detail, in a real browser over real WebRTC."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from contract.media import SentNow
from tests.browser import chromium, observe, observe_until
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ConsoleStation
from tests.simulators.media_line import MediaLine
from tests.simulators.media_station import MediaStation

from .conftest import finish
from .test_call_media_in_chromium import CONNECTED, COUNTS, SEEN, claim

SENT = SentNow(
    width=320, height=180, fps=8.0, video_bps=38_000, voice_bps=12_000,
    round_trip_ms=640, lost_pct=2.0, limit="link",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def one_browser() -> Iterator[None]:
    with chromium():
        yield


@pytest.fixture
def talk(server: ConsoleServer, station: ConsoleStation, page: Page) -> Iterator[MediaStation]:
    """Lan has answered a call of con-dao-01, and sees the station."""
    call = station.press()
    with MediaLine(server, call) as line:
        claim(page, call)
        observe_until(page, f"{CONNECTED} && {SEEN}")
        yield line.station
        page.goto("about:blank")
        finish(server, str(call))


def test_one_line_says_what_is_sent_what_the_link_gives_and_why_the_picture_is_small(
    page: Page, talk: MediaStation
) -> None:
    line = page.locator("#call-line")
    expect(line).to_be_hidden()
    goes = "trạm gửi 320×180, 8 hình/s, 38 kbit/s · tiếng 12 kbit/s · đường truyền 70 kbit/s, trễ 640 ms"
    for limit, lost_pct, said in (
        ("link", 2.0, f"{goes}, mất 2 % · đường truyền chỉ được 70 kbit/s: hình nhỏ để tiếng rõ"),
        ("loss", 8.0, f"{goes}, mất 8 % · mất gói 8 %: hình nhỏ để tiếng rõ"),
        ("camera", 0.4, f"{goes}, mất 0,4 % · máy quay chỉ có 320×180"),
        ("encoder", 0.0, f"{goes}, mất 0 % · máy ở trạm không kịp xử lý hình lớn hơn"),
        ("detail", 0.0, f"{goes}, mất 0 % · chọn chi tiết: hình rõ hơn, ít hình hơn"),
        ("waiting", 0.0, f"{goes}, mất 0 % · đường truyền vừa rộng hơn: hình sẽ lớn dần"),
        ("none", 0.0, f"{goes}, mất 0 %"),
    ):
        sent = SENT.model_copy(update={"limit": limit, "lost_pct": lost_pct})
        talk.tell(target_bps=70_400, sent=sent)
        expect(line).to_have_text(said)
    talk.tell(camera="off", microphone="missing")
    expect(line).to_have_text(re.compile("^trạm không gửi hình · không gửi tiếng · đường truyền 70 kbit/s.*"))
    talk.tell(sent=None)
    expect(line).to_be_hidden()


def test_a_line_that_has_not_been_renewed_is_not_shown(page: Page, talk: MediaStation) -> None:
    talk.tell(target_bps=70_400, sent=SENT)
    expect(page.locator("#call-line")).to_contain_text("70 kbit/s")
    page.evaluate("document.body.call.word._heard_ms -= 15_000")
    expect(page.locator("#call-line")).to_be_hidden()


def test_the_key_for_detail_changes_what_the_station_sends_and_the_station_says_which_holds(
    page: Page, talk: MediaStation
) -> None:
    button, width = page.locator("#call-detail"), "document.getElementById('call-picture').videoWidth"
    expect(button).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("x")
    expect(button).to_have_attribute("aria-pressed", "true")
    observe_until(page, f"{width} === 480")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    observe_until(page, f"{width} === 320")
    talk.obeys_wishes = False
    page.keyboard.press("x")
    talk.wait(lambda: len(talk.wishes) >= 3, "the wish for detail")
    expect(button).to_have_attribute("aria-busy", "true")
    expect(button).to_have_attribute("aria-pressed", "false")
    talk.tell(target_bps=70_000)  # it says again that it does otherwise, and is told again
    talk.wait(lambda: len(talk.wishes) >= 4, "the wish for detail again")
    modes = [wish.mode for wish in talk.wishes]
    assert (modes[:2], set(modes[2:])) == (["detail", "motion"], {"detail"})


def test_stills_are_shown_with_their_age(page: Page, talk: MediaStation) -> None:
    talk.fps = 0.3
    talk.tell(target_bps=20_000, sent=SENT.model_copy(update={"is_stills": True}))
    expect(page.locator("#call-no-picture")).to_contain_text("ảnh tĩnh, đến cách đây")
    expect(page.locator("#call-picture")).to_have_class(re.compile("is-still"))
    expect(page.locator("#call-line")).to_contain_text("trạm gửi ảnh tĩnh 320×180 · ")
    expect(page.locator("#call-line")).to_contain_text("chỉ có tiếng và ảnh tĩnh")
    frames = observe(page, f"{COUNTS}.framesDecoded")
    observe_until(page, f"{COUNTS}.framesDecoded > {frames}")
