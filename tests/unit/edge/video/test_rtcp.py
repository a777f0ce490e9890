import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.video.transport.rtcp import (
    FEEDBACK_OF_PAYLOAD,
    FEEDBACK_OF_TRANSPORT,
    NACKED_MAX,
    RECEIVER_REPORT,
    SENDER_REPORT,
    Report,
    RtcpPacket,
    fill_sender_report,
    read_keyframe_request,
    read_nack,
    read_remb,
    read_reports,
    split_compound,
    write_packet,
)


def test_a_receiver_report_is_read() -> None:
    data = bytes.fromhex("81c90007 00000001 0a0b0c0d 40000005 00010203 00000007 11223344 00008000")
    (packet,) = split_compound(data)
    assert packet.kind == RECEIVER_REPORT
    assert read_reports(packet) == [
        Report(ssrc=0x0A0B0C0D, lost_share=0.25, last_report=0x11223344, since_report=0x8000)
    ]


def test_a_compound_is_split_up_to_what_cannot_be_read() -> None:
    good = write_packet(FEEDBACK_OF_PAYLOAD, 1, bytes(8))
    assert [packet.kind for packet in split_compound(good + good + b"\x00\xc9\x00\x00")] == [206, 206]
    assert list(split_compound(good[:-1])) == []


@pytest.mark.parametrize("size", range(5))
def test_padding_is_taken_off_again(size: int) -> None:
    body = bytes([0xAA] * size)
    data = write_packet(FEEDBACK_OF_TRANSPORT, 15, body)
    assert len(data) % 4 == 0
    assert next(split_compound(data)).body == body


def test_a_request_names_packets_by_number_and_mask() -> None:
    packet = RtcpPacket(FEEDBACK_OF_TRANSPORT, 1, bytes(8) + bytes.fromhex("fffe0005 00100000"))
    assert read_nack(packet) == [0xFFFE, 0xFFFF, 1, 0x10]


def test_a_request_for_everything_is_cut() -> None:
    packet = RtcpPacket(FEEDBACK_OF_TRANSPORT, 1, bytes(8) + bytes.fromhex("0000ffff") * 300)
    assert len(read_nack(packet)) == NACKED_MAX


def test_an_estimate_is_read() -> None:
    body = bytes(8) + b"REMB" + bytes.fromhex("01 0b 0d40 0a0b0c0d".replace(" ", ""))
    assert read_remb(RtcpPacket(FEEDBACK_OF_PAYLOAD, 15, body)) == (0x30D40 << 2)
    assert read_remb(RtcpPacket(FEEDBACK_OF_PAYLOAD, 15, body[:12])) is None
    assert read_remb(RtcpPacket(FEEDBACK_OF_PAYLOAD, 1, body)) is None


def test_both_ways_to_ask_for_a_keyframe_name_their_stream() -> None:
    body = bytes.fromhex("00000001 00000002 00000003 05000000")
    asks = [RtcpPacket(FEEDBACK_OF_PAYLOAD, count, body) for count in (1, 4, 15)]
    assert [read_keyframe_request(packet) for packet in asks] == [2, 3, None]
    assert read_keyframe_request(RtcpPacket(FEEDBACK_OF_PAYLOAD, 4, body[:8])) is None


def test_a_sender_report_gets_our_numbers_and_keeps_the_rest() -> None:
    data = write_packet(SENDER_REPORT, 0, bytes.fromhex("0a0b0c0d") + bytes(20)) + b"rest"
    filled = fill_sender_report(data, ntp=1 << 32, rtp_timestamp=1 << 32 | 5, packets=3, octets=9)
    assert filled[4:8] == data[4:8]
    assert filled[8:28].hex() == "0000000100000000000000050000000300000009"
    assert filled[28:] == b"rest"


@given(st.binary(max_size=80))
def test_no_bytes_of_the_other_side_raise(data: bytes) -> None:
    for packet in [*split_compound(data), RtcpPacket(SENDER_REPORT, 31, data), RtcpPacket(205, 1, data)]:
        read_reports(packet)
        read_nack(packet)
        read_remb(packet)
        read_keyframe_request(packet)
        assert packet.media_ssrc is None or len(packet.body) >= 8
