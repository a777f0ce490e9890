"""`./run bench firmware`: the board's real program streams to the real host side, and nothing is lost.

The firmware runs under MicroPython's Unix port over made-up hardware whose every sample tells its number:
two leads at 250 Hz and a pleth at 100 Hz, over a pseudo-terminal to the bridge, in real time. A press every
ten seconds rides along. What an RP2040 needs for it this does not say.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

from firmware_bridge.bridge import BoardBridge
from firmware_bridge.events import ButtonPressed, Event, SampleBlock, SamplesLost
from firmware_bridge.firmware.ecg import LEAD_I, LEAD_II
from firmware_bridge.firmware.pleth import PLETH
from tests.bench.report import progress, tell
from tests.simulators.firmware.process import FirmwareBoard
from tests.simulators.firmware.unix_hal import lead_i_of, lead_ii_of, pleth_of

TRUTH: Final = {LEAD_I: lead_i_of, LEAD_II: lead_ii_of, PLETH: pleth_of}
RATES_HZ: Final = {LEAD_I: 250, LEAD_II: 250, PLETH: 100}
PRESS_EVERY_S: Final = 10.0
MEANINGS: Final = {
    "minutes": "how long it streamed",
    "samples": "samples that came, of all three streams",
    "lost_samples": "holes in the indexes, what the board says is missing, and what is due by the clock",
    "damaged_frames": "frames that the host threw away",
    "wrong_samples": "samples that are not what the hardware measured at that index",
    "presses": "presses of the call button meanwhile",
    "lost_presses": "those that the host was not told of, or told of twice",
    "cpu_share": "of one core, used by the firmware's process and its made-up hardware",
}


class Counts:
    """Holds what comes against what was measured."""

    def __init__(self) -> None:
        self.samples: Counter[int] = Counter()
        self.lost = self.wrong = self.presses = 0
        self._next: dict[int, int] = {}
        self._first: dict[int, int] = {}  # which measurement was sample 0
        self.has_begun = asyncio.Event()  # every stream has
        self.bridge: BoardBridge | None = None

    def on_event(self, event: Event) -> None:
        """Count one event."""
        match event:
            case SampleBlock():
                self._on_block(event)
            case SamplesLost():
                self.lost += event.count
                self._next[event.stream_id] = event.first_index + event.count
            case ButtonPressed():
                self.presses += 1
                if self.bridge:
                    self.bridge.press_stored(event.identity)
            case _:
                pass

    def _on_block(self, block: SampleBlock) -> None:
        stream_id, truth = block.stream_id, TRUTH[block.stream_id]
        values = [int(row[0]) for row in block.samples]
        if stream_id not in self._first:
            # a stream begins when the host greets, a moment after the board's start
            self._first[stream_id] = next(n for n in range(1 << 16) if truth(n) == values[0])
        self.lost += abs(block.first_index - self._next.get(stream_id, 0))
        self._next[stream_id] = block.first_index + len(values)
        first = self._first[stream_id] + block.first_index
        self.wrong += sum(value != truth(first + k) for k, value in enumerate(values))
        self.samples[stream_id] += len(values)
        if len(self.samples) == len(TRUTH):
            self.has_begun.set()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench firmware",
        description=__doc__,
        epilog="; ".join(f"{key}: {text}" for key, text in MEANINGS.items()),
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-bench-") as folder:
        result = asyncio.run(measure(Path(folder) / "board", options.minutes * 60))
    tell(result, meanings=MEANINGS, json_path=options.json)


async def measure(link: Path, seconds: float) -> dict[str, float | int]:
    """Stream for so long."""
    counts = Counts()
    with FirmwareBoard(link) as board:
        bridge = BoardBridge(
            str(link),
            counts.on_event,
            boottime_s=lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
            last_presses={},
        )
        counts.bridge = bridge
        serving = asyncio.create_task(bridge.run())
        await counts.has_begun.wait()
        before, cpu_s, started_s = counts.samples.copy(), cpu_seconds(board.pid), time.monotonic()
        pressed = await press_until(board, started_s + seconds, counts)
        took_s, cpu_s = time.monotonic() - started_s, cpu_seconds(board.pid) - cpu_s
        came = counts.samples - before
        await asyncio.sleep(1.0)  # what is still on its way
        serving.cancel()
        await asyncio.wait([serving])
        damaged = sum(bridge.counters().damaged_frames.values())
    return {
        "minutes": round(took_s / 60, 2),
        "samples": counts.samples.total(),
        "lost_samples": counts.lost + missing(came, took_s),
        "damaged_frames": damaged,
        "wrong_samples": counts.wrong,
        "presses": pressed,
        "lost_presses": abs(pressed - counts.presses),
        "cpu_share": round(cpu_s / took_s, 3),
    }


async def press_until(board: FirmwareBoard, end_s: float, counts: Counts) -> int:
    """Press and let go every ten seconds; return how often."""
    pressed = 0
    while (left_s := end_s - time.monotonic()) > 0:
        progress(f"{left_s:4.0f} s left, {counts.samples.total()} samples, {counts.lost} lost ")
        if left_s > PRESS_EVERY_S / 2:
            pressed += 1
            await asyncio.to_thread(board.press)
            await asyncio.sleep(0.2)
            await asyncio.to_thread(board.release)
        await asyncio.sleep(max(0.0, min(PRESS_EVERY_S, end_s - time.monotonic())))
    progress("\n")
    return pressed


def missing(came: Counter[int], seconds: float) -> int:
    """Return how many samples are due after `seconds` and did not come: a second may be on its way."""
    due = {stream_id: int((seconds - 1.0) * rate_hz) for stream_id, rate_hz in RATES_HZ.items()}
    return sum(max(0, count - came[stream_id]) for stream_id, count in due.items())


def cpu_seconds(pid: int) -> float:
    """Return what a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
