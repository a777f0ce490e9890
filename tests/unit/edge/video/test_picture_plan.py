from dataclasses import replace

import pytest

from edge.video.media import LinkNow
from edge.video.picture.ladder import RUNGS
from edge.video.picture.plan import USUAL_BOX, PicturePlan, Shot, fitted

WIDE = (1280, 720)
A_SHOT = Shot(320, 180, 9, 40_000, 500, False, 2)
A_STILL = Shot(320, 180, 1, 10_000, 250, True, 0)


def link(target_bps: int, *, queued_s: float = 0.0, round_trip_s: float | None = 0.1) -> LinkNow:
    return LinkNow(target_bps=target_bps, round_trip_s=round_trip_s, lost_share=0.0, queued_s=queued_s)


def planned(target_bps: int, *, round_trip_s: float | None = 0.1) -> PicturePlan:
    plan = PicturePlan()
    plan.link(link(target_bps, round_trip_s=round_trip_s), now_s=100.0)
    return plan


def taken(plan: PicturePlan, *, camera_fps: float, seconds: float) -> list[Shot]:
    times_s = [100.0 + number / camera_fps for number in range(round(camera_fps * seconds))]
    return [shot for now_s in times_s if (shot := plan.shot(WIDE, now_s=now_s)) is not None]


def test_nothing_is_sent_before_the_link_is_known() -> None:
    assert PicturePlan().shot(WIDE, now_s=0.0) is None


def test_the_link_decides_on_size_rate_and_packets() -> None:
    plan = planned(64_000)
    shot = plan.shot(WIDE, now_s=100.0)
    assert shot is not None
    assert (shot.width, shot.height, shot.fps, shot.packet_bytes) == (320, 180, 11, 500)
    assert 30_000 < shot.bitrate_bps < 45_000
    assert plan.has_room


def test_the_voice_of_the_link_is_returned() -> None:
    assert PicturePlan().link(link(64_000), now_s=0.0).frame_ms == 60


def test_after_an_outage_the_picture_has_its_place_again() -> None:
    plan = planned(600_000)
    plan.link(replace(link(600_000), is_out=True), now_s=102.0)
    plan.link(link(600_000), now_s=112.0)
    shot = plan.shot(WIDE, now_s=112.1)
    assert shot is not None
    assert shot.width == 640


def test_without_room_nothing_is_sent() -> None:
    plan = planned(17_000)
    assert plan.shot(WIDE, now_s=100.0) is None
    assert not plan.has_room


@pytest.mark.parametrize("camera_fps", [10.0, 15.0, 24.0, 25.0, 29.97, 30.0, 60.0])
@pytest.mark.parametrize(("target_bps", "fps"), [(40_000, 5), (64_000, 11), (250_000, 15), (600_000, 25)])
def test_the_rungs_rate_comes_out_of_any_camera(camera_fps: float, target_bps: int, fps: int) -> None:
    shots = taken(planned(target_bps), camera_fps=camera_fps, seconds=10.0)
    assert len(shots) == pytest.approx(10 * min(fps, camera_fps), rel=0.04)


def test_a_pause_of_the_camera_is_not_made_up_for() -> None:
    plan = planned(54_000)
    assert plan.shot(WIDE, now_s=100.0) is not None
    assert plan.shot(WIDE, now_s=110.0) is not None
    assert plan.shot(WIDE, now_s=110.02) is None


def test_nothing_is_sent_while_the_queue_is_long() -> None:
    plan = planned(600_000)
    plan.link(link(600_000, queued_s=0.3), now_s=100.0)
    assert plan.shot(WIDE, now_s=100.1) is None
    assert plan.shot(WIDE, now_s=100.16) is not None


def test_what_was_sent_counts_until_the_transport_says_otherwise() -> None:
    plan = planned(64_000)
    assert plan.shot(WIDE, now_s=100.0) is not None
    plan.sent(A_SHOT, 4_000, is_key=True, now_s=100.0)  # half a second of the link
    assert plan.shot(WIDE, now_s=100.2) is None
    plan.link(link(64_000), now_s=100.2)
    assert plan.shot(WIDE, now_s=100.2) is not None


def test_a_keyframe_is_made_when_it_is_wanted_and_then_no_more() -> None:
    plan = planned(600_000)
    plan.want_key("low", now_s=100.0)
    shot = plan.shot(WIDE, now_s=100.0)
    assert shot is not None and shot.is_key
    plan.sent(A_SHOT, 2_000, is_key=True, now_s=100.0)
    shot = plan.shot(WIDE, now_s=103.0)
    assert shot is not None and not shot.is_key


