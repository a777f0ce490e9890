"""What was pressed, what was stored, what the lamp said: the books, and the judgement over them. Pure.

A push is one going down of the button that the board had the power to see. The board names it by its boot
and its count; one that is held through a reset is named again by the next boot, as pressed at boot. It is
lost when none of its names is stored. A name that is stored twice, or that no push has, is doubled. The lamp
lies when the board itself says "registered" or "seen" while any push is not on the disk, and when it says
"registered" at the box's word while no call is on the disk.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Name(NamedTuple):
    """How the board names a press."""

    boot_id: int
    press_count: int


@dataclass(slots=True)
class Push:
    """One push. `stored_s`: when the first of its names was on the disk."""

    down_s: float
    names: list[Name] = field(default_factory=list)
    stored_s: float | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of all pushes. `told_again`: stored under more than one name, held through a reset."""

    presses: int
    lost: int
    doubled: int
    told_again: int
    led_lied: int


class Accounts:
    """The books of one run. A boot's 16 bits come again; then the latest push of that name is meant."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self.led_lied = 0
        self._by_name: dict[Name, Push] = {}
        self._waiting: list[Push] = []  # not stored
        self._is_lying = self._is_call_on_disk = False

    @property
    def waiting(self) -> list[Push]:
        """The pushes that are not on the disk, oldest first."""
        return list(self._waiting)

    def pushed(self, push: Push) -> None:
        """The button went down."""
        self.pushes.append(push)
        self._waiting.append(push)

    def named(self, push: Push, name: Name) -> None:
        """The board has seen it and calls it so."""
        push.names.append(name)
        self._by_name[name] = push

    def stored(self, name: Name, *, now_s: float) -> None:
        """A press of this name is on the disk."""
        self._is_call_on_disk = True
        push = self._by_name.get(name)
        if push is not None and push.stored_s is None:
            push.stored_s = now_s
            self._waiting.remove(push)

    def call_closed(self) -> None:
        """The box forgets the call: whatever comes is another one."""
        self._is_call_on_disk = False

    def saw_lamp(self, *, board_says: bool, box_says: bool) -> None:
        """Look at the call lamp, which says "registered" or not; a lie counts once, however long it lasts."""
        is_lying = (board_says and bool(self._waiting)) or (box_says and not self._is_call_on_disk)
        self.led_lied += is_lying and not self._is_lying
        self._is_lying = is_lying

    def judge(self, on_disk: Iterable[Name]) -> Judgement:
        """Compare with what a reader of the disk finds there."""
        stored = Counter(on_disk)
        named = Counter(name for push in self.pushes for name in push.names)
        return Judgement(
            presses=len(self.pushes),
            lost=sum(not any(stored[name] for name in push.names) for push in self.pushes),
            doubled=sum((stored - named).values()),
            told_again=sum(sum(bool(stored[name]) for name in push.names) > 1 for push in self.pushes),
            led_lied=self.led_lied,
        )
