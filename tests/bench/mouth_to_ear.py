"""`./run bench mouth_to_ear`: how long a word takes from one mouth to the other ear, both ways at once.

Marks in the sound, through everything: below ALSA a simulated card plays and hears in real time; `edge video`
with its echo canceller and codecs; the network; Chromium with its own. In the browser the microphone is the
page's audio clock and the ear a tap behind the jitter buffer. Delays are never too short by the instrument,
and some 10 ms too long.
"""

import argparse
import tempfile
import time
from bisect import bisect_right
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from playwright.sync_api import Page

from edge.video.media import VOICE_HZ
from tests.bench.report import percentile, progress, tell
from tests.simulators.links import find_profile
from tests.simulators.marks import find_marks, marked
from tests.simulators.room_acoustics import Sound
from tests.simulators.sound_card import SoundCard
from tests.village.conversation import answer, hang_up, ring
from tests.village.desk import operator
from tests.village.page_sound import heard_marks_s, put_in_ear, put_in_marks, said_marks_s
from tests.village.station import Devices
from tests.village.village import PLACES, Village

UP_EVERY_S: Final = 1.3  # and another beat the other way, so that both talk at once in every way
DOWN_EVERY_S: Final = 1.1
APART_S: Final = 0.5
PERIOD_S: Final = 0.01  # of the card
SETTLE_S: Final = 5.0  # of the jitter buffers, after the answer
MEANINGS: Final = {
    "profile": "the link between station and hub",
    "link_delay_ms": "one way, not counted as ours: up and down have the same",
    "up_marks": "marks that the nurse's card gave",
    "up_heard": "of these, found in what the browser heard",
    "up_p50_ms": "nurse's mouth to operator's ear, link delay included",
    "up_p95_ms": "the same, 95 of 100",
    "down_marks": "marks of the operator's microphone",
    "down_heard": "of these, found in what the nurse's card played",
    "down_p50_ms": "operator's mouth to nurse's ear, link delay included",
    "down_p95_ms": "the same, 95 of 100",
}


class StationHead:
    """Mouth and ear before the station's card: says marks, remembers what was played and when."""

    def __init__(self) -> None:
        self._train = (marked(every_s=UP_EVERY_S, seconds=UP_EVERY_S, rate_hz=VOICE_HZ) * 32_767).astype(
            np.int16
        )
        self._at = 0
        self._played: list[Sound] = []
        self._played_at_s: list[float] = []
        self.said_s: list[float] = []  # monotonic

    def __call__(self, played: Sound) -> Sound:
        """10 ms of the card: what it plays from now on -> what it has heard until now."""
        now_s = time.monotonic()
        self._played.append(played)
        self._played_at_s.append(now_s)
        if self._at < len(played):
            self.said_s.append(now_s - PERIOD_S)
        heard = np.take(self._train, range(self._at, self._at + len(played)), mode="wrap")
        self._at = (self._at + len(played)) % len(self._train)
        return heard

    def heard_s(self) -> list[float]:
        """Return when (monotonic) each mark of the other side began to sound."""
        count = min(len(self._played), len(self._played_at_s))
        sound = np.concatenate(self._played[:count]) / 32_768
        found = []
        for mark_s in find_marks(sound, rate_hz=VOICE_HZ, apart_s=APART_S):
            piece = int(mark_s / PERIOD_S + 1e-6)
            found.append(self._played_at_s[piece] + mark_s - piece * PERIOD_S)
        return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="./run bench mouth_to_ear", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--profile", help="behind this emulated link (root); without: on this machine")
    parser.add_argument("--folder", type=Path, help="of further link profiles, NAME.json")
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-bench-") as folder:
        result = measure(Path(folder), options)
    tell(result, meanings=MEANINGS, json_path=options.json)


def measure(folder: Path, options: argparse.Namespace) -> dict[str, float | int | str]:
    """Talk so long."""
    link = find_profile(options.profile, options.folder) if options.profile else None
    head = StationHead()
    with SoundCard(folder, acoustics=head) as card:
        devices = Devices(microphone="alsa:card", loudspeaker="alsa:card")
        place = replace(PLACES[0], devices=devices, link=link)
        village = Village(folder, [place])
        village.stations[0].environment["ALSA_CONFIG_PATH"] = str(card.configuration)
        with village, operator(village) as page:
            put_in_marks(page, every_s=DOWN_EVERY_S)
            put_in_ear(page)
            ring(page, village, village.stations[0])
            answer(page, village.stations[0])
            began_s = time.monotonic() + SETTLE_S
            talk(page, options.seconds)
            ended_s = time.monotonic() - 2.0  # what is said later may not have arrived
            up, down = both_ways(page, head, began_s=began_s, ended_s=ended_s)
            hang_up(page, village, village.stations[0])
    return {
        "profile": "none" if link is None else link.name,
        "link_delay_ms": 0 if link is None else round(link.up.delay_s * 1_000),
        **summary("up", up),
        **summary("down", down),
    }


def talk(page: Page, seconds: float) -> None:
    """Let the two talk."""
    until_s = time.monotonic() + SETTLE_S + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        progress(f"{left_s:3.0f} s ")
        page.wait_for_timeout(min(1_000.0, left_s * 1_000))
    progress("\n")


def both_ways(
    page: Page, head: StationHead, *, began_s: float, ended_s: float
) -> tuple[list[float | None], list[float | None]]:
    """Return the delay of each mark that was said between two moments, up and down; None: never heard."""
    to_wall_s = time.time() - time.monotonic()
    page_heard = [one - to_wall_s for one in heard_marks_s(page, apart_s=APART_S)]
    page_said = [one - to_wall_s for one in said_marks_s(page)]
    return (
        delays([one for one in head.said_s if began_s <= one <= ended_s], page_heard, every_s=UP_EVERY_S),
        delays([one for one in page_said if began_s <= one <= ended_s], head.heard_s(), every_s=DOWN_EVERY_S),
    )


def delays(said_s: list[float], heard_s: list[float], *, every_s: float) -> list[float | None]:
    """Return after how long each word was heard; None: not before the next one was said."""
    found: list[float | None] = []
    for one_s in said_s:
        after = bisect_right(heard_s, one_s)
        is_heard = after < len(heard_s) and heard_s[after] - one_s < every_s
        found.append(heard_s[after] - one_s if is_heard else None)
    return found


def summary(way: str, found: list[float | None]) -> dict[str, float | int | str]:
    """Return the four numbers of one way."""
    heard = [one for one in found if one is not None]
    numbers: dict[str, float | int | str] = {f"{way}_marks": len(found), f"{way}_heard": len(heard)}
    for share in (0.5, 0.95):
        key = f"{way}_p{share * 100:.0f}_ms"
        numbers[key] = round(percentile(heard, share) * 1_000) if heard else "none"
    return numbers


if __name__ == "__main__":
    main()
