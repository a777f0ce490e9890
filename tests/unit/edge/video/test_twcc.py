from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.video.transport.rtcp import FEEDBACK_OF_TRANSPORT, split_compound
from edge.video.transport.twcc import (
    FORMAT,
    TICK_US,
    Arrival,
    ArrivalLog,
    FeedbackError,
    parse_feedback,
    write_feedback,
)


def parse(data: bytes) -> list[Arrival]:
    (packet,) = split_compound(data)
    assert (packet.kind, packet.count) == (FEEDBACK_OF_TRANSPORT, FORMAT)
    return parse_feedback(packet.body[8:])


def test_a_run_of_small_deltas_is_read() -> None:
    # base 5, three packets, reference 2 × 64 ms, feedback 1; run of 3 × small; 0, 1 and 4 × 250 µs
    body = bytes.fromhex("0005 0003 000002 01 2003 00 01 04")
    assert parse_feedback(body) == [Arrival(5, 128_000), Arrival(6, 128_250), Arrival(7, 129_250)]


def test_vectors_of_one_and_of_two_bits_are_read() -> None:
    # a vector of one bit: received, missing, received, then eleven missing; of two bits: large, small
    body = bytes.fromhex("fffe 0010 000000 00 a800 e400 04 08 fff8 01")
    arrivals = parse_feedback(body)
    assert arrivals[0] == Arrival(0xFFFE, 1_000)
    assert arrivals[1] == Arrival(0xFFFF, None)
    assert arrivals[2] == Arrival(0, 3_000)
    assert arrivals[3:14] == [Arrival(sequence, None) for sequence in range(1, 12)]
    assert arrivals[14:] == [Arrival(12, 1_000), Arrival(13, 1_250)]


def test_a_reference_time_before_zero_is_read() -> None:
    assert parse_feedback(bytes.fromhex("0000 0001 ffffff 00 2001 00")) == [Arrival(0, -64_000)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0000 0001 000000",  # cut short
        "0000 0000 000000 00",  # tells of nothing
        "0000 ffff 000000 00 3fff",  # tells of too much
        "0000 0002 000000 00 2002 00",  # one time is missing
        "0000 0002 000000 00 2001 00",  # one status is missing
        "0000 0001 000000 00 6001 00",  # reserved
        "0000 0001 000000 00 0000",  # a run of none
    ],
)
def test_what_is_no_feedback_is_refused(text: str) -> None:
    with pytest.raises(FeedbackError):
        parse_feedback(bytes.fromhex(text))


@given(st.binary(max_size=64))
def test_whatever_the_bytes_only_one_error_comes(body: bytes) -> None:
    with suppress(FeedbackError):
        parse_feedback(body)


@given(
    first=st.integers(0, 0xFFFF),
    steps_us=st.lists(st.one_of(st.none(), st.integers(-200_000, 2_000_000)), max_size=200),
    start_us=st.integers(0, 10**11),
)
def test_what_was_written_is_read_to_within_a_tick(
    first: int, steps_us: list[int | None], start_us: int
) -> None:
    arrivals_us, arrival_us = {first: start_us}, start_us
    for index, step_us in enumerate(steps_us, start=1):
        if step_us is not None:
            arrival_us += step_us
            arrivals_us[first + index] = arrival_us
    data = write_feedback(
        arrivals_us, first=first, last=first + len(steps_us), number=3, sender_ssrc=1, media_ssrc=2
    )
    assert len(data) % 4 == 0
    read = parse(data)
    assert [arrival.sequence for arrival in read] == [
        (first + index) & 0xFFFF for index in range(len(steps_us) + 1)
    ]
    wrap_us = (1 << 24) * 64_000
    for index, arrival in enumerate(read):
        told_us = arrivals_us.get(first + index)
        if told_us is None or arrival.arrival_us is None:
            assert told_us is arrival.arrival_us is None
        else:
            assert abs((arrival.arrival_us - told_us + wrap_us // 2) % wrap_us - wrap_us // 2) <= TICK_US


def test_the_feedback_of_a_steady_stream_is_short() -> None:
    data = write_feedback(
        {sequence: 20_000 * sequence for sequence in range(12)},
        first=0,
        last=11,
        number=0,
        sender_ssrc=1,
        media_ssrc=2,
    )
    assert len(data) <= 36


def test_no_feedback_is_due_before_a_packet_came() -> None:
    log = ArrivalLog()
    assert log.due_s is None
    assert log.take(sender_ssrc=1, media_ssrc=2) is None


def test_feedback_is_due_soon_on_a_good_link_and_seldom_on_a_narrow_one() -> None:
    good, middle, narrow = ArrivalLog(), ArrivalLog(), ArrivalLog()
    good.on_packet(1, now_s=10.0, own_bps=1_000_000)
    middle.on_packet(1, now_s=10.0, own_bps=120_000)
    narrow.on_packet(1, now_s=10.0, own_bps=20_000)
    assert good.due_s == pytest.approx(10.05)
    assert middle.due_s == pytest.approx(10.12)  # 90 bytes are a twentieth of what goes meanwhile
    assert narrow.due_s == pytest.approx(10.25)


def test_each_packet_is_told_once_and_a_late_one_beside_its_neighbours() -> None:
    log = ArrivalLog()
    for sequence in (0xFFFE, 0xFFFF, 1):
        log.on_packet(sequence, now_s=1.0, own_bps=1_000_000)
    told = parse(log.take(sender_ssrc=1, media_ssrc=2) or b"")
    assert [(a.sequence, a.arrival_us is None) for a in told] == [
        (0xFFFE, False),
        (0xFFFF, False),
        (0, True),
        (1, False),
    ]
    assert log.due_s is None
    log.on_packet(0, now_s=1.2, own_bps=1_000_000)
    log.on_packet(0, now_s=1.3, own_bps=1_000_000)  # doubled on the way
    told = parse(log.take(sender_ssrc=1, media_ssrc=2) or b"")
    assert [(a.sequence, a.arrival_us) for a in told] == [(0, 1_200_000), (1, 1_000_000)]


def test_a_hole_between_two_feedbacks_is_told_with_the_second() -> None:
    log = ArrivalLog()
    log.on_packet(7, now_s=1.0, own_bps=1_000_000)
    assert log.take(sender_ssrc=1, media_ssrc=2)
    log.on_packet(10, now_s=1.2, own_bps=1_000_000)
    told = parse(log.take(sender_ssrc=1, media_ssrc=2) or b"")
    assert [(a.sequence, a.arrival_us) for a in told] == [(8, None), (9, None), (10, 1_200_000)]


def test_a_flood_with_holes_is_told_of_only_as_far_as_is_kept() -> None:
    log = ArrivalLog()
    for sequence in range(0, 60_000, 1_000):
        log.on_packet(sequence, now_s=1.0, own_bps=1_000_000)
    told = parse(log.take(sender_ssrc=1, media_ssrc=2) or b"")
    assert len(told) <= ArrivalLog.KEPT
