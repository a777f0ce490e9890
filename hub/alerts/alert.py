"""One alert (core): where it is, since when, how often, whose it is, who was told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, NewType

from contract.ids import StationId
from hub.alerts.rules import Rule, Severity
from hub.alerts.table import Input, State, next_state
from hub.fleet.units import UnitNo

AlertNo = NewType("AlertNo", int)
NOTE_MAX_CHARS: Final = 300
OWNED_MAX_S: Final = 86_400.0  # nobody owns an alert for ever
OWNED_MIN_S: Final = 60.0
LAST_RUNG: Final = 2  # 0 the console, 1 e-mail, 2 webhooks
BEFORE: Final = "before"
DUE_AGAIN: Final = "due again"
EVERYWHERE: Final = UnitNo(0)  # above all units: the whole fleet


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alert is: at a station, in a unit (EVERYWHERE: all stations), or, neither, at the hub."""

    station: StationId | None = None
    unit: UnitNo | None = None

    def __str__(self) -> str:
        if self.station is not None:
            return f"station:{self.station}"
        return "hub" if self.unit is None else f"unit:{self.unit}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Return what `str` made a text of. Raises ValueError: it is none."""
        kind, _, name = text.partition(":")
        if kind == "station" and name:
            return cls(station=StationId(name))
        if kind == "unit":
            return cls(unit=UnitNo(int(name)))
        if text != "hub":
            raise ValueError(f"no place of an alert: {text[:60]!r}")
        return HUB


HUB: Final = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert. Moments are seconds of the hub's own time line.

    `since_s`: since when it is so. `raised_s`: when the rule had held. `count`: how often it has been so, 1
    for once. `members`: of a unit's alert, the stations at which it is so. `calm_s`: since when it is not so
    any more; None: it is so, or nobody knows. `unowned_s`: from when escalation counts. `rung`: who was told:
    0 the console, 1 e-mail, 2 webhooks. `told`: by person or webhook, "due", "sent", "failed"; BEFORE: was
    told, and is to be once more if nobody owns it; DUE_AGAIN: is being so. `about`: what exactly, for people,
    when it was raised. `is_quiet`: in maintenance.
    """

    no: AlertNo
    rule: str
    place: Place
    severity: Severity
    since_s: float
    raised_s: float
    state: State = State.RAISED
    count: int = 1
    members: frozenset[StationId] = frozenset()
    calm_s: float | None = None
    value: float | None = None
    about: str = ""
    owner: str | None = None
    note: str = ""
    owned_until_s: float | None = None
    unowned_s: float = 0.0
    rung: int = 0
    told: Mapping[str, str] = field(default_factory=dict)
    is_quiet: bool = False
    revision: int = 1

    @property
    def is_open(self) -> bool:
        """Whether it is on the list."""
        return self.state is not State.CLEARED

    @property
    def is_loud(self) -> bool:
        """Whether a page is to flash for it: it is so, nobody owns it, and no maintenance is announced."""
        return (
            self.is_open
            and self.state is not State.ACKNOWLEDGED
            and not self.is_quiet
            and self.calm_s is None
        )

    def heard(self) -> list[str]:
        """Return who outside knows that it is so: keys of `told`."""
        return [key for key, state in self.told.items() if state in ("sent", BEFORE, DUE_AGAIN)]

    def escalates_s(self, rule: Rule | None) -> float | None:
        """Return when the next rung is due; None: none is, as things are."""
        if rule is None or rule.escalate_s is None or not self.is_loud or self.rung >= LAST_RUNG:
            return None
        return self.unowned_s + (self.rung + 1) * rule.escalate_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What became of an alert by one input. `by` None: a rule or a clock. `detail`: for the journal.
    `joined`, `left`: stations that are members now, or no more."""

    before: State | None
    after: Alert
    input: Input
    by: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    joined: frozenset[StationId] = frozenset()
    left: frozenset[StationId] = frozenset()


def move(
    alert: Alert,
    input_: Input,
    *,
    by: str | None = None,
    detail: Mapping[str, Any] | None = None,
    **set_: Any,
) -> Move:
    """Return what an input makes of an alert, with these fields changed. Raises IllegalInputError."""
    after = replace(alert, state=next_state(alert.state, input_), revision=alert.revision + 1, **set_)
    return Move(before=alert.state, after=after, input=input_, by=by, detail=detail or {})


def acknowledged(alert: Alert, *, by: str, note: str, for_s: float, now_s: float) -> Move:
    """Somebody owns it for so long. Raises IllegalInputError; ValueError: for ever, or for nothing."""
    if not OWNED_MIN_S <= for_s <= OWNED_MAX_S:
        raise ValueError(f"an alert is owned for 1 min … 24 h, not {for_s:.0f} s")
    said = " ".join(note.split())[:NOTE_MAX_CHARS]
    detail = {"note": said, "for_s": for_s}
    return move(
        alert, Input.ACKNOWLEDGE, by=by, detail=detail, owner=by, note=said, owned_until_s=now_s + for_s
    )


def given_back(alert: Alert, input_: Input, *, by: str | None, now_s: float, **set_: Any) -> Move:
    """Nobody owns it any more: escalation begins anew, and each is told once more."""
    told = dict.fromkeys(alert.heard(), BEFORE)
    nobody: dict[str, Any] = {"owner": None, "note": "", "owned_until_s": None, "rung": 0, "told": told}
    return move(alert, input_, by=by, unowned_s=now_s, **nobody, **set_)
