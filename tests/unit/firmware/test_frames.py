"""Frames of the firmware. Runs under CPython and under MicroPython: nothing imported but ours."""

from firmware_bridge.firmware import frames

# docs/board-link.md, "Worked frames"
EVENT = bytes.fromhex("07000000010100004E61BC000000000003000000EFBE")
EVENT_WIRE = bytes.fromhex(
    "00 04 11 20 29 06 EF BE 8F 62 BC 01 01 01 01 02 07 01 01 03 01 01 01 04 4E 61 BC 01 01 01 01 02"
    "03 01 01 07 EF BE 57 5C 04 39 00"
)
ACK = bytes.fromhex("07000000EFBE02")
ACK_WIRE = bytes.fromhex(
    "00 04 10 21 0C 03 EF BE 01 01 01 01 01 01 01 02 07 01 01 08 EF BE 02 CB 16 6F E4 00"
)


def test_the_worked_event_is_written_byte_for_byte() -> None:
    wire = frames.encode(0x20, EVENT, seq=0x29, boot_id=0xBEEF, t_us=12345999, flags=frames.RELIABLE)
    assert wire == EVENT_WIRE


def test_the_worked_acknowledgement_is_read_whatever_the_chunks() -> None:
    for size in (1, 2, 7, len(ACK_WIRE)):
        decoder, found = frames.FrameDecoder(), []
        for at in range(0, len(ACK_WIRE), size):
            found += decoder.feed(ACK_WIRE[at : at + size])
        assert found == [(0x21, ACK, 0xBEEF)]
        assert sum(decoder.damage) == 0


def test_runs_of_every_length_survive_stuffing() -> None:
    for size in (0, 1, 2, 253, 254, 255, 256):
        for packet in (b"\x01" * size, b"\0" * size, b"\x01" * size + b"\0", b"\0" + b"\xff" * size):
            stuffed = frames.stuff(packet)
            assert b"\0" not in stuffed
            assert frames.unstuff(stuffed) == packet


def test_each_damage_is_counted_by_its_cause_and_costs_that_frame_alone() -> None:
    wrong_crc = bytearray(ACK_WIRE)
    wrong_crc[-2] ^= 1
    other_major = (
        b"\0" + frames.stuff(b"\x20" + bytes(17)) + b"\0"
    )  # its checksum is wrong too: looked at first
    decoder = frames.FrameDecoder()
    found = []
    for damaged in (
        bytes(wrong_crc),
        b"\0\x09\x01\x01\0",
        b"\0\x03\x01\x01\0",
        b"\0" + b"\x01" * 300 + b"\0",
        other_major,
    ):
        found += decoder.feed(damaged + ACK_WIRE)
    assert found == [(0x21, ACK, 0xBEEF)] * 5
    assert decoder.damage[frames.BAD_CRC] == 2
    assert decoder.damage[frames.BAD_COBS] == 1
    assert decoder.damage[frames.TOO_SHORT] == 1
    assert decoder.damage[frames.TOO_LONG] == 1


def test_a_frame_of_another_major_is_not_acted_on() -> None:
    major_two = bytes.fromhex("20 05 00 00 EF BE 00 00 00 00 00 00 00 00 DE C0 00 00 AE D3 18 9D")
    decoder = frames.FrameDecoder()
    assert decoder.feed(b"\0" + frames.stuff(major_two) + b"\0") == []
    assert decoder.damage[frames.OTHER_MAJOR] == 1


def test_garbage_without_an_end_takes_no_room() -> None:
    decoder = frames.FrameDecoder()
    for _ in range(100):
        assert decoder.feed(b"\xff" * 100) == []
    assert len(decoder._pending) <= frames.MAX_STUFFED_BYTES
    assert decoder.feed(ACK_WIRE) == [(0x21, ACK, 0xBEEF)]
    assert decoder.damage[frames.TOO_LONG] == 1
