"""A ladder in rows for people (core): who would ring, when, and who outside would be told."""

from collections.abc import Collection
from dataclasses import dataclass

from hub.routing.ladder import Ladder, Tell, next_rung, staffed_rung
from hub.routing.policy import LAST_RUNG, Modem, Rung, SmsCommand, Webhook


@dataclass(frozen=True, slots=True)
class Row:
    """One rung as it would go. `after_s`: from the press, when it is reached.

    `joining`: accounts whose consoles ring from then on, besides those of earlier rungs. `ready`: all who
    could hear it then. `is_passed`: nobody could, so the next rung follows at once.
    """

    rung: Rung
    after_s: float
    joining: tuple[str, ...]
    ready: tuple[str, ...]
    is_passed: bool
    tells: tuple[Tell, ...]


def describe(ladder: Ladder, *, ready: Collection[str] | None = None) -> tuple[Row, ...]:
    """Return the four rungs in order. `ready`: accounts with a ready console; None: all of the document's."""
    there = ladder.steps[LAST_RUNG].accounts if ready is None else frozenset(ready)
    rows: list[Row] = []
    before: frozenset[str] = frozenset()
    for step, after_s in zip(ladder.steps, _reached_s(ladder, there), strict=True):
        audience = step.accounts & there
        is_passed = not audience and step.rung is not LAST_RUNG
        joining = tuple(sorted(step.accounts - before))
        rows.append(Row(step.rung, after_s, joining, tuple(sorted(audience)), is_passed, step.tells))
        before = step.accounts
    return tuple(rows)


def tell_text(tell: Tell) -> str:
    """Return who is told how, such as "SMS +84912345678 (BS. Hoa) by modem-1"."""
    adapter = tell.adapter
    match adapter:
        case Webhook():
            people = ", ".join(person.name for person in tell.people)
            return f"webhook {adapter.name}" + (f" ({people})" if people else "")
        case Modem() | SmsCommand():
            person = tell.people[0]
            return f"SMS {person.phone} ({person.name}) by {adapter.name}"


def _reached_s(ladder: Ladder, ready: frozenset[str]) -> list[float]:
    """Return when each rung is reached."""
    reached_s, now_s = [0.0] * len(ladder.steps), 0.0
    rung = staffed_rung(ladder, ladder.first_rung, ready)
    while rung < LAST_RUNG:
        now_s = ladder.due_s(rung) or now_s
        after = next_rung(ladder, rung, ready)
        for passed in range(rung + 1, after + 1):
            reached_s[passed] = now_s
        rung = after
    return reached_s
