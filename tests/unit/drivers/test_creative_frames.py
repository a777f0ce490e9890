import pytest

from firmware_bridge.drivers.creative_frames import FRAME_LONGEST_BYTES, command, crc8, text
from firmware_bridge.drivers.creative_pc60 import CreativePc60Decoder
from firmware_bridge.drivers.driver import Reading
from firmware_bridge.errors import EncodeError
from tests.simulators.devices import creative

WAVE = bytes.fromhex("AA 55 0F 07 02 5A 57 D2 4C 45 A7")
NUMBERS = bytes.fromhex("AA 55 0F 08 01 5F 55 00 57 00 C0 DA")


def read(data: bytes, decoder: CreativePc60Decoder | None = None) -> list[Reading]:
    decoder = decoder or CreativePc60Decoder()
    return [*decoder.feed(data), *decoder.finish()]


@pytest.mark.parametrize(
    ("frame", "parts"),
    [
        ("AA 55 FF 02 01 CA", (0xFF, 0x01, b"")),
        ("AA 55 40 02 01 29", (0x40, 0x01, b"")),
        ("AA 55 40 02 02 CB", (0x40, 0x02, b"")),
        ("AA 55 F0 03 03 03 F6", (0xF0, 0x03, b"\3")),
        ("AA 55 0F 06 21 02 00 00 00 45", (0x0F, 0x21, b"\2\0\0\0")),
    ],
)
def test_frames_are_written_byte_for_byte(frame: str, parts: tuple[int, int, bytes]) -> None:
    assert command(*parts) == bytes.fromhex(frame) == creative.frame(*parts)
    assert crc8(bytes.fromhex(frame)) == 0


@pytest.mark.parametrize("parts", [(256, 0, b""), (0, -1, b""), (0, 0, bytes(FRAME_LONGEST_BYTES - 5))])
def test_a_frame_that_cannot_be_is_refused(parts: tuple[int, int, bytes]) -> None:
    with pytest.raises(EncodeError):
        command(*parts)


def test_the_longest_frame_is_read() -> None:
    frame = command(0xF0, 0x02, b"7" * (FRAME_LONGEST_BYTES - 6))
    assert [reading.size for reading in read(frame)] == [FRAME_LONGEST_BYTES]


def test_every_flipped_bit_is_seen_and_costs_that_frame_only() -> None:
    for bit in range(8 * len(WAVE)):
        damaged = bytearray(WAVE)
        damaged[bit // 8] ^= 1 << bit % 8
        decoder = CreativePc60Decoder()
        readings = read(NUMBERS + damaged + NUMBERS + NUMBERS, decoder)
        assert [reading.kind for reading in readings] == ["parameters"] * 3
        assert [reading.lost for reading in readings] == [0, 1, 0]
        assert decoder.counts.damaged == 1


def test_a_damaged_length_neither_waits_nor_swallows() -> None:
    decoder = CreativePc60Decoder()
    damaged = WAVE[:3] + b"\xff" + WAVE[4:]
    readings = decoder.feed(WAVE + damaged + NUMBERS)
    assert [reading.kind for reading in readings] == ["wave", "parameters"]
    longest = WAVE[:3] + bytes((FRAME_LONGEST_BYTES - 4,)) + WAVE[4:]
    readings = decoder.feed(longest + WAVE * 10)
    assert len(readings) == 10


def test_a_byte_lost_where_two_frames_meet_in_the_same_costs_neither() -> None:
    first = bytes.fromhex("AA 55 0F 07 02 38 35 33 30")
    first = next(
        whole for last in range(128) if (whole := command(0x0F, 2, first[5:] + bytes((last,))))[-1] == 0xAA
    )
    readings = read(first[:-1] + WAVE)
    assert [(reading.offset, reading.size) for reading in readings] == [(0, 10), (10, 11)]
    assert [reading.samples["pleth"] for reading in readings] == [tuple(first[5:-1]), (90, 87, 82, 76, 69)]


def test_of_two_sound_frames_that_overlap_the_later_counts() -> None:
    cut = next(
        cut
        for sample in range(256)
        if crc8((cut := bytes.fromhex("AA 55 0F 07 02 10 20") + bytes((sample,))) + WAVE[:3]) == 0
    )
    assert [reading.samples for reading in read(cut + WAVE)] == [{"pleth": (90, 87, 82, 76, 69)}]
    decoder = CreativePc60Decoder()
    assert decoder.feed(cut + WAVE[:4]) == []  # sound so far, but another may have begun within it
    assert len(decoder.feed(WAVE[4:])) == 1
    assert [reading.size for reading in read(cut + WAVE[:3])] == [len(WAVE)]  # no other came


def test_a_frame_that_ends_like_another_begins_is_read_when_the_next_comes() -> None:
    frame = next(frame for x in range(128) if (frame := command(0x0F, 0x02, bytes((x,) * 5)))[-1] == 0xAA)
    decoder = CreativePc60Decoder()
    assert decoder.feed(frame) == []
    assert [reading.size for reading in decoder.feed(WAVE)] == [len(frame), len(WAVE)]
    assert [reading.size for reading in read(frame)] == [len(frame)]


def test_heads_say_how_many_frames_were_lost_and_whose_samples() -> None:
    decoder = CreativePc60Decoder()
    bad_wave, bad_numbers = WAVE[:-1] + b"\0", NUMBERS[:-1] + b"\0"
    readings = read(WAVE + bad_wave + bad_numbers + bad_wave + WAVE, decoder)
    assert [reading.lost for reading in readings] == [0, 3]
    assert (decoder.counts.lost_frames, decoder.counts.lost_samples) == (3, {"pleth": 10})


def test_damage_without_a_head_is_counted_by_its_length() -> None:
    decoder = CreativePc60Decoder()
    read(WAVE + bytes(33) + WAVE + b"\0" + WAVE, decoder)
    assert (decoder.counts.lost_frames, decoder.counts.lost_samples) == (3, {"pleth": 15})
    assert (decoder.counts.damaged, decoder.counts.discarded_bytes) == (2, 34)


def test_damage_before_the_first_frame_is_no_loss() -> None:
    decoder = CreativePc60Decoder()
    assert [reading.lost for reading in read(WAVE[5:] + WAVE[:-1] + WAVE, decoder)] == [0]
    assert (decoder.counts.damaged, decoder.counts.lost_frames) == (0, 0)


def test_text_of_an_instrument_is_printable() -> None:
    assert text(b" PC-60FW\0\0") == "PC-60FW"
    assert text(b"\x1b[2J\xff") == "?[2J?"
