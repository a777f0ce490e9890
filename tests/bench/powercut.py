"""`./run bench powercut`: what a power cut leaves of the disk under a box; a virtual box that is killed.

The spool's own code works on ext4, made and mounted as the image does it, on a device that logs each write
and flush (`qemu-storage-daemon` with blklogwrites, FUSE, a loop device). A state is what was flushed and, by
seed, of what was not: all, none, the newest write alone, all but one, the newest torn between blocks of 4,096
bytes, any in any order. Each is started as the box starts (the image's own check, mount, the spool with its
recovery, another boot, a press and a draft more), and held against what had been promised by then. Three
lives are recorded, each of which begins with what a cut left of the one before: power goes during recovery
too. Beside the spool are files, written as enrolment writes keys and configuration. The control is the same
without syncs: if nothing is lost then, the bench is blind. Needs root, FUSE and loop devices.

The virtual box is the built image in QEMU, enrolled by the file on its card at a real hub outside, with a
board and a button. The process is killed while the box starts, first in its very first start, or at work,
with its cable in or out. Later it has to come up by itself with no unit failed and all that was seen in its
spool; at the end all that it ever had has to be at the hub. What QEMU was given is not lost by a kill: this
tries starting anew, the states above try durability.
"""

import argparse
import shutil
import sys
from pathlib import Path
from typing import Final

from images.build_service import IMAGE
from images.places import BUILD
from tests.bench.report import percentile, progress, tell
from tests.crash.checker import Checker
from tests.crash.trace import Sync, Write
from tests.powercut.campaign import Tally, judge, live
from tests.powercut.logged_disk import unable
from tests.powercut.recorded import Recorded, new_device, record

MEANINGS: Final = {
    "states": "different states of the block device in which the box was started and judged",
    "guest_kills": "times that the virtual box was killed",
    "lost": "states and starts that lack something that was promised, or do not hold it as it was",
    "unbootable": "states that do not mount without a question, whose spool does not start; starts of the "
    "virtual box that came to no good end by themselves",
    "corrupt": "states with an unsound file system or database, or a row that was never stored",
    "duplicated": "states with a sample, press or draft twice, or that would give a number again",
    "control_lost": "states that lack something when the recorded box does not sync",
    "control_states": "states of the control",
    "guest_starts": "starts of the virtual box that were let come to their end",
    "guest_start_s": "of those: from power to a service that is ready, the median",
    "no_guests": "why the virtual box was not tried",
    "lives": "lives that were recorded, each from what a cut left of the one before",
    "writes": "writes that ext4 handed to the device in them",
    "flushes": "flushes",
    "promises": "commits of the spool and files after which something was promised",
}
LIVES: Final = 3
CONTROL_STATES: Final = 60
QEMU: Final = "qemu-system-x86_64"


def main() -> None:
    """Record, judge, print."""
    parser = argparse.ArgumentParser(
        prog="./run bench powercut",
        description=__doc__,
        epilog="\n".join(f"{key}: {meaning}" for key, meaning in MEANINGS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--states", type=int, default=300, help="of the block device (300; 0: none)")
    parser.add_argument("--guest-kills", type=int, default=20, help="of the virtual box (20; 0: none)")
    parser.add_argument("--image", type=Path, default=BUILD / "amd64", help="folder of the built image")
    parser.add_argument("--seconds", type=int, default=20, help="of each recorded life (20)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    if options.states and (why := unable()):
        sys.exit(f"no crash states on this machine: {why}; --states 0 leaves them out")
    result = of_states(options) if options.states else {"states": 0, "lost": 0, "unbootable": 0}
    guests = of_guests(options)
    for key in ("lost", "unbootable"):
        result[key] += int(guests.pop(key))
    ordered = {key: (result | guests)[key] for key in MEANINGS if key in result | guests}
    tell(ordered, meanings=MEANINGS, json_path=options.json)


def of_guests(options: argparse.Namespace) -> dict[str, float | str]:
    """Kill the virtual box again and again; or say why not."""
    nothing: dict[str, float | str] = {"guest_kills": 0, "lost": 0, "unbootable": 0}
    if not options.guest_kills:
        return nothing | {"no_guests": "not asked for"}
    if not (options.image / IMAGE).exists():
        return nothing | {"no_guests": f"no image in {options.image}: ./run image build --arch amd64"}
    if missing := [name for name in (QEMU, "mcopy") if shutil.which(name) is None]:
        return nothing | {"no_guests": f"missing: {', '.join(missing)}"}
    from tests.powercut.guests import Killed, kill_again_and_again

    def say(killed: Killed) -> None:
        wrong = f"lost {killed.lost}, unbootable {killed.unbootable}"
        progress(f"virtual box: {killed.kills} of {options.guest_kills} kills; {wrong}  ")

    killed = kill_again_and_again(options.image, kills=options.guest_kills, seed=options.seed, tell=say)
    progress("\n")
    for words in killed.words:
        progress(f"  {words}\n")
    return {
        "guest_kills": killed.kills,
        "lost": killed.lost,
        "unbootable": killed.unbootable,
        "guest_starts": len(killed.starts_s),
        "guest_start_s": round(percentile(killed.starts_s, 0.5), 1) if killed.starts_s else "",
    }


def of_states(options: argparse.Namespace) -> dict[str, int]:
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
