"""From the other side's packets to pieces of 10 ms for the loudspeaker (core)."""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.video.media import VOICE_HZ, VoicePacket
from edge.video.voice.jitter_buffer import JitterBuffer, Kind

Sound = NDArray[np.int16]

PIECE_SAMPLES: Final = VOICE_HZ // 100
FADING_SAMPLES: Final = VOICE_HZ // 10  # into a rest the last sound fades, as the decoder conceals it
_OVERLAP: Final = VOICE_HZ // 200  # 5 ms, in which one place is faded into another
_LAG_MIN, _LAG_MAX, _LAG_STEP = VOICE_HZ // 400, VOICE_HZ // 100, 4  # 2.5 … 10 ms: a period of any voice


class Decoder(Protocol):
    """What `edge/video/codecs/opus.py` has."""

    def decode(self, payload: bytes) -> Sound: ...
    def conceal(self, samples_count: int) -> Sound: ...
    def decode_fec(self, payload: bytes, *, samples_count: int | None = None) -> Sound: ...


class VoicePlayout:
    """Puts packets in order and into sound. One caller at a time."""

    def __init__(self, decoder: Decoder) -> None:
        self.jitter = JitterBuffer()
        self._decoder = decoder
        self._waiting: Sound = np.zeros(0, np.int16)
        self._rested = FADING_SAMPLES  # samples of rest since the last sound

    def push(self, packet: VoicePacket) -> None:
        """Take a packet."""
        self.jitter.push(packet)

    def piece(self, now_s: float) -> Sound:
        """Return the next PIECE_SAMPLES to play."""
        while len(self._waiting) < PIECE_SAMPLES:
            self._waiting = np.concatenate([self._waiting, self._next(now_s)])
        piece, self._waiting = self._waiting[:PIECE_SAMPLES], self._waiting[PIECE_SAMPLES:]
        return piece

    def _next(self, now_s: float) -> Sound:
        playout = self.jitter.pull(now_s + len(self._waiting) / VOICE_HZ)
        self._rested = self._rested + playout.samples if playout.kind is Kind.REST else 0
        match playout.kind:
            case Kind.PACKET:
                sound = self._decoder.decode(playout.payload)
                return shortened(sound) if playout.is_hurried else sound
            case Kind.FEC:
                return self._decoder.decode_fec(playout.payload, samples_count=playout.samples)
            case Kind.REST if self._rested > FADING_SAMPLES:
                return np.zeros(playout.samples, np.int16)
        return self._decoder.conceal(playout.samples)


def shortened(sound: Sound) -> Sound:
    """Return `sound` without one period of its voice, 2.5 to 10 ms: faster, at the same pitch.

    Where it resembles itself most, one place is faded into the other (as WSOLA does). What is shorter than
    15 ms is returned as it is.
    """
    start = (len(sound) - _LAG_MAX - _OVERLAP) // 2
    if start < 0:
        return sound
    wave = sound.astype(np.float64)
    here = wave[start : start + _OVERLAP]
    there = np.lib.stride_tricks.sliding_window_view(
        wave[start + _LAG_MIN : start + _LAG_MAX + _OVERLAP], _OVERLAP
    )[::_LAG_STEP]
    likeness = there @ here / (np.sqrt((there**2).sum(axis=1) * (here**2).sum()) + 1.0)
    lag = _LAG_MIN + _LAG_STEP * int(np.argmax(likeness))
    fade = np.linspace(1.0, 0.0, _OVERLAP)
    joint = here * fade + wave[start + lag : start + lag + _OVERLAP] * (1 - fade)
    return np.concatenate([sound[:start], joint.astype(np.int16), sound[start + lag + _OVERLAP :]])
