"""The station's own loudness and mute, from `edge vitals` to whoever is its `edge video`."""

from pathlib import Path

import pytest

from contract.ids import spool_text
from edge.call.video_messages import MediaLimits, StationSound
from edge.call.video_service import SOUND_FACT
from edge.config import VideoConfig
from edge.errors import IllegalInputError
from edge.video.devices import MUTED, Devices
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.video_side import (
    Box,
    _is_found,  # noqa: F401
    running,
    until,
)


def last(box: Box) -> tuple[int, bool] | None:
    """What `edge video` was told last: loudness, and whether it is muted."""
    told = box.heard("sound")
    return (told[-1]["volume_pct"], told[-1]["is_muted"]) if told else None


@in_a_loop
async def test_a_mute_ends_with_its_call_and_the_loudness_stays(tmp_path: Path) -> None:
    async with running(tmp_path) as box:
        with pytest.raises(IllegalInputError):
            box.video.turn_sound("mute")
        box.press()
        await until(lambda: last(box) == (100, False))
        box.video.turn_sound("mute")
        box.video.turn_sound("quieter")
        await until(lambda: last(box) == (90, True))
        assert box.video.sound == StationSound(volume_pct=90, is_muted=True)
        assert box.video.new_facts()[SOUND_FACT] == {
            "volume_pct": 90,
            "muted_in": [spool_text(box.spool_id), 5],
        }
        assert SOUND_FACT not in box.video.new_facts(), "the card has it"
        box.video.process.kill()
        await until(lambda: len(box.pids()) == 2 and last(box) == (90, True))
        box.end()
        box.press(6)
        await until(lambda: last(box) == (90, False))


def test_who_looks_at_the_devices_is_told_of_a_mute(tmp_path: Path) -> None:
    changes: list[str] = []
    devices = Devices(
        VideoConfig(camera="none", microphone="none", loudspeaker="none", screen="none"),
        picture_socket=tmp_path / "picture.sock",
        on_loop=lambda _: None,
        on_frame=lambda _: None,
        on_voice=lambda _: None,
        on_change=lambda: changes.append(devices.now.text),
        on_said=lambda _number, _text: None,
        now_s=lambda: 0.0,
    )
    devices.set_sound(StationSound(is_muted=True))
    devices.set_limits(MediaLimits(volume_pct=50))
    devices.set_sound(StationSound())
    assert changes == [MUTED, ""]
