"""A simulated board and the host's link, joined by a wire that takes no time and a clock that is a number."""

import random
from collections.abc import Callable
from typing import TypeVar

from firmware_bridge.board.catalogue import SCHEMA_HASH
from firmware_bridge.board.link import BoardLink
from firmware_bridge.events import ButtonPressed, Event
from firmware_bridge.frames import FrameDecoder
from tests.simulators.board.core import BoardCore
from tests.simulators.board.recordings import load

T = TypeVar("T")
STEP_S = 0.01
UID = b"HD000001"


class Pair:
    """Board and link; `stores` False: the box's disk never answers."""

    def __init__(
        self,
        *,
        speed: float = 1.0,
        loss_ratio: float = 0.0,
        stores: bool = True,
        schema_hash: int = SCHEMA_HASH,
        last_presses: dict[bytes, tuple[int, int]] | None = None,
    ) -> None:
        self.now_s = 1000.0
        self.stores = stores
        self.board = BoardCore(
            load("chi"),
            uid=UID,
            rng=random.Random(7),
            now_s=self.now_s,
            speed=speed,
            loss_ratio=loss_ratio,
            schema_hash=schema_hash,
        )
        self.decoder = FrameDecoder()
        self.link = BoardLink(last_presses=last_presses or {})
        self.events: list[Event] = []
        self.is_joined = True  # False: the host reads and writes nothing
        self.is_alive = True  # False: the board hangs
        self.link.open(now_s=self.now_s)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s += STEP_S
            self._step()

    def run_until(self, seen: Callable[[], bool], *, within_s: float) -> float:
        """Let time pass until `seen`; return how long it took."""
        start_s = self.now_s
        while not seen():
            assert self.now_s < start_s + within_s, f"not within {within_s} s"
            self.run(STEP_S)
        return self.now_s - start_s

    def of(self, kind: type[T]) -> list[T]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def _step(self) -> None:
        if self.is_alive:
            self.board.advance(self.now_s)
        if self.is_joined:
            while self.is_alive and (wire := self.board.take()):
                for frame in self.decoder.feed(wire):
                    self.link.handle(frame, now_s=self.now_s)
            self.link.tick(now_s=self.now_s)
        for event in self.link.events_received():
            self.events.append(event)
            if isinstance(event, ButtonPressed) and self.stores:
                self.link.press_stored(event.identity)
        if self.is_joined and self.is_alive:
            self.board.feed(self.link.data_to_send(), now_s=self.now_s)
