"""What picture and what voice a link has room for, and how the two share it (core).

Down at once, up only after the room has been there for a while: a link that has just come back is not
trusted, and a picture that changes its size twice a second is worse than a small one. Source of the tables:
docs/adr/0012-codecs-through-the-libraries-of-av.md, docs/adr/0037-what-picture-and-why.md.
"""

from dataclasses import replace
from typing import Final

from contract.media import PictureMode
from edge.video.media import Rung, VoiceMode

CLIMB_AFTER_S: Final = 3.0  # of room, before a step up
FASTER_AFTER_S: Final = 0.5  # of room, before the same size comes more often: nothing jumps
FASTER_MAX_FPS: Final = 15  # beyond, as a larger size
STILLS_AFTER_S: Final = 2.0  # of no room for the poorest picture that moves: a dip only makes it slower
HOLD_SHARE: Final = 0.9  # of a rung's rate; a rate that swings about it would change the size at each swing
HEADER_BYTES: Final = 58  # of a packet: IP 20, UDP 8, RTP 12, extensions 8, SRTP 10

# From so many bit/s of picture alone. Voice waits behind a packet: small ones where the link is poor.
RUNGS: Final[tuple[tuple[int, Rung], ...]] = (
    (15_000, Rung(320, 180, 5, 500)),
    (25_000, Rung(320, 180, 9, 500)),
    (32_000, Rung(320, 180, 11, 500)),
    (80_000, Rung(480, 270, 12, 500)),
    (140_000, Rung(480, 270, 15, 800)),
    (260_000, Rung(640, 360, 15, 1_150)),
    (400_000, Rung(640, 360, 25, 1_150)),
    (700_000, Rung(960, 540, 25, 1_150)),
    (1_200_000, Rung(1280, 720, 25, 1_150)),
    (2_500_000, Rung(1920, 1080, 25, 1_150)),
    (3_500_000, Rung(1920, 1080, 30, 1_150)),
)
STILLS: Final = Rung(
    320, 180, 1, 250
)  # below the first rung: one picture every few seconds, in small packets

# From so many bit/s of link: voice as it is, and voice where much is lost. Frames are long where the link is
# poor, for headers cost as much as speech there; libopus puts FEC in from 18 kbit/s on.
VOICES: Final[tuple[tuple[int, VoiceMode, VoiceMode], ...]] = (
    (0, VoiceMode(8_000, 60, False, True), VoiceMode(8_000, 60, False, True)),
    (50_000, VoiceMode(12_000, 60, False, True), VoiceMode(18_000, 60, True, True)),
    (100_000, VoiceMode(20_000, 40, True, True), VoiceMode(20_000, 40, True, True)),
    (200_000, VoiceMode(24_000, 20, True, True), VoiceMode(24_000, 20, True, True)),
)
LOSSY_FROM: Final = 0.03  # share of packets lost
LOSSY_UNTIL: Final = 0.01


class _Stair:
    """A number that falls at once and rises, to what held all the time, after a wait."""

    def __init__(self) -> None:
        self.at: int | None = None
        self._room: tuple[int, float] | None = None  # the least seen, and since when it is above `at`

    def step(self, wanted: int, *, now_s: float, near: int = 0) -> int:
        """`near`: up to there a shorter wait will do."""
        if self.at is None or wanted <= self.at:
            self.at, self._room = wanted, None
            return wanted
        least, since_s = (wanted, now_s) if self._room is None else self._room
        self._room = (min(least, wanted), since_s)
        if now_s - since_s >= CLIMB_AFTER_S:
            self.at, self._room = self._room[0], None
        elif now_s - since_s >= FASTER_AFTER_S:
            self.at = max(self.at, min(self._room[0], near))
        return self.at


