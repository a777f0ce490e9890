"""The hub of the soak: its process, its broker, its wall clock, its backups, and every call it ever made."""

import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from contract.ids import StationId
from hub.ingest.keyring import KeyRing
from hub.store.interface import StoreError
from tests.soak import read_store
from tests.soak.holdings import Holdings, Piece
from tests.soak.ledger import RecordKey
from tests.soak.unit import Unit
from tests.village.eyes import wait_until
from tests.village.process import ROOT, Process
from tests.village.village import Village

BACKUPS_KEPT: Final = 3
REACH_LIMIT_S: Final = 150.0  # a flow that died in silence, a hub that is down as well, a busy machine
COMMIT_LIMIT_S: Final = 5.0


class HubSide:
    """All verbs but `reaches` and `note_calls` belong to one thread at a time."""

    def __init__(self, village: Village, units: Sequence[Unit]) -> None:
        self._village, self._units = village, units
        self._clock_file = village.folder / "hub-clock"
        self._backups: list[Path] = []
        self._made = 0
        command = ["tests.village.stepped_clock", str(self._clock_file), "hub", "serve"]
        village.hub = Process([*command, "--config", str(village.config)], log=village.folder / "hub.log")

    @property
    def store(self) -> Path:
        """The folder of its store."""
        return self._village.folder / "store"

    # What befalls it

    def kill(self, *, down_s: float, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Kill it, and start it again after `down_s`, when `meanwhile` is done."""
        self.must_run()
        self._village.hub.kill()
        self.note_calls()
        time.sleep(down_s)  # it is away for so long
        meanwhile()
        self._village.start_hub()

    def kill_committing(self, *, down_s: float) -> None:
        """Kill it as soon as its log of the database changes: a commit is under way."""
        wal = self.store / "hub.db-wal"
        before, limit_s = _version(wal), time.monotonic() + COMMIT_LIMIT_S
        while _version(wal) == before and time.monotonic() < limit_s:
            time.sleep(0.0005)  # between looks at a file
        self.kill(down_s=down_s)

    def kill_broker(self, *, down_s: float) -> None:
        """Kill the broker and start it again after `down_s`."""
        self._village.broker.kill()
        time.sleep(down_s)  # it is away for so long
        self._village.broker.start()

    def step_clock(self, ahead_s: float) -> None:
        """Set its wall clock: ahead of ours by so much."""
        staged = self._clock_file.with_suffix(".new")
        staged.write_text(str(ahead_s), encoding="ascii")
        staged.replace(self._clock_file)

    def back_up(self) -> None:
        """Take a backup while it runs; the oldest of a few goes."""
        self._made += 1
        folder = self._village.folder / f"backup-{self._made}"
        _hub("backup", str(folder), "--config", str(self._village.config))
        self._backups.append(folder)
        while len(self._backups) > BACKUPS_KEPT:
            shutil.rmtree(self._backups.pop(0))

    def restore(self, rng: random.Random, *, down_s: float) -> None:
        """Kill it and start it on an old backup, which is another store from then on."""
        if not self._backups:
            self.back_up()
        backup = rng.choice(self._backups)
        self.kill(down_s=down_s, meanwhile=lambda: self._put_back(backup))

    def _put_back(self, backup: Path) -> None:
        for unit in self._units:
            if unit.partition is not None:  # a full box may have let go what this store received
                for key, raw in read_store.records(self.store, unit.station.name).items():
                    unit.ledger.add_record(key, raw)  # it may have come and gone between two looks at the box
                    unit.ledger.freed.add(key)
        restored = self._village.folder / "restored"
        _hub("restore", str(backup), "--into", str(restored))
        shutil.rmtree(self.store, onerror=_unless_gone)
        (restored / "store").rename(self.store)  # certificates and keys of this hub are alive and stay
        shutil.rmtree(restored)

    # What can be seen

    def must_run(self) -> None:
        """Raise ChildProcessError when it has ended by itself."""
        if not self._village.hub.is_running:
            raise ChildProcessError(f"the hub ended: {self._village.hub.output()[-2000:]}")

    def reaches(self, unit: Unit) -> None:
        """Return when the hub has what the box stored last of class 0. Raises TimeoutError."""
        key = unit.newest_call_record()
        wait_until(
            lambda: not self.lacks([key], unit.station.name),
            what=f"{unit.name}: {key} at the hub",
            limit_s=REACH_LIMIT_S,
        )

    def lacks(self, keys: Sequence[RecordKey], station: StationId) -> list[RecordKey]:
        """Return which of these its store does not say that it has, stored or given up."""
        try:
            ranges = {
                spool: read_store.stored_ranges(self.store, station, spool)
                for spool in {key.spool for key in keys}
            }
        except (sqlite3.Error, StoreError, OSError):  # it is down, or another store comes just now
            return list(keys)
        return [key for key in keys if key.seq not in ranges[key.spool].get(key.record_class, ())]

    def note_calls(self) -> None:
        """Take down every call that it has."""
        with suppress(sqlite3.Error):
            found = read_store.calls(self.store)
            for unit in self._units:
                unit.ledger.calls |= set(found.get(unit.name, ()))

    def holdings(self, unit: Unit) -> Holdings:
        """Return all that it holds of a station."""
        return read_store.read_holdings(self.store, self._ring(), unit.station.name, unit.ledger)

    def opened(self, unit: Unit, records: Mapping[RecordKey, bytes]) -> list[Piece]:
        """Return the columns of a station's records, opened with the keys that it holds."""
        return read_store.open_pieces(self.store, self._ring(), unit.station.name, records)

    def _ring(self) -> KeyRing:
        return KeyRing(self._village.broker.authority.seal_keys.read())


def _hub(*arguments: str) -> None:
    """Run a command of the hub. Raises CalledProcessError, with what it said in a note."""
    command = [sys.executable, "-m", "hub", *arguments]
    try:
        subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    except subprocess.CalledProcessError as error:
        error.add_note(error.stderr.decode(errors="replace")[-2000:])
        raise


def _version(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size


def _unless_gone(
    _: object, __: str, raised: tuple[type[BaseException], BaseException, TracebackType]
) -> None:
    """Of a file that is to be removed. Whoever looks into the store takes its -shm and -wal with him."""
    if not isinstance(raised[1], FileNotFoundError):
        raise raised[1]
