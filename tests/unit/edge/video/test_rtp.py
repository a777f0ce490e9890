import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.video.transport.rtp import (
    PAYLOAD_MAX_BYTES,
    PAYLOAD_MIN_BYTES,
    ExtensionIds,
    Stream,
    cut_vp8,
    read_transport_sequence,
    wrap_again,
    write_packet,
)

BOTH = ExtensionIds(transport_sequence=4, send_time=3)


def stream() -> Stream:
    return Stream(
        ssrc=0x01020304, payload_type=97, clock_hz=90_000, next_sequence=0xFFFF, timestamp_offset=0xFFFFFF00
    )


def test_a_packet_has_its_numbers_of_the_moment_it_leaves() -> None:
    data = write_packet(
        stream(), b"payload", timestamp=9, is_last=True, ids=BOTH, transport_sequence=0x10002, now_s=1.5
    )
    assert data.hex(" ") == (
        "90 e1 ff ff 00 00 00 09 01 02 03 04 be de 00 02 41 00 02 32 06 00 00 00 " + b"payload".hex(" ")
    )


def test_without_extensions_there_is_no_header_for_them() -> None:
    data = write_packet(
        stream(),
        b"p",
        timestamp=9,
        is_last=False,
        ids=ExtensionIds(None, None),
        transport_sequence=1,
        now_s=0.0,
    )
    assert data == bytes.fromhex("8061ffff0000000901020304") + b"p"
    assert read_transport_sequence(data, 4) is None


def test_a_stream_counts_and_its_numbers_come_round() -> None:
    media = stream()
    for _ in range(2):
        write_packet(media, b"abc", timestamp=0, is_last=True, ids=BOTH, transport_sequence=0, now_s=0.0)
    assert (media.next_sequence, media.packets, media.octets) == (1, 2, 6)
    assert media.timestamp_at(5.0) is None
    assert media.timestamp(0x200, now_s=5.0) == 0x100
    assert media.timestamp_at(6.5) == 0x100 + 135_000


@given(st.integers(0, 0xFFFF))
def test_what_was_written_is_read(sequence: int) -> None:
    data = write_packet(
        stream(), b"p", timestamp=9, is_last=True, ids=BOTH, transport_sequence=sequence, now_s=7.0
    )
    assert read_transport_sequence(data, 4) == (0x01020304, sequence)
    assert read_transport_sequence(data, 5) is None


@given(st.binary(max_size=40))
def test_no_bytes_of_the_other_side_raise(data: bytes) -> None:
    read_transport_sequence(data, 4)
    read_transport_sequence(b"\x90" + data, 4)


@pytest.mark.parametrize("packet_bytes", [0, 300, 500, 5_000])
def test_a_frame_is_cut_into_even_pieces_that_fit(packet_bytes: int) -> None:
    frame = bytes(range(256)) * 12
    payloads = cut_vp8(frame, picture_id=0x8123, packet_bytes=packet_bytes)
    assert b"".join(payload[4:] for payload in payloads) == frame
    assert [payload[:4].hex() for payload in payloads] == ["90808123"] + ["80808123"] * (len(payloads) - 1)
    sizes = [len(payload) for payload in payloads]
    assert max(sizes) <= min(PAYLOAD_MAX_BYTES, max(PAYLOAD_MIN_BYTES, packet_bytes))
    assert max(sizes) - min(sizes) <= len(sizes)


def test_a_repeat_begins_with_the_number_that_was_lost() -> None:
    assert wrap_again(b"payload", 0x1234) == b"\x12\x34payload"
