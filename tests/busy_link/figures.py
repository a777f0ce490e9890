"""What a watched call was like (core). Times are seconds of the profile, from the first picture on."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from statistics import median
from typing import Final, Literal, NamedTuple

from tests.simulators.links.profile import Way
from tests.village.media_watch import freezes_s

VOICE_HZ: Final = 48_000
UNHEARD_SHARE: Final = 0.5  # of the samples of a time; of less nobody would say that there was a voice

Span = tuple[float, float]
Figure = float | Literal["never"] | None  # s; None: there was nothing to wait for
WHOLE: Final[tuple[Span, ...]] = ((0.0, inf),)


class Look(NamedTuple):
    """Samples of the voice so far, and those of them that the browser made up, silence included."""

    at_s: float
    heard: int
    made_up: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One call. `heard_s`: when a voice was heard, at least the first moment after each outage."""

    seconds: float
    alive: bool
    legs: int
    looks: Sequence[Look]
    painted_s: list[float]
    heard_s: Sequence[float]


def outages(way: Way, *, seconds: float) -> list[Span]:
    """Return from when to when the link carried nothing; one that lasts until the end is none."""
    edges = [*(at_s for at_s, _ in way.rate), inf]
    spans = zip(pairwise(edges), way.rate, strict=True)
    return [span for span, (_, bps) in spans if bps == 0 and span[1] < seconds]


def clear(dark: Sequence[Span], *, seconds: float) -> list[Span]:
    """Return the spans between the `dark` ones."""
    edges = [0.0, *(edge for span in dark for edge in span), seconds]
    return list(zip(edges[::2], edges[1::2], strict=True))


def concealed(looks: Sequence[Look], spans: Sequence[Span]) -> float:
    """Return the share of the voice that was made up between looks that lie within one span, 0 … 1."""
    pairs = list(_within(looks, spans))
    made_up = sum(after.made_up - before.made_up for before, after in pairs)
    return made_up / max(1, sum(after.heard - before.heard for before, after in pairs))


def unheard_s(looks: Sequence[Look], spans: Sequence[Span]) -> float:
    """Return how long no voice was there, not even a made up one: no connection stood."""
    return sum(
        after.at_s - before.at_s
        for before, after in _within(looks, spans)
        if after.heard - before.heard < UNHEARD_SHARE * VOICE_HZ * (after.at_s - before.at_s)
    )


def frozen_s(painted_s: list[float], spans: Sequence[Span]) -> float:
    """Return how long the picture stood still within the spans, in pauses of more than 0.5 s."""
    return sum(sum(freezes_s(painted_s, from_s=from_s, to_s=to_s)) for from_s, to_s in spans)


def back_s(dark: Sequence[Span], came_s: Sequence[float]) -> list[float]:
    """Return how long after the end of each outage something came; infinite: never."""
    return [min((at_s for at_s in came_s if at_s >= end_s), default=inf) - end_s for _, end_s in dark]


def middle_and_worst(times_s: Sequence[float]) -> tuple[Figure, Figure]:
    """Return the median and the longest as they are printed."""
    if not times_s:
        return None, None
    return _printed(median(times_s)), _printed(max(times_s))


def _printed(time_s: float) -> Figure:
    return "never" if time_s == inf else round(time_s, 2)


def _within(looks: Sequence[Look], spans: Sequence[Span]) -> list[tuple[Look, Look]]:
    return [
        (before, after)
        for before, after in pairwise(looks)
        if any(from_s <= before.at_s and after.at_s <= to_s for from_s, to_s in spans)
    ]
