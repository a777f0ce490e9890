"""Which of a station's two tracks is shown, in the browser that shows it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser import chromium_page, wait_until
from tests.simulators.page_server import PageServer

LOW, HIGH = 160, 640  # wide

# Two connections of one page: a drawn picture a track, and a video element that shows what `Tracks` gives it.
BEGIN = """async ([low, high]) => {
    const { Tracks } = await import("/web/tracks.js");
    const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
    from.onicecandidate = ({ candidate }) => void to.addIceCandidate(candidate);
    to.onicecandidate = ({ candidate }) => void from.addIceCandidate(candidate);
    const drawn = (width) => {
        const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
        [canvas.width, canvas.height] = [width, width * 9 / 16];
        let count = 0;
        setInterval(() => {
            pen.fillStyle = `hsl(${(count += 5) % 360} 80% 50%)`;
            pen.fillRect(0, 0, canvas.width, canvas.height);
        }, 40);
        return canvas.captureStream(25).getVideoTracks()[0];
    };
    const pictures = [drawn(low), drawn(high)];
    const senders = pictures.map((one) => from.addTransceiver(one, { direction: "sendonly" }).sender);
    await senders[1].replaceTrack(null);
    const tracks = new Tracks(() => performance.now()), video = document.createElement("video");
    video.muted = true;
    document.body.append(video);
    to.ontrack = ({ receiver }) => {
        tracks.add(receiver);
        tracks.add(receiver); // as after an offer that is applied anew
    };
    await from.setLocalDescription();
    await to.setRemoteDescription(from.localDescription);
    await to.setLocalDescription();
    await from.setRemoteDescription(to.localDescription);
    video.srcObject = tracks.stream;
    void video.play();
    const painted = [];
    const paint = () => { painted.push(video.videoWidth); video.requestVideoFrameCallback(paint); };
    video.requestVideoFrameCallback(paint);
    setInterval(async () => tracks.count(await to.getStats()), 100);
    window.seen = { tracks, video, painted,
        high: (isOn) => senders[1].replaceTrack(isOn ? pictures[1] : null),
        low: (isOn) => senders[0].replaceTrack(isOn ? pictures[0] : null) };
}"""


@pytest.fixture
def page() -> Iterator[Page]:
    with PageServer() as hub, chromium_page(hub.url) as page:
        page.evaluate(BEGIN, [LOW, HIGH])
        wait_until(page, f"() => seen.video.videoWidth === {LOW} && seen.tracks.framesDecoded > 5")
        yield page


def wide(page: Page, width: int) -> None:
    wait_until(page, f"() => seen.video.videoWidth === {width} && seen.tracks.width === {width}")


def test_the_high_track_is_shown_while_it_moves_and_the_low_one_otherwise(page: Page) -> None:
    player = page.evaluate_handle("() => seen.video.srcObject")
    for _ in range(2):
        page.evaluate("() => seen.high(true)")
        wide(page, HIGH)
        page.evaluate("() => seen.high(false)")
        wide(page, LOW)
    assert page.evaluate(
        "stream => stream === seen.video.srcObject && stream.getTracks().length === 1", player
    )
    before = page.evaluate("() => seen.tracks.framesDecoded")
    wait_until(page, f"() => seen.tracks.framesDecoded > {before + 10} && !seen.video.paused")


def test_a_high_track_that_stands_still_again_and_again_is_shown_later_each_time(page: Page) -> None:
    waits = []
    for _ in range(3):
        began = page.evaluate("() => { seen.high(true); return performance.now(); }")
        wide(page, HIGH)
        waits.append(page.evaluate("() => seen.tracks._shown_ms") - began)
        page.evaluate("() => seen.high(false)")
        wide(page, LOW)
    assert waits[2] > 2_400, "600, 1,200, 2,400 ms and more"


def test_pictures_that_were_shown_are_counted_once_whichever_track_they_were_of(page: Page) -> None:
    counts = "() => [seen.tracks.framesDecoded, seen.painted.length]"
    counted, painted = page.evaluate(counts)
    page.evaluate("() => seen.high(true)")
    wide(page, HIGH)
    wait_until(page, f"() => seen.painted.length > {painted + 60}")
    counted_now, painted_now = page.evaluate(counts)
    assert counted_now - counted < 1.6 * (painted_now - painted)  # both tracks together come twice as often


def test_a_low_track_that_stands_still_is_no_refuge_from_the_high_one(page: Page) -> None:
    page.evaluate("() => seen.high(true)")
    wide(page, HIGH)
    page.evaluate("() => seen.low(false)")
    wait_until(page, "() => seen.tracks._tracks[0].since_ms === Infinity")
    page.evaluate("() => seen.high(false)")
    wait_until(page, "() => seen.tracks._tracks[1].since_ms === Infinity")  # seen in the look that chooses
    assert page.evaluate("() => seen.tracks._shown") == 1  # whichever moves first is shown at once
    page.evaluate("() => seen.low(true)")
    wide(page, LOW)
