"""Presses of a simulated board, and when the hub's store holds each: seen in its file, by another process."""

import time
from pathlib import Path
from typing import Final, Self

from contract.events import Press
from contract.ids import StationId
from firmware_bridge.events import PressIdentity
from hub.store.sqlite import SqliteStore
from tests.drain.held import Backlog, Held, held_of
from tests.village.station import Station

LOOK_EVERY_S: Final = 0.01
NEWEST: Final = 20  # so many may be on the way at once


class Presses:
    """Of one station. Use as a context, while the hub runs."""

    def __init__(self, station: Station, store: Path) -> None:
        self._station, self._folder = station, store
        self._waiting: dict[PressIdentity, float] = {}
        self.took_s: list[
            tuple[float, float]
        ] = []  # pressed at (monotonic), and how long until it was stored

    def __enter__(self) -> Self:
        self._store = SqliteStore(self._folder, is_writer=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    @property
    def waiting(self) -> int:
        """How many the store does not hold."""
        return len(self._waiting)

    def press(self) -> None:
        """Push the button and let it go."""
        at_s = time.monotonic()
        identity = self._station.board.press()
        assert identity is not None, "it was down already"
        self._waiting[identity] = at_s
        self._station.board.release()

    def look(self) -> None:
        """See which are stored."""
        if not self._waiting:
            return
        found = self._store.events(StationId(self._station.name), names=("press",), newest=NEWEST)
        now_s = time.monotonic()
        for one in found:
            if isinstance(one.event, Press):
                press = one.event
                identity = PressIdentity(bytes.fromhex(press.device), press.device_boot, press.press_count)
                pressed_s = self._waiting.pop(identity, None)
                if pressed_s is not None:
                    self.took_s.append((pressed_s, now_s - pressed_s))

    def forget(self) -> None:
        """Begin to count anew."""
        self._waiting.clear()
        self.took_s.clear()

    def held(self, backlog: Backlog) -> Held:
        """What the store holds now."""
        return held_of(self._store, StationId(self._station.name), backlog)

    def watch(self, seconds: float) -> None:
        """Look, for so long."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self.look()
            time.sleep(LOOK_EVERY_S)  # between looks at another process's file

    def wait(self, *, limit_s: float) -> None:
        """Look until none waits, or for so long."""
        until_s = time.monotonic() + limit_s
        while self._waiting and time.monotonic() < until_s:
            self.watch(LOOK_EVERY_S)
