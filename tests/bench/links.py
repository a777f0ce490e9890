"""`./run bench links --peer ours --profile floor_64k`: who sends picture and voice how well over a poor link.

The same film and the same speech by four senders, over the same emulated link, into the same Chromium: ours
(`edge video` in a real call), aiortc as it comes, Chromium with its defaults, Chromium tuned by two lines of
the description. `--all` has all of them over the ten profiles, keeps every run in a folder, and writes one
table and one picture a profile; what is there already is not run again. Needs root. docs/benches.md.
"""

import argparse
import json
import tempfile
from pathlib import Path

from tests.bench.report import tell
from tests.links_bench.campaign import campaign
from tests.links_bench.clip import Clip
from tests.links_bench.result import MEANINGS
from tests.links_bench.run import PEERS, run
from tests.simulators.links import FLOOR_64K, Profile, find_profile
from tests.simulators.links.known import POOR


def main() -> None:
    """Run and print."""
    meant = "\n".join(f"  {key:16} {meaning}" for key, meaning in MEANINGS.items())
    parser = argparse.ArgumentParser(
        prog="./run bench links",
        description=f"{__doc__}\n\nkeys:\n{meant}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--peer", action="append", choices=PEERS, help="with --all more than one may be named"
    )
    parser.add_argument("--profile", action="append", help="a name, or a profile's JSON file; as --peer")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    parser.add_argument(
        "--all", type=Path, metavar="FOLDER", help="run all that this folder does not have yet"
    )
    parser.add_argument("--repeat", type=int, default=1, help="with --all; the table has medians")
    options = parser.parse_args()
    profiles = [_profile(name) for name in options.profile or ()]
    if options.all:
        campaign(
            options.all,
            options.peer or PEERS,
            profiles or POOR,
            repeat=options.repeat,
            seconds=options.seconds,
        )
        print((options.all / "links.md").read_text(encoding="utf-8"))
        return
    (peer,) = options.peer or ["ours"]
    (profile,) = profiles or [FLOOR_64K]
    with tempfile.TemporaryDirectory(prefix="haidang-clip-") as folder:
        found = run(peer, profile, Clip(Path(folder)), seconds=options.seconds).figures
    if options.json:
        tell(found, meanings=MEANINGS, json_path=options.json)
    else:
        shown = {key: json.dumps(value) for key, value in found.items()}
        tell(shown, meanings=MEANINGS, json_path=None)


def _profile(given: str) -> Profile:
    path = Path(given)
    return find_profile(path.stem, path.parent if path.suffix == ".json" else None)


if __name__ == "__main__":
    main()
