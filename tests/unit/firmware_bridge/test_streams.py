"""Sample indexes: extended, and every missing one told once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.board.stream_messages import Gap, GapReason, SampleFlag, Samples
from firmware_bridge.board.streams import StreamBook, StreamCounts, extend_index
from firmware_bridge.events import (
    LossReason,
    SampleBlock,
    SamplesLost,
    StreamDescription,
    StreamKind,
    StreamUnit,
)

ECG = StreamDescription(1, StreamKind.ECG, 131329, 250_000, 1, 24, 5.0, StreamUnit.MICROVOLT)


def book() -> StreamBook:
    return StreamBook(0xBEEF, (ECG,), counts=StreamCounts())


def block(first: int, count: int, **other: int) -> Samples:
    values = np.arange(first, first + count, dtype=np.int64).astype(np.int32).reshape(-1, 1) & 0xFFFF
    return Samples(1, other.get("flags", 0), first & 0xFFFFFFFF, 0, 4000, values, other.get("lead_off", 0))


def lost(first: int, count: int, reason: LossReason) -> SamplesLost:
    return SamplesLost(1, 0xBEEF, first, count, reason)


def test_the_first_block_of_a_boot_tells_of_no_loss() -> None:
    (told,) = book().on_samples(block(1000, 25), box_t_us=5)
    assert isinstance(told, SampleBlock)
    assert (told.first_index, told.box_t_us, told.lead_off_mask) == (1000, 5, None)


def test_a_hole_is_a_loss_on_the_wire_told_before_the_block() -> None:
    streams = book()
    streams.on_samples(block(0, 25), box_t_us=0)
    told = streams.on_samples(block(75, 25), box_t_us=0)
    assert told[0] == lost(25, 50, LossReason.ON_THE_WIRE)
    assert isinstance(told[1], SampleBlock)


def test_a_gap_message_explains_its_hole_and_nothing_is_told_twice() -> None:
    streams = book()
    streams.on_samples(block(0, 25), box_t_us=0)
    assert streams.on_gap(Gap(1, 25, 50, GapReason.TX_BUFFER)) == [lost(25, 50, LossReason.BOARD_BUFFER)]
    assert len(streams.on_samples(block(75, 25), box_t_us=0)) == 1


def test_a_gap_message_after_its_hole_was_seen_adds_nothing() -> None:
    streams = book()
    streams.on_samples(block(0, 25), box_t_us=0)
    streams.on_samples(block(75, 25), box_t_us=0)
    assert streams.on_gap(Gap(1, 25, 50, GapReason.TX_BUFFER)) == []


def test_a_gap_message_that_begins_late_leaves_the_part_before_it_to_the_wire() -> None:
    streams = book()
    streams.on_samples(block(0, 25), box_t_us=0)
    assert streams.on_gap(Gap(1, 50, 25, GapReason.FIFO_OVERFLOW)) == [
        lost(25, 25, LossReason.ON_THE_WIRE),
        lost(50, 25, LossReason.FIFO_OVERFLOW),
    ]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (3, LossReason.FRONT_END_RESET),
        (4, LossReason.NO_VALUE),
        (200, LossReason.OTHER),
    ],
)
def test_each_reason_has_its_word(code: int, reason: LossReason) -> None:
    assert book().on_gap(Gap(1, 0, 5, code)) == [lost(0, 5, reason)]


def test_an_absent_value_is_not_counted_as_lost() -> None:
    counts = StreamCounts()
    streams = StreamBook(1, (ECG,), counts=counts)
    streams.on_gap(Gap(1, 0, 5, GapReason.NO_VALUE))
    streams.on_gap(Gap(1, 5, 3, GapReason.TX_BUFFER))
    assert (counts.absent_samples, counts.lost_samples) == ({1: 5}, {1: 3})


def test_a_repeated_block_is_stale() -> None:
    counts = StreamCounts()
    streams = StreamBook(1, (ECG,), counts=counts)
    streams.on_samples(block(0, 25), box_t_us=0)
    assert streams.on_samples(block(0, 25), box_t_us=0) == []
    assert counts.stale_blocks == 1


def test_a_block_that_was_not_announced_is_foreign() -> None:
    counts = StreamCounts()
    streams = StreamBook(1, (ECG,), counts=counts)
    two_channels = Samples(1, 0, 0, 0, 4000, np.zeros((2, 2), np.int32))
    other_stream = Samples(9, 0, 0, 0, 4000, np.zeros((2, 1), np.int32))
    assert streams.on_samples(two_channels, box_t_us=0) == []
    assert streams.on_samples(other_stream, box_t_us=0) == []
    assert streams.on_gap(Gap(9, 0, 1, 1)) == []
    assert counts.foreign_blocks == 3


def test_the_flags_of_a_block_are_told() -> None:
    flags = SampleFlag.LEAD_OFF_VALID | SampleFlag.SETTLING | SampleFlag.CLIPPED
    (told,) = book().on_samples(block(0, 2, flags=flags, lead_off=3), box_t_us=0)
    assert isinstance(told, SampleBlock)
    assert (told.lead_off_mask, told.is_settling, told.is_clipped) == (3, True, True)


def test_the_index_goes_on_where_32_bits_end() -> None:
    streams = book()
    streams.on_samples(block((1 << 32) - 25, 25), box_t_us=0)
    (told,) = streams.on_samples(block(1 << 32, 25), box_t_us=0)
    assert isinstance(told, SampleBlock)
    assert told.first_index == 1 << 32


@given(st.integers(0, 1 << 40), st.integers(-(1 << 31) + 1, (1 << 31) - 1))
def test_an_extended_index_is_the_nearest_with_these_bits(expected: int, step: int) -> None:
    index = expected + step
    assert extend_index(index % (1 << 32), expected=expected) == index


@given(st.lists(st.tuples(st.sampled_from(["block", "gap", "drop", "drop-gap"]), st.integers(1, 40))))
def test_every_index_is_told_exactly_once_whatever_is_dropped(steps: list[tuple[str, int]]) -> None:
    streams = book()
    told = streams.on_samples(block(0, 1), box_t_us=0)
    index = 1
    for what, count in steps:
        if what == "block":
            told += streams.on_samples(block(index, count), box_t_us=0)
        elif what == "gap":
            told += streams.on_gap(Gap(1, index, count, GapReason.TX_BUFFER))
        index += count
    told += streams.on_samples(block(index, 1), box_t_us=0)
    covered = [
        n
        for event in told
        for n in range(
            event.first_index,
            event.first_index + (event.count if isinstance(event, SamplesLost) else len(event.samples)),
        )
    ]
    assert covered == list(range(index + 1))
