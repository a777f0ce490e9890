"""The call button and the ring of reliable events. Pure; `now_s` is real time, `t_us` the board's."""

from dataclasses import dataclass
from typing import Final

from firmware_bridge.board.messages import (
    AckLevel,
    BoardEvent,
    ButtonState,
    EventAck,
    EventKind,
    EventSource,
    LeadStateChange,
)
from firmware_bridge.events import ResetCause

RING: Final = 16
RESEND_S: Final = 0.1
RESEND_QUICKLY: Final = 5
RESEND_SLOWLY_S: Final = 1.0
STUCK_S: Final = 30.0
NOT_DELIVERED_S: Final = 3.0


@dataclass(slots=True)
class _Entry:
    message: BoardEvent | LeadStateChange
    boot_id: int
    since_s: float
    due_s: float
    sent: int = 0
    level: int = 0

    @property
    def is_press(self) -> bool:
        event = self.message
        if not isinstance(event, BoardEvent) or event.source != EventSource.CALL_BUTTON:
            return False
        return event.kind in (EventKind.PRESS, EventKind.PRESSED_AT_BOOT)


class EventRing:
    """What must reach the host: at most RING events, resent until level 2."""

    def __init__(self) -> None:
        self.last_event_id = 0
        self.overflows = 0
        self.delivered_s: float | None = None  # when a press was last acknowledged as stored
        self.shown_s: float | None = None
        self._entries: list[_Entry] = []

    @property
    def unacked(self) -> int:
        """How many wait."""
        return len(self._entries)

    def is_undelivered(self, *, now_s: float) -> bool:
        """Whether a press has waited too long: the board buzzes and blinks by itself."""
        return any(e.is_press and now_s - e.since_s >= NOT_DELIVERED_S for e in self._entries)

    def next_event_id(self) -> int:
        """Number one more event."""
        self.last_event_id += 1
        return self.last_event_id

    def put(self, message: BoardEvent | LeadStateChange, *, boot_id: int, now_s: float) -> None:
        """Keep an event until it is stored; the oldest that is no press gives way."""
        if len(self._entries) == RING:
            self.overflows += 1
            self._entries.remove(next((e for e in self._entries if not e.is_press), self._entries[0]))
        self._entries.append(_Entry(message, boot_id, now_s, now_s))

    def on_ack(self, ack: EventAck, *, now_s: float) -> BoardEvent | None:
        """The host says how far an event came. Return the press that it says it has stored."""
        if ack.level >= AckLevel.SHOWN:
            self.shown_s = now_s
        for entry in self._entries:
            if (entry.message.event_id, entry.boot_id) == (ack.event_id, ack.boot_id):
                if ack.level >= AckLevel.STORED:
                    self._entries.remove(entry)
                    if entry.is_press and isinstance(entry.message, BoardEvent):
                        self.delivered_s = now_s
                        return entry.message
                return None
        return None

    def due(self, *, now_s: float) -> list[tuple[BoardEvent | LeadStateChange, bool]]:
        """Return what to send now, and whether it is a retransmission."""
        out = []
        for entry in self._entries:
            if now_s >= entry.due_s:
                out.append((entry.message, entry.sent > 0))
                entry.sent += 1
                entry.due_s = now_s + (RESEND_S if entry.sent <= RESEND_QUICKLY else RESEND_SLOWLY_S)
        return out

    @property
    def next_wake_s(self) -> float:
        """When `due` has something."""
        return min((entry.due_s for entry in self._entries), default=float("inf"))

    def restart(self, cause: ResetCause, *, now_s: float) -> None:
        """The ring's memory outlives a warm reset; power takes it."""
        if cause in (ResetCause.POWER, ResetCause.BROWNOUT):
            self._entries.clear()
            self.last_event_id = 0
        self._entries = [entry for entry in self._entries if isinstance(entry.message, BoardEvent)]
        for entry in self._entries:
            entry.due_s, entry.sent = now_s, 0


class Button:
    """The button's level and the count of presses in this boot."""

    def __init__(self, ring: EventRing) -> None:
        self.state = ButtonState.UP
        self.press_count = 0
        self.is_stuck = False
        self._ring = ring
        self._down_s: float | None = None

    def press(self, *, boot_id: int, t_us: int, now_s: float) -> bool:
        """Push it; False: it was not up."""
        if self.state is not ButtonState.UP:
            return False
        self.state = ButtonState.DOWN
        self._count_press(EventKind.PRESS, boot_id, t_us, now_s)
        return True

    def release(self, *, boot_id: int, t_us: int, now_s: float) -> None:
        """Let go."""
        if self.state is ButtonState.DOWN:
            self.state = ButtonState.UP
            self.is_stuck = False
            self._down_s = None
            self._tell(EventKind.RELEASE, boot_id, t_us, now_s)

    def break_loop(self, state: ButtonState, *, boot_id: int, t_us: int, now_s: float) -> None:
        """The supervised loop opens, shorts, or is whole again (UP)."""
        self.state = state
        if state in (ButtonState.LOOP_OPEN, ButtonState.LOOP_SHORT):
            self._tell(EventKind.LOOP_FAULT, boot_id, t_us, now_s)

    def advance(self, *, boot_id: int, t_us: int, now_s: float) -> None:
        """Notice a button that stays down."""
        if self._down_s is not None and not self.is_stuck and now_s - self._down_s >= STUCK_S:
            self.is_stuck = True
            self._tell(EventKind.STUCK, boot_id, t_us, now_s)

    def restart(self, *, boot_id: int, now_s: float) -> None:
        """A new boot: presses count from 0, and a button that is down counts as pressed."""
        self.press_count = 0
        self.is_stuck = False
        if self.state is ButtonState.DOWN:
            self._count_press(EventKind.PRESSED_AT_BOOT, boot_id, 0, now_s)

    def _count_press(self, kind: EventKind, boot_id: int, t_us: int, now_s: float) -> None:
        self._down_s = now_s
        self.press_count += 1
        self._tell(kind, boot_id, t_us, now_s)

    def _tell(self, kind: EventKind, boot_id: int, t_us: int, now_s: float) -> None:
        event = BoardEvent(
            self._ring.next_event_id(), EventSource.CALL_BUTTON, kind, 1, t_us, self.press_count, boot_id
        )
        self._ring.put(event, boot_id=boot_id, now_s=now_s)


class CameraSwitch:
    """The second button: pressed and released, counted apart."""

    def __init__(self, ring: EventRing) -> None:
        self.is_down = False
        self._press_count = 0
        self._ring = ring

    def move(self, *, is_down: bool, boot_id: int, t_us: int, now_s: float) -> None:
        """Push it, or let it go."""
        if is_down == self.is_down:
            return
        self.is_down = is_down
        self._press_count += is_down
        kind = EventKind.PRESS if is_down else EventKind.RELEASE
        event = BoardEvent(
            self._ring.next_event_id(), EventSource.CAMERA_BUTTON, kind, 1, t_us, self._press_count, boot_id
        )
        self._ring.put(event, boot_id=boot_id, now_s=now_s)
