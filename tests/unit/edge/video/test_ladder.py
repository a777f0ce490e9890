import pytest

from edge.video.media import VoiceMode
from edge.video.picture.ladder import (
    HEADER_BYTES,
    RUNGS,
    PictureLadder,
    VoiceLadder,
    rung,
    split,
    voice_wire_bps,
)

NOTHING, POOREST, SMALL, FASTEST_SMALL, HALF_SIZE = 0, 1, 2, 3, 4
HD, LARGEST = 9, 11


@pytest.mark.parametrize(
    ("video_bps", "size_and_rate"),
    [
        (15_000, (320, 180, 5)),
        (25_000, (320, 180, 9)),
        (31_999, (320, 180, 9)),
        (32_000, (320, 180, 11)),
        (80_000, (480, 270, 12)),
        (140_000, (480, 270, 15)),
        (260_000, (640, 360, 15)),
        (400_000, (640, 360, 25)),
        (700_000, (960, 540, 25)),
        (1_200_000, (1280, 720, 25)),
        (2_500_000, (1920, 1080, 25)),
        (3_500_000, (1920, 1080, 30)),
    ],
)
def test_each_rate_has_its_rung(video_bps: int, size_and_rate: tuple[int, int, int]) -> None:
    taken = rung(PictureLadder().step(video_bps, now_s=0.0), "motion")
    assert (taken.width, taken.height, taken.fps) == size_and_rate


@pytest.mark.parametrize(
    ("video_bps", "size_and_rate"),
    [
        (15_000, (480, 270, 3)),
        (25_000, (480, 270, 5)),
        (80_000, (640, 360, 6)),
        (400_000, (960, 540, 13)),
        (1_200_000, (1920, 1080, 13)),
        (3_500_000, (1920, 1080, 15)),
    ],
)
def test_detail_is_half_as_often_and_one_size_up(video_bps: int, size_and_rate: tuple[int, int, int]) -> None:
    at = PictureLadder().step(video_bps, now_s=0.0)
    taken = rung(at, "detail")
    assert (taken.width, taken.height, taken.fps) == size_and_rate
    assert taken.packet_bytes == rung(at, "motion").packet_bytes


def test_below_fifteen_kilobits_no_picture_moves() -> None:
    assert PictureLadder().step(14_999, now_s=0.0) == NOTHING


def test_it_goes_down_at_once() -> None:
    ladder = PictureLadder()
    assert ladder.step(4_000_000, now_s=10.0) == LARGEST
    assert ladder.step(20_000, now_s=10.01) == POOREST


def test_a_dip_does_not_make_a_picture_that_moves_into_stills() -> None:
    ladder = PictureLadder()
    assert ladder.step(20_000, now_s=10.0) == POOREST
    assert ladder.step(0, now_s=10.2) == POOREST
    assert ladder.step(0, now_s=11.9) == POOREST
    assert ladder.step(0, now_s=12.1) == NOTHING
    assert ladder.step(0, now_s=12.2) == NOTHING


def test_a_rate_that_swings_about_a_rung_does_not_change_the_picture_at_each_swing() -> None:
    ladder = PictureLadder()
    ladder.step(85_000, now_s=0.0)
    assert ladder.step(72_000, now_s=1.0) == HALF_SIZE
    assert ladder.step(71_999, now_s=2.0) == HALF_SIZE - 1
    assert ladder.step(72_000, now_s=9.0) == HALF_SIZE - 1


def test_no_higher_than_this_machine_can_and_up_again_after_the_wait() -> None:
    ladder = PictureLadder()
    assert ladder.step(4_000_000, now_s=0.0) == LARGEST
    assert ladder.step(4_000_000, now_s=1.0, most=HD) == HD
    assert ladder.wanted == LARGEST
    assert ladder.step(4_000_000, now_s=2.0) == HD
    assert ladder.step(4_000_000, now_s=5.0) == LARGEST


def test_it_becomes_larger_after_three_seconds_of_room() -> None:
    ladder = PictureLadder()
    ladder.step(20_000, now_s=10.0)
    assert ladder.step(100_000, now_s=11.0) == POOREST
    assert ladder.step(100_000, now_s=13.99) < HALF_SIZE
    assert ladder.step(100_000, now_s=14.0) == HALF_SIZE


def test_a_moment_without_room_begins_the_wait_anew() -> None:
    ladder = PictureLadder()
    ladder.step(20_000, now_s=10.0)
    ladder.step(100_000, now_s=11.0)
    ladder.step(20_000, now_s=13.5)
    assert ladder.step(100_000, now_s=14.0) == POOREST
    assert ladder.step(100_000, now_s=16.99) < HALF_SIZE
    assert ladder.step(100_000, now_s=17.0) == HALF_SIZE


