"""Who is being seen (core): one visit at a time, and nothing crosses it.

A visit is opened by the first valid signal or by a press, and closed by "next person", by half an hour
without a signal, or by a restart of the box. After "next person" each sensor that had contact must have been
off once before it measures the next visit: until then it is on the person before. While one of them is seen
to have contact, no other opens a visit either; one that went away meanwhile waits for itself alone.
"""

from collections.abc import Collection
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
    """The visit of now. What returns changes returns them in order; `current` is right after it. A sensor is
    named by whatever tells it from the others of all devices.
    """

    def __init__(self) -> None:
        self.last = NO_VISIT  # the highest number ever given
        self.current = NO_VISIT
        self.how: OpenedBy = "signal"  # the visit of now was opened
        self._last_signal_s = 0.0
        self._last_contact_s = 0.0
        self._measuring: set[str] = set()  # sensors that have contact
        self._unseen: set[str] = set()  # went away while they had contact: who knows
        self._awaited: set[str] = set()  # were on the person before, and have not been off since
        self._next_person_s: float | None = None  # when the nurse said so last

    @property
    def awaits_sensors_off(self) -> bool:
        """Whether a sensor is still on the person before."""
        return not self._awaited.isdisjoint(self._measuring)

    def measured(self, sensors: Collection[str] = ()) -> VisitNo:
        """Return whose samples come now, from a device of these sensors: nobody's that we know, until those
        of the person before are off."""
        is_before = self.awaits_sensors_off or not self._awaited.isdisjoint(sensors)
        return NO_VISIT if is_before else self.current

    def saved(self, *, boot: BootId) -> dict[str, Any]:
        """Return what a restart must know, as JSON."""
        return {
            "boot": boot,
            "last": self.last,
            "current": self.current,
            "how": self.how,
            "last_signal_s": self._last_signal_s,
            "last_contact_s": self._last_contact_s,
            "in_contact": sorted(self._measuring | self._unseen),
            "awaited": sorted(self._awaited),
            "next_person_s": self._next_person_s,
        }

    @classmethod
    def restored(cls, saved: dict[str, Any]) -> Self:
        """Return the visits that were `saved`, in the same boot."""
        visits = cls()
        visits.last, visits.current = VisitNo(saved["last"]), VisitNo(saved["current"])
        visits.how = saved.get("how", "signal")
        visits._last_signal_s = saved["last_signal_s"]
        visits._last_contact_s = saved.get("last_contact_s", visits._last_signal_s)
        visits._unseen = set(saved.get("in_contact", ()))
        visits._awaited = set(saved.get("awaited", ()))
        visits._next_person_s = saved.get("next_person_s")
        return visits

    def contact(self, sensor: str, *, now_s: float) -> None:
        """A sensor has contact."""
        self._measuring.add(sensor)
        self._unseen.discard(sensor)
        self._last_contact_s = now_s

    def signal(self, sensor: str, *, now_s: float, opens: bool = True) -> list[Opened | Closed]:
        """A sensor measures. `opens` False: whether it measures a person of here nobody knows."""
        self.contact(sensor, now_s=now_s)
        return self.single(now_s=now_s) if opens else []

    def single(self, *, now_s: float) -> list[Opened | Closed]:
        """Something was measured once: somebody was there, and no sensor stays on."""
        if self.awaits_sensors_off:
            return []
        self._last_signal_s = now_s
        return self._open("signal") if self.current == NO_VISIT else []

    def knows(self, sensor: str) -> bool:
        """Whether a sensor is, or may be, on somebody."""
        return any(sensor in some for some in (self._measuring, self._unseen, self._awaited))

    def is_of_now(self, begun_s: float) -> bool:
        """Whether what was begun then measures nobody who was here before the nurse said "next person"."""
        return self._next_person_s is None or begun_s > self._next_person_s

    def sensor_off(self, sensor: str) -> None:
        """A sensor has no contact."""
        for sensors in (self._measuring, self._unseen, self._awaited):
            sensors.discard(sensor)

    def lost_sight(self, sensor: str) -> None:
        """A sensor's device went or fell silent: whether it came off nobody knows."""
        if sensor in self._measuring:
            self._measuring.discard(sensor)
            self._unseen.add(sensor)

    def renamed(self, sensor: str, new_name: str) -> None:
        """A sensor is of another device than was thought."""
        for sensors in (self._measuring, self._unseen, self._awaited):
            if sensor in sensors:
                sensors.discard(sensor)
                sensors.add(new_name)

    def press(self, *, now_s: float) -> list[Opened | Closed]:
        """The call button was pressed: somebody is there."""
        self._last_signal_s = now_s
        return self._open("button") if self.current == NO_VISIT else []

    def next_person(self, *, now_s: float) -> list[Opened | Closed]:
        """The nurse says that the next person comes."""
        self._next_person_s = now_s
        self._awaited |= self._measuring | self._unseen
        return self._close("next person")

    def tick(self, *, now_s: float) -> list[Opened | Closed]:
        """Time passes; call once a second."""
        if self._measuring:
            return []
        if now_s - self._last_contact_s >= CLOSE_AFTER_S:  # whoever it was has gone
            self._awaited.clear()
            self._unseen.clear()
        return self._close("sensors off 30 min") if now_s - self._last_signal_s >= CLOSE_AFTER_S else []

    def box_restarted(self) -> list[Opened | Closed]:
        """The box lost power: nobody knows who came meanwhile, nor what the sensors were doing."""
        self._last_signal_s = self._last_contact_s = 0.0
        self._next_person_s = None
        self._awaited.clear()
        self._unseen.clear()
        return self._close("box restarted")

    def asks(self, *, now_s: float) -> bool:
        """Whether the box should ask if the visit is over."""
        return self.current != NO_VISIT and not self._measuring and now_s - self._last_signal_s >= ASK_AFTER_S

    def _open(self, how: OpenedBy) -> list[Opened | Closed]:
        self.current = self.last = VisitNo(self.last + 1)
        self.how = how
        return [Opened(self.current, how)]

    def _close(self, why: ClosedBy) -> list[Opened | Closed]:
        if self.current == NO_VISIT:
            return []
        closed, self.current = self.current, NO_VISIT
        return [Closed(closed, why)]
