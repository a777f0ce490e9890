"""Streams and their backlog. Runs under CPython and under MicroPython: nothing imported but ours."""

import struct

from firmware_bridge.firmware import wire
from firmware_bridge.firmware.backlog import ITEM_BYTES, Backlog
from firmware_bridge.firmware.streams import Stream

BLOCK = 4
BLOCK_BYTES = 20 + 3 * BLOCK + ITEM_BYTES


def stream(stream_id: int = 1, *, rate_mhz: int = 250_000) -> Stream:
    return Stream(
        stream_id,
        kind=wire.KIND_ECG,
        mdc=131329,
        rate_mhz=rate_mhz,
        bits=18,
        scale=1.0,
        unit=wire.UNIT_MICROVOLT,
        block_samples=BLOCK,
    )


def told(backlog: Backlog) -> list[tuple]:  # type: ignore[type-arg]
    """Return what waits: ("samples", stream, first, values, flags, mask), ("gap", stream, first, n, why)."""
    found: list[tuple] = []  # type: ignore[type-arg]
    while (item := backlog.take()) is not None:
        message_type, payload, _ = item
        if message_type == wire.GAP:
            found.append(("gap",) + struct.unpack(wire.GAP_LAYOUT, payload))  # noqa: RUF005
            continue
        stream_id, flags, first, _, _, count, channels = struct.unpack(wire.SAMPLES_HEAD, payload[:18])
        assert channels == 1
        assert len(payload) == 20 + 3 * count
        values = [
            struct.unpack("<i", b"\0" + payload[at : at + 3])[0] >> 8 for at in range(18, 18 + 3 * count, 3)
        ]
        found.append(("samples", stream_id, first, values, flags, payload[-2]))
    return found


def test_nothing_counts_before_the_host_has_greeted() -> None:
    one, backlog = stream(), Backlog()
    one.add(5, 0)
    one.lose(3, wire.GAP_FIFO_OVERFLOW, 0)
    one.start(backlog)
    for value in range(BLOCK):
        one.add(value, 0)
    assert told(backlog) == [("samples", 1, 0, [0, 1, 2, 3], 0, 0)]


def test_samples_of_either_sign_are_24_bits_and_what_is_beyond_is_clipped() -> None:
    one, backlog = stream(), Backlog()
    one.start(backlog)
    for value in (-1, 8388607, -8388608, 100):
        one.add(value, 0)
    for value in (8388608, -9000000):
        one.add(value, 0)
    one.flush(0)
    assert told(backlog) == [
        ("samples", 1, 0, [-1, 8388607, -8388608, 100], 0, 0),
        ("samples", 1, 4, [8388607, -8388608], wire.FLAG_CLIPPED, 0),
    ]


def test_what_is_said_of_a_block_is_true_of_each_of_its_samples() -> None:
    one, backlog = stream(), Backlog()
    one.start(backlog)
    one.add(1, 0, flags=wire.FLAG_LEAD_OFF_VALID)
    one.add(2, 0, flags=wire.FLAG_LEAD_OFF_VALID, lead_off=2)
    one.add(3, 0, flags=wire.FLAG_LEAD_OFF_VALID, lead_off=2)
    one.flush(0)
    assert told(backlog) == [
        ("samples", 1, 0, [1], wire.FLAG_LEAD_OFF_VALID, 0),
        ("samples", 1, 1, [2, 3], wire.FLAG_LEAD_OFF_VALID, 2),
    ]


def test_a_block_says_when_its_first_sample_was_and_how_far_apart_they_are() -> None:
    one, backlog = stream(), Backlog()
    one.start(backlog)
    for k in range(BLOCK):
        one.add(k, 12_340_000 + 4000 * k)
    item = backlog.take()
    assert item is not None
    _, _, _, t_first_us, period_us, _, _ = struct.unpack(wire.SAMPLES_HEAD, item[1][:18])
    assert (t_first_us, period_us) == (12_340_000, 4000)
    slow, backlog = stream(rate_mhz=1000), Backlog()
    slow.start(backlog)
    for k in range(BLOCK):
        slow.add(k, k)
    item = backlog.take()
    assert item is not None
    assert struct.unpack(wire.SAMPLES_HEAD, item[1][:18])[4] == 0  # a second does not fit: HELLO has the rate


def test_what_is_missing_is_a_gap_after_what_came_before_and_indexes_go_on() -> None:
    one, backlog = stream(), Backlog()
    one.start(backlog)
    one.add(1, 0)
    one.lose(2, wire.GAP_FIFO_OVERFLOW, 0)
    one.lose(1, wire.GAP_NO_VALUE, 0)
    one.add(2, 0)
    one.flush(0)
    assert told(backlog) == [
        ("samples", 1, 0, [1], 0, 0),
        ("gap", 1, 1, 2, wire.GAP_FIFO_OVERFLOW),
        ("gap", 1, 3, 1, wire.GAP_NO_VALUE),
        ("samples", 1, 4, [2], 0, 0),
    ]


def test_a_stream_that_is_off_counts_on_and_says_so() -> None:
    one, backlog = stream(), Backlog()
    one.start(backlog)
    one.add(1, 0)
    one.turn(is_on=False, now_us=0)
    assert not one.is_streaming
    for value in range(3 * BLOCK):
        one.add(value, 0)
    one.lose(1, wire.GAP_NO_VALUE, 0)
    one.turn(is_on=True, now_us=0)
    one.add(9, 0)
    one.flush(0)
    assert told(backlog) == [
        ("samples", 1, 0, [1], 0, 0),
        ("gap", 1, 1, 3 * BLOCK + 1, wire.GAP_STREAM_OFF),
        ("samples", 1, 3 * BLOCK + 2, [9], 0, 0),
    ]


def test_the_oldest_samples_give_way_and_one_gap_stands_in_their_place() -> None:
    backlog = Backlog(3 * BLOCK_BYTES)
    one, two = stream(1), stream(2)
    for each in (one, two):
        each.start(backlog)
    for value in range(4 * BLOCK):
        one.add(value, 0)
        two.add(-value, 0)
    found = told(backlog)
    assert backlog.dropped_samples > 0
    for stream_id in (1, 2):
        mine = [item for item in found if item[1] == stream_id]
        assert mine[0][0] == "gap"
        assert mine[0][2] == 0
        assert mine[0][4] == wire.GAP_TX_BUFFER
        assert [item[0] for item in mine[1:]] == ["samples"] * (len(mine) - 1)
        assert mine[0][3] + sum(len(item[3]) for item in mine[1:]) == 4 * BLOCK
    assert sum(item[3] for item in found if item[0] == "gap") == backlog.dropped_samples


def test_gaps_that_nobody_takes_have_a_limit_too() -> None:
    backlog = Backlog(3 * BLOCK_BYTES)
    one = stream()
    one.start(backlog)
    for k in range(1000):
        one.lose(BLOCK, wire.GAP_NO_VALUE if k % 2 else wire.GAP_FIFO_OVERFLOW, 0)
    assert len(backlog) <= 3 * BLOCK_BYTES // ITEM_BYTES
    assert told(backlog)[-1] == ("gap", 1, 999 * BLOCK, BLOCK, wire.GAP_NO_VALUE)
