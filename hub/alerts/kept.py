"""What is kept of an alert, as a row of the store (core).

Its moments lie on the hub's own time line; beside them stand the machine's boot and where UTC lay then: in
the same boot all stays exact however the wall clock is set, in another one it is shifted by UTC, as with
calls.
"""

import json
from dataclasses import fields, replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from contract.ids import StationId
from hub.alerts.alert import Alert, Move, Place
from hub.alerts.maintenance import Window
from hub.alerts.table import State
from hub.calls.time_line import TimeLine
from hub.store.alert_book import AlertDraft, AlertLine, AlertRow, MaintenanceRow

_COLUMNS: Final = ("no", "rule", "place", "severity", "state", "revision", "owner", "members")
_KEPT: Final = tuple(one.name for one in fields(Alert) if one.name not in _COLUMNS)
_ALERT: Final[TypeAdapter[Alert]] = TypeAdapter(Alert)


def draft_of(moved: Move, *, line: TimeLine, utc_us: int) -> AlertDraft:
    """Return a move as it is written down; `utc_us`: when it was made."""
    alert = moved.after
    said: dict[str, Any] = {name: getattr(alert, name) for name in _KEPT}
    said["told"] = dict(alert.told)
    said |= {"boot": line.boot, "offset_us": line.offset_us()}
    row = AlertRow(
        no=alert.no, rule=alert.rule, place=str(alert.place), severity=int(alert.severity),
        state=alert.state.name, is_closed=not alert.is_open, revision=alert.revision, owner=alert.owner,
        raised_utc_us=line.utc_us(round(alert.raised_s * 1e6)), changed_utc_us=utc_us,
        kept=json.dumps(said, ensure_ascii=False),
    )  # fmt: skip
    written = AlertLine(
        no=alert.revision, utc_us=utc_us, by=moved.by, input=moved.input.name,
        from_state=None if moved.before is None else moved.before.name, to_state=alert.state.name,
        detail=json.dumps(dict(moved.detail), ensure_ascii=False),
    )  # fmt: skip
    return AlertDraft(
        row=row, line=written, joined=tuple(sorted(moved.joined)), left=tuple(sorted(moved.left))
    )


def read_alert(row: AlertRow, *, line: TimeLine) -> Alert:
    """Return an alert of the store, its moments on the time line of now. One that a newer or broken hub wrote
    so that it cannot be read begins its time now. Raises ValueError: it is no alert at all.
    """
    columns: dict[str, Any] = {
        "no": row.no,
        "rule": row.rule,
        "place": Place.parse(row.place),
        "severity": row.severity,
        "state": State[row.state],
        "revision": row.revision,
        "owner": row.owner,
        "members": frozenset(StationId(one) for one in row.members),
    }
    now_s = line.now_us() / 1e6
    try:
        said = json.loads(row.kept)
        alert = _ALERT.validate_python({name: said[name] for name in _KEPT if name in said} | columns)
        by_us = 0 if said["boot"] == line.boot else int(said["offset_us"]) - line.offset_us()
    except (ValueError, KeyError, TypeError, ValidationError):
        begun = {"since_s": now_s, "raised_s": now_s, "unowned_s": now_s, "owned_until_s": now_s}
        return _ALERT.validate_python(columns | begun)
    return _shifted(alert, by_us / 1e6) if by_us else alert


def journal_detail(line: AlertLine) -> dict[str, object]:
    """Return what a line of the journal says beside its input."""
    found = json.loads(line.detail)
    return found if isinstance(found, dict) else {}


def window_of_row(row: MaintenanceRow) -> Window:
    """Return a maintenance window of the store. Raises ValueError: its place is none."""
    return Window(
        no=row.no, place=Place.parse(row.place), from_utc_us=row.from_utc_us, until_utc_us=row.until_utc_us,
        why=row.why, by=row.by, ended_utc_us=row.ended_utc_us,
    )  # fmt: skip


def _shifted(alert: Alert, by_s: float) -> Alert:
    """Return an alert of another boot of the machine, its moments on the line of now."""

    def to(at_s: float | None) -> float | None:
        return None if at_s is None else at_s + by_s

    return replace(
        alert, since_s=alert.since_s + by_s, raised_s=alert.raised_s + by_s, calm_s=to(alert.calm_s),
        owned_until_s=to(alert.owned_until_s), unowned_s=alert.unowned_s + by_s,
    )  # fmt: skip
