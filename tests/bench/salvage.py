"""`./run bench salvage`: what comes back of a spool whose card damaged it, and how long a press waits for the
check of a sound one.

A spool is made with the real spool's code. For each kind of damage it is recovered from by SQLite alone, row
by row; by the raw pages alone; and as the box does it, the pages after SQLite. Then the sound file is checked
slice by slice.
"""

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from contract.header import Record
from contract.ids import RecordClass
from contract.ranges import SeqRanges
from edge.spool.batch import Batch
from edge.spool.former import FormerSpool, former_path
from edge.spool.integrity import Place
from edge.spool.salvage import Salvage
from edge.spool.salvage_aside import Aside, Heritage
from edge.spool.salvage_pages import RawPages
from edge.spool.salvage_rows import DamagedFile
from edge.spool.salvage_scan import records_in
from edge.spool.spool import Spool
from tests.bench.report import percentile, progress, tell
from tests.integration.edge.damages import Pages
from tests.integration.edge.spools import QUOTA_BYTES, event, open_spool, press_batch, wave

MEANINGS: Final = {
    "records": "in the file, none received",
    "file_mb": "its size",
    "pages_pct": "of 200 random pages that became noise: records recovered by SQLite alone",
    "pages_raw_pct": "the same by the raw pages alone",
    "pages_both_pct": "the same as the box does it",
    "header_pct": "of a first page that became zero, by SQLite alone",
    "header_both_pct": "the same as the box does it",
    "root_pct": "of a root page of the waveforms that became noise, by SQLite alone",
    "root_both_pct": "the same as the box does it",
    "half_both_pct": "of a file cut in half, as the box does it",
    "rows_mb_s": "by SQLite, of a processor's second",
    "raw_mb_s": "by the raw pages, of a processor's second",
    "slice_ms_p99": "one slice of the check, processor and card",
    "slice_ms_max": "the longest of them",
    "check_mb_s": "checked in a processor's second",
}
Harm = Callable[[Path, Pages], None]
Names = set[tuple[RecordClass, int]]
_RNG: Final = random.Random(11)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench salvage",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{key:16} {text}" for key, text in MEANINGS.items()),
    )
    parser.add_argument("--seconds", type=int, default=300_000, help="of records (default: %(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-salvage-") as folder:
        tell(measure(Path(folder), options.seconds), meanings=MEANINGS, json_path=options.json)


def measure(folder: Path, seconds: int) -> dict[str, float | int | str]:
    """Return what MEANINGS says."""
    truth = make(folder / "spool.db", seconds)
    size_mb = (folder / "spool.db").stat().st_size / 1e6
    result: dict[str, float | int | str] = {"records": len(truth), "file_mb": round(size_mb, 1)}

    def share(names: Names) -> float:
        return round(100 * len(names & truth) / len(truth), 2)

    pages_hit = damaged(folder, noise)
    result["pages_pct"] = share(by_rows(pages_hit))
    result["pages_raw_pct"] = share(by_pages(pages_hit))
    result["pages_both_pct"] = share(by_both(pages_hit))
    beheaded = damaged(folder, behead)
    result["header_pct"] = share(by_rows(beheaded))
    result["header_both_pct"] = share(by_both(beheaded))
    rootless = damaged(folder, uproot)
    result["root_pct"] = share(by_rows(rootless))
    result["root_both_pct"] = share(by_both(rootless))
    result["half_both_pct"] = share(by_both(damaged(folder, halve)))
    sound = damaged(folder, nothing)
    result["rows_mb_s"] = round(size_mb / cpu_s(lambda: by_rows(sound)), 1)
    result["raw_mb_s"] = round(size_mb / cpu_s(lambda: by_pages(sound)), 1)
    return {**result, **check(folder, size_mb)}


def make(path: Path, seconds: int) -> Names:
    """A spool as a quiet box makes it: half a minute of waveforms, events, now and then a press."""
    with open_spool(path) as spool:
        for n in range(0, seconds, 30):
            if n % 9_000 == 0:
                progress(f"making {n} of {seconds} s")
            spool.commit(Batch(entries=[wave(n * 250, seed=n, count=1_200), event(n + 1)]))
            if n % 300 == 0:
                spool.commit(press_batch(n + 1))
        names = {(one.record_class, one.seq) for one in spool.owed()}
    return names


