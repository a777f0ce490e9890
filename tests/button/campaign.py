"""What happens when: presses, resets, power, kills and cables, by chance. A time that is a number.

What the link cannot keep by its own rules is not brought about, because there is nothing to find out:
- The ring that outlives a warm reset holds sixteen events. While a press has fallen out of it and not all is
  stored, the board is not reset. (While it runs, its heartbeats repeat the count, and nothing is lost.)
- Power takes the ring. It is cut while nothing waits, or while the only push that waits is still held: then
  it is pressed at boot.
- A push that begins while the program does not run lasts until it runs.
- A boot's name, 16 random bits, is not that of one of the four boots before (`BoardInRoom`).
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.call.lamps import CALL_LAMP
from edge.call.station_table import State as CallState
from tests.button.accounts import Accounts, Judgement
from tests.button.board import COLD_CAUSES, WARM_CAUSES, BoardInRoom
from tests.button.box import Box, names_on_disk
from tests.button.line import Cable

TURN_S: Final = 0.01
SETTLE_S: Final = 120.0  # after the last push, with everything in order
HOLD_S: Final = ((0.8, 0.08, 0.3), (0.97, 0.3, 1.0), (1.0, 1.0, 5.0))  # share up to, from, to
PAUSE_S: Final = ((0.8, 0.12, 0.6), (0.95, 0.6, 3.0), (1.0, 3.0, 25.0))
DARK_S: Final = ((0.7, 0.1, 2.0), (1.0, 2.0, 20.0))  # the cable is out, or the power
REBOOT_S: Final = ((0.9, 0.1, 0.6), (1.0, 0.6, 3.0))
DEAD_S: Final = ((0.8, 0.1, 2.0), (1.0, 2.0, 10.0))
ACCIDENTS: Final = {"warm": 30.0, "power": 40.0, "kill": 25.0, "unplug": 25.0}  # mean seconds between


@dataclass(frozen=True, slots=True)
class Report:
    """What was done, and what came of it. `delays_s`: from the edge to the disk, of every push."""

    judgement: Judgement
    accidents: Counter[str]
    frames: int
    lost_frames: int
    seconds: float
    delays_s: list[float]


class Campaign:
    """One run. `loss_ratio`: of the frames, each way. `make_box`, `make_board`: others, for the control."""

    def __init__(
        self,
        folder: Path,
        *,
        presses: int,
        seed: int,
        loss_ratio: float = 0.2,
        make_box: Callable[..., Box] = Box,
        make_board: Callable[..., BoardInRoom] = BoardInRoom,
    ) -> None:
        self._path = folder / "spool.db"
        self._presses, self._make_box = presses, make_box
        self._rng = random.Random(seed)
        self.accounts = Accounts()
        self.cable = Cable(self._rng, loss_ratio=loss_ratio)
        registered = int(CALL_LAMP[CallState.REGISTERED].pattern)
        self.board = make_board(self.cable, self.accounts, self._rng, registered_look=registered)
        self.accidents: Counter[str] = Counter()
        self._now_s = 1000.0
        self._due_s = {
            what: self._now_s + self._rng.expovariate(1 / mean) for what, mean in ACCIDENTS.items()
        }
        self._press_s: float | None = self._now_s + 1.0
        self._release_s = 0.0
        self._plug_s = self._start_s = float("inf")
        self._box: Box | None = self._new_box()

    def run(self, on_progress: Callable[[int], None] = lambda _: None) -> Report:
        """Press so often, let everything settle, and judge."""
        begun_s = self._now_s
        while len(self.accounts.pushes) < self._presses or self.board.held:
            before = len(self.accounts.pushes)
            self._let_people_act()
            self._let_accidents_happen()
            self._turn()
            if len(self.accounts.pushes) > before:
                on_progress(len(self.accounts.pushes))
        self._settle()
        return Report(
            judgement=self.accounts.judge(names_on_disk(self._path)),
            accidents=self.accidents,
            frames=self.cable.frames,
            lost_frames=self.cable.lost_frames,
            seconds=self._now_s - begun_s,
            delays_s=[
                push.stored_s - push.down_s for push in self.accounts.pushes if push.stored_s is not None
            ],
        )

    def _turn(self) -> None:
        self._now_s += TURN_S
        self.board.turn(self._now_s)
        if self._box and self._box.is_alive:
            self._box.turn(self._now_s)
        if self._box and not self._box.is_alive:
            self.accidents["kill"] += 1
            self._box, self._start_s = None, self._now_s + self._drawn(DEAD_S)

    def _settle(self) -> None:
        """Everything is in order, and time passes until nothing waits any more."""
        self.cable.heal()
        self._plug_s = self._start_s = min(self._now_s, self._plug_s, self._start_s)
        if self._box:
            self._box.dies_before_commit = self._box.dies_after_commit = False
        end_s = self._now_s + SETTLE_S
        while self._now_s < end_s and (
            self.accounts.waiting or not self.board.is_up or self.board.unacknowledged or not self._box
        ):
            self._mend()
            self._turn()
        if self._box:
            self._box.kill()

    # People

    def _let_people_act(self) -> None:
        now_s = self._now_s
        if self._press_s is not None and now_s >= self._press_s and len(self.accounts.pushes) < self._presses:
            self.board.press(now_s=now_s)
            self._press_s, self._release_s = None, now_s + self._drawn(HOLD_S)
        elif self._press_s is None and now_s >= self._release_s and self.board.is_up:
            self.board.release()
            self._press_s = now_s + self._drawn(PAUSE_S)

    # Accidents

    def _let_accidents_happen(self) -> None:
        self._mend()
        for what, happen in (
            ("warm", self._reset_warm),
            ("power", self._cut_power),
            ("kill", self._kill),
            ("unplug", self._unplug),
        ):
            if self._now_s >= self._due_s[what] and happen():
                self._due_s[what] = self._now_s + self._rng.expovariate(1 / ACCIDENTS[what])

    def _mend(self) -> None:
        """The cable comes back, the process is started again."""
        if self._now_s >= self._plug_s:
            self._plug_s = float("inf")
            if not self.cable.is_in:
                self.cable.plug()
                self.board.find_wire()
                if self._box:
                    self._box.find_port(now_s=self._now_s)
        if self._now_s >= self._start_s:
            self._start_s = float("inf")
            self._box = self._box or self._new_box()

    def _reset_warm(self) -> bool:
        if not self.board.is_up or self.board.has_overflowed:
            return False
        self.accidents["warm"] += 1
        self.board.stop(self._rng.choice(WARM_CAUSES), for_s=self._drawn(REBOOT_S), now_s=self._now_s)
        return True

    def _cut_power(self) -> bool:
        """Now and then with the cable, as a board that lives from it knows it."""
        held = self.board.held
        if not self.board.is_up or any(push is not held for push in self.accounts.waiting):
            return False
        dark_s = self._drawn(DARK_S)
        self.accidents["power"] += 1
        self.board.stop(self._rng.choice(COLD_CAUSES), for_s=dark_s, now_s=self._now_s)
        self._release_s = max(self._release_s, self._now_s + dark_s + 0.1)
        if self.cable.is_in and self._rng.random() < 0.5:
            self._pull(dark_s)
        return True

    def _kill(self) -> bool:
        """At any moment, or at the worst ones: just before and just after a press is on the disk."""
        if not self._box:
            return False
        match self._rng.randrange(3):
            case 0:
                self._box.dies_before_commit = True
            case 1:
                self._box.dies_after_commit = True
            case _:
                self._box.kill()
        return True

    def _unplug(self) -> bool:
        """The board keeps its power."""
        if not self.cable.is_in:
            return False
        self._pull(self._drawn(DARK_S))
        return True

    def _pull(self, for_s: float) -> None:
        self.accidents["unplug"] += 1
        self.cable.pull()
        self.board.lose_wire()
        self._plug_s = self._now_s + for_s
        if self._box and self._box.is_alive:
            self._box.lose_port(now_s=self._now_s)

    def _new_box(self) -> Box:
        return self._make_box(self._path, self.cable, self.accounts, self._rng, now_s=self._now_s)

    def _drawn(self, spans: tuple[tuple[float, float, float], ...]) -> float:
        chance = self._rng.random()
        low, high = next((low, high) for share, low, high in spans if chance < share)
        return self._rng.uniform(low, high)
