import itertools
import random
from typing import Final

import pytest

from contract.codes import ECG
from firmware_bridge.drivers.bitalino import DRIVERS, Bitalino1Decoder, Bitalino6Decoder, remainder_of
from firmware_bridge.drivers.driver import Decoder, Reading
from tests.simulators.devices.bitalino import Bitalino1, Bitalino6, framed

ONE = bytes.fromhex("C0 C7 51")  # number 5
SIX = bytes.fromhex("E0 37 A0 80 01 02 C8 A7")  # number 10


def one(number: int, ecg: int = 496) -> bytes:
    return framed(ecg, number=number)


def decode(decoder: Decoder, *frames: bytes) -> list[Reading]:
    return [*decoder.feed(b"".join(frames)), *decoder.finish()]


def numbered(first: int, count: int) -> list[bytes]:
    return [one(number, 400 + 3 * number) for number in range(first, first + count)]


def test_one_channel_is_the_ecg_in_millivolt_around_its_middle() -> None:
    reading = decode(Bitalino1Decoder(), ONE, one(6))[0]
    assert reading.samples == {"ecg": (496 - 512,)}
    assert reading.facts == {"i1": True, "i2": True, "o1": False, "o2": False}
    assert reading.conditions is None  # it does not say how the electrodes are
    [stream] = DRIVERS[0].streams
    assert (stream.mdc, stream.unit, stream.rate_mhz) == (ECG, "mV", 1_000_000)
    assert (496 - 512) * stream.scale == pytest.approx((496 / 1024 - 0.5) * 3300 / 1100)


def test_of_six_channels_the_second_is_the_ecg_and_the_others_are_facts() -> None:
    reading = decode(Bitalino6Decoder(), SIX, framed(1, 2, 3, 4, 5, 6, number=11))[0]
    assert reading.samples == {"ecg": (513 - 512,)}
    channels = {name: value for name, value in reading.facts.items() if name.startswith("a")}
    assert channels == {"a1": 512, "a3": 514, "a4": 515, "a5": 31, "a6": 32}


def test_a_pressed_button_and_outputs_are_facts() -> None:
    frames = [framed(496, number=number, ports=0b0101) for number in (5, 6)]
    assert decode(Bitalino1Decoder(), *frames)[0].facts == {"i1": False, "i2": True, "o1": False, "o2": True}


@pytest.mark.parametrize("frame", [ONE, SIX])
def test_the_checksum_finds_every_single_wrong_bit(frame: bytes) -> None:
    assert remainder_of(frame) == 0
    assert remainder_of(frame[:-1] + bytes((frame[-1] & 0xF0,))) == frame[-1] & 0x0F
    for bit in range(8 * len(frame)):
        wrong = int.from_bytes(frame, "big") ^ 1 << bit
        assert remainder_of(wrong.to_bytes(len(frame), "big")) != 0


def test_a_single_frame_at_the_beginning_is_not_believed_and_two_that_follow_each_other_are() -> None:
    assert decode(Bitalino1Decoder(), ONE) == []
    assert decode(Bitalino1Decoder(), ONE, one(7)) == []  # 6 is missing: it may be chance
    assert [reading.offset for reading in decode(Bitalino1Decoder(), ONE, one(6))] == [0, 3]


def test_a_bit_that_belongs_to_no_channel_makes_it_no_frame() -> None:
    spoilt = framed(496, 0, number=6)[5:]  # of more channels: their bits stand in the first byte
    padded = bytes((spoilt[0] | 0x01, *spoilt[1:-1], spoilt[-1] & 0xF0))
    padded = padded[:-1] + bytes((padded[-1] | remainder_of(padded),))
    assert remainder_of(padded) == 0
    readings = decode(Bitalino1Decoder(), one(4), one(5), padded, one(7), one(8))
    assert [reading.offset for reading in readings] == [0, 3, 9, 12]


def test_a_frame_is_told_when_the_next_two_are_there() -> None:
    decoder = Bitalino1Decoder()
    frames = numbered(0, 5)
    assert [len(decoder.feed(frame)) for frame in frames] == [0, 0, 1, 1, 1]
    assert decoder.pending_bytes == 6
    assert len(decoder.finish()) == 2


