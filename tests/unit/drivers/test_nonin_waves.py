import random

import pytest

from contract.codes import Condition
from firmware_bridge.drivers.driver import Decoder, Reading
from firmware_bridge.drivers.nonin_waves import Format2Decoder, Format7Decoder
from tests.simulators.devices.nonin_waves import Nonin2, Nonin7, WavingNonin

GREEN, RED, YELLOW = 0x02, 0x04, 0x06


def frame2(status: int, told: int = 0, pleth: int = 80) -> bytes:
    body = bytes((0x01, 0x80 | status, pleth, told))
    return body + bytes((sum(body) & 0xFF,))


def packet(floats: dict[int, int], *, status: int = 0, timer: int = 0, count: int = 25) -> list[bytes]:
    """`floats` by place; the rest is zero."""
    told = {6: timer >> 7, 7: timer & 0x7F, 9: 127, **floats}
    return [frame2(status | (place == 1), told.get(place, 0)) for place in range(1, count + 1)]


def read(data: bytes, decoder: Decoder | None = None) -> list[Reading]:
    decoder = decoder or Format2Decoder()
    return [*decoder.feed(data), *decoder.finish()]


def values_of(readings: list[Reading]) -> list[tuple[str, int | None]]:
    return [pair for reading in readings for pair in reading.values.items()]


def test_format_2_gives_wave_beat_and_numbers() -> None:
    readings = read(bytes.fromhex("01 83 50 00 D4 01 80 52 48 1B 01 80 55 62 38"))
    assert [reading.samples for reading in readings] == [{"pleth": (80,)}, {"pleth": (82,)}, {"pleth": (85,)}]
    assert values_of(readings) == [("pulse", 72), ("spo2", 98)]
    assert readings[0].facts == {"beat": True}
    assert all(reading.conditions == frozenset() for reading in readings)


def test_the_published_pair_is_a_pulse_of_72() -> None:
    assert values_of(read(bytes.fromhex("01 81 01 00 83 01 80 01 48 CA"))) == [("pulse", 72)]


def test_format_7_gives_sixteen_bits_of_wave() -> None:
    [reading] = read(bytes.fromhex("83 50 12 00 E5"), Format7Decoder())
    assert reading.samples == {"pleth": (0x5012,)}


@pytest.mark.parametrize(("rate", "expected"), [(300, 300), (511, None), (0, None), (128, 128)])
def test_a_pulse_rate_has_nine_bits_and_511_is_none(rate: int, expected: int | None) -> None:
    readings = read(b"".join(packet({1: rate >> 7, 2: rate & 0x7F, 3: 127})))
    assert values_of(readings) == [("pulse", expected), ("spo2", None)]


@pytest.mark.parametrize("status", [0x40, 0x10, 0x08], ids=["disconnected", "out of track", "sensor alarm"])
def test_there_is_no_number_while_it_does_not_measure_whatever_it_still_tells(status: int) -> None:
    readings = read(b"".join(packet({1: 0, 2: 72, 3: 98}, status=status)))
    assert values_of(readings) == [("pulse", None), ("spo2", None)]


@pytest.mark.parametrize(
    ("status", "condition"),
    [
        (0x40, Condition.PROBE_FAULT),
        (0x20, Condition.ARTIFACT),
        (0x10, Condition.SEARCHING),
        (0x08, Condition.PROBE_OFF),
        (RED, Condition.WEAK_SIGNAL),
    ],
)
def test_status_says_what_is_the_matter(status: int, condition: Condition) -> None:
    [reading] = read(frame2(status))
    assert reading.conditions == frozenset({condition})


def test_low_perfusion_and_artifact_hold_from_one_beat_to_the_next() -> None:
    frames = [frame2(RED), frame2(0), frame2(GREEN), frame2(0x20), frame2(0), frame2(YELLOW)]
    found = [reading.conditions for reading in read(b"".join(frames))]
    weak, artifact = frozenset({Condition.WEAK_SIGNAL}), frozenset({Condition.ARTIFACT})
    assert found == [weak, weak, frozenset(), artifact, artifact, frozenset()]


