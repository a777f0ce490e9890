import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.video.transport import rtcp
from edge.video.transport.ccfb import KEPT_MAX, Departures, Seen, parse_ccfb
from edge.video.transport.twcc import Arrival, FeedbackError

# Two streams: 0x22 from 65,535 on with four packets (the second is missing), 0x11 with one; the report at
# 10.5 s of NTP's middle. Ages of 1/1024 s: 512, 256 and 0; then one that is too old to tell.
REPORT = bytes.fromhex("00000022 FFFF 0004 8200 0000 8100 9FFE  00000011 0007 0001 8000 0000  000A8000")


def test_two_streams_are_read_with_their_times() -> None:
    assert parse_ccfb(REPORT) == [
        Seen(0x22, 65_535, 10_000_000),
        Seen(0x22, 0, None),
        Seen(0x22, 1, 10_250_000),
        Seen(0x11, 7, 10_500_000),
    ]


def test_a_mark_of_congestion_does_not_hide_an_arrival() -> None:
    assert parse_ccfb(bytes.fromhex("00000022 0005 0001 E000 0000 000A8000")) == [Seen(0x22, 5, 10_500_000)]


def test_a_report_without_streams_says_nothing() -> None:
    assert parse_ccfb(bytes.fromhex("000A8000")) == []


@pytest.mark.parametrize(
    "hexed",
    [
        "",
        "000A80",
        "00000022 0001 000A8000",  # a head that is cut
        "00000022 0001 0003 8000 8000 000A8000",  # fewer packets than it says
        "00000022 0001 FFFF 8000 8000 000A8000",
    ],
)
def test_what_is_cut_short_is_refused(hexed: str) -> None:
    with pytest.raises(FeedbackError):
        parse_ccfb(bytes.fromhex(hexed))


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with contextlib.suppress(FeedbackError):
        parse_ccfb(body)


def sent() -> Departures:
    departures = Departures()
    for number, (ssrc, sequence) in enumerate([(2, 65_535), (1, 7), (2, 0), (2, 1), (2, 2)]):
        departures.on_sent(ssrc, sequence, 65_534 + number & 0xFFFF)
    return departures


def test_packets_get_the_numbers_of_their_departure_in_its_order() -> None:
    seen = [Seen(2, 65_535, 100), Seen(2, 0, None), Seen(2, 1, 300), Seen(1, 7, 200), Seen(9, 9, 1)]
    assert sent().arrivals(seen) == [
        Arrival(65_534, 100),
        Arrival(65_535, 200),
        Arrival(0, None),
        Arrival(1, 300),
    ]


def test_what_is_missing_at_the_end_may_still_come_and_nothing_is_told_twice() -> None:
    departures = sent()
    assert departures.arrivals([Seen(2, 65_535, 100), Seen(2, 0, None)]) == [Arrival(65_534, 100)]
    assert departures.arrivals([Seen(2, 65_535, 100), Seen(2, 0, 150)]) == [Arrival(0, 150)]


def test_only_so_many_departures_are_kept() -> None:
    departures = Departures()
    for number in range(KEPT_MAX + 1):
        departures.on_sent(5, number, number)
    assert departures.arrivals([Seen(5, 0, 1), Seen(5, 1, 2)]) == [Arrival(1, 2)]


def test_the_frame_around_it_is_a_transport_feedback_of_format_11() -> None:
    (packet,) = rtcp.split_compound(rtcp.write_packet(rtcp.FEEDBACK_OF_TRANSPORT, 11, bytes(4) + REPORT))
    assert parse_ccfb(packet.body[4:])[0] == Seen(0x22, 65_535, 10_000_000)
