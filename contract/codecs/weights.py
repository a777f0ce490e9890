"""Weights that a column learns from its own past (core). Source: docs/wire.md, section 5.

Recursive least squares a block at a time. Each block of 16 counts by the inverse of its mean squared
distance, so that a QRS complex, which no line predicts, does not spoil the weights of the rest; one
Gauss-Seidel sweep a block then follows the solution closely. All in integers: products of differences,
divisions that round down.
"""

from collections.abc import Sequence
from operator import mul
from typing import Final

import numpy as np
from numpy.typing import NDArray

BLOCK: Final = 16  # samples between two lessons
OWN: Final = 8  # differences of the column itself
OF_EACH_NEIGHBOUR: Final = 2  # the difference at the same time, and the one before
WEIGHT_BITS: Final = 16  # 65536 is a weight of 1
WEIGHT_MAX: Final = 8 << WEIGHT_BITS
DIFFERENCE_MAX: Final = 32_767
DISTANCE_MAX: Final = (1 << 18) - 1
INERTIA: Final = 4_096  # how firmly weights are held to what they began with: as 16 samples would
# 0.5, 0.1, -0.1 and 1.2, 0, -0.2, -0.2: a noisy lead, or a smooth pulse wave, before anything is known of it
OWN_START: Final = ((32_768, 6_554, -6_554, 0, 0, 0, 0, 0), (78_643, 0, -13_107, -13_107, 0, 0, 0, 0))

Integers = NDArray[np.int64]


class Weights:
    """The weights of one column: its own first, then those of its neighbours."""

    def __init__(self, neighbours: int, *, is_smooth: bool) -> None:
        self.now = [*OWN_START[is_smooth], *[0] * (OF_EACH_NEIGHBOUR * neighbours)]
        self._pull = [INERTIA * weight for weight in self.now]
        size = len(self.now) + 1
        self._products: Integers = np.zeros(
            (size, size), np.int64
        )  # row 0: with the difference to be predicted

    def learn(self, differences: Integers, distances: Integers) -> None:
        """Take in a block: a row for each sample, the difference that was to be predicted first, then the
        differences that predicted it; and how far each prediction was, in quarters of a step.
        """
        clipped = np.minimum(distances, DISTANCE_MAX)
        lesson = differences.T @ differences
        noise = int(clipped @ clipped) + (int(lesson.trace()) >> 6) + 64
        products = self._products
        products -= products >> 7
        products += (lesson << 16) // noise
        weights = self.now
        for n, row in enumerate(products.tolist()[1:]):
            missing = (
                (row[0] << WEIGHT_BITS)
                + self._pull[n]
                - INERTIA * weights[n]
                - sum(map(mul, row[1:], weights))
            )
            weight = weights[n] + missing // (row[n + 1] + INERTIA)
            weights[n] = (
                weight if -WEIGHT_MAX <= weight <= WEIGHT_MAX else WEIGHT_MAX if weight > 0 else -WEIGHT_MAX
            )


def looks_smooth(differences: Integers) -> bool:
    """Return whether rows as of `Weights.learn` are better begun as a smooth wave than as a noisy lead."""
    noisy, smooth = (
        int(np.abs((differences[:, 0] << WEIGHT_BITS) - differences[:, 1 : OWN + 1] @ np.array(start)).sum())
        for start in OWN_START
    )
    return smooth < noisy


def clipped_differences(samples: Integers) -> Integers:
    """Return each sample less the one before, at most 32,767 either way; 0 for the first."""
    return np.clip(np.diff(samples, prepend=samples[:1]), -DIFFERENCE_MAX, DIFFERENCE_MAX)


def neighbour_differences(neighbours: Sequence[NDArray[np.int32]]) -> Integers:
    """Return two columns for each neighbour: its difference at the same time, and the one before."""
    found = []
    for samples in neighbours:
        now = clipped_differences(samples.astype(np.int64))
        found += [now, np.concatenate((now[:1], now[:-1]))]
    return np.stack(found, axis=1)
