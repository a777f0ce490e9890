"""`./run bench way_back --profile NAME`: what the way back of a call carries, by the link's own log.

One call over an emulated link with a real Chromium at the hub: how much of the way down its feedback takes
and how often it comes, what the operator's voice and picture take, and what of ours goes up. Needs root.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from tests.bench.report import percentile, progress, tell
from tests.simulators.links import Logged, find_profile
from tests.simulators.voices import VOICES, speak
from tests.village.conversation import LIMIT_S, answer, hang_up, ring
from tests.village.desk import operator
from tests.village.eyes import wait_until
from tests.village.page_sound import put_in_marks
from tests.village.station import Devices
from tests.village.station_ears import StationEars
from tests.village.village import PLACES, Village

SETTLE_S: Final = 12.0
OPUS: Final = 111  # the payload type that every Chromium offers
MARK_EVERY_S: Final = 0.3
HAS_SCREEN: Final = """() => {
  const call = document.body.call, take = call._onStation.bind(call);
  call._onStation = (media) => take({ ...media, has_screen: true });
}"""  # this machine need have none
MEANINGS: Final = {
    "profile": "the link between station and hub",
    "seconds": "measured, after the call has settled",
    "down_feedback_bps": "what the page's feedback takes of the way down, with all headers",
    "down_feedback_per_s": "how often it comes",
    "down_feedback_gap_p50_ms": "between two of them",
    "down_feedback_gap_p95_ms": "the same, 95 of 100",
    "down_voice_bps": "the operator's voice",
    "down_voice_per_s": "packets of it",
    "down_picture_bps": "the operator's picture, repairs included",
    "down_reports_bps": "the page's own reports of what it sends",
    "down_tcp_bps": "signals and receipts",
    "down_queue_p95_ms": "waiting before the link",
    "up_media_bps": "voice and picture of the station",
    "up_feedback_bps": "the station's feedback of the operator's voice and picture",
    "up_tcp_bps": "vitals, signals",
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="./run bench way_back", description=__doc__)
    parser.add_argument("--profile", default="floor_64k")
    parser.add_argument("--folder", type=Path, help="of further link profiles, NAME.json")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument(
        "--picture", action="store_true", help="the operator shows himself, as to a box with a screen"
    )
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-bench-") as folder:
        result = measure(Path(folder), options)
    tell(result, meanings=MEANINGS, json_path=options.json)


def measure(folder: Path, options: argparse.Namespace) -> dict[str, float | int | str]:
    """Call once, for so long."""
    profile = find_profile(options.profile, options.folder)
    speak(VOICES[PLACES[0].name], folder / "nurse.wav")
    speaker = folder / "speaker.wav"
    devices = Devices(microphone=f"file:{folder / 'nurse.wav'}", loudspeaker=f"file:{speaker}")
    place = replace(PLACES[0], devices=devices, link=profile)
    with Village(folder, [place]) as village, operator(village) as page, StationEars(speaker) as ears:
        station = village.stations[0]
        link = station.link
        assert link is not None, "made with one"
        put_in_marks(page, every_s=MARK_EVERY_S)
        ring(page, village, station)
        answer(page, station)
        wait_until(lambda: ears.first_loud_s(since_s=0) is not None, limit_s=LIMIT_S, what="both voices")
        if options.picture:
            page.evaluate(HAS_SCREEN)
            page.locator("#call-camera").click()
        pass_time(page, SETTLE_S)
        from_s = link.set(profile)
        pass_time(page, options.seconds)
        to_s = time.monotonic()
        packets = [one for one in link.packets() if one.left_s is not None and from_s < one.left_s <= to_s]
        hang_up(page, village, station)
    return {"profile": profile.name, "seconds": round(to_s - from_s), **shares(packets, to_s - from_s)}


def pass_time(page: Page, seconds: float) -> None:
    """The call lasts."""
    until_s = time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        progress(f"{left_s:3.0f} s ")
        page.wait_for_timeout(min(1_000.0, left_s * 1_000))
    progress("\n")


def shares(packets: list[Logged], seconds: float) -> dict[str, float]:
    """What each kind took. Media goes up on one connection and down on another; each has the other's word."""
    paths: dict[tuple[int, ...], dict[tuple[str, str], list[Logged]]] = defaultdict(lambda: defaultdict(list))
    for one in packets:
        paths[tuple(sorted(one.packet.ports))][one.direction, one.packet.content].append(one)

    def bps(found: list[Logged]) -> int:
        return round(sum(one.size_bytes for one in found) * 8 / seconds)

    def of(direction: str, content: str, *, media: str) -> list[Logged]:
        """Of the path on which media goes `media` (up or down)."""
        return [
            one
            for kinds in paths.values()
            if kinds[media, "rtp"] and not kinds["down" if media == "up" else "up", "rtp"]
            for one in kinds[direction, content]
        ]

    feedback, said = of("down", "rtcp", media="up"), of("down", "rtp", media="down")
    voice = [one for one in said if one.packet.payload_type == OPUS]
    times_s = sorted(one.arrived_s for one in feedback)
    gaps_s = [after - before for before, after in pairwise(times_s)] or [0.0]
    tcp = [one for one in packets if one.packet.content == "tcp"]
    waits_s = [one.queued_s for one in packets if one.direction == "down" and one.queued_s is not None]
    return {
        "down_feedback_bps": bps(feedback),
        "down_feedback_per_s": round(len(feedback) / seconds, 1),
        "down_feedback_gap_p50_ms": round(percentile(gaps_s, 0.5) * 1_000),
        "down_feedback_gap_p95_ms": round(percentile(gaps_s, 0.95) * 1_000),
        "down_voice_bps": bps(voice),
        "down_voice_per_s": round(len(voice) / seconds, 1),
        "down_picture_bps": bps(said) - bps(voice),
        "down_reports_bps": bps(of("down", "rtcp", media="down")),
        "down_tcp_bps": bps([one for one in tcp if one.direction == "down"]),
        "down_queue_p95_ms": round(percentile(waits_s or [0.0], 0.95) * 1_000),
        "up_media_bps": bps(of("up", "rtp", media="up")),
        "up_feedback_bps": bps(of("up", "rtcp", media="down")),
        "up_tcp_bps": bps([one for one in tcp if one.direction == "up"]),
    }


if __name__ == "__main__":
    main()
