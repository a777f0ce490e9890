import pytest

from contract.codes import CameraState, SoundState
from contract.events import MediaState
from edge.call.device_diary import BURST, CLOSED, DeviceDiary, is_lit
from edge.call.video_messages import DevicesNow


def devices(camera: CameraState, microphone: SoundState = "closed", text: str = "") -> DevicesNow:
    return DevicesNow(camera=camera, microphone=microphone, loudspeaker="closed", text=text)


def test_a_change_is_told_once_and_a_repetition_never() -> None:
    diary = DeviceDiary()
    diary.note(CLOSED)
    assert diary.due(now_s=1.0) is None, "closed is how it begins"
    diary.note(devices("open"))
    told = diary.due(now_s=1.0)
    assert told == MediaState(camera="open", microphone="closed", loudspeaker="closed")
    diary.note(devices("open"))
    assert diary.due(now_s=2.0) is None


def test_of_changes_that_come_too_fast_the_last_is_told_when_it_may_be() -> None:
    diary, told = DeviceDiary(), []
    for turn in range(100):
        diary.note(devices("open" if turn % 2 == 0 else "lost"))
        told.append(diary.due(now_s=5.0))
    assert sum(one is not None for one in told) == BURST
    assert diary.due(now_s=6.0) is None
    diary.note(devices("off"))
    later = diary.due(now_s=15.1)
    assert later is not None
    assert later.camera == "off"


def test_a_text_longer_than_the_wire_s_is_cut() -> None:
    diary = DeviceDiary()
    diary.note(devices("lost", text="x" * 1_000))
    told = diary.due(now_s=0.0)
    assert told is not None
    assert len(told.text) == 200


@pytest.mark.parametrize(
    ("camera", "microphone", "is_on"),
    [
        ("open", "closed", True),
        ("off", "open", True),
        ("closed", "closed", False),
        ("off", "closed", False),
        ("lost", "missing", False),
        ("busy", "busy", False),
    ],
)
def test_the_light_is_on_while_somebody_can_be_seen_or_heard(
    camera: CameraState, microphone: SoundState, is_on: bool
) -> None:
    assert is_lit(devices(camera, microphone)) is is_on
