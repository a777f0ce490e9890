"""`./run bench decoders`: how quickly bytes of instruments become readings, and what damage does to them.

Every driver, by the frames of its simulator: bits flipped, bytes and runs of them replaced, bytes lost,
gained, doubled, frames cut short and lost whole, three sound frames at least between two damages. `own-board`
is our own board's link. Speed is processor time of `feed` with chunks of 4 kB, the median of five.
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Final

from firmware_bridge.drivers.catalogue import all_drivers
from firmware_bridge.frames import FrameDecoder, encode
from tests.bench.report import progress
from tests.decoders.board_campaign import CHECK_BITS, board_frames, board_trial
from tests.decoders.campaign import FRAMES, Tally, decode, frames_from, trial
from tests.simulators.devices.catalogue import all_simulators

MEANINGS: Final = {
    "mbytes_per_s": "of sound frames, to readings",
    "mutated_frames": "frames that were damaged",
    "wrong_accepted": "readings made of damaged bytes that say something else than the frame did",
    "wrong_expected_bound": "mutated frames x 2^-bits of the checksum; without one, all of them",
    "loss_count_error_frames": "how far the count of lost frames was off, at the worst damage",
    "sound_frames_missed": "sound frames that were not read, because of damage beside them",
    "check_bits": "width of the frame's checksum",
}
OWN_BOARD: Final = "own-board"
SPEED_BYTES: Final = 1_000_000
SPEED_CHUNK_BYTES: Final = 4096
SPEED_ROUNDS: Final = 5
TRIALS_A_BASE: Final = 20  # before the simulator gives other frames
SHARE: Final = 25_000  # mutated frames of one task


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench decoders",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{key}: {text}" for key, text in MEANINGS.items()),
    )
    parser.add_argument("--mutated", type=int, default=1_000_000, help="frames to damage, of each driver")
    parser.add_argument("--driver", action="append", metavar="NAME", help="only this one; may be repeated")
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    names = options.driver or [OWN_BOARD, *sorted(all_drivers())]
    if unknown := set(names) - {OWN_BOARD, *all_drivers()}:
        parser.error(f"no such driver: {', '.join(sorted(unknown))}")
    result = measure(names, options.mutated)
    if options.json and options.json != "-":
        Path(options.json).write_text(json.dumps(result) + "\n", encoding="utf-8")
    if options.json == "-":
        print(json.dumps(result))
        return
    print(f"{'driver':20}" + "".join(f"{key:>24}" for key in MEANINGS))
    for name, told in result.items():
        print(f"{name:20}" + "".join(f"{told[key]!s:>24}" for key in MEANINGS))


def measure(names: list[str], mutated: int) -> dict[str, dict[str, float | int]]:
    """Return the numbers of each driver."""
    speeds = {}
    for name in names:  # before anything else runs
        progress(f"speed of {name}            ")
        speeds[name] = speed(name)
    tallies = {name: Tally() for name in names}
    tasks = [(name, seed) for seed in range(-(-mutated // SHARE)) for name in names]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(damage, name, seed, min(SHARE, mutated)): name for name, seed in tasks}
        for done, task in enumerate(as_completed(running), 1):
            tallies[running[task]].add(task.result())
            progress(f"damage: {done} of {len(tasks)} parts        ")
    print(file=sys.stderr)
    return {name: _numbers(name, tallies[name], speeds[name]) for name in names}


def _numbers(name: str, tally: Tally, mbytes_per_s: float) -> dict[str, float | int]:
    check_bits = CHECK_BITS if name == OWN_BOARD else all_drivers()[name].check_bits
    return {
        "mbytes_per_s": round(mbytes_per_s, 2),
        "mutated_frames": tally.mutated,
        "wrong_accepted": tally.wrong,
        "wrong_expected_bound": round(tally.mutated * 2.0**-check_bits, 3),
        "loss_count_error_frames": tally.worst_loss_error,
        "sound_frames_missed": tally.missed,
        "check_bits": check_bits,
    }


def damage(name: str, seed: int, mutated: int) -> Tally:
    """Return what became of at least `mutated` damaged frames."""
    rng = random.Random(f"{name} {seed}")
    tally = Tally()
    if name == OWN_BOARD:
        while tally.mutated < mutated:
            tally.add(board_trial(board_frames(rng, FRAMES), rng))
        return tally
    driver, device = all_drivers()[name], all_simulators()[name](rng, now_s=0.0)
    while tally.mutated < mutated:
        device.has_contact = rng.random() < 0.8
        frames = frames_from(device, FRAMES)
        clean = decode(driver, b"".join(frames))
        for _ in range(TRIALS_A_BASE):
            tally.add(trial(driver, frames, clean, rng))
    return tally


def speed(name: str) -> float:
    """Return how many million bytes of sound frames a second of processor time are read."""
    rng = random.Random(name)
    if name == OWN_BOARD:
        data = b"".join(map(encode, board_frames(rng, SPEED_BYTES // 80)))
        return _speed_of(lambda: FrameDecoder().feed, data)
    device = all_simulators()[name](rng, now_s=0.0)
    data = b""
    while len(data) < SPEED_BYTES:
        data += b"".join(frames_from(device, 2000))
    return _speed_of(lambda: all_drivers()[name].decoder().feed, data)


def _speed_of(begin: Callable[[], Callable[[bytes], object]], data: bytes) -> float:
    rates = []
    for _ in range(SPEED_ROUNDS):
        feed = begin()
        started_s = time.process_time()
        for at in range(0, len(data), SPEED_CHUNK_BYTES):
            feed(data[at : at + SPEED_CHUNK_BYTES])
        rates.append(len(data) / 1e6 / (time.process_time() - started_s))
    return statistics.median(rates)


if __name__ == "__main__":
    main()
