"""Histories of calls added up, by station and by unit (core).

Practice is counted apart and in no other number. A press that waited out an outage did not ring: it is in
`presses` and among the callbacks, and its answer is judged by nobody's clock.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.statistics.call_history import CallHistory

SOON_S: Final = 10.0
LATEST_S: Final = 60.0
P50, P95 = 0.5, 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Numbers of some calls. Times in seconds, None: of nobody.

    `calls`: real ones, `rang` of them, so that a share within ten seconds is `within_10_s` of `rang`.
    `presses`: with those that nudged. `answer_*`: of those that were answered after they rang.
    `first_try_*`: of callbacks that somebody tried.
    """

    calls: int
    presses: int
    rang: int
    answered: int
    within_10_s: int
    within_60_s: int
    answer_p50_s: float | None
    answer_p95_s: float | None
    missed: int
    cancelled: int
    emergencies: int
    still_open: int
    callbacks: int
    callbacks_open: int
    callbacks_tried_in_time: int
    first_try_p50_s: float | None
    first_try_p95_s: float | None
    drops: int
    transfers: int
    handovers: int
    doctors: int
    drills: int
    tests: int


def summarise(histories: Iterable[CallHistory], *, first_try_s: float) -> Summary:
    """Return the numbers of some calls. `first_try_s`: within which a callback is to be tried."""
    every = tuple(histories)
    real = [one for one in every if one.practice is None]
    rang = [one for one in real if one.came == "rang"]
    answers = sorted(one.answered_s for one in rang if one.answered_s is not None)
    callbacks = [callback for one in real for callback in one.callbacks]
    tries = sorted(one.first_try_s for one in callbacks if one.first_try_s is not None)
    return Summary(
        calls=len(real),
        presses=sum(one.presses for one in real),
        rang=len(rang),
        answered=len(answers),
        within_10_s=_within(answers, SOON_S),
        within_60_s=_within(answers, LATEST_S),
        answer_p50_s=percentile(answers, P50),
        answer_p95_s=percentile(answers, P95),
        missed=sum(one.is_missed for one in real),
        cancelled=sum(one.is_cancelled for one in real),
        emergencies=sum(one.is_emergency for one in real),
        still_open=sum(one.is_open for one in real),
        callbacks=len(callbacks),
        callbacks_open=sum(not one.is_closed for one in callbacks),
        callbacks_tried_in_time=_within(tries, first_try_s),
        first_try_p50_s=percentile(tries, P50),
        first_try_p95_s=percentile(tries, P95),
        drops=sum(one.drops for one in real),
        transfers=sum(one.transfers for one in real),
        handovers=sum(one.handovers for one in real),
        doctors=sum(one.doctors for one in real),
        drills=sum(one.practice == "drill" for one in every),
        tests=sum(one.practice == "test" for one in every),
    )


def by_group(
    histories: Iterable[CallHistory],
    groups_of: Callable[[CallHistory], Iterable[str]],
    *,
    first_try_s: float,
) -> Mapping[str, Summary]:
    """Return the numbers of each group, such as a unit with all below it; a call may be in several."""
    members: dict[str, list[CallHistory]] = {}
    for one in histories:
        for group in groups_of(one):
            members.setdefault(group, []).append(one)
    return {group: summarise(some, first_try_s=first_try_s) for group, some in members.items()}


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the smallest value that `share` of them do not exceed (nearest rank); None of nothing."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _within(ordered: Sequence[float], limit_s: float) -> int:
    return sum(one <= limit_s for one in ordered)
