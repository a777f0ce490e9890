"""All values that something can become, breadth first, and what leads from one to another."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Value = TypeVar("Value", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Walk(Generic[Value]):
    """`leads`: of each value that can be reached, all that it can become in one step."""

    leads: dict[Value, set[Value]] = field(default_factory=dict)

    def cannot_reach(self, goals: Iterable[Value]) -> set[Value]:
        """Return the values from which no way leads to any of `goals`."""
        back: dict[Value, list[Value]] = {value: [] for value in self.leads}
        for value, nexts in self.leads.items():
            for one in nexts:
                back[one].append(value)
        good, todo = set(), deque(goals)
        while todo:
            value = todo.popleft()
            if value not in good:
                good.add(value)
                todo += back[value]
        return self.leads.keys() - good


def walk(starts: Iterable[Value], steps: Callable[[Value], Iterable[Value]]) -> Walk[Value]:
    """Return everything that `starts` can become; `steps` gives what a value becomes next."""
    found: Walk[Value] = Walk()
    todo = deque(dict.fromkeys(starts))
    found.leads.update((value, set()) for value in todo)
    while todo:
        value = todo.popleft()
        for one in steps(value):
            found.leads[value].add(one)
            if one not in found.leads:
                found.leads[one] = set()
                todo.append(one)
    return found
