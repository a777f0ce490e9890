"""`./run bench soak`: kills, cuts, full disks, stepped clocks and old backups, and nothing may be lost.

Everything is real and on this machine: boards' bytes over pseudo-terminals, `edge vitals`, TLS to mosquitto,
`hub serve`. Presses go on at random all the time. A ledger outside of the product knows what must be at the
hub in the end; `tests/soak` says how. A cycle is one disturbance and the recovery from it; after each round
of cycles everything must have reached the hub, and is checked. A round that fails keeps its folder.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.bench.report import percentile, progress, tell
from tests.soak.disturbances import KINDS, Cycle, plan
from tests.soak.fleet import TOLERANCE_S, partitions
from tests.soak.rounds import Round, run_round

_LOOKED_AT: Final = (
    "presses",
    "registered",
    "calls",
    "withdrawn",
    "records",
    "tombstones",
    "freed",
    "drafts",
    "samples",
)
ROUND_CYCLES: Final = 50
STATIONS: Final = 6
MEANINGS: Final = {
    "cycles": "disturbances that were recovered from",
    "lost": "registered presses, committed records, and samples over a second old at a kill that are nowhere",
    "duplicated": "presses, calls, records and samples that the hub holds twice, or that never were",
    "misordered": "samples that are not what the board sent at their index, or whose time goes back",
    "seed": "with it, and the same number of cycles, the same disturbances come again",
    "seconds": "of it all",
    "broken": "cycles that were not recovered from within the limit, or checks that could not be made",
    "presses": "of the simulated boards' buttons",
    "registered": "of these, for which the board's lamp said so before its power went",
    "calls": "that the hub made of them; others nudge a call that is open",
    "withdrawn": "calls that were none: a hub of an old backup heard something of class 0 before its key",
    "records": "at the hub in the end",
    "tombstones": "that tell of what a full box gave up; what they name is not lost",
    "freed": "records that a hub had received, a full box then let go, and an older backup has not: not lost",
    "drafts": "seconds that a killed box left behind",
    "samples": "at the hub in the end, each compared with what the board sent",
    "kills": "of boxes whose loss was measured",
    "at_risk_p50_s": "age of the oldest sample that such a kill cost",
    "at_risk_max_s": "the same, the worst",
    **{kind.name: "cycles of this kind" for kind in KINDS},
}


def main() -> None:
    """Run and print; exit status 1 when something is wrong."""
    parser = argparse.ArgumentParser(
        prog="./run bench soak",
        description=__doc__,
        epilog="keys of the JSON: " + "; ".join(f"{key}: {text}" for key, text in MEANINGS.items()),
    )
    parser.add_argument("--cycles", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--workers", type=int, default=3, help="disturbances at a time")
    parser.add_argument("--stations", type=int, default=STATIONS)
    parser.add_argument(
        "--tolerance-s", type=float, default=TOLERANCE_S, help="beyond the second that a kill may cost"
    )
    parser.add_argument("--folder", type=Path, help="where the rounds' folders go")
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="haidang-soak-", dir=options.folder))
    total, seconds = soak(folder, options)
    tell(numbers(total, options.seed, seconds), meanings=MEANINGS, json_path=options.json)
    if total.broken or total.findings.counts:
        sys.exit(1)
    shutil.rmtree(folder)


def soak(folder: Path, options: argparse.Namespace) -> tuple[Round, float]:
    """Run round after round; return their sum and how long it took. Stops at the first that fails."""
    total, began_s = Round(), time.monotonic()
    rounds = random.Random(options.seed)
    done = 0

    def say(cycle: Cycle) -> None:
        nonlocal done
        done += 1
        left_s = (time.monotonic() - began_s) / done * (options.cycles - done)
        progress(
            f"cycle {done} of {options.cycles}: {cycle.kind.name:24} about {left_s / 60:4.1f} min left  "
        )

    for first in range(1, options.cycles + 1, ROUND_CYCLES):
        seed, place = rounds.getrandbits(32), folder / f"from-{first}"
        place.mkdir()
        cycles = plan(
            min(ROUND_CYCLES, options.cycles + 1 - first),
            seed=seed,
            first=first,
            units=options.stations,
            with_partition=partitions(options.stations),
        )
        one = run_round(
            place,
            cycles,
            seed=seed,
            workers=options.workers,
            stations=options.stations,
            say=say,
            tolerance_s=options.tolerance_s,
        )
        total.findings.take(one.findings, where=place.name)
        total.done += one.done
        total.broken += one.broken
        if one.broken or one.findings.counts:
            lines = [*one.broken, *one.findings.texts, f"seed {options.seed}; what is left is in {place}"]
            print("", *lines, sep="\n", file=sys.stderr)
            break
        shutil.rmtree(place)
    progress("\n")
    return total, time.monotonic() - began_s


def numbers(total: Round, seed: int, seconds: float) -> dict[str, float | int | str]:
    """Return what is printed."""
    found, ages_s = total.findings, total.findings.at_risk_s
    return {
        "cycles": total.done.total(),
        **{wrong: found.counts[wrong] for wrong in ("lost", "duplicated", "misordered")},
        "broken": len(total.broken),
        "seed": seed,
        "seconds": round(seconds),
        **{key: found.numbers[key] for key in _LOOKED_AT},
        "kills": len(ages_s),
        "at_risk_p50_s": round(percentile(ages_s, 0.5), 2) if ages_s else "none",
        "at_risk_max_s": round(max(ages_s), 2) if ages_s else "none",
        **{kind.name: total.done[kind.name] for kind in KINDS},
    }


if __name__ == "__main__":
    main()
