import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.video.media import VOICE_HZ, VoicePacket
from edge.video.voice.jitter_buffer import (
    BUFFERED_MAX_S,
    STEP,
    TARGET_MAX_S,
    TARGET_MIN_S,
    JitterBuffer,
    Kind,
    Playout,
    opus_samples,
)

SILK_20_MS, SILK_60_MS = 1 << 3, 3 << 3  # table-of-contents bytes of one frame (RFC 6716, 3.1)


def packet(number: int, *, at_s: float, frame_ms: int = 20, time: int | None = None) -> VoicePacket:
    """Packet `number` of a stream without silences; its number can be read from its payload."""
    toc = {20: SILK_20_MS, 60: SILK_60_MS}[frame_ms]
    timestamp = number * frame_ms * 48 if time is None else time
    return VoicePacket(number % 2**16, timestamp % 2**32, bytes([toc]) + number.to_bytes(4, "big"), at_s)


def silence_from(number: int, *, at_s: float) -> VoicePacket:
    return VoicePacket(number, number * 960, bytes([SILK_20_MS]), at_s)


def number_of(playout: Playout) -> int:
    return int.from_bytes(playout.payload[1:], "big")


def play(buffer: JitterBuffer, *, from_s: float, until_s: float) -> list[Playout]:
    """Pull as a loudspeaker does: the next piece when the one before has sounded."""
    played: list[Playout] = []
    now_s = from_s
    while now_s < until_s - 1e-9:
        played.append(buffer.pull(now_s))
        now_s += played[-1].samples / VOICE_HZ
    return played


def numbers(played: list[Playout]) -> list[int]:
    return [number_of(playout) for playout in played if playout.kind is Kind.PACKET]


def kinds(played: list[Playout]) -> list[Kind]:
    return [playout.kind for playout in played]


def test_it_rests_before_the_first_packet() -> None:
    assert JitterBuffer().pull(5.0) == Playout(Kind.REST, STEP)


def test_the_first_packet_waits_forty_milliseconds() -> None:
    buffer = JitterBuffer()
    buffer.push(packet(0, at_s=10.0))
    assert kinds(play(buffer, from_s=10.0, until_s=10.04)) == [Kind.REST] * 4
    assert buffer.pull(10.04).kind is Kind.PACKET


def test_packets_out_of_order_are_played_in_order() -> None:
    buffer = JitterBuffer()
    for number, at_s in ((0, 1.0), (2, 1.04), (1, 1.041), (3, 1.06)):
        buffer.push(packet(number, at_s=at_s))
    assert numbers(play(buffer, from_s=1.061, until_s=1.14)) == [0, 1, 2, 3]


def test_one_lost_packet_is_read_from_the_next() -> None:
    buffer = JitterBuffer()
    for number in (0, 2):
        buffer.push(packet(number, at_s=1.0 + number * 0.02))
    first, second, third = play(buffer, from_s=1.04, until_s=1.1)
    assert (number_of(first), second.kind, number_of(second), second.samples) == (0, Kind.FEC, 2, 960)
    assert (third.kind, number_of(third)) == (Kind.PACKET, 2)
    assert (buffer.repaired_count, buffer.concealed_samples) == (1, 0)


def test_of_three_lost_packets_two_are_concealed_and_one_is_read_from_the_next() -> None:
    buffer = JitterBuffer()
    for number in (0, 4):
        buffer.push(packet(number, at_s=1.0))
    played = play(buffer, from_s=1.04, until_s=1.14)
    assert kinds(played) == [Kind.PACKET, *[Kind.CONCEAL] * 4, Kind.FEC, Kind.PACKET]
    assert buffer.concealed_samples == 2 * 960


def test_a_late_packet_is_played_after_a_concealed_pause_and_no_word_is_cut() -> None:
    buffer = JitterBuffer()
    buffer.push(packet(0, at_s=1.0))
    assert kinds(play(buffer, from_s=1.04, until_s=1.1)) == [Kind.PACKET, *[Kind.CONCEAL] * 4]
    buffer.push(packet(1, at_s=1.1))
    late = buffer.pull(1.1)
    assert (late.kind, number_of(late), late.is_hurried) == (Kind.PACKET, 1, False)
    assert buffer.late_count == 0


def test_what_was_concealed_while_waiting_stands_for_the_packet_that_was_lost() -> None:
    buffer = JitterBuffer()
    buffer.push(packet(0, at_s=1.0))
    assert kinds(play(buffer, from_s=1.04, until_s=1.08)) == [Kind.PACKET, Kind.CONCEAL, Kind.CONCEAL]
    buffer.push(packet(2, at_s=1.079))
    following = buffer.pull(1.08)
    assert (following.kind, number_of(following)) == (Kind.PACKET, 2)


