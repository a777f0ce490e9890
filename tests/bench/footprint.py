"""`./run bench footprint`: memory and processor of a box's services while two devices capture.

Everything is real and on this machine: a board and an oximeter on pseudo-terminals, `edge vitals`, `edge
panel`, TLS to mosquitto, a hub that says receipts; `edge network` in a network of its own, which needs root.
Nobody looks at the station until the end, when its button is pressed and the call is taken back.
"""

import argparse
import ctypes
import platform
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from os import geteuid
from pathlib import Path
from typing import Final

from tests.bench.box import machine
from tests.bench.machine import Busy
from tests.bench.memory import MIB, Memory, core_s, memory_of, together_bytes
from tests.bench.report import progress, tell
from tests.broker import free_port
from tests.village.eyes import look, wait_until
from tests.village.instruments import Instrument
from tests.village.process import Process
from tests.village.station import Station
from tests.village.video_process import usage, video_pid
from tests.village.village import PLACES, Village

OXIMETER: Final = Instrument(port="oximeter", driver="berry-bm1000", name="finger")
SETTLE_S: Final = 65.0  # two turns of records: what is made once has been made
CALL_S: Final = 20.0  # `edge video` has loaded and tested itself
CALL_LIMIT_S: Final = 300.0
DEVICES: Final = 2
SET_THP_DISABLE: Final = 41  # of prctl(2)
SERVICES: Final = ("vitals", "panel", "network")
OF_EACH: Final = {
    "rss_mb": "resident: its own pages, and those of files that others have too",
    "anon_mb": "its own pages alone: what the box would have free without it",
    "pss_mb": "pages divided among all who have them, the hub and the bench too",
    "core_share": "CPU time of the time, of one core",
}
MEANINGS: Final = {
    "machine": "what this was measured on",
    "python": "that the services ran under",
    "seconds": "measured, after what is made once was made",
    "busy": "share of this machine's processors that was not idle",
    "devices": "that gave samples: a board with an ECG, an oximeter",
    "box_mb": "all services of ours at rest: the own pages of each, and each file once",
    "box_anon_mb": "of it own pages; the rest is the system's cache, which gives way",
    "vitals_peak_mb": "the most that was resident of `edge vitals`, its start and the call included",
    "vitals_threads": "of `edge vitals`",
    "vitals_after_call_mb": "resident of `edge vitals` after the call",
    "video_at_rest": "processes of `edge video` while nobody calls",
    "video_waiting_mb": "resident of `edge video` that waits for an answer to the call",
    "video_ends_s": "from the end of the call to the end of `edge video`",
    **{f"{name}_{key}": f"`edge {name}`: {text}" for name in SERVICES for key, text in OF_EACH.items()},
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench footprint",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="MB are of 2^20 bytes, as systemd counts.\n"
        + "\n".join(f"{key}: {text}" for key, text in MEANINGS.items()),
    )
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-footprint-") as folder:
        result = measure(Path(folder), options.seconds)
    tell(result, meanings=MEANINGS, json_path=options.json)


def measure(folder: Path, seconds: float) -> dict[str, float | int | str | None]:
    """Let the station sit there so long, then call and take the call back."""
    _without_huge_pages()
    place = replace(PLACES[0], instruments=(OXIMETER,))
    village = Village(folder, [place])
    station = village.stations[0]
    station.settings = f"[panel]\nport = {free_port()}\n"
    with village, ExitStack() as stack:
        wait_until(station.answers, what="edge vitals answers")
        services = {"vitals": station.vitals, **_others(station, stack)}
        wait_until(lambda: len(_heard(village, station)) == DEVICES, what="the hub hears both devices")
        _pass(SETTLE_S, "settles")
        before, busy, began_s = _heard(village, station), Busy(), time.monotonic()
        used_s = {name: core_s(process.pid) for name, process in services.items()}
        _pass(seconds, "measured")
        lasted_s = time.monotonic() - began_s
        shares = {name: (core_s(process.pid) - used_s[name]) / lasted_s for name, process in services.items()}
        memories = {name: memory_of(process.pid) for name, process in services.items()}
        rest: dict[str, float | int | str | None] = {
            "machine": machine(),
            "python": platform.python_version(),
            "seconds": round(lasted_s),
            "busy": busy.share(),
            "devices": sum(count > before[name] for name, count in _heard(village, station).items()),
            "box_mb": _mb(together_bytes(memories.values())),
            "box_anon_mb": _mb(sum(one.own_bytes for one in memories.values())),
            "vitals_threads": memories["vitals"].threads,
            "video_at_rest": int(video_pid(station) is not None),
        }
        each = {name: _figures(memories.get(name), shares.get(name), name) for name in SERVICES}
        return {
            **rest,
            **{key: value for one in each.values() for key, value in one.items()},
            **_call(station),
        }


def _without_huge_pages() -> None:
    """As on a box (cmdline.txt), here and in all that is started from here."""
    if ctypes.CDLL(None, use_errno=True).prctl(SET_THP_DISABLE, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_THP_DISABLE) was refused")


def _others(station: Station, stack: ExitStack) -> dict[str, Process]:
    """Start what else runs on a box."""
    processes = {
        "panel": Process(["edge", "panel", "--config", str(station.config)], log=station.folder / "panel.log")
    }
    if geteuid() == 0:
        processes["network"] = Process(
            ["edge", "network", "--config", str(station.config)],
            log=station.folder / "network.log",
            entry=lambda: ("unshare", "--net", "--"),
        )
    for process in processes.values():
        stack.callback(process.stop)
        process.start()
    return processes


def _heard(village: Village, station: Station) -> Counter[str]:
    """How many samples of each device the hub holds."""
    stored = look(village, station.name)
    return Counter(stored.sets[key.spool, key.set_no].device for key in stored.samples)


def _call(station: Station) -> dict[str, float | int | None]:
    """Press, look at what waits, take the call back."""
    station.board.press()
    station.board.release()
    wait_until(lambda: video_pid(station) is not None, what="edge video was started")
    _pass(CALL_S, "called")
    waiting_mb = usage(station).rss_mb * 1e6 / MIB
    station.ask("cancel call")
    began_s = time.monotonic()
    wait_until(lambda: video_pid(station) is None, limit_s=CALL_LIMIT_S, what="edge video has ended")
    ended_s = time.monotonic() - began_s
    _pass(CALL_S, "after the call")
    after = memory_of(station.vitals.pid)
    return {
        "video_waiting_mb": round(waiting_mb, 1),
        "video_ends_s": round(ended_s, 1),
        "vitals_after_call_mb": _mb(after.resident_bytes),
        "vitals_peak_mb": _mb(after.peak_bytes),
    }


def _figures(memory: Memory | None, share: float | None, name: str) -> Mapping[str, float | None]:
    if memory is None or share is None:
        return {f"{name}_{key}": None for key in OF_EACH}
    return {
        f"{name}_rss_mb": _mb(memory.resident_bytes),
        f"{name}_anon_mb": _mb(memory.own_bytes),
        f"{name}_pss_mb": _mb(memory.shared_out_bytes),
        f"{name}_core_share": round(share, 4),
    }


def _mb(size_bytes: float) -> float:
    return round(size_bytes / MIB, 1)


def _pass(seconds: float, what: str) -> None:
    began_s = time.monotonic()
    while (left_s := began_s + seconds - time.monotonic()) > 0:
        progress(f"{what}: {left_s:4.0f} s ")
        time.sleep(min(1.0, left_s))
    progress("\n")


if __name__ == "__main__":
    main()