def test_a_keyframe_that_was_not_coded_is_still_wanted() -> None:
    plan = planned(600_000)
    plan.want_key("low", now_s=100.0)
    plan.shot(WIDE, now_s=100.0)
    shot = plan.shot(WIDE, now_s=100.1)
    assert shot is not None and shot.is_key


@pytest.mark.parametrize(("round_trip_s", "pause_s"), [(None, 1.0), (0.1, 1.0), (0.6, 1.2), (2.0, 4.0)])
def test_keyframes_are_a_second_and_two_round_trips_apart(round_trip_s: float | None, pause_s: float) -> None:
    plan = planned(600_000, round_trip_s=round_trip_s)
    plan.sent(A_SHOT, 2_000, is_key=True, now_s=100.0)
    asked_s = 100.0 + (round_trip_s or 0.0) + 0.05
    plan.want_key("low", now_s=asked_s)
    early, late = plan.shot(WIDE, now_s=99.9 + pause_s), plan.shot(WIDE, now_s=100.0 + pause_s)
    assert early is not None and not early.is_key
    assert late is not None and late.is_key


def test_who_cannot_have_seen_the_last_keyframe_yet_gets_no_other() -> None:
    plan = planned(600_000, round_trip_s=0.6)
    plan.sent(A_SHOT, 2_000, is_key=True, now_s=100.0)
    plan.want_key("low", now_s=100.5)
    shot = plan.shot(WIDE, now_s=105.0)
    assert shot is not None and not shot.is_key


def test_before_the_link_is_known_a_keyframe_can_be_wanted_and_sent() -> None:
    plan = PicturePlan()
    plan.sent(A_SHOT, 500, is_key=True, now_s=99.0)
    plan.want_key("low", now_s=99.5)
    plan.link(link(600_000), now_s=105.0)
    shot = plan.shot(WIDE, now_s=105.0)
    assert shot is not None and shot.is_key


def test_below_fifteen_kilobits_a_still_comes_every_three_seconds_or_when_there_is_room_for_it() -> None:
    plan = planned(24_000)  # 8 kbit/s beside the voice
    still = plan.shot(WIDE, now_s=100.0)
    assert still == Shot(320, 180, 1, 20_000, 250, True, 0)
    assert plan.has_room
    plan.sent(still, 2_000, is_key=True, now_s=100.0)
    plan.link(link(24_000), now_s=102.0)
    assert plan.shot(WIDE, now_s=102.9) is None
    assert plan.shot(WIDE, now_s=103.0) is not None
    plan.sent(still, 6_000, is_key=True, now_s=103.0)  # six seconds of that room
    plan.link(link(24_000), now_s=104.0)
    assert plan.shot(WIDE, now_s=108.9) is None
    assert plan.shot(WIDE, now_s=109.1) is not None


def test_a_still_that_was_not_coded_is_tried_again_at_once() -> None:
    plan = planned(24_000)
    assert plan.shot(WIDE, now_s=100.0) is not None
    assert plan.shot(WIDE, now_s=100.04) is not None


def test_after_stills_the_picture_moves_at_once() -> None:
    plan = planned(20_000)
    plan.sent(A_STILL, 2_000, is_key=True, now_s=100.0)
    plan.link(link(64_000), now_s=101.0)
    shots = [plan.shot(WIDE, now_s=101.0 + number / 25) for number in range(50)]
    assert sum(shot is not None and shot.fps == 11 for shot in shots) >= 7


def test_the_doctor_chooses_detail_and_motion_again() -> None:
    plan = planned(54_000)
    plan.set_mode("detail")
    shots = taken(plan, camera_fps=25, seconds=4.0)
    assert {(shot.width, shot.height, shot.fps) for shot in shots} == {(480, 270, 5)}
    assert len(shots) in (20, 21)
    assert plan.now(now_s=104.0).mode == "detail"
    plan.set_mode("motion")
    shot = plan.shot(WIDE, now_s=105.0)
    assert shot is not None and (shot.width, shot.fps) == (320, 9)


def test_a_machine_that_is_too_slow_sends_a_smaller_picture() -> None:
    plan = planned(2_000_000)
    for number in range(40):
        now_s = 100.0 + number / 25
        plan.link(link(2_000_000), now_s=now_s)
        shot = plan.shot(WIDE, now_s=now_s)
        if shot is not None:
            plan.coded(shot, took_s=shot.width * shot.height * 5e-8, now_s=now_s)  # 46 ms for 1280 × 720
    shot = plan.shot(WIDE, now_s=102.0)
    assert shot is not None and (shot.width, shot.height) == (640, 360)
    assert (plan.now(now_s=102.0).wanted, plan.now(now_s=102.0).most) == (9, 7)


