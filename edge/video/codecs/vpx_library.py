"""libvpx as C declares it: structures, numbers and calls, for VP8 alone (shell: ctypes).

Source: libvpx's vpx_encoder.h, vpx_codec.h, vpx_image.h, vp8cx.h. The structures up to the last field named
here are the same in the releases 1.12 to 1.17; `codec_check.py` proves it of the one at hand.
"""

import ctypes
from ctypes import (
    POINTER,
    Structure,
    Union,
    c_char_p,
    c_int,
    c_int64,
    c_long,
    c_size_t,
    c_uint,
    c_ulong,
    c_void_p,
)
from typing import Any, Final

from edge.errors import CodecError
from edge.video.codecs.av_libs import library_paths

# VPX_ENCODER_ABI_VERSION of 1.17 and 1.16, 1.15.2, 1.15.0, 1.14, 1.13, 1.12: each refuses all but its own.
ENCODER_ABIS: Final = (39, 37, 36, 34, 30, 25)
DECODER_ABI: Final = 12  # of them all
SONAMES: Final = ("libvpx.so.12", "libvpx.so.11", "libvpx.so.9", "libvpx.so.8", "libvpx.so.7")

OK: Final = 0
ABI_MISMATCH: Final = 3
ONE_PASS: Final = 0
CBR: Final = 1
KEYFRAMES_DISABLED: Final = 0  # none but those that are asked for
RESILIENT_DEFAULT: Final = 1
FORCE_KEYFRAME: Final = 1
IS_KEYFRAME: Final = 1
FRAME_PACKET: Final = 0
DEADLINE_REALTIME: Final = 1
FORMAT_I420: Final = 0x102

SET_CPUUSED: Final = 13
SET_NOISE_SENSITIVITY: Final = 15
DENOISE_LUMA: Final = 1
SET_STATIC_THRESHOLD: Final = 17
SET_TOKEN_PARTITIONS: Final = 18
SET_MAX_INTRA_BITRATE_PCT: Final = 26


class Rational(Structure):
    """vpx_rational_t."""

    _fields_ = [("num", c_int), ("den", c_int)]


class FixedBuffer(Structure):
    """vpx_fixed_buf_t."""

    _fields_ = [("buf", c_void_p), ("sz", c_size_t)]


class EncoderConfig(Structure):
    """vpx_codec_enc_cfg_t up to `kf_max_dist`; what follows (layers, VP9) keeps the library's defaults."""

    _fields_ = [
        ("g_usage", c_uint),
        ("g_threads", c_uint),
        ("g_profile", c_uint),
        ("g_w", c_uint),
        ("g_h", c_uint),
        ("g_bit_depth", c_int),
        ("g_input_bit_depth", c_uint),
        ("g_timebase", Rational),
        ("g_error_resilient", c_uint),
        ("g_pass", c_int),
        ("g_lag_in_frames", c_uint),
        ("rc_dropframe_thresh", c_uint),
        ("rc_resize_allowed", c_uint),
        ("rc_scaled_width", c_uint),
        ("rc_scaled_height", c_uint),
        ("rc_resize_up_thresh", c_uint),
        ("rc_resize_down_thresh", c_uint),
        ("rc_end_usage", c_int),
        ("rc_twopass_stats_in", FixedBuffer),
        ("rc_firstpass_mb_stats_in", FixedBuffer),
        ("rc_target_bitrate", c_uint),  # kbit/s
        ("rc_min_quantizer", c_uint),
        ("rc_max_quantizer", c_uint),
        ("rc_undershoot_pct", c_uint),
        ("rc_overshoot_pct", c_uint),
        ("rc_buf_sz", c_uint),  # these three in ms of the target rate
        ("rc_buf_initial_sz", c_uint),
        ("rc_buf_optimal_sz", c_uint),
        ("rc_2pass_vbr_bias_pct", c_uint),
        ("rc_2pass_vbr_minsection_pct", c_uint),
        ("rc_2pass_vbr_maxsection_pct", c_uint),
        ("rc_2pass_vbr_corpus_complexity", c_uint),
        ("kf_mode", c_int),
        ("kf_min_dist", c_uint),
        ("kf_max_dist", c_uint),
        ("rest", ctypes.c_ubyte * 1876),  # 332 bytes today; the rest is room for a library that is longer
    ]


