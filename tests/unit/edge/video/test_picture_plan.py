import pytest

from edge.video.media import LinkNow
from edge.video.picture.plan import PicturePlan, Shot, fitted

WIDE = (1280, 720)


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
    assert (shot.width, shot.height, shot.fps, shot.packet_bytes) == (320, 180, 8, 500)
    assert 30_000 < shot.bitrate_bps < 45_000
    assert plan.has_room


def test_the_voice_of_the_link_is_returned() -> None:
    assert PicturePlan().link(link(64_000), now_s=0.0).frame_ms == 60


def test_without_room_nothing_is_sent() -> None:
    plan = planned(20_000)
    assert plan.shot(WIDE, now_s=100.0) is None
    assert not plan.has_room


@pytest.mark.parametrize("camera_fps", [10.0, 15.0, 24.0, 25.0, 29.97, 30.0, 60.0])
@pytest.mark.parametrize(("target_bps", "fps"), [(40_000, 5), (64_000, 8), (250_000, 15), (600_000, 25)])
def test_the_rungs_rate_comes_out_of_any_camera(camera_fps: float, target_bps: int, fps: int) -> None:
    shots = taken(planned(target_bps), camera_fps=camera_fps, seconds=10.0)
    assert len(shots) == pytest.approx(10 * min(fps, camera_fps), rel=0.04)


def test_a_pause_of_the_camera_is_not_made_up_for() -> None:
    plan = planned(64_000)
    assert plan.shot(WIDE, now_s=100.0) is not None
    assert plan.shot(WIDE, now_s=110.0) is not None
    assert plan.shot(WIDE, now_s=110.03) is None


def test_nothing_is_sent_while_the_queue_is_long() -> None:
    plan = planned(600_000)
    plan.link(link(600_000, queued_s=0.3), now_s=100.0)
    assert plan.shot(WIDE, now_s=100.1) is None
    assert plan.shot(WIDE, now_s=100.16) is not None


def test_what_was_sent_counts_until_the_transport_says_otherwise() -> None:
    plan = planned(64_000)
    assert plan.shot(WIDE, now_s=100.0) is not None
    plan.sent(4_000, is_key=True, now_s=100.0)  # half a second of the link
    assert plan.shot(WIDE, now_s=100.2) is None
    plan.link(link(64_000), now_s=100.2)
    assert plan.shot(WIDE, now_s=100.2) is not None


def test_a_keyframe_is_made_when_it_is_wanted_and_then_no_more() -> None:
    plan = planned(600_000)
    plan.want_key(now_s=100.0)
    shot = plan.shot(WIDE, now_s=100.0)
    assert shot is not None and shot.is_key
    plan.sent(2_000, is_key=True, now_s=100.0)
    shot = plan.shot(WIDE, now_s=103.0)
    assert shot is not None and not shot.is_key


def test_a_keyframe_that_was_not_coded_is_still_wanted() -> None:
    plan = planned(600_000)
    plan.want_key(now_s=100.0)
    plan.shot(WIDE, now_s=100.0)
    shot = plan.shot(WIDE, now_s=100.1)
    assert shot is not None and shot.is_key


@pytest.mark.parametrize(("round_trip_s", "pause_s"), [(None, 1.0), (0.1, 1.0), (0.6, 1.2), (2.0, 4.0)])
def test_keyframes_are_a_second_and_two_round_trips_apart(round_trip_s: float | None, pause_s: float) -> None:
    plan = planned(600_000, round_trip_s=round_trip_s)
    plan.sent(2_000, is_key=True, now_s=100.0)
    asked_s = 100.0 + (round_trip_s or 0.0) + 0.05
    plan.want_key(now_s=asked_s)
    early, late = plan.shot(WIDE, now_s=99.9 + pause_s), plan.shot(WIDE, now_s=100.0 + pause_s)
    assert early is not None and not early.is_key
    assert late is not None and late.is_key


def test_who_cannot_have_seen_the_last_keyframe_yet_gets_no_other() -> None:
    plan = planned(600_000, round_trip_s=0.6)
    plan.sent(2_000, is_key=True, now_s=100.0)
    plan.want_key(now_s=100.5)
    shot = plan.shot(WIDE, now_s=105.0)
    assert shot is not None and not shot.is_key


def test_before_the_link_is_known_a_keyframe_can_be_wanted_and_sent() -> None:
    plan = PicturePlan()
    plan.sent(500, is_key=True, now_s=99.0)
    plan.want_key(now_s=99.5)
    plan.link(link(600_000), now_s=105.0)
    shot = plan.shot(WIDE, now_s=105.0)
    assert shot is not None and shot.is_key


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
