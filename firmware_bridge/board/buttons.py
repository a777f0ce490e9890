"""Presses: each told once, acknowledged only as far as it came. Source: docs/board-link.md, "Presses".

The board counts presses from 0 in each boot and repeats the count in every heartbeat. A press is known by
(uid, origin boot, count); seeing count n means that 1 … n all happened, so whatever frame shows it first
raises all that are missing, in order.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from firmware_bridge.board.messages import AckLevel, BoardEvent, EventAck, EventKind
from firmware_bridge.events import ButtonPressed, PressIdentity, PressKind

MAX_RAISED_AT_ONCE: Final = 16  # for one frame; the rest follows with the next
MAX_BEHIND: Final = 256  # presses while no cable was in; a count further ahead is not a person's doing
MAX_UNSTORED: Final = 1024  # a caller that stores nothing: the board keeps what is beyond
MAX_BOOTS: Final = 64  # of all boards; forgotten oldest first
MAX_LEVELS: Final = 256  # of stored presses remembered in a boot


@dataclass(slots=True)
class _Boot:
    """What is known of one boot. `is_contiguous`: every press up to `known_count` is known."""

    known_count: int
    is_contiguous: bool
    levels: dict[int, AckLevel] = field(default_factory=dict)
    event_ids: dict[int, int] = field(default_factory=dict)

    def level_of(self, count: int) -> AckLevel | None:
        """How far a press came; None: never heard of it."""
        if self.is_contiguous and count <= self.known_count:
            return self.levels.get(count, AckLevel.STORED)
        return self.levels.get(count)

    def prune(self) -> None:
        """Forget the oldest stored presses; their level is then STORED by the count alone."""
        done = [count for count, level in self.levels.items() if level >= AckLevel.STORED]
        for count in done[: max(0, len(done) - MAX_LEVELS)] if self.is_contiguous else []:
            del self.levels[count]
            self.event_ids.pop(count, None)


class PressBook:
    """All presses of all boards seen. `last_presses`: uid -> (origin boot, count) already stored."""

    def __init__(self, last_presses: Mapping[bytes, tuple[int, int]]) -> None:
        self.skipped_presses = 0
        self._boots: OrderedDict[tuple[bytes, int], _Boot] = OrderedDict()
        self._current: dict[bytes, int] = {}  # the boot of each board that introduced itself
        for uid, (boot_id, count) in last_presses.items():
            # should it be an earlier boot by now, nothing is known of the presses before this one
            levels = {count: AckLevel.STORED}
            self._boots[uid, boot_id] = _Boot(known_count=count, is_contiguous=False, levels=levels)

    @property
    def remembered_boots(self) -> int:
        """How many boots are remembered, of all boards."""
        return len(self._boots)

    def begin_boot(self, uid: bytes, boot_id: int) -> None:
        """The board runs in this boot: its presses count from 0.

        Boots are named by 16 random bits. A name that comes again after another one is a new boot, and its
        presses are new ones.
        """
        if self._current.get(uid, boot_id) != boot_id:
            self._boots.pop((uid, boot_id), None)
        self._current[uid] = boot_id
        while len(self._current) > MAX_BOOTS:
            del self._current[next(iter(self._current))]
        self._boot(uid, boot_id, is_current=True)

    def on_count(self, uid: bytes, boot_id: int, press_count: int, *, box_t_us: int) -> list[ButtonPressed]:
        """A heartbeat of the current boot: return the presses it tells of that are not known."""
        boot = self._boot(uid, boot_id, is_current=True)
        return self._raise_missing(uid, boot_id, boot, press_count, box_t_us)

    def on_press(
        self, uid: bytes, event: BoardEvent, *, is_current: bool, box_t_us: int
    ) -> tuple[list[ButtonPressed], EventAck | None]:
        """An EVENT of a press: return the presses that are new, and the acknowledgement due now."""
        boot = self._boot(uid, event.origin_boot_id, is_current=is_current)
        raised: list[ButtonPressed] = []
        level = boot.level_of(event.press_count)
        if level is None:
            if self._unstored_count() >= MAX_UNSTORED:
                return [], None
            if boot.is_contiguous:
                raised = self._raise_missing(uid, event.origin_boot_id, boot, event.press_count - 1, box_t_us)
                if boot.known_count < event.press_count - 1:
                    return raised, None  # the earlier ones first; the board repeats this one
            at_boot = event.kind == EventKind.PRESSED_AT_BOOT
            kind = PressKind.PRESSED_AT_BOOT if at_boot else PressKind.PRESS
            raised.append(
                ButtonPressed(uid, event.origin_boot_id, event.press_count, event.event_id, box_t_us, kind)
            )
            level = AckLevel.RECEIVED
            boot.levels[event.press_count] = level
            boot.known_count = max(boot.known_count, event.press_count)
        boot.event_ids[event.press_count] = event.event_id
        return raised, EventAck(event.event_id, event.origin_boot_id, level)

    def advance(self, press: PressIdentity, level: AckLevel) -> EventAck | None:
        """The caller stored or showed a press: return what to tell the board, if its EVENT is known."""
        boot = self._boot(press.uid, press.origin_boot_id, is_current=False)
        before = boot.level_of(press.press_count)
        if before is not None and before >= level:
            return None
        boot.levels[press.press_count] = level
        boot.prune()
        event_id = boot.event_ids.get(press.press_count)
        return None if event_id is None else EventAck(event_id, press.origin_boot_id, level)

    def _raise_missing(
        self, uid: bytes, boot_id: int, boot: _Boot, press_count: int, box_t_us: int
    ) -> list[ButtonPressed]:
        first = max(boot.known_count + 1, press_count - MAX_BEHIND + 1)
        if press_count < first or self._unstored_count() >= MAX_UNSTORED:
            return []
        self.skipped_presses += first - boot.known_count - 1
        boot.known_count = min(press_count, first + MAX_RAISED_AT_ONCE - 1)
        counts = [count for count in range(first, boot.known_count + 1) if count not in boot.levels]
        boot.levels.update(dict.fromkeys(counts, AckLevel.RECEIVED))
        return [ButtonPressed(uid, boot_id, count, None, box_t_us, PressKind.PRESS) for count in counts]

    def _boot(self, uid: bytes, boot_id: int, *, is_current: bool) -> _Boot:
        """An earlier boot nobody told us of may have had presses that were stored long ago: only those
        whose EVENT comes are raised, the counts below them are not."""
        key = (uid, boot_id)
        if key not in self._boots:
            self._boots[key] = _Boot(known_count=0, is_contiguous=is_current)
            while len(self._boots) > MAX_BOOTS:
                self._boots.popitem(last=False)
        self._boots[key].is_contiguous |= is_current
        self._boots.move_to_end(key)
        return self._boots[key]

    def _unstored_count(self) -> int:
        return sum(level < AckLevel.STORED for boot in self._boots.values() for level in boot.levels.values())
