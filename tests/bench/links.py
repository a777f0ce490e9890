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
from tests.links_bench.clip import Clip
from tests.links_bench.result import MEANINGS
from tests.links_bench.run import PEERS, run
from tests.simulators.links import find_profile


def main() -> None:
    """Run and print."""
    meant = "\n".join(f"  {key:16} {meaning}" for key, meaning in MEANINGS.items())
    parser = argparse.ArgumentParser(
        prog="./run bench links",
        description=f"{__doc__}\n\nkeys:\n{meant}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--peer", choices=PEERS, default="ours")
    parser.add_argument("--profile", default="floor_64k", help="a name, or a profile's JSON file")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    given = Path(options.profile)
    profile = find_profile(given.stem, given.parent if given.suffix == ".json" else None)
    with tempfile.TemporaryDirectory(prefix="haidang-clip-") as folder:
        found = run(options.peer, profile, Clip(Path(folder)), seconds=options.seconds).figures
    if options.json:
        tell(found, meanings=MEANINGS, json_path=options.json)
    else:
        shown = {key: json.dumps(value) for key, value in found.items()}
        tell(shown, meanings=MEANINGS, json_path=None)


if __name__ == "__main__":
    main()
