"""A window at work on a simulated link (core): a backlog without end, small live parcels, presses."""

import random
from dataclasses import dataclass
from typing import Final

from edge.uplink.window import Window
from tests.simulators.links.parcels import ParcelLink
from tests.simulators.links.profile import Profile

LIVE_EVERY_S: Final = 5.0
LIVE_BYTES: Final = (120, 300)
PRESS_EVERY_S: Final = 20.0  # on average
PRESS_BYTES: Final = 260
LOOK_EVERY_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Drained:
    """What the link saw between two moments."""

    utilisation: float
    queues_s: list[float]  # of each packet, sorted
    presses_s: list[float]  # button to broker, sorted


class Drain:
    """Runs as long as it is told to. `parcel_bytes`: the smallest and the largest of the backlog."""

    def __init__(
        self, profile: Profile, parcel_bytes: tuple[int, int] = (4_000, 5_000), *, seed: int = 1
    ) -> None:
        self.window = Window()
        self._parcel_bytes, self._random = parcel_bytes, random.Random(seed)
        self._sent = self._resent = 0
        self._pressed_s: dict[int, float] = {}
        self._presses: list[tuple[float, float]] = []
        self.link = ParcelLink(profile, on_arrived=self._on_arrived, on_puback=self._on_puback)
        self.link.at(LIVE_EVERY_S, self._say_live)
        self.link.at(self._random.expovariate(1 / PRESS_EVERY_S), self._press)
        self._tick()

    def run_until(self, until_s: float) -> None:
        """Let time pass."""
        self.link.run_until(until_s)

    def drained(self, *, from_s: float) -> Drained:
        """What has happened since then."""
        now_s = self.link.now_s
        served = [
            one for one in self.link.passages if one.left_s is not None and from_s < one.left_s <= now_s
        ]
        bits = self.link.up_bits(from_s, now_s)
        return Drained(
            utilisation=sum(len(one.data) * 8 for one in served) / bits,
            queues_s=sorted(one.started_s - one.arrived_s for one in served if one.started_s is not None),
            presses_s=sorted(took_s for at_s, took_s in self._presses if at_s >= from_s),
        )

    def _send(self, size_bytes: int, *, is_urgent: bool = False) -> int:
        self._sent += 1
        self.link.send(self._sent, size_bytes, pace=self.window.pace(is_urgent=is_urgent))
        self.window.on_sent(self._sent, size_bytes, now_s=self.link.now_s)
        return self._sent

    def _fill(self) -> None:
        while self.window.has_room(now_s=self.link.now_s):
            self._send(self._random.randint(*self._parcel_bytes))
        room_s = self.window.next_room_s(now_s=self.link.now_s)
        if room_s is not None:
            self.link.at(room_s, self._fill)

    def _look(self) -> None:
        self.window.on_tcp(
            has_repaired=self.link.resent != self._resent,
            beyond_hole_bytes=self.link.beyond_hole_bytes,
            queue_s=self.link.tcp_queue_s,
            now_s=self.link.now_s,
        )
        self._resent = self.link.resent

    def _tick(self) -> None:
        self._look()
        self._fill()
        self.link.at(self.link.now_s + LOOK_EVERY_S, self._tick)

    def _say_live(self) -> None:
        self._send(self._random.randint(*LIVE_BYTES))
        self.link.at(self.link.now_s + LIVE_EVERY_S, self._say_live)

    def _press(self) -> None:
        self._pressed_s[self._send(PRESS_BYTES, is_urgent=True)] = self.link.now_s
        self.link.at(self.link.now_s + self._random.expovariate(1 / PRESS_EVERY_S), self._press)

    def _on_arrived(self, parcel: int) -> None:
        pressed_s = self._pressed_s.pop(parcel, None)
        if pressed_s is not None:
            self._presses.append((pressed_s, self.link.now_s - pressed_s))

    def _on_puback(self, parcel: int) -> None:
        self._look()
        self.window.on_acknowledged(parcel, now_s=self.link.now_s)
        self._fill()
