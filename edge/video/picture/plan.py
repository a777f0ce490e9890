"""Which of the camera's frames are sent, at what size and rate, and which as a keyframe (core)."""

from dataclasses import dataclass
from typing import Final

from contract.media import PictureMode
from edge.video.media import KEYFRAME_MAX_S, LinkNow, Track, VoiceMode
from edge.video.picture.effort import Effort
from edge.video.picture.high_track import GAIN, HIGH_FROM, LOW_AT, LOW_WIRE_BPS, HighTrack
from edge.video.picture.keys import Beat, Keys
from edge.video.picture.ladder import RUNGS, STILLS, PictureLadder, VoiceLadder, rung, split, voice_wire_bps
from edge.video.picture.tally import Tally

QUEUE_MAX_S: Final = 0.15  # beyond it a frame would be old before it leaves
STILL_EVERY_S: Final = 3.0  # at least: it leaves by then, in the room that voice leaves it
STILL_LEAST_BPS: Final = 2_000  # of such room; below, a still would be a minute old
STILL_MOST_BPS: Final = 8_000  # larger ones look no better at that size
CAMERA_GROWS_AFTER_S: Final = 10.0  # of wanting larger frames than the camera gives: to change costs a second
CAMERA_SHRINKS_AFTER_S: Final = 60.0
CAMERA_WEIGHT: Final = 0.05  # of the newest space between two of the camera's frames in their mean
CAMERA_PAUSE_S: Final = 1.0  # longer is no space between frames: it was closed, or opened anew
USUAL_BOX: Final = (640, 360)  # of a camera's frames, until the link has room for more


@dataclass(frozen=True, slots=True)
class Shot:
    """Send this frame, so. `at`: its rung, 0 for a still."""

    width: int
    height: int
    fps: int
    bitrate_bps: int
    packet_bytes: int
    is_key: bool
    at: int
    track: Track = "low"


@dataclass(frozen=True, slots=True)
class PictureNow:
    """What is sent and what bounds it: of two tracks the larger; `video_bps` is of both. `at` and `wanted`
    are rungs: taken, and what the link alone would have; `most` is what this machine codes in time. Sizes
    are width and height; (0, 0): none was sent lately. `camera_box` is what the camera was asked for."""

    at: int
    wanted: int
    most: int
    mode: PictureMode
    camera_size: tuple[int, int]
    camera_box: tuple[int, int]
    size: tuple[int, int]
    fps: float
    video_bps: int