def test_a_packet_whose_place_is_past_is_counted_late() -> None:
    buffer = JitterBuffer()
    for number in (0, 2):
        buffer.push(packet(number, at_s=1.0))
    play(buffer, from_s=1.04, until_s=1.1)
    buffer.push(packet(1, at_s=1.11))
    assert buffer.late_count == 1
    assert buffer.buffered_s == 0.0


def test_a_doubled_packet_is_discarded() -> None:
    buffer = JitterBuffer()
    buffer.push(packet(0, at_s=1.0))
    buffer.push(packet(0, at_s=1.001))
    assert (buffer.discarded_count, buffer.buffered_s) == (1, 0.02)


def test_a_silence_that_the_other_side_left_out_is_rest_and_nothing_is_missed() -> None:
    buffer = JitterBuffer()
    buffer.push(packet(0, at_s=1.0))
    buffer.push(silence_from(1, at_s=1.02))
    played = play(buffer, from_s=1.04, until_s=1.48)
    assert kinds(played) == [Kind.PACKET, Kind.PACKET, *[Kind.REST] * 40]
    buffer.push(packet(2, at_s=1.48, time=24 * 960))  # sequence goes on, the time has jumped
    assert kinds(play(buffer, from_s=1.48, until_s=1.52)) == [Kind.REST] * 4
    spoken = buffer.pull(1.52)
    assert (spoken.kind, spoken.is_hurried) == (Kind.PACKET, False)
    assert (buffer.concealed_samples, buffer.late_count, buffer.discarded_count) == (0, 0, 0)


def test_a_dead_link_is_concealed_for_half_a_second_and_then_rests() -> None:
    buffer = JitterBuffer()
    buffer.push(packet(0, at_s=1.0))
    played = play(buffer, from_s=1.04, until_s=2.0)
    assert kinds(played).count(Kind.CONCEAL) == 51
    assert kinds(played)[-1] is Kind.REST


def test_numbers_and_times_of_rtp_wrap_around() -> None:
    buffer = JitterBuffer()
    first = 2**16 - 3
    for step in range(8):
        buffer.push(packet(first + step, at_s=1.0 + step * 0.02, time=2**32 - 2000 + step * 960))
    assert numbers(play(buffer, from_s=1.14, until_s=1.3))[:8] == [first + step for step in range(8)]
    assert buffer.late_count == 0


def stream(
    *, seconds: float, jitter_s: float, drift: float = 0.0, seed: int = 1, frame_ms: int = 20
) -> Iterator[tuple[float, VoicePacket]]:
    rng = random.Random(seed)
    for number in range(int(seconds * 1000 / frame_ms)):
        arrived_s = number * frame_ms / 1000 * (1 + drift) + 0.3 + rng.random() * jitter_s
        yield arrived_s, packet(number, at_s=arrived_s, frame_ms=frame_ms)


def listen(packets: Iterator[tuple[float, VoicePacket]], *, hurried_by: int = 480) -> JitterBuffer:
    """Play a whole stream in the order of time; a hurried packet sounds `hurried_by` samples shorter."""
    buffer, now_s = JitterBuffer(), 0.0
    for arrived_s, one in sorted(packets, key=lambda pair: pair[0]):
        while now_s < arrived_s:
            playout = buffer.pull(now_s)
            now_s += (playout.samples - hurried_by * playout.is_hurried) / VOICE_HZ
        buffer.push(one)
    return buffer


@pytest.mark.parametrize("frame_ms", [20, 60])
@pytest.mark.parametrize("jitter_s", [0.0, 0.03, 0.15])
def test_the_target_follows_the_jitter(jitter_s: float, frame_ms: int) -> None:
    buffer = listen(stream(seconds=60, jitter_s=jitter_s, frame_ms=frame_ms))
    assert buffer.target_s == pytest.approx(max(0.95 * jitter_s, TARGET_MIN_S), abs=0.012)


def test_little_is_concealed_on_a_link_with_jitter() -> None:
    buffer = listen(stream(seconds=120, jitter_s=0.08))
    assert buffer.concealed_samples / VOICE_HZ < 0.01 * 120
    assert buffer.late_count < 12  # of 6,000


def test_the_target_grows_at_once_and_shrinks_by_two_hundredths_a_second() -> None:
    buffer = JitterBuffer()
    for number in range(100):
        buffer.push(packet(number, at_s=number * 0.02))
    for number in range(100, 140):
        buffer.push(packet(number, at_s=number * 0.02 + 0.2))
    assert buffer.target_s == pytest.approx(0.2)
    for number in range(140, 190):
        buffer.push(packet(number, at_s=number * 0.02))
    assert 0.18 < buffer.target_s < 0.201
    for number in range(190, 1900):
        buffer.push(packet(number, at_s=number * 0.02))
    assert buffer.target_s < 0.05


