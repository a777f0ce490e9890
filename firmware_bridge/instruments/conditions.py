"""What is the matter with an instrument's measuring (core): told when it changes and not at every flicker."""

from typing import Final

from contract.codes import IMPEDANCE, PERFUSION_INDEX, RESPIRATION_RATE, SPO2, Condition, RateSource
from firmware_bridge.events import InstrumentStream, StreamKind
from firmware_bridge.instruments.plausible import CONFIRM_S

NO_FINGER: Final = frozenset({Condition.PROBE_OFF, Condition.PROBE_FAULT})
NO_ELECTRODES: Final = frozenset({Condition.LEAD_OFF})
ENDS_AFTER_S: Final = 2.0  # longer than a heartbeat: what comes with each beat holds all the time
CONTACT_AFTER_S: Final = 0.3  # what bounces when a finger goes in


def is_number(stream: InstrumentStream) -> bool:
    """Whether it is a number or a single measurement, and no waveform."""
    return stream.kind in (StreamKind.NUMERIC, StreamKind.TEMPERATURE)


def measures_nobody(stream: InstrumentStream) -> frozenset[Condition]:
    """Return the conditions under which samples and numbers of this stream are of nobody; of a number also
    when it is held: an old one is never told as new."""
    held = frozenset({Condition.HELD}) if is_number(stream) else frozenset()
    if (
        stream.kind is StreamKind.PPG
        or stream.mdc in (SPO2, PERFUSION_INDEX)
        or stream.source is RateSource.PLETH
    ):
        return NO_FINGER | held
    if (
        stream.kind in (StreamKind.ECG, StreamKind.RESPIRATION)
        or stream.mdc in (IMPEDANCE, RESPIRATION_RATE)
        or stream.source is RateSource.ECG
    ):
        return NO_ELECTRODES | held
    return held


class ConditionBook:
    """The conditions of one life, which begins with none. `on`: what holds.

    A condition begins at once, or (`readings`: where a single one may be damaged) when so many in a row say
    it, or two that are CONFIRM_S apart; it ends when none has said it for a while.
    """

    def __init__(self, *, readings: int = 1) -> None:
        self._readings = readings
        self._in_a_row: dict[Condition, tuple[int, float]] = {}  # how many readings said it, since when
        self._said_s: dict[Condition, float] = {}
        self.on: frozenset[Condition] = frozenset()

    def take(self, conditions: frozenset[Condition], *, at_s: float) -> bool:
        """A reading says that these hold and no others. Return whether `on` changed."""
        if conditions == self.on == self._said_s.keys():
            self._said_s, self._in_a_row = dict.fromkeys(conditions, at_s), {}
            return False
        said = {one: self._in_a_row.get(one, (0, at_s)) for one in conditions}
        self._in_a_row = {one: (times + 1, since_s) for one, (times, since_s) in said.items()}
        begun = {
            one
            for one, (times, since_s) in self._in_a_row.items()
            if times >= self._readings or at_s - since_s >= CONFIRM_S
        }
        self._said_s |= dict.fromkeys(begun | (self.on & conditions), at_s)
        over = {one for one, said_s in self._said_s.items() if at_s - said_s >= _ends_after_s(one)}
        for one in over:
            del self._said_s[one]
        before, self.on = self.on, frozenset(self._said_s)
        return self.on != before


def _ends_after_s(condition: Condition) -> float:
    return CONTACT_AFTER_S if condition in NO_FINGER | NO_ELECTRODES else ENDS_AFTER_S
