"""What a card can do to a spool's file, and a spool that is worth it."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from contract.ids import RecordClass, SpoolId
from contract.ranges import SeqRanges
from edge.spool.batch import Batch
from edge.spool.former import FormerSpool, former_path
from edge.spool.salvage import Outcome, Salvage, spool_of
from edge.spool.salvage_aside import Aside, Heritage, set_aside
from tests.integration.edge.spools import (
    NUMERIC,
    WAVE,
    event,
    open_spool,
    press_batch,
    wave,
)

ROUNDS: Final = 60


@dataclass(slots=True)
class Truth:
    """What the spool held when the power went."""

    spool: SpoolId
    owed: dict[tuple[RecordClass, int], bytes] = field(default_factory=dict)
    received: dict[RecordClass, SeqRanges] = field(default_factory=dict)
    drafts: int = 0


def make_spool(path: Path, *, is_in_log: bool = False) -> Truth:
    """A spool with records of all sizes, some received, and two drafts; its process was killed.

    `is_in_log`: the last third of it only stands in the log.
    """
    folder = path.parent / "making"
    with open_spool(folder / path.name) as spool:
        truth = Truth(spool.spool_id)
        for n in range(ROUNDS):
            if n == ROUNDS * 2 // 3 or not is_in_log:
                spool._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
            size = (250, 900, 30)[n % 3]
            spool.commit(Batch(drafts=[wave(n * 1000, seed=n, count=100)]))
            spool.commit(Batch(entries=[wave(n * 1000, seed=n, count=size), event(n + 1)], drops_drafts=True))
            spool.commit(press_batch(n + 1))
        truth.received = {WAVE: SeqRanges([(1, 10), (15, 15)]), NUMERIC: SeqRanges([(1, 12)])}
        spool.commit(Batch(received=truth.received, facts={"something": {"of": ROUNDS}}))
        for n in (1, 2):
            spool.commit(Batch(drafts=[wave((ROUNDS + n) * 1000, seed=n, count=250)]))
            truth.drafts += 1
        for one in spool.owed():
            truth.owed[one.record_class, one.seq] = spool.read(one.record_class, [one.seq])[one.seq]
        if not is_in_log:
            spool._db.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        for suffix in ("", "-wal"):
            data = (folder / (path.name + suffix)).read_bytes()
            path.with_name(path.name + suffix).write_bytes(data)
    if not is_in_log:
        path.with_name(path.name + "-wal").write_bytes(b"")
    return truth


class Pages:
    """The pages of a file without log, by what they are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with closing(sqlite3.connect(path)) as db:
            self.size = int(db.execute("PRAGMA page_size").fetchone()[0])
            self.roots: dict[str, int] = dict(
                db.execute("SELECT name, rootpage FROM sqlite_master").fetchall()
            )

    def page(self, number: int) -> bytes:
        data = self.path.read_bytes()
        return data[(number - 1) * self.size : number * self.size]

    def of_table(self, name: str) -> dict[str, list[int]]:
        """The page numbers of a table: interior, leaf, overflow."""
        found: dict[str, list[int]] = {"interior": [], "leaf": [], "overflow": []}
        data = self.path.read_bytes()
        waiting = [int(self.roots[name])]
        while waiting:
            number = waiting.pop()
            page = data[(number - 1) * self.size : number * self.size]
            cells = int.from_bytes(page[3:5], "big")
            if page[0] == 5:
                found["interior"].append(number)
                pointers = [int.from_bytes(page[12 + 2 * n : 14 + 2 * n], "big") for n in range(cells)]
                waiting += [int.from_bytes(page[at : at + 4], "big") for at in pointers]
                waiting.append(int.from_bytes(page[8:12], "big"))
            else:
                found["leaf"].append(number)
        leaves = set(found["leaf"]) | set(found["interior"])
        with closing(sqlite3.connect(self.path)) as db:
            sql = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'overflow'"
            found["overflow"] = [n for (n,) in db.execute(sql, [name]) if n not in leaves]
        return found


Harm = Callable[[bytes], bytes]
_RNG = random.Random(7)
HARMS: Final[dict[str, Harm]] = {
    "a bit flips": lambda page: page[:5] + bytes([page[5] ^ 0x10]) + page[6:],
    "its header is zero": lambda page: bytes(8) + page[8:],
    "all is zero": lambda page: bytes(len(page)),
    "all is noise": lambda page: _RNG.randbytes(len(page)),
}


def harm(path: Path, number: int, size: int, how: Harm) -> None:
    """Damage one page."""
    data = bytearray(path.read_bytes())
    start = (number - 1) * size
    data[start : start + size] = how(bytes(data[start : start + size]))
    path.write_bytes(data)


def salvage(folder: Path, *, heritage: Heritage | None = None) -> tuple[Outcome, FormerSpool | None]:
    """Set `spool.db` aside and recover what can be; the former spool is open."""
    aside = set_aside(folder / "spool.db", why="a test", heritage=heritage or Heritage())
    return run_salvage(aside)


def run_salvage(
    aside: Aside, *, steps: int | None = None, has_drafts_elsewhere: bool = False
) -> tuple[Outcome, FormerSpool | None]:
    """Recover, or make the first `steps` steps of it."""
    spool = spool_of(aside)
    one = Salvage(aside, has_drafts_elsewhere=has_drafts_elsewhere)
    if spool is None:
        return one.outcome, None
    former = FormerSpool(former_path(aside.path.parent, spool), spool)
    for count, _ in enumerate(one.steps(former), start=1):
        if count == steps:
            break
    return one.outcome, former