class PicturePlan:
    """Decides for each frame of the camera: of the low track by `shot`, then of the high one by `high_shot`.

    Times are monotonic seconds.
    """

    def __init__(self) -> None:
        self.has_room = False  # for a picture, a still at least, when a frame was last looked at
        self.camera_box = USUAL_BOX  # the camera's frames need be no larger than that
        self._pictures, self._voices, self._effort = PictureLadder(), VoiceLadder(), Effort(len(RUNGS))
        self._mode: PictureMode = "motion"
        self._link: LinkNow | None = None
        self._video_bps = self._still_bps = 0
        self._high_bps = self._high_now_bps = 0  # what the link has for it, and what it takes of that
        # when what we know of has left: all before a frame of this track
        self._empty_s: dict[Track, float] = {"low": 0.0, "high": 0.0}
        self._beat, self._high = Beat(), HighTrack()
        self._keys: dict[Track, Keys] = {"low": Keys(), "high": self._high.keys}
        self._beside_s = 0.0  # of coding the low track, since the high one was coded last
        self._camera_size = (0, 0)
        self._camera_s: float | None = None  # of its last frame
        self._camera_apart_s = 0.0  # its frames, in the mean
        self._tally = Tally()  # of the low track
        self._box_since_s: float | None = None  # since when another one is wanted
        self._max_bps: int | None = None  # as the hub wants it, whatever the link has room for
        self._max_height: int | None = None

    def link(self, now: LinkNow, *, now_s: float) -> VoiceMode:
        """Take what the transport knows, and return the voice's share of it.

        What the transport says of its queue replaces what we reckoned.
        """
        mode = self._voices.voice_mode(now.target_bps, now.lost_share, now_s=now_s)
        self._link, self._video_bps = now, split(now.target_bps, mode, repairs_share=now.repairs_share)
        room_bps = now.target_bps - round(LOW_WIRE_BPS * (1 + now.repairs_share))
        self._high_bps = split(room_bps, mode, repairs_share=now.repairs_share) if now.has_high else 0
        if self._max_bps is not None:
            self._video_bps = min(self._video_bps, self._max_bps)
            self._high_bps = min(self._high_bps, max(0, self._max_bps - LOW_WIRE_BPS))
        self._still_bps = min(STILL_MOST_BPS, now.target_bps - voice_wire_bps(mode))
        self._empty_s = {"low": now_s + now.queued_s, "high": now_s + max(now.queued_s, now.high_queued_s)}
        return mode

    def set_mode(self, mode: PictureMode) -> None:
        """What the doctor looks for: how it moves, or how it looks."""
        self._mode = mode

    def set_limits(self, *, max_bps: int | None, max_height: int | None) -> None:
        """No more than this from the next word of the link, and the next picture, on; None: no limit."""
        self._max_bps, self._max_height = max_bps, max_height

    def want_key(self, track: Track, *, now_s: float) -> None:
        """The other side cannot go on without a keyframe of this track: it gets one after the pause."""
        self._keys[track].want(round_trip_s=self._round_trip_s, now_s=now_s)

    def shot(self, camera_size: tuple[int, int], *, now_s: float) -> Shot | None:
        """Return how the frame that the camera just gave is sent; None: it is not."""
        if self._link is None:
            return None
        self._camera_size = camera_size
        self._count_camera(now_s)
        most = self._effort.look(now_s=now_s)
        self._high.step(self._high_bps if self._is_high_a_gain else 0, most=most, now_s=now_s)
        low_bps, self._high_now_bps = self._high.split(self._video_bps, self._high_bps, now_s=now_s)
        low_most = self._high.low_most(self._pictures.at, now_s=now_s)
        most = most if low_most is None else min(most, low_most)
        at = self._pictures.step(self._video_bps, now_s=now_s, most=most)
        self._fit_camera(now_s)
        self.has_room = at > 0 or self._still_bps >= STILL_LEAST_BPS
        if not self.has_room or self._empty_s["low"] - now_s > QUEUE_MAX_S:
            return None
        # in a dip there is no more than for stills
        return self._moving("low", at, max(low_bps, self._still_bps), now_s) if at else self._still(now_s)

    def high_shot(self, *, now_s: float) -> Shot | None:
        """Return how the same frame is sent as the high track's, after `shot`; None: it is not."""
        at = self._high.at
        if at == 0 or self._high_bps == 0 or self._empty_s["high"] - now_s > QUEUE_MAX_S:
            return None
        return self._moving("high", at, self._high_now_bps, now_s)

    @property
    def _is_high_a_gain(self) -> bool:
        """Whether the camera's frames are large enough for a second track."""
        low, high = (rung(at, self._mode) for at in (LOW_AT, HIGH_FROM))
        low_width, _ = fitted(self._camera_size, (low.width, low.height))
        return fitted(self._camera_size, (high.width, high.height))[0] >= GAIN * low_width

    def _still(self, now_s: float) -> Shot | None:
        """Each stands alone: on such a link, what it builds on may be lost, and it comes seldom anyway."""
        if not self._beat.is_due(now_s=now_s):
            return None
        width, height = fitted(self._camera_size, (STILLS.width, STILLS.height))
        rate_bps = round(self._still_bps / KEYFRAME_MAX_S)
        return Shot(width, height, STILLS.fps, rate_bps, STILLS.packet_bytes, True, 0)

    def _moving(self, track: Track, at: int, bitrate_bps: int, now_s: float) -> Shot | None:
        now, beat = rung(at, self._mode), self._beat if track == "low" else self._high.beat
        if not beat.takes(now.fps, now_s=now_s):
            return None
        box_height = now.height if self._max_height is None else min(now.height, self._max_height)
        width, height = fitted(self._camera_size, (now.width, box_height))
        fps = max(1, min(now.fps, round(1 / max(self._camera_apart_s, 0.01))))
        is_key = self._keys[track].is_due(round_trip_s=self._round_trip_s, now_s=now_s)
        return Shot(width, height, fps, bitrate_bps, now.packet_bytes, is_key, at, track)

    def _count_camera(self, now_s: float) -> None:
        """A camera in the dark gives fewer frames than the rung has; each may then have more bits."""
        before_s, self._camera_s = self._camera_s, now_s
        if before_s is not None and now_s - before_s < CAMERA_PAUSE_S:
            weight = CAMERA_WEIGHT if self._camera_apart_s else 1.0
            self._camera_apart_s += weight * (now_s - before_s - self._camera_apart_s)

    def coded(self, shot: Shot, *, took_s: float, now_s: float) -> None:
        """To scale and code a shot took so long, also where nothing came of it."""
        if shot.track == "low" and self._high.at:
            self._beside_s += took_s
        elif shot.at:
            took_s, self._beside_s = took_s + self._beside_s, 0.0
            self._effort.took(took_s, at=shot.at, fps=shot.fps, now_s=now_s)

    def sent(self, shot: Shot, size_bytes: int, *, is_key: bool, now_s: float) -> None:
        """The frame was coded to so much: it waits for the link until the transport says otherwise."""
        if is_key:
            self._keys[shot.track].sent(now_s=now_s)
        link_bps = max(self._link.target_bps if self._link else 0, 1_000)
        later: tuple[Track, ...] = ("low", "high") if shot.track == "low" else ("high",)
        for track in later:
            self._empty_s[track] = max(self._empty_s[track], now_s) + size_bytes * 8 / link_bps
        tally = self._tally if shot.track == "low" else self._high.tally
        tally.add((shot.width, shot.height), size_bytes, now_s=now_s)
        if shot.at == 0:
            leaves_s = size_bytes * 8 / max(self._still_bps, STILL_LEAST_BPS)
            self._beat.rest(now_s + max(STILL_EVERY_S, leaves_s))

    def now(self, *, now_s: float) -> PictureNow:
        """Return what is sent, and what bounds it."""
        high = self._high.tally
        larger = high if self._high.at and high.size(now_s=now_s) != (0, 0) else self._tally
        return PictureNow(
            at=self._high.at or self._pictures.at,
            wanted=self._wanted,
            most=self._effort.most,
            mode=self._mode,
            camera_size=self._camera_size,
            camera_box=self.camera_box,
            size=larger.size(now_s=now_s),
            fps=larger.fps(now_s=now_s),
            video_bps=self._tally.bps(now_s=now_s) + high.bps(now_s=now_s),
        )

    @property
    def _wanted(self) -> int:
        """The rung that the link alone would have."""
        return max(self._pictures.wanted, self._high.wanted)

    @property
    def _round_trip_s(self) -> float:
        return (self._link.round_trip_s if self._link else None) or 0.0

    def _fit_camera(self, now_s: float) -> None:
        """A camera of 1280 × 720 costs its decoding also where 320 × 180 is sent: it gives what is needed."""
        at = min(self._wanted, self._effort.most)
        wanted = rung(at, self._mode) if at else STILLS
        box = (max(wanted.width, USUAL_BOX[0]), max(wanted.height, USUAL_BOX[1]))
        if box == self.camera_box:
            self._box_since_s = None
            return
        self._box_since_s = now_s if self._box_since_s is None else self._box_since_s
        wait_s = CAMERA_GROWS_AFTER_S if box > self.camera_box else CAMERA_SHRINKS_AFTER_S
        if now_s - self._box_since_s >= wait_s:
            self.camera_box, self._box_since_s = box, None


def fitted(camera_size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """Return the largest even size of the camera's shape that fits into `box`, never beyond the camera's.

    The shape is right within a pixel; a picture has at least 16 × 16.
    """
    (camera_width, camera_height), (box_width, box_height) = camera_size, box
    scale = min(box_width / camera_width, box_height / camera_height, 1.0)
    return max(round(camera_width * scale / 2) * 2, 16), max(round(camera_height * scale / 2) * 2, 16)
