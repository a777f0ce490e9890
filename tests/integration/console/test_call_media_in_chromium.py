"""Picture and voice of a call, in a real browser over real WebRTC, against a station on stock aiortc."""

import io
import re
from collections.abc import Callable, Iterator

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from contract.ids import CallId
from contract.parts import Content, slice_object
from tests.browser import chromium, chromium_page, observe, observe_until, wait_until
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ConsoleStation
from tests.simulators.media_line import MediaLine
from tests.simulators.media_station import MediaStation

from .conftest import NAMES, finish

TRIES = 5  # a leg that is late by itself is so each time, a loaded machine is not
AWAY = r"ERR_|WebSocket|401 \(Unauthorized\)"
COUNTS = "document.body.call?.counts"
CONNECTED = "document.body.call?.phase === 'connected'"
SEEN = f"{COUNTS}?.framesDecoded > 5"
HEARD = f"{COUNTS}?.heardLevel > 0.02"
FILTERS = """element => {
  const found = [];
  for (let at = element; at; at = at.parentElement) found.push(getComputedStyle(at).filter);
  return found.filter((one) => one !== 'none');
}"""
SOUND = "document.getElementById('call-sound')"
SOUNDS = f"!{SOUND}.paused && {SOUND}.currentTime > 0"


@pytest.fixture(scope="module", autouse=True)
def one_browser() -> Iterator[None]:
    with chromium():
        yield


def claim(page: Page, call: CallId) -> None:
    """Answer with the key, and with nothing else that a browser takes for a gesture."""
    observe_until(page, f"document.querySelector('.ring[data-call=\"{call}\"]') !== null")
    page.keyboard.press("F2")
    observe_until(page, "document.getElementById('callbar')?.innerText.includes('bạn đang trả lời')")


@pytest.fixture
def talk(server: ConsoleServer, station: ConsoleStation, page: Page) -> Iterator[MediaStation]:
    """Lan has answered a call of con-dao-01, and picture and voice flow."""
    call = station.press()
    with MediaLine(server, call) as line:
        claim(page, call)
        observe_until(page, f"{CONNECTED} && {SEEN} && {HEARD}")
        yield line.station
        page.goto("about:blank")
        finish(server, str(call))


def test_after_the_claim_picture_and_voice_come_by_themselves_both_ways(
    page: Page, talk: MediaStation
) -> None:
    observe_until(page, SOUNDS)
    talk.wait_voice()
    times = "document.body.call.times"
    observe_until(page, f"{times}.firstAudio_ms && {times}.firstFrame_ms && {times}.firstSaid_ms")
    seen = observe(page, times)
    assert seen["claimed_ms"] < seen["joined_ms"] < seen["offered_ms"] < seen["connected_ms"]
    assert observe(page, "document.getElementById('call-picture').videoWidth") == 320
    frames = observe(page, f"{COUNTS}.framesDecoded")
    observe_until(page, f"{COUNTS}.framesDecoded > {frames + 10}")
    scale = page.evaluate("document.querySelector('hd-sweep')?.scale ?? null")
    assert scale is None or (scale["mmPerS"], scale["mmPerMv"]) == (25, 10)
    page.keyboard.press("k")
    expect(page.locator("#call")).to_be_hidden()
    assert page.evaluate("document.body.call") is None


def test_what_the_page_asks_and_offers_is_short_and_says_how_voice_is_to_be_coded(
    page: Page, talk: MediaStation
) -> None:
    answer, offer = talk.leg.up.remoteDescription.sdp, talk.leg.down_offer
    assert "useinbandfec=1" in answer
    assert "maxaveragebitrate=16000" in answer
    assert len(offer) < 2_500
    assert len(re.findall("^m=", offer, re.MULTILINE)) == 2
    talk.wait(lambda: talk.leg.frame_samples == 48 * 60, "voice in packets of 60 ms")  # headers cost most
    talk.tell(down_bps=130_000)
    observe_until(page, f"{COUNTS}.voice_bps === 16000")
    talk.wait(lambda: talk.leg.frame_samples == 48 * 40, "voice in packets of 40 ms")
    talk.wait_voice(frames=5)


