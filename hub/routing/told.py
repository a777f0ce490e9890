"""What was told to the outside of which call (core): each message of a ladder once."""

import json
from collections.abc import Iterable
from typing import Final

from contract.errors import RefusedError
from contract.ids import CallId
from hub.routing.ladder import Tell

CALLS_MAX: Final = 20_000  # those told of longest ago are forgotten first


class Told:
    """The book. Whoever keeps it writes down what `untold` returned before it is sent; what was
    written down and not sent when the hub ended is taken back at its next start."""

    def __init__(self) -> None:
        self._keys: dict[str, set[str]] = {}

    def untold(self, call_id: CallId, tells: Iterable[Tell]) -> tuple[Tell, ...]:
        """Return those of `tells` that were not told of this call yet."""
        there = self._keys.get(str(call_id), set())
        return tuple(tell for tell in tells if tell.key not in there)

    def add(self, call_id: CallId, keys: Iterable[str]) -> None:
        """They are told (`Tell.key`)."""
        self._keys.setdefault(str(call_id), set()).update(keys)
        while len(self._keys) > CALLS_MAX:
            del self._keys[next(iter(self._keys))]

    def take_back(self, call_id: CallId, keys: Iterable[str]) -> None:
        """They were about to be told, and nobody knows that they were."""
        self._keys.get(str(call_id), set()).difference_update(keys)

    def forget(self, call_id: CallId) -> None:
        """The call is closed; it need not be known."""
        self._keys.pop(str(call_id), None)

    def to_json(self) -> str:
        """Return the book as one JSON object: call -> sorted keys."""
        return json.dumps({call: sorted(keys) for call, keys in self._keys.items()}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Told":
        """Return the book that `to_json` wrote. Raises ValueError: it is none."""
        found, told = json.loads(text), cls()
        if not isinstance(found, dict):
            raise ValueError(f"a book of what was told is an object, not {type(found).__name__}")
        for call, keys in found.items():
            try:
                told.add(CallId.parse(call), map(str, keys))
            except RefusedError as error:
                raise ValueError(f"in a book of what was told: {error}") from error
        return told
