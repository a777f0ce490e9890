"""Events of class 1 that wait for the next transaction (core)."""

from typing import Final

from contract.events import DeviceConfirmed, DeviceQuestion, Event, StreamSet, VisitClosed, VisitOpened
from contract.ids import BootId, RecordClass, VisitNo
from edge.spool.batch import Entry, event_entry

ENTRIES_MAX: Final = 500  # of one cut; devices that flood events cannot fill the spool's memory
VITAL_ENTRIES_MAX: Final = 600  # what samples mean nothing without goes on a little longer
_VITAL: Final = (VisitOpened, VisitClosed, StreamSet, DeviceQuestion, DeviceConfirmed)


class Told:
    """What was told since it was last taken, of all devices together."""

    def __init__(self, boot: BootId) -> None:
        self._boot = boot
        self._entries: list[Entry] = []
        self.dropped = 0

    def entry(self, event: Event, t_us: int, visit: VisitNo) -> Entry:
        """Return the entry of an event."""
        return event_entry(event, RecordClass.NUMERIC, boot=self._boot, t_us=t_us, visit=visit)

    def add(self, event: Event, t_us: int, visit: VisitNo) -> bool:
        """Record an event. Return False when a flood left no room for it: it is counted and gone."""
        if len(self._entries) >= (VITAL_ENTRIES_MAX if isinstance(event, _VITAL) else ENTRIES_MAX):
            self.dropped += 1
            return False
        self._entries.append(self.entry(event, t_us, visit))
        return True

    def take(self) -> list[Entry]:
        """Return what waits; it waits no more."""
        taken, self._entries = self._entries, []
        return taken
