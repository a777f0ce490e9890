"""`./run bench answer`: from the key that answers to the first sound, picture and live ECG.

Everything is real and on this machine: a board's bytes, `edge vitals`, its `edge video`, TLS to mosquitto,
the hub, Chromium. Both microphones give marks five times a second; a voice is there when it is above silence
at the far end: in the browser's receiver, and in the station's loudspeaker (a file).
"""

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from tests.bench.report import percentile, progress, tell
from tests.simulators.marks import marked, write_wav
from tests.village.conversation import LIMIT_S, answer, hang_up, ring
from tests.village.desk import operator
from tests.village.eyes import wait_until
from tests.village.media_watch import moments
from tests.village.page_sound import put_in_marks
from tests.village.station import Devices
from tests.village.station_ears import StationEars
from tests.village.village import PLACES, Village

MEANINGS: Final = {
    "calls": "presses, each answered with F2 three seconds after the ring and ended with K",
    "audio_p50_s": "F2 to sound above silence both ways: the later of the two",
    "audio_p95_s": "the same, 95 of 100",
    "up_audio_p95_s": "of these, the nurse heard in the browser",
    "down_audio_p95_s": "of these, the operator heard in the station's loudspeaker",
    "video_p50_s": "F2 to the first picture that the browser painted",
    "video_p95_s": "the same, 95 of 100",
    "ecg_p50_s": "F2 to an ECG that is drawn live on the page it opens",
    "ecg_p95_s": "the same, 95 of 100",
}
MARK_EVERY_S: Final = 0.2
PERSON_S: Final = 3.0  # from the ring to the key; nobody is quicker, and `edge video` starts meanwhile


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="./run bench answer", description=__doc__)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-bench-") as folder:
        result = measure(Path(folder), options.calls)
    tell(result, meanings=MEANINGS, json_path=options.json)


def measure(folder: Path, calls: int) -> dict[str, float | int]:
    """Call so often, one after the other."""
    write_wav(folder / "marks.wav", marked(every_s=MARK_EVERY_S, seconds=10, rate_hz=48_000), rate_hz=48_000)
    speaker = folder / "speaker.wav"
    devices = Devices(microphone=f"file:{folder / 'marks.wav'}", loudspeaker=f"file:{speaker}")
    took: list[dict[str, float]] = []
    with Village(folder, [replace(PLACES[0], devices=devices)]) as village, operator(village) as page:
        put_in_marks(page, every_s=MARK_EVERY_S)
        with StationEars(speaker) as ears:
            for number in range(calls):
                progress(f"call {number + 1} of {calls} ")
                took.append(time_answer(page, village, ears))
                hang_up(page, village, village.stations[0])
        progress("\n")
    result: dict[str, float | int] = {"calls": calls}
    for name in ("audio", "up_audio", "down_audio", "video", "ecg"):
        for share in (0.5, 0.95):
            result[f"{name}_p{share * 100:.0f}_s"] = round(percentile([one[name] for one in took], share), 2)
    return {key: result[key] for key in MEANINGS}


def time_answer(page: Page, village: Village, ears: StationEars) -> dict[str, float]:
    """Press, answer, and return how many seconds after the key each thing was there."""
    station = village.stations[0]
    ring(page, village, station)
    page.wait_for_timeout(PERSON_S * 1_000)
    key_s, key_wall_s = time.monotonic(), time.time()
    answer(page, station)
    wait_until(lambda: moments(page)["live"] is not None, limit_s=LIMIT_S, what="a live ECG")
    wait_until(
        lambda: ears.first_loud_s(since_s=key_s) is not None,
        limit_s=LIMIT_S,
        what="the operator's voice in the loudspeaker",
    )
    came, loud_s = moments(page), ears.first_loud_s(since_s=key_s)
    up_s, video_s, ecg_s = (came[name] for name in ("heard", "painted", "live"))
    assert up_s and video_s and ecg_s and loud_s, "waited for"
    up_audio, down_audio = up_s - key_wall_s, loud_s - key_s
    return {
        "audio": max(up_audio, down_audio),
        "up_audio": up_audio,
        "down_audio": down_audio,
        "video": video_s - key_wall_s,
        "ecg": ecg_s - key_wall_s,
    }


if __name__ == "__main__":
    main()
