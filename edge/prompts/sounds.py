"""Sound of prompts: WAV files read and checked, put into one form, joined (core).

All of it ends as VOICE_HZ, mono, 16 bits: what a loudspeaker of `edge video` takes.
"""

import io
import math
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.errors import PromptError
from edge.video.media import VOICE_HZ

Sound = NDArray[np.int16]

RECORDING_HZ: Final = (16_000, 48_000)
PAUSE_S: Final = 0.35  # between one language and the next
PROMPT_MAX_S: Final = 30.0  # whatever is longer is no prompt, and would speak into what follows
RECORDING_MAX_BYTES: Final = 4_000_000  # 30 s of 48 kHz, with room for what else a WAV may carry
PEAK: Final = 0.7  # of full scale: a recording made too softly is heard, one made too loudly does not rattle
SOFTEST: Final = 0.01  # below, it is a microphone that was off


def read_recording(path: Path) -> Sound:
    """Return a recording as VOICE_HZ. Raises PromptError: it says what is wrong with the file."""
    try:
        with path.open("rb") as file:
            data = file.read(RECORDING_MAX_BYTES + 1)
    except OSError as error:
        raise PromptError(f"{path}: cannot be read ({error.strerror})") from error
    if len(data) > RECORDING_MAX_BYTES:
        raise PromptError(f"{path}: longer than {PROMPT_MAX_S:.0f} s; record a short sentence")
    try:
        hz, sound, promised = _parse(data)
    except PromptError as error:
        raise PromptError(f"{path}: {error}; record it as WAV: 16 bits, mono, 16 or 48 kHz") from error
    if hz not in RECORDING_HZ:
        raise PromptError(f"{path}: {hz} samples a second; record it with 16 or 48 kHz")
    if len(sound) < promised:
        raise PromptError(f"{path}: is cut off after {len(sound) / hz:.1f} s; copy it again")
    return _checked(levelled(at_voice_rate(sound, hz)), str(path))


def speech_of(data: bytes) -> Sound:
    """Return what espeak-ng wrote to a pipe, whose length its header cannot know. Raises PromptError."""
    hz, sound, _ = _parse(data)
    return _checked(levelled(at_voice_rate(sound, hz)), "espeak-ng")


def at_voice_rate(sound: Sound, hz: int) -> Sound:
    """Return `sound` of `hz` samples a second as VOICE_HZ: by its spectrum, which it keeps as it is."""
    if hz == VOICE_HZ or not len(sound):
        return sound
    down, up = hz // math.gcd(hz, VOICE_HZ), VOICE_HZ // math.gcd(hz, VOICE_HZ)
    blocks = 1 << (len(sound) // down).bit_length()
    size, count = down * blocks, up * blocks  # exact, and of small factors
    spectrum = np.fft.rfft(sound.astype(np.float64), size)
    made = np.zeros(count // 2 + 1, np.complex128)
    kept = min(len(spectrum), len(made))
    made[:kept] = spectrum[:kept]
    resampled = np.fft.irfft(made, count)[: round(len(sound) * VOICE_HZ / hz)] * (count / size)
    return np.asarray(np.rint(np.clip(resampled, -32768, 32767)), np.int16)


def levelled(sound: Sound) -> Sound:
    """Return `sound` with its highest peak at PEAK; silence as it is."""
    highest = float(np.abs(sound.astype(np.float64)).max(initial=0.0)) / 32768
    if highest < SOFTEST:
        return sound
    return np.asarray(np.rint(sound * (PEAK / highest)), np.int16)


def joined(sounds: Sequence[Sound]) -> Sound:
    """Return them one after the other, PAUSE_S apart."""
    pause = np.zeros(int(PAUSE_S * VOICE_HZ), np.int16)
    pieces = [piece for sound in sounds for piece in (sound, pause)][:-1]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)


def wav_of(sound: Sound) -> bytes:
    """Return a WAV file of VOICE_HZ."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(VOICE_HZ)
        writer.writeframes(sound.tobytes())
    return file.getvalue()


def read_made(path: Path) -> Sound:
    """Return a file that we made with `wav_of`. Raises PromptError: a power cut may have left half of it."""
    try:
        hz, sound, promised = _parse(path.read_bytes())
    except OSError as error:
        raise PromptError(f"{path}: cannot be read ({error.strerror})") from error
    if hz != VOICE_HZ or len(sound) < promised or not len(sound):
        raise PromptError(f"{path}: is not whole")
    return sound


def _parse(data: bytes) -> tuple[int, Sound, int]:
    """Return samples a second, samples, and how many the header promised. Raises PromptError."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            if file.getnchannels() != 1 or file.getsampwidth() != 2:
                raise PromptError(f"{file.getnchannels()} channels of {8 * file.getsampwidth()} bits")
            promised, hz = file.getnframes(), file.getframerate()
            raw = file.readframes(promised)
    except (wave.Error, EOFError, ValueError) as error:
        raise PromptError(f"is no WAV file that can be played ({error})") from error
    return hz, np.frombuffer(raw[: len(raw) // 2 * 2], np.int16), promised


def _checked(sound: Sound, what: str) -> Sound:
    if len(sound) > PROMPT_MAX_S * VOICE_HZ:
        raise PromptError(f"{what}: longer than {PROMPT_MAX_S:.0f} s; record a short sentence")
    if np.abs(sound.astype(np.int32)).max(initial=0) < SOFTEST * 32768:
        raise PromptError(f"{what}: there is nothing to hear in it; record it again")
    return sound
