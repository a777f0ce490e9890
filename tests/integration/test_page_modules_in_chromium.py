"""Ages, values, words, ring and tokens of web/, in the browser that runs them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser import chromium_page, wait_until
from tests.integration.live_page import LivePage, live_page
from tests.simulators.page_server import PageServer, now_ms

WEB = Path(__file__).parent.parent.parent / "web"
SPO2 = "value 150456"
AGES = [
    (0, "0 s"),
    (12_900, "12 s"),
    (59_999, "59 s"),
    (3 * 60_000, "3 phút"),
    (125 * 60_000, "2 giờ 05"),
    (47 * 3_600_000, "47 giờ 00"),
    (72 * 3_600_000, "3 ngày"),
    (None, "không rõ"),
    (-1, "không rõ"),
]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with PageServer() as hub, chromium_page(hub.url) as page:
        yield page


def run(page: Page, module: str, body: str, arg: object = None) -> Any:
    """Run a function body in the page with the module's names in `m` and the argument in `arg`."""
    return page.evaluate(
        f"async arg => {{ const m = await import('/web/{module}'); const run = (m, arg) => {{{body}}};"
        " return run(m, arg); }",
        arg,
    )


def test_an_age_is_written_as_people_say_it(page: Page) -> None:
    written = run(page, "ages.js", "return arg.map(m.formatAge)", [age_ms for age_ms, _ in AGES])
    assert written == [words for _, words in AGES]


CLOCK = """
    let perf = 5_000, wall = 0;
    const clock = new m.HubClock({ perf_ms: () => perf, wall_ms: () => wall });
    const pass = ms => { perf += ms; wall += ms; };
"""


def test_the_date_of_the_browser_does_not_matter_only_time_since_the_message(page: Page) -> None:
    body = "clock.hear(1_795_000_000_000); pass(7_000); return clock.age_ms(1_795_000_000_000 - 3_000)"
    assert run(page, "ages.js", CLOCK + body) == 10_000


def test_the_quickest_message_counts_so_a_slow_one_makes_nothing_younger(page: Page) -> None:
    body = "clock.hear(1_000_000); pass(5_000); clock.hear(1_003_000); return clock.now_ms()"
    assert run(page, "ages.js", CLOCK + body) == 1_005_000


def test_time_slept_by_the_machine_makes_data_older(page: Page) -> None:
    body = "clock.hear(1_000_000); wall += 600_000; return clock.age_ms(1_000_000)"
    assert run(page, "ages.js", CLOCK + body) == 600_000


def test_a_stepped_date_is_forgotten_at_the_next_message_and_no_age_runs_backwards(page: Page) -> None:
    body = """clock.hear(1_000_000); const before = clock.monotonic_ms(); wall += 86_400_000; clock.now_ms();
        clock.hear(1_000_100); return [clock.age_ms(1_000_000), clock.monotonic_ms() >= before]"""
    assert run(page, "ages.js", CLOCK + body) == [100, True]


@pytest.mark.parametrize("time_ms", [None, 1_002_000])
def test_an_unknown_or_future_time_has_no_age(page: Page, time_ms: int | None) -> None:
    assert run(page, "ages.js", CLOCK + "clock.hear(1_000_000); return clock.age_ms(arg)", time_ms) is None


def test_without_a_word_from_the_hub_nothing_has_an_age(page: Page) -> None:
    assert run(page, "ages.js", CLOCK + "return [clock.now_ms(), clock.age_ms(0)]") == [None, None]


def test_a_word_without_translation_is_vietnamese_and_names_are_filled_in(page: Page) -> None:
    words = run(page, "words.js", "return [m.t('Kết nối'), m.t('{n} phút', {n: 3}), m.t('constructor')]")
    assert words == ["Kết nối", "3 phút", "constructor"]


def reading(**changes: object) -> dict[str, object]:
    """An SpO2 measured 1.2 s and received 0.2 s ago."""
    known = {"mdc": 150456, "label": "SpO2", "value": 97, "unit": "%", "state": "ok", "why": None}
    device = {
        "device": "board-1",
        "device_name": "board-1",
        "stream": 2,
        "source": None,
        "is_unverified": False,
    }
    times = {"measured_ms": now_ms() - 1200, "received_ms": now_ms() - 200, "changed_ms": now_ms() - 9000}
    return {**known, **device, **times, **changes}


