"""What became of everything: lost, doubly owned, stuck, of the wrong person."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from contract.events import Press
from contract.ids import CallId, spool_text
from hub.calls.table import CLOSED_STATES, LISTED, Input, State
from hub.store.interface import CallRow, JournalLine, StoredRecord
from hub.store.sqlite import SqliteStore
from tests.calls.street import Street
from tests.village.station import Station

Fault = tuple[str, str]  # its key, and in words
ADVICE: str = "lời dặn của cuộc gọi "  # and the call's name, so that everybody knows whose it is


def faults_of(street: Street) -> list[Fault]:
    """Return every fault of all stations: look once everything is at rest."""
    with street.looks.store() as store:
        return [fault for station in street.village.stations for fault in _of_station(store, station)]


def _of_station(store: SqliteStore, station: Station) -> list[Fault]:
    events = store.events(station.name, names=("press",), newest=1_000_000)
    presses = [one for one in events if isinstance(one.event, Press)]
    rows = {row.call_id: row for row in store.calls_between(0, 2**62, station=station.name)}
    journals = {call_id: store.journal(call_id) for call_id in rows}
    made = len(station.board.truth.presses)
    faults = []
    if len(presses) != made:
        faults.append(("lost", f"{made} presses at {station.name}, {len(presses)} at the hub"))
    counted = {said(line).get("record") for journal in journals.values() for line in journal}
    faults += [fault for press in presses for fault in _of_press(press, rows, counted)]
    faults += [fault for call_id in rows for fault in _of_owners(call_id, journals[call_id])]
    faults += [fault for row in rows.values() for fault in _of_end(row)]
    return faults + _of_advice(station, rows)


def _of_press(press: StoredRecord, rows: dict[CallId, CallRow], counted: set[str | None]) -> list[Fault]:
    station, spool, _, seq = press.record_id
    row = rows.get(CallId(station, spool, seq))
    if row is None:
        is_counted = f"{spool_text(spool)}.{seq}" in counted
        return [] if is_counted else [("lost", f"press {seq} of {station} is no call, and counted at none")]
    visit = press.record.header.visit
    return [] if row.visit == visit else [("wrong_person", f"{row.call_id}: visit {row.visit}, not {visit}")]


def _of_owners(call_id: CallId, journal: Sequence[JournalLine]) -> list[Fault]:
    faults, owner = [], None
    for line in journal:
        after = said(line).get("owner", owner)
        if after not in (owner, None) and not may_own(Input[line.input], owner):
            faults.append(("double_owned", f"{call_id}: {line.input} made {owner}'s {after}'s"))
        owner = after
    return faults


def _of_end(row: CallRow) -> list[Fault]:
    state = State[row.state]
    is_well = state in CLOSED_STATES or (state in LISTED and row.owner is not None)
    return [] if is_well else [("stuck", f"{row.call_id} is {row.state}, {row.owner or 'nobody'}'s")]


def _of_advice(station: Station, rows: dict[CallId, CallRow]) -> list[Fault]:
    """What the station keeps for a person was said of this person."""
    with closing(sqlite3.connect(f"file:{station.folder / 'data' / 'spool.db'}?mode=ro", uri=True)) as db:
        found = db.execute("SELECT value FROM fact WHERE name = 'advice'").fetchone()
    pieces = [] if found is None else json.loads(found[0])["pieces"]
    faults = []
    for piece in pieces:
        text, visit = piece["said"]["text"], piece["said"]["visit"]
        row = rows.get(CallId.parse(text.removeprefix(ADVICE)))
        if row is None or row.visit != visit:
            faults.append(("wrong_person", f"{station.name} keeps {text!r} for visit {visit}"))
    return faults


def said(line: JournalLine) -> dict[str, Any]:
    """Return the detail of a line."""
    detail: dict[str, Any] = json.loads(line.detail or "{}")
    return detail


def may_own(input_: Input, before: str | None) -> bool:
    """Whether somebody else may own a call by this input; `before` None: it was nobody's."""
    takes_over = (Input.TRANSFERRED, Input.HANDED_OVER, Input.TAKE, Input.ASSIGN)
    return input_ in (*takes_over, Input.CLAIM) if before is None else input_ in takes_over
