"""Opus through libopus itself: rate, frame length, FEC and DTX change while it runs (shell: ctypes).

Mono, 48 kHz, 16 bits: what the microphone gives and the loudspeaker takes. Source: opus.h, opus_defines.h;
docs/adr/0012-codecs-through-the-libraries-of-av.md.
"""

import ctypes
import functools
from ctypes import POINTER, c_char_p, c_int, c_int32, c_void_p
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from edge.errors import CodecError
from edge.video.codecs.av_libs import library_paths
from edge.video.media import VOICE_HZ, VoiceMode

Samples = npt.NDArray[np.int16]

PACKET_MAX_BYTES: Final = 1_275
PACKET_MAX_SAMPLES: Final = VOICE_HZ * 120 // 1_000
COMPLEXITY: Final = 5  # of 0 … 10: for a Raspberry Pi
NOTHING_TO_SEND_BYTES: Final = 2  # DTX: so long and no longer is a packet that need not leave after another
_SONAMES: Final = ("libopus.so.0",)
_VOIP, _SIGNAL_VOICE = 2048, 3001
_SET_BITRATE, _SET_COMPLEXITY, _SET_FEC, _SET_LOSS_PCT = 4002, 4010, 4012, 4014
_SET_DTX, _SET_SIGNAL, _GET_BITRATE = 4016, 4024, 4003
# What an encoder with FEC is told of the loss: below 15 % it puts no copies in at 18 kbit/s.
_LOSS_TOLD_PCT: Final = (15, 25)

_CALLS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "opus_get_version_string": (c_char_p, []),
    "opus_encoder_create": (c_void_p, [c_int32, c_int, c_int, POINTER(c_int)]),
    "opus_encoder_destroy": (None, [c_void_p]),
    "opus_encode": (c_int32, [c_void_p, c_void_p, c_int, c_char_p, c_int32]),
    "opus_decoder_create": (c_void_p, [c_int32, c_int, POINTER(c_int)]),
    "opus_decoder_destroy": (None, [c_void_p]),
    "opus_decode": (c_int, [c_void_p, c_char_p, c_int32, c_void_p, c_int, c_int]),
    "opus_packet_get_nb_samples": (c_int, [c_char_p, c_int32, c_int32]),
    "opus_strerror": (c_char_p, [c_int]),
}


class OpusEncoder:
    """One voice on its way out. Used by one thread at a time. Raises CodecError."""

    def __init__(self, mode: VoiceMode) -> None:
        self.mode = mode
        self._lost_share = 0.0
        self._is_silent = False
        self._library = open_opus()
        error = c_int()
        self._state = self._library.opus_encoder_create(VOICE_HZ, 1, _VOIP, error)
        if not self._state:
            raise CodecError(f"libopus opens no encoder: {_words(self._library, error.value)}")
        self._packet = ctypes.create_string_buffer(PACKET_MAX_BYTES)
        self._set(_SET_COMPLEXITY, COMPLEXITY)
        self._set(_SET_SIGNAL, _SIGNAL_VOICE)
        self.set_mode(mode)

    def encode(self, samples: Samples) -> bytes | None:
        """Return the packet of `samples`, or None when DTX has nothing to send.

        The first packet of a silence is sent, of a byte or two: without it the other side makes up the sound
        that it takes for lost.
        `samples`: one frame of the mode, 48 · `frame_ms` of them; 20, 40 and 60 ms may follow one another.
        """
        frame = np.ascontiguousarray(samples, dtype=np.int16)
        size_bytes = self._library.opus_encode(
            self._state, frame.ctypes.data, frame.size, self._packet, PACKET_MAX_BYTES
        )
        if size_bytes < 0:
            raise CodecError(f"libopus encodes no {frame.size} samples: {_words(self._library, size_bytes)}")
        was_silent, self._is_silent = self._is_silent, size_bytes <= NOTHING_TO_SEND_BYTES
        return None if was_silent and self._is_silent else ctypes.string_at(self._packet, size_bytes)

    def set_mode(self, mode: VoiceMode) -> None:
        """Code so from the next frame on."""
        self.mode = mode
        self._set(_SET_BITRATE, mode.bitrate_bps)
        self._set(_SET_FEC, int(mode.has_fec))
        self._set(_SET_DTX, int(mode.has_dtx))
        self._expect_loss()

    def set_lost_share(self, lost_share: float) -> None:
        """Say what the link loses, 0 … 1: FEC spends the more the more is lost."""
        self._lost_share = lost_share
        self._expect_loss()

    def bitrate_bps(self) -> int:
        """Return the rate that libopus aims at."""
        value = c_int32()
        self._check(self._ctl(_GET_BITRATE, ctypes.byref(value)), _GET_BITRATE)
        return value.value

    def close(self) -> None:
        """Free the encoder. Once is enough, more does no harm."""
        state, self._state = self._state, None
        if state:
            self._library.opus_encoder_destroy(state)

    def __del__(self) -> None:
        if hasattr(self, "_state"):
            self.close()

    def _expect_loss(self) -> None:
        low, high = _LOSS_TOLD_PCT
        self._set(
            _SET_LOSS_PCT, min(max(round(100 * self._lost_share), low), high) if self.mode.has_fec else 0
        )

    def _set(self, request: int, value: int) -> None:
        self._check(self._ctl(request, c_int32(value)), request)

    def _ctl(self, request: int, value: Any) -> int:
        return int(self._library.opus_encoder_ctl(c_void_p(self._state), c_int(request), value))

    def _check(self, refusal: int, request: int) -> None:
        if refusal:
            raise CodecError(f"libopus refuses its setting {request}: {_words(self._library, refusal)}")


