"""`python -m tests.simulators.sending [PROFILE …]`: run profiles in virtual time, print one line each."""

import argparse
from pathlib import Path

from tests.simulators.links.known import POOR, find_profile
from tests.simulators.sending.calls import run
from tests.simulators.sending.drawing import draw
from tests.simulators.sending.report import HEADING, report


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.sending", description=__doc__)
    parser.add_argument("profiles", nargs="*", help="by name; the ten poor links if there is none")
    parser.add_argument("--folder", type=Path, help="of further link profiles, NAME.json")
    parser.add_argument("--seconds", type=float, help="as long as the profile says")
    parser.add_argument("--seeds", type=int, default=1, help="so many runs of each, with other chances")
    parser.add_argument("--film", action="store_true", help="coded by libvpx, not made up")
    parser.add_argument("--high", action="store_true", help="the browser takes the second track as well")
    parser.add_argument("--vitals", action="store_true", help="go beside it")
    parser.add_argument("--png", type=Path, metavar="FOLDER", help="draw each first run there")
    options = parser.parse_args()
    print(HEADING)
    for name in options.profiles or [one.name for one in POOR]:
        profile = find_profile(name, options.folder)
        for seed in range(options.seeds):
            result = run(
                profile,
                seconds=options.seconds,
                seed=seed,
                has_high=options.high,
                is_film=options.film,
                has_vitals=options.vitals,
            )
            print(report(result).line(f"{name} #{seed}"), flush=True)
            if options.png and not seed:
                draw(result, options.png / f"{name}.png")


if __name__ == "__main__":
    main()
