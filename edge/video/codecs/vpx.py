"""VP8 through libvpx itself, because PyAV cannot change the bitrate of an open encoder (shell: ctypes).

One encoder follows the link from 20 kbit/s to 2 Mbit/s and back without being opened anew, so without the
keyframe that a new one begins with. Source: docs/adr/0012-codecs-through-the-libraries-of-av.md.
"""

import ctypes
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from edge.errors import CodecError
from edge.video.codecs import vpx_library as vpx
from edge.video.media import KEYFRAME_MAX_S, VIDEO_HZ

RATE_MIN_BPS: Final = 5_000
_BUFFER_MS: Final = (800, 500, 700)  # all, at the start, aimed at: what a frame may be late by
_DROP_PCT: Final = 30  # of the buffer; below it the encoder leaves frames out rather than run over the rate
_QUANTIZER: Final = (2, 63)  # of 0 … 63; the coarsest, because a poor link must carry a keyframe too
_FASTER_FROM_PIXELS: Final = 400_000
_NOISY_FROM_PIXELS: Final = 200_000  # a smaller picture was scaled down, which takes a sensor's noise away


class Plane(Protocol):
    """One plane of a picture in memory, as `av.VideoPlane` has it: `line_size` bytes from row to row."""

    @property
    def buffer_ptr(self) -> int: ...

    @property
    def line_size(self) -> int: ...


class Picture(Protocol):
    """A picture in yuv420p, as `av.VideoFrame` is one: planes Y, U, V."""

    @property
    def planes(self) -> Sequence[Plane]: ...


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """What an encoder made of one picture."""

    data: bytes
    is_key: bool


