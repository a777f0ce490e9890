"""Whether libvpx and libopus are what we know: run once at the start, in a tenth of a second (shell: ctypes).

We write into their structures by offsets of our own. A library with another layout would crash in the middle
of a call or send a picture that nobody can see; here it is found out before anybody calls.
"""

import ctypes
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from edge.errors import CodecError
from edge.video.codecs import vpx_library as vpx
from edge.video.codecs.opus import OpusDecoder, OpusEncoder, Samples, open_opus
from edge.video.codecs.vpx import VpxEncoder
from edge.video.codecs.vpx_decoder import VpxDecoder
from edge.video.media import VIDEO_HZ, VOICE_HZ, VoiceMode

_WIDTH, _HEIGHT, _FPS = 160, 96, 15
_RATES_BPS: Final = (300_000, 60_000)
_RATE_ERROR_MAX: Final = 0.35  # of the second second at a rate
_MEAN_ERROR_MAX: Final = 12.0  # levels of luminance, of a picture that is mostly noise
_GUARD: Final = 0xA5
_KNOWN_SETTINGS: Final = {  # what libvpx has for VP8 before anybody changes it
    "g_w": 320,
    "g_h": 240,
    "g_bit_depth": 8,
    "g_input_bit_depth": 8,
    "rc_target_bitrate": 256,
    "rc_min_quantizer": 4,
    "rc_max_quantizer": 63,
    "rc_undershoot_pct": 100,
    "rc_overshoot_pct": 100,
    "rc_buf_sz": 6000,
    "rc_buf_initial_sz": 4000,
    "rc_buf_optimal_sz": 5000,
    "kf_mode": 1,
    "kf_max_dist": 128,
}


def check_vpx() -> str:
    """Return libvpx's version when it codes as we know it. Raises CodecError with what is otherwise."""
    library = vpx.open_library()
    version = bytes(library.vpx_codec_version_str()).decode(errors="replace")
    try:
        _check_settings(library)
        _check_image(library)
        _check_coding(library)
    except CodecError as error:
        raise CodecError(f"libvpx {version} is not the one that we know: {error}") from error
    return version


def check_opus() -> str:
    """Return libopus's version when it codes as we know it. Raises CodecError with what is otherwise."""
    version = bytes(open_opus().opus_get_version_string()).decode(errors="replace")
    try:
        _check_tone()
        _check_live_rate()
        _check_repair()
    except CodecError as error:
        raise CodecError(f"{version} is not the one that we know: {error}") from error
    return version


def _check_settings(library: ctypes.CDLL) -> None:
    config = vpx.EncoderConfig()
    ctypes.memset(ctypes.byref(config), _GUARD, ctypes.sizeof(config))
    if library.vpx_codec_enc_config_default(library.vpx_codec_vp8_cx(), config, 0):
        raise CodecError("it has no settings for VP8")
    if (base := (config.g_timebase.num, config.g_timebase.den)) != (1, 30):
        raise CodecError(f"its time base is {base} where (1, 30) should stand")
    for name, known in _KNOWN_SETTINGS.items():
        if (found := getattr(config, name)) != known:
            raise CodecError(f"its setting {name} is {found} where {known} should stand")
    if bytes(config.rest)[-1] != _GUARD:
        raise CodecError(f"its settings are longer than {ctypes.sizeof(config)} bytes")


