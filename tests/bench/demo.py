"""`./run bench demo`: from the command to the address, and to a live ECG. Run `./run demo` once before."""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.bench.report import tell
from tests.village.run_demo import demo, said, station_page

MEANINGS: Final = {
    "address_s": "from the command to the printed address",
    "live_ecg_s": "from the command to an ECG that is drawn live, the login of a quick person included",
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="./run bench demo", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-bench-") as folder:
        log = Path(folder) / "demo.log"
        began_s = time.monotonic()
        with demo(log):
            said(log, r"open +(https?://\S+)")
            address_s = time.monotonic() - began_s
            with station_page(log):
                live_ecg_s = time.monotonic() - began_s
    result = {"address_s": round(address_s, 1), "live_ecg_s": round(live_ecg_s, 1)}
    tell(result, meanings=MEANINGS, json_path=options.json)


if __name__ == "__main__":
    main()
