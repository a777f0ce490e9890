"""Numbers that may be told (core): what a living person can have, and no faster than it can change.

A line without a checksum turns one number into another without anybody noticing. So there a number that
jumps is told only once further frames agree with it, and none is told for the sake of a single frame.
"""

from collections import deque
from typing import Final, NamedTuple

from contract.codes import (
    BODY_TEMPERATURE,
    CUFF_PULSE,
    DIASTOLIC,
    GLUCOSE,
    HEART_RATE,
    MEAN_PRESSURE,
    PERFUSION_INDEX,
    PULSE_RATE,
    RESPIRATION_RATE,
    SPO2,
    SYSTOLIC,
)

# (MDC, UCUM unit) -> least and most that a living person has and an instrument at a station can measure.
RANGES: Final = {
    (SPO2, "%"): (1.0, 100.0),
    (PULSE_RATE, "/min"): (18.0, 321.0),  # what Nonin's instruments can tell
    (HEART_RATE, "/min"): (10.0, 350.0),
    (CUFF_PULSE, "/min"): (18.0, 321.0),
    (RESPIRATION_RATE, "/min"): (1.0, 150.0),
    (PERFUSION_INDEX, "%"): (0.01, 30.0),
    (BODY_TEMPERATURE, "Cel"): (24.0, 46.0),  # below it is a room, above it is a fault
    (SYSTOLIC, "mm[Hg]"): (30.0, 300.0),
    (DIASTOLIC, "mm[Hg]"): (10.0, 250.0),
    (MEAN_PRESSURE, "mm[Hg]"): (15.0, 280.0),
    (GLUCOSE, "mg/dL"): (5.0, 1500.0),
    (GLUCOSE, "mmol/L"): (0.3, 83.0),
}
# MDC -> by how much it can change within a second, in the unit of its range.
STEPS: Final = {
    SPO2: 3.0,
    PULSE_RATE: 15.0,
    HEART_RATE: 15.0,
    RESPIRATION_RATE: 8.0,
    PERFUSION_INDEX: 3.0,
    BODY_TEMPERATURE: 0.5,
}
FAST_S: Final = 0.4  # readings closer than this repeat a number: …
AGREEING: Final = 3  # … the middle one of so many is told
CONFIRM_S: Final = 0.9  # two so far apart agree: who tells a number each second is never quite on time
DOUBTED_MAX: Final = 32  # only to count them
FORGET_S: Final = 10.0  # a number as old as this says nothing about what may follow


def is_in_range(mdc: int, unit: str, value: float) -> bool:
    """Whether a living person can have it; True for what has no range."""
    low, high = RANGES.get((mdc, unit), (float("-inf"), float("inf")))
    return low <= value <= high


class _Seen(NamedTuple):
    raw: int
    at_s: float


class PlausibleNumber:
    """One number of an instrument: raw x `scale` is in `unit`. `is_checked`: its frames carry a checksum.

    `raw`: what may be told, None for nothing; `since_s`: when the instrument last said so. `refused`: how
    many readings were out of range, or alone with what they said.
    """

    def __init__(self, *, mdc: int, unit: str, scale: float, is_checked: bool) -> None:
        self._mdc, self._unit, self._scale = mdc, unit, scale
        self._step = STEPS.get(mdc, 0.0) / scale
        self._is_checked = is_checked or mdc not in STEPS
        self._heard_s = float("-inf")
        self._recent: deque[_Seen] = deque(maxlen=AGREEING)
        self._doubted: deque[int] = deque(maxlen=DOUBTED_MAX)
        self._believed: _Seen | None = None  # the last that was told, also when there is none now
        self.raw: int | None = None
        self.since_s = 0.0
        self.is_out_of_range = False
        self.refused = 0

    def take(self, raw: int | None, *, at_s: float) -> None:
        """The instrument says this number, or that it has none."""
        is_fast, self._heard_s = at_s - self._heard_s < FAST_S, at_s
        self.is_out_of_range = raw is not None and not is_in_range(self._mdc, self._unit, raw * self._scale)
        if raw is None or self.is_out_of_range:
            self.refused += self.is_out_of_range
            if raw is None or self._is_checked:
                self._clear()
            return
        if self._is_checked:
            self.raw, self.since_s = raw, at_s
            return
        self._recent.append(_Seen(raw, at_s))
        found = self._middle(at_s) if is_fast else self._newest(at_s)
        if found is None:
            self._doubted.append(raw)
            return
        self._settle_doubts(found)
        if abs(raw - found) > self._step:
            self._doubted.append(raw)
        self.raw, self.since_s = found, at_s
        self._believed = _Seen(found, at_s)

    def _clear(self) -> None:
        self.raw = None
        self._recent.clear()
        self.refused += len(self._doubted)
        self._doubted.clear()

    def _middle(self, at_s: float) -> int | None:
        """Return what the last three readings say together; None while they do not agree."""
        if len(self._recent) < AGREEING:
            return None
        low, middle, high = sorted(seen.raw for seen in self._recent)
        return middle if high - low <= self._step or self._can_follow(middle, at_s) else None

    def _newest(self, at_s: float) -> int | None:
        """Return the latest reading of one who tells a number each second, if another bears it out."""
        newest = self._recent[-1].raw
        if self._can_follow(newest, at_s):
            return newest
        agrees = (s for s in self._recent if at_s - s.at_s >= CONFIRM_S and abs(s.raw - newest) <= self._step)
        return newest if any(agrees) else None

    def _can_follow(self, raw: int, at_s: float) -> bool:
        before = self._believed
        if before is None or at_s - before.at_s > FORGET_S:
            return False
        return abs(raw - before.raw) <= self._step * max(1.0, at_s - before.at_s)

    def _settle_doubts(self, found: int) -> None:
        """Count the readings that turned out to be alone with what they said."""
        self.refused += sum(abs(raw - found) > self._step for raw in self._doubted)
        self._doubted.clear()