def test_mute_is_a_key_and_the_station_is_told(page: Page, talk: MediaStation) -> None:
    talk.wait_voice()
    page.keyboard.press("m")
    talk.wait(lambda: talk.peers[-1].microphone == "off", "the word that the operator is muted")
    talk.wait_voice(is_heard=False, frames=3)
    expect(page.locator("#call-mute")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#call-mute")).to_contain_text("Bật micrô")
    page.keyboard.press("m")
    talk.wait(lambda: talk.peers[-1].microphone == "on", "the word that he is not")
    talk.wait_voice()


SENDS = """() => {
  const { _pictureSender, _coded } = document.body.call._leg;
  const [one] = _pictureSender.getParameters().encodings;
  const picture = [one.active, one.maxBitrate, one.maxFramerate, one.scaleResolutionDownBy];
  return [...picture, _coded.voice.bps].join();
}"""


def test_what_the_page_sends_follows_the_stations_word_down_and_up_again(
    page: Page, talk: MediaStation
) -> None:
    def sends(active: str, *numbers: int) -> None:
        observe_until(page, f"({SENDS})() === '{','.join([active, *map(str, numbers)])}'")

    expect(page.locator("#call-camera")).to_be_hidden()
    sends("false", 12_000, 5, 2, 12_000)  # there is no screen
    talk.tell(has_screen=True, down_bps=30_000)
    page.locator("#call-camera").click()
    talk.wait(lambda: talk.peers[-1].camera == "on", "the word that the camera is on")
    expect(page.locator("#call-own")).to_be_visible()
    sends("false", 120_000, 15, 1, 12_000)
    talk.wait_voice()
    assert talk.leg.pictures == 0, "there is no room"
    legs = len(talk.legs)
    talk.tell(down_bps=90_000)
    sends("true", 25_000, 8, 2, 12_000)
    talk.wait(lambda: talk.leg.picture_size == (160, 120), "the operator's picture, small")
    talk.tell(down_bps=400_000)
    sends("true", 120_000, 15, 1, 24_000)
    talk.wait(lambda: talk.leg.picture_size == (320, 240), "the operator's picture, whole")
    talk.tell(down_bps=20_000)
    sends("false", 120_000, 15, 1, 8_000)
    talk.wait_voice()
    talk.tell(down_bps=60_000)
    sends("true", 12_000, 5, 2, 12_000)
    page.locator("#call-camera").click()
    talk.wait(lambda: talk.peers[-1].camera == "off", "the word that the camera is off")
    assert len(talk.legs) == legs, "all of it on one leg"


def test_every_device_that_is_not_well_is_named(page: Page, talk: MediaStation) -> None:
    words, faults = page.locator("#call-no-picture"), page.locator("#call-faults")
    for camera, text in (
        ("off", "y tá đã tắt camera"),
        ("missing", "trạm không có camera"),
        ("busy", "chương trình khác ở trạm đang dùng camera"),
        ("lost", "camera ở trạm đã bị rút hoặc hỏng"),
    ):
        talk.tell(camera=camera)
        expect(words).to_have_text(f"Không có hình: {text}")
    talk.tell(camera="open", is_picture_sent=False)
    expect(words).to_contain_text("đường truyền không đủ cho hình, tiếng vẫn nghe được")
    talk.tell(is_picture_sent=True)
    expect(words).to_be_hidden()
    for state in ("missing", "busy", "lost"):
        talk.tell(microphone=state, loudspeaker="open")
        expect(faults).to_contain_text("bạn sẽ không nghe được")
        talk.tell(microphone="open", loudspeaker=state, text="usb:1-2")
        expect(faults).to_contain_text("y tá sẽ không nghe được")
    expect(page.locator("#call-advice")).to_have_text("usb:1-2")
    talk.tell(loudspeaker="open", text="")
    expect(faults).to_have_text("")


def test_a_new_leg_replaces_the_old_within_three_seconds(page: Page, talk: MediaStation) -> None:
    took_ms: list[float] = []
    while not took_ms or (took_ms[-1] >= 3_000 and len(took_ms) < TRIES):
        old = observe(page, "document.body.call.leg")
        began = observe(page, "performance.now()")
        talk.begin_leg()
        observe_until(
            page, f"document.body.call.leg !== '{old}' && {CONNECTED} && {SEEN} && {HEARD} && {SOUNDS}"
        )
        took_ms.append(observe(page, "performance.now()") - began)
    assert took_ms[-1] < 3_000, took_ms
    assert observe(page, "document.getElementById('call-picture').srcObject === document.body.call.seen")
    talk.wait_voice()


def test_a_lost_path_is_said_and_another_leg_is_asked_for_until_it_comes(
    page: Page, talk: MediaStation
) -> None:
    old, talk.answers_renewals = talk.leg.name, False
    talk.cut()
    expect(page.locator("#call-state")).to_have_text("mất đường truyền, đang nối lại")
    expect(page.locator("#call-no-picture")).to_contain_text("hình dừng cách đây")
    talk.wait(lambda: len(talk.renewals) == 2, "two wishes for another leg")
    talk.begin_leg()
    observe_until(page, f"{CONNECTED} && {SEEN} && document.body.call.leg !== '{old}'")
    expect(page.locator("#call-state")).to_have_text("đã nối")
    assert {one.leg for one in talk.renewals} == {old}


def test_a_photograph_comes_bit_by_bit_is_opened_and_survives_a_reload(
    server: ConsoleServer, station: ConsoleStation, page: Page, talk: MediaStation
) -> None:
    station.open_visit(77)
    wait_until(page, "document.body.feed?.view?.visit != null")  # what was asked for before it goes
    page.keyboard.press("p")
    thumbnail = page.locator("#photo-list li")
    expect(thumbnail).to_contain_text("đang chụp")
    talk.wait(lambda: len(talk.photos) == 1, "the wish for a photograph")
    photo = talk.photos[0]
    data = jpeg(1200, 900)
    parts = slice_object(data, Content.PHOTOGRAPH, object_id=bytes.fromhex(photo), slice_bytes=4_000)
    half = len(parts) // 2
    station.parts(parts[:half])
    expect(thumbnail).to_contain_text(f"{half} trên {len(parts)}")
    wait_until(page, "document.querySelector('#photo-list img').naturalWidth === 1200")
    station.parts(parts[half:])
    expect(thumbnail).to_have_class("is-whole")
    expect(thumbnail.locator("small")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))  # when it was taken
    thumbnail.get_by_role("button").click()
    expect(page.locator("#photo-full")).to_be_visible()
    wait_until(page, "document.getElementById('photo-picture').naturalWidth === 1200")
    page.keyboard.press("Escape")
    expect(page.locator("#photo-full")).to_be_hidden()
    page.reload()
    expect(thumbnail).to_have_class("is-whole")
    wait_until(page, "document.querySelector('#photo-list img').naturalWidth === 1200")
    station.close_visit()