def test_damage_to_the_next_frame_never_costs_the_one_before() -> None:
    rng = random.Random(1)
    for _ in range(2000):
        frames = numbered(0, 10)
        frames[5] = rng.randbytes(3)
        offsets = {reading.offset for reading in decode(Bitalino1Decoder(), *frames)}
        assert offsets >= {0, 3, 6, 9, 12, 18, 21, 24, 27}, frames[5].hex()


def test_a_sound_frame_between_two_damaged_ones_counts_by_its_number() -> None:
    frames = numbered(0, 10)
    frames[4] = frames[6] = bytes(3)[:2] + b"\xff"
    readings = decode(Bitalino1Decoder(), *frames)
    assert [reading.offset // 3 for reading in readings] == [0, 1, 2, 3, 5, 7, 8, 9]
    assert [reading.lost for reading in readings] == [0, 0, 0, 0, 1, 1, 0, 0]


def test_a_sound_frame_with_a_number_that_fits_nothing_is_damage() -> None:
    frames = numbered(0, 10)
    frames[5] = one(12)
    readings = decode(Bitalino1Decoder(), *frames)
    assert [reading.offset // 3 for reading in readings] == [0, 1, 2, 3, 4, 6, 7, 8, 9]


@pytest.mark.parametrize("cut", [1, 2])
def test_of_a_frame_that_was_cut_short_and_the_next_the_next_is_read(cut: int) -> None:
    for ecg in range(1024):
        frames = numbered(0, 10)
        frames[5] = one(5, ecg)[:cut]
        readings = decode(Bitalino1Decoder(), *frames)
        assert [reading.offset for reading in readings][-4:] == [15 + cut + 3 * n for n in range(4)]
        assert sum(reading.lost for reading in readings) == 1


QUIET: Final = 468  # its first byte could be the last of a frame with number 5: 50 to 5C


def sound(ports: range, channel: range, last: range, first: range = range(0, 256, 4)) -> bytes:
    """Return a sound frame: the middle byte is of `ports` and the upper bits of the channel."""
    for low, high, port, end in itertools.product(first, channel, ports, last):
        if remainder_of(frame := bytes((low, port << 4 | high, end))) == 0:
            return frame
    raise AssertionError("there is none")


def offsets_of(*pieces: bytes) -> list[int]:
    return [reading.offset for reading in decode(Bitalino1Decoder(), *pieces)]


def test_a_cut_frame_whose_missing_byte_the_next_one_has_does_not_cost_that_while_the_signal_is_steady() -> (
    None
):
    run = [one(number, QUIET) for number in (6, 7, 8)]
    cut = sound(range(0xC, 0xD), range(16), range(run[0][0], run[0][0] + 1))[:2]
    assert offsets_of(*(one(number, QUIET) for number in range(5)), cut, *run)[-3:] == [17, 20, 23]


def test_an_accident_in_which_inputs_and_outputs_changed_does_not_cost_the_next_frame() -> None:
    run = [one(number, QUIET) for number in (6, 7, 8)]
    cut = sound(range(0x3, 0x4), range(16), range(run[0][0], run[0][0] + 1))[:2]
    before = [one(number, QUIET + 300) for number in range(5)]  # all have moved
    assert offsets_of(*before, cut, *run)[-3:] == [17, 20, 23]


def test_a_byte_lost_where_two_frames_meet_in_the_same_costs_neither() -> None:
    ecg = next(ecg for ecg in range(500, 600) if one(5, ecg)[2] & 0x03 == 0)
    last = one(5, ecg)[2]
    rest = sound(range(0xC, 0xD), range(2), range(0x60, 0x70), range(last, last + 1))[1:]
    frames = [one(number, ecg) for number in range(6)]
    readings = decode(Bitalino1Decoder(), *frames, rest, *(one(number, ecg) for number in (7, 8, 9)))
    assert [reading.offset for reading in readings] == [0, 3, 6, 9, 12, 15, 17, 20, 23, 26]
    assert readings[5].samples == {"ecg": (ecg - 512,)}
    assert [reading.lost for reading in readings] == [0] * 10


def test_a_frame_whose_next_is_sound_shares_no_byte() -> None:
    """Bytes 23 to 38 are two sound frames by chance, which go on with those behind the damage."""
    pieces = "73 48 9F 4C 03 82 C7 A7 73 C8 A1 4C FE 3D C7 B9 73 E8 E1 4C FB 6D C7 CE 73 18 DF 4C 02 C6 D3"
    pieces += "F3 B7 5E 4C FF FD C8 EC 73 18 DE 4C 00 FE C6 FE F3 B7 60 4C 00 7A C7 0F"
    readings = decode(Bitalino6Decoder(), bytes.fromhex(pieces))
    assert [(reading.offset, reading.size) for reading in readings][:3] == [(0, 8), (8, 8), (16, 7)]


def test_a_leap_of_the_numbers_without_damage_needs_a_run() -> None:
    """Of a frame that was cut short and the next, bytes 24 to 39 are two sound frames by chance."""
    pieces = "77 C8 20 50 01 76 C8 E2 F7 A7 1F 50 FF 35 C8 F8 37 A8 21 50 03 9E C8 09 F7 37 5E 50 FC"
    pieces += "77 C8 5E 50 FF 19 C8 28 77 08 60 50 03 1A C9 37 37 68 22 50 00 D6 C7 42"
    readings = decode(Bitalino6Decoder(), bytes.fromhex(pieces))
    assert [(reading.offset, reading.lost) for reading in readings[3:]] == [(29, 1), (37, 0), (45, 0)]


def test_after_damage_a_run_counts_more_than_a_single_frame_that_fits() -> None:
    run = [one(number, QUIET) for number in (6, 7, 8)]
    accident = sound(range(0xC, 0xD), range(16), range(run[0][0], run[0][0] + 1))
    before = [one(number, QUIET + 300) for number in range(5)]
    assert offsets_of(*before, b"\xff", accident[:2], *run)[-3:] == [18, 21, 24]


@pytest.mark.parametrize("gone", [1, 7, 15])
def test_frames_that_vanished_are_counted_by_their_numbers(gone: int) -> None:
    decoder = Bitalino1Decoder()
    readings = decode(decoder, *numbered(0, 5), *numbered(5 + gone, 5))
    assert [reading.lost for reading in readings] == [0] * 5 + [gone] + [0] * 4
    assert decoder.counts.lost_samples == {"ecg": gone}
    assert decoder.counts.damaged == 0


def test_more_than_fifteen_damaged_frames_are_counted_by_number_and_length() -> None:
    readings = decode(Bitalino1Decoder(), *numbered(0, 5), b"\xff" * 3 * 20, *numbered(25, 5))
    assert [reading.lost for reading in readings] == [0] * 5 + [20] + [0] * 4


def test_another_stream_begins_with_any_number() -> None:
    decoder = Bitalino1Decoder()
    decode(decoder, *numbered(0, 5))
    assert [reading.lost for reading in decode(decoder, *numbered(11, 5))] == [0] * 5


def test_noise_makes_a_frame_almost_never() -> None:
    decoder = Bitalino1Decoder()
    readings = decode(decoder, random.Random(2).randbytes(60_000))
    assert len(readings) < 20  # the checksum and the two bits alone: 60000 / 64


@pytest.mark.parametrize(
    ("driver", "simulator", "opening"),
    [(DRIVERS[0], Bitalino1, "FF C3 09"), (DRIVERS[1], Bitalino6, "FF 83 FD")],
    ids=["one", "six"],
)
def test_it_is_started_by_the_host_stopped_before_and_when_the_port_is_closed(
    driver: object, simulator: type[Bitalino1], opening: str
) -> None:
    [talk] = [one.talk for one in DRIVERS if one is driver]
    assert talk is not None
    assert talk.opening == bytes.fromhex(opening)
    assert (talk.closing, talk.keep_alive) == (b"\xff", b"")
    device = simulator(random.Random(1), now_s=0.0)
    assert device.advance(now_s=1.0) == []
    device.hear(talk.opening)
    first = device.advance(now_s=1.1)
    assert first[0][-1] >> 4 == 1
    device.hear(talk.opening)  # again, in the middle of it
    assert device.advance(now_s=1.2)[0][-1] >> 4 == 1
    device.hear(talk.closing)
    assert device.advance(now_s=2.0) == []


def test_the_version_that_it_tells_when_asked_is_passed_over() -> None:
    device = Bitalino1(random.Random(1), now_s=0.0)
    [answer] = device.hear(b"\x07")
    readings = decode(Bitalino1Decoder(), answer, *numbered(0, 5))
    assert [reading.offset for reading in readings] == [len(answer) + 3 * n for n in range(5)]
