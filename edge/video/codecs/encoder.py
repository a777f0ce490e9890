"""The one interface to a VP8 encoder, and PyAV's where libvpx itself is not what we know (shell: av)."""

import functools
import logging
from fractions import Fraction
from typing import Final, Protocol

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext

from edge.errors import CodecError
from edge.video.codecs.codec_check import check_vpx
from edge.video.codecs.vpx import CodedPicture, Picture, VpxEncoder
from edge.video.media import KEYFRAME_MAX_S, VIDEO_HZ

REOPEN_SHARE: Final = 0.15  # a smaller change of rate is not worth a keyframe
REOPEN_AFTER_TICKS: Final = 3 * VIDEO_HZ
_KEYFRAME: Final = av.video.frame.PictureType.I
_AS_IT_COMES: Final = av.video.frame.PictureType.NONE

log = logging.getLogger(__name__)


class PictureEncoder(Protocol):
    """A VP8 encoder of one size that follows the link. Used by one thread at a time."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def encode(self, picture: Picture, *, pts: int, force_key: bool = False) -> CodedPicture | None:
        """Return the picture coded, or None when the rate has no room for it; `pts` counts VIDEO_HZ."""

    def set_rate(self, bitrate_bps: int, *, fps: int) -> None:
        """Follow the link from the next picture on."""

    def close(self) -> None:
        """Free the encoder."""


def open_encoder(width: int, height: int, *, fps: int, bitrate_bps: int) -> PictureEncoder:
    """Return an encoder for pictures of `width` × `height`, even numbers. Raises CodecError."""
    if is_vpx_known():
        return VpxEncoder(width, height, fps=fps, bitrate_bps=bitrate_bps)
    return PyAvEncoder(width, height, fps=fps, bitrate_bps=bitrate_bps)


class PyAvEncoder:
    """VP8 through PyAV: a new rate needs a new encoder, which begins with a keyframe. Raises CodecError."""

    def __init__(self, width: int, height: int, *, fps: int, bitrate_bps: int) -> None:
        self.width, self.height = width, height
        self._wanted = (bitrate_bps, fps)
        self._codec, self._bitrate_bps = self._open(), bitrate_bps
        self._opened_pts: int | None = None
        self._owes_key = False

    def encode(self, picture: Picture, *, pts: int, force_key: bool = False) -> CodedPicture | None:
        """As VpxEncoder's; the picture is an `av.VideoFrame`."""
        if not isinstance(picture, av.VideoFrame):
            raise CodecError(f"PyAV takes no {type(picture).__name__}")
        self._follow(pts)
        self._owes_key = self._owes_key or force_key
        picture.pts, picture.time_base = pts, Fraction(1, VIDEO_HZ)
        picture.pict_type = _KEYFRAME if self._owes_key else _AS_IT_COMES
        try:
            packets = self._codec.encode(picture)
        except FFmpegError as error:
            raise CodecError(f"PyAV encodes no picture: {error}") from error
        if not packets:
            return None
        is_key = packets[0].is_keyframe
        self._owes_key = self._owes_key and not is_key
        return CodedPicture(b"".join(map(bytes, packets)), is_key)

    def set_rate(self, bitrate_bps: int, *, fps: int) -> None:
        """Follow the link, within REOPEN_SHARE and not more often than every REOPEN_AFTER_TICKS."""
        self._wanted = (bitrate_bps, fps)

    def close(self) -> None:
        """Nothing is held that Python does not free."""

    def _follow(self, pts: int) -> None:
        if self._opened_pts is None:
            self._opened_pts = pts
        wanted_bps = self._wanted[0]
        is_far = abs(wanted_bps - self._bitrate_bps) > REOPEN_SHARE * self._bitrate_bps
        if is_far and pts - self._opened_pts >= REOPEN_AFTER_TICKS:
            self._codec, self._bitrate_bps, self._opened_pts = self._open(), wanted_bps, pts

    def _open(self) -> VideoCodecContext:
        bitrate_bps, fps = self._wanted
        try:
            codec = av.CodecContext.create("libvpx", "w")
            codec.width, codec.height, codec.pix_fmt = self.width, self.height, "yuv420p"
            codec.bit_rate, codec.gop_size = bitrate_bps, 3_000
            codec.qmin, codec.qmax = 2, 63
            codec.thread_count = 1  # as in edge/video/codecs/vpx.py
            codec.time_base, codec.framerate = Fraction(1, VIDEO_HZ), Fraction(fps)
            codec.options = {
                "deadline": "realtime",
                "cpu-used": "-6",
                "lag-in-frames": "0",
                "error-resilient": "default",
                "minrate": str(bitrate_bps),
                "maxrate": str(bitrate_bps),
                "bufsize": str(bitrate_bps * 8 // 10),
                "undershoot-pct": "100",
                "overshoot-pct": "15",
                "drop-threshold": "30",
                "static-thresh": "1",
                "max-intra-rate": str(round(100 * fps * KEYFRAME_MAX_S)),
            }
            codec.open()
        except (FFmpegError, ValueError) as error:
            raise CodecError(f"PyAV opens no {self.width}×{self.height} VP8 encoder: {error}") from error
        return codec


@functools.cache
def is_vpx_known() -> bool:
    """Return whether libvpx passes its self-test, run by the first call in a tenth of a second."""
    try:
        log.info("pictures are coded by libvpx %s", check_vpx())
    except CodecError as error:
        log.warning("%s; PyAV codes in its place, with a keyframe at each change of rate", error)
        return False
    return True
