"""`./run bench backlog`: a call and presses beside a day's backlog, all on one link of 256 kbit/s.

The spool is filled by the real capture (a day takes some minutes). The station calls, is answered, and goes
on sending what it owes while picture and voice are on the same link; its button is pressed at random, each
press a nudge of the open call. The wait before the link is from the link's own log, a press is looked for in
the file of the hub's store. Real parts throughout: `edge vitals`, `edge video`, broker, hub, Chromium. Needs
root.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Final

from tests.bench.report import tell
from tests.busy_link.result import BACKLOG, CALL, LINK, PRESSES, of_backlog, of_call, of_link, of_presses
from tests.busy_link.watch import watched_call
from tests.simulators.links import Profile, steady

MEANINGS: Final = {**CALL, **LINK, **PRESSES, **BACKLOG}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench backlog",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="keys:\n" + "\n".join(f"  {key:20} {meaning}" for key, meaning in MEANINGS.items()),
    )
    parser.add_argument("--hours", type=float, default=24.0, help="of backlog (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=300.0, help="of call (default: %(default)s)")
    parser.add_argument("--press-every", type=float, default=10.0, metavar="SECONDS", help="on average")
    parser.add_argument("--rate-kbps", type=float, default=256.0, help="each way (default: %(default)s)")
    parser.add_argument("--delay-ms", type=float, default=100.0, help="each way (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the presses")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave there what the run writes")
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    profile = profile_of(options)
    with tempfile.TemporaryDirectory(prefix="haidang-backlog-") as name:
        watched = watched_call(
            options.keep or Path(name),
            profile,
            hours=options.hours,
            seconds=options.seconds,
            press_every_s=options.press_every,
            seed=options.seed,
        )
    result = {
        **of_call(watched, profile),
        **of_link(watched, profile),
        **of_presses(watched),
        **of_backlog(watched, hours=options.hours),
    }
    tell(result, meanings=MEANINGS, json_path=options.json)


def profile_of(options: argparse.Namespace) -> Profile:
    """Return the link that was asked for, with a second of queue."""
    bps, delay_s = options.rate_kbps * 1e3, options.delay_ms / 1e3
    up, down = (steady(bps, delay_s=delay_s, queue_s=1.0, seed=seed) for seed in (11, 12))
    return Profile(name=f"{options.rate_kbps:g} kbit/s, {2 * options.delay_ms:g} ms", up=up, down=down)


if __name__ == "__main__":
    main()
