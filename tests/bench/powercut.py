"""`./run bench powercut`: what a power cut leaves of the block device under the stores of a box.

The spool's own code works on ext4, made and mounted as the image does it, on a device that logs each write
and flush (`qemu-storage-daemon` with blklogwrites, FUSE, a loop device). A state is what was flushed and, by
seed, of what was not: all, none, the newest write alone, all but one, the newest torn between blocks of 4,096
bytes, any in any order. Each is started as the box starts (e2fsck -a, mount, the spool with its recovery,
another boot, a press and a draft more), and held against what had been promised by then. Three lives are
recorded, each of which begins with what a cut left of the one before: power goes during recovery too. Beside
the spool are files, written as enrolment writes keys and configuration. The control is the same without
syncs: if nothing is lost then, the bench is blind. Needs root, FUSE and loop devices.
"""

import argparse
import sys
from typing import Final

from tests.bench.report import progress, tell
from tests.crash.checker import Checker
from tests.crash.trace import Sync, Write
from tests.powercut.campaign import Tally, judge, live
from tests.powercut.logged_disk import unable
from tests.powercut.recorded import Recorded, new_device, record

MEANINGS: Final = {
    "states": "different states of the block device in which the box was started and judged",
    "lost": "states that lack something that was promised, or do not hold it as it was",
    "unbootable": "states that do not mount without a question, or whose spool does not start",
    "corrupt": "states with an unsound file system or database, or a row that was never stored",
    "duplicated": "states with a sample, press or draft twice, or that would give a number again",
    "control_lost": "states that lack something when the recorded box does not sync",
    "control_states": "states of the control",
    "lives": "lives that were recorded, each from what a cut left of the one before",
    "writes": "writes that ext4 handed to the device in them",
    "flushes": "flushes",
    "promises": "commits of the spool and files after which something was promised",
}
LIVES: Final = 3
CONTROL_STATES: Final = 60


def main() -> None:
    """Record, judge, print."""
    parser = argparse.ArgumentParser(
        prog="./run bench powercut",
        description=__doc__,
        epilog="\n".join(f"{key}: {meaning}" for key, meaning in MEANINGS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--states", type=int, default=300, help="of the block device (300)")
    parser.add_argument("--seconds", type=int, default=20, help="of each recorded life (20)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    if why := unable():
        sys.exit(f"no crash states on this machine: {why}")
    tell(measure(options), meanings=MEANINGS, json_path=options.json)


def measure(options: argparse.Namespace) -> dict[str, int]:
    """Record and judge life after life, then the control."""
    lives: list[Recorded] = []
    tally = Tally()
    for recorded in live(LIVES, seconds=options.seconds, seed=options.seed):
        lives.append(recorded)
        share = options.states * len(lives) // LIVES - tally.states
        flaws = Checker(recorded.spool).flaws()
        tally.lost += bool(flaws.lost)
        tally.corrupt += bool(flaws.corrupt)
        tally.duplicated += bool(flaws.duplicated)
        tally.add(_judged(f"life {len(lives)}", recorded, share, options.seed))
    careless = record(new_device(), 0, seconds=options.seconds, careless=True)
    control = _judged("control", careless, min(CONTROL_STATES, options.states), options.seed)
    steps = [step for one in lives for step in one.spool.steps[one.first :]]
    return {
        "states": tally.states,
        "lost": tally.lost,
        "unbootable": tally.unbootable,
        "corrupt": tally.corrupt,
        "duplicated": tally.duplicated,
        "control_lost": control.lost,
        "control_states": control.states,
        "lives": len(lives),
        "writes": sum(isinstance(step, Write) for step in steps),
        "flushes": sum(isinstance(step, Sync) for step in steps),
        "promises": sum(at >= one.first for one in lives for at in (*one.spool.told_at, *one.kept_at)),
    }


def _judged(what: str, recorded: Recorded, states: int, seed: int) -> Tally:
    """Judge so many states, say how far it is and what was wrong (of a control that is not news)."""

    def say(tally: Tally) -> None:
        wrong = f"lost {tally.lost}, corrupt {tally.corrupt}, unbootable {tally.unbootable}"
        progress(f"{what}: {tally.states} of {states}; {wrong}  ")

    tally = judge(recorded, states=states, seed=seed, tell=say)
    kinds = ", ".join(f"{count} {kind}" for kind, count in tally.kinds.items())
    progress(f"{what}: {tally.states} states ({kinds}), {len(tally.words)} wrong\n")
    for words in tally.words[: 0 if what == "control" else None]:
        progress(f"  {words}\n")
    return tally


if __name__ == "__main__":
    main()
