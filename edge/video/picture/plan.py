"""Which of the camera's frames are sent, at what size and rate, and which as a keyframe (core)."""

from dataclasses import dataclass
from typing import Final

from edge.video.media import LinkNow, VoiceMode
from edge.video.picture.ladder import PictureLadder, VoiceLadder, split

QUEUE_MAX_S: Final = 0.15  # beyond it a frame would be old before it leaves
KEY_PAUSE_S: Final = 1.0  # between two keyframes, and at least two round trips


@dataclass(frozen=True, slots=True)
class Shot:
    """Send this frame, so."""

    width: int
    height: int
    fps: int
    bitrate_bps: int
    packet_bytes: int
    is_key: bool


class PicturePlan:
    """Decides for each frame of the camera. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._pictures, self._voices = PictureLadder(), VoiceLadder()
        self._link: LinkNow | None = None
        self._video_bps = 0
        self._queue_empty_s = 0.0  # when what we know of has left
        self._due_s = 0.0  # of the next frame
        self.has_room = False  # for a moving picture, when a frame was last looked at
        self._last_key_s: float | None = None
        self._key_asked_s: float | None = None

    def link(self, now: LinkNow, *, now_s: float) -> VoiceMode:
        """Take what the transport knows, and return the voice's share of it.

        What the transport says of its queue replaces what we reckoned.
        """
        mode = self._voices.voice_mode(now.target_bps, now.lost_share, now_s=now_s)
        self._link, self._video_bps = now, split(now.target_bps, mode)
        self._queue_empty_s = now_s + now.queued_s
        return mode

    def want_key(self, *, now_s: float) -> None:
        """The other side cannot go on without a keyframe. It gets one when the pause is over.

        Who asked within a round trip of the last keyframe cannot have seen it yet, and asks again if it is
        lost; so that asks for nothing.
        """
        round_trip_s = (self._link.round_trip_s if self._link else None) or 0.0
        if self._last_key_s is None or now_s - self._last_key_s > round_trip_s:
            self._key_asked_s = now_s

    def shot(self, camera_size: tuple[int, int], *, now_s: float) -> Shot | None:
        """Return how the frame that the camera just gave is sent; None: it is not."""
        if self._link is None:
            return None
        rung = self._pictures.rung(self._video_bps, now_s=now_s)
        self.has_room = rung is not None
        if rung is None or self._queue_empty_s - now_s > QUEUE_MAX_S:
            return None
        # A camera's frames come when they come: one that is nearly due is taken, lest a slower rate come out.
        if now_s < self._due_s - 0.25 / rung.fps:
            return None
        self._due_s = max(self._due_s, now_s - 0.5 / rung.fps) + 1 / rung.fps
        width, height = fitted(camera_size, (rung.width, rung.height))
        return Shot(width, height, rung.fps, self._video_bps, rung.packet_bytes, self._may_key(now_s))

    def sent(self, size_bytes: int, *, is_key: bool, now_s: float) -> None:
        """The frame was coded to so much: it waits for the link until the transport says otherwise."""
        if is_key:
            self._last_key_s, self._key_asked_s = now_s, None
        link_bps = max(self._link.target_bps if self._link else 0, 1_000)
        self._queue_empty_s = max(self._queue_empty_s, now_s) + size_bytes * 8 / link_bps

    def _may_key(self, now_s: float) -> bool:
        if self._key_asked_s is None:
            return False
        round_trip_s = (self._link.round_trip_s if self._link else None) or 0.0
        pause_s = max(KEY_PAUSE_S, 2 * round_trip_s)
        return self._last_key_s is None or now_s - self._last_key_s >= pause_s


def fitted(camera_size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """Return the largest even size of the camera's shape that fits into `box`, never beyond the camera's.

    The shape is right within a pixel; a picture has at least 16 × 16.
    """
    (camera_width, camera_height), (box_width, box_height) = camera_size, box
    scale = min(box_width / camera_width, box_height / camera_height, 1.0)
    return max(round(camera_width * scale / 2) * 2, 16), max(round(camera_height * scale / 2) * 2, 16)