def test_it_goes_up_no_higher_than_there_was_room_all_the_time() -> None:
    ladder = PictureLadder()
    ladder.step(20_000, now_s=10.0)
    ladder.step(2_000_000, now_s=11.0)
    ladder.step(100_000, now_s=12.0)
    assert ladder.step(2_000_000, now_s=14.0) == HALF_SIZE


def test_a_picture_of_the_same_size_moves_again_and_faster_after_half_a_second_of_room() -> None:
    ladder = PictureLadder()
    ladder.step(100_000, now_s=0.0)
    ladder.step(0, now_s=10.0)
    assert ladder.step(30_000, now_s=20.0) == NOTHING
    assert ladder.step(100_000, now_s=20.49) == NOTHING
    assert ladder.step(100_000, now_s=20.5) == SMALL
    assert ladder.step(100_000, now_s=20.99) == SMALL
    assert ladder.step(100_000, now_s=21.0) == SMALL  # since 20 s there was no more all the time
    ladder.step(0, now_s=30.0)
    ladder.step(0, now_s=33.0)
    ladder.step(100_000, now_s=34.0)
    assert ladder.step(100_000, now_s=34.5) == FASTEST_SMALL


def test_twenty_five_pictures_a_second_wait_as_a_larger_size() -> None:
    ladder = PictureLadder()
    at = ladder.step(260_000, now_s=0.0)
    ladder.step(400_000, now_s=1.0)
    assert ladder.step(400_000, now_s=3.99) == at
    assert ladder.step(400_000, now_s=4.0) == at + 1


def test_a_second_picture_is_not_there_at_once() -> None:
    ladder = PictureLadder(has_stills=False)
    ladder.step(0, now_s=0.0)
    ladder.step(2_000_000, now_s=1.0)
    assert ladder.step(2_000_000, now_s=3.99) == NOTHING
    assert ladder.step(2_000_000, now_s=4.0) == HD


@pytest.mark.parametrize(
    ("link_bps", "bitrate_bps", "frame_ms", "has_fec"),
    [
        (20_000, 8_000, 60, False),
        (49_999, 8_000, 60, False),
        (50_000, 12_000, 60, False),
        (100_000, 20_000, 40, True),
        (200_000, 24_000, 20, True),
    ],
)
def test_each_link_has_its_voice(link_bps: int, bitrate_bps: int, frame_ms: int, has_fec: bool) -> None:
    mode = VoiceLadder().voice_mode(link_bps, 0.0, now_s=0.0)
    assert mode == VoiceMode(bitrate_bps, frame_ms, has_fec, has_dtx=True)


def test_a_poor_link_that_loses_much_repairs_its_voice_until_it_loses_little() -> None:
    ladder = VoiceLadder()
    found = [
        ladder.voice_mode(64_000, lost_share, now_s=0.0).has_fec
        for lost_share in (0.02, 0.03, 0.02, 0.01, 0.009, 0.02)
    ]
    assert found == [False, True, True, True, False, False]


def test_voice_goes_down_at_once_and_up_after_three_seconds() -> None:
    ladder = VoiceLadder()
    frames_ms = [
        ladder.voice_mode(link_bps, 0.0, now_s=now_s).frame_ms
        for link_bps, now_s in ((300_000, 0.0), (64_000, 0.1), (300_000, 1.0), (300_000, 3.9), (300_000, 4.0))
    ]
    assert frames_ms == [20, 60, 60, 60, 20]


def test_voice_is_served_before_the_picture() -> None:
    mode = VoiceMode(8_000, 60, False, True)
    assert voice_wire_bps(mode) == 15_733
    assert split(15_733, mode) == 0
    assert split(30_000, mode) == 0  # what is left is less than the poorest picture
    assert split(36_000, mode) >= 15_000


@pytest.mark.parametrize("mode", [VoiceMode(8_000, 60, False, True), VoiceMode(24_000, 20, True, True)])
@pytest.mark.parametrize("target_bps", [40_000, 64_000, 100_000, 256_000, 512_000, 2_000_000])
def test_voice_picture_and_all_headers_fit_the_target(target_bps: int, mode: VoiceMode) -> None:
    video_bps = split(target_bps, mode)
    at = PictureLadder().step(video_bps, now_s=0.0)
    if at == NOTHING:
        return
    taken = rung(at, "motion")
    packets_a_second = max(taken.fps, video_bps / 8 / taken.packet_bytes + taken.fps / 2)
    wire_bps = voice_wire_bps(mode) + video_bps + packets_a_second * HEADER_BYTES * 8
    assert wire_bps <= target_bps + 10
    assert wire_bps >= 0.97 * target_bps


def test_a_packet_takes_a_poor_link_no_longer_than_a_voice_can_wait() -> None:
    for from_bps, one in RUNGS[1:]:
        assert (one.packet_bytes + HEADER_BYTES) * 8 / from_bps < 0.2
