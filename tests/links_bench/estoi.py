"""How intelligible a voice still is: ESTOI (core).

Source: Jensen, Taal: An Algorithm for Predicting the Intelligibility of Speech Masked by Modulated Noise
Maskers, IEEE/ACM Trans. Audio, Speech, Language Processing 24 (2016), 2009-2022,
DOI 10.1109/TASLP.2016.2585878: third-octave bands of frames of 25.6 ms, in pieces of 384 ms whose rows and
then columns are normalised; the mean correlation of the pieces. Its signals have 10 kHz, and frames in which
the clean voice is 40 dB below its loudest are left out.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]

RATE_HZ: Final = 10_000
FRAME: Final = 256  # samples, Hann, half overlapped
HOP: Final = FRAME // 2
SPECTRUM: Final = 512
BANDS: Final = 15
LOWEST_HZ: Final = 150.0  # centre of the lowest band
PIECE: Final = 30  # frames
RANGE_DB: Final = 40.0
_EPSILON: Final = 1e-12
_WINDOW: Final = np.hanning(FRAME + 2)[1:-1]


class TooShortError(ValueError):
    """There is too little speech for one piece."""


def estoi(heard: Sound, said: Sound) -> float:
    """Return the intelligibility of `heard`, aligned to `said`, both of RATE_HZ and as long: 1 all, 0 none.

    Raises TooShortError.
    """
    if len(heard) != len(said):
        raise ValueError(f"{len(heard)} and {len(said)} samples: align them first")
    said, heard = _without_rests(said, heard)
    ours, theirs = bands(heard), bands(said)
    if len(theirs) < PIECE:
        raise TooShortError(f"{len(theirs)} frames of speech, {PIECE} are needed")
    pieces = range(PIECE, len(theirs) + 1)
    found = [
        float((_normal(ours[end - PIECE : end]) * _normal(theirs[end - PIECE : end])).sum()) for end in pieces
    ]
    return float(np.mean(found)) / PIECE


def bands(sound: Sound) -> Sound:
    """Return the magnitude in each third-octave band: one row a frame, BANDS columns."""
    spectra = np.fft.rfft(_frames(sound) * _WINDOW, SPECTRUM, axis=1)
    return np.asarray(np.sqrt(np.abs(spectra) ** 2 @ _MEMBERS.T))


def to_rate(sound: Sound, rate_hz: int) -> Sound:
    """Return the sound at RATE_HZ: all above its half is cut off, in the spectrum of the whole."""
    count = round(len(sound) * RATE_HZ / rate_hz)
    spectrum = np.fft.rfft(sound)
    wanted = np.zeros(count // 2 + 1, complex)
    kept = min(len(wanted), len(spectrum))
    wanted[:kept] = spectrum[:kept]
    return np.asarray(np.fft.irfft(wanted, count) * (count / len(sound)))


def _frames(sound: Sound) -> Sound:
    if len(sound) < FRAME:
        return np.zeros((0, FRAME))
    return np.lib.stride_tricks.sliding_window_view(sound, FRAME)[::HOP]


def _without_rests(said: Sound, heard: Sound) -> tuple[Sound, Sound]:
    """Both without the frames in which `said` rests, overlapped and added again."""
    frames = _frames(said) * _WINDOW
    if not len(frames):
        raise TooShortError("not one frame of speech")
    loud_db = 20 * np.log10(np.linalg.norm(frames, axis=1) + _EPSILON)
    speaks = loud_db > loud_db.max() - RANGE_DB
    return _joined(frames[speaks]), _joined((_frames(heard) * _WINDOW)[speaks])


def _joined(frames: Sound) -> Sound:
    sound = np.zeros((len(frames) - 1) * HOP + FRAME)
    for number, frame in enumerate(frames):
        sound[number * HOP : number * HOP + FRAME] += frame
    return sound


def _normal(piece: Sound) -> Sound:
    """Each band, then each frame, with mean 0 and norm 1."""
    for axis in (0, 1):
        piece = piece - piece.mean(axis=axis, keepdims=True)
        piece = piece / (np.linalg.norm(piece, axis=axis, keepdims=True) + _EPSILON)
    return piece


def _members() -> Sound:
    """Which bin of the spectrum belongs to which band: its edges are a sixth of an octave from its centre."""
    hz = np.linspace(0, RATE_HZ, SPECTRUM + 1)[: SPECTRUM // 2 + 1]
    members = np.zeros((BANDS, len(hz)))
    for band in range(BANDS):
        low, high = (int(np.argmin((hz - LOWEST_HZ * 2 ** ((2 * band + side) / 6)) ** 2)) for side in (-1, 1))
        members[band, low:high] = 1.0
    return members


_MEMBERS: Final = _members()
