"""One direction of a sound card, by libasound itself: 48 kHz, mono, 16 bits (shell: ctypes).

Not by FFmpeg's device of the same name, which makes one error of all errors, takes the largest buffer that
the card has, and does not tell the delay. Source: alsa/pcm.h; docs/adr/0015-sound-by-alsa-itself.md.
"""

import ctypes
import errno
import functools
import os
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from edge.errors import DeviceError
from edge.video.codecs.av_libs import library_paths
from edge.video.media import VOICE_HZ

Direction = Literal["playback", "capture"]

_SONAME: Final = "libasound.so.2"
_CONFIGURATION: Final = Path("/usr/share/alsa")  # of Debian's libasound2-data
_STREAMS: Final[dict[Direction, int]] = {"playback": 0, "capture": 1}
_S16_LE, _INTERLEAVED, _MAY_RESAMPLE = 2, 3, 1
_WAIT_MS: Final = 1_000  # a card that runs gives 10 ms of sound every 10 ms
_RECOVERIES_MAX: Final = 5  # in a row
_BUSY: Final = (errno.EBUSY, errno.EAGAIN)
_NEVER_THERE: Final = (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.EINVAL)
_ERROR_HANDLER: Final = ctypes.CFUNCTYPE(None, c_char_p, c_int, c_char_p, c_int, c_char_p)

_CALLS: Final[dict[str, tuple[Any, list[Any]]]] = {
    "snd_pcm_open": (c_int, [POINTER(c_void_p), c_char_p, c_int, c_int]),
    "snd_pcm_close": (c_int, [c_void_p]),
    "snd_pcm_set_params": (c_int, [c_void_p, c_int, c_int, c_uint, c_uint, c_int, c_uint]),
    "snd_pcm_get_params": (c_int, [c_void_p, POINTER(c_ulong), POINTER(c_ulong)]),
    "snd_pcm_wait": (c_int, [c_void_p, c_int]),
    "snd_pcm_start": (c_int, [c_void_p]),
    "snd_pcm_recover": (c_int, [c_void_p, c_int, c_int]),
    "snd_pcm_delay": (c_int, [c_void_p, POINTER(c_long)]),
    "snd_pcm_readi": (c_long, [c_void_p, c_void_p, c_ulong]),
    "snd_pcm_writei": (c_long, [c_void_p, c_void_p, c_ulong]),
    "snd_strerror": (c_char_p, [c_int]),
    "snd_lib_error_set_handler": (c_int, [_ERROR_HANDLER]),
}


