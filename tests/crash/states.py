"""Which states a power cut can leave: recipes, by seed (core).

A recipe belongs to a moment of the recording: the step that was the last one, whole or in part. Kinds:

    prefix    everything so far, in order
    none      nothing of what is unsynced
    newest    of what is unsynced only the newest write
    dropped   everything but one unsynced write
    torn      the newest write only in part: its first sectors, its last, or all but the middle
    some      any of the unsynced writes, in any order, the last of them perhaps torn
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.crash.disk import SECTOR_BYTES, Disk, Part
from tests.crash.trace import Say, Step, Sync, Write

KINDS: Final = ("none", "newest", "dropped", "torn", "some")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A state: after `step`, of what was pending then these parts, in this order, and the first few names."""

    step: int
    kind: str
    draw: int
    parts: tuple[Part, ...]
    names: int

    def __str__(self) -> str:
        return f"{self.step}:{self.kind}:{self.draw}"


def windows(steps: Sequence[Step]) -> list[range]:
    """Return the runs of steps between two syncs; a run begins with the sync that ended the one before."""
    starts = [0, *(number for number, step in enumerate(steps) if isinstance(step, Sync))]
    return [range(start, end) for start, end in zip(starts, [*starts[1:], len(steps)], strict=True)]


def prefixes(steps: Sequence[Step], window: range, random: Random, *, most: int) -> list[int]:
    """Return after which steps of a window everything so far is a state: all, or about `most` of a long one,
    each promise among them.
    """
    if len(window) <= most:
        return list(window)
    told = [number for number in window if isinstance(steps[number], Say)]
    return sorted({window[0], *told, *random.sample(window, most)})


def moments(steps: Sequence[Step], window: range, random: Random) -> list[int]:
    """Return after which steps of a window states of other kinds are drawn: some step, and each promise."""
    return [random.choice(window), *(number for number in window if isinstance(steps[number], Say))]


def prefix(disk: Disk, step: int) -> Recipe:
    """Everything that was done up to and with `step`, which `disk` has just taken."""
    return Recipe(step, "prefix", 0, _whole(disk), len(disk.pending_names))


def imagine(
    disk: Disk, step: int, kind: str, *, seed: int, draw: int, whole_bytes: int = SECTOR_BYTES
) -> Recipe | None:
    """Return a state of this kind after `step`, which `disk` has just taken; None: there is none. Another
    `draw` is perhaps another state. What lies in one `whole_bytes` of the disk is written whole or not.
    """
    random = Random(f"{seed} {step} {kind} {draw}")
    count = len(disk.pending)
    names = random.randint(0, len(disk.pending_names))
    if count == 0:
        return Recipe(step, kind, draw, (), names) if disk.pending_names else None
    parts: list[Part]
    match kind:
        case "none":
            parts = []
        case "newest":
            parts = [Part(count - 1)]
        case "dropped":
            parts = list(_whole(disk))
            del parts[random.randrange(count)]
        case "torn":
            parts = [*_whole(disk)[:-1], *_torn(disk, count - 1, random, whole_bytes)]
        case _:
            share = random.random()
            chosen = [number for number in range(count) if random.random() < share]
            random.shuffle(chosen)
            parts = [Part(number) for number in chosen]
            if chosen and random.random() < 0.5:
                parts[-1:] = _torn(disk, chosen[-1], random, whole_bytes)
    return Recipe(step, kind, draw, tuple(parts), names)


def _whole(disk: Disk) -> tuple[Part, ...]:
    return tuple(map(Part, range(len(disk.pending))))


def _torn(disk: Disk, number: int, random: Random, whole_bytes: int) -> Iterator[Part]:
    """Part of a write, cut where sectors of the disk begin."""
    step = disk.pending[number]
    if not isinstance(step, Write):
        return
    first_cut = -step.offset % whole_bytes
    cuts = list(range(first_cut, len(step.data), whole_bytes)) or [0]
    low, high = sorted((random.choice(cuts), random.choice(cuts)))
    match random.randrange(3):
        case 0:
            yield Part(number, 0, low)
        case 1:
            yield Part(number, high)
        case _:
            yield Part(number, 0, low)
            yield Part(number, high)
