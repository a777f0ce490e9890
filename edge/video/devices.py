"""Camera, microphone, loudspeaker and screen of the box, and how each of them is (shell)."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from contract.media import CameraState, SentNow, SoundState
from edge.call.video_messages import VOLUME_MIN_PCT, DevicesNow, MediaLimits, StationSound
from edge.config import VideoConfig
from edge.errors import DeviceError
from edge.video.media import EncodedFrame, EncodedVoice, LinkNow
from edge.video.panel_screen import PanelScreen
from edge.video.picture.camera import open_camera
from edge.video.picture.limit import sent_now
from edge.video.picture.pipeline import PicturePipeline
from edge.video.screen import ScreenThread, open_screen
from edge.video.voice.pipeline import VoicePipeline
from edge.video.voice.sound import open_loudspeaker, open_microphone

log = logging.getLogger(__name__)

MUTED: Final = "the microphone is muted at the station"  # its operator reads it


class Devices:
    """The two pipelines and the screen; `now` is how they are, `on_change` is called when that changes,
    `on_said` with the number of a prompt that is over and why it was not heard. `picture_socket`: where the
    panel asks for the operator's picture, if it is the screen.

    The pipelines have threads of their own: `on_loop` carries each of their words to the loop, where the
    others are called. `now_s` is the clock of the packets that arrive.
    """

    def __init__(
        self,
        settings: VideoConfig,
        *,
        picture_socket: Path,
        on_loop: Callable[[Callable[[], object]], None],
        on_frame: Callable[[EncodedFrame], None],
        on_voice: Callable[[EncodedVoice], None],
        on_change: Callable[[], None],
        on_said: Callable[[int, str], None],
        now_s: Callable[[], float],
    ) -> None:
        self._on_change = on_change
        self._texts = {"mute": "", "camera": "", "sound": "", "screen": ""}
        self._limits, self._sound = MediaLimits(), StationSound()
        self._screen = self._find_screen(settings.screen, picture_socket)
        self._is_open = False
        self.sent: SentNow | None = None  # as the link was followed last
        self.now = DevicesNow(camera="closed", microphone="closed", loudspeaker="closed")
        self.voice = VoicePipeline(
            open_microphone=lambda: open_microphone(settings.microphone),
            open_loudspeaker=lambda: open_loudspeaker(settings.loudspeaker),
            on_packet=lambda voice: on_loop(lambda: on_voice(voice)),
            on_state=lambda mic, speaker, text: on_loop(lambda: self._on_sound(mic, speaker, text)),
            on_said=lambda number, text: on_loop(lambda: on_said(number, text)),
            now_s=now_s,
        )
        self.picture = PicturePipeline(
            lambda: open_camera(settings.camera, loudness=self._loudness),
            on_frame=lambda frame: on_loop(lambda: on_frame(frame)),
            on_state=lambda state, text: on_loop(lambda: self._on_camera(state, text)),
        )

    @property
    def has_screen(self) -> bool:
        """Whether anybody here would see the operator."""
        return self._screen is not None and self._screen.is_watched

    def open(self) -> None:
        """Open them; they are tried again and again where they cannot be. Does nothing when they are."""
        if not self._is_open:
            self._is_open = True
            self.picture.start()
            self.voice.start()

    def close(self) -> None:
        """Close them; blocks for a second or two. Does nothing when they are closed."""
        if self._is_open:
            self._is_open, self.sent = False, None
            self.picture.stop()
            self.voice.stop()

    def follow(self, link: LinkNow) -> None:
        """Code picture and voice for the link of now."""
        self.voice.set_lost_share(link.lost_share)
        mode = self.picture.link(link)
        self.voice.set_mode(mode)
        self.sent = sent_now(self.picture.now(), link=link, voice=mode, is_coming=self.picture.is_sending)

    def set_limits(self, limits: MediaLimits) -> None:
        """The hub wants another loudness, or a smaller picture."""
        self._limits = limits
        self._set_volume()
        self.picture.set_limits(max_bps=limits.video_max_bps, max_height=limits.video_max_height)

    def set_sound(self, sound: StationSound) -> None:
        """The station wants another loudness, or to be heard no more."""
        self._sound = sound
        self._set_volume()
        self.voice.set_muted(is_muted=sound.is_muted)
        self._texts["mute"] = MUTED if sound.is_muted else ""
        self._change()

    def _set_volume(self) -> None:
        """The hub says what is loudest; within that it is as the station wants it, and always to be heard."""
        volume_pct = round(self._limits.volume_pct * self._sound.volume_pct / 100)
        self.voice.set_volume(max(volume_pct, VOLUME_MIN_PCT))

    def show(self, frame: Any) -> None:
        """Show the operator's picture: an `av.VideoFrame`."""
        if self._screen is not None:
            self._screen.show(frame)

    def clear_screen(self) -> None:
        """Nobody is to be seen any more."""
        if self._screen is not None:
            self._screen.clear()

    def _find_screen(self, setting: str, picture_socket: Path) -> ScreenThread | PanelScreen | None:
        try:
            if setting == "panel":
                return PanelScreen(picture_socket)
            screen = open_screen(setting)
            return None if screen is None else ScreenThread(screen)
        except (DeviceError, OSError) as error:
            log.warning("%s", error)
            self._texts["screen"] = str(error)
            return None

    def _loudness(self) -> float:
        """Return how far a drawn mouth is open: our own voice, from -50 dB of full scale to -10."""
        return min(1.0, max(0.0, (self.voice.levels()[0] + 50.0) / 40.0))

    def _on_camera(self, state: CameraState, text: str) -> None:
        self._texts["camera"] = text
        self._change(camera=state)

    def _on_sound(self, microphone: SoundState, loudspeaker: SoundState, text: str) -> None:
        self._texts["sound"] = text
        self._change(microphone=microphone, loudspeaker=loudspeaker)

    def _change(self, **states: str) -> None:
        text = "; ".join(text for text in self._texts.values() if text)[:200]
        self.now = self.now.model_copy(update={**states, "text": text})
        self._on_change()
