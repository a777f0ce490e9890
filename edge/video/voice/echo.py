"""Takes out of the microphone what the loudspeaker has just said (shell: owns livekit).

WebRTC's audio processing: echo canceller (AEC3), noise suppression, high-pass, gain control. `played` may be
called from one thread and `clean` from another. Source: docs/adr/0014-echo-cancellation.md.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.errors import CodecError
from edge.video.media import VOICE_HZ

FRAME_SAMPLES: Final = VOICE_HZ // 100  # 10 ms, the only length that it takes
DELAY_MAX_MS: Final = 500  # AEC3 looks no further


class EchoCanceller:
    """One call's canceller; it learns the room within the first second of speech.

    Raises:
        CodecError: the library cannot be loaded or does not take our sound.
    """

    def __init__(self) -> None:
        try:  # here and not above: 20 MB, and only who speaks needs them
            from livekit.rtc import AudioFrame
            from livekit.rtc.apm import AudioProcessingModule

            self._frame = AudioFrame
            self._processing = AudioProcessingModule(
                echo_cancellation=True, noise_suppression=True, high_pass_filter=True, auto_gain_control=True
            )
        except (ImportError, OSError) as error:
            raise CodecError(f"echo cannot be cancelled, livekit does not load: {error}") from error

    def set_delay_ms(self, delay_ms: int) -> None:
        """Say how long a sample takes from `played` through loudspeaker and microphone to `clean`. It is a
        hint: the canceller finds the rest itself."""
        try:
            self._processing.set_stream_delay_ms(min(max(delay_ms, 0), DELAY_MAX_MS))
        except RuntimeError as error:
            raise CodecError(f"the echo canceller refuses a delay of {delay_ms} ms: {error}") from error

    def played(self, samples: NDArray[np.int16]) -> None:
        """Take FRAME_SAMPLES that go to the loudspeaker now."""
        frame = self._frame(bytearray(samples.tobytes()), VOICE_HZ, 1, FRAME_SAMPLES)
        try:
            self._processing.process_reverse_stream(frame)
        except RuntimeError as error:
            raise CodecError(f"the echo canceller refuses what was played: {error}") from error

    def clean(self, samples: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return FRAME_SAMPLES of the microphone without the echo."""
        data = bytearray(samples.tobytes())
        try:
            self._processing.process_stream(self._frame(data, VOICE_HZ, 1, FRAME_SAMPLES))
        except RuntimeError as error:
            raise CodecError(f"the echo canceller refuses what was heard: {error}") from error
        return np.frombuffer(data, np.int16)