def test_the_camera_is_asked_for_more_where_the_link_has_long_had_room_and_for_less_much_later() -> None:
    plan = planned(2_000_000)
    assert plan.camera_box == USUAL_BOX
    for now_s in (100.0, 109.9):
        plan.shot((640, 360), now_s=now_s)
        assert plan.camera_box == USUAL_BOX
    plan.shot((640, 360), now_s=110.0)
    assert plan.camera_box == (1280, 720)
    plan.link(link(200_000), now_s=120.0)
    for now_s in (120.0, 179.9):
        plan.shot(WIDE, now_s=now_s)
        assert plan.camera_box == (1280, 720)
    plan.shot(WIDE, now_s=180.0)
    assert plan.camera_box == USUAL_BOX


def test_a_camera_in_the_dark_gives_fewer_frames_and_each_may_have_more_bits() -> None:
    shots = taken(planned(300_000), camera_fps=10, seconds=4)
    assert shots[-1].fps == 10
    assert taken(planned(300_000), camera_fps=25, seconds=4)[-1].fps == 15


def test_the_camera_is_not_asked_for_what_this_machine_cannot_code() -> None:
    plan = planned(4_000_000)
    for number in range(500):
        now_s = 100.0 + number / 25
        plan.link(link(4_000_000), now_s=now_s)
        shot = plan.shot((640, 360), now_s=now_s)
        assert shot is not None
        plan.coded(shot, took_s=0.03 if shot.at > 9 else 0.01, now_s=now_s)
    assert plan.camera_box == (1280, 720)


def test_a_moment_without_room_does_not_change_the_camera() -> None:
    plan = planned(2_000_000)
    for number in range(40):
        plan.link(link(64_000 if number % 4 == 3 else 2_000_000), now_s=100.0 + number)
        plan.shot((640, 360), now_s=100.0 + number)
    assert plan.camera_box == USUAL_BOX


def test_what_is_sent_is_counted() -> None:
    plan = planned(54_000)
    now = plan.now(now_s=100.0)
    assert (now.size, now.fps, now.video_bps, now.camera_size) == ((0, 0), 0.0, 0, (0, 0))
    for number in range(60):
        now_s = 100.0 + number / 8
        plan.link(link(54_000), now_s=now_s)
        shot = plan.shot(WIDE, now_s=now_s)
        assert shot is not None
        plan.sent(shot, 500, is_key=False, now_s=now_s)
    now = plan.now(now_s=107.4)
    assert (now.size, now.fps, now.video_bps) == ((320, 180), 8.0, 32_000)
    assert (now.at, now.wanted, now.most, now.camera_size) == (2, 2, len(RUNGS), WIDE)
    assert plan.now(now_s=109.4).fps == 4.0
    assert plan.now(now_s=119.0).fps == 0.0
    assert plan.now(now_s=120.0).size == (0, 0)


@pytest.mark.parametrize(
    ("camera", "box", "size"),
    [
        ((1280, 720), (480, 270), (480, 270)),
        ((640, 480), (480, 270), (360, 270)),
        ((720, 1280), (640, 360), (202, 360)),
        ((320, 240), (640, 360), (320, 240)),
        ((1920, 1080), (320, 180), (320, 180)),
        ((641, 481), (1280, 720), (640, 480)),
        ((4000, 20), (320, 180), (320, 16)),
    ],
)
def test_the_picture_keeps_the_cameras_shape(
    camera: tuple[int, int], box: tuple[int, int], size: tuple[int, int]
) -> None:
    assert fitted(camera, box) == size


def test_the_hub_may_want_less_than_the_link_has_room_for_and_that_holds_at_once() -> None:
    plan = planned(2_000_000)
    before = plan.shot(WIDE, now_s=100.0)
    assert before is not None and before.bitrate_bps > 1_000_000
    plan.set_limits(max_bps=100_000, max_height=None)
    plan.link(link(2_000_000), now_s=101.0)
    after = plan.shot(WIDE, now_s=101.0)
    assert after is not None
    assert after.bitrate_bps <= 100_000
    assert after.height <= 270
    plan.set_limits(max_bps=None, max_height=None)
    plan.link(link(2_000_000), now_s=102.0)
    shots = [shot for number in range(200) if (shot := plan.shot(WIDE, now_s=102.0 + number / 25))]
    assert shots[-1].bitrate_bps > 1_000_000


def test_the_hub_may_want_no_picture_higher_than_so_much() -> None:
    plan = planned(2_000_000)
    plan.set_limits(max_bps=None, max_height=360)
    shots = [shot for number in range(200) if (shot := plan.shot(WIDE, now_s=100.0 + number / 25))]
    assert {(shot.width, shot.height) for shot in shots} == {(640, 360)}
