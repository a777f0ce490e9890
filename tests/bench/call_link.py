"""`./run bench call_link --profile NAME`: a call over an emulated link, with the link's own log as the truth.

The nurse speaks (espeak-ng), the operator's page gives marks. With `--outage` the link is cut for so long in
the middle, and the seconds until picture and voices are back are counted from its return. Needs root.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from tests.bench.report import percentile, progress, tell
from tests.simulators.links import Link, Logged, find_profile, queueing_delays_s, utilisation
from tests.simulators.links.log import Direction
from tests.simulators.links.rate import Rate
from tests.simulators.links.uploads import uploads
from tests.simulators.voices import VOICES, speak
from tests.village.conversation import LIMIT_S, answer, hang_up, ring
from tests.village.desk import operator
from tests.village.eyes import wait_until
from tests.village.media_watch import (
    MediaCounts,
    freezes_s,
    heard_since_s,
    is_alive,
    media_counts,
    painted_s,
)
from tests.village.page_sound import put_in_marks
from tests.village.station import Devices
from tests.village.station_ears import StationEars
from tests.village.video_process import Usage, usage
from tests.village.village import PLACES, Village

MARK_EVERY_S: Final = 0.3
GIVE_UP_S: Final = 60.0  # after an outage
MEANINGS: Final = {
    "profile": "the link between station and hub",
    "seconds": "from voices and picture on",
    "alive": "1: pictures and the nurse's voice still came in the last seconds",
    "legs": "generations of connections, 1 is a call that was never lost",
    "fps": "pictures painted a second",
    "freezes": "pauses between two pictures longer than 0.5 s",
    "frozen_s": "all of them together",
    "longest_freeze_s": "the longest",
    "concealed_pct": "share of the nurse's voice that the browser had to make up",
    "keyframes": "decoded",
    "up_util_pct": "share of what the link could carry up that it did carry",
    "up_udp_util_pct": "the same for the call's own packets, where TCP uploads compete",
    "up_queue_p50_ms": "waiting before the link",
    "up_queue_p95_ms": "the same, 95 of 100",
    "up_dropped_pct": "packets that found the queue full",
    "down_util_pct": "the same down",
    "down_queue_p95_ms": "the same down",
    "down_dropped_pct": "the same down",
    "video_core_pct": "CPU of the whole `edge video`, of one core",
    "video_rss_mb": "its memory at the end",
    "outage_s": "how long the link was cut in the middle",
    "picture_back_s": "from the link's return to a painted picture",
    "voice_up_back_s": "from the link's return to the nurse's voice in the browser",
    "voice_down_back_s": "from the link's return to the operator's voice in the station's loudspeaker",
}
Result = dict[str, float | int | str]


@dataclass(frozen=True, slots=True)
class Window:
    """What is measured: between two moments, by both clocks."""

    from_s: float  # monotonic
    to_s: float
    to_wall_s: float  # what to add to be wall clock


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="./run bench call_link", description=__doc__)
    parser.add_argument("--profile", default="clean_rtt600")
    parser.add_argument("--folder", type=Path, help="of further link profiles, NAME.json")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--outage", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-bench-") as folder:
        result = measure(Path(folder), options)
    tell(result, meanings=MEANINGS, json_path=options.json)


def measure(folder: Path, options: argparse.Namespace) -> Result:
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
        used = usage(station)
        before, began_s = media_counts(page), link.set(profile)  # its steps begin with the measurement
        with uploads(link, profile):
            back = stay(page, link, ears, seconds=options.seconds, outage_s=options.outage)
        now_s = time.monotonic()
        window = Window(began_s, now_s, time.time() - now_s)
        result: Result = {"profile": profile.name, "seconds": round(now_s - began_s)}
        result |= seen(page, before, media_counts(page), window)
        result |= cost(used, usage(station), window)
        packets = [one for one in link.packets() if window.from_s <= one.arrived_s]
        for direction, way in (("up", profile.up), ("down", profile.down)):
            result |= carried(packets, direction, Rate(way.rate, way.repeat_s), window)  # type: ignore[arg-type]
        hang_up(page, village, station)
    return {key: (result | back)[key] for key in MEANINGS if key in result | back}


def stay(page: Page, link: Link, ears: StationEars, *, seconds: float, outage_s: float) -> Result:
    """Let the call last, with an outage in the middle if one is wished; return how it recovered."""
    pass_time(page, seconds / 2 if outage_s else seconds)
    if not outage_s:
        return {}
    link.cut()
    pass_time(page, outage_s)
    restored_s = link.restore()
    to_wall_s = time.time() - time.monotonic()
    signs: dict[str, Callable[[], float | None]] = {
        "picture_back_s": lambda: next(
            (at_s - to_wall_s for at_s in painted_s(page) if at_s - to_wall_s > restored_s), None
        ),
        "voice_up_back_s": lambda: heard_since_s(page, restored_s + to_wall_s, to_wall_s=to_wall_s),
        "voice_down_back_s": lambda: ears.first_loud_s(since_s=restored_s),
    }
    pass_time(page, max(seconds / 2, 5.0))
    result: Result = {"outage_s": outage_s}
    for name, sign in signs.items():
        came_s = sign()
        while came_s is None and time.monotonic() < restored_s + GIVE_UP_S:
            page.wait_for_timeout(200)
            came_s = sign()
        result[name] = "never" if came_s is None else round(came_s - restored_s, 2)
    return result


def pass_time(page: Page, seconds: float) -> None:
    """The call lasts."""
    until_s = time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        progress(f"{left_s:3.0f} s ")
        page.wait_for_timeout(min(1_000.0, left_s * 1_000))
    progress("\n")


def seen(page: Page, before: MediaCounts, after: MediaCounts, window: Window) -> Result:
    """What the operator had of it."""
    from_s, to_s = window.from_s + window.to_wall_s, window.to_s + window.to_wall_s
    times_s = painted_s(page)
    pauses_s = freezes_s(times_s, from_s=from_s, to_s=to_s)
    return {
        "alive": int(is_alive(page, to_s=to_s)),
        "legs": after.connections // 2,
        "fps": round(sum(from_s <= at_s < to_s for at_s in times_s) / (to_s - from_s), 1),
        "freezes": len(pauses_s),
        "frozen_s": round(sum(pauses_s), 1),
        "longest_freeze_s": round(max(pauses_s, default=0.0), 1),
        "concealed_pct": round(after.concealed_share(before) * 100, 2),
        "keyframes": after.keyframes - before.keyframes,
    }


def cost(before: Usage, after: Usage, window: Window) -> Result:
    """What it cost the box; one that was started anew meanwhile counts from its start."""
    spent_s = after.cpu_s - before.cpu_s if after.cpu_s >= before.cpu_s else after.cpu_s
    share_pct = spent_s / (window.to_s - window.from_s) * 100
    return {"video_core_pct": round(share_pct, 1), "video_rss_mb": round(after.rss_mb)}


def carried(packets: list[Logged], direction: Direction, rate: Rate, window: Window) -> Result:
    """What the link had of it, one way."""
    ours = [one for one in packets if one.direction == direction]
    waited_s = queueing_delays_s(ours) or [0.0]

    def share(packets: list[Logged]) -> float:
        return utilisation(packets, rate, began_s=window.from_s, from_s=window.from_s, to_s=window.to_s)

    dropped = sum(one.fate == "full" for one in ours)
    return {
        f"{direction}_util_pct": round(share(ours) * 100, 1),
        f"{direction}_udp_util_pct": round(
            share([one for one in ours if one.packet.content != "tcp"]) * 100, 1
        ),
        f"{direction}_queue_p50_ms": round(percentile(waited_s, 0.5) * 1_000),
        f"{direction}_queue_p95_ms": round(percentile(waited_s, 0.95) * 1_000),
        f"{direction}_dropped_pct": round(dropped / max(1, len(ours)) * 100, 2),
    }


if __name__ == "__main__":
    main()