class AlsaStream:
    """An open PCM. Used, and closed, by one thread.

    `name` is ALSA's ("default", "plughw:1", "hw:CARD=Device"). The card buffers `buffer_ms`.

    Raises:
        DeviceError: missing, busy, or lost while it ran.
    """

    def __init__(self, name: str, *, direction: Direction, buffer_ms: int) -> None:
        self._name, self._direction = name, direction
        self._library = _open_library()
        self._pcm = self._open(name, buffer_ms)
        buffered, period = c_ulong(), c_ulong()
        self._library.snd_pcm_get_params(self._pcm, byref(buffered), byref(period))
        self._buffer_samples, self._period_samples = buffered.value, max(period.value, 1)
        self.dropout_count = 0  # the card ran dry, or over

    def read(self, count: int) -> NDArray[np.int16]:
        """Return the next `count` samples, when they have sounded."""
        samples = np.empty(count, np.int16)
        self._transfer(self._library.snd_pcm_readi, samples)
        return samples

    def write(self, samples: NDArray[np.int16]) -> None:
        """Give `samples` to the card; returns when the buffer has taken them."""
        self._transfer(self._library.snd_pcm_writei, np.ascontiguousarray(samples))

    def delay_s(self) -> float:
        """Return how long a sample given now takes to sound, or one read now has waited."""
        delay = c_long()
        self._library.snd_pcm_delay(self._pcm, byref(delay))  # on an error nothing is waiting
        return max(delay.value, 0) / VOICE_HZ

    def close(self) -> None:
        """Give the card back. Once is enough, more does no harm."""
        pcm, self._pcm = self._pcm, c_void_p()
        if pcm.value is not None:
            self._library.snd_pcm_close(pcm)

    def _open(self, name: str, buffer_ms: int) -> c_void_p:
        """Open as asked, and by ALSA's converter where the card itself does not take our form of sound."""
        code = 0
        for form in (name, f"plug:'{name}'"):
            pcm = c_void_p()
            code = self._library.snd_pcm_open(byref(pcm), form.encode(), _STREAMS[self._direction], 0)
            if code < 0:
                break
            code = self._library.snd_pcm_set_params(
                pcm, _S16_LE, _INTERLEAVED, 1, VOICE_HZ, _MAY_RESAMPLE, buffer_ms * 1000
            )
            if code >= 0 and self._direction == "capture":
                code = self._library.snd_pcm_start(pcm)
            if code >= 0:
                return pcm
            self._library.snd_pcm_close(pcm)
        raise fault(self._name, self._direction, -code, self._words(code))

    def _transfer(self, call: Any, samples: NDArray[np.int16]) -> None:
        done, recoveries = 0, 0
        while done < len(samples):
            count = self._library.snd_pcm_wait(self._pcm, _WAIT_MS) if recoveries == 0 else 1
            if count == 0:
                count = -errno.EIO  # the card stands still
            elif count > 0:
                count = call(self._pcm, samples[done:].ctypes.data, len(samples) - done)
            if count > 0:
                done, recoveries = done + count, 0
            else:
                recoveries += 1
                self._recover(count, recoveries)

    def _recover(self, code: int, attempt: int) -> None:
        """Go on after a dropout; a playback begins with silence, so that later words keep their time."""
        is_dropout = -code in (errno.EPIPE, errno.ESTRPIPE)
        if (
            not is_dropout
            or attempt > _RECOVERIES_MAX
            or self._library.snd_pcm_recover(self._pcm, code, 1) < 0
        ):
            raise DeviceError(
                "lost", f"{self._what}: unplugged or broken ({self._words(code)}); plug it in again"
            )
        self.dropout_count += 1
        if self._direction == "playback":
            silence = np.zeros(max(self._buffer_samples - self._period_samples, 0), np.int16)
            self._library.snd_pcm_writei(self._pcm, silence.ctypes.data, len(silence))
        else:
            self._library.snd_pcm_start(self._pcm)

    @property
    def _what(self) -> str:
        return _what(self._name, self._direction)

    def _words(self, code: int) -> str:
        return bytes(self._library.snd_strerror(code)).decode(errors="replace")


def fault(name: str, direction: Direction, number: int, words: str) -> DeviceError:
    """Return what it means that ALSA opened nothing, and what to do. `number` is an errno."""
    what = _what(name, direction)
    if number in _BUSY:
        return DeviceError("busy", f"{what}: another program uses it; end that program")
    if number in (errno.EACCES, errno.EPERM):
        return DeviceError("missing", f"{what}: not allowed; add this user to the group audio")
    tool = "arecord -l" if direction == "capture" else "aplay -l"
    if number in _NEVER_THERE:
        return DeviceError("missing", f"{what}: there is none ({words}); plug one in, `{tool}` lists them")
    return DeviceError("missing", f"{what}: cannot be opened ({words}); `{tool}` lists what there is")


def _what(name: str, direction: Direction) -> str:
    return f"{'microphone' if direction == 'capture' else 'loudspeaker'} alsa:{name}"


@functools.cache
def _open_library() -> ctypes.CDLL:
    """Return libasound with its calls declared. Raises DeviceError.

    The system's first: its configuration and its plugins belong to it. The one beside `av` was built to look
    for both in a folder that anybody may make, so it is told where to look.
    """
    for path in (_SONAME, *library_paths("libasound", ())):
        if path != _SONAME:
            os.environ.setdefault("ALSA_CONFIG_DIR", str(_CONFIGURATION))
            os.environ.setdefault("ALSA_PLUGIN_DIR", str(_CONFIGURATION / "none"))
        try:
            library = ctypes.CDLL(path)
            for name, (result, arguments) in _CALLS.items():
                call = getattr(library, name)
                call.restype, call.argtypes = result, arguments
        except (OSError, AttributeError):
            continue
        library.snd_lib_error_set_handler(_QUIET)
        return library
    raise DeviceError("missing", "no libasound on this machine: apt-get install libasound2")


def _say_nothing(*_: object) -> None:
    """ALSA prints a dozen lines to stderr for a card that is not there; we say it in one."""


_QUIET: Final = _ERROR_HANDLER(_say_nothing)  # as long as the library lives
