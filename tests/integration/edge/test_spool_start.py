"""A start reads as little of a spool of days as of an empty one: first drafts come within seconds."""

from collections.abc import Callable
from pathlib import Path

from contract.ids import RecordClass
from edge.spool.batch import Batch
from edge.spool.spool import Spool
from edge.spool.spool_file import PAGE_BYTES
from edge.uplink.owed import Owed
from tests.integration.edge.spools import BOOT, HUB_KEY, QUOTA_BYTES, STATION, event, open_spool, wave

MANY = 20_000


def make(path: Path, count: int) -> None:
    """A spool with so many waveforms and a tenth of numerics, none of them received."""
    with open_spool(path) as spool:
        for _ in range(count // 1_000):
            spool.commit(Batch(entries=[wave(count=20)] * 1_000 + [event()] * 100))


def bytes_read(work: Callable[[], None]) -> int:
    """What this process asked of its files meanwhile."""

    def total() -> int:
        lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
        return int(dict(line.split(": ") for line in lines)["rchar"])

    before = total()
    work()
    return total() - before


def start(path: Path) -> Callable[[], None]:
    """What `edge vitals` does up to the first draft."""

    def work() -> None:
        spool = Spool(path, quota_bytes=QUOTA_BYTES)
        try:
            spool.begin_boot("the boot")
            spool.begin_sealing(HUB_KEY, station=STATION, boot=BOOT, t_us=1, software="test")
            owed = Owed(spool.ledgers())
            spool.last_presses()
            spool.commit(Batch(drafts=[wave()]))
            assert owed.count(RecordClass.WAVEFORM) == spool.ledger(RecordClass.WAVEFORM).given
            spool.used_bytes()
        finally:
            spool.close()

    return work


def scan(path: Path) -> Callable[[], None]:
    """What no start may do."""

    def work() -> None:
        with open_spool(path) as spool:
            spool.owed()

    return work


def test_a_start_reads_as_much_of_a_spool_of_days_as_of_a_new_one(tmp_path: Path) -> None:
    small, large = tmp_path / "small" / "spool.db", tmp_path / "large" / "spool.db"
    make(small, 1_000)
    make(large, MANY)
    of_small, of_large = bytes_read(start(small)), bytes_read(start(large))
    assert large.stat().st_size > 10 * small.stat().st_size
    assert of_large < of_small + 50 * PAGE_BYTES, "its trees are deeper by a page or two, no more"
    assert bytes_read(scan(large)) > 20 * of_large, "what counts rows would be seen"
