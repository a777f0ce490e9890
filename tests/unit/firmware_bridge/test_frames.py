"""Frames against the worked examples, and against a line that damages them."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.errors import EncodeError
from firmware_bridge.frames import (
    MAX_PAYLOAD_BYTES,
    MAX_STUFFED_BYTES,
    Damage,
    Frame,
    FrameDecoder,
    encode,
    encode_packet,
    parse_packet,
)
from tests.unit.firmware_bridge.worked_frames import FRAMES, NAMES, PAGE, read_page

WORKED = read_page(PAGE.read_text(encoding="utf-8"))
frames_of_any_kind = st.builds(
    Frame,
    message_type=st.integers(0, 255),
    payload=st.binary(max_size=MAX_PAYLOAD_BYTES),
    seq=st.integers(0, 0xFFFF),
    boot_id=st.integers(0, 0xFFFF),
    t_us=st.integers(0, (1 << 64) - 1),
    is_reliable=st.booleans(),
    is_retransmission=st.booleans(),
)


def test_the_page_shows_every_message_that_is_spoken() -> None:
    assert set(WORKED) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_worked_frame_is_written_byte_for_byte(name: str) -> None:
    packet, wire = WORKED[name]
    assert encode_packet(FRAMES[name]) == packet
    assert encode(FRAMES[name]) == wire


@pytest.mark.parametrize("name", NAMES)
def test_a_worked_frame_is_read_back(name: str) -> None:
    _, wire = WORKED[name]
    assert FrameDecoder().feed(wire) == [FRAMES[name]]


@given(frames_of_any_kind)
def test_what_was_encoded_is_decoded(frame: Frame) -> None:
    assert FrameDecoder().feed(encode(frame)) == [frame]


@given(st.lists(st.one_of(st.binary(max_size=600), frames_of_any_kind.map(encode))))
def test_chunk_boundaries_change_nothing_and_memory_is_bounded(chunks: list[bytes]) -> None:
    split, whole = FrameDecoder(), FrameDecoder()
    found = []
    for chunk in chunks:
        found += split.feed(chunk)
        assert split.pending_bytes <= MAX_STUFFED_BYTES
    assert found == whole.feed(b"".join(chunks))
    assert (split.damage, split.frame_count) == (whole.damage, whole.frame_count)


@given(st.lists(frames_of_any_kind, min_size=3, max_size=3), st.data())
def test_one_damaged_byte_costs_at_most_its_frame(sent: list[Frame], data: st.DataObject) -> None:
    wires = [encode(frame) for frame in sent]
    at = data.draw(st.integers(0, len(wires[1]) - 1))
    flip = data.draw(st.integers(1, 255))
    wires[1] = wires[1][:at] + bytes([wires[1][at] ^ flip]) + wires[1][at + 1 :]
    decoder = FrameDecoder()
    found = decoder.feed(b"".join(wires))
    assert found in ([sent[0], sent[2]], sent)  # a lost delimiter is made good by the next frame's
    assert decoder.damage.total() <= 2  # a zero inside a frame makes two pieces of it


@given(st.binary(max_size=2000), frames_of_any_kind)
def test_a_frame_after_garbage_is_read(garbage: bytes, frame: Frame) -> None:
    assert FrameDecoder().feed(garbage + encode(frame))[-1] == frame


@pytest.mark.parametrize(
    ("wire", "cause"),
    [
        (b"\x00" + b"\x01" * (MAX_STUFFED_BYTES + 1) + b"\x00", Damage.TOO_LONG),
        (b"\x00\x05\x11\x00", Damage.BAD_COBS),
        (b"\x00\x03\x11\x22\x00", Damage.TOO_SHORT),
        (encode(FRAMES["EVENT"]).replace(b"\x57\x5c", b"\x57\x5d"), Damage.BAD_CRC),
    ],
)
def test_each_cause_of_damage_has_its_own_count(wire: bytes, cause: Damage) -> None:
    decoder = FrameDecoder()
    assert decoder.feed(wire) == []
    assert decoder.damage == {cause: 1}


def test_another_major_version_is_refused_as_such() -> None:
    body = b"\x20" + encode_packet(FRAMES["EVENT"])[1:-4]
    assert parse_packet(body + zlib.crc32(body).to_bytes(4, "little")) is Damage.OTHER_MAJOR


def test_a_packet_longer_than_allowed_is_refused_even_when_it_is_stuffed_shorter() -> None:
    assert parse_packet(bytes(257)) is Damage.TOO_LONG


def test_a_reopened_port_does_not_join_old_bytes_to_new_ones() -> None:
    decoder = FrameDecoder()
    wire = encode(FRAMES["EVENT"])
    decoder.feed(wire[:20])
    decoder.restart()
    assert decoder.feed(wire) == [FRAMES["EVENT"]]
    assert not decoder.damage


@pytest.mark.parametrize(
    "frame",
    [
        Frame(1, bytes(MAX_PAYLOAD_BYTES + 1)),
        Frame(256, b""),
        Frame(1, b"", seq=1 << 16),
        Frame(1, b"", boot_id=-1),
        Frame(1, b"", t_us=1 << 64),
    ],
)
def test_a_frame_of_ours_that_does_not_fit_is_refused_at_once(frame: Frame) -> None:
    with pytest.raises(EncodeError):
        encode(frame)
