"""Plays the tone of `edge doctor --sound` and listens (service: a thread for each direction)."""

import contextlib
import threading
from collections.abc import Callable

import numpy as np

from edge.config import VideoConfig
from edge.errors import DeviceError
from edge.video.media import VOICE_HZ
from edge.video.voice.sound import FRAME_SAMPLES, Loudspeaker, open_loudspeaker, open_microphone
from edge.video.voice.sound_check import QUIET_S, TONE_S, Finding, Sound, judge, tone


def check_sound(config: VideoConfig) -> Finding:
    """Play the tone through the configured loudspeaker and return what the configured microphone heard.

    Takes two seconds; both devices are closed again. Raises DeviceError: one of them cannot be used.
    """
    with (
        contextlib.closing(open_microphone(config.microphone)) as microphone,
        contextlib.closing(open_loudspeaker(config.loudspeaker)) as loudspeaker,
    ):
        playing, ending = threading.Event(), threading.Event()
        failed: list[DeviceError] = []
        player = threading.Thread(
            target=_play, args=(loudspeaker, playing, ending, failed), name="tone", daemon=True
        )
        player.start()
        try:
            before = _hear(microphone.read, QUIET_S)
            playing.set()
            during = _hear(microphone.read, TONE_S)
        finally:
            ending.set()
            player.join()
    if failed:
        raise failed[0]
    return judge(before, during)


def _hear(read: Callable[[], Sound], seconds: float) -> Sound:
    return np.concatenate([read() for _ in range(int(seconds * VOICE_HZ) // FRAME_SAMPLES)])


def _play(
    loudspeaker: Loudspeaker, playing: threading.Event, ending: threading.Event, failed: list[DeviceError]
) -> None:
    """Play silence until `playing`, then the tone until `ending`: the card runs before the tone begins."""
    start = 0
    try:
        while not ending.is_set():
            if playing.is_set():
                loudspeaker.write(tone(FRAME_SAMPLES, start=start))
                start += FRAME_SAMPLES
            else:
                loudspeaker.write(np.zeros(FRAME_SAMPLES, np.int16))
    except DeviceError as error:
        failed.append(error)