class VpxEncoder:
    """A VP8 encoder of one size. Used by one thread at a time; `close` frees what C holds.

    Keyframes come only at the start and when asked for. Raises CodecError.
    """

    def __init__(self, width: int, height: int, *, fps: int, bitrate_bps: int) -> None:
        self.width, self.height = width, height
        self._context: vpx.Context | None = None
        self._library = _library()
        self._config = self._configure(bitrate_bps)
        self._image = vpx.Image()
        self._frame_ticks = VIDEO_HZ // fps
        self._ticks = 0
        self._owes_key = True  # the first, or one that was asked for and then left out
        self._last_pts = -1
        self._context = self._open()
        self._control(vpx.SET_CPUUSED, -8 if width * height >= _FASTER_FROM_PIXELS else -6)
        is_noisy = _NOISY_FROM_PIXELS <= width * height < _FASTER_FROM_PIXELS
        self._control(vpx.SET_NOISE_SENSITIVITY, vpx.DENOISE_LUMA if is_noisy else 0)
        self._control(vpx.SET_STATIC_THRESHOLD, 1)
        self._control(vpx.SET_TOKEN_PARTITIONS, 0)  # one
        self._limit_keyframes(fps)
        if not self._library.vpx_img_wrap(self._image, vpx.FORMAT_I420, width, height, 1, 1):
            raise CodecError(f"libvpx takes no picture of {width}×{height}")

    def encode(self, picture: Picture, *, pts: int, force_key: bool = False) -> CodedPicture | None:
        """Return the picture coded, or None when the rate has no room for it.

        `picture` is yuv420p in the encoder's size; `pts` counts VIDEO_HZ and grows. A keyframe that was asked
        for and fell to the rate is the next frame that is coded. A pause gives the picture after it no more
        bits: it was made because the link had no room, and a large picture would make the next one. So `fps`
        must be what truly comes.
        """
        context = self._opened()
        if pts <= self._last_pts:
            raise CodecError(f"a picture at {pts} after one at {self._last_pts}")
        self._ticks += self._frame_ticks
        self._last_pts = pts
        for index, plane in enumerate(picture.planes[:3]):
            self._image.planes[index] = plane.buffer_ptr
            self._image.stride[index] = plane.line_size
        self._owes_key = self._owes_key or force_key
        flags = vpx.FORCE_KEYFRAME if self._owes_key else 0
        refusal = self._library.vpx_codec_encode(
            context, self._image, self._ticks, self._frame_ticks, flags, vpx.DEADLINE_REALTIME
        )
        self._check(refusal, "encodes no picture")
        coded = self._take(context)
        if coded is not None and coded.is_key:
            self._owes_key = False
        return coded

    def set_rate(self, bitrate_bps: int, *, fps: int) -> None:
        """Follow the link from the next picture on: no new encoder, no keyframe."""
        context, kilobits = self._opened(), _kilobits(bitrate_bps)
        if kilobits != self._config.rc_target_bitrate:
            self._config.rc_target_bitrate = kilobits
            self._check(self._library.vpx_codec_enc_config_set(context, self._config), "takes no new rate")
        if VIDEO_HZ // fps != self._frame_ticks:
            self._frame_ticks = VIDEO_HZ // fps
            self._limit_keyframes(fps)

    def close(self) -> None:
        """Free the encoder. Once is enough, more does no harm."""
        context, self._context = self._context, None
        if context is not None:
            self._library.vpx_codec_destroy(context)

    def __del__(self) -> None:
        self.close()

    def _configure(self, bitrate_bps: int) -> vpx.EncoderConfig:
        config = vpx.EncoderConfig()
        if self._library.vpx_codec_enc_config_default(self._library.vpx_codec_vp8_cx(), config, 0):
            raise CodecError("libvpx has no settings for VP8: install the package av anew")
        config.g_w, config.g_h = self.width, self.height
        config.g_threads = (
            1  # two wait for one another by spinning: no sooner ready, up to five times the work
        )
        config.g_timebase = vpx.Rational(1, VIDEO_HZ)
        config.g_error_resilient = vpx.RESILIENT_DEFAULT
        config.g_pass = vpx.ONE_PASS
        config.g_lag_in_frames = 0
        config.rc_dropframe_thresh = _DROP_PCT
        config.rc_resize_allowed = 0  # the ladder decides on size
        config.rc_end_usage = vpx.CBR
        config.rc_target_bitrate = _kilobits(bitrate_bps)
        config.rc_min_quantizer, config.rc_max_quantizer = _QUANTIZER
        config.rc_undershoot_pct, config.rc_overshoot_pct = 100, 15
        config.rc_buf_sz, config.rc_buf_initial_sz, config.rc_buf_optimal_sz = _BUFFER_MS
        config.kf_mode = vpx.KEYFRAMES_DISABLED
        return config

    def _open(self) -> vpx.Context:
        context, algorithm = vpx.Context(), self._library.vpx_codec_vp8_cx()
        for abi in vpx.ENCODER_ABIS:
            refusal = self._library.vpx_codec_enc_init_ver(context, algorithm, self._config, 0, abi)
            if not refusal:
                return context
            if refusal != vpx.ABI_MISMATCH:
                break
        size, reason = f"{self.width}×{self.height}", vpx.complaint(self._library, context)
        raise CodecError(f"libvpx opens no {size} encoder (error {refusal}): {reason}")

    def _limit_keyframes(self, fps: int) -> None:
        self._control(vpx.SET_MAX_INTRA_BITRATE_PCT, round(100 * fps * KEYFRAME_MAX_S))

    def _control(self, control: int, value: int) -> None:
        refusal = self._library.vpx_codec_control_(self._opened(), control, value)
        self._check(refusal, f"refuses {value} for its setting {control}")

    def _take(self, context: vpx.Context) -> CodedPicture | None:
        cursor = ctypes.c_void_p()
        while packet := self._library.vpx_codec_get_cx_data(context, cursor):
            if packet.contents.kind == vpx.FRAME_PACKET:
                frame = packet.contents.data.frame
                return CodedPicture(
                    ctypes.string_at(frame.buf, frame.sz), bool(frame.flags & vpx.IS_KEYFRAME)
                )
        return None

    def _opened(self) -> vpx.Context:
        if self._context is None:
            raise CodecError("this encoder is closed")
        return self._context

    def _check(self, refusal: int, what: str) -> None:
        if refusal:
            raise CodecError(
                f"libvpx {what} (error {refusal}): {vpx.complaint(self._library, self._opened())}"
            )


def _kilobits(bitrate_bps: int) -> int:
    return max(bitrate_bps, RATE_MIN_BPS) // 1_000


@functools.cache
def _library() -> ctypes.CDLL:
    return vpx.open_library()
