"""What the kernel says of a TCP connection is read from its bytes."""

import struct

from edge.uplink.tcp_state import TCP_INFO_BYTES, TcpState, loss_permille, parse_tcp_info


def tcp_info(**fields: int) -> bytes:
    places = {
        "unacked": ("=I", 24),
        "sacked": ("=I", 28),
        "last_data_recv_ms": ("=I", 52),
        "last_ack_recv_ms": ("=I", 56),
        "rtt_us": ("=I", 68),
        "total_retrans": ("=I", 100),
        "bytes_acked": ("=Q", 120),
        "min_rtt_us": ("=I", 148),
        "bytes_sent": ("=Q", 200),
        "bytes_retrans": ("=Q", 208),
        "rcv_ooopack": ("=I", 224),
    }
    raw = bytearray(TCP_INFO_BYTES + 12)  # newer kernels say more
    for name, value in fields.items():
        form, at = places[name]
        struct.pack_into(form, raw, at, value)
    return bytes(raw)


def test_an_idle_connection_has_no_queue_and_no_holes() -> None:
    assert parse_tcp_info(tcp_info(rtt_us=600_000, min_rtt_us=600_000)) == TcpState(
        0, 0, 0.0, 0.0, heard_s=0.0
    )


def test_what_arrived_behind_a_hole_is_a_share_of_what_is_on_the_way() -> None:
    raw = tcp_info(unacked=8, sacked=6, bytes_sent=50_000, bytes_retrans=2_000, bytes_acked=40_000)
    assert parse_tcp_info(raw).beyond_hole_bytes == 6_000


def test_holes_of_both_ways_are_counted_and_the_queue_is_above_the_least_round_trip() -> None:
    raw = tcp_info(total_retrans=3, rcv_ooopack=2, rtt_us=950_000, min_rtt_us=600_000)
    assert parse_tcp_info(raw) == TcpState(5, 0, 0.35, silent_s=0.0, heard_s=0.0)


def test_how_long_the_other_end_is_silent_is_read() -> None:
    assert parse_tcp_info(tcp_info(last_data_recv_ms=1_500)).silent_s == 1.5


def test_what_waits_for_an_acknowledgement_and_when_the_other_end_was_last_heard_are_read() -> None:
    tcp = parse_tcp_info(tcp_info(unacked=2, last_data_recv_ms=9_000, last_ack_recv_ms=4_500))
    assert (tcp.on_the_way, tcp.heard_s, tcp.silent_s) == (2, 4.5, 9.0)


def test_a_connection_without_a_round_trip_yet_has_no_queue() -> None:
    assert parse_tcp_info(tcp_info(min_rtt_us=2**32 - 1)).queue_s == 0.0


def test_a_kernel_that_says_too_little_is_taken_to_say_nothing() -> None:
    assert parse_tcp_info(bytes(192)) == TcpState()


def test_the_loss_is_the_share_of_bytes_sent_again() -> None:
    assert loss_permille(TcpState()) is None
    assert loss_permille(TcpState(sent_bytes=10_000, resent_bytes=125)) == 12
    assert loss_permille(TcpState(sent_bytes=1, resent_bytes=5)) == 1000