def test_more_photographs_than_the_station_takes_are_not_asked_for(page: Page, talk: MediaStation) -> None:
    for _ in range(5):
        page.keyboard.press("p")
    expect(page.locator("#told")).to_have_text("Chưa chụp được: hãy đợi ảnh trước.")
    talk.wait(lambda: len(set(talk.photos)) == 4, "four wishes")
    expect(page.locator("#photo-list li")).to_have_count(4)


def test_a_photograph_of_the_person_before_that_comes_late_is_not_shown(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    station.open_visit(90)
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/photos", hold_the_first)
    page.goto(f"{server.url}/stations/con-dao-01")
    wait_until(page, "document.body.feed?.view?.visit != null")
    before = page.locator("#visit").inner_text()
    with page.expect_response("**/photos"):  # the list of the person after
        station.open_visit(91)
    expect(page.locator("#visit")).not_to_have_text(before)
    late = {"photo": "e" * 32, "received": 1, "total": 9, "size_bytes": 9_000, "text": "", "taken_ms": None}
    with page.expect_request_finished(lambda request: request == held[0].request):
        held[0].fulfill(json={"photos": [late]})
    page.unroute("**/photos")
    expect(page.locator("#photo-list li")).to_have_count(0)
    station.close_visit()


def test_the_picture_is_made_large_by_a_key_and_stays_so_and_the_strip_keeps_its_length(
    server: ConsoleServer, station: ConsoleStation, page: Page, talk: MediaStation
) -> None:
    frame, button = page.locator("#call-frame"), page.locator("#call-size")
    small, strips = frame.bounding_box(), page.locator("#strips").bounding_box()
    assert small
    assert strips
    page.keyboard.press("l")
    expect(button).to_have_attribute("aria-pressed", "true")
    for width in (1366, 1024):
        page.set_viewport_size({"width": width, "height": 768})
        large = frame.bounding_box()
        assert large
        assert large["width"] >= 1.6 * small["width"]
        assert large["width"] / large["height"] == pytest.approx(16 / 9, rel=0.02)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1366, "height": 768})
    now = page.locator("#strips").bounding_box()
    assert now
    assert now["width"] == strips["width"]
    frames = observe(page, f"{COUNTS}.framesDecoded")
    observe_until(
        page, f"{COUNTS}.framesDecoded > {frames + 5} && !document.getElementById('call-picture').paused"
    )
    page.reload()
    observe_until(page, f"{CONNECTED} && {SEEN}")
    assert page.evaluate("document.getElementById('call-frame').parentElement.id") == "call-large"
    button.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("document.getElementById('call-frame').parentElement.id") == "call"


