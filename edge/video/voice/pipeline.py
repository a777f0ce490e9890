"""Voice both ways: two threads between microphone, line and loudspeaker (shell: threading, time).

One reads the microphone, takes out the echo and codes; the other plays what came. Each opens, and closes, its
own device, and tries again every RETRY_S where it cannot: one direction goes on without the other. On a good
link a word waits here for 10 ms of microphone, 20 of framing, 20 to 40 of jitter and 60 of loudspeaker.

Prompts are said by the same loudspeaker: above the operator's voice, and known to the echo canceller; where
no call's voice runs, the loudspeaker is open for the prompt alone.
"""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.media import SoundState
from edge.errors import CodecError, DeviceError, MediaError
from edge.video.codecs.opus import OpusDecoder, OpusEncoder
from edge.video.media import VOICE_HZ, EncodedVoice, VoiceMode, VoicePacket
from edge.video.voice.announcement import Announcement
from edge.video.voice.echo import EchoCanceller
from edge.video.voice.playout import PIECE_SAMPLES, VoicePlayout
from edge.video.voice.sound import Loudspeaker, Microphone, Pace

RETRY_S: Final = 2.0
FIRST_MODE: Final = VoiceMode(bitrate_bps=16_000, frame_ms=40, has_fec=True, has_dtx=True)
SILENT_DBFS: Final = -90.0
FALL_DB: Final = 0.5  # a level falls by so much in 10 ms, so that an eye can follow it
_STOP_LIMIT_S: Final = 5.0  # a device blocks for a second at most

_SILENCE: Final = np.zeros(PIECE_SAMPLES, np.int16)

log = logging.getLogger(__name__)

Sound = NDArray[np.int16]