def damaged(folder: Path, harm: Harm) -> Aside:
    """A copy of the file, damaged."""
    progress(f"{harm.__name__}                    ")
    place = folder / harm.__name__
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    path = place / "aside-1-bench.db"
    shutil.copy(folder / "spool.db", path)
    pages = Pages(path)
    harm(path, pages)
    with DamagedFile(folder / "spool.db") as sound:
        heritage = Heritage(spool=sound.spool())
    return Aside(path=path, origin="spool.db", why="a bench", heritage=heritage)


def noise(path: Path, pages: Pages) -> None:
    """200 random pages are noise."""
    data = bytearray(path.read_bytes())
    for number in _RNG.sample(range(1, len(data) // pages.size), 200):
        data[number * pages.size : (number + 1) * pages.size] = _RNG.randbytes(pages.size)
    path.write_bytes(data)


def behead(path: Path, pages: Pages) -> None:
    """The first page is zero."""
    path.write_bytes(bytes(pages.size) + path.read_bytes()[pages.size :])


def uproot(path: Path, pages: Pages) -> None:
    """The root of the waveforms is noise."""
    data, start = bytearray(path.read_bytes()), (pages.roots["record_2"] - 1) * pages.size
    data[start : start + pages.size] = _RNG.randbytes(pages.size)
    path.write_bytes(data)


def halve(path: Path, pages: Pages) -> None:
    """The file ends in its middle."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2 // pages.size * pages.size])


def nothing(_path: Path, _pages: Pages) -> None:
    """Nothing is damaged."""


def by_rows(aside: Aside) -> Names:
    """What SQLite alone gives."""
    found: Names = set()
    with DamagedFile(aside.path) as rows:
        for record_class in RecordClass:
            last, _ = rows.last_seq(record_class)
            wanted = SeqRanges([(1, last)] if last else [])
            for some in rows.records(record_class, wanted, newest_first=False):
                found |= {_name(record) for record in some}
    return found


def by_pages(aside: Aside) -> Names:
    """What the raw pages alone give."""
    return {_name(record) for record in _raw(aside) if record.header.seq}


def _raw(aside: Aside) -> Iterator[Record]:
    with RawPages(aside) as raw:
        for some, page_of in raw.portions():
            for page in some:
                yield from records_in(page, page_of)


def by_both(aside: Aside) -> Names:
    """What the box makes of it."""
    spool = aside.heritage.spool
    assert spool is not None
    former = FormerSpool(former_path(aside.path.parent, spool), spool)
    for _ in Salvage(aside, has_drafts_elsewhere=False).steps(former):
        pass
    names = {(one.record_class, one.seq) for one in former.owed()}
    former.close()
    return names


def _name(record: Record) -> tuple[RecordClass, int]:
    return record.header.record_class, record.header.seq


def cpu_s(work: Callable[[], object]) -> float:
    """Return the processor's seconds of `work`."""
    began_s = time.process_time()
    work()
    return time.process_time() - began_s


def check(folder: Path, size_mb: float) -> dict[str, float | int | str]:
    """A check of the sound file, slice by slice."""
    progress("checking                    ")
    spool = Spool(folder / "spool.db", quota_bytes=QUOTA_BYTES)
    place, took_ms, began_s = Place(), [], time.process_time()
    while not place.is_done:
        start_s = time.monotonic()
        place, found = spool.check_slice(place)
        took_ms.append(1_000 * (time.monotonic() - start_s))
        assert found is None
    used_s = time.process_time() - began_s
    spool.close()
    progress("\n")
    return {
        "slice_ms_p99": round(percentile(took_ms, 0.99), 2),
        "slice_ms_max": round(max(took_ms), 2),
        "check_mb_s": round(size_mb / used_s, 1),
    }


if __name__ == "__main__":
    main()
