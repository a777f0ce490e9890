"""Histories by a small driver of its own: many of them, each repeatable by its seed."""

import gc
import logging
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tests.model.deeds import do_something
from tests.model.truths import Broken, Truths
from tests.model.wire import PERFECT, ROUGH, Faults
from tests.model.world import MINUTE_US, World

WIRES: Final = (ROUGH, ROUGH, PERFECT, Faults(loss=0.4, doubled=0.3, late=0.5))
LENGTHS: Final = (4, 8, 12, 18, 30)  # things done
STATIONS: Final = (1, 1, 2, 3)
FAULTS_KEPT: Final = 20


@dataclass(slots=True)
class Told:
    """What became of some histories. `broken`: how many broke a truth of each key; `faults`: seed and words
    of the first of them."""

    histories: int = 0
    steps: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: "Told") -> None:
        """Count the other's too."""
        self.histories += other.histories
        self.steps += other.steps
        self.broken += other.broken
        self.faults = (self.faults + other.faults)[:FAULTS_KEPT]


def history(seed: int) -> tuple[World, int, Broken | None]:
    """Let one history happen; return its world, how much was done, and what did not hold."""
    rng = random.Random(seed)
    world = World(rng, stations=rng.choice(STATIONS), faults=rng.choice(WIRES))
    truths, steps = Truths(world), rng.choice(LENGTHS)
    try:
        for _ in range(steps):
            do_something(world)
            truths.check()
        world.heal()
        world.pass_time(MINUTE_US)
        world.rest(60 * MINUTE_US)
        truths.check_at_rest()
    except Broken as broken:
        return world, steps, broken
    return world, steps, None


def histories(seeds: Iterable[int]) -> Told:
    """Let these happen, in a process of its own: it logs no more, and collects garbage between histories."""
    logging.disable(logging.CRITICAL)
    gc.disable()
    told = Told()
    for seed in seeds:
        _, steps, broken = history(seed)
        told.histories += 1
        told.steps += steps
        if broken is not None:
            told.broken[broken.key] += 1
            told.faults.append((seed, str(broken)))
        if told.histories % 20 == 0:
            gc.collect()
    told.faults = told.faults[:FAULTS_KEPT]
    return told
