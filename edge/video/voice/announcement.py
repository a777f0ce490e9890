"""A prompt among what the loudspeaker plays (core): the newest, above the operator's voice, softly cut.

Pieces of 10 ms go through `mixed`. One caller at a time.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.video.voice.playout import PIECE_SAMPLES

Sound = NDArray[np.int16]

VOICE_GAIN: Final = 0.25  # -12 dB: who speaks meanwhile is still heard, and the prompt is understood
TAIL_SAMPLES: Final = 9_600  # 0.2 s of silence after a prompt: what the card still buffers is heard too


class Announcement:
    """`over`: the number of a prompt that has been played to its end, until whoever plays takes it."""

    def __init__(self) -> None:
        self._number: int | None = None
        self._sound = _NOTHING
        self._at = 0
        self._fading = _NOTHING  # the last 10 ms of one that was cut
        self._gain = 1.0
        self.over: int | None = None

    @property
    def is_on(self) -> bool:
        """Whether there is something to play."""
        return self._number is not None or len(self._fading) > 0

    def say(self, number: int, sound: Sound) -> None:
        """Say this from the next piece on; what is being said ends within 10 ms."""
        self.cut()
        tail = np.zeros(TAIL_SAMPLES, np.int16)
        self._number, self._sound, self._at = number, np.concatenate([sound, tail]), 0

    def cut(self) -> None:
        """End what is being said, within 10 ms."""
        if self._number is not None:
            self._fading = self._sound[self._at : self._at + PIECE_SAMPLES]
        self._number = None

    def give_up(self) -> int | None:
        """Nobody can hear it: forget it, and return its number; None when nothing was being said."""
        number, self._number, self._fading = self._number, None, _NOTHING
        return number

    def mixed(self, voice: Sound) -> Sound:
        """Return PIECE_SAMPLES of the operator's voice with the prompt above it."""
        gain = 1.0 if self._number is None else VOICE_GAIN
        if gain == self._gain == 1.0 and not len(self._fading):
            return voice
        mix = voice * np.linspace(self._gain, gain, PIECE_SAMPLES)
        self._gain = gain
        mix[: len(self._fading)] += self._fading * np.linspace(1.0, 0.0, len(self._fading))
        self._fading = _NOTHING
        if self._number is not None:
            piece = self._sound[self._at : self._at + PIECE_SAMPLES]
            mix[: len(piece)] += piece
            self._at += PIECE_SAMPLES
            if self._at >= len(self._sound):
                self.over, self._number = self._number, None
        return np.clip(np.rint(mix), -32768, 32767).astype(np.int16)


_NOTHING: Final = np.zeros(0, np.int16)