@pytest.mark.parametrize("drift", [500e-6, -500e-6])
def test_a_drifting_clock_neither_fills_nor_starves_it(drift: float) -> None:
    """Two minutes at 500 ppm: 60 ms of sound too many or too few."""
    buffer = listen(stream(seconds=120, jitter_s=0.01, drift=drift))
    assert buffer.buffered_s < 0.1
    assert buffer.concealed_samples / VOICE_HZ < 0.2
    assert (buffer.late_count, buffer.discarded_count) == (0, 0)


def test_after_an_outage_old_words_are_left_out_and_the_delay_is_won_back() -> None:
    packets = [
        (max(at_s, 4.0) if 2.0 < at_s < 4.0 else at_s, one) for at_s, one in stream(seconds=12, jitter_s=0.0)
    ]
    moved = [(at_s, VoicePacket(one.sequence, one.timestamp, one.payload, at_s)) for at_s, one in packets]
    buffer = listen(iter(moved))
    assert buffer.discarded_count > 50  # of the hundred that came at once
    assert buffer.buffered_s < 0.1


def test_a_new_leg_begins_anew_whatever_its_numbers() -> None:
    buffer = JitterBuffer()
    for number in range(10):
        buffer.push(packet(number, at_s=1.0 + number * 0.02))
    play(buffer, from_s=1.04, until_s=1.2)
    for number in range(5):
        buffer.push(
            VoicePacket(
                40_000 + number,
                3_000_000_000 + number * 960,
                bytes([SILK_20_MS, 0, 0, 0, number]),
                1.5 + number * 0.02,
            )
        )
    assert numbers(play(buffer, from_s=1.54, until_s=1.64)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("payload", "samples"),
    [
        (b"", None),
        (bytes([SILK_20_MS]), 960),
        (bytes([SILK_60_MS, 1]), 2880),
        (bytes([2 << 3 | 1, 1]), 3840),  # two SILK frames of 40 ms
        (bytes([31 << 3 | 3, 2]), 1920),  # two CELT frames of 20 ms, counted in the second byte
        (bytes([16 << 3]), 120),
        (bytes([13 << 3]), 960),  # hybrid
        (bytes([31 << 3 | 3]), None),  # the count is missing
        (bytes([31 << 3 | 3, 0]), None),
        (bytes([3 << 3 | 1, 1]), 5760),
        (bytes([3 << 3 | 3, 3]), None),  # 180 ms: longer than a packet may be
    ],
)
def test_the_length_of_a_packet_stands_in_its_first_bytes(payload: bytes, samples: int | None) -> None:
    assert opus_samples(payload) == samples


def test_what_is_no_opus_packet_is_discarded() -> None:
    buffer = JitterBuffer()
    buffer.push(VoicePacket(0, 0, b"", 1.0))
    assert (buffer.discarded_count, buffer.buffered_s) == (1, 0.0)


ARRIVALS = st.lists(
    st.tuples(
        st.integers(0, 2**16 - 1),
        st.integers(0, 2**32 - 1) | st.integers(0, 200_000),
        st.binary(max_size=4),
        st.floats(0, 0.2),
        st.integers(0, 6),
    ),
    max_size=60,
)


@given(ARRIVALS)
def test_whatever_comes_it_never_raises_and_never_holds_more_than_a_second(
    arrivals: list[tuple[int, int, bytes, float, int]],
) -> None:
    buffer, now_s = JitterBuffer(), 0.0
    for sequence, timestamp, payload, step_s, pulls in arrivals:
        now_s += step_s
        buffer.push(VoicePacket(sequence, timestamp, payload, now_s))
        assert buffer.buffered_s <= BUFFERED_MAX_S
        assert 0.0 <= buffer.target_s <= TARGET_MAX_S + 1e-6
        for _ in range(pulls):
            playout = buffer.pull(now_s)
            assert 0 < playout.samples <= 5760
            assert bool(playout.payload) == (playout.kind in (Kind.PACKET, Kind.FEC))


@given(st.permutations(range(12)), st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_whatever_the_order_of_arrival_no_packet_is_played_before_an_older_one(
    order: list[int], pulls: list[int]
) -> None:
    buffer, now_s, heard = JitterBuffer(), 1.0, list[int]()
    for number, count in zip(order, pulls, strict=True):
        buffer.push(packet(number, at_s=now_s))
        for _ in range(count):
            playout = buffer.pull(now_s)
            now_s += playout.samples / VOICE_HZ
            heard += numbers([playout])
    heard += numbers(play(buffer, from_s=now_s, until_s=now_s + 1.0))
    assert heard == sorted(set(heard))
