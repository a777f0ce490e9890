"""Lamps and buzzer: the host's commands while they last, else what the board itself knows.

"Registered" is shown only where the latest press is stored and none waits, "seen" only where a person saw it.
Source: docs/board-link.md, "The board's side".
"""

from firmware_bridge.firmware import wire
from firmware_bridge.firmware.ring import EventRing

OWN_US = 10_000_000  # how long the board itself shows "registered" and "seen"
FULL = 255

DARK = (wire.OFF, 0, "")  # pattern, level, by whom: "host", "board", or "" when it is off
NOT_DELIVERED = (wire.DOUBLE_FLASH, FULL, "board")
REGISTERED = (wire.SLOW_BLINK, FULL, "board")
SEEN = (wire.STEADY, FULL, "board")


class Lamps:
    """CALL_LED, STATUS_LED and BUZZER of one boot."""

    def __init__(self, ring: EventRing) -> None:
        self._ring = ring
        self._commands: dict[int, tuple[int, int, int]] = {}  # output -> (pattern, level, until µs)

    def command(self, output: int, pattern: int, level: int, ttl_ms: int, now_us: int) -> int:
        """Carry out an OUTPUT; return the code to answer."""
        if not wire.CALL_LED <= output <= wire.BUZZER:
            return wire.UNKNOWN_OUTPUT
        if pattern > wire.SWELL:
            return wire.UNKNOWN_PATTERN
        self._commands[output] = (pattern, level, now_us + ttl_ms * 1000)
        return wire.DONE

    def look(self, output: int, now_us: int) -> tuple[int, int, str]:
        """Return what an output does: (pattern, level, by)."""
        commanded = self._commands.get(output)
        if commanded is not None and now_us >= commanded[2]:
            commanded = None
        if commanded is not None and commanded[0] != wire.OFF:
            return (commanded[0], commanded[1], "host")
        if output == wire.STATUS_LED:
            return DARK
        if self._ring.is_undelivered(now_us):
            return NOT_DELIVERED
        if commanded is not None or output == wire.BUZZER or self._ring.has_unstored_press():
            return DARK
        if _is_recent(self._ring.shown_us, now_us):
            return SEEN
        if _is_recent(self._ring.delivered_us, now_us):
            return REGISTERED
        return DARK

    def drive(self, output: int, now_us: int) -> int:
        """Return how strongly an output is driven at this moment, 0 … 255."""
        pattern, level, _ = self.look(output, now_us)
        return level * share_of(pattern, now_us) // FULL


def share_of(pattern: int, now_us: int) -> int:
    """Return how much of its level a pattern shows at this moment, 0 … 255."""
    ms = now_us // 1000
    if pattern == wire.STEADY:
        return FULL
    if pattern == wire.SLOW_BLINK:  # 1 Hz, half on
        return FULL if ms % 1000 < 500 else 0
    if pattern == wire.FAST_BLINK:  # 4 Hz, half on
        return FULL if ms % 250 < 125 else 0
    if pattern == wire.DOUBLE_FLASH:  # two flashes of 100 ms each second
        return FULL if ms % 1000 < 100 or 200 <= ms % 1000 < 300 else 0
    if pattern == wire.SWELL:  # 0.5 Hz, up and down
        phase = ms % 2000
        return (phase if phase < 1000 else 2000 - phase) * FULL // 1000
    return 0


def _is_recent(at_us: int | None, now_us: int) -> bool:
    return at_us is not None and now_us - at_us < OWN_US
