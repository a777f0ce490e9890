"""`./run bench calls`: a press always ends in help, or on a list that somebody owns.

Histories: both sides of the call as they are (the station's table, the hub's table, its desk and its routing)
over a wire that loses, overtakes and doubles, with whatever may befall people and machines, in one time that
is a number (tests/model). Kills: a real hub, mosquitto, boxes and a tab of Chromium, each killed while calls
stand in every state, and each press followed to its end (tests/calls). Races: two real pages press the answer
key for one call. Storm: a thousand stations press within ten seconds before one open page. Outage: a press
without a link; the box sleeps meanwhile, and its boot's clock goes on as in sleep, unless real minutes are
asked for.
"""

import argparse
import os
import random
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hub.calls.table import WAITING, State
from tests.bench.report import progress, tell
from tests.calls.kills import KINDS, Kills, Tally
from tests.calls.outage import outage
from tests.calls.storm import storm
from tests.calls.street import street
from tests.model.histories import Told, histories
from tests.races import Races, run_races

MEANINGS: Final = {
    "histories": "of the model, each from power on until everything has been at rest for an hour",
    "steps": "things done in them: presses, claims, kills, cuts, clocks set …",
    "real_kills": "kill -9 of a hub, a broker, a box or a tab",
    "states_killed_at": "states of calls at the hub in which all four were killed",
    "lost": "presses, emergencies and cancellings of which nothing came, modelled and real",
    "double_owned": "changes of owner that nobody may make, and pages that go on disagreeing about one",
    "stuck": "calls neither closed nor on the list of somebody in the end, and lamps that lied then",
    "wrong_person": "calls, and advice at the station, of another person than who was being seen",
    "races": "calls for which two pages pressed the answer key at once",
    "race_double_owned": "races with other than one claim, or two pages that had it, or disagreed",
    "storm_calls": "presses of as many stations within ten seconds",
    "storm_lost": "of them such that are no call",
    "storm_order_kept": "1: the page has them in the order in which they came",
    "storm_key_p95_ms": "from a key to whoever hears it in the page, 95 of 100 keys during the storm",
    "storm_keys": "so many keys",
    "storm_answer_max_ms": "from F2 to the page that says whose the call is, the longest of some",
    "outage_20min_callback_age_error_s": "of the age of a press that waited 20 minutes and is owed a call",
    "outage_3min_rings": "1: a press that waited 3 minutes rings",
    "seconds": "that all of it took",
}
CHUNK: Final = 250  # histories at a time
KILLS_A_ROUND: Final = len(KINDS)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench calls",
        description=__doc__,
        epilog="\n".join(f"{key}: {meaning}" for key, meaning in MEANINGS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--histories", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--races", type=int, default=1_000)
    parser.add_argument("--outage-minutes", type=float, help="a real outage instead of a box that sleeps")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    began_s = time.monotonic()
    told = model(options.histories, seed=options.seed)
    tally = kills(options.kills, seed=options.seed)
    races = races_of(options.races)
    result = {
        "histories": told.histories,
        "steps": told.steps,
        "real_kills": tally.kills,
        "states_killed_at": states_killed_at(tally),
        **{key: told.broken[key] + tally.count(key) for key in ("lost", "double_owned", "stuck")},
        "wrong_person": tally.count("wrong_person"),
        "races": races.count,
        "race_double_owned": races.double_owned + races.disagreed,
        **of_storm(),
        **of_outage(options.outage_minutes),
        "seconds": round(time.monotonic() - began_s),
    }
    for fault in (*told.faults, *tally.faults):
        progress(f"\n{fault}")
    progress("\n")
    tell(result, meanings=MEANINGS, json_path=options.json)


def model(count: int, *, seed: int) -> Told:
    """Let so many histories happen, on all processors."""
    told, first = Told(), seed * 1_000_000
    chunks = [range(first + at, first + min(at + CHUNK, count)) for at in range(0, count, CHUNK)]
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        for one in processes.map(histories, chunks):
            told.add(one)
            progress(f"history {told.histories} of {count} ")
    progress("\n")
    return told


def kills(count: int, *, seed: int) -> Tally:
    """Kill so often, rounded up to whole rounds."""
    rng = random.Random(seed)
    with folder() as there, street(there) as all_of_it:
        killing = Kills(all_of_it, rng)
        while killing.tally.kills < count:
            killing.round(rng.sample(KINDS, KILLS_A_ROUND))
            progress(f"kill {killing.tally.kills} of {count} ")
        killing.account()
    progress("\n")
    return killing.tally


def races_of(count: int) -> Races:
    """Race so often."""
    with folder() as there:
        races = run_races(count, folder=there, on_race=lambda one: progress(f"race {one.count} of {count} "))
    progress("\n")
    return races


def of_storm() -> dict[str, float | int]:
    """Let a thousand stations press."""
    progress("storm\n")
    with folder() as there:
        found = storm(there)
    return {
        "storm_calls": found.calls,
        "storm_lost": found.lost,
        "storm_order_kept": int(found.is_order_kept),
        "storm_key_p95_ms": round(found.key_p95_ms, 1),
        "storm_keys": found.keys,
        "storm_answer_max_ms": round(found.answer_max_ms),
    }


def of_outage(real_minutes: float | None) -> dict[str, float | int]:
    """Press in a long outage and in a short one; `real_minutes`: of the long one."""
    progress("outages\n")
    with folder() as there:
        long = outage(there, real_minutes or 20.0, is_real=real_minutes is not None)
    with folder() as there:
        short = outage(there, 3.0, is_real=False)
    assert long.state is State.CALLBACK and long.owner is not None, long
    return {
        "outage_20min_callback_age_error_s": round(long.age_error_s, 2),
        "outage_3min_rings": int(short.state in WAITING),
    }


def states_killed_at(tally: Tally) -> int:
    """Return at how many states everything was killed."""
    states = {state for _, state in tally.at}
    return sum(all(tally.at[kind, state] for kind in KINDS) for state in states)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one part of it."""
    with tempfile.TemporaryDirectory(prefix="haidang-bench-") as name:
        yield Path(name)


if __name__ == "__main__":
    main()
