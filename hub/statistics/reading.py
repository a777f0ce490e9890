"""Histories of calls read from the store, some at a time: other readers are not kept waiting."""

import json
from collections.abc import AsyncIterator
from typing import Final

from contract.events import PracticeKind
from hub.hub import RunOnStore
from hub.statistics.call_history import CallHistory, history
from hub.store.interface import CallRow, Store

SLICE_US: Final = 3600 * 1_000_000  # of 14,000 stations: 0.15 s of the reading thread
PRACTICES: Final[tuple[PracticeKind, ...]] = ("drill", "test")


async def read_histories(
    run_read: RunOnStore, from_utc_us: int, until_utc_us: int
) -> AsyncIterator[list[CallHistory]]:
    """Yield the histories of the calls received from then on and before. Raises StoreFailedError."""
    for start_us in range(from_utc_us, until_utc_us, SLICE_US):
        end_us = min(start_us + SLICE_US, until_utc_us)
        yield await run_read(lambda store, a=start_us, b=end_us: _read(store, a, b))  # type: ignore[misc]


def _read(store: Store, from_utc_us: int, until_utc_us: int) -> list[CallHistory]:
    return [
        history(
            row.call_id.station,
            row.received_utc_us,
            lines,
            state=row.state,
            practice=practice_of(row),
            nudges=row.nudges,
        )
        for row, lines in store.journals_between(from_utc_us, until_utc_us)
    ]


def practice_of(row: CallRow) -> PracticeKind | None:
    """Return which practice a call is."""
    kept = json.loads(row.kept or "{}")
    found = kept.get("practice") if isinstance(kept, dict) else None
    return next((one for one in PRACTICES if one == found), None)
