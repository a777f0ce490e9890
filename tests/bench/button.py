"""`./run bench button`: presses through lost frames, resets, power cuts, kills and pulled cables, at random.

The board is its real firmware, the box the real link and a real spool on a disk; between them a simulated
cable loses a fifth of the frames each way, some of them by damage. Time is a number, so that five hours take
a minute or two. What is done when, and what is not brought about because the link's own rules cannot keep it:
tests/button/campaign.py. What is lost, doubled, a lie: tests/button/accounts.py. At the end a reader opens
every record of the spool with the hub's key and compares.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Final

from tests.bench.report import percentile, progress, tell
from tests.button.campaign import Campaign

MEANINGS: Final = {
    "presses": "times that the button went down",
    "lost": "presses that no record of the spool tells of",
    "doubled": "records beyond the first of a press, or of a press that nobody made",
    "led_lied": "times that the call lamp said 'registered' and a press, or the call, was not on the disk",
    "resets": "of the board without loss of power: watchdog, software, pin, fault",
    "power_cuts": "of the board",
    "kills": "of the box's process, two thirds of them just before or just after a commit",
    "unplugs": "of the cable while the board keeps its power, or with it",
    "frames": "sent, both ways",
    "lost_frames": "of them lost or damaged on the way, beside what pulled cables took with them",
    "pressed_at_boot": "presses held through a reset, which are stored a second time as pressed at boot",
    "stored_p50_ms": "from the edge to the disk, half of the presses; accidents included",
    "stored_p95_ms": "the same, 95 of 100",
    "stored_p99_ms": "the same, 99 of 100",
    "hours": "of simulated time",
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench button",
        description=__doc__,
        epilog="\n".join(f"{key}: {meaning}" for key, meaning in MEANINGS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--presses", type=int, default=10_000)
    parser.add_argument("--loss", type=float, default=0.2, help="of the frames, each way")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-bench-") as folder:
        result = measure(Path(folder), options.presses, loss_ratio=options.loss, seed=options.seed)
    tell(result, meanings=MEANINGS, json_path=options.json)


def measure(folder: Path, presses: int, *, loss_ratio: float, seed: int) -> dict[str, float | int]:
    """Press so often."""
    campaign = Campaign(folder, presses=presses, seed=seed, loss_ratio=loss_ratio)
    report = campaign.run(lambda done: progress(f"press {done} of {presses} ") if done % 50 == 0 else None)
    progress("\n")
    judgement, accidents = report.judgement, report.accidents
    delays_ms = [1000 * delay_s for delay_s in report.delays_s]
    return {
        "presses": judgement.presses,
        "lost": judgement.lost,
        "doubled": judgement.doubled,
        "led_lied": judgement.led_lied,
        "resets": accidents["warm"],
        "power_cuts": accidents["power"],
        "kills": accidents["kill"],
        "unplugs": accidents["unplug"],
        "frames": report.frames,
        "lost_frames": report.lost_frames,
        "pressed_at_boot": judgement.told_again,
        "stored_p50_ms": round(percentile(delays_ms, 0.5)),
        "stored_p95_ms": round(percentile(delays_ms, 0.95)),
        "stored_p99_ms": round(percentile(delays_ms, 0.99)),
        "hours": round(report.seconds / 3600, 1),
    }


if __name__ == "__main__":
    main()
