"""Who is being seen (core): one visit at a time, and nothing crosses it.

A visit is opened by the first valid signal or by a press, and closed by "next person", by half an hour
without a signal, or by a restart of the box. After "next person" the sensors must have been off once before a
signal may open the next visit: until then it is still the person before.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from contract.ids import NO_VISIT, BootId, VisitNo

ASK_AFTER_S: Final = 120.0  # all sensors off for so long: the box asks whether the visit is over
CLOSE_AFTER_S: Final = 1800.0

OpenedBy = Literal["signal", "button", "next person"]
ClosedBy = Literal["next person", "sensors off 30 min", "asked", "box restarted"]


@dataclass(frozen=True, slots=True)
class Opened:
    """The visit `visit` begins."""

    visit: VisitNo
    how: OpenedBy


@dataclass(frozen=True, slots=True)
class Closed:
    """The visit `visit` is over."""

    visit: VisitNo
    why: ClosedBy


class Visits:
    """The visit of now. Every method returns what changed, in order; `current` is right after it."""

    def __init__(self) -> None:
        self.last = NO_VISIT  # the highest number ever given
        self.current = NO_VISIT
        self.how: OpenedBy = "signal"  # the visit of now was opened
        self.awaits_sensors_off = False
        self._last_signal_s = 0.0
        self._sensors_on = False

    @property
    def measured(self) -> VisitNo:
        """Whose samples come now: nobody's that we know, until the sensors of the person before are off."""
        return NO_VISIT if self.awaits_sensors_off else self.current

    def saved(self, *, boot: BootId) -> dict[str, Any]:
        """Return what a restart must know, as JSON."""
        return {
            "boot": boot,
            "last": self.last,
            "current": self.current,
            "how": self.how,
            "awaits_sensors_off": self.awaits_sensors_off,
            "last_signal_s": self._last_signal_s,
        }

    @classmethod
    def restored(cls, saved: dict[str, Any]) -> Self:
        """Return the visits that were `saved`, in the same boot."""
        visits = cls()
        visits.last, visits.current = VisitNo(saved["last"]), VisitNo(saved["current"])
        visits.how = saved.get("how", "signal")
        visits.awaits_sensors_off = saved["awaits_sensors_off"]
        visits._last_signal_s = saved["last_signal_s"]
        return visits

    def signal(self, *, now_s: float) -> list[Opened | Closed]:
        """A sensor has contact and measures somebody."""
        self._sensors_on = True
        if self.awaits_sensors_off:
            return []
        self._last_signal_s = now_s
        return self._open("signal") if self.current == NO_VISIT else []

    def sensors_off(self) -> None:
        """No sensor has contact any more."""
        self._sensors_on = False
        self.awaits_sensors_off = False

    def lost_sight(self) -> None:
        """The board went: whether its sensors came off nobody knows."""
        self._sensors_on = False

    def press(self, *, now_s: float) -> list[Opened | Closed]:
        """The call button was pressed: somebody is there."""
        self._last_signal_s = now_s
        return self._open("button") if self.current == NO_VISIT else []

    def next_person(self) -> list[Opened | Closed]:
        """The nurse says that the next person comes."""
        self.awaits_sensors_off = self._sensors_on
        return self._close("next person")

    def tick(self, *, now_s: float) -> list[Opened | Closed]:
        """Time passes; call once a second."""
        if self._sensors_on or now_s - self._last_signal_s < CLOSE_AFTER_S:
            return []
        return self._close("sensors off 30 min")

    def box_restarted(self) -> list[Opened | Closed]:
        """The box lost power: nobody knows who came meanwhile, nor what the sensors were doing."""
        self.awaits_sensors_off, self._last_signal_s = False, 0.0
        return self._close("box restarted")

    def asks(self, *, now_s: float) -> bool:
        """Whether the box should ask if the visit is over."""
        return (
            self.current != NO_VISIT and not self._sensors_on and now_s - self._last_signal_s >= ASK_AFTER_S
        )

    def _open(self, how: OpenedBy) -> list[Opened | Closed]:
        self.current = self.last = VisitNo(self.last + 1)
        self.how = how
        return [Opened(self.current, how)]

    def _close(self, why: ClosedBy) -> list[Opened | Closed]:
        if self.current == NO_VISIT:
            return []
        closed, self.current = self.current, NO_VISIT
        return [Closed(closed, why)]