def jpeg(width: int, height: int) -> bytes:
    """A picture that does not compress to nothing."""
    picture = Image.effect_noise((width, height), 60.0).convert("RGB")
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=20)
    return file.getvalue()


def test_a_second_page_of_the_owner_takes_the_call_and_the_first_may_take_it_back(
    server: ConsoleServer, page: Page, talk: MediaStation
) -> None:
    second = page.context.new_page()
    try:
        second.goto(page.url)
        observe_until(second, f"{CONNECTED} && {SEEN}")
        expect(page.locator("#call-state")).to_have_text("trang khác của bạn đang giữ cuộc gọi")
        assert page.evaluate("document.body.call.leg") is None
        expect(page.locator("#call-mute")).to_be_hidden()
        page.keyboard.press("p")
        assert page.evaluate("document.body.call.photos.size") == 0, "the other page takes photographs"
        page.get_by_role("button", name="Lấy cuộc gọi về trang này").click()
        observe_until(page, f"{CONNECTED} && {SEEN}")
        expect(second.locator("#call-state")).to_have_text("trang khác của bạn đang giữ cuộc gọi")
    finally:
        second.close()
    talk.wait_voice()


def test_a_page_without_the_call_says_where_it_is(
    server: ConsoleServer, page: Page, talk: MediaStation
) -> None:
    page.goto(server.url)
    expect(page.locator("#mine")).to_contain_text("Trang này không có hình và tiếng.")
    page.get_by_role("link", name="Về cuộc gọi").click()
    observe_until(page, f"{CONNECTED} && {SEEN} && {SOUNDS}")


