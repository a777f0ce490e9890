"""Looking at what really stands in the hub's store, and waiting for it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from contract.ids import CallId, StationId
from hub.calls.table import State
from hub.store.interface import CallRow
from hub.store.sqlite import SqliteStore

T = TypeVar("T")
LIMIT_S: Final = 60.0  # of anything that takes a second or two
LOOK_EVERY_S: Final = 0.05


class Looks:
    """The store in `folder`, read beside the hub that writes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def store(self) -> Iterator[SqliteStore]:
        """The store, for a moment."""
        with SqliteStore(self._folder, is_writer=False) as store:
            yield store

    def open_calls(self) -> list[CallRow]:
        """Return the open calls."""
        with self.store() as store:
            return store.open_calls()

    def row(self, call_id: CallId) -> CallRow:
        """Return a call as it is now. It must be there."""
        with self.store() as store:
            row = store.call(call_id)
        assert row is not None, f"the hub has no {call_id} any more"
        return row

    def is_in(self, call_id: CallId, *states: State) -> bool:
        """Whether the call stands in one of these."""
        return State[self.row(call_id).state] in states

    def new_call(self, station: StationId, before: set[CallId]) -> CallRow | None:
        """Return the open call of a station that was not there before."""
        mine = [row for row in self.open_calls() if row.call_id.station == station]
        return next((row for row in mine if row.call_id not in before), None)


def until(happened: Callable[[], T | None], what: str) -> T:
    """Return what `happened` returned as soon as it is true. Raises TimeoutError."""
    deadline_s = time.monotonic() + LIMIT_S
    while not (found := happened()):
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"{LIMIT_S} s passed without: {what}")
        time.sleep(LOOK_EVERY_S)  # between looks at other processes
    return found