def shown(live: LivePage, **changes: object) -> str:
    """Send one reading after none; return the number and the small text beside it as they first stood."""
    live.view()
    live.hub.send({"type": "values", "values": []})
    wait_until(live.page, "!document.querySelector('hd-value')?.reading")
    live.forget_seen()
    live.hub.send({"type": "values", "values": [reading(**changes)]})
    live.wait_seen(SPO2, r"(?!---\|chưa có số).*")
    return live.seen(SPO2)[0]


def test_a_value_bears_its_name_its_unit_and_what_it_was_counted_on(page: Page) -> None:
    body = """const value = new m.BigValue(); value.reading = arg; document.body.append(value);
      const texts = [...value.children].map((one) => one.textContent);
      value.remove(); return [texts[0], texts[1], texts[3]];"""
    rate = reading(label="Nhịp tim", unit="/min", source="cuff")
    assert run(page, "values.js", body, rate) == ["Nhịp tim", "băng đo", "lần/phút"]
    assert run(page, "values.js", body, reading(unit="Cel", source="ecg")) == ["SpO2", "ECG", "°C"]


def test_a_value_is_shown_with_its_age_and_never_beyond_five_seconds() -> None:
    with live_page() as live:
        assert re.fullmatch(r"97\|[1-4] s", shown(live))
        live.wait_seen(SPO2, r"---\|.*")
        assert re.fullmatch(r"---\|số cuối cách đây \d s", live.seen(SPO2)[0])


def test_a_value_that_may_not_be_trusted_is_not_shown() -> None:
    with live_page() as live:
        assert shown(live, value=None, state="off", why="tuột đầu dò") == "---|tuột đầu dò"
        assert shown(live, state="off", why="đang dò mạch") == "---|đang dò mạch"
        assert shown(live, state="unknown") == "---|không rõ"
        assert shown(live, measured_ms=now_ms() - 3_600_000) == "---|số cuối cách đây 1 giờ 00"
        assert shown(live, received_ms=now_ms() - 60_000) == "---|số cuối cách đây 1 phút"
        assert shown(live, measured_ms=None) == "97|không rõ tuổi"


def test_a_new_visit_takes_the_numbers_of_the_last_one_away() -> None:
    with live_page() as live:
        assert shown(live).startswith("97|")
        live.view(visit=43)
        assert live.page.locator(".value-number").inner_text() == "---"


def test_the_ring_sounds_only_after_a_gesture_and_says_the_truth(page: Page) -> None:
    run(page, "ring.js", "window.ring = new m.Ring(); window.ring.start('K7-42 gọi')")
    assert page.evaluate("[window.ring.isUnlocked, window.ring.isRunning]") == [False, False]
    assert page.title() == "K7-42 gọi"
    page.locator("#answer").click()
    wait_until(page, "window.ring.isRunning")
    page.evaluate("window.ring.stop()")
    assert page.evaluate("window.ring.isRunning") is False
    assert page.title() == "Trạm thử"


def test_the_title_flashes_unless_less_motion_is_wanted(page: Page) -> None:
    run(page, "ring.js", "window.ring = new m.Ring(); window.ring.start('K7-42 gọi')")
    wait_until(page, "document.title === 'Trạm thử'")
    page.evaluate("window.ring.stop()")
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(
        "window.timers = 0; window.setInterval = () => ++window.timers; window.ring.start('K7-43 gọi')"
    )
    assert page.evaluate("[window.timers, document.title]") == [0, "K7-43 gọi"]
    page.evaluate("window.ring.stop()")


RUNGS = """
    let now = m.UNKNOWN_WAY;
    return arg.map((down_bps) => {
        now = m.wayBack(down_bps, now);
        return [now.voice.bps, now.voice.ptime_ms, now.picture?.bps ?? 0, now.picture?.fps ?? 0];
    });
"""
NONE, LEAST, SMALL = [8_000, 60, 0, 0], [12_000, 60, 0, 0], [12_000, 60, 12_000, 5]
FAIR, GOOD, BEST = [12_000, 60, 25_000, 8], [16_000, 40, 50_000, 12], [24_000, 20, 120_000, 15]


def test_voice_has_its_room_first_and_below_40_kbit_s_there_is_no_picture_beside_it(page: Page) -> None:
    narrowing = [1_000_000, 199_000, 99_000, 63_000, 39_000, 24_000, 0, None]
    assert run(page, "way_back.js", RUNGS, narrowing) == [BEST, GOOD, FAIR, SMALL, LEAST, NONE, NONE, NONE]


