"""`./run bench silent`: the box's connection dies without a word, and somebody presses.

A box is connected over an emulated link (64 kbit/s both ways, 600 ms). Again and again the flows of the
moment are black-holed in both directions, as a middlebox does that has lost their entry: no FIN, no reset;
new flows pass. The button is pressed right before it, right after it, or a minute later, and the press is
looked for in the file of the hub's store. Linux, root.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Final

from tests.bench.report import percentile, progress, tell
from tests.drain.presses import Presses
from tests.simulators.links import Profile, steady
from tests.village.eyes import wait_until
from tests.village.station import Devices, Station
from tests.village.village import PLACES, Village

KINDS: Final = ("before", "after", "idle")
BEFORE_S: Final = 0.2  # at most, from the press to the death: it is still in the box, or on its way
IDLE_S: Final = 60.0
IDLE_EVERY: Final = 5  # one trial of so many waits a minute
PRESS_LIMIT_S: Final = 60.0
READY_LIMIT_S: Final = 120.0
MEANINGS: Final = {
    "press_p50_s": "edge of the button to the hub's committed store, of all trials",
    "press_p99_s": "the same, 99 of 100",
    "press_max_s": "the slowest",
    "lost": "presses that the hub's store did not hold a minute later",
    "trials": "deaths of a connection",
    "before_max_s": "the slowest that was pressed within 0.2 s before",
    "after_max_s": "the slowest that was pressed within a second after",
    "idle_max_s": "the slowest that was pressed a minute after",
    "profile": "the link",
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench silent",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{key:14} {text}" for key, text in MEANINGS.items()),
    )
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--rate-kbps", type=float, default=64.0)
    parser.add_argument("--loss", type=float, default=0.0, help="of packets, each way, 0 … 1")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-silent-") as folder:
        result = measure(Path(folder), options)
    tell(result, meanings=MEANINGS, json_path=options.json)


def measure(folder: Path, options: argparse.Namespace) -> dict[str, float | int | str]:
    """Let the connection die so often."""
    bps = options.rate_kbps * 1e3
    up, down = (steady(bps, delay_s=0.3, queue_s=1.0, loss=options.loss, seed=seed) for seed in (11, 12))
    profile = Profile(name=f"{options.rate_kbps:g} kbit/s, 600 ms, {options.loss:.0%} loss", up=up, down=down)
    chance = Random(options.seed)
    took_s: dict[str, list[float]] = {kind: [] for kind in KINDS}
    devices = Devices(camera="none", microphone="none", loudspeaker="none")
    lost = 0
    with Village(folder, [replace(PLACES[0], link=profile, devices=devices)]) as village:
        station = village.stations[0]
        with Presses(station, folder / "store") as presses:
            for number in range(options.trials):
                kind = "idle" if number % IDLE_EVERY == IDLE_EVERY - 1 else KINDS[number % 2]
                wait_until(lambda: is_ready(station), what="the box is connected", limit_s=READY_LIMIT_S)
                progress(f"trial {number + 1} of {options.trials}: {kind}      ")
                die(station, presses, kind, chance)
                presses.wait(limit_s=PRESS_LIMIT_S)
                took_s[kind] += [one for _, one in presses.took_s]
                lost += presses.waiting
                presses.forget()
    progress("\n")
    return result_of(took_s, lost=lost, trials=options.trials, profile=profile.name)


def is_ready(station: Station) -> bool:
    """Whether the box is connected and the hub has all its calls."""
    if not station.answers():
        return False
    found = {finding.part: finding for finding in station.report().findings}
    return found["link"].text.startswith("connected to") and "of class 0" not in found["spool"].text


def die(station: Station, presses: Presses, kind: str, chance: Random) -> None:
    """End the connection, and press."""
    assert station.link is not None, "made with one"
    if kind == "before":
        presses.press()
        presses.watch(chance.uniform(0.0, BEFORE_S))
    station.link.silence_flows()
    if kind == "after":
        time.sleep(chance.uniform(0.0, 1.0))  # the trial: so long after
        presses.press()
    elif kind == "idle":
        time.sleep(IDLE_S)
        presses.press()


def result_of(
    took_s: Mapping[str, Sequence[float]], *, lost: int, trials: int, profile: str
) -> dict[str, float | int | str]:
    """Return what is printed."""
    everything = [one for times in took_s.values() for one in times]
    return {
        "press_p50_s": round(percentile(everything, 0.5), 2) if everything else "none",
        "press_p99_s": round(percentile(everything, 0.99), 2) if everything else "none",
        "press_max_s": round(max(everything), 2) if everything else "none",
        "lost": lost,
        "trials": trials,
        **{f"{kind}_max_s": round(max(times), 2) if times else "none" for kind, times in took_s.items()},
        "profile": profile,
    }


if __name__ == "__main__":
    main()
