"""Tries camera, microphone, loudspeaker and printer, for the self-test: a process of its own that may be
killed at any moment, so that a press finds the devices free.
"""

import contextlib
from collections.abc import Iterator
from typing import Final

from edge.advice.cups import find_queue
from edge.config import BoxConfig
from edge.errors import DeviceError
from edge.health.report import Finding
from edge.video.picture.camera import open_camera
from edge.video.voice.sound_check_service import check_sound

PICTURES: Final = 3  # the first of a camera that starts may be black


def check_devices(config: BoxConfig) -> Iterator[Finding]:
    """Yield what is found; of what the configuration has not, nothing."""
    if config.video.camera != "none":
        yield _camera(config.video.camera)
    if "none" not in (config.video.microphone, config.video.loudspeaker):
        yield _sound(config)
    if config.print_to == "auto" and (queue := find_queue()) is not None:
        yield Finding(part="printer", is_well=True, text=f"the default queue is {queue}")


def _camera(setting: str) -> Finding:
    try:
        with contextlib.closing(open_camera(setting)) as camera:
            for _ in range(PICTURES):
                camera.frame()
            width, height = camera.size
    except DeviceError as error:
        text, _, remedy = str(error).partition("; ")
        return Finding(part="camera", is_well=False, text=text, remedy=remedy or "check its cable")
    return Finding(part="camera", is_well=True, text=f"gives pictures of {width} x {height}")


def _sound(config: BoxConfig) -> Finding:
    try:
        heard = check_sound(config.video)
    except DeviceError as error:
        text, _, remedy = str(error).partition("; ")
        return Finding(part="sound", is_well=False, text=text, remedy=remedy or "check its cable")
    return Finding(part="sound", is_well=not heard.remedy, text=heard.text, remedy=heard.remedy)
