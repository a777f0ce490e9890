"""`python -m tests.links_bench.senders.chromium FILM SPEECH [--tuned]`: Chromium, as it comes or tuned.

Tuned is what anybody can do in a page: two lines of the answer that it is given (`tuned`).
"""

import argparse
import json
import queue
import re
import sys
import threading
from typing import Final

from playwright.sync_api import Page, sync_playwright

from tests.browser import ARGUMENTS, FAKE_DEVICES, LAUNCH_LIMIT_MS, chromium_path

ADDRESS: Final = "https://bench.invalid/"  # answered here: a secure page needs a name, not a network
LOOK_EVERY_MS: Final = 1_000
OFFER: Final = """async ({ width, height, frameRate }) => {
  const video = { width, height, frameRate };
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video });
  const peer = window.peer = new RTCPeerConnection();
  for (const track of stream.getTracks()) {
    peer.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  }
  await peer.setLocalDescription();
  await new Promise((resolve) => {
    const look = () => peer.iceGatheringState === "complete" && resolve();
    peer.addEventListener("icegatheringstatechange", look);
    look();
  });
  return peer.localDescription.sdp;
}"""
TARGET: Final = """async () => {
  const reports = [...(await window.peer.getStats()).values()];
  return reports.find((one) => one.type === "candidate-pair" && one.availableOutgoingBitrate)
    ?.availableOutgoingBitrate ?? null;
}"""


def main() -> None:
    """Offer, send, and end with the input."""
    parser = argparse.ArgumentParser(prog="python -m tests.links_bench.senders.chromium", description=__doc__)
    parser.add_argument("film")
    parser.add_argument("speech")
    parser.add_argument("--tuned", action="store_true")
    options = parser.parse_args()
    arguments = [*ARGUMENTS, *FAKE_DEVICES, "--use-fake-ui-for-media-stream"]
    arguments += [f"--use-file-for-fake-video-capture={options.film}"]
    arguments += [f"--use-file-for-fake-audio-capture={options.speech}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=arguments, timeout=LAUNCH_LIMIT_MS
        )
        page = browser.new_page()
        page.route(
            f"{ADDRESS}**", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>")
        )
        page.goto(ADDRESS)
        say({"offer": page.evaluate(OFFER, {"width": 640, "height": 360, "frameRate": 25})})
        answer = json.loads(sys.stdin.readline())["answer"]
        page.evaluate(
            "(sdp) => window.peer.setRemoteDescription({ type: 'answer', sdp })",
            tuned(answer) if options.tuned else answer,
        )
        tell_target(page)
        browser.close()


def tell_target(page: Page) -> None:
    """Say each second what it takes the link for, until the input ends."""
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: lines.put(sys.stdin.read()), daemon=True).start()
    while lines.empty():
        say({"target_bps": page.evaluate(TARGET)})
        page.wait_for_timeout(LOOK_EVERY_MS)


def tuned(answer: str) -> str:
    """Return the answer with Opus at 12 kbit/s in packets of 60 ms, and video from 10 kbit/s on."""
    sections = re.split(r"(?m)^(?=m=)", answer)
    return "".join(_tuned_section(one) for one in sections)


def _tuned_section(section: str) -> str:
    if section.startswith("m=audio"):
        opus = _payload_type(section, "opus/48000/2")
        section = _with_setting(section, opus, "maxaveragebitrate=12000")
        return section + "a=ptime:60\r\n"
    if section.startswith("m=video"):
        first = section.split(" ", 4)[3]  # the codec that is used
        return _with_setting(section, first, "x-google-min-bitrate=10")
    return section


def _payload_type(section: str, codec: str) -> str:
    found = re.search(rf"(?m)^a=rtpmap:(\d+) {codec}", section)
    if found is None:
        raise ValueError(f"the answer has no {codec}")
    return found[1]


def _with_setting(section: str, payload_type: str, setting: str) -> str:
    line = f"a=fmtp:{payload_type} "
    if line in section:
        return section.replace(line, f"{line}{setting};")
    return section + f"{line}{setting}\r\n"


def say(message: dict[str, object]) -> None:
    """One line."""
    print(json.dumps(message), flush=True)  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
