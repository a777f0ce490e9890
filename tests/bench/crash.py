"""`./run bench crash`: what a power cut leaves of the spool, whatever the disk did with unsynced writes.

A real spool process is recorded with strace: three lives of it, with drafts, records in their place, presses,
receipts with holes, a hub that forgot, room made at a small quota, a kill and an orderly end between. Out of
its writes states of the disk are made: every prefix (of a run between two syncs at most 160, by seed), and,
by seed, of what is unsynced nothing, only the newest write, all but one, the newest torn at sectors of 512
bytes, any in any order. Each is opened and held against what the process had said to be durable. The control
is the same with PRAGMA synchronous=NORMAL: if nothing is lost then, the bench is blind. tests/crash/disk.py
says what is taken for durable.
"""

import argparse
import os
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Final

from tests.bench.report import progress, tell
from tests.crash.campaign import Tally, lay_out, promise_at, recipe_of, run
from tests.crash.checker import Checker, Verdict
from tests.crash.disk import Disk
from tests.crash.recording import Recording, load, record

MEANINGS: Final = {
    "states": "different contents of the disk that were opened and judged",
    "lost": "states that lack something the process had said to be durable",
    "corrupt": "states that do not open, fail SQLite's integrity check, or hold a row that was never stored",
    "duplicated": "states with a sample, press or draft twice, or that would give a number again",
    "control_lost": "states that lack something when the recorded process runs with synchronous=NORMAL",
    "control_states": "different contents judged for the control",
    "started": "of the states: those the whole product was started in and stored more; others SQLite alone",
    "writes": "writes recorded",
    "promises": "commits after which the process said what is durable",
    "sacrificed": "tombstones of the recorded run: room was made",
    "freed": "records of the recorded run that went because the hub has them",
}
CONTROL_STATES: Final = 1_000
PREFIXES: Final = (
    160  # of one run between two syncs: a log extended or a checkpoint is one of a thousand writes
)
CONTROL_PREFIXES: Final = 20  # of a much longer one
KEPT: Final = Path("build/crash")


def main() -> None:
    """Record, judge, print; or make one kept state again."""
    parser = argparse.ArgumentParser(
        prog="./run bench crash",
        description=__doc__,
        epilog="\n".join(f"{key}: {meaning}" for key, meaning in MEANINGS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--states", type=int, default=12_000, help="how many different ones (12000)")
    parser.add_argument("--seconds", type=int, default=20, help="of each recorded life (20)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--replay", metavar="STEP:KIND:DRAW", help="judge one state of the kept recording again"
    )
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    if options.replay:
        replay(load(KEPT / "recording"), options.replay, options.seed)
        return
    tell(measure(options), meanings=MEANINGS, json_path=options.json)


def measure(options: argparse.Namespace) -> dict[str, int]:
    """Record both, judge both."""
    progress("recording the spool\n")
    recording = record(seconds=options.seconds, careless=False)
    flaws = Checker(recording).flaws()
    tally = judge("states", recording, options, options.states, PREFIXES)
    keep(recording, tally, options.seed)
    progress("recording the control\n")
    careless = record(seconds=options.seconds, careless=True)
    control = judge("control", careless, options, min(CONTROL_STATES, options.states), CONTROL_PREFIXES)
    return {
        "states": len(tally.contents),
        "lost": len(tally.lost) + bool(flaws.lost),
        "corrupt": len(tally.corrupt) + bool(flaws.corrupt),
        "duplicated": len(tally.duplicated) + bool(flaws.duplicated),
        "control_lost": len(control.lost),
        "control_states": len(control.contents),
        "started": tally.started,
        "writes": len(recording.steps),
        "promises": len(recording.told),
        "sacrificed": sum(one.gives_up is not None for one in recording.known.values()),
        "freed": freed(recording),
    }


def freed(recording: Recording) -> int:
    """Return how many records went after the hub had them."""
    pairs = pairwise(recording.told)
    gone = ((then, then.records.keys() - now.records.keys()) for then, now in pairs)
    return sum(then.has_received(name) for then, names in gone for name in names)


def judge(what: str, recording: Recording, options: argparse.Namespace, states: int, prefixes: int) -> Tally:
    """Judge so many states and say how far it is."""

    def say(tally: Tally) -> None:
        kinds = ", ".join(f"{count} {kind}" for kind, count in tally.kinds.items())
        wrong = f"lost {len(tally.lost)}, corrupt {len(tally.corrupt)}, duplicated {len(tally.duplicated)}"
        progress(f"{what}: {len(tally.contents)} of {states} ({kinds}); {wrong}  ")

    seed, processes = options.seed, options.processes
    tally = run(
        recording, states=states, prefixes_a_window=prefixes, seed=seed, processes=processes, tell=say
    )
    progress("\n")
    return tally


def keep(recording: Recording, tally: Tally, seed: int) -> None:
    """Keep the recording, and the folders of failing states with the command that makes them again."""
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(parents=True)
    recording.save(KEPT / "recording")
    for recipe, verdict in tally.failures:
        progress(f"{recipe}: {words(verdict)}\n  again: ./run bench crash --seed {seed} --replay {recipe}\n")
        replay(recording, recipe, seed)


def replay(recording: Recording, recipe_name: str, seed: int) -> None:
    """Make the state of that name in a folder that stays, and say what is wrong with a copy of it."""
    step, kind, draw = recipe_name.split(":")
    disk = Disk()
    for done in recording.steps[: int(step) + 1]:
        disk.take(done)
    recipe = recipe_of(disk, int(step), kind, seed=seed, draw=int(draw))
    if recipe is None:
        raise SystemExit(f"{recipe_name}: there is no such state")
    folder = KEPT / recipe_name.replace(":", "-")
    promise = promise_at(recording, int(step))
    for name, judged in (("look", Checker(recording).look), ("start", Checker(recording).start)):
        copy = folder.with_name(f"{folder.name}-{name}")
        for place in (folder, copy):
            shutil.rmtree(place, ignore_errors=True)
            lay_out(disk.files(recipe.parts, recipe.names), place)
        progress(f"{recipe_name} after promise {promise}, {name}: {words(judged(copy, promise)) or 'good'}\n")
        shutil.rmtree(copy)
    progress(f"  its files: {folder}\n")


def words(verdict: Verdict) -> str:
    """Return what is wrong, in one line."""
    found = {"lost": verdict.lost, "corrupt": verdict.corrupt, "duplicated": verdict.duplicated}
    return "; ".join(f"{what}: {', '.join(lines[:3])}" for what, lines in found.items() if lines)


if __name__ == "__main__":
    main()
