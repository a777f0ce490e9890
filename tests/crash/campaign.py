"""Many states of one recording, made, opened and judged by several processes (shell).

Most states are opened with SQLite alone (its recovery, its check, every row); one in START_EVERY, and each
moment of a promise, is started with the whole product.
"""

import tempfile
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.crash.checker import Checker, Verdict
from tests.crash.disk import Disk
from tests.crash.recording import Recording, memory_folder
from tests.crash.states import KINDS, Recipe, imagine, moments, prefix, prefixes, windows
from tests.crash.trace import OF_NO_ACCOUNT, Say

START_EVERY: Final = 10
STRIPES: Final = 16  # shares of one round: what progress is shown of
KEPT_MAX: Final = 5

Files = Mapping[str, bytes | bytearray]
Key = tuple[tuple[str, int, int], ...]  # name, size and check sum of each file


@dataclass(slots=True)
class Tally:
    """What became of so many states: by content, for one may come twice (and is judged by each promise).

    `failures`: recipe and what is wrong, the first few.
    """

    contents: set[Key] = field(default_factory=set)
    judged: int = 0
    started: int = 0
    lost: set[Key] = field(default_factory=set)
    corrupt: set[Key] = field(default_factory=set)
    duplicated: set[Key] = field(default_factory=set)
    kinds: dict[str, int] = field(default_factory=dict)
    failures: list[tuple[str, Verdict]] = field(default_factory=list)

    def count(self, recipe: Recipe, key: Key, verdict: Verdict, *, is_start: bool) -> None:
        """One more state."""
        self.judged += 1
        self.started += is_start
        self.lost |= {key} if verdict.lost else set()
        self.corrupt |= {key} if verdict.corrupt else set()
        self.duplicated |= {key} if verdict.duplicated else set()
        self.kinds[recipe.kind] = self.kinds.get(recipe.kind, 0) + 1
        if not verdict.is_good and len(self.failures) < KEPT_MAX:
            self.failures.append((str(recipe), verdict))

    def add(self, other: "Tally") -> None:
        """Take another share of the same recording in."""
        self.contents |= other.contents
        self.judged += other.judged
        self.started += other.started
        self.lost |= other.lost
        self.corrupt |= other.corrupt
        self.duplicated |= other.duplicated
        for kind, count in other.kinds.items():
            self.kinds[kind] = self.kinds.get(kind, 0) + count
        self.failures = (self.failures + other.failures)[:KEPT_MAX]


def run(
    recording: Recording,
    *,
    states: int,
    prefixes_a_window: int,
    seed: int,
    processes: int,
    tell: Callable[[Tally], None] = lambda _: None,
) -> Tally:
    """Judge states until so many different ones were met; `tell` hears how far it is."""
    tally = Tally()
    with get_context("fork").Pool(processes, _appoint, (recording, seed, prefixes_a_window)) as pool:
        for share in _shares(pool):
            tally.add(share)
            tell(tally)
            if len(tally.contents) >= states:
                pool.terminate()
                return tally
    return tally


def _shares(pool: Pool) -> Iterator[Tally]:
    for round_number in range(1_000):
        yield from pool.imap_unordered(_judge, [(round_number, stripe) for stripe in range(STRIPES)])


class _Judge:
    """What one process of the pool has: the recording, and which states of it to judge."""

    def __init__(self, recording: Recording, seed: int, prefixes_a_window: int) -> None:
        self._recording, self._seed, self._prefixes_a_window = recording, seed, prefixes_a_window
        self._checker = Checker(recording)

    def judge(self, round_number: int, stripe: int) -> Tally:
        """Judge the states of one stripe of one round."""
        tally, seen = Tally(), set[tuple[Key, int]]()
        with tempfile.TemporaryDirectory(prefix="haidang-state-", dir=memory_folder()) as place:
            for recipe, files in self._states(round_number, stripe):
                key, promise = key_of(files), promise_at(self._recording, recipe.step)
                tally.contents.add(key)
                if (key, promise) in seen:
                    continue
                seen.add((key, promise))
                is_promise = recipe.kind == "prefix" and isinstance(self._recording.steps[recipe.step], Say)
                is_start = is_promise or tally.judged % START_EVERY == 0
                lay_out(files, Path(place))
                verdict = (self._checker.start if is_start else self._checker.look)(Path(place), promise)
                tally.count(recipe, key, verdict, is_start=is_start)
        return tally

    def _states(self, round_number: int, stripe: int) -> Iterator[tuple[Recipe, Files]]:
        """Each kind for each window, at moments by seed; in round 0 the prefixes too."""
        wanted: dict[int, list[str]] = {}
        steps = self._recording.steps
        for number, window in enumerate(windows(steps)):
            if number % STRIPES != stripe:
                continue
            random = Random(f"{self._seed} {round_number} {number}")
            if round_number == 0:
                for step in prefixes(steps, window, random, most=self._prefixes_a_window):
                    wanted.setdefault(step, []).append("prefix")
            for kind in KINDS:
                for step in moments(steps, window, random):
                    wanted.setdefault(step, []).append(kind)
        disk = Disk()
        for step, done in enumerate(steps):
            disk.take(done)
            for kind in wanted.get(step, ()):
                recipe = recipe_of(disk, step, kind, seed=self._seed, draw=round_number)
                if recipe is not None:
                    yield recipe, disk.files(recipe.parts, recipe.names)


_judges: list[_Judge] = []  # of this process of the pool: one


def _appoint(*given: Any) -> None:
    _judges.append(_Judge(*given))


def _judge(share: tuple[int, int]) -> Tally:
    return _judges[0].judge(*share)


def recipe_of(disk: Disk, step: int, kind: str, *, seed: int, draw: int) -> Recipe | None:
    """Return the recipe of that name, after `step`, which `disk` has just taken."""
    return prefix(disk, step) if kind == "prefix" else imagine(disk, step, kind, seed=seed, draw=draw)


def promise_at(recording: Recording, step: int) -> int:
    """Return which promise held after this step; -1: none yet."""
    return bisect_right(recording.told_at, step) - 1


def key_of(files: Files) -> Key:
    """Return what tells this folder from another."""
    return tuple((name, len(data), zlib.crc32(data)) for name, data in sorted(files.items()))


def lay_out(files: Files, folder: Path) -> None:
    """Make the folder hold these files, writing over those that are there: cheaper than making them anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in files and not path.name.endswith(OF_NO_ACCOUNT[1:]):
            path.unlink()
    for name, data in files.items():
        path = folder / name
        with path.open("r+b" if path.exists() else "wb") as file:
            file.write(data)
            file.truncate()
