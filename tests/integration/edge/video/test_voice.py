"""Both threads, real Opus, the real canceller, and ALSA's own plugins as a sound card."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from contract.media import SoundState
from edge.errors import DeviceError
from edge.video.media import VOICE_HZ, EncodedVoice, VoiceMode, VoicePacket
from edge.video.opus import OpusDecoder, OpusEncoder
from edge.video.sound import open_loudspeaker, open_microphone
from edge.video.speech import speech
from edge.video.voice import SILENT_DBFS, VoicePipeline
from tests.simulators.room_acoustics import Sound, level_db
from tests.simulators.sound_card import SoundCard, face_to_face

LIMIT_S = 30.0
GOOD = VoiceMode(bitrate_bps=24_000, frame_ms=20, has_fec=True, has_dtx=False)
State = tuple[SoundState, SoundState, str]


class Line:
    """What a pipeline tells and sends; waits for it."""

    def __init__(self) -> None:
        self.states: list[State] = []
        self.sent: list[EncodedVoice] = []
        self._changed = threading.Condition()

    def on_state(self, microphone: SoundState, loudspeaker: SoundState, text: str) -> None:
        with self._changed:
            self.states.append((microphone, loudspeaker, text))
            self._changed.notify_all()

    def on_packet(self, packet: EncodedVoice) -> None:
        with self._changed:
            self.sent.append(packet)
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, LIMIT_S), (self.states, len(self.sent))

    def wait_for_devices(self, microphone: SoundState, loudspeaker: SoundState) -> str:
        self.wait(lambda: bool(self.states) and self.states[-1][:2] == (microphone, loudspeaker))
        return self.states[-1][2]


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    with SoundCard(tmp_path) as card:
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(card.configuration))
        yield card


def pipeline(line: Line, *, microphone: str, loudspeaker: str) -> VoicePipeline:
    return VoicePipeline(
        open_microphone=lambda: open_microphone(microphone),
        open_loudspeaker=lambda: open_loudspeaker(loudspeaker),
        on_packet=line.on_packet,
        on_state=line.on_state,
    )


def say(voice: VoicePipeline, sound: Sound) -> None:
    """Be the other side: 20 ms packets at real pace."""
    encoder, begun_s = OpusEncoder(GOOD), time.monotonic()
    for number, start in enumerate(range(0, len(sound) - 959, 960)):
        time.sleep(max(begun_s + number * 0.02 - time.monotonic(), 0.0))
        payload = encoder.encode(sound[start : start + 960]) or b""
        voice.on_voice(VoicePacket(number, start, payload, time.monotonic()))
    encoder.close()


def test_the_microphone_is_sent_as_opus_and_is_the_voice_that_spoke() -> None:
    line = Line()
    voice = pipeline(line, microphone="generated", loudspeaker="none")
    voice.set_mode(GOOD)
    voice.start()
    line.wait(lambda: len(line.sent) > 75)
    levels = voice.levels()
    voice.stop()
    decoder = OpusDecoder()
    heard = np.concatenate([decoder.decode(packet.data) for packet in line.sent])
    assert level_db(heard[VOICE_HZ // 2 :]) > -40
    assert levels[0] > SILENT_DBFS
    assert levels[1] == SILENT_DBFS
    steps = np.diff([packet.pts for packet in line.sent[5:]])
    assert (steps == 960).mean() > 0.9


def test_the_mode_changes_while_it_runs_and_a_silence_is_a_jump_of_time() -> None:
    line = Line()
    voice = pipeline(line, microphone="generated", loudspeaker="none")
    voice.set_mode(VoiceMode(bitrate_bps=12_000, frame_ms=60, has_fec=False, has_dtx=True))
    voice.start()
    line.wait(lambda: any(np.diff([packet.pts for packet in line.sent]) > 2 * 2880))
    line.sent.clear()
    voice.set_mode(GOOD)
    line.wait(lambda: any(np.diff([packet.pts for packet in line.sent]) == 960))
    voice.stop()


def test_what_the_other_side_says_comes_out_of_the_loudspeaker_within_the_budget(card: SoundCard) -> None:
    line = Line()
    voice = pipeline(line, microphone="alsa:card", loudspeaker="alsa:card")
    voice.start()
    line.wait_for_devices("open", "open")
    word = np.concatenate([np.zeros(VOICE_HZ // 2, np.int16), speech(1.5)])
    begun_samples = len(card.heard) * 480
    say(voice, word)
    voice.stop()
    heard = np.concatenate(card.heard)[begun_samples:]
    assert level_db(heard) > -40
    size = 1 << (len(heard) + len(word)).bit_length()
    match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(word, size)), size)[:VOICE_HZ]
    late_s = int(np.argmax(match)) / VOICE_HZ
    assert late_s < 0.3  # framing is not in it; a loaded machine is


def test_the_far_end_does_not_hear_itself(card: SoundCard) -> None:
    """A loudspeaker before the microphone, through the pipeline as it is."""
    card.acoustics = face_to_face
    line = Line()
    voice = pipeline(line, microphone="alsa:card", loudspeaker="alsa:card")
    voice.set_mode(GOOD)
    voice.start()
    line.wait_for_devices("open", "open")
    said = speech(5.0)
    say(voice, said)
    sent = [*line.sent]
    voice.stop()
    decoder = OpusDecoder()
    returned = np.concatenate([decoder.decode(packet.data) for packet in sent])[2 * VOICE_HZ :]
    assert level_db(said) - level_db(returned) > 20.0


def test_stopped_devices_are_closed_and_it_may_be_started_again(card: SoundCard) -> None:
    line = Line()
    voice = pipeline(line, microphone="alsa:card", loudspeaker="alsa:card")
    for _ in range(2):
        voice.start()
        line.wait_for_devices("open", "open")
        assert card.is_open_by_anybody
        voice.stop()
        line.wait_for_devices("closed", "closed")
        assert not card.is_open_by_anybody


def test_without_a_loudspeaker_the_microphone_goes_on_and_the_other_way_round(card: SoundCard) -> None:
    deaf, dumb = Line(), Line()
    first = pipeline(deaf, microphone="alsa:card", loudspeaker="alsa:none")
    first.set_mode(GOOD)
    first.start()
    assert "loudspeaker alsa:none: there is none" in deaf.wait_for_devices("open", "missing")
    deaf.wait(lambda: len(deaf.sent) > 20)
    first.stop()
    second = pipeline(dumb, microphone="none", loudspeaker="alsa:card")
    second.start()
    assert "[video] microphone" in dumb.wait_for_devices("missing", "open")
    say(second, speech(0.5))
    second.stop()
    assert card.played_samples > 0


def test_an_unplugged_card_is_lost_and_comes_back(card: SoundCard) -> None:
    line = Line()
    voice = pipeline(line, microphone="alsa:card", loudspeaker="alsa:card")
    voice.set_mode(GOOD)
    voice.start()
    line.wait_for_devices("open", "open")
    card.unplug()
    line.wait(lambda: {"lost"} <= {state for told in line.states for state in told[:1]})
    line.wait(lambda: {"lost"} <= {state for told in line.states for state in told[1:2]})
    line.wait_for_devices("missing", "missing")
    card.plug_in()
    line.wait_for_devices("open", "open")
    line.sent.clear()
    line.wait(lambda: len(line.sent) > 5)
    voice.stop()


def test_a_microphone_that_another_program_uses_is_busy_and_tried_again() -> None:
    line, busy = Line(), threading.Event()
    busy.set()

    def open_when_free() -> object:
        if busy.is_set():
            raise DeviceError("busy", "another program uses it; end that program")
        return open_microphone("generated")

    voice = VoicePipeline(
        open_microphone=open_when_free,  # type: ignore[arg-type]
        open_loudspeaker=lambda: open_loudspeaker("none"),
        on_packet=line.on_packet,
        on_state=line.on_state,
    )
    voice.start()
    assert "end that program" in line.wait_for_devices("busy", "missing")
    busy.clear()
    line.wait_for_devices("open", "missing")
    voice.stop()