class Image(Structure):
    """vpx_image_t."""

    _fields_ = [
        ("fmt", c_int),
        ("cs", c_int),
        ("range", c_int),
        ("w", c_uint),
        ("h", c_uint),
        ("bit_depth", c_uint),
        ("d_w", c_uint),
        ("d_h", c_uint),
        ("r_w", c_uint),
        ("r_h", c_uint),
        ("x_chroma_shift", c_uint),
        ("y_chroma_shift", c_uint),
        ("planes", c_void_p * 4),
        ("stride", c_int * 4),
        ("bps", c_int),
        ("user_priv", c_void_p),
        ("img_data", c_void_p),
        ("img_data_owner", c_int),
        ("self_allocd", c_int),
        ("fb_priv", c_void_p),
    ]


class Context(Structure):
    """vpx_codec_ctx_t."""

    _fields_ = [
        ("name", c_char_p),
        ("iface", c_void_p),
        ("err", c_int),
        ("err_detail", c_char_p),
        ("init_flags", c_long),
        ("config", c_void_p),
        ("priv", c_void_p),
    ]


class FramePacket(Structure):
    """The frame in vpx_codec_cx_pkt_t's union."""

    _fields_ = [
        ("buf", c_void_p),
        ("sz", c_size_t),
        ("pts", c_int64),
        ("duration", c_ulong),
        ("flags", ctypes.c_uint32),
    ]


class PacketData(Union):
    """vpx_codec_cx_pkt_t's union, aligned as C aligns it."""

    _fields_ = [("frame", FramePacket), ("pad", ctypes.c_ubyte * 128)]


class Packet(Structure):
    """vpx_codec_cx_pkt_t."""

    _fields_ = [("kind", c_int), ("data", PacketData)]


_CALLS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "vpx_codec_version_str": (c_char_p, []),
    "vpx_codec_vp8_cx": (c_void_p, []),
    "vpx_codec_vp8_dx": (c_void_p, []),
    "vpx_codec_enc_config_default": (c_int, [c_void_p, POINTER(EncoderConfig), c_uint]),
    "vpx_codec_enc_init_ver": (c_int, [POINTER(Context), c_void_p, POINTER(EncoderConfig), c_long, c_int]),
    "vpx_codec_enc_config_set": (c_int, [POINTER(Context), POINTER(EncoderConfig)]),
    "vpx_codec_encode": (c_int, [POINTER(Context), POINTER(Image), c_int64, c_ulong, c_long, c_ulong]),
    "vpx_codec_get_cx_data": (POINTER(Packet), [POINTER(Context), POINTER(c_void_p)]),
    "vpx_codec_dec_init_ver": (c_int, [POINTER(Context), c_void_p, c_void_p, c_long, c_int]),
    "vpx_codec_decode": (c_int, [POINTER(Context), c_char_p, c_uint, c_void_p, c_long]),
    "vpx_codec_get_frame": (POINTER(Image), [POINTER(Context), POINTER(c_void_p)]),
    "vpx_codec_control_": (c_int, [POINTER(Context), c_int, c_int]),  # ours all take one int
    "vpx_codec_destroy": (c_int, [POINTER(Context)]),
    "vpx_codec_error": (c_char_p, [POINTER(Context)]),
    "vpx_codec_error_detail": (c_char_p, [POINTER(Context)]),
    "vpx_img_wrap": (c_void_p, [POINTER(Image), c_int, c_uint, c_uint, c_uint, c_void_p]),
}


def open_library() -> ctypes.CDLL:
    """Return libvpx with its calls declared: the one beside `av`, else the system's. Raises CodecError."""
    tried = library_paths("libvpx", SONAMES)
    for path in tried:
        try:
            library = ctypes.CDLL(path)
            for name, (result, arguments) in _CALLS.items():
                call = getattr(library, name)
                call.restype, call.argtypes = result, arguments
        except (OSError, AttributeError):  # not there, another machine's, or without one of our calls
            continue
        return library
    raise CodecError(f"libvpx is not there; tried {', '.join(tried)}: install the package av anew")


def complaint(library: ctypes.CDLL, context: Context) -> str:
    """Return what the library says of its last refusal, in words."""
    texts = (library.vpx_codec_error(context), library.vpx_codec_error_detail(context))
    return ": ".join(text.decode(errors="replace") for text in texts if text) or "no reason given"
