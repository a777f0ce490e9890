"""A room with a loudspeaker and a microphone in it: what is played comes back late, coloured and long."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.video.media import VOICE_HZ

Sound = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Room:
    """`reverb_ms`: until an echo has lost 60 dB. `delay_ms`: buffers of the sound card, and air. `loss_db`:
    from loudspeaker to microphone. `noise_dbfs`: of the fan."""

    reverb_ms: int
    delay_ms: int
    loss_db: float
    noise_dbfs: float = -70.0
    seed: int = 1

    def impulse_response(self) -> NDArray[np.float64]:
        """Return it at VOICE_HZ: a direct sound, then noise that decays exponentially (Moorer 1979)."""
        rng = np.random.default_rng(self.seed)
        count = self.reverb_ms * VOICE_HZ // 1000
        decay = 10 ** (-3.0 * np.arange(count) / count)
        tail = rng.standard_normal(count) * decay
        tail[: VOICE_HZ // 500] = 0.0  # two milliseconds until the nearest wall answers
        response = tail / np.sqrt(np.sum(tail**2))
        response[0] += 1.0  # the direct sound is as loud as all the rest
        delay = np.zeros(self.delay_ms * VOICE_HZ // 1000)
        return np.concatenate([delay, response * 10 ** (-self.loss_db / 20) / np.sqrt(2)])

    def echo_of(self, played: Sound) -> NDArray[np.float64]:
        """Return what of `played` reaches the microphone."""
        response = self.impulse_response()
        size = 1 << (len(played) + len(response)).bit_length()
        spectrum = np.fft.rfft(played.astype(np.float64), size) * np.fft.rfft(response, size)
        return np.asarray(np.fft.irfft(spectrum, size)[: len(played)], np.float64)

    def heard(self, played: Sound, spoken: Sound) -> Sound:
        """Return what the microphone hears: the echo of `played`, `spoken` beside it, and the fan."""
        rng = np.random.default_rng(self.seed + 1)
        noise = rng.standard_normal(len(played)) * 32768 * 10 ** (self.noise_dbfs / 20)
        return np.clip(self.echo_of(played) + spoken + noise, -32768, 32767).astype(np.int16)


def level_db(sound: Sound | NDArray[np.float64]) -> float:
    """Return its RMS in dB of full scale."""
    return float(10 * np.log10(np.mean((sound.astype(np.float64) / 32768) ** 2) + 1e-12))
