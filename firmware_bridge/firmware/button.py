"""The buttons: the first edge counts at once, bouncing and glitches after it do not.

A button is looked at about every millisecond ("scan"). The call button hangs on a supervised loop, so that
a cut or shorted wire is a fault and not silence. Source: docs/board-link.md, "The board's side".
"""

from firmware_bridge.firmware import wire
from firmware_bridge.firmware.ring import EventRing

SUPPRESS_US = 30_000  # edges this long after the first belong to it: they are its bounce
RELEASE_STABLE_US = 50_000
STUCK_US = 30_000_000
FAULT_STABLE_US = 100_000  # one odd reading of the loop is no fault

PRESSED, RELEASED = 1, 2


class Debouncer:
    """One contact. `edge_us`: first raw edge of a press, last of a release; `bounce`: edges of the press."""

    def __init__(self, is_down: bool = False) -> None:
        self.is_down = is_down
        self.edge_us = 0
        self.bounce = 0
        self._raw = is_down
        self._raw_us = 0  # of the latest raw edge

    def scan(self, is_down: bool, now_us: int) -> int:
        """Take one look; return PRESSED, RELEASED, or 0."""
        is_edge = is_down != self._raw
        if is_edge:
            self._raw, self._raw_us = is_down, now_us
        if not self.is_down:
            if not is_down:
                return 0
            self.is_down = True
            self.edge_us, self.bounce = now_us, 1
            return PRESSED
        if is_edge and now_us - self.edge_us < SUPPRESS_US:
            self.bounce += 1
        if is_down or now_us - self._raw_us < RELEASE_STABLE_US:
            return 0
        self.is_down = False
        self.edge_us = self._raw_us
        return RELEASED


class CallButton:
    """The button that calls: counted from 0 in each boot, every change an event in the ring."""

    def __init__(self, ring: EventRing, boot_id: int) -> None:
        self.press_count = 0
        self.is_stuck = False
        self.fault = 0  # LOOP_OPEN, LOOP_SHORT, or 0
        self._ring, self._boot_id = ring, boot_id
        self._contact = Debouncer()
        self._is_first = True
        self._odd, self._odd_us = 0, 0  # a fault that is not believed yet

    @property
    def state(self) -> int:
        """What the heartbeat says: UP, DOWN, or the loop's fault."""
        return self.fault or (wire.BUTTON_DOWN if self._contact.is_down else wire.BUTTON_UP)

    def scan(self, level: int, now_us: int) -> None:
        """Take one look at the loop: BUTTON_UP, BUTTON_DOWN, LOOP_OPEN or LOOP_SHORT."""
        if level in (wire.LOOP_OPEN, wire.LOOP_SHORT):
            self._doubt(level, now_us)
            return
        self._odd = self.fault = 0
        is_first, self._is_first = self._is_first, False
        change = self._contact.scan(level == wire.BUTTON_DOWN, now_us)
        if change == PRESSED:
            self.press_count += 1
            self._tell(
                wire.KIND_PRESSED_AT_BOOT if is_first else wire.KIND_PRESS, self._contact.edge_us, now_us
            )
        elif change == RELEASED:
            self.is_stuck = False
            self._tell(wire.KIND_RELEASE, self._contact.edge_us, now_us)
        elif self._contact.is_down and not self.is_stuck and now_us - self._contact.edge_us >= STUCK_US:
            self.is_stuck = True
            self._tell(wire.KIND_STUCK, now_us, now_us)

    def _doubt(self, level: int, now_us: int) -> None:
        if level != self._odd:
            self._odd, self._odd_us = level, now_us
        elif level != self.fault and now_us - self._odd_us >= FAULT_STABLE_US:
            self.fault = level
            self._tell(wire.KIND_LOOP_FAULT, self._odd_us, now_us)

    def _tell(self, kind: int, t_edge_us: int, now_us: int) -> None:
        self._ring.put_event(
            wire.SOURCE_CALL_BUTTON,
            kind,
            boot_id=self._boot_id,
            t_edge_us=t_edge_us,
            press_count=self.press_count,
            bounce=self._contact.bounce,
            now_us=now_us,
        )


class CameraButton:
    """The second button: pressed and released, counted apart. Held at boot it is no wish."""

    def __init__(self, ring: EventRing, boot_id: int) -> None:
        self._ring, self._boot_id = ring, boot_id
        self._press_count = 0
        self._contact = Debouncer()
        self._is_told = False
        self._is_first = True

    def scan(self, is_down: bool, now_us: int) -> None:
        """Take one look."""
        if self._is_first:
            self._is_first = False
            self._contact = Debouncer(is_down)
        change = self._contact.scan(is_down, now_us)
        if change == PRESSED:
            self._press_count += 1
            self._is_told = True
            self._tell(wire.KIND_PRESS, now_us)
        elif change == RELEASED and self._is_told:
            self._is_told = False
            self._tell(wire.KIND_RELEASE, now_us)

    def _tell(self, kind: int, now_us: int) -> None:
        self._ring.put_event(
            wire.SOURCE_CAMERA_BUTTON,
            kind,
            boot_id=self._boot_id,
            t_edge_us=self._contact.edge_us,
            press_count=self._press_count,
            bounce=self._contact.bounce,
            now_us=now_us,
        )