def test_what_is_sent_grows_with_room_to_spare_and_does_not_alternate_at_an_edge(page: Page) -> None:
    ways = [None, 64_000, 79_000, 81_000, 63_000, 79_000, 101_000, 126_000, 99_000, 600_000]
    found = run(page, "way_back.js", RUNGS, ways)
    assert found == [SMALL, SMALL, SMALL, FAIR, SMALL, SMALL, FAIR, GOOD, FAIR, BEST]


def test_all_that_a_rung_sends_fits_below_it(page: Page) -> None:
    """With headers, feedback of 5 % and 2 kbit/s of signals."""
    body = "return arg.map((bps) => { const way = m.wayBack(bps, m.BEST_WAY); return way; })"
    for way in run(page, "way_back.js", body, [200_000, 100_000, 64_000, 40_000, 25_000]):
        voice, picture = way["voice"], way["picture"]
        sent_bps = voice["bps"] + 58 * 8 * 1_000 / voice["ptime_ms"]
        if picture:
            packets = max(picture["fps"], picture["bps"] / 8 / 1_100)
            sent_bps += picture["bps"] + 64 * 8 * packets
        feedback_bps = max(2_600, 0.05 * way["above_bps"])
        assert sent_bps + feedback_bps + 2_000 <= way["above_bps"]


def test_feedback_is_to_be_sent_by_what_the_way_back_carries(page: Page) -> None:
    sdp = "a=rtpmap:97 VP8/90000\r\na=fmtp:97 x-google-min-bitrate=10;x-google-start-bitrate=50\r\n"
    written = run(page, "descriptions.js", "return m.withWayBack(arg, 200_000)", sdp)
    assert written == sdp.replace("start-bitrate=50", "start-bitrate=200")


def test_a_description_asks_for_voice_once_and_only_of_opus(page: Page) -> None:
    lines = [
        "m=audio 9 X 111 0",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10",
        "a=ptime:20",
        "a=mid:0",
    ]
    sdp = "\r\n".join([*lines, ""])
    asked = run(page, "voice.js", "return m.askForVoice(arg, { bps: 12000, ptime_ms: 60 })", sdp)
    fmtp = "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1;stereo=0;maxaveragebitrate=12000"
    opus = ["a=rtpmap:111 opus/48000/2", fmtp, "a=ptime:60", "a=maxptime:60"]
    assert asked.split("\r\n") == ["m=audio 9 X 111 0", *opus, "a=mid:0", ""]
    without = "m=audio 9 X 0\r\na=rtpmap:0 PCMU/8000\r\n"
    body = "return m.askForVoice(arg, { bps: 12000, ptime_ms: 60 })"
    assert run(page, "voice.js", body, without) == without


def test_a_description_leaves_out_what_no_station_can_use(page: Page) -> None:
    host = "a=candidate:1 1 udp 2122194687 192.0.2.2 50822 typ host generation 0"
    relayed = "a=candidate:4 1 tcp 41819903 192.0.2.9 5349 typ relay generation 0"
    hidden = "a=candidate:2 1 udp 2113937151 67c9608e-3f14.local 45936 typ host generation 0"
    tcp = "a=candidate:3 1 tcp 1518214911 192.0.2.2 9 typ host tcptype active generation 0"
    extensions = ["a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid", "a=extmap:9 urn:3gpp:video-orientation"]

    def kept(*lines: str) -> list[str]:
        return str(run(page, "descriptions.js", "return m.trimmed(arg)", "\r\n".join(lines))).split("\r\n")

    assert kept(host, hidden, tcp, relayed, *extensions) == [host, relayed, extensions[0]]
    assert kept(hidden, tcp) == [hidden]  # better than none


def test_dark_by_hand_and_dark_by_system_have_the_same_colours() -> None:
    css = (WEB / "tokens.css").read_text("utf-8")
    by_system = re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', css, re.DOTALL)
    by_hand = re.search(r':root\[data-theme="dark"\] \{\n  color-scheme: dark;(.*?)\}', css, re.DOTALL)
    assert by_system
    assert by_hand
    assert by_system[1].split() == by_hand[1].split()


def test_no_page_of_ours_needs_an_inline_script_or_style() -> None:
    for path in WEB.glob("*.js"):
        text = path.read_text("utf-8")
        assert not re.search(r"innerHTML|insertAdjacentHTML|setAttribute\(\"style\"|\beval\(", text), (
            path.name
        )


