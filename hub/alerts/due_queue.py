"""When each place is to be looked at next (core): at no other time is it, however many there are."""

import heapq
from typing import Generic, TypeVar

K = TypeVar("K")


class DueQueue(Generic[K]):
    """Keys by the moment at which each is due. One key has one moment."""

    def __init__(self) -> None:
        self._due_s: dict[K, float] = {}
        self._heap: list[
            tuple[float, int, K]
        ] = []  # with entries that are no more true: they are passed over
        self._count = 0

    def __len__(self) -> int:
        return len(self._due_s)

    def set(self, key: K, due_s: float | None) -> None:
        """A key is due then and not before; None: never."""
        if due_s is None:
            self._due_s.pop(key, None)
        elif self._due_s.get(key) != due_s:
            self._due_s[key] = due_s
            self._count += 1
            heapq.heappush(self._heap, (due_s, self._count, key))
            if len(self._heap) > 2 * len(self._due_s) + 64:
                self._rebuild()

    def hasten(self, key: K, due_s: float) -> None:
        """A key is due then, if it is not due before."""
        if due_s < self._due_s.get(key, float("inf")):
            self.set(key, due_s)

    def next_s(self) -> float | None:
        """Return when the first key is due; None: there is none."""
        while self._heap and self._due_s.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, *, now_s: float, most: int) -> list[K]:
        """Return the keys that are due, at most so many, first due first; they are due no more."""
        taken: list[K] = []
        while len(taken) < most and (due_s := self.next_s()) is not None and due_s <= now_s:
            _, _, key = heapq.heappop(self._heap)
            del self._due_s[key]
            taken.append(key)
        return taken

    def _rebuild(self) -> None:
        self._heap = [(due_s, number, key) for number, (key, due_s) in enumerate(self._due_s.items())]
        self._count = len(self._heap)
        heapq.heapify(self._heap)
