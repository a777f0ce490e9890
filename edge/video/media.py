"""What the files of this room hand one another: frames, packets, what the link carries (core)."""

from dataclasses import dataclass
from typing import Final, Literal

VIDEO_HZ: Final = 90_000  # RTP clock of VP8 (RFC 7741)
VOICE_HZ: Final = 48_000  # RTP clock of Opus (RFC 7587), and the rate at which we handle sound
KEYFRAME_MAX_S: Final = 0.4  # of the rate: a keyframe may not hold the link longer

Track = Literal["low", "high"]  # of the picture: one always, a larger one beside it where there is room
TRACKS: Final[tuple[Track, ...]] = ("low", "high")  # as they stand in a description


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One VP8 frame. `pts` counts VIDEO_HZ from the pipeline's start; `packet_bytes` is the largest payload
    that the link should be given at once."""

    data: bytes
    pts: int
    is_key: bool
    packet_bytes: int
    track: Track = "low"


@dataclass(frozen=True, slots=True)
class EncodedVoice:
    """One Opus packet. `pts` counts VOICE_HZ; a silence that DTX left out is a jump in it."""

    data: bytes
    pts: int


@dataclass(frozen=True, slots=True)
class VoicePacket:
    """One Opus packet of the other side, as it came. `sequence` (16 bits) and `timestamp` (32) are RTP's."""

    sequence: int
    timestamp: int
    payload: bytes
    arrived_s: float


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder: what picture the link has room for."""

    width: int
    height: int
    fps: int
    packet_bytes: int


@dataclass(frozen=True, slots=True)
class VoiceMode:
    """How voice is coded: `frame_ms` 20, 40 or 60."""

    bitrate_bps: int
    frame_ms: int
    has_fec: bool
    has_dtx: bool


@dataclass(frozen=True, slots=True)
class LinkNow:
    """What the transport knows of the way up. `target_bps` is for all media together, headers included;
    `queued_s` is how long what waits in the pacer before a frame of the low track will take to leave, and
    `high_queued_s` before one of the high track; `repairs_share` is what is sent beside each packet of the
    picture, in advance of its loss (0 … 0.2); `is_out`: nothing is heard from the other side; `has_high`: it
    takes a second, larger picture.
    """

    target_bps: int
    round_trip_s: float | None
    lost_share: float  # 0 … 1, of the last seconds
    queued_s: float
    repairs_share: float = 0.0
    is_out: bool = False
    has_high: bool = False
    high_queued_s: float = 0.0
