"""What a folder after a power cut is worth: is all there that was promised, once, and as it was (shell)?

The promise that held when power went is what the process had said last. The commit after it may be there too,
whole or (where the product made room first) in the steps that the product itself commits.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from contract.header import parse_record
from edge.errors import BoxError
from edge.spool.batch import Batch
from edge.spool.spool import Spool
from tests.crash.contents import TABLES, Contents, Known, Name, known_of, read_contents
from tests.crash.recording import SPOOL, Recording
from tests.crash.writer import QUOTA_BYTES
from tests.integration.edge.spools import HUB_KEY, STATION, press_batch, wave

SIGNAL_SET = 1  # the stream set of the samples of each second; others are bulk
NOTHING = Contents()


@dataclass(slots=True)
class Verdict:
    """What is wrong, in words; nothing: the state is as it must be."""

    lost: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    duplicated: list[str] = field(default_factory=list)
    is_dead: bool = False  # the product neither opens nor goes on with it: `corrupt` says why

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.corrupt or self.duplicated)


class Checker:
    """Judges folders against one recording."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._known = recording.known
        self._stored = {name: check for told in recording.told for name, check in told.records.items()}

    def look(self, folder: Path, promise: int) -> Verdict:
        """Open the file with SQLite alone: its recovery, its own check, every row."""
        verdict = Verdict()
        if not self._is_there(folder, promise, verdict):
            return verdict
        try:
            with closing(sqlite3.connect(folder / SPOOL, isolation_level=None)) as db:
                self._check_file(db, verdict)
                if promise >= 0 or _has_tables(db):
                    self._compare(read_contents(db), promise, verdict)
        except sqlite3.Error as error:
            verdict.corrupt.append(f"SQLite: {error}")
        return verdict

    def start(self, folder: Path, promise: int) -> Verdict:
        """Start the product in it as after a power cut: another boot, drafts recovered, a press and a draft
        stored; then look.
        """
        verdict = Verdict()
        if not self._is_there(folder, promise, verdict):
            return verdict
        try:
            spool = Spool(folder / SPOOL, quota_bytes=QUOTA_BYTES)
        except BoxError as error:
            verdict.corrupt.append(f"it does not open: {error}")
            verdict.is_dead = True
            return verdict
        with closing(spool), closing(sqlite3.connect(folder / SPOOL, isolation_level=None)) as db:
            try:
                self._check_file(db, verdict)
                before = read_contents(db)
                self._compare(before, promise, verdict)
                boot = spool.begin_boot("the boot after")
                spool.begin_sealing(HUB_KEY, station=STATION, boot=boot, t_us=1_000, software="test")
                spool.commit(press_batch(100_000))
                spool.commit(Batch(drafts=[wave(10**9, count=250)]))
                self._check_start(db, before, boot, verdict)
            except (BoxError, sqlite3.Error) as error:
                verdict.corrupt.append(f"it does not start: {error}")
                verdict.is_dead = True
        return verdict

    def _is_there(self, folder: Path, promise: int, verdict: Verdict) -> bool:
        if (folder / SPOOL).exists():
            return True
        if promise >= 0:
            verdict.lost.append("the spool's file is not there")
            return False
        return True

    @staticmethod
    def _check_file(db: sqlite3.Connection, verdict: Verdict) -> None:
        found = [line for (line,) in db.execute("PRAGMA integrity_check(3)")]
        if found != ["ok"]:
            verdict.corrupt.append(f"integrity_check: {'; '.join(found)}")

    # Against what was promised

    def _compare(self, now: Contents, promise: int, verdict: Verdict) -> None:
        told = self._recording.told
        then = told[promise] if promise >= 0 else NOTHING
        coming = told[promise + 1] if promise + 1 < len(told) else then
        if now in (then, coming):
            return  # row by row what was said then, and `flaws` looks at that
        self._check_rows(now, then, verdict)
        self._check_others(now, then, coming, verdict)
        verdict.duplicated += self._doubled(now)

    def _check_rows(self, now: Contents, then: Contents, verdict: Verdict) -> None:
        for name, check in now.records.items():
            if check != self._stored.get(name):
                verdict.corrupt.append(f"record {name} is not what was stored under that name")
        for name in then.records.keys() - now.records.keys():
            if not self._may_go(name, now, then):
                verdict.lost.append(f"record {name} was told to be durable")
        bodies = {self._known[one].body for one in now.records.values() if one in self._known}
        for check in set(then.drafts) - set(now.drafts):
            draft = self._known[check]
            if draft.body not in bodies and not self._covers(now, draft):
                verdict.lost.append(f"the draft of {draft.first_index} + {draft.samples} samples")
        for check in now.drafts:
            if check not in self._known:
                verdict.corrupt.append(f"draft {check:08x} was never stored")

    def _may_go(self, name: Name, now: Contents, then: Contents) -> bool:
        return then.has_received(name) or any(
            self._gives_up(check, name) for check in now.records.values() if check in self._known
        )

    def _gives_up(self, check: int, name: Name) -> bool:
        gives_up = self._known[check].gives_up
        return gives_up is not None and gives_up[0] == name[0] and gives_up[1] <= name[1] <= gives_up[2]

    def _covers(self, now: Contents, draft: Known) -> bool:
        return any(
            one.record_class == draft.record_class
            and one.stream_set == draft.stream_set
            and one.first_index <= draft.first_index
            and draft.first_index + draft.samples <= one.first_index + one.samples
            for one in map(self._known.get, now.records.values())
            if one is not None
        )

    @staticmethod
    def _check_others(now: Contents, then: Contents, coming: Contents, verdict: Verdict) -> None:
        for press, seq in then.presses.items():
            if now.presses.get(press) != seq:
                verdict.lost.append(f"press {press}")
        for one, last in then.counters.items():
            if now.counters[one] < last:
                verdict.duplicated.append(f"class {one} would give number {last} again")
        if now.boots < then.boots:
            verdict.lost.append(f"boot {then.boots}: its number would be given again")
        if then.spool and now.spool != then.spool:
            verdict.lost.append(f"the spool's name {then.spool}: it is {now.spool}")
        for name, value in then.facts.items():
            if now.facts.get(name) not in (value, coming.facts.get(name)):
                verdict.lost.append(f"the fact {name}: {value}; it is {now.facts.get(name)}")
        if now.received not in (then.received, coming.received):
            verdict.lost.append("what the hub is known to have")

    def _doubled(self, now: Contents) -> Iterator[str]:
        """Yield the samples that two rows hold, drafts and records alike, and presses stored twice."""
        rows = [self._known[one] for one in (*now.records.values(), *now.drafts) if one in self._known]
        signal = sorted(
            (one.first_index, one.first_index + one.samples) for one in rows if one.stream_set == SIGNAL_SET
        )
        for (_, end), (start, _) in pairwise(signal):
            if start < end:
                yield f"samples {start} … {end - 1} are there twice"
        for seq, times in Counter(now.presses.values()).items():
            if times > 1:
                yield f"record {seq} stands for {times} presses"
        if len(set(now.drafts)) != len(now.drafts):
            yield "a draft is there twice"

    # The recorded run itself

    def flaws(self) -> Verdict:
        """Judge the run without any power cut: what each promise lost or doubled beside the one before."""
        verdict = Verdict()
        then = NOTHING
        for now in self._recording.told:
            self._check_rows(now, then, verdict)
            self._check_others(now, then, now, verdict)
            verdict.duplicated += self._doubled(now)
            then = now
        return verdict

    # After the product's start

    def _check_start(self, db: sqlite3.Connection, before: Contents, boot: int, verdict: Verdict) -> None:
        after = read_contents(db)
        new = after.records.keys() - before.records.keys()
        for name in new:
            if name[1] <= before.counters[name[0]]:
                verdict.duplicated.append(f"number {name} was given again")
        if boot <= before.boots:
            verdict.duplicated.append(f"boot {boot} was given again")
        bodies = Counter(self._read(db, name).body for name in new)
        for check in before.drafts:
            times = bodies[self._known[check].body] if check in self._known else 0
            if times != 1:
                wrong = verdict.duplicated if times else verdict.lost
                wrong.append(f"draft {check:08x} became {times} records")
        for name in before.records.keys() - after.records.keys():
            gives_up = (self._read(db, one).gives_up for one in new)
            if not before.has_received(name) and not any(gives_up):
                verdict.lost.append(f"record {name} went at the start")
        if len(after.drafts) != 1 or len(after.presses) != len(before.presses) + 1:
            verdict.lost.append("what was stored after the start is not there")

    @staticmethod
    def _read(db: sqlite3.Connection, name: Name) -> Known:
        raw = db.execute(f"SELECT raw FROM {TABLES[name[0]]} WHERE seq = ?", [name[1]]).fetchone()[0]  # noqa: S608
        record = parse_record(raw)
        return known_of(record.header, record.body)  # type: ignore[union-attr]


def _has_tables(db: sqlite3.Connection) -> bool:
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone())
