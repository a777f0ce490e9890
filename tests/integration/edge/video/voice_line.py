"""A voice pipeline under test: what it tells and sends, who speaks at the other end, a room that echoes."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import Final

import numpy as np

from contract.media import SoundState
from edge.video.codecs.opus import OpusEncoder
from edge.video.media import EncodedVoice, VoiceMode, VoicePacket
from edge.video.voice.pipeline import VoicePipeline
from edge.video.voice.sound import FRAME_SAMPLES, Pace, open_loudspeaker, open_microphone
from tests.simulators.room_acoustics import Sound
from tests.simulators.sound_card import SoundCard

LIMIT_S: Final = 30.0
GOOD: Final = VoiceMode(bitrate_bps=24_000, frame_ms=20, has_fec=True, has_dtx=False)
State = tuple[SoundState, SoundState, str]


def box_s() -> float:
    """The box's clock: it counts time asleep, or begins with the box (a demo), and so is none of Python's."""
    return time.monotonic() + 1_000.0


class Line:
    """What a pipeline tells and sends; waits for it."""

    def __init__(self) -> None:
        self.states: list[State] = []
        self.sent: list[EncodedVoice] = []
        self.said: list[tuple[int, str]] = []
        self._changed = threading.Condition()

    def on_state(self, microphone: SoundState, loudspeaker: SoundState, text: str) -> None:
        with self._changed:
            self.states.append((microphone, loudspeaker, text))
            self._changed.notify_all()

    def on_packet(self, packet: EncodedVoice) -> None:
        with self._changed:
            self.sent.append(packet)
            self._changed.notify_all()

    def on_said(self, number: int, text: str) -> None:
        with self._changed:
            self.said.append((number, text))
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, LIMIT_S), (self.states, len(self.sent))

    def wait_for_devices(self, microphone: SoundState, loudspeaker: SoundState) -> str:
        self.wait(lambda: bool(self.states) and self.states[-1][:2] == (microphone, loudspeaker))
        return self.states[-1][2]

    def wait_for_sound(self, card: SoundCard, is_there: Callable[[Sound], bool]) -> None:
        """Return when what the card has played so far is so."""
        until_s = time.monotonic() + LIMIT_S
        while not is_there(np.concatenate(card.heard) if card.heard else np.zeros(0, np.int16)):
            assert time.monotonic() < until_s, self.states
            time.sleep(0.05)


def pipeline(line: Line, *, microphone: str, loudspeaker: str) -> VoicePipeline:
    return VoicePipeline(
        open_microphone=lambda: open_microphone(microphone),
        open_loudspeaker=lambda: open_loudspeaker(loudspeaker),
        on_packet=line.on_packet,
        on_state=line.on_state,
        on_said=line.on_said,
        now_s=box_s,
    )


class OtherSide:
    """Says things in 20 ms packets at real pace."""

    def __init__(self, voice: VoicePipeline) -> None:
        self._voice, self._encoder = voice, OpusEncoder(GOOD)
        self._number, self._begun_s = 0, time.monotonic()

    def say(self, sound: Sound) -> None:
        for start in range(0, len(sound) - 959, 960):
            time.sleep(max(self._begun_s + self._number * 0.02 - time.monotonic(), 0.0))
            payload = self._encoder.encode(sound[start : start + 960]) or b""
            packet = VoicePacket(self._number, self._number * 960, payload, box_s())
            self._voice.on_voice(packet)
            self._number += 1


class EchoingRoom:
    """A loudspeaker and a microphone on one clock: each 10 ms that is played is heard 40 ms later at half its
    loudness, however late the machine is."""

    latency_s = 0.02

    def __init__(self) -> None:
        self.played: list[Sound] = []
        self._air: queue.Queue[Sound] = queue.Queue(maxsize=8)
        for _ in range(4):
            self._air.put(np.zeros(FRAME_SAMPLES, np.int16))
        self._played_pace, self._heard_pace = Pace(), Pace()

    def write(self, samples: Sound) -> None:
        self._played_pace.wait(len(samples))
        self.played.append(samples)
        self._air.put(samples // 2, timeout=LIMIT_S)

    def read(self) -> Sound:
        self._heard_pace.wait(FRAME_SAMPLES)
        return self._air.get(timeout=LIMIT_S)

    def close(self) -> None:
        """So that neither waits for the other when both end."""
        with contextlib.suppress(queue.Full):
            for _ in range(8):
                self._air.put_nowait(np.zeros(FRAME_SAMPLES, np.int16))
