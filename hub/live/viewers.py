"""Who watches which station, and what waits to be sent to them (core: sending is the socket's matter)."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from contract.ids import StationId

WAITING_MAX: Final = 256  # messages: a minute of live mode; a slower viewer loses the oldest samples, counted
NEVER_DROPPED_MAX: Final = 128  # texts: more waiting than that is a viewer that does not read at all

Message = bytes | str


class Viewer:
    """One open page. Binary messages (samples) may be dropped, texts (views, values, leads) may not."""

    def __init__(self, station: StationId, *, wake: Callable[[], None]) -> None:
        self.station = station
        self.dropped_count = 0
        self.is_hopeless = False  # close it: it has not read for so long that even texts pile up
        self._wake = wake
        self._waiting: deque[Message] = deque()
        self._held: list[Message] | None = []  # until the history has been sent

    def send(self, message: Message) -> None:
        """Queue one live message; before `begin` it is held back, so that history comes first."""
        if self._held is not None:
            self._held.append(message)
            if len(self._held) > WAITING_MAX:
                del self._held[0]
            return
        self._waiting.append(message)
        if len(self._waiting) > WAITING_MAX:
            self._drop_oldest()
        self._wake()

    def begin(self, history: Iterable[Message]) -> None:
        """Send what was before, then what came since; the page drops the samples that are in both."""
        held, self._held = self._held or [], None
        for message in (*history, *held):
            self.send(message)

    def take(self) -> Message | None:
        """Return the next message to send, None when nothing waits."""
        return self._waiting.popleft() if self._waiting else None

    def _drop_oldest(self) -> None:
        for position, message in enumerate(self._waiting):
            if isinstance(message, bytes):
                del self._waiting[position]
                self.dropped_count += 1
                break
        self.is_hopeless = sum(isinstance(message, str) for message in self._waiting) > NEVER_DROPPED_MAX


class Viewers:
    """All open pages by station."""

    def __init__(self) -> None:
        self._by_station: dict[StationId, list[Viewer]] = {}

    def add(self, viewer: Viewer) -> None:
        """A page was opened."""
        self._by_station.setdefault(viewer.station, []).append(viewer)

    def remove(self, viewer: Viewer) -> None:
        """A page was closed."""
        left = [one for one in self._by_station.get(viewer.station, []) if one is not viewer]
        if left:
            self._by_station[viewer.station] = left
        else:
            self._by_station.pop(viewer.station, None)

    def of(self, station: StationId) -> list[Viewer]:
        """Return the pages that show a station."""
        return self._by_station.get(station, [])

    def stations(self) -> set[StationId]:
        """Return the stations that somebody watches."""
        return set(self._by_station)

    def send(self, station: StationId, messages: Iterable[Message]) -> None:
        """Queue messages for every page of a station."""
        for message in messages:
            for viewer in self.of(station):
                viewer.send(message)
