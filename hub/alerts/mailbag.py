"""Letters that wait (core): at most so many an hour a person; what does not fit into one waits for the next,
which then says all of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

T = TypeVar("T")
HOUR_S: Final = 3_600.0
TOGETHER_S: Final = 5.0  # what comes within that goes into one letter
WAITS_S: Final = (30.0, 60.0, 120.0, 300.0, 600.0)  # after a letter that did not go out; then the last again
ITEMS_MAX: Final = 500  # of one letter; more is counted


@dataclass(slots=True)
class _Bag(Generic[T]):
    items: list[T] = field(default_factory=list)
    first_s: float = 0.0
    sent_s: list[float] = field(default_factory=list)  # of the last hour
    failed_count: int = 0
    retry_s: float = 0.0
    is_out: bool = False


class Mailbag(Generic[T]):
    """By person. `due` hands a letter out; `sent` or `failed` says what became of it. `can_wait`: an item for
    which alone the last letter of an hour is not used up.
    """

    def __init__(self, can_wait: Callable[[T], bool] = lambda _: False) -> None:
        self._can_wait = can_wait
        self._bags: dict[str, _Bag[T]] = {}

    def put(self, to: str, item: T, *, now_s: float) -> None:
        """Something is to be told to a person."""
        bag = self._bags.setdefault(to, _Bag())
        if not bag.items:
            bag.first_s = now_s
        bag.items.append(item)

    def due(self, at_most: Mapping[str, int], *, now_s: float) -> list[tuple[str, list[T]]]:
        """Return the letters that may go now, each with all that waits for its person."""
        found = []
        for to, bag in self._bags.items():
            due_s = self._due_s(bag, at_most.get(to, 1), now_s)
            if due_s is not None and due_s <= now_s:
                bag.is_out = True
                items, bag.items = bag.items[:ITEMS_MAX], bag.items[ITEMS_MAX:]
                found.append((to, items))
        return found

    def sent(self, to: str, *, now_s: float) -> None:
        """The letter is on its way."""
        bag = self._bags[to]
        bag.sent_s = [*bag.sent_s, now_s]
        bag.is_out, bag.failed_count, bag.first_s = False, 0, now_s

    def failed(self, to: str, items: list[T], *, now_s: float) -> None:
        """It did not go out: what it said waits again, and longer each time."""
        bag = self._bags[to]
        bag.items = [*items, *bag.items]
        bag.retry_s = now_s + WAITS_S[min(bag.failed_count, len(WAITS_S) - 1)]
        bag.is_out, bag.failed_count = False, bag.failed_count + 1

    def give_back(self, to: str) -> None:
        """The letter need not go out after all."""
        self._bags[to].is_out = False

    def waiting(self, to: str) -> int:
        """Return how much waits for a person."""
        bag = self._bags.get(to)
        return 0 if bag is None else len(bag.items)

    def next_s(self, at_most: Mapping[str, int], *, now_s: float) -> float | None:
        """Return when the next letter may go; None: none waits."""
        moments = [self._due_s(bag, at_most.get(to, 1), now_s) for to, bag in self._bags.items()]
        return min((moment for moment in moments if moment is not None), default=None)

    def _due_s(self, bag: _Bag[T], at_most: int, now_s: float) -> float | None:
        if not bag.items or bag.is_out:
            return None
        if all(map(self._can_wait, bag.items)):
            at_most = max(1, at_most - 1)
        bag.sent_s = [at_s for at_s in bag.sent_s if at_s > now_s - HOUR_S]
        due_s = max(bag.first_s + TOGETHER_S, bag.retry_s)
        if len(bag.sent_s) >= at_most:
            due_s = max(due_s, bag.sent_s[-at_most] + HOUR_S)
        return due_s