class PictureLadder:
    """On which rung the picture stands. `at` counts RUNGS from 1; 0: no room for a picture that moves.

    `has_stills`: where there is none there are stills, of the first rung's size.
    """

    def __init__(self, *, has_stills: bool = True) -> None:
        self._has_stills = has_stills
        self.at = 0
        self.wanted = 0  # what the rate alone would have, without any wait or limit
        self._stair = _Stair()
        self._room_s: float | None = None  # when there last was room for a picture that moves

    def step(self, video_bps: int, *, now_s: float, most: int = len(RUNGS)) -> int:
        """Return `at` for `video_bps` of coded picture, never above `most`.

        The first call stands where it says. Later: down at once, below HOLD_SHARE of the rung's rate, but to
        stills only after STILLS_AFTER_S; up after CLIMB_AFTER_S of room, and to more pictures of the size
        that is shown after FASTER_AFTER_S.
        """
        wanted = sum(video_bps >= from_bps for from_bps, _ in RUNGS)
        if wanted:
            self._room_s = now_s
        elif self.at and self._room_s is not None and now_s - self._room_s < STILLS_AFTER_S:
            wanted = 1
        if wanted < self.at and video_bps >= HOLD_SHARE * RUNGS[self.at - 1][0]:
            wanted = self.at
        self.wanted = wanted
        self.at = self._stair.step(min(wanted, most), now_s=now_s, near=self._last_of_its_size)
        return self.at

    @property
    def _last_of_its_size(self) -> int:
        if self.at == 0 and not self._has_stills:
            return 0
        width = STILLS.width if self.at == 0 else RUNGS[self.at - 1][1].width
        faster = [
            number
            for number, (_, rung) in enumerate(RUNGS, 1)
            if rung.width == width and rung.fps <= FASTER_MAX_FPS
        ]
        return max(faster, default=0)


def rung(at: int, mode: PictureMode) -> Rung:
    """Return the rung `at` of the ladder (1 …) as `mode` has it.

    "motion": as it stands. "detail": half as often and one size up, which costs about the same.
    """
    found = RUNGS[at - 1][1]
    if mode == "motion":
        return found
    larger = next((one for _, one in RUNGS[at:] if one.width > found.width), found)
    return replace(found, width=larger.width, height=larger.height, fps=(found.fps + 1) // 2)


class VoiceLadder:
    """How voice is coded."""

    def __init__(self) -> None:
        self._stair = _Stair()
        self._is_lossy = False

    def voice_mode(self, link_bps: int, lost_share: float, *, now_s: float) -> VoiceMode:
        """Return the mode for a link of `link_bps`, headers included, that loses `lost_share` (0 … 1)."""
        wanted = sum(link_bps >= from_bps for from_bps, _, _ in VOICES) - 1
        at = self._stair.step(max(wanted, 0), now_s=now_s)
        self._is_lossy = lost_share >= (LOSSY_UNTIL if self._is_lossy else LOSSY_FROM)
        _, usual, lossy = VOICES[at]
        return lossy if self._is_lossy else usual


def voice_wire_bps(mode: VoiceMode) -> int:
    """Return what the voice takes of the link at most, headers included."""
    return mode.bitrate_bps + HEADER_BYTES * 8 * 1_000 // mode.frame_ms


def split(target_bps: int, mode: VoiceMode, *, repairs_share: float = 0.0) -> int:
    """Return what `target_bps` leaves for coded picture, in bit/s: voice first, then the headers of both.

    `repairs_share`: so much is sent of the picture again, in advance of a loss.

    A frame's last packet is half full on average, and a frame has at least one packet.
    """
    room_bps = (target_bps - voice_wire_bps(mode)) / (1 + repairs_share)
    for from_bps, rung in reversed(RUNGS):
        header_bps = HEADER_BYTES * 8 * rung.fps
        coded_bps = min(
            (room_bps - header_bps / 2) / (1 + HEADER_BYTES / rung.packet_bytes), room_bps - header_bps
        )
        if coded_bps >= from_bps:
            return int(coded_bps)
    return 0
