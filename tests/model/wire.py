"""What lies between a station and the hub: it loses, delays, doubles and reorders, and may be cut."""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

Message = TypeVar("Message")
MS: Final = 1_000
S: Final = 1_000_000
EXPIRES_US: Final = 15 * S  # of a signal: MQTT's own expiry


@dataclass(frozen=True, slots=True)
class Faults:
    """How a link treats each message. A share of them is late by up to `late_us`, and so overtaken."""

    loss: float = 0.1
    doubled: float = 0.1
    late: float = 0.2
    delay_us: int = 80 * MS
    late_us: int = 9 * S


ROUGH: Final = Faults()
PERFECT: Final = Faults(loss=0.0, doubled=0.0, late=0.0, delay_us=1 * MS)


@dataclass(order=True, slots=True)
class _UnderWay(Generic[Message]):
    at_us: int
    number: int
    message: Message = field(compare=False)


class Wire(Generic[Message]):
    """One direction of a link. What is under way when it is cut may still arrive, or be gone."""

    def __init__(self, rng: random.Random, faults: Faults) -> None:
        self.faults, self.is_cut = faults, False
        self._rng, self._number = rng, 0
        self._under_way: list[_UnderWay[Message]] = []

    @property
    def next_us(self) -> int | None:
        """When the next message arrives."""
        return self._under_way[0].at_us if self._under_way else None

    def send(self, message: Message, *, now_us: int) -> None:
        """Send; what becomes of it is a matter of luck."""
        for _ in range(2 if self._rng.random() < self.faults.doubled else 1):
            if not self.is_cut and self._rng.random() >= self.faults.loss:
                self._number += 1
                arrival = _UnderWay(now_us + self._delay_us(), self._number, message)
                heapq.heappush(self._under_way, arrival)

    def arrived(self, *, now_us: int) -> Iterator[Message]:
        """Yield what has come by now."""
        while self._under_way and self._under_way[0].at_us <= now_us:
            yield heapq.heappop(self._under_way).message

    def cut(self) -> None:
        """Nothing goes any more; of what is under way half is gone."""
        self.is_cut = True
        self._under_way = [one for one in self._under_way if self._rng.random() < 0.5]
        heapq.heapify(self._under_way)

    def _delay_us(self) -> int:
        is_late = self._rng.random() < self.faults.late
        return self._rng.randint(1, self.faults.late_us if is_late else self.faults.delay_us)
