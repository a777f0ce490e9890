"""The control strip: single keys of the terminal become verbs for the station that is chosen."""

import contextlib
import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.village.instruments import PressureOnDemand
from tests.village.station import Station
from tests.village.village import Village

OXIMETER: Final = "oximeter"  # the port of the instrument that a key unplugs
PEOPLE: Final = ("an", "binh", "chi")
SENSORS_OFF_S: Final = 3.0  # between two people, for the eye; nothing waits for it


@dataclass(slots=True)
class Strip:
    """What the keys have done so far."""

    village: Village
    chosen: int = 0
    said: str = ""
    is_over: bool = False
    board_out: set[int] = field(default_factory=set)
    without_power: set[int] = field(default_factory=set)
    sensors_on_at_s: dict[int, float] = field(default_factory=dict)

    @property
    def station(self) -> Station:
        """The station that the keys act on."""
        return self.village.stations[self.chosen]

    def press_key(self, key: str, *, now_s: float) -> None:
        """Do what a key says; an unknown key does nothing."""
        if key.isdigit() and 1 <= int(key) <= len(self.village.stations):
            self.chosen = int(key) - 1
            return
        verbs: dict[str, Callable[[float], str]] = {
            "p": self._press,
            "c": self._cable,
            "b": self._board,
            "k": self._power,
            "m": self._measure,
            "o": self._oximeter,
            "n": self._next_person,
            "x": self._cancel,
            "q": self._quit,
        }
        verb = verbs.get(key.lower())
        if verb is not None:
            self.said = f"{self.station.name}: {verb(now_s)}"

    def tick(self, *, now_s: float) -> None:
        """Put the sensors on the next person when it is time."""
        for number, at_s in list(self.sensors_on_at_s.items()):
            if now_s >= at_s:
                del self.sensors_on_at_s[number]
                self.village.stations[number].sensors_on()

    def _press(self, _now_s: float) -> str:
        if self.chosen in self.without_power | self.board_out:
            return "the board has no power: nothing was pressed"
        self.station.board.press()
        self.station.board.release()
        return "the button was pressed"

    def _cable(self, _now_s: float) -> str:
        if self.station.cable.is_pulled:
            self.station.cable.replug()
            return "the cable is plugged in again"
        self.station.cable.pull()
        return "the cable is pulled: watch the age grow; nothing will be missing"

    def _board(self, _now_s: float) -> str:
        if self.chosen in self.without_power:
            return "there is no power"
        if self.chosen in self.board_out:
            self.board_out.discard(self.chosen)
            self.station.board.replug()
            return "the board is plugged in again"
        self.board_out.add(self.chosen)
        self.station.board.unplug()
        return "the board is unplugged"

    def _power(self, _now_s: float) -> str:
        if self.chosen in self.without_power:
            self.without_power.discard(self.chosen)
            self.board_out.discard(self.chosen)
            self.station.restore_power()
            return "power is back: another boot"
        self.without_power.add(self.chosen)
        self.station.cut_power()
        return "the power is cut"

    def _measure(self, _now_s: float) -> str:
        devices = (one.device for one in self.station.instruments.values())
        monitor = next((one for one in devices if isinstance(one, PressureOnDemand)), None)
        if monitor is None:
            return "there is no blood pressure monitor here"
        monitor.press_key()
        return "the cuff is pumped up: its result comes as a dated value"

    def _oximeter(self, _now_s: float) -> str:
        oximeter = self.station.instruments.get(OXIMETER)
        if oximeter is None:
            return "there is no oximeter beside the board here"
        if oximeter.is_plugged:
            oximeter.unplug()
            return "the oximeter is unplugged: nothing else stops"
        oximeter.plug()
        return "the oximeter is plugged in again: only the gap is missing"

    def _next_person(self, now_s: float) -> str:
        if self.chosen in self.without_power:
            return "there is no power"
        after = PEOPLE[(PEOPLE.index(self.station.recording) + 1) % len(PEOPLE)]
        self.station.next_person(after)
        self.sensors_on_at_s[self.chosen] = now_s + SENSORS_OFF_S
        return "the visit is over; the next person is being connected"

    def _cancel(self, _now_s: float) -> str:
        self.station.ask("cancel call")
        return "the nurse cancelled; the hub still looks at it"

    def _quit(self, _now_s: float) -> str:
        self.is_over = True
        return "ending"


@contextlib.contextmanager
def single_keys() -> Iterator[Callable[[float], str | None]]:
    """Give a function that waits so many seconds for a key of the terminal and returns it, or None.

    Where there is no terminal it only waits.
    """
    if not sys.stdin.isatty():
        yield _no_key
        return
    number = sys.stdin.fileno()
    before = termios.tcgetattr(number)
    tty.setcbreak(number)

    def key(limit_s: float) -> str | None:
        ready, _, _ = select.select([number], [], [], limit_s)
        return os.read(number, 1).decode(errors="ignore") if ready else None  # sys.stdin would read ahead

    try:
        yield key
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _no_key(limit_s: float) -> str | None:
    select.select([], [], [], limit_s)
    return None