LATE_DEVICES = """return (async () => {
  const devices = navigator.mediaDevices, real = devices.getUserMedia.bind(devices), asked = [], tracks = [];
  devices.getUserMedia = (wanted) => new Promise((resolve) => asked.push(async () => {
    const stream = await real(wanted);
    tracks.push(...stream.getTracks());
    resolve(stream);
  }));
  const own = new m.OwnDevices(), states = () => tracks.map((track) => track.readyState);
  const opened = [own.open()];
  own.close();                    // another page takes the call while the browser asks its user,
  opened.push(own.open());        // and this one takes it back
  opened.push(own.showPicture(true), own.showPicture(true)); // the key was pressed twice
  for (const answer of asked) await answer();
  await Promise.all(opened);
  const during = states(), isOn = [own.microphone, own.camera];
  own.close();
  devices.getUserMedia = real;
  return [during, isOn, states()];
})()"""


def test_a_browser_that_answers_late_leaves_no_microphone_and_no_camera_open() -> None:
    with PageServer() as hub, chromium_page(hub.url) as page:
        during, is_on, after = run(page, "own_devices.js", LATE_DEVICES)
    assert is_on == ["on", "on"]
    assert during == ["ended", "live", "ended", "live"], "one of each, however often it was asked for"
    assert after == ["ended"] * 4


FLOW = """
    const leg = { isConnected: true, answers: true, isAnswered() { return this.answers; } };
    const flow = new m.Flow(), shown = now_ms => [flow.isHeard(now_ms), flow.arrives(now_ms)];
    const look = (heardPackets, saidPackets, now_ms) =>
        flow.look(leg, { heardPackets, saidPackets }, true, now_ms);
"""


def test_what_the_page_shows_of_the_voice_is_what_it_told_the_hub(page: Page) -> None:
    body = """
        const found = [shown(0), look(1, 1, 0), shown(0), look(2, 2, 500), look(2, 3, 1_000), shown(3_000)];
        leg.answers = false;
        return [...found, look(2, 4, 2_000), shown(4_000)];
    """
    assert run(page, "flow.js", FLOW + body) == [
        [False, False],
        {"heard": True, "said": True},
        [True, True],
        None,
        {"heard": True, "said": True},
        [True, True],
        {"heard": False, "said": False},
        [False, False],
    ]
    body = "look(1, 1, 0); for (let s = 1; s < 5; s++) look(1, 1 + s, s * 1_000); return shown(4_000)"
    assert run(page, "flow.js", FLOW + body) == [False, True], "the leg stands, the station is not heard"


def test_a_picture_asked_for_again_that_does_not_stand_is_given_up_for_the_voice(page: Page) -> None:
    body = """
        const ways = new m.Ways(), voice = { isConnected: true, way: { isAudioOnly: true } };
        const seen = { isConnected: false, way: { isAudioOnly: false } };
        const found = [ways.follow("audio only"), ways.due(voice, 0)];
        ways.askForPicture(0);
        found.push(ways.now.isAudioOnly, ways.due(voice, 4_000));
        found.push(ways.due(seen, 19_000), ways.due(seen, 19_001), ways.now.isAudioOnly);
        found.push(ways.due(voice, 20_000));
        ways.askForPicture(30_000);
        return [...found, ways.follow("by relay"), ways.now, ways.follow("unheard of")];
    """
    by_relay = {"isAudioOnly": True, "isRelayOnly": True}
    given_up = [False, "soon", "", "at once", True, ""]
    assert run(page, "ways.js", body) == [True, "", *given_up, True, by_relay, False]


WAITS = """
    const patience = new m.Patience(), waits = [];
    let heard = 48_000, madeUp = 0, now = 0;
    patience.look(heard, madeUp, now);
    for (const [seconds, share] of arg) for (let i = 0; i < 2 * seconds; i++) {
        heard += 24_000; madeUp += 24_000 * share; now += 500;
        const wait = patience.look(heard, madeUp, now);
        if (wait !== waits.at(-1)) waits.push(wait);
    }
    return waits;
"""


def test_a_voice_of_which_too_much_is_made_up_waits_longer_and_no_longer_than_it_must(page: Page) -> None:
    assert run(page, "patience.js", WAITS, [(60, 0.001)]) == [0], "little is made up: at once"
    assert run(page, "patience.js", WAITS, [(5, 0.0), (3, 0.03), (60, 0.001)])[:2] == [0, 80]
    assert run(page, "patience.js", WAITS, [(60, 0.03)]) == [0, 80, 160, 240], "and never more"
    assert run(page, "patience.js", WAITS, [(3, 0.03), (120, 0.0)]) == [0, 80, 60, 40, 20, 0]


def test_an_outage_is_no_reason_to_wait(page: Page) -> None:
    assert run(page, "patience.js", WAITS, [(20, 0.0), (25, 0.99), (20, 0.0)]) == [0]
