"""The open calls as event streams tell them: what has changed since a stream last asked (core).

A storm of calls costs each stream what changes, and not all calls at every change.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from contract.ids import StationId
from hub.calls.moves import HeldCall
from hub.calls.open_call import OpenCall
from hub.console.rows import CallEntry, call_entry

GONE_KEPT: Final = 2_000  # closed calls that are remembered; a stream that missed more is told all anew


@dataclass(frozen=True, slots=True)
class CallsTold:
    """What a stream is to tell: each call as JSON. `number`: ask with it the next time. `is_whole`: these are
    all there are, forget what was told before."""

    number: int
    calls: tuple[str, ...]
    gone: tuple[str, ...]
    is_whole: bool


@dataclass(slots=True)
class _Shown:
    held: HeldCall
    offered_to: frozenset[str]
    number: int  # of its last change
    text: str  # JSON without `rings`, which is another for each account, and without its end

    def is_as(self, one: OpenCall) -> bool:
        """Whether nothing is to be told of it."""
        return self.offered_to == one.offered_to and (self.held is one.held or self.held == one.held)


class CallList:
    """All open calls in the order of their last changes. `refresh`, then `since`."""

    def __init__(self) -> None:
        self._number = 0
        self._shown: dict[str, _Shown] = {}  # whatever changed last stands last
        self._gone: dict[str, int] = {}
        self._forgotten = 0  # the number of the newest closing that is not remembered any more

    def refresh(
        self,
        calls: Iterable[OpenCall],
        *,
        name: Callable[[StationId], str],
        phone: Callable[[StationId], str | None],
        rung: Callable[[HeldCall], int],
    ) -> None:
        """Take the open calls as they are now."""
        there = set()
        for one in calls:
            key = str(one.call_id)
            there.add(key)
            shown = self._shown.get(key)
            if shown is not None and shown.is_as(one):
                continue
            self._number += 1
            station = one.call_id.station
            entry = call_entry(
                one.held, name=name(station), phone=phone(station), rung=rung(one.held), rings=False
            )
            self._shown.pop(key, None)
            self._shown[key] = _Shown(one.held, one.offered_to, self._number, _text_but_rings(entry))
            self._gone.pop(key, None)
        for key in [key for key in self._shown if key not in there]:
            del self._shown[key]
            self._number += 1
            self._gone[key] = self._number
        while len(self._gone) > GONE_KEPT:
            key = next(iter(self._gone))
            self._forgotten = self._gone.pop(key)

    def since(self, number: int | None, *, account: str) -> CallsTold:
        """Return what has changed since then; None, or too long ago: everything."""
        if number is None or number < self._forgotten:
            every = tuple(_text(shown, account) for shown in self._shown.values())
            return CallsTold(self._number, every, (), True)
        changed = []
        for shown in reversed(self._shown.values()):
            if shown.number <= number:
                break
            changed.append(_text(shown, account))
        gone = []
        for key, at in reversed(self._gone.items()):
            if at <= number:
                break
            gone.append(key)
        return CallsTold(self._number, tuple(reversed(changed)), tuple(gone), False)


def _text_but_rings(entry: CallEntry) -> str:
    return json.dumps({key: value for key, value in entry.items() if key != "rings"})[:-1]


def _text(shown: _Shown, account: str) -> str:
    return f'{shown.text}, "rings": {"true" if account in shown.offered_to else "false"}}}'
