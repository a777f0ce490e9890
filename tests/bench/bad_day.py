"""`./run bench bad_day`: a call through an hour that has everything that a link can do to it.

The profile `bad_day` (`tests/simulators/links/bad_day.py`): fades to 24 kbit/s, seven outages of 1 to 25 s,
loss at random and in bursts, gusts of jitter, stretches by satellite, two TCP uploads of somebody else; the
first five minutes have something of each. The station owes a day of records when the call begins, and goes on
sending them. Real parts throughout: `edge vitals`, `edge video`, broker, hub, Chromium. Needs root.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Final

from tests.bench.report import tell
from tests.busy_link.result import BACKLOG, CALL, LINK, OUTAGES, of_backlog, of_call, of_link, of_outages
from tests.busy_link.watch import watched_call
from tests.simulators.links.bad_day import BAD_DAY

MEANINGS: Final = {**CALL, **OUTAGES, **LINK, **BACKLOG}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench bad_day",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="keys:\n" + "\n".join(f"  {key:20} {meaning}" for key, meaning in MEANINGS.items()),
    )
    parser.add_argument("--seconds", type=float, default=BAD_DAY.seconds, help="(default: %(default)s)")
    parser.add_argument("--hours", type=float, default=24.0, help="of backlog (default: %(default)s)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave there what the run writes")
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-bad-day-") as name:
        watched = watched_call(
            options.keep or Path(name), BAD_DAY, hours=options.hours, seconds=options.seconds
        )
    result = {
        **of_call(watched, BAD_DAY),
        **of_outages(watched, BAD_DAY),
        **of_link(watched, BAD_DAY),
        **of_backlog(watched, hours=options.hours),
    }
    tell(result, meanings=MEANINGS, json_path=options.json)


if __name__ == "__main__":
    main()
