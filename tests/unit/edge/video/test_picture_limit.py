from dataclasses import replace

import pytest

from contract.media import PictureLimit
from edge.video.media import LinkNow, VoiceMode
from edge.video.picture.ladder import RUNGS
from edge.video.picture.limit import picture_limit, sent_now, two_digits
from edge.video.picture.plan import PictureNow

VOICE = VoiceMode(12_000, 60, False, True)
POOR = PictureNow(  # 320 × 180 on a poor link, of a camera that could give more
    at=2,
    wanted=2,
    most=len(RUNGS),
    mode="motion",
    camera_size=(640, 360),
    camera_box=(640, 360),
    size=(320, 180),
    fps=7.75,
    video_bps=37_862,
)


@pytest.mark.parametrize(
    ("now", "lost_share", "limit"),
    [
        (POOR, 0.0, "link"),
        (POOR, 0.049, "link"),
        (POOR, 0.05, "loss"),
        (replace(POOR, at=0, wanted=0), 0.0, "link"),
        (replace(POOR, at=0, wanted=0), 0.08, "loss"),
        (replace(POOR, at=0, wanted=3), 0.0, "link"),
        (replace(POOR, wanted=5), 0.0, "waiting"),
        (replace(POOR, mode="detail"), 0.0, "detail"),
        (replace(POOR, mode="detail"), 0.08, "detail"),
        (replace(POOR, at=2, wanted=5, most=2), 0.08, "encoder"),
        (replace(POOR, at=2, wanted=2, most=2), 0.0, "link"),
        (replace(POOR, at=9, wanted=9, size=(640, 360)), 0.0, "waiting"),  # the camera is asked for more
        (replace(POOR, at=9, wanted=9, size=(640, 360), camera_box=(1280, 720)), 0.08, "camera"),
        (replace(POOR, at=9, wanted=9, camera_size=(1280, 720), camera_box=(1280, 720)), 0.0, "none"),
        (replace(POOR, at=7, wanted=7, size=(640, 360)), 0.0, "link"),
        (replace(POOR, at=7, wanted=7, camera_size=(480, 640)), 0.0, "link"),  # upright: it fills the height
        (replace(POOR, at=9, wanted=10, most=9, camera_size=(1920, 1080)), 0.0, "encoder"),
    ],
)
def test_the_first_cause_is_named(now: PictureNow, lost_share: float, limit: PictureLimit) -> None:
    assert picture_limit(now, lost_share=lost_share) == limit


def test_what_is_said_stands_still_while_little_changes() -> None:
    link = LinkNow(target_bps=70_321, round_trip_s=0.6437, lost_share=0.0234, queued_s=0.0)
    said = sent_now(POOR, link=link, voice=VOICE, is_coming=True)
    assert said is not None
    assert (said.width, said.height, said.fps, said.is_stills) == (320, 180, 8.0, False)
    assert (said.video_bps, said.voice_bps, said.round_trip_ms, said.lost_pct) == (38_000, 12_000, 640, 2.0)
    assert said.limit == "link"
    almost = replace(link, round_trip_s=0.6391, lost_share=0.0191)
    assert (
        sent_now(replace(POOR, fps=8.25, video_bps=38_333), link=almost, voice=VOICE, is_coming=True) == said
    )


def test_stills_are_called_so_and_no_picture_is_none() -> None:
    link = LinkNow(target_bps=20_000, round_trip_s=None, lost_share=0.004, queued_s=0.0)
    said = sent_now(replace(POOR, at=0, wanted=0, fps=0.25), link=link, voice=VOICE, is_coming=False)
    assert said is not None
    assert (said.is_stills, said.round_trip_ms, said.lost_pct) == (True, None, 0.4)
    said = sent_now(replace(POOR, at=0, wanted=0, size=(0, 0)), link=link, voice=VOICE, is_coming=False)
    assert said is not None
    assert (said.width, said.is_stills) == (0, False)
    coming = replace(POOR, size=(0, 0))
    assert sent_now(coming, link=link, voice=VOICE, is_coming=True) is None, "the first one is on its way"


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0, 0), (0.4, 0), (7, 7), (42.4, 42), (987, 990), (37_862, 38_000)]
)
def test_two_digits(value: float, shown: int) -> None:
    assert two_digits(value) == shown
