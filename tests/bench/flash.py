"""`./run bench flash`: how many bytes a second of capture writes to the card.

A loop device with ext4 (4 kB blocks) is the card; the kernel's statistics of the device count what truly
reaches it: the log, its checkpoints, the file system's own journal. The real spool on its thread is driven as
`edge vitals` does: a sealed draft each second (one lead at 250 Hz, pleth at 75 Hz, SpO2 and pulse), records
every 30 s, a receipt every 5 s, a status every 5 min. Needs root.
"""

import argparse
import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from contract.events import Owed, Status
from contract.ids import RecordClass
from contract.ranges import SeqRanges
from edge.health.status import STATUS_QUIET_S
from edge.spool.batch import Batch, event_entry
from edge.spool.spool import Spool
from edge.spool.spool_service import SpoolThread
from tests.bench.box_day import BoxDay
from tests.bench.report import progress, tell
from tests.integration.edge.spools import BOOT, HUB_KEY, QUOTA_BYTES, STATION

MEANINGS: Final = {
    "bytes_per_committed_second": "written to the block device for each second that was captured",
    "seconds": "of capture, each one durable before the next was given",
    "mode": "'fast': one second after the other, ext4's 5 s journal commits fall out; 'real time'; or 'live'",
    "page_bytes": "of the spool's file",
    "payload_bytes_per_second": "coded drafts, records and events, before seal and spool",
    "start_bytes": "written by making and opening the spool, the log's full size included",
    "checkpoint_included": "1: what the log still held was written into the file at the end; 0: real time",
}
RECEIPT_EVERY_S: Final = 5
CARD_BYTES: Final = 512 * 2**20
SECTOR_BYTES: Final = 512  # the kernel counts in these, whatever the device


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench flash",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{key:28} {text}" for key, text in MEANINGS.items()),
    )
    parser.add_argument("--seconds", type=int, default=7_200, help="of capture (default: %(default)s)")
    parser.add_argument("--real-time", action="store_true", help="one second takes a second")
    parser.add_argument("--live", action="store_true", help="somebody watches: records each second")
    parser.add_argument("--page-bytes", type=int, help="make the file with such pages")
    parser.add_argument("--mount", default="relatime", metavar="OPTIONS", help="of ext4")
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("bench flash mounts a loop device: run it as root")
    with tempfile.TemporaryDirectory(prefix="haidang-flash-") as folder:
        result = asyncio.run(measure(Path(folder), options))
    tell(result, meanings=MEANINGS, json_path=options.json)


class Card:
    """A mounted ext4 on a loop device."""

    def __init__(self, folder: Path, device: str) -> None:
        self.folder = folder
        self._statistics = Path("/sys/block") / Path(device).name / "stat"

    def written_bytes(self) -> int:
        """What has reached the device, all that is still on its way included."""
        os.sync()
        return int(self._statistics.read_text(encoding="ascii").split()[6]) * SECTOR_BYTES


@contextmanager
def card(folder: Path, mount_options: str) -> Iterator[Card]:
    """Make a card in a file, mount it, and take all away again."""
    image, mounted = folder / "card.img", folder / "card"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(CARD_BYTES)
    run("mkfs.ext4", "-q", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", "-F", str(image))
    with ExitStack() as undo:
        device = run("losetup", "--find", "--show", str(image))
        undo.callback(run, "losetup", "--detach", device)
        run("mount", "-o", mount_options, device, str(mounted))
        undo.callback(run, "umount", str(mounted))
        yield Card(mounted, device)


def run(*command: str) -> str:
    """Return what a command printed. Raises CalledProcessError."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


async def measure(folder: Path, options: argparse.Namespace) -> dict[str, float | int | str]:
    """Capture for so many seconds."""
    with card(folder, options.mount) as device:
        path = device.folder / "spool.db"
        before = device.written_bytes()
        if options.page_bytes:
            with closing(sqlite3.connect(path)) as db:
                db.execute(f"PRAGMA page_size = {options.page_bytes}")
                db.execute("VACUUM")
        spool = SpoolThread(path, quota_bytes=QUOTA_BYTES)
        await spool.open()
        await spool.use(begin)
        day, box = BoxDay(BOOT), Box(spool)
        start = device.written_bytes()
        for second in range(1, options.seconds + 1):
            if options.real_time:
                await asyncio.sleep(1.0)
            await box.store(second, day.second(second, is_live=options.live))
            if second % 60 == 0 or options.real_time:
                progress(f"second {second} of {options.seconds} ")
        progress("\n")
        in_time = device.written_bytes()
        await spool.close()
        written = (in_time if options.real_time else device.written_bytes()) - start
        with closing(sqlite3.connect(path)) as db:
            (page_bytes,) = db.execute("PRAGMA page_size").fetchone()
    mode = "live" if options.live else "real time" if options.real_time else "fast"
    return {
        "bytes_per_committed_second": round(written / options.seconds),
        "seconds": options.seconds,
        "mode": mode,
        "page_bytes": page_bytes,
        "payload_bytes_per_second": round(box.payload_bytes / options.seconds),
        "start_bytes": start - before,
        "checkpoint_included": int(not options.real_time),
    }


def begin(spool: Spool) -> None:
    """As `edge vitals` begins."""
    spool.begin_boot("the boot")
    spool.begin_sealing(HUB_KEY, station=STATION, boot=BOOT, t_us=0, software="bench")


class Box:
    """What `edge vitals` stores beside the samples: a receipt every 5 s, a status every 5 min."""

    def __init__(self, spool: SpoolThread) -> None:
        self._spool = spool
        self._stored: dict[RecordClass, int] = {}
        self.payload_bytes = 0

    async def store(self, second: int, batch: Batch) -> None:
        """Store a second."""
        if second % STATUS_QUIET_S == 0:
            await self._spool.use(lambda spool: spool.tend())
            entry = event_entry(status(), RecordClass.NUMERIC, boot=BOOT, t_us=second * 1_000_000)
            batch = replace(batch, entries=[*batch.entries, entry])
        if second % RECEIPT_EVERY_S == 0 and self._stored:
            received = {c: SeqRanges([(1, last)]) for c, last in self._stored.items()}
            facts = {**batch.facts, "epoch": 7}
            batch = replace(batch, received=received, facts=facts, hub_utc_us=second * 1_000_000)
        for record in await self._spool.store(batch):
            self._stored[record.record_class] = record.seq
        self.payload_bytes += sum(len(entry.body) for entry in (*batch.entries, *batch.drafts))


def status() -> Status:
    """What a box says of itself."""
    owed = {str(int(c)): Owed(records=1_000, oldest_age_s=3_600.5) for c in RecordClass}
    return Status(
        owed=owed,  # type: ignore[arg-type]
        spool_bytes=1_900_000_000,
        disk_free_bytes=12_000_000_000,
        round_trip_ms=612,
        connected_for_s=4_321.5,
        frames_damaged=3,
        samples_lost=7,
        refused=0,
    )


if __name__ == "__main__":
    main()
