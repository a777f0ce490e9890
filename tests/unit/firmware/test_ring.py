"""The ring of events. Runs under CPython and under MicroPython: nothing imported but ours."""

import struct

from firmware_bridge.firmware import wire
from firmware_bridge.firmware.ring import DEPTH, KEPT_MAX_BYTES, EventRing

BOOT, NEXT_BOOT = 0xBEEF, 0x0107
S = 1_000_000


def put(
    ring: EventRing, count: int, *, kind: int = wire.KIND_PRESS, boot_id: int = BOOT, now_us: int = 0
) -> None:
    ring.put_event(
        wire.SOURCE_CALL_BUTTON,
        kind,
        boot_id=boot_id,
        t_edge_us=now_us,
        press_count=count,
        bounce=1,
        now_us=now_us,
    )


def take_all(ring: EventRing, now_us: int, message_type: int = wire.EVENT) -> list[bytes]:
    found = []
    while (entry := ring.take_due(message_type, now_us)) is not None:
        found.append(entry.payload)
    return found


def counts(payloads: list[bytes]) -> list[int]:
    return [struct.unpack(wire.EVENT_LAYOUT, payload)[5] for payload in payloads]


def test_an_event_is_sent_at_once_five_times_quickly_and_then_each_second() -> None:
    ring = EventRing()
    put(ring, 1)
    sent_ms = [ms for ms in range(0, 5000, 10) if ring.take_due(wire.EVENT, ms * 1000) is not None]
    assert sent_ms == [0, 100, 200, 300, 400, 500, 1500, 2500, 3500, 4500]


def test_an_event_is_resent_until_level_two_and_no_further() -> None:
    ring = EventRing()
    put(ring, 1)
    assert counts(take_all(ring, 0)) == [1]
    ring.on_ack(1, BOOT, wire.LEVEL_RECEIVED, 50_000)
    assert counts(take_all(ring, 100_000)) == [1]
    ring.on_ack(1, NEXT_BOOT, wire.LEVEL_STORED, 110_000)  # of another boot: not this one
    ring.on_ack(2, BOOT, wire.LEVEL_STORED, 110_000)
    assert counts(take_all(ring, 200_000)) == [1]
    ring.on_ack(1, BOOT, wire.LEVEL_STORED, 210_000)
    assert take_all(ring, 100 * S) == []
    assert len(ring) == 0


def test_a_warm_reset_keeps_events_with_their_boot_and_numbers_go_on() -> None:
    ring = EventRing()
    put(ring, 1, now_us=7 * S)
    put(ring, 1, kind=wire.KIND_RELEASE, now_us=8 * S)
    after = EventRing(ring.kept(BOOT))
    put(after, 1, boot_id=NEXT_BOOT, now_us=1)
    told = [struct.unpack(wire.EVENT_LAYOUT, payload) for payload in take_all(after, 1)]
    assert [(one[0], one[2], one[4], one[6]) for one in told] == [
        (1, wire.KIND_PRESS, 7 * S, BOOT),
        (2, wire.KIND_RELEASE, 8 * S, BOOT),
        (3, wire.KIND_PRESS, 1, NEXT_BOOT),
    ]
    after.on_ack(1, BOOT, wire.LEVEL_STORED, 2)
    assert len(after) == 2


def test_a_ring_knows_the_boots_whose_names_are_taken() -> None:
    ring = EventRing()
    put(ring, 1)
    once = EventRing(ring.kept(BOOT))
    twice = EventRing(once.kept(NEXT_BOOT))
    assert sorted(set(twice.boot_ids)) == [NEXT_BOOT, BOOT]


def test_memory_that_was_damaged_is_empty_and_not_believed() -> None:
    ring = EventRing()
    put(ring, 1)
    kept = ring.kept(BOOT)
    for at in range(len(kept)):
        damaged = bytearray(kept)
        damaged[at] ^= 0x40
        assert len(EventRing(bytes(damaged))) == 0
    for size in range(len(kept)):
        assert len(EventRing(kept[:size])) == 0
    assert len(EventRing(kept + bytes(200))) == 1  # RAM is longer than what is in it
    assert len(EventRing(b"\xff" * KEPT_MAX_BYTES)) == 0


def test_a_full_ring_gives_up_what_is_no_press_first_and_then_what_heartbeats_repeat() -> None:
    old = EventRing()
    put(old, 5)
    ring = EventRing(old.kept(BOOT))
    for count in range(1, DEPTH):
        put(ring, count, boot_id=NEXT_BOOT)
        put(ring, count, boot_id=NEXT_BOOT, kind=wire.KIND_RELEASE)
    assert len(ring) == DEPTH
    put(ring, DEPTH, boot_id=NEXT_BOOT)
    put(ring, DEPTH + 1, boot_id=NEXT_BOOT)
    assert counts(take_all(ring, 0)) == [5] + list(range(3, DEPTH + 2))  # noqa: RUF005 - MicroPython cannot
    assert ring.overflow_count > 0
    assert len(ring.kept(NEXT_BOOT)) == KEPT_MAX_BYTES


def test_a_lead_state_replaces_the_one_that_waits_and_does_not_outlive_a_reset() -> None:
    ring = EventRing()
    ring.put_lead_state(1, 3, wire.PROBE_ON, boot_id=BOOT, now_us=0)
    ring.put_lead_state(2, 0, wire.PROBE_OFF, boot_id=BOOT, now_us=0)
    ring.put_lead_state(1, 0, wire.PROBE_ON, boot_id=BOOT, now_us=0)
    assert take_all(ring, 0, wire.LEAD_STATE) == [
        struct.pack(wire.LEAD_STATE_LAYOUT, 2, 0, wire.PROBE_OFF, 2),
        struct.pack(wire.LEAD_STATE_LAYOUT, 1, 0, wire.PROBE_ON, 3),
    ]
    assert len(EventRing(ring.kept(BOOT))) == 0


def test_a_press_that_nobody_stored_for_three_seconds_is_undelivered() -> None:
    ring = EventRing()
    put(ring, 1, now_us=S)
    put(ring, 1, now_us=S, kind=wire.KIND_RELEASE)
    assert not ring.is_undelivered(4 * S - 1)
    assert ring.is_undelivered(4 * S)
    ring.on_ack(1, BOOT, wire.LEVEL_RECEIVED, 4 * S)
    assert ring.is_undelivered(4 * S)
    ring.on_ack(1, BOOT, wire.LEVEL_STORED, 5 * S)
    assert not ring.is_undelivered(100 * S)


def test_every_change_that_a_reset_must_not_undo_is_told() -> None:
    ring = EventRing()
    before = ring.change_count
    put(ring, 1)
    assert ring.change_count > before
    before = ring.change_count
    take_all(ring, 0)
    ring.on_ack(1, BOOT, wire.LEVEL_RECEIVED, 0)
    assert ring.change_count == before
    ring.on_ack(1, BOOT, wire.LEVEL_STORED, 0)
    assert ring.change_count > before
