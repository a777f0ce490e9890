"""States that a power cut may leave of a recorded device: made, started as the box starts, judged (shell)."""

import tempfile
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from tests.crash.campaign import promise_at
from tests.crash.checker import Checker
from tests.crash.disk import Disk
from tests.crash.recording import memory_folder
from tests.crash.states import Recipe, imagine, prefix
from tests.crash.trace import Sync, Write
from tests.powercut.box_mount import BLOCK_BYTES, UnbootableError, is_sound, started
from tests.powercut.keeper import wrong_with
from tests.powercut.recorded import FILES_FOLDER, SPOOL_FOLDER, Past, Recorded, new_device, record
from tests.powercut.write_log import DEVICE

KINDS: Final = ("prefix", "some", "none", "some", "newest", "some", "dropped", "torn")  # in turn
ROUNDS_MAX: Final = 100


@dataclass(slots=True)
class Tally:
    """What became of the states: how many different ones were judged, and how many were wrong in which way.
    `words` says what is wrong, a line for each wrong state.
    """

    states: int = 0
    lost: int = 0
    corrupt: int = 0
    duplicated: int = 0
    unbootable: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take the states of another life in."""
        self.states += other.states
        self.lost += other.lost
        self.corrupt += other.corrupt
        self.duplicated += other.duplicated
        self.unbootable += other.unbootable
        self.words += other.words


def live(lives: int, *, seconds: int, seed: int) -> Iterator[Recorded]:
    """Yield so many lives of one box: each begins with what a cut left of the one before."""
    past = new_device()
    for life in range(lives):
        recorded = record(past, life, seconds=seconds, careless=False)
        yield recorded
        past = _cut(recorded, Random(f"{seed} {life}"))


def _cut(recorded: Recorded, random: Random) -> Past:
    steps = _open_steps(recorded)
    at = random.choice(steps[-len(steps) // 4 :])
    disk = Disk()
    for step in recorded.spool.steps[: at + 1]:
        disk.take(step)
    recipe = imagine(disk, at, "some", seed=0, draw=0, whole_bytes=BLOCK_BYTES) or prefix(disk, at)
    device = bytes(disk.files(recipe.parts, recipe.names)[DEVICE.name])
    promise, kept = promise_at(recorded.spool, at) + 1, bisect_right(recorded.kept_at, at)
    spool = recorded.spool
    return Past(device, spool.told[:promise], spool.known, recorded.kept[:kept])


def judge(
    recorded: Recorded, *, states: int, seed: int, tell: Callable[[Tally], None] = lambda _: None
) -> Tally:
    """Judge so many different states of the device; `tell` hears how far it is."""
    tally, seen = Tally(), set[tuple[int, int]]()
    with tempfile.TemporaryDirectory(prefix="haidang-powercut-", dir=memory_folder()) as place:
        bench = _Bench(recorded, Path(place).resolve())
        for recipe, device in _states(recorded, states, seed):
            key = (zlib.crc32(device), promise_at(recorded.spool, recipe.step))
            if key in seen:
                continue
            seen.add(key)
            bench.judge(recipe, device, tally)
            tell(tally)
            if tally.states >= states:
                break
    return tally


def _states(recorded: Recorded, states: int, seed: int) -> Iterator[tuple[Recipe, bytes | bytearray]]:
    """Yield states by seed, in the order of their moments; in later rounds others, and perhaps some again."""
    steps, is_open = recorded.spool.steps, _open_steps(recorded)
    for draw in range(ROUNDS_MAX):
        random, disk = Random(f"{seed} {draw}"), Disk()
        wanted: dict[int, list[str]] = {}
        for number in range(states):
            wanted.setdefault(random.choice(is_open), []).append(KINDS[number % len(KINDS)])
        for number, step in enumerate(steps):
            disk.take(step)
            for kind in wanted.get(number, ()):
                recipe = _recipe(disk, number, kind, seed=seed, draw=draw)
                if recipe is not None:
                    yield recipe, disk.files(recipe.parts, recipe.names)[DEVICE.name]


def _recipe(disk: Disk, step: int, kind: str, *, seed: int, draw: int) -> Recipe | None:
    """The box's partition has sectors of a block (LUKS): one is written whole or not at all."""
    if kind == "prefix":
        return prefix(disk, step)
    return imagine(disk, step, kind, seed=seed, draw=draw, whole_bytes=BLOCK_BYTES)


def _open_steps(recorded: Recorded) -> list[int]:
    """Return the steps after which power may go with something not flushed, and those of promises."""
    found, pending = [], 0
    for number, step in enumerate(recorded.spool.steps):
        pending = 0 if isinstance(step, Sync) else pending + isinstance(step, Write)
        if number >= recorded.first and (pending or not isinstance(step, Sync)):
            found.append(number)
    return found


class _Bench:
    """One folder in which one state after the other is started and looked at."""

    def __init__(self, recorded: Recorded, folder: Path) -> None:
        self._recorded, self._checker = recorded, Checker(recorded.spool)
        self._device, self._mount = folder / "device", folder / "mount"
        self._mount.mkdir()

    def judge(self, recipe: Recipe, device: bytes | bytearray, tally: Tally) -> None:
        """Start the box with this device: fsck, mount, the spool with its recovery, more stored; look."""
        self._device.write_bytes(device)
        promise = promise_at(self._recorded.spool, recipe.step)
        kept = self._recorded.kept[: bisect_right(self._recorded.kept_at, recipe.step)]
        lost, corrupt, duplicated, dead = list[str](), list[str](), list[str](), ""
        try:
            with started(self._device, self._mount):
                lost += wrong_with(self._mount / FILES_FOLDER, kept)
                verdict = self._checker.start(self._mount / SPOOL_FOLDER, promise)
        except UnbootableError as error:
            dead = str(error)
        else:
            lost += verdict.lost
            corrupt, duplicated = verdict.corrupt, verdict.duplicated
            dead = "the spool does not start" if verdict.is_dead else ""
            if not is_sound(self._device):
                corrupt.append("the file system is not sound after it was used")
        tally.states += 1
        tally.lost += bool(lost)
        tally.corrupt += bool(corrupt)
        tally.duplicated += bool(duplicated)
        tally.unbootable += bool(dead)
        tally.kinds[recipe.kind] = tally.kinds.get(recipe.kind, 0) + 1
        if wrong := [*lost, *corrupt, *duplicated, *([dead] if dead else [])]:
            tally.words.append(f"{recipe} after promise {promise}: {'; '.join(wrong[:3])}")
