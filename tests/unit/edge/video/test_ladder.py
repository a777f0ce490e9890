import pytest

from edge.video.media import Rung, VoiceMode
from edge.video.picture.ladder import HEADER_BYTES, RUNGS, PictureLadder, VoiceLadder, split, voice_wire_bps

POOREST = Rung(320, 180, 5, 500)
HALF_SIZE = Rung(480, 270, 12, 500)
LARGEST = Rung(1280, 720, 25, 1_150)


@pytest.mark.parametrize(
    ("video_bps", "size_and_rate"),
    [
        (15_000, (320, 180, 5)),
        (25_000, (320, 180, 8)),
        (44_999, (320, 180, 8)),
        (45_000, (320, 180, 11)),
        (80_000, (480, 270, 12)),
        (140_000, (480, 270, 15)),
        (260_000, (640, 360, 15)),
        (400_000, (640, 360, 25)),
        (1_200_000, (1280, 720, 25)),
    ],
)
def test_each_rate_has_its_rung(video_bps: int, size_and_rate: tuple[int, int, int]) -> None:
    rung = PictureLadder().rung(video_bps, now_s=0.0)
    assert rung is not None
    assert (rung.width, rung.height, rung.fps) == size_and_rate


def test_below_fifteen_kilobits_no_picture_moves() -> None:
    assert PictureLadder().rung(14_999, now_s=0.0) is None


def test_it_goes_down_at_once() -> None:
    ladder = PictureLadder()
    assert ladder.rung(2_000_000, now_s=10.0) == LARGEST
    assert ladder.rung(20_000, now_s=10.01) == POOREST
    assert ladder.rung(0, now_s=10.02) is None


def test_it_goes_up_after_three_seconds_of_room() -> None:
    ladder = PictureLadder()
    ladder.rung(20_000, now_s=10.0)
    assert ladder.rung(100_000, now_s=11.0) == POOREST
    assert ladder.rung(100_000, now_s=13.99) == POOREST
    assert ladder.rung(100_000, now_s=14.0) == HALF_SIZE


def test_a_moment_without_room_begins_the_wait_anew() -> None:
    ladder = PictureLadder()
    ladder.rung(20_000, now_s=10.0)
    ladder.rung(100_000, now_s=11.0)
    ladder.rung(20_000, now_s=13.5)
    assert ladder.rung(100_000, now_s=14.0) == POOREST
    assert ladder.rung(100_000, now_s=16.99) == POOREST
    assert ladder.rung(100_000, now_s=17.0) == HALF_SIZE


def test_it_goes_up_no_higher_than_there_was_room_all_the_time() -> None:
    ladder = PictureLadder()
    ladder.rung(20_000, now_s=10.0)
    ladder.rung(2_000_000, now_s=11.0)
    ladder.rung(100_000, now_s=12.0)
    assert ladder.rung(2_000_000, now_s=14.0) == HALF_SIZE


def test_a_picture_comes_back_after_one_second_of_room() -> None:
    ladder = PictureLadder()
    ladder.rung(100_000, now_s=0.0)
    ladder.rung(0, now_s=10.0)
    assert ladder.rung(30_000, now_s=20.0) is None
    assert ladder.rung(100_000, now_s=20.99) is None
    assert ladder.rung(100_000, now_s=21.0) == Rung(320, 180, 8, 500)


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
    rung = PictureLadder().rung(video_bps, now_s=0.0)
    if rung is None:
        return
    packets_a_second = max(rung.fps, video_bps / 8 / rung.packet_bytes + rung.fps / 2)
    wire_bps = voice_wire_bps(mode) + video_bps + packets_a_second * HEADER_BYTES * 8
    assert wire_bps <= target_bps + 10
    assert wire_bps >= 0.97 * target_bps


def test_a_packet_takes_a_poor_link_no_longer_than_a_voice_can_wait() -> None:
    for from_bps, rung in RUNGS[1:]:
        assert (rung.packet_bytes + HEADER_BYTES) * 8 / from_bps < 0.2
