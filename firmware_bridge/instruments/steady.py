"""When the samples of a stream were taken that carries neither index nor clock (core).

All that is known is how many samples have come by when. `arrival_line.py` says when each was taken. A pause
that is not made up for is a gap. Whether it is made up for shows within HOLD_S: until then what came after
the pause is held back. Samples that a decoder takes for lost, but that would have to come before they were
taken, are not: it counted damage twice, or learned late of what was estimated here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

from firmware_bridge.instruments.arrival_line import ArrivalLine

SLEW: Final = 0.01  # times follow a line that was corrected by so much a second at most, …
STEP_S: Final = 0.1  # … and at once when it was this wrong
DOUBT_S: Final = 0.06  # samples that are later than that may come after missing ones, …
DOUBT_DAMAGED_S: Final = 0.025  # … or than that beside damaged frames, whose number is a guess; …
DOUBT_USUAL: Final = 1.5  # … if they are so many times later than usual …
USUAL_S: Final = 10.0
DOUBT_FRAMES: Final = 1.5  # … and so many frames later
DOUBT_EARLY_S: Final = 0.25  # … and, while nobody knows what is usual, so much
HOLD_S: Final = 0.3  # what was only late has been made up for by then, …
HOLD_FRAMES: Final = 4
HOLD_ARRIVALS: Final = 3  # … unless the loop is so busy that hardly anything has come
HOLD_BUSY_S: Final = 0.6


class Placed(NamedTuple):
    """Where a `take` belongs. `first_index` of its first sample, the `lost` ones included that it is right to
    count; `estimated_lost` more are missing before it, by the time that passed; `box_s` when its first sample
    was taken, `period_s` from one to the next."""

    first_index: int
    lost: int
    estimated_lost: int
    box_s: float
    period_s: float


class _Taken(NamedTuple):
    samples: int
    lost: int
    arrival_s: float
    late_s: float  # than it was taken, if nothing is missing but what is known

    @property
    def span(self) -> int:
        return self.samples + self.lost


@dataclass(slots=True)
class _Doubt:
    """Samples came later than `limit_s`, until it is known whether that is made up for."""

    limit_s: float
    until_s: float
    arrivals: int = 0

    def is_over(self, now_s: float) -> bool:
        if now_s < self.until_s:
            return False
        if self.arrivals >= HOLD_ARRIVALS:
            return True
        self.arrivals, self.until_s = HOLD_ARRIVALS, self.until_s + HOLD_BUSY_S
        return now_s >= self.until_s


class SteadyClock:
    """Indexes and times of one stream in one life of the instrument. Never steps back, is never ahead of an
    arrival. Every `take` is answered by one Placed, in order, at once or (after a pause) within HOLD_S, in a
    busy loop HOLD_BUSY_S more.
    """

    def __init__(self, *, rate_hz: float, frame_samples: int = 1) -> None:
        self._period_s = 1.0 / rate_hz
        self._frame_samples = frame_samples
        self._frame_s = frame_samples * self._period_s
        self._next_index = 0
        self._held: list[_Taken] = []
        self._doubt: _Doubt | None = None
        self._usual_late_s = 0.0  # the most of late, fading
        self._line = ArrivalLine()
        self._offset_s = 0.0  # what was told last: time of a sample beyond index x nominal period …
        self._told_s: float | None = None  # … and that time

    @property
    def period_s(self) -> float:
        """From one sample to the next, as far as it has been measured."""
        return self._period_s * (1.0 + self._line.slope)

    @property
    def next_wake_s(self) -> float | None:
        """When to call `tick`; None: nothing is held back."""
        return self._doubt.until_s if self._doubt is not None else None

    def take(self, samples: int, *, lost: int = 0, arrival_s: float) -> list[Placed]:
        """Take what has come by `arrival_s`, with those that the decoder takes for lost among them (at least
        one of both). Return what is settled by now."""
        held = sum(taken.span for taken in self._held)
        late_s = self._late_s(self._next_index + held + samples + lost, arrival_s)
        if lost and late_s < 0 and self._line.is_measured:
            early = round(-late_s / self._frame_s) * self._frame_samples
            late_s += min(early, lost) * self._period_s
            lost -= min(early, lost)
        taken = _Taken(samples, lost, arrival_s, late_s)
        self._held.append(taken)
        if self._doubt is None and self._is_doubtful(taken):
            return []
        if self._doubt is not None and late_s > self._doubt.limit_s / 2:
            self._doubt.arrivals += 1
            return self.tick(now_s=arrival_s)
        return self._settle([0] * len(self._held))

    def tick(self, *, now_s: float) -> list[Placed]:
        """Time has passed: what is still late now has lost samples."""
        return self.flush() if self._doubt is not None and self._doubt.is_over(now_s) else []

    def flush(self) -> list[Placed]:
        """The stream ends here: settle what is held back. Where all that follows is late, some is missing."""
        if self._doubt is None:
            return []
        frame_s = self.period_s * self._frame_samples
        missing: list[int] = []  # frames, before each of what is held
        for late_s in self._least_late_s():
            more_s = late_s - sum(missing) * frame_s
            is_gap = not missing or more_s > self._doubt.limit_s
            missing.append(round(more_s / frame_s) if is_gap else 0)
        return self._settle([frames * self._frame_samples for frames in missing])

    def _least_late_s(self) -> list[float]:
        """Return of each that is held how late it and all that followed was at least."""
        return [*accumulate((taken.late_s for taken in reversed(self._held)), min)][::-1]

    def _late_s(self, end_index: int, arrival_s: float) -> float:
        """Return how long after it was taken the sample before `end_index` came; 0 for what comes first."""
        if self._told_s is None:
            return 0.0
        return arrival_s - self._line.at((end_index - 1) * self._period_s)

    def _is_doubtful(self, taken: _Taken) -> bool:
        """Whether something may be missing before it. If not, it is usual to be that late."""
        limit_s = max(
            DOUBT_DAMAGED_S if taken.lost else DOUBT_S,
            DOUBT_USUAL * self._usual_late_s,
            DOUBT_FRAMES * self._frame_s,
            0.0 if self._line.is_measured else DOUBT_EARLY_S,
        )
        if taken.late_s > limit_s:
            hold_s = max(HOLD_S, HOLD_FRAMES * self._frame_s)
            self._doubt = _Doubt(limit_s, until_s=taken.arrival_s + hold_s)
            return True
        faded = 1.0 - min(1.0, taken.span * self._period_s / USUAL_S)
        self._usual_late_s = max(taken.late_s, self._usual_late_s * faded)
        return False

    def _settle(self, missing: Sequence[int]) -> list[Placed]:
        """Place what is held, each with so many samples missing before it."""
        held, self._held, self._doubt = self._held, [], None
        return [self._place(taken, lost) for taken, lost in zip(held, missing, strict=True)]

    def _place(self, taken: _Taken, lost: int) -> Placed:
        first = self._next_index + lost
        self._next_index = first + taken.span
        nominal_s = (self._next_index - 1) * self._period_s
        self._line.add(nominal_s, taken.arrival_s - nominal_s)
        wanted_s = self._line.at(nominal_s) - nominal_s
        if self._told_s is None:
            self._offset_s = wanted_s
        else:
            passed_s = (lost + taken.span) * self._period_s
            followed_s = self._offset_s + self._line.slope * passed_s
            limit_s = SLEW * passed_s
            error_s = wanted_s - followed_s
            slewed_s = error_s if abs(error_s) > STEP_S else min(max(error_s, -limit_s), limit_s)
            self._offset_s = followed_s + slewed_s
        self._offset_s = min(self._offset_s, taken.arrival_s - nominal_s)
        last_s = nominal_s + self._offset_s
        first_s = last_s - (taken.span - 1) * self.period_s
        if self._told_s is not None:
            first_s = max(first_s, self._told_s)
        self._told_s = max(first_s, last_s)
        return Placed(first, taken.lost, lost, first_s, self.period_s)
