"""`./run bench bridge`: a minute without a link and four kills, through mosquitto's bridge and through ours.

Fifty messages a second go to a broker beside the sender, which acknowledges each; its bridge (QoS 1) brings
them to the hub's broker: with its defaults, with an unlimited queue, and saving at every change. Ours: a
board's blocks of samples, as many a second, acknowledged when they stand in the box's spool. All run at once;
the link is pulled, and the broker or `edge vitals` killed with -9, at the same moments.
"""

import argparse
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, fields
from pathlib import Path
from typing import Final

from tests.bench.report import progress, tell
from tests.bridge.bridged import VARIANTS, run_bridged
from tests.bridge.ours import run_ours
from tests.bridge.schedule import Outcome, Schedule

WAYS: Final = {
    "bridge": "mosquitto's bridge, defaults, persistence on",
    "bridge_queue_0": "the same, max_queued_messages 0",
    "bridge_autosave": "the same, autosave_on_changes true, autosave_interval 1",
    "ours": "edge vitals and the hub",
}
COLUMNS: Final = {
    "sent": "messages that the sender had",
    "acknowledged": "of these, the sender was told that they are safe: PUBACK, or committed to the spool",
    "arrived": "at the hub's broker, or in the hub's store",
    "lost": "acknowledged, and never arrived",
    "duplicated": "arrived again; of ours, samples that the store holds twice",
}
MEANINGS: Final = {
    f"{way}_{column}": f"{text}: {what}" for way, text in WAYS.items() for column, what in COLUMNS.items()
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench bridge",
        description=__doc__,
        epilog="keys of the JSON: " + "; ".join(f"{key}: {text}" for key, text in MEANINGS.items()),
    )
    parser.add_argument("--outage-s", type=float, default=60.0)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    schedule = Schedule(outage_s=options.outage_s, kills=options.kills)
    with tempfile.TemporaryDirectory(prefix="haidang-bench-") as folder:
        outcomes = measure(Path(folder), schedule)
    if options.json != "-":
        show(outcomes)
    result = {
        f"{way}_{column}": count
        for way, outcome in outcomes.items()
        for column, count in asdict(outcome).items()
    }
    if options.json is not None:
        tell(result, meanings=MEANINGS, json_path=options.json)


def measure(folder: Path, schedule: Schedule) -> dict[str, Outcome]:
    """Run all ways at once."""
    with ThreadPoolExecutor(len(WAYS), thread_name_prefix="way") as threads:
        running: dict[str, Future[Outcome]] = {
            way: threads.submit(run_bridged, folder / way, settings, schedule)
            for way, settings in VARIANTS.items()
        }
        (folder / "ours").mkdir()
        running["ours"] = threads.submit(run_ours, folder / "ours", schedule)
        for way, outcome in running.items():
            progress(f"about {schedule.end_s + 60:.0f} s in all; waiting for {way:20}")
            outcome.result()
        progress("\n")
        return {way: outcome.result() for way, outcome in running.items()}


def show(outcomes: dict[str, Outcome]) -> None:
    """Print one way beside the other."""
    names = [field.name for field in fields(Outcome)]
    print(f"{'':18}" + "".join(f"{name:>14}" for name in names))
    for way, outcome in outcomes.items():
        counts = asdict(outcome)
        print(f"{way:18}" + "".join(f"{counts[name]:>14}" for name in names) + f"  {WAYS[way]}")
    for name, text in COLUMNS.items():
        print(f"{name:14}{text}")


if __name__ == "__main__":
    main()
