"""What a run was like, in the numbers that links are measured by (core).

Queue: a packet's wait before its transmission, its own time on the link not in it. Frozen: pauses of more
than half a second between decoded frames, begin and end among them. Up: from a step up until four fifths of
the new rate are delivered over a second. Drain: from a step down until no packet waits for 100 ms for two
seconds.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Final

from tests.simulators.links.rate import Rate
from tests.simulators.sending.calls import FIRST_UPLOAD, Call, Run
from tests.simulators.sending.road import Passed

FREEZE_S: Final = 0.5
STEP: Final = 1.3  # a change of less is none
STEPS_MAX: Final = 8  # a rate that changes more often is no stair
UP_SHARE: Final = 0.8
QUEUE_LONG_S: Final = 0.1
STAYS_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Report:
    """Of all calls of a run together; lists have one number a call, or a step of the rate."""

    utilisation: float  # of what the link could carry, that calls carried
    queue_p50_ms: float
    queue_p95_ms: float
    frozen_s: list[float]
    fps: list[float]
    concealed: list[float]  # share of the time, as long as the call lasted
    lost: float  # share of the calls' packets that did not arrive
    starts_s: float  # until four fifths of the first rate
    up_s: list[float]
    drain_s: list[float]
    picture_back_s: list[float]  # from each return of the link
    voice_back_s: list[float]
    fairness: float | None  # Jain's, from when all calls were there
    padding_share: float

    def line(self, name: str) -> str:
        """Return it as one line for people."""

        def text(numbers: list[float], form: str) -> str:
            return "/".join("never" if one == inf else format(one, form) for one in numbers) or "-"

        columns = [
            f"{name:22}",
            f"{self.utilisation:5.2f}",
            f"{self.queue_p50_ms:5.0f}",
            f"{self.queue_p95_ms:5.0f}",
            f"{text(self.frozen_s, '.1f'):>11}",
            f"{text(self.fps, '.1f'):>10}",
            f"{text([100 * one for one in self.concealed], '.1f'):>9}",
            f"{100 * self.lost:5.1f}",
            f"{text([self.starts_s], '.1f'):>6}",
            f"{text(self.up_s, '.1f'):>10}",
            f"{text(self.drain_s, '.1f'):>9}",
            f"{text(self.picture_back_s, '.2f'):>5}",
            f"{text(self.voice_back_s, '.2f'):>5}",
            "    -" if self.fairness is None else f"{self.fairness:5.3f}",
            f"{100 * self.padding_share:4.1f}",
        ]
        return " ".join(columns)


HEADING: Final = (
    f"{'profile':22} {'util':>5} {'q50':>5} {'q95':>5} {'frozen':>11} {'fps':>10} {'conc%':>9} {'lost%':>5}"
    f" {'start':>6} {'up':>10} {'drain':>9} {'pic':>5} {'voice':>5} {'jain':>5} {'pad%':>4}"
)


def report(run: Run) -> Report:
    """Reckon everything."""
    ours = [one for one in run.passed if one.flow < FIRST_UPLOAD]
    rate = Rate(run.profile.up.rate, run.profile.up.repeat_s)
    waits_s = sorted(one.started_s - one.arrived_s for one in ours if one.started_s is not None)
    steps = _steps(run)
    joined_s = max(call.begins_s for call in run.calls)
    returns_s = [at_s for at_s, before, _, _ in steps if before == 0]
    return Report(
        utilisation=sum(one.size_bytes * 8 for one in ours if one.left_s is not None)
        / rate.bits(0.0, run.seconds),
        queue_p50_ms=1_000 * _quantile(waits_s, 0.5),
        queue_p95_ms=1_000 * _quantile(waits_s, 0.95),
        frozen_s=[_frozen_s(call, run.seconds) for call in run.calls],
        fps=[len(call.decoded_s) / (run.seconds - call.begins_s) for call in run.calls],
        concealed=[call.made_up_s / (run.seconds - call.begins_s) for call in run.calls],
        lost=sum(one.fate != "delivered" for one in ours) / max(1, len(ours)),
        starts_s=_until_full_s(ours, 0.0, rate.at(0.0), run.seconds),
        up_s=[
            _until_full_s(ours, at_s, after, until_s)
            for at_s, before, after, until_s in steps
            if 0 < before < after / STEP
        ],
        drain_s=[
            _until_drained_s(ours, at_s, until_s)
            for at_s, before, after, until_s in steps
            if 0 < after < before / STEP
        ],
        picture_back_s=[_back_s(call.decoded_s, at_s) for call in run.calls for at_s in returns_s],
        voice_back_s=[_back_s(call.voice_s, at_s) for call in run.calls for at_s in returns_s],
        fairness=_fairness(ours, run, joined_s) if len(run.calls) > 1 else None,
        padding_share=sum(call.padding_count for call in run.calls) / max(1, len(ours)),
    )


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _frozen_s(call: Call, end_s: float) -> float:
    times = [call.begins_s, *call.decoded_s, end_s]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    return sum(pause for pause in pauses if pause > FREEZE_S)


def _steps(run: Run) -> list[tuple[float, float, float, float]]:
    """Changes of the rate: (when, before, after, until the next one or the end)."""
    way = run.profile.up
    if way.repeat_s is not None or not 1 < len(way.rate) <= STEPS_MAX:
        return []
    ends_s = [at_s for at_s, _ in way.rate[2:]] + [run.seconds]
    return [
        (at_s, before, after, min(end_s, run.seconds))
        for (_, before), (at_s, after), end_s in zip(way.rate, way.rate[1:], ends_s, strict=False)
        if at_s < run.seconds
    ]


def _until_full_s(ours: list[Passed], from_s: float, bps: float, until_s: float) -> float:
    left = [(one.left_s, one.size_bytes * 8) for one in ours if one.left_s and from_s < one.left_s < until_s]
    first, bits = 0, 0
    for at_s, size_bits in left:
        bits += size_bits
        while left[first][0] < at_s - 1.0:
            bits -= left[first][1]
            first += 1
        if bits >= UP_SHARE * bps:
            return at_s - from_s
    return inf


def _until_drained_s(ours: list[Passed], from_s: float, until_s: float) -> float:
    drained_s = from_s
    for one in ours:
        if one.started_s is None or not from_s < one.started_s < until_s:
            continue
        if one.started_s > drained_s + STAYS_S:
            break
        if one.started_s - one.arrived_s > QUEUE_LONG_S:
            drained_s = one.started_s
    return inf if drained_s > until_s - STAYS_S else drained_s - from_s


def _back_s(times_s: list[float], from_s: float) -> float:
    return next((at_s - from_s for at_s in times_s if at_s > from_s), inf)


def _fairness(ours: list[Passed], run: Run, from_s: float) -> float:
    carried = [
        sum(one.size_bytes for one in ours if one.flow == call.flow and one.left_s and one.left_s > from_s)
        for call in run.calls
    ]
    return sum(carried) ** 2 / (len(carried) * sum(one * one for one in carried) or 1)