def test_what_only_the_display_shows_is_held_and_told_as_no_number() -> None:
    whole = packet({1: 3, 2: 127, 3: 127, 9: 98, 21: 72}, status=0x08)
    readings = read(b"".join([*whole, *whole]))
    assert readings[24].conditions == frozenset({Condition.PROBE_OFF})
    assert readings[25].conditions == frozenset({Condition.PROBE_OFF, Condition.HELD})
    assert values_of(readings) == [("pulse", None), ("spo2", None)] * 2


def test_the_second_status_says_battery_and_quality_once_its_packet_is_whole() -> None:
    readings = read(b"".join([*packet({8: 0x21}), *packet({8: 0x21})]))
    assert readings[25].facts == {"smartpoint": True}
    assert [reading.conditions for reading in readings[24:26]] == [
        frozenset(),
        frozenset({Condition.BATTERY_LOW}),
    ]


def test_of_a_packet_that_is_not_whole_no_battery_is_told() -> None:
    frames = packet({8: 0x20, 9: 97}) + packet({})
    del frames[4]  # the display's 97 stands where the second status should
    assert all(not reading.conditions for reading in read(b"".join(frames)))


def test_a_packet_that_lost_its_sync_tells_no_number_and_neither_does_the_one_before() -> None:
    first, second = packet({1: 1, 2: 60, 3: 97}), packet({1: 0, 2: 72, 3: 98})
    damaged = bytearray(second[0])
    damaged[2] ^= 1
    readings = read(b"".join([*first, *first, bytes(damaged), *second[1:], *second]))
    assert values_of(readings) == [("pulse", 188), ("spo2", 97), ("pulse", 72), ("spo2", 98)]


@pytest.mark.parametrize("place", range(25))
def test_a_frame_that_vanished_whole_never_makes_a_number_of_its_neighbours(place: int) -> None:
    first, second = packet({1: 0, 2: 72, 3: 98, 4: 43}), packet({1: 0, 2: 75, 3: 97, 4: 43})
    readings = read(b"".join([*first, *second[:place], *second[place + 1 :], *first]))
    told = {"pulse": {72}, "spo2": {98}}
    assert all(value in told[name] for name, value in values_of(readings))
    assert len(values_of(readings)) == (2 if place == 0 else 4)  # without its end the first is unsure too


def test_numbers_are_told_once_the_next_packet_begins_where_it_should() -> None:
    decoder = Format2Decoder()
    whole = packet({1: 0, 2: 72, 3: 98})
    assert values_of(decoder.feed(b"".join(whole))) == []
    [*_, reading] = decoder.feed(b"".join(whole[:2]))
    assert reading.values == {"pulse": 72, "spo2": 98}


def test_a_packet_that_goes_on_beyond_its_end_tells_no_number() -> None:
    assert values_of(read(b"".join([*packet({1: 0, 2: 72, 3: 98}), frame2(0)]))) == []


def test_there_is_no_number_of_a_packet_when_the_finger_is_out_at_its_end() -> None:
    out = packet({1: 3, 2: 127, 3: 127}, status=0x18)
    readings = read(b"".join([*packet({1: 0, 2: 72, 3: 98}), *out]))
    assert values_of(readings) == [("pulse", None), ("spo2", None)] * 2


def test_a_sync_that_was_not_due_costs_the_packet_that_it_cuts_and_no_other() -> None:
    good = packet({1: 0, 2: 72, 3: 98})
    wrong = [*good[:9], frame2(0x01), *good[10:]]  # damage that the sum does not show
    assert values_of(read(b"".join([*good, *wrong, *good]))) == [("pulse", 72), ("spo2", 98)] * 2


@pytest.mark.parametrize(("drop", "expected"), [(range(30, 33), 3), (range(20, 70), 50), (range(25, 50), 25)])
def test_frames_that_vanish_whole_are_counted_by_the_timer(drop: range, expected: int) -> None:
    frames = [frame for timer in range(6) for frame in packet({}, timer=timer)]
    decoder = Format2Decoder()
    readings = read(b"".join(frame for at, frame in enumerate(frames) if at not in drop), decoder)
    assert sum(reading.lost for reading in readings) == expected
    assert decoder.counts.lost_samples == {"pleth": expected}
    assert decoder.counts.damaged == 0


def test_with_a_timer_that_stands_still_sync_counts() -> None:
    frames = packet({}) + packet({}, count=22) + packet({}) * 3
    assert sum(reading.lost for reading in read(b"".join(frames))) == 3