class VoicePipeline:
    """A call's voice. The devices are open from `start` to `stop`, the loudspeaker also for what `say` says.

    `on_packet` gets what is to be sent, `on_state` how microphone and loudspeaker are and what to do where
    one is not well, `on_said` the number of a prompt that is over, and why it was not heard (empty: it was);
    all are called from its threads. `open_…` raise DeviceError. `now_s` is the clock by which packets arrive.
    It may be started again.
    """

    def __init__(
        self,
        *,
        open_microphone: Callable[[], Microphone],
        open_loudspeaker: Callable[[], Loudspeaker],
        on_packet: Callable[[EncodedVoice], None],
        on_state: Callable[[SoundState, SoundState, str], None],
        on_said: Callable[[int, str], None],
        now_s: Callable[[], float],
    ) -> None:
        self._open_microphone, self._open_loudspeaker = open_microphone, open_loudspeaker
        self._on_packet, self._on_state, self._now_s = on_packet, on_state, now_s
        self._on_said = on_said
        self._playing_lock = threading.Lock()  # of what is to be played, and of the thread that plays it
        self._playout: VoicePlayout | None = None
        self._announcement = Announcement()
        self._player: threading.Thread | None = None
        self._told_lock = threading.Lock()
        self._told: dict[str, tuple[SoundState, str]] = {
            "microphone": ("closed", ""),
            "loudspeaker": ("closed", ""),
        }
        self._mode, self._lost_share = FIRST_MODE, 0.0
        self._ending = threading.Event()  # not set: a call's voice runs
        self._ending.set()
        self._listener: threading.Thread | None = None
        self._echo: EchoCanceller | None = None
        self._loudspeaker_latency_s = 0.0
        self._volume = 1.0  # of full loudness
        self._is_muted = False
        self._mic_level, self._speaker_level = _Level(), _Level()
        self._begun_s, self._pts = time.monotonic(), 0
        with contextlib.suppress(CodecError):  # told when the microphone opens
            EchoCanceller()  # loads its library now, while nobody waits for the first word

    def start(self) -> None:
        """Open the devices and begin. Does nothing when it runs."""
        if self._listener is not None:
            return
        self._ending.clear()
        self._echo = None
        self._listener = threading.Thread(target=self._keep_listening, name="microphone", daemon=True)
        self._listener.start()
        self._want_player()

    def stop(self) -> None:
        """Close the devices and end; blocks until both are closed, a second at most. A prompt that is being
        said keeps the loudspeaker until its end."""
        self._ending.set()
        with self._playing_lock:
            player = None if self._announcement.is_on else self._player
        for thread in (self._listener, player):
            if thread is not None:
                thread.join(_STOP_LIMIT_S)
        self._listener = self._echo = None
        with self._playing_lock:
            self._playout = None
        self._mic_level, self._speaker_level = _Level(), _Level()

    def say(self, number: int, sound: Sound) -> None:
        """Say a prompt: VOICE_HZ, as long as it likes. The one before is cut at once."""
        with self._playing_lock:
            self._announcement.say(number, sound)
        self._want_player()

    def hush(self) -> None:
        """Cut the prompt, if one is being said."""
        with self._playing_lock:
            self._announcement.cut()

    def set_mode(self, mode: VoiceMode) -> None:
        """Code so from the next frame on."""
        self._mode = mode

    def set_volume(self, volume_pct: int) -> None:
        """Play no louder than so much of full loudness: the operator's voice and prompts alike."""
        self._volume = volume_pct / 100

    def set_muted(self, *, is_muted: bool) -> None:
        """Send silence in place of what the microphone hears. What is being coded is at most 60 ms."""
        self._is_muted = is_muted

    def set_lost_share(self, lost_share: float) -> None:
        """Say what the link loses, 0 … 1."""
        self._lost_share = lost_share

    def on_voice(self, packet: VoicePacket) -> None:
        """Take a packet of the other side."""
        with self._playing_lock:
            if self._playout is not None:
                self._playout.push(packet)

    def levels(self) -> tuple[float, float]:
        """Return how loud microphone and loudspeaker are, in dB of full scale; SILENT_DBFS is nothing."""
        return self._mic_level.dbfs, self._speaker_level.dbfs

    def _keep_listening(self) -> None:
        while not self._ending.is_set():
            if not self._try("microphone", self._listen):
                self._ending.wait(RETRY_S)
        self._tell("microphone", "closed", "")

    def _want_player(self) -> None:
        """Have the loudspeaker's thread run: one at most."""
        with self._playing_lock:
            if self._player is None:
                self._player = threading.Thread(target=self._keep_playing, name="loudspeaker", daemon=True)
                self._player.start()

    def _keep_playing(self) -> None:
        is_well = True
        while not self._has_played_out(is_well=is_well):
            is_well = self._try("loudspeaker", self._play)
            if is_well:
                continue
            if self._ending.is_set():  # for a prompt alone it is not tried again: it would be said too late
                self._give_up_prompt()
            else:
                self._rest()
                is_well = True

    def _has_played_out(self, *, is_well: bool) -> bool:
        """Whether the loudspeaker's thread ends: then the next `_want_player` begins another. A fault that a
        prompt alone met stays told."""
        with self._playing_lock:
            if self._wants_loudspeaker():
                return False
            if is_well:
                self._tell("loudspeaker", "closed", "")
            self._player = None
        return True

    def _wants_loudspeaker(self) -> bool:
        return not self._ending.is_set() or self._announcement.is_on

    def _give_up_prompt(self) -> None:
        with self._playing_lock:
            number = self._announcement.give_up()
        if number is not None:
            self._on_said(number, self._told["loudspeaker"][1])

    def _try(self, part: str, run: Callable[[], None]) -> bool:
        """Run one direction to its end; False: something stopped it, which has been told."""
        try:
            run()
        except MediaError as error:
            state = error.state if isinstance(error, DeviceError) else "missing"
            self._tell(part, state, str(error))
        except Exception:
            log.exception("%s", part)
            self._tell(part, "lost", f"the {part} stopped for a reason that is in the log")
        else:
            return True
        return False

    def _rest(self) -> None:
        """Wait for the next try. What is said meanwhile is heard by nobody, but it is not kept for later."""
        pace, until_s = Pace(), time.monotonic() + RETRY_S
        while time.monotonic() < until_s and not self._ending.is_set():
            pace.wait(len(self._next_piece()))

    def _tell(self, part: str, state: SoundState, text: str) -> None:
        with self._told_lock:
            if self._told.get(part) == (state, text):
                return
            was_well = self._told.get(part, ("closed", ""))[0] in ("closed", "open")
            self._told[part] = (state, text)
            log.log(logging.WARNING if text and was_well else logging.INFO, "%s: %s %s", part, state, text)
            (microphone, one), (loudspeaker, other) = self._told["microphone"], self._told["loudspeaker"]
            self._on_state(microphone, loudspeaker, "; ".join(filter(None, (one, other))))

    def _listen(self) -> None:
        with contextlib.closing(self._open_microphone()) as microphone:
            if self._echo is None:
                self._echo = EchoCanceller()
            self._tell("microphone", "open", "")
            with contextlib.closing(OpusEncoder(self._mode)) as encoder:
                self._code(microphone, encoder, self._echo)

    def _code(self, microphone: Microphone, encoder: OpusEncoder, echo: EchoCanceller) -> None:
        lost_share = 0.0
        self._pts = max(
            self._pts, int((time.monotonic() - self._begun_s) * VOICE_HZ)
        )  # a jump, as after a silence
        while not self._ending.is_set():
            if encoder.mode != self._mode:
                encoder.set_mode(self._mode)
            if lost_share != self._lost_share:
                lost_share = self._lost_share
                encoder.set_lost_share(lost_share)
            pieces = []
            for _ in range(encoder.mode.frame_ms // 10):
                heard = microphone.read()
                echo.set_delay_ms(round(1000 * (microphone.latency_s + self._loudspeaker_latency_s)))
                clean = echo.clean(heard)
                pieces.append(_SILENCE[: len(clean)] if self._is_muted else clean)
                self._mic_level.hear(pieces[-1])
            frame = np.concatenate(pieces)
            packet = encoder.encode(frame)
            if packet is not None:
                self._on_packet(EncodedVoice(data=packet, pts=self._pts))
            self._pts += len(frame)

    def _play(self) -> None:
        with contextlib.closing(self._open_loudspeaker()) as loudspeaker:
            while True:
                with self._playing_lock:
                    if not self._wants_loudspeaker():
                        return
                    if self._playout is None and not self._ending.is_set():
                        self._playout = VoicePlayout(OpusDecoder())  # takes packets from now on
                self._tell("loudspeaker", "open", "")
                piece = self._next_piece()
                if self._volume != 1.0:
                    piece = np.rint(piece * self._volume).astype(np.int16)
                if self._echo is not None:
                    self._echo.played(piece)
                self._speaker_level.hear(piece)
                loudspeaker.write(piece)
                self._loudspeaker_latency_s = loudspeaker.latency_s

    def _next_piece(self) -> Sound:
        """Return what is to be played next, and tell of a prompt that has ended with it."""
        with self._playing_lock:
            voice = _SILENCE if self._playout is None else self._playout.piece(self._now_s())
            piece = self._announcement.mixed(voice)
            over, self._announcement.over = self._announcement.over, None
        if over is not None:
            self._on_said(over, self._told["loudspeaker"][1])
        return piece


class _Level:
    """Follows the loudness up at once, and down slowly."""

    def __init__(self) -> None:
        self.dbfs = SILENT_DBFS

    def hear(self, piece: Sound) -> None:
        power = float(np.mean(np.square(piece, dtype=np.float64))) / 32768**2
        now_dbfs = 10 * math.log10(power) if power > 1e-9 else SILENT_DBFS
        self.dbfs = max(now_dbfs, self.dbfs - FALL_DB, SILENT_DBFS)
