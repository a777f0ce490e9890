"""Lamps and buzzer. Runs under CPython and under MicroPython: nothing imported but ours."""

from firmware_bridge.firmware import lamps, wire
from firmware_bridge.firmware.lamps import DARK, NOT_DELIVERED, REGISTERED, SEEN, Lamps
from firmware_bridge.firmware.ring import EventRing

BOOT = 0xBEEF
S = 1_000_000
CALL, BUZZER = wire.CALL_LED, wire.BUZZER


def pressed(ring: EventRing, count: int, now_us: int) -> None:
    ring.put_event(
        wire.SOURCE_CALL_BUTTON,
        wire.KIND_PRESS,
        boot_id=BOOT,
        t_edge_us=now_us,
        press_count=count,
        bounce=1,
        now_us=now_us,
    )


def test_registered_is_shown_after_level_two_and_never_before() -> None:
    ring = EventRing()
    shown = Lamps(ring)
    pressed(ring, 1, 0)
    assert shown.look(CALL, 0) == DARK
    ring.on_ack(1, BOOT, wire.LEVEL_RECEIVED, S)
    assert shown.look(CALL, S) == DARK
    ring.on_ack(1, BOOT, wire.LEVEL_STORED, 2 * S)
    assert shown.look(CALL, 2 * S) == REGISTERED
    assert shown.look(BUZZER, 2 * S) == DARK
    assert shown.look(CALL, 13 * S) == DARK


def test_seen_is_shown_after_level_three_of_the_latest_press_alone() -> None:
    ring = EventRing()
    shown = Lamps(ring)
    pressed(ring, 1, 0)
    pressed(ring, 2, 0)
    ring.on_ack(1, BOOT, wire.LEVEL_STORED, S)
    ring.on_ack(1, BOOT, wire.LEVEL_SHOWN, S)
    assert shown.look(CALL, S) == DARK  # the second is not even stored
    ring.on_ack(2, BOOT, wire.LEVEL_STORED, S)
    assert shown.look(CALL, S) == REGISTERED
    ring.on_ack(2, BOOT, wire.LEVEL_SHOWN, 2 * S)
    assert shown.look(CALL, 2 * S) == SEEN


def test_a_new_press_takes_registered_back_until_it_is_stored_too() -> None:
    ring = EventRing()
    shown = Lamps(ring)
    pressed(ring, 1, 0)
    ring.on_ack(1, BOOT, wire.LEVEL_STORED, S)
    pressed(ring, 2, 2 * S)
    assert shown.look(CALL, 2 * S) == DARK
    ring.on_ack(2, BOOT, wire.LEVEL_STORED, 3 * S)
    assert shown.look(CALL, 3 * S) == REGISTERED


def test_three_seconds_without_level_two_buzz_and_flash_even_where_the_host_says_off() -> None:
    ring = EventRing()
    shown = Lamps(ring)
    pressed(ring, 1, 0)
    assert shown.look(BUZZER, 3 * S - 1) == DARK
    for output in (CALL, BUZZER):
        assert shown.look(output, 3 * S) == NOT_DELIVERED
        shown.command(output, wire.OFF, 0, 3000, 3 * S)
        assert shown.look(output, 4 * S) == NOT_DELIVERED
    assert shown.look(wire.STATUS_LED, 4 * S) == DARK


def test_a_command_lasts_for_its_ttl_and_then_the_board_knows_best() -> None:
    ring = EventRing()
    shown = Lamps(ring)
    pressed(ring, 1, 0)
    ring.on_ack(1, BOOT, wire.LEVEL_STORED, 0)
    assert shown.command(CALL, wire.STEADY, 200, 3000, S) == wire.DONE
    assert shown.look(CALL, 4 * S - 1) == (wire.STEADY, 200, "host")
    assert shown.look(CALL, 4 * S) == REGISTERED
    assert shown.command(CALL, wire.OFF, 0, 3000, 4 * S) == wire.DONE
    assert shown.look(CALL, 5 * S) == DARK


def test_what_is_unknown_is_refused() -> None:
    shown = Lamps(EventRing())
    assert shown.command(4, wire.STEADY, 255, 3000, 0) == wire.UNKNOWN_OUTPUT
    assert shown.command(0, wire.STEADY, 255, 3000, 0) == wire.UNKNOWN_OUTPUT
    assert shown.command(CALL, 6, 255, 3000, 0) == wire.UNKNOWN_PATTERN
    assert shown.look(CALL, 0) == DARK


def test_patterns_blink_as_they_are_called() -> None:
    def lit(pattern: int) -> list[int]:
        return [ms for ms in range(0, 2000, 25) if lamps.share_of(pattern, ms * 1000)]

    assert lit(wire.OFF) == []
    assert lit(wire.STEADY) == list(range(0, 2000, 25))
    assert lit(wire.SLOW_BLINK) == [ms for ms in range(0, 2000, 25) if ms % 1000 < 500]
    assert lit(wire.FAST_BLINK)[:10] == [0, 25, 50, 75, 100, 250, 275, 300, 325, 350]
    assert lit(wire.DOUBLE_FLASH)[:8] == [0, 25, 50, 75, 200, 225, 250, 275]
    assert lamps.share_of(wire.SWELL, 1 * S) == 255
    assert lamps.share_of(wire.SWELL, 2 * S) == 0
    assert lamps.share_of(wire.SWELL, S // 2) == 127


def test_a_lamp_is_driven_no_stronger_than_its_level() -> None:
    shown = Lamps(EventRing())
    shown.command(CALL, wire.STEADY, 100, 3000, 0)
    assert shown.drive(CALL, 0) == 100
    assert shown.drive(wire.STATUS_LED, 0) == 0