class OpusDecoder:
    """One voice on its way in. Never raises on what the other side sent; `refused_count` counts it."""

    def __init__(self) -> None:
        self.refused_count = 0
        self._library = open_opus()
        error = c_int()
        self._state = self._library.opus_decoder_create(VOICE_HZ, 1, error)
        if not self._state:
            raise CodecError(f"libopus opens no decoder: {_words(self._library, error.value)}")
        self._last_samples = VOICE_HZ * 20 // 1_000

    def decode(self, payload: bytes) -> Samples:
        """Return the samples of a packet; of one that is no Opus, a concealment as long as the last."""
        length = self.duration(payload)
        decoded = None if length is None else self._decode(payload, length, use_fec=False)
        if decoded is None:
            self.refused_count += 1
            return self.conceal(self._last_samples)
        self._last_samples = decoded.size
        return decoded

    def conceal(self, samples_count: int) -> Samples:
        """Return `samples_count` samples for what did not come: the voice goes on and fades. A multiple of
        120 (2.5 ms), at most PACKET_MAX_SAMPLES. Raises CodecError on other lengths."""
        decoded = self._decode(None, samples_count, use_fec=False)
        if decoded is None:
            raise CodecError(f"libopus conceals no {samples_count} samples")
        return decoded

    def decode_fec(self, payload: bytes, *, samples_count: int | None = None) -> Samples:
        """Return the samples of the lost packet before `payload`, from the copy in it; else concealed.

        `samples_count`: how long the lost packet was, without it as long as this one. Then `decode(payload)`.
        """
        length = samples_count or self.duration(payload) or self._last_samples
        decoded = self._decode(payload, length, use_fec=True)
        return self.conceal(length) if decoded is None else decoded

    def duration(self, payload: bytes) -> int | None:
        """Return how many samples a packet holds; None when it is no Opus packet."""
        samples = self._library.opus_packet_get_nb_samples(payload, len(payload), VOICE_HZ)
        return int(samples) if 0 < samples <= PACKET_MAX_SAMPLES else None

    def close(self) -> None:
        """Free the decoder. Once is enough, more does no harm."""
        state, self._state = self._state, None
        if state:
            self._library.opus_decoder_destroy(state)

    def __del__(self) -> None:
        if hasattr(self, "_state"):
            self.close()

    def _decode(self, payload: bytes | None, length: int, *, use_fec: bool) -> Samples | None:
        out = np.empty(length, dtype=np.int16)
        count = self._library.opus_decode(
            self._state, payload, len(payload or b""), out.ctypes.data, length, int(use_fec)
        )
        return out[:count] if count > 0 else None


@functools.cache
def open_opus() -> ctypes.CDLL:
    """Return libopus with its calls declared: the one beside `av`, else the system's. Raises CodecError."""
    tried = library_paths("libopus", _SONAMES)
    for path in tried:
        try:
            library = ctypes.CDLL(path)
            for name, (result, arguments) in _CALLS.items():
                call = getattr(library, name)
                call.restype, call.argtypes = result, arguments
            library.opus_encoder_ctl.restype = c_int  # its last argument is of many types: none declared
        except (OSError, AttributeError):  # not there, another machine's, or without one of our calls
            continue
        return library
    raise CodecError(f"libopus is not there; tried {', '.join(tried)}: install the package av anew")


def _words(library: ctypes.CDLL, error: int) -> str:
    return f"{bytes(library.opus_strerror(error)).decode(errors='replace')} (error {error})"
