import random

import pytest

from edge.video.transport.picture_buffer import KEPT_MAX, PictureBuffer, Piece, read_vp8

ROUND_TRIP_S = 0.1


def packets(*sizes: int, first: int = 65_530, keys: tuple[int, ...] = (0,)) -> list[tuple[int, Piece]]:
    """Frames of so many packets each, with their sequence numbers; those at `keys` are keyframes."""
    found: list[tuple[int, Piece]] = []
    for frame, size in enumerate(sizes):
        for index in range(size):
            piece = Piece(
                3_000 * frame,
                b"%d.%d " % (frame, index),
                index == 0,
                index == 0 and frame in keys,
                index == size - 1,
            )
            found.append(((first + len(found)) & 0xFFFF, piece))
    return found


def feed(
    buffer: PictureBuffer, arriving: list[tuple[int, Piece]], *, now_s: float = 0.0, every_s: float = 0.01
) -> list[bytes]:
    frames = []
    for index, (sequence, piece) in enumerate(arriving):
        at_s = now_s + every_s * index
        frames += buffer.add(sequence, piece, now_s=at_s, round_trip_s=ROUND_TRIP_S)
    return [data for _, data in frames]


def test_a_frame_is_whole_with_its_last_packet_and_not_only_with_the_next_frame() -> None:
    buffer = PictureBuffer()
    sent = packets(3, 1)
    assert feed(buffer, sent[:2]) == []
    assert feed(buffer, sent[2:3]) == [b"0.0 0.1 0.2 "]
    assert feed(buffer, sent[3:]) == [b"1.0 "]
    assert buffer.missing() == []


def test_packets_that_come_in_another_order_make_the_same_frames() -> None:
    sent = packets(*[2] * 20)
    shuffled = sent[:1]
    rng = random.Random(3)
    for at in range(1, len(sent), 4):
        some = sent[at : at + 4]
        rng.shuffle(some)
        shuffled += some
    assert feed(PictureBuffer(), shuffled) == feed(PictureBuffer(), sent)


def test_a_repeat_that_comes_in_time_brings_all_that_waited() -> None:
    buffer = PictureBuffer()
    sent = packets(1, 2, 1, 1)
    assert feed(buffer, [*sent[:2], *sent[3:]]) == [b"0.0 "]
    assert buffer.missing() == [sent[2][0]]
    assert feed(buffer, [sent[2]], now_s=0.1) == [b"1.0 1.1 ", b"2.0 ", b"3.0 "]
    assert buffer.skipped == 0


def test_a_gap_that_stays_is_given_up_and_a_keyframe_asked_for() -> None:
    buffer = PictureBuffer()
    sent = packets(1, 2, *[1] * 12, keys=(0, 10))
    assert feed(buffer, sent[:1]) == [b"0.0 "]
    assert not buffer.take_key_wish(now_s=0.0, round_trip_s=ROUND_TRIP_S)
    frames = feed(buffer, sent[2:], every_s=0.1)  # the first packet of frame 1 never comes
    assert buffer.skipped == 1
    assert frames == [b"10.0 ", b"11.0 ", b"12.0 ", b"13.0 "]
    assert not buffer.take_key_wish(now_s=2.0, round_trip_s=ROUND_TRIP_S)


def test_until_a_keyframe_comes_one_is_wished_for_now_and_then() -> None:
    buffer = PictureBuffer()
    assert feed(buffer, packets(*[1] * 5, keys=())) == []
    wishes = [buffer.take_key_wish(now_s=0.1 * moment, round_trip_s=ROUND_TRIP_S) for moment in range(11)]
    assert wishes.count(True) == 3
    assert wishes[0]


def test_a_long_path_gives_a_repeat_longer() -> None:
    buffer = PictureBuffer()
    sent = packets(1, 1, 1, 1)
    buffer.add(*sent[0], now_s=0.0, round_trip_s=1.0)
    buffer.add(*sent[2], now_s=0.1, round_trip_s=1.0)
    buffer.add(*sent[3], now_s=2.0, round_trip_s=1.0)
    assert buffer.skipped == 0
    assert len(buffer.add(*sent[1], now_s=2.1, round_trip_s=1.0)) == 3


def test_a_long_frame_on_its_way_is_no_gap_and_shortens_no_wait() -> None:
    buffer = PictureBuffer()
    sent = packets(1, 30)
    assert feed(buffer, sent[:25], every_s=0.1) == [b"0.0 "]
    feed(buffer, sent[26:], now_s=2.5)
    assert buffer.skipped == 0
    assert len(feed(buffer, [sent[25]], now_s=2.7)) == 1


def test_padding_between_frames_is_no_gap() -> None:
    buffer = PictureBuffer()
    sent = packets(1, 1, 1)
    sent[1] = (sent[1][0], Piece(0, b"", False, False, False))
    assert feed(buffer, sent) == [b"0.0 ", b"2.0 "]


def test_a_packet_that_comes_twice_or_too_late_changes_nothing() -> None:
    buffer = PictureBuffer()
    sent = packets(1, 1)
    assert feed(buffer, [sent[0], sent[0], sent[1], sent[0]]) == [b"0.0 ", b"1.0 "]


@pytest.mark.parametrize("first", [100, 40_000])
def test_a_stream_that_begins_anew_is_taken_from_its_keyframe(first: int) -> None:
    buffer = PictureBuffer()
    feed(buffer, packets(1, 1, first=20_000))
    assert feed(buffer, packets(1, 1, first=first)) == [b"0.0 ", b"1.0 "]


def test_what_never_ends_is_not_kept() -> None:
    buffer = PictureBuffer()
    feed(buffer, packets(5 * KEPT_MAX)[:-1], every_s=0.0)
    assert len(buffer._pieces) <= KEPT_MAX + 1


def test_the_start_of_a_frame_and_a_keyframe_are_known_by_their_bits() -> None:
    def found(payload: bytes, data: bytes) -> tuple[bool, bool]:
        piece = read_vp8(payload, data, timestamp=0, is_last=True)
        return piece.is_start, piece.is_key

    assert found(b"\x90\x80\x80\x01\x10", b"\x10") == (True, True)
    assert found(b"\x90\x80\x80\x01\x11", b"\x11") == (True, False)
    assert found(b"\x80\x80\x80\x01\x10", b"\x10") == (False, False)
    assert found(b"\x91\x80\x80\x01\x10", b"\x10") == (False, False)
    assert found(b"", b"") == (False, False)
