"""`./run bench start`: from the start of the process to the first draft on the card, with a full spool.

A spool of 2 GB is made with the real spool's code, hundreds of thousands of records, none received. Then
`edge vitals` is started beside a simulated board, again and again, after being stopped and after being
killed; before each start the page cache is dropped, as after a power cut. The clock runs from the start of
the process until another process reads a draft of the new one in the file: imports, opening, the log's full
size, the key and the board's introduction are all in it.
"""

import argparse
import os
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from edge.spool.batch import Batch, Entry
from edge.spool.contents import Contents
from edge.spool.spool import Spool
from tests.bench.report import percentile, progress, tell
from tests.broker import Broker
from tests.integration.edge.spools import BOOT, HUB_KEY, STATION, event, press_batch, wave
from tests.village.station import Station

MEANINGS: Final = {
    "first_draft_s": "start of the process to its first committed draft, the slowest of all starts",
    "first_draft_p50_s": "the same, half of the starts",
    "first_draft_cpu_s": "the processor's time in it, of the slowest: what a busy machine does not inflate",
    "first_draft_small_s": "the same with an empty spool: what is not the spool's",
    "spool_bytes": "of the spool's file",
    "records_owed": "records that the hub does not have",
    "starts": "every second one after kill -9",
    "cache": "of what the page cache was dropped before each start",
}
QUOTA_BYTES: Final = 4_000_000_000
A_COMMIT: Final = 600  # records
LIMIT_S: Final = 120.0
LOOK_EVERY_S: Final = 0.005


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench start",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{key:22} {text}" for key, text in MEANINGS.items()),
    )
    parser.add_argument(
        "--bytes", type=int, default=2_000_000_000, help="of the spool (default: %(default)s)"
    )
    parser.add_argument("--starts", type=int, default=6)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-start-") as folder:
        result = measure(Path(folder), options.bytes, options.starts)
    tell(result, meanings=MEANINGS, json_path=options.json)


def measure(folder: Path, size_bytes: int, starts: int) -> dict[str, float | int | str]:
    """Fill a spool, start beside it; start beside an empty one."""
    (folder / "pki").mkdir()
    broker = Broker(folder / "pki", stations=[STATION])  # its keys are enough: no link is needed
    station = Station(
        STATION,
        folder / "full",
        broker.boxes[STATION],
        broker_port=broker.port,
        recording="an",
        quota_bytes=QUOTA_BYTES,
    )
    path = station.folder / "data" / "spool.db"
    path.parent.mkdir()
    fill(path, size_bytes)
    with closing(sqlite3.connect(path)) as db:
        ledgers = Contents(Database(db)).ledgers().values()
        owed = sum(one.given - one.settled().count_to(one.given) for one in ledgers)
    spool_bytes = path.stat().st_size
    took_s, spent_s, cache = start_often(station, starts)
    empty = Station(STATION, folder / "empty", broker.boxes[STATION], broker_port=broker.port, recording="an")
    empty_s, _, _ = start_often(empty, starts)
    return {
        "first_draft_s": round(max(took_s), 2),
        "first_draft_p50_s": round(percentile(took_s, 0.5), 2),
        "first_draft_cpu_s": round(max(spent_s), 2),
        "first_draft_small_s": round(max(empty_s), 2),
        "spool_bytes": spool_bytes,
        "records_owed": owed,
        "starts": starts,
        "cache": cache,
    }


def fill(path: Path, size_bytes: int) -> None:
    """Make a spool of that size: for each waveform of 30 s two of a second, a numeric, sometimes a press."""
    spool = Spool(path, quota_bytes=QUOTA_BYTES)
    try:
        spool.begin_boot("long ago")
        spool.begin_sealing(HUB_KEY, station=STATION, boot=BOOT, t_us=0, software="bench")
        long, short, numeric = wave(count=2_000, seed=1), wave(count=60, seed=2), event()
        some: list[Entry] = [replace(long), short, short, numeric] * (A_COMMIT // 4)
        count = 0
        while path.stat().st_size < size_bytes:
            spool.commit(Batch(entries=some))
            count += 1
            if count % 20 == 0:
                spool.commit(press_batch(count))
                progress(f"{path.stat().st_size / 1e6:.0f} of {size_bytes / 1e6:.0f} MB ")
    finally:
        spool.close()
    progress("\n")


def start_often(station: Station, starts: int) -> tuple[list[float], list[float], str]:
    """Return how long each start took, the processor's time in it, and which cache was dropped before."""
    path, cache = station.folder / "data" / "spool.db", ""
    took_s, spent_s = [], []
    with station:
        until_draft(path, after_key=0 if not path.exists() else key_of(path))
        for number in range(starts):
            station.vitals.kill() if number % 2 else station.vitals.stop()
            after_key = key_of(path)
            cache = drop_cache(path)
            start_s = time.monotonic()
            station.vitals.start()
            until_draft(path, after_key=after_key)
            took_s.append(time.monotonic() - start_s)
            spent_s.append(cpu_s(station.vitals.pid))
            progress(f"start {number + 1} of {starts}: {took_s[-1]:.2f} s ")
    progress("\n")
    return took_s, spent_s, cache


def cpu_s(pid: int) -> float:
    """Return the processor's time of a process so far, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def until_draft(path: Path, *, after_key: int) -> None:
    """Return when a process with a later key has a draft in the file. Raises TimeoutError."""
    deadline_s = time.monotonic() + LIMIT_S
    log = path.with_name("spool.db-wal")
    while time.monotonic() < deadline_s:
        if log.exists():  # else nobody has opened it yet, and a look would warm the cache
            key, drafts = look(path)
            if key > after_key and drafts:
                return
        time.sleep(LOOK_EVERY_S)
    raise TimeoutError(f"no draft in {LIMIT_S} s; look at vitals.log")


def key_of(path: Path) -> int:
    """Return the number of the last process's key."""
    return look(path)[0]


def look(path: Path) -> tuple[int, int]:
    """Return the number of the last key, and how many drafts there are."""
    sql = "SELECT (SELECT value FROM fact WHERE name = 'last key'), (SELECT count(*) FROM draft)"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            key, drafts = db.execute(sql).fetchone()
    except sqlite3.OperationalError:  # it is being made, or opened
        return 0, 0
    return int(key or 0), int(drafts)


def drop_cache(spool: Path) -> str:
    """Make the next reads come from the disk; return of what."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")
    except OSError:
        for path in spool.parent.glob("spool.db*"):
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return "the spool's files"
    return "all"


if __name__ == "__main__":
    main()
