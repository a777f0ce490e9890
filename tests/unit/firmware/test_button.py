"""The buttons. Runs under CPython and under MicroPython: nothing imported but ours."""

import struct

from firmware_bridge.firmware import wire
from firmware_bridge.firmware.button import CallButton, CameraButton
from firmware_bridge.firmware.ring import EventRing

BOOT = 0xBEEF
MS = 1000


def told(ring: EventRing) -> list[tuple[int, int, int, int]]:
    """Return (source, kind, press count, edge in ms) of each event, as far as it was not asked for before."""
    found = []
    while (entry := ring.take_due(wire.EVENT, 0)) is not None:
        _, source, kind, _, t_edge_us, count, _ = struct.unpack(wire.EVENT_LAYOUT, entry.payload)
        found.append((source, kind, count, t_edge_us // MS))
        ring.on_ack(entry.event_id, BOOT, wire.LEVEL_STORED, 0)
    return found


class Finger:
    """Moves a call button, which is looked at each millisecond. `level` is what its loop reads."""

    def __init__(self, level: int = wire.BUTTON_UP) -> None:
        self.ring = EventRing()
        self.button = CallButton(self.ring, BOOT)
        self.level = level
        self.now_ms = 0

    def hold(self, level: int, ms: int) -> list[tuple[int, int, int, int]]:
        """Let the loop read `level` for so long; return what was told meanwhile."""
        for _ in range(ms):
            self.button.scan(level, self.now_ms * MS)
            self.now_ms += 1
        return told_at_any_time(self.ring)


def told_at_any_time(ring: EventRing) -> list[tuple[int, int, int, int]]:
    for entry in ring._entries:
        entry.due_us = 0
    return told(ring)


CALL = wire.SOURCE_CALL_BUTTON
UP, DOWN = wire.BUTTON_UP, wire.BUTTON_DOWN


def test_the_first_edge_is_told_at_once() -> None:
    finger = Finger()
    assert finger.hold(UP, 10) == []
    assert finger.hold(DOWN, 1) == [(CALL, wire.KIND_PRESS, 1, 10)]
    assert finger.button.state == wire.BUTTON_DOWN


def test_bouncing_is_one_press_and_one_release() -> None:
    finger = Finger()
    finger.hold(UP, 10)
    events = []
    for level, ms in ((DOWN, 2), (UP, 3), (DOWN, 1), (UP, 4), (DOWN, 300), (UP, 5), (DOWN, 2), (UP, 60)):
        events += finger.hold(level, ms)
    assert events == [(CALL, wire.KIND_PRESS, 1, 10), (CALL, wire.KIND_RELEASE, 1, 327)]
    assert finger.button.press_count == 1


def test_a_tap_of_a_millisecond_is_a_press() -> None:
    finger = Finger()
    finger.hold(UP, 10)
    assert finger.hold(DOWN, 1) == [(CALL, wire.KIND_PRESS, 1, 10)]
    assert finger.hold(UP, 60) == [(CALL, wire.KIND_RELEASE, 1, 11)]


def test_a_release_needs_fifty_milliseconds_and_the_next_press_is_a_new_one() -> None:
    finger = Finger()
    finger.hold(UP, 10)
    finger.hold(DOWN, 200)
    assert finger.hold(UP, 49) == []
    assert finger.hold(DOWN, 1) == []
    assert finger.hold(UP, 52) == [(CALL, wire.KIND_RELEASE, 1, 260)]
    assert finger.hold(DOWN, 1) == [(CALL, wire.KIND_PRESS, 2, 312)]


def test_a_button_that_is_held_is_stuck_after_thirty_seconds_once() -> None:
    finger = Finger()
    finger.hold(UP, 1)
    assert finger.hold(DOWN, 30_000) == [(CALL, wire.KIND_PRESS, 1, 1)]
    assert not finger.button.is_stuck
    assert finger.hold(DOWN, 30_000) == [(CALL, wire.KIND_STUCK, 1, 30_001)]
    assert finger.button.is_stuck
    finger.hold(UP, 60)
    assert not finger.button.is_stuck


def test_a_button_that_is_down_at_boot_is_a_press() -> None:
    finger = Finger()
    assert finger.hold(DOWN, 1) == [(CALL, wire.KIND_PRESSED_AT_BOOT, 1, 0)]
    finger.hold(UP, 60)
    assert finger.hold(DOWN, 1) == [(CALL, wire.KIND_PRESS, 2, 61)]


def test_a_cut_or_shorted_wire_is_a_fault_told_once_and_over_when_it_is_whole() -> None:
    for broken in (wire.LOOP_OPEN, wire.LOOP_SHORT):
        finger = Finger()
        finger.hold(UP, 10)
        assert finger.hold(broken, 100) == []
        assert finger.hold(broken, 1000) == [(CALL, wire.KIND_LOOP_FAULT, 0, 10)]
        assert finger.button.state == broken
        finger.hold(UP, 1)
        assert finger.button.state == wire.BUTTON_UP
        assert finger.hold(DOWN, 1) == [(CALL, wire.KIND_PRESS, 1, finger.now_ms - 1)]


def test_one_odd_reading_of_the_loop_is_no_fault_and_hides_no_press() -> None:
    finger = Finger()
    finger.hold(UP, 10)
    assert finger.hold(wire.LOOP_SHORT, 3) == []
    assert finger.hold(DOWN, 1) == [(CALL, wire.KIND_PRESS, 1, 13)]
    assert finger.button.state == wire.BUTTON_DOWN


def test_the_camera_button_is_counted_apart_and_held_at_boot_it_is_no_wish() -> None:
    ring = EventRing()
    button = CameraButton(ring, BOOT)
    for ms in range(300):
        button.scan(ms < 50 or 120 <= ms < 200, ms * MS)
    assert told_at_any_time(ring) == [
        (wire.SOURCE_CAMERA_BUTTON, wire.KIND_PRESS, 1, 120),
        (wire.SOURCE_CAMERA_BUTTON, wire.KIND_RELEASE, 1, 200),
    ]