def test_a_timer_that_begins_anew_is_no_loss() -> None:
    frames = packet({}, timer=9000) + packet({}, timer=9001) + packet({}, timer=0) + packet({}, timer=1) * 2
    assert sum(reading.lost for reading in read(b"".join(frames))) == 0


def test_the_timer_goes_round() -> None:
    frames = packet({}, timer=0x3FFE) + packet({}, timer=0x3FFF) + packet({}, timer=1) + packet({}, timer=2)
    frames += packet({}, timer=3)
    assert sum(reading.lost for reading in read(b"".join(frames))) == 25  # the packet with timer 0


def test_the_rest_of_a_frame_and_the_beginning_of_the_next_are_no_frame() -> None:
    """`80 51`, cut short, and a frame behind it: the five bytes from `80 51` on have a good sum."""
    stream = bytes.fromhex("80 55 7B 00 50 80 51 80 4C 9D 00 69 80 48 D8 4B EB")
    readings = read(stream, Format7Decoder())
    assert [reading.offset for reading in readings] == [0, 7, 12]


@pytest.mark.parametrize(
    ("stream", "decoder"),
    [
        ("01 80 2D 00 AE 01 80 1E 62 01 80 1A 62 FD 01 82 15 62 FA 01 82 25 00 A8", Format2Decoder()),
        ("80 E0 C4 48 6C 80 E0 D8 48 80 DC 9E 00 FA 80 D9 13 00 6C 80 D4 53 00 A7", Format7Decoder()),
    ],
    ids=["2", "7"],
)
def test_a_byte_lost_where_two_frames_meet_in_the_same_costs_neither(stream: str, decoder: Decoder) -> None:
    readings = read(bytes.fromhex(stream), decoder)
    assert [(reading.offset, reading.size) for reading in readings] == [
        (0, 5),
        (5, 4),
        (9, 5),
        (14, 5),
        (19, 5),
    ]
    assert decoder.counts.lost_frames == 0


def test_what_is_left_of_a_damaged_frame_does_not_undo_the_one_before() -> None:
    """`86 FA 00 00 80` has a good sum and a sound frame behind it, but no frame has ended before it."""
    stream = bytes.fromhex("80 8E 17 00 25 80 88 27 48 77 80 86 FA 00 00 80 81 7D 19 00 17 80 79 C1 48 02")
    readings = read(stream, Format7Decoder())
    assert [reading.offset for reading in readings] == [0, 5, 10, 16, 21]


def test_a_sound_frame_beside_a_damaged_one_is_read() -> None:
    good, bad = frame2(0, 72), frame2(0, 72)[:-1] + b"\x00"
    decoder = Format2Decoder()
    readings = read(good + bad + good + bad + good + good, decoder)
    assert [reading.offset for reading in readings] == [0, 10, 20, 25]
    assert (decoder.counts.damaged, decoder.counts.lost_frames) == (2, 2)


def test_another_stream_begins_with_a_packet_of_its_own() -> None:
    decoder = Format2Decoder()
    read(b"".join(packet({1: 0, 2: 72, 3: 98})[:1]), decoder)
    assert values_of(read(b"".join(packet({1: 0, 2: 72, 3: 98})[1:]), decoder)) == []


@pytest.mark.parametrize(
    ("simulator", "decoder"), [(Nonin2, Format2Decoder()), (Nonin7, Format7Decoder())], ids=["2", "7"]
)
def test_numbers_are_those_of_the_instrument(simulator: type[WavingNonin], decoder: Decoder) -> None:
    device = simulator(random.Random(5), now_s=0.0)
    frames = [device.next_frame() for _ in range(500)]
    device.has_contact = False
    frames += [device.next_frame() for _ in range(500)]
    readings = read(b"".join(frames), decoder)
    for name in ("spo2", "pulse"):
        expected_numbers = list(device.sent[name])
        expected_numbers[19] = None  # the finger is out when its packet ends
        assert [reading.values[name] for reading in readings if name in reading.values] == expected_numbers
    expected = frozenset({Condition.PROBE_OFF, Condition.SEARCHING, Condition.HELD})
    assert readings[600].conditions == expected
