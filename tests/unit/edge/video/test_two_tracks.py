"""A low picture always, a larger one beside it where the link has room for both."""

from dataclasses import replace

import pytest

from edge.video.media import LinkNow
from edge.video.picture.high_track import HELD_S, HIGH_FROM, LOW_BPS, LOW_WIRE_BPS
from edge.video.picture.ladder import CLIMB_AFTER_S, RUNGS
from edge.video.picture.plan import QUEUE_MAX_S, PicturePlan, Shot

WIDE = (1920, 1080)
CAMERA_FPS = 25


def link(
    target_bps: int, *, has_high: bool = True, queued_s: float = 0.0, high_queued_s: float = 0.0
) -> LinkNow:
    return LinkNow(target_bps, 0.1, 0.0, queued_s, has_high=has_high, high_queued_s=high_queued_s)


def filmed(
    plan: PicturePlan, now: LinkNow, *, from_s: float, seconds: float, camera_size: tuple[int, int] = WIDE
) -> list[tuple[float, Shot]]:
    """Every shot of a camera's frames, coded to its rate."""
    shots = []
    for number in range(round(seconds * CAMERA_FPS)):
        now_s = from_s + number / CAMERA_FPS
        plan.link(now, now_s=now_s)
        for shot in (plan.shot(camera_size, now_s=now_s), plan.high_shot(now_s=now_s)):
            if shot is not None:
                plan.coded(shot, took_s=0.002, now_s=now_s)
                plan.sent(shot, shot.bitrate_bps // shot.fps // 8, is_key=shot.is_key, now_s=now_s)
                shots.append((now_s, shot))
    return shots


def of(shots: list[tuple[float, Shot]], track: str) -> list[tuple[float, Shot]]:
    return [(now_s, shot) for now_s, shot in shots if shot.track == track]


@pytest.fixture
def plan() -> PicturePlan:
    """After ten seconds of a link with room for one picture."""
    plan = PicturePlan()
    assert of(filmed(plan, link(500_000), from_s=100.0, seconds=10.0), "high") == []
    return plan


def test_where_there_is_room_for_both_a_larger_picture_goes_beside_the_low_one(plan: PicturePlan) -> None:
    shots = filmed(plan, link(1_100_000), from_s=110.0, seconds=8.0)
    began_s, first = of(shots, "high")[0]
    assert began_s == pytest.approx(110.0 + CLIMB_AFTER_S, abs=0.1)
    assert (first.width, first.height) == (960, 540)
    held = [shot for now_s, shot in shots if 0 <= now_s - began_s < HELD_S - 0.05]
    assert {shot.width for shot in held} == {640, 960}, (
        "the page shows the low one until the high one has moved"
    )
    rates = {shot.track: shot.bitrate_bps for shot in held}
    assert rates["low"] > 3 * LOW_BPS and rates["low"] + rates["high"] < 1_050_000
    low = [shot for now_s, shot in of(shots, "low") if now_s >= began_s + HELD_S + 0.05]
    assert {(shot.width, shot.height, shot.bitrate_bps) for shot in low} == {(480, 270, LOW_BPS)}
    assert len(low) == pytest.approx((118.0 - began_s - HELD_S) * 12, rel=0.1)
    assert plan.now(now_s=118.0).size == (960, 540)


def test_both_together_fit_what_the_link_carries(plan: PicturePlan) -> None:
    shots = [
        shot for now_s, shot in filmed(plan, link(1_100_000), from_s=110.0, seconds=8.0) if now_s > 114.0
    ]
    rates = {shot.track: shot.bitrate_bps for shot in shots}
    assert 900_000 < rates["high"] + rates["low"] < 1_050_000
    assert plan.now(now_s=118.0).video_bps == pytest.approx(sum(rates.values()), rel=0.1)


def test_the_high_track_ends_at_once_where_the_room_is_gone_and_the_low_one_stays(plan: PicturePlan) -> None:
    filmed(plan, link(1_100_000), from_s=110.0, seconds=8.0)
    shots = filmed(plan, link(400_000), from_s=118.0, seconds=2.0)
    assert of(shots, "high") == []
    sizes = {(shot.width, shot.height) for _, shot in shots}
    assert sizes == {(480, 270)}  # no new size, so no keyframe, in the very moment when room is short
    assert min(shot.bitrate_bps for _, shot in shots) > 2 * LOW_BPS  # it has all the room now


def test_who_takes_one_picture_gets_one_that_has_all_the_room(plan: PicturePlan) -> None:
    shots = filmed(plan, link(1_100_000, has_high=False), from_s=110.0, seconds=8.0)
    assert of(shots, "high") == []
    assert (shots[-1][1].width, shots[-1][1].bitrate_bps > 900_000) == (960, True)


def test_a_swing_about_the_border_does_not_end_it(plan: PicturePlan) -> None:
    border_bps = RUNGS[HIGH_FROM - 1][0] + LOW_WIRE_BPS + 90_000  # with the voice and the headers
    filmed(plan, link(border_bps), from_s=110.0, seconds=8.0)
    assert plan.now(now_s=118.0).at == HIGH_FROM
    shots = filmed(plan, link(round(0.95 * border_bps)), from_s=118.0, seconds=2.0)
    assert of(shots, "high")


def test_a_queue_of_the_high_track_stops_only_that_one(plan: PicturePlan) -> None:
    filmed(plan, link(1_100_000), from_s=110.0, seconds=8.0)
    shots = filmed(plan, link(1_100_000, high_queued_s=QUEUE_MAX_S + 0.1), from_s=118.0, seconds=1.0)
    assert {shot.track for _, shot in shots} == {"low"}


def test_a_large_frame_of_the_high_track_holds_up_no_low_one(plan: PicturePlan) -> None:
    filmed(plan, link(1_100_000), from_s=110.0, seconds=8.0)
    high = of(filmed(plan, link(1_100_000), from_s=118.0, seconds=0.2), "high")[0][1]
    plan.sent(high, 50_000, is_key=True, now_s=118.2)  # 0.36 s of the link
    low, none = plan.shot(WIDE, now_s=118.3), plan.high_shot(now_s=118.3)
    assert low is not None and none is None


def test_after_a_dip_the_low_track_does_not_grow_for_the_moment_until_the_high_one_is_back(
    plan: PicturePlan,
) -> None:
    filmed(plan, link(1_100_000), from_s=110.0, seconds=8.0)
    filmed(plan, link(700_000), from_s=118.0, seconds=1.0)
    shots = filmed(plan, link(1_100_000), from_s=119.0, seconds=5.0)
    assert {shot.width for _, shot in of(shots, "low")} == {480}
    assert of(shots, "high")[0][0] == pytest.approx(119.0 + CLIMB_AFTER_S, abs=0.1)


def test_before_there_was_a_high_track_the_low_one_grows_as_it_can() -> None:
    plan = PicturePlan()
    filmed(plan, link(300_000), from_s=100.0, seconds=4.0)
    widths = {shot.width for _, shot in filmed(plan, link(1_100_000), from_s=104.0, seconds=3.2)}
    assert 960 in widths


def test_also_from_very_little_room_it_takes_three_seconds(plan: PicturePlan) -> None:
    filmed(plan, link(100_000), from_s=110.0, seconds=2.0)
    shots = filmed(plan, link(1_100_000), from_s=112.0, seconds=6.0)
    assert of(shots, "high")[0][0] == pytest.approx(112.0 + CLIMB_AFTER_S, abs=0.1)


def test_of_a_camera_of_small_pictures_there_is_one_track(plan: PicturePlan) -> None:
    shots = filmed(plan, link(1_100_000), from_s=110.0, seconds=8.0, camera_size=(640, 360))
    assert of(shots, "high") == []
    assert shots[-1][1].bitrate_bps > 900_000
    assert plan.now(now_s=118.0).camera_box[0] == 640
    filmed(plan, link(1_100_000), from_s=118.0, seconds=4.0, camera_size=(640, 360))
    assert plan.now(now_s=122.0).camera_box[0] == 960, "a larger one is asked for"


def test_what_is_repaired_in_advance_is_reckoned_for_both(plan: PicturePlan) -> None:
    filmed(plan, replace(link(1_100_000), repairs_share=0.2), from_s=110.0, seconds=8.0)
    assert plan.now(now_s=118.0).at == HIGH_FROM
    narrow = replace(link(950_000), repairs_share=0.2)
    assert of(filmed(plan, narrow, from_s=118.0, seconds=1.0), "high") == []


def test_pictures_a_second_are_right_from_the_beginning_of_each_high_track(plan: PicturePlan) -> None:
    filmed(plan, link(1_100_000), from_s=110.0, seconds=8.0)
    filmed(plan, link(400_000), from_s=118.0, seconds=6.0)
    began_s = of(filmed(plan, link(1_100_000), from_s=124.0, seconds=4.2), "high")[0][0]
    assert 124.0 < began_s < 127.2
    assert plan.now(now_s=128.2).fps == pytest.approx(25, rel=0.15)


def test_why_the_picture_is_no_larger_is_said_of_the_high_track(plan: PicturePlan) -> None:
    filmed(plan, link(1_100_000), from_s=110.0, seconds=8.0)
    now = plan.now(now_s=118.0)
    assert (now.at, now.wanted) == (HIGH_FROM, HIGH_FROM)


def test_a_queue_stops_both(plan: PicturePlan) -> None:
    filmed(plan, link(1_100_000), from_s=110.0, seconds=8.0)
    assert filmed(plan, link(1_100_000, queued_s=QUEUE_MAX_S + 0.1), from_s=118.0, seconds=1.0) == []


def test_a_keyframe_is_of_the_track_that_wants_one(plan: PicturePlan) -> None:
    filmed(plan, link(1_100_000), from_s=110.0, seconds=8.0)
    plan.want_key("high", now_s=118.0)
    shots = filmed(plan, link(1_100_000), from_s=118.0, seconds=1.0)
    assert [shot.track for _, shot in shots if shot.is_key] == ["high"]


def test_a_machine_that_cannot_code_both_in_time_sends_the_low_one(plan: PicturePlan) -> None:
    filmed(plan, link(1_100_000), from_s=110.0, seconds=8.0)
    for number in range(30):  # 18 ms for the large picture and 16 for the low one, of 40
        now_s = 118.0 + number / CAMERA_FPS
        plan.link(link(1_100_000), now_s=now_s)
        for shot, took_s in ((plan.shot(WIDE, now_s=now_s), 0.016), (plan.high_shot(now_s=now_s), 0.018)):
            if shot is not None:
                plan.coded(shot, took_s=took_s, now_s=now_s)
    assert plan.now(now_s=120.0).most < HIGH_FROM
    assert plan.high_shot(now_s=120.0) is None
