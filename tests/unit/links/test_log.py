"""Packets are told apart by their first bytes, and the log adds up."""

import struct

import pytest

from tests.simulators.links.bottleneck import Passage
from tests.simulators.links.log import Logged, line_of, queueing_delays_s, read_lines, utilisation
from tests.simulators.links.packets import Packet, flow_of, passes_wall, read_packet
from tests.simulators.links.rate import Rate

RTP = struct.pack("!BBHII", 0x80, 96, 7, 90_000, 0xABCD)


def ipv4(protocol: int, body: bytes) -> bytes:
    return bytes([0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol]) + bytes(10) + body


def udp(payload: bytes) -> bytes:
    return ipv4(17, struct.pack("!HHHH", 5_000, 6_000, 8 + len(payload), 0) + payload)


@pytest.mark.parametrize(
    ("data", "packet"),
    [
        (ipv4(6, struct.pack("!HH16x", 40_000, 443)), Packet("tcp", (40_000, 443))),
        (udp(bytes([0, 1]) + bytes(18)), Packet("stun", (5_000, 6_000))),
        (udp(bytes([22, 254, 253])), Packet("dtls", (5_000, 6_000))),
        (udp(RTP), Packet("rtp", (5_000, 6_000), 96, 0xABCD, 7, 90_000)),
        (udp(bytes([0x80, 200]) + bytes(26)), Packet("rtcp", (5_000, 6_000))),
        (udp(b""), Packet("udp", (5_000, 6_000))),
        (ipv4(1, bytes(8)), Packet("other")),
        (bytes([0x60]) + bytes(60), None),
        (b"", None),
    ],
)
def test_packets_are_told_apart(data: bytes, packet: Packet | None) -> None:
    assert read_packet(data) == packet


def test_a_flow_has_one_name_both_ways_and_another_port_is_another_flow() -> None:
    def tcp(source: tuple[int, int], target: tuple[int, int]) -> bytes:
        addresses = bytes([10, 77, 0, source[0], 10, 77, 0, target[0]])
        head = bytes([0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0]) + addresses
        return head + struct.pack("!HH16x", source[1], target[1])

    up, down = tcp((1, 40_000), (2, 8_883)), tcp((2, 8_883), (1, 40_000))
    assert flow_of(up, is_up=True) == flow_of(down, is_up=False)
    assert flow_of(up, is_up=True) != flow_of(tcp((1, 40_001), (2, 8_883)), is_up=True)
    assert flow_of(up, is_up=True) != flow_of(tcp((1, 40_000), (3, 8_883)), is_up=True)
    assert flow_of(up[:22], is_up=True) is None
    assert flow_of(ipv4(1, bytes(8)), is_up=True) is None
    assert flow_of(b"", is_up=True) is None


def test_through_a_wall_passes_only_tcp_of_its_port() -> None:
    assert passes_wall(Packet("tcp", (40_000, 443)), 443)
    assert passes_wall(Packet("tcp", (443, 40_000)), 443)
    assert not passes_wall(Packet("tcp", (40_000, 8883)), 443)
    assert not passes_wall(Packet("udp", (40_000, 443)), 443)


def test_a_log_is_read_as_it_was_written_and_a_torn_last_line_is_left() -> None:
    packet = Packet("rtp", (5_000, 6_000), 96, 0xABCD, 7, 90_000)
    lines = [
        line_of(
            "up", Passage(data=bytes(100), arrived_s=1.0, started_s=1.5, left_s=2.0, delivered_s=2.25), packet
        ),
        line_of("down", Passage(data=bytes(60), arrived_s=3.0, fate="full"), packet),
        "up,delivered,10",
    ]
    assert read_lines(lines) == [
        Logged("up", "delivered", 100, 1.0, 1.5, 2.0, 2.25, packet),
        Logged("down", "full", 60, 3.0, None, None, None, packet),
    ]


def test_utilisation_is_what_was_served_of_what_could_be() -> None:
    packet = Packet("udp")
    packets = [
        Logged("up", "delivered", 1_000, t, t, t + 0.5, t + 0.6, packet) for t in (10.0, 11.0, 12.0, 99.0)
    ]
    assert utilisation(
        packets, Rate(((0.0, 16_000.0),)), began_s=10.0, from_s=10.0, to_s=13.0
    ) == pytest.approx(0.5)


def test_only_who_got_through_the_queue_has_waited_in_it() -> None:
    packet = Packet("udp")
    packets = [
        Logged("up", "delivered", 1_000, 1.0, 1.25, 2.0, 2.0, packet),
        Logged("up", "full", 1_000, 1.0, None, None, None, packet),
    ]
    assert queueing_delays_s(packets) == [0.25]