@pytest.mark.parametrize(
    ("microphone", "words"),
    [("missing", "máy này không có micrô"), ("refused", "trình duyệt chặn micrô")],
)
def test_without_a_microphone_the_nurse_is_seen_and_heard_and_told(
    server: ConsoleServer, station: ConsoleStation, microphone: str, words: str
) -> None:
    with chromium_page(allow=AWAY, microphone=microphone) as page:  # type: ignore[arg-type]
        cookie, _, token = server.session("Lan").partition("=")
        page.context.add_cookies([{"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}])
        page.goto(server.url)
        call = station.press()
        with MediaLine(server, call) as line:
            claim(page, call)
            observe_until(page, f"{CONNECTED} && {SEEN} && {HEARD}")
            observe_until(page, SOUNDS)  # the key that answered lets it sound
            line.station.wait(lambda: line.station.peers[-1].microphone == microphone, "the word why")
            expect(page.locator("#call-faults")).to_contain_text(words)
            finish(server, str(call))


def test_after_a_reload_that_may_not_sound_the_page_says_so_and_one_key_helps(
    server: ConsoleServer, station: ConsoleStation
) -> None:
    with chromium_page(allow=AWAY, microphone="missing") as page:
        cookie, _, token = server.session("Lan").partition("=")
        page.context.add_cookies([{"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}])
        page.goto(server.url)
        call = station.press()
        with MediaLine(server, call):
            claim(page, call)
            page.reload()
            observe_until(page, f"{CONNECTED} && {SEEN}")
            blocked = "trình duyệt chặn tiếng: nhấn một phím bất kỳ"
            observe_until(page, f"document.getElementById('call-faults').innerText.includes('{blocked}')")
            page.keyboard.press("a")
            observe_until(page, f"{SOUNDS} && {HEARD}")
            observe_until(page, f"!document.getElementById('call-faults').innerText.includes('{blocked}')")
            finish(server, str(call))


def test_the_hub_dies_and_comes_back_and_the_same_leg_goes_on(
    tmp_path_factory: pytest.TempPathFactory,
    browser_page: Page,
    enter: Callable[[ConsoleServer, str], None],
) -> None:
    folder = tmp_path_factory.mktemp("mortal")
    page = browser_page
    with ConsoleServer(folder, names=NAMES) as first:
        first.account("Lan")
        enter(first, "Lan")
        call = ConsoleStation(first, "con-dao-01").press()
        line = MediaLine(first, call)
        line.__enter__()
        claim(page, call)
        observe_until(page, f"{CONNECTED} && {SEEN} && {HEARD}")
        leg = observe(page, "document.body.call.leg")
        line.station.tell(camera="off")
        expect(page.locator("#call-picture")).to_have_class("is-away")
        line.cut()
    expect(page.locator("#call-state")).to_have_text("mất liên lạc với trung tâm, cuộc gọi vẫn tiếp tục")
    line.station.wait_voice()
    expect(page.locator("#call-picture")).not_to_have_class("is-away")  # it moves: the word before is old
    expect(page.locator("#lost")).to_be_visible()
    assert page.locator("#call-picture").evaluate(FILTERS) == [], "the colour of a face is a finding"
    assert page.locator("#values").evaluate(FILTERS) == ["grayscale(1)"], "what comes by the hub is old"
    frames = observe(page, f"{COUNTS}.framesDecoded")
    observe_until(page, f"{COUNTS}.framesDecoded > {frames + 10}")
    with ConsoleServer(folder, names=NAMES, port=first.port) as second:
        line.connect(second)
        expect(page.locator("#call-state")).to_have_text("đã nối")
        line.station.wait(lambda: line.station.joins[-1].leg == leg, "the page's word that it has its leg")
        observe_until(page, f"{CONNECTED} && {COUNTS}.framesDecoded > {frames + 20}")
        assert (observe(page, "document.body.call.leg"), len(line.station.legs)) == (leg, 1)
        page.goto("about:blank")
        line.__exit__(None, None, None)


def test_who_ends_a_call_while_the_hub_is_away_is_not_listened_to_and_the_hub_hears_of_it(
    tmp_path_factory: pytest.TempPathFactory,
    browser_page: Page,
    enter: Callable[[ConsoleServer, str], None],
) -> None:
    folder = tmp_path_factory.mktemp("ended")
    page = browser_page
    with ConsoleServer(folder, names=NAMES) as first:
        first.account("Lan")
        enter(first, "Lan")
        call = ConsoleStation(first, "con-dao-01").press()
        line = MediaLine(first, call)
        line.__enter__()
        claim(page, call)
        observe_until(page, f"{CONNECTED} && {SEEN} && {HEARD}")
        page.evaluate("window.voice = document.body.call.own.voice")
        line.cut()
    expect(page.locator("#call-state")).to_have_text("mất liên lạc với trung tâm, cuộc gọi vẫn tiếp tục")
    assert page.evaluate("window.voice.readyState") == "live"
    page.keyboard.press("k")
    wait_until(page, "window.voice.readyState === 'ended'")
    expect(page.locator("#call")).to_be_hidden()
    expect(page.locator("#told")).to_contain_text("Đã tắt micrô và hình ở trang này.")
    with ConsoleServer(folder, names=NAMES, port=first.port) as second:
        expect(page.locator("#lost")).to_be_hidden()
        expect(page.locator("#callbar")).to_contain_text("bạn chưa ghi xong biên bản")
        assert [one["state"] for one in second.call(second.rooms.calls)] == ["WRAP_UP"]
        page.goto("about:blank")
        line.__exit__(None, None, None)