def _check_image(library: ctypes.CDLL) -> None:
    image, memory = vpx.Image(), ctypes.create_string_buffer(_WIDTH * _HEIGHT * 3 // 2)
    library.vpx_img_wrap(image, vpx.FORMAT_I420, _WIDTH, _HEIGHT, 1, memory)
    start = ctypes.addressof(memory)
    found = (image.fmt, image.d_w, image.d_h, *image.planes[:3], *image.stride[:3], image.bps)
    planes = (start, start + _WIDTH * _HEIGHT, start + _WIDTH * _HEIGHT * 5 // 4)
    if found != (vpx.FORMAT_I420, _WIDTH, _HEIGHT, *planes, _WIDTH, _WIDTH // 2, _WIDTH // 2, 12):
        raise CodecError(f"its picture of {_WIDTH}×{_HEIGHT} is laid out as {found}")


def _check_coding(library: ctypes.CDLL) -> None:
    pictures = [_GeneratedPicture.numbered(number) for number in range(_FPS)]
    encoder = VpxEncoder(_WIDTH, _HEIGHT, fps=_FPS, bitrate_bps=_RATES_BPS[0])
    decoder, ticks, keys = VpxDecoder(library), VIDEO_HZ // _FPS, 0
    try:
        for turn, rate_bps in enumerate(_RATES_BPS):
            encoder.set_rate(rate_bps, fps=_FPS)
            size_bytes = 0
            for number in range(2 * _FPS):
                picture = pictures[number % _FPS]
                coded = encoder.encode(picture, pts=(turn * 2 * _FPS + number) * ticks)
                if coded is None:
                    continue
                keys += coded.is_key
                size_bytes += len(coded.data) if number >= _FPS else 0
                _compare(picture, decoder.luminance(coded.data))
            if abs(size_bytes * 8 - rate_bps) > _RATE_ERROR_MAX * rate_bps:
                raise CodecError(f"asked for {rate_bps} bit/s it makes {size_bytes * 8}")
    finally:
        encoder.close()
        decoder.close()
    if keys != 1:
        raise CodecError(f"{keys} keyframes where one was wanted: a change of rate begins the picture anew")


def _compare(picture: "_GeneratedPicture", decoded: tuple[int, int, bytes] | None) -> None:
    if decoded is None or decoded[:2] != (_WIDTH, _HEIGHT):
        raise CodecError(f"a picture of {_WIDTH}×{_HEIGHT} is decoded as {decoded and decoded[:2]}")
    levels = np.frombuffer(decoded[2], np.uint8).reshape(_HEIGHT, _WIDTH).astype(np.int16)
    error = float(np.abs(levels - picture.levels[:_HEIGHT]).mean())
    if error > _MEAN_ERROR_MAX:
        raise CodecError(f"a decoded picture is {error:.0f} levels away from what was coded")


@dataclass(frozen=True, slots=True)
class _GeneratedPlane:
    levels: npt.NDArray[np.uint8]
    buffer_ptr: int
    line_size: int


@dataclass(frozen=True, slots=True)
class _GeneratedPicture:
    levels: npt.NDArray[np.uint8]
    planes: tuple[_GeneratedPlane, ...]

    @classmethod
    def numbered(cls, number: int) -> "_GeneratedPicture":
        """A pattern that moves and never repeats within a second, too rich for any of the rates."""
        rng = np.random.default_rng(number)
        rows, columns = np.mgrid[:_HEIGHT, :_WIDTH]
        waves = 128 + 60 * np.sin((columns + 3 * number) / 7) * np.cos((rows - 2 * number) / 5)
        levels = (waves + rng.normal(0, 8, waves.shape)).clip(0, 255).astype(np.uint8)
        colour = np.full((_HEIGHT // 2, _WIDTH // 2), 128, np.uint8)
        planes = (levels, colour, colour)
        return cls(levels, tuple(_GeneratedPlane(p, p.ctypes.data, p.strides[0]) for p in planes))


def _check_tone() -> None:
    samples = _syllables(pitch_hz=200.0)
    decoder, heard = OpusDecoder(), []
    for packet in _packets(OpusEncoder(VoiceMode(24_000, 20, has_fec=False, has_dtx=False)), samples, 960):
        heard.append(decoder.decode(packet))
    likeness = _likeness(samples, np.concatenate(heard))
    if likeness < 0.8:
        raise CodecError(f"a tone comes back with a likeness of {likeness:.2f}")


def _check_live_rate() -> None:
    samples = _syllables(pitch_hz=140.0)
    encoder = OpusEncoder(VoiceMode(24_000, 20, has_fec=False, has_dtx=False))
    rich = sum(map(len, _packets(encoder, samples, 960)))
    encoder.set_mode(VoiceMode(8_000, 60, has_fec=False, has_dtx=True))
    poor = sum(map(len, _packets(encoder, samples, 2_880)))
    if encoder.bitrate_bps() != 8_000 or poor > rich * 0.6:
        raise CodecError(f"told to go from 24 to 8 kbit/s it goes from {rich} bytes a second to {poor}")


def _check_repair() -> None:
    """Loses every fourth packet; what FEC makes of it must be nearer to the truth than a guess is."""
    encoder = OpusEncoder(VoiceMode(24_000, 20, has_fec=True, has_dtx=False))
    packets = _packets(encoder, _syllables(pitch_hz=170.0), 960)
    whole, repaired, guessed = OpusDecoder(), OpusDecoder(), OpusDecoder()
    error_repaired = error_guessed = 0.0
    for number, packet in enumerate(packets[:-1]):
        truth = whole.decode(packet).astype(np.float64)
        if number % 4 == 3:
            error_repaired += float(((repaired.decode_fec(packets[number + 1]) - truth) ** 2).sum())
            error_guessed += float(((guessed.conceal(960) - truth) ** 2).sum())
        else:
            repaired.decode(packet)
            guessed.decode(packet)
    if error_repaired > 0.7 * error_guessed:
        share = error_repaired / max(error_guessed, 1.0)
        raise CodecError(f"FEC leaves {share:.0%} of the error that a guess leaves")


def _packets(encoder: OpusEncoder, samples: Samples, length: int) -> list[bytes]:
    starts = range(0, samples.size - length + 1, length)
    return [encoder.encode(samples[start : start + length]) or b"" for start in starts]


def _syllables(*, pitch_hz: float) -> Samples:
    """A second of something like a voice: a pitch that glides, with overtones, in syllables."""
    seconds = np.arange(VOICE_HZ) / VOICE_HZ
    turns = np.cumsum(pitch_hz * (1 + 0.2 * np.sin(9 * seconds))) * 2 * np.pi / VOICE_HZ
    voice = sum(np.sin(overtone * turns) / overtone for overtone in range(1, 12))
    return (4_000 * voice * (0.2 + np.abs(np.sin(12 * seconds)))).astype(np.int16)


def _likeness(sent: Samples, heard: Samples) -> float:
    """The correlation at the delay where it is greatest, 0 … 1."""
    size = 1 << (sent.size + heard.size).bit_length()
    spectrum = np.conj(np.fft.rfft(sent, size)) * np.fft.rfft(heard, size)
    peak = float(np.abs(np.fft.irfft(spectrum, size)).max())
    energy = float(np.linalg.norm(sent.astype(np.float64)) * np.linalg.norm(heard.astype(np.float64)))
    return peak / max(energy, 1.0)
