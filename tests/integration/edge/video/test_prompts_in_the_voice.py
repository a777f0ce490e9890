"""Prompts through the real voice pipeline: libasound, Opus and the canceller run, the room is made up."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.errors import DeviceError
from edge.video.codecs.opus import OpusDecoder
from edge.video.media import VOICE_HZ
from edge.video.voice.echo import EchoCanceller
from edge.video.voice.pipeline import VoicePipeline
from edge.video.voice.sound import Loudspeaker, Microphone, open_loudspeaker, open_microphone
from edge.video.voice.speech import speech
from tests.integration.edge.video.voice_line import GOOD, EchoingRoom, Line, OtherSide, box_s, pipeline
from tests.simulators.room_acoustics import Sound, level_db
from tests.simulators.sound_card import SoundCard

LOW_HZ, HIGH_HZ, VOICE_TONE_HZ = 500, 1_500, 3_000


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    with SoundCard(tmp_path) as card:
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(card.configuration))
        yield card


def tone(hz: int, seconds: float, *, peak: float = 0.3) -> Sound:
    times = np.arange(int(VOICE_HZ * seconds)) / VOICE_HZ
    return np.asarray(peak * 32767 * np.sin(2 * np.pi * hz * times), np.int16)


def levels_db(heard: Sound, hz: int) -> list[float]:
    """How loud `hz` is in each 50 ms, in dB of full scale."""
    pieces = heard[: len(heard) // 2_400 * 2_400].reshape(-1, 2_400) / 32_768
    turn = np.exp(-2j * np.pi * hz / VOICE_HZ * np.arange(2_400))
    return [float(20 * np.log10(2 * abs(piece @ turn) / 2_400 + 1e-6)) for piece in pieces]


def loud(heard: Sound, hz: int) -> list[int]:
    """The pieces of 50 ms in which `hz` can be heard."""
    return [number for number, level in enumerate(levels_db(heard, hz)) if level > -40.0]


def nobody_s_microphone() -> Microphone:
    raise AssertionError("a prompt opens no microphone")


def alone(line: Line, loudspeaker: str = "alsa:card") -> VoicePipeline:
    return VoicePipeline(
        open_microphone=nobody_s_microphone,
        open_loudspeaker=lambda: open_loudspeaker(loudspeaker),
        on_packet=line.on_packet,
        on_state=line.on_state,
        on_said=line.on_said,
        now_s=box_s,
    )


def test_outside_a_call_a_prompt_comes_out_of_the_loudspeaker_which_is_open_for_it_alone(
    card: SoundCard,
) -> None:
    line = Line()
    voice = alone(line)
    voice.say(3, tone(LOW_HZ, 0.5))
    line.wait_for_devices("closed", "closed")
    assert line.states[0][:2] == ("closed", "open")
    assert line.said == [(3, "")]
    assert not card.is_open_by_anybody
    assert len(loud(np.concatenate(card.heard), LOW_HZ)) >= 9  # of 50 ms: all of it


def test_a_newer_prompt_cuts_the_older_and_only_the_newer_is_told_as_said(card: SoundCard) -> None:
    line = Line()
    voice = alone(line)
    voice.say(1, tone(LOW_HZ, 20.0))
    line.wait_for_sound(card, lambda heard: len(loud(heard, LOW_HZ)) > 4)
    voice.say(2, tone(HIGH_HZ, 0.5))
    line.wait_for_devices("closed", "closed")
    assert line.said == [(2, "")]
    heard = np.concatenate(card.heard)
    assert len(loud(heard, HIGH_HZ)) >= 9
    assert max(loud(heard, LOW_HZ)) <= min(loud(heard, HIGH_HZ)) + 1  # none of the older after the newer


def test_a_prompt_that_is_cut_gives_the_loudspeaker_back(card: SoundCard) -> None:
    line = Line()
    voice = alone(line)
    voice.say(1, tone(LOW_HZ, 20.0))
    line.wait_for_devices("closed", "open")
    voice.hush()
    line.wait_for_devices("closed", "closed")
    assert line.said == []


def test_a_busy_loudspeaker_costs_the_prompt_and_the_next_one_is_heard(card: SoundCard) -> None:
    busy, line = threading.Event(), Line()
    busy.set()

    def open_when_free() -> Loudspeaker:
        if busy.is_set():
            raise DeviceError("busy", "loudspeaker alsa:card: another program uses it")
        return open_loudspeaker("alsa:card")

    voice = VoicePipeline(
        open_microphone=nobody_s_microphone,
        open_loudspeaker=open_when_free,
        on_packet=line.on_packet,
        on_state=line.on_state,
        on_said=line.on_said,
        now_s=box_s,
    )
    voice.say(1, tone(LOW_HZ, 0.2))
    line.wait(lambda: line.said == [(1, "loudspeaker alsa:card: another program uses it")])
    assert line.states[-1][1] == "busy"
    busy.clear()
    voice.say(2, tone(LOW_HZ, 0.2))
    line.wait(lambda: (2, "") in line.said)
    line.wait_for_devices("closed", "closed")


def test_a_call_that_begins_in_a_prompt_keeps_the_loudspeaker_and_the_prompt_outlasts_its_end(
    card: SoundCard,
) -> None:
    line, opened = Line(), []

    def open_and_count() -> Loudspeaker:
        opened.append(time.monotonic())
        return open_loudspeaker("alsa:card")

    voice = VoicePipeline(
        open_microphone=lambda: open_microphone("generated"),
        open_loudspeaker=open_and_count,
        on_packet=line.on_packet,
        on_state=line.on_state,
        on_said=line.on_said,
        now_s=box_s,
    )
    voice.say(1, tone(LOW_HZ, 2.0))
    line.wait_for_devices("closed", "open")
    voice.start()
    line.wait_for_devices("open", "open")
    voice.stop()
    line.wait(lambda: line.states[-1][0] == "closed")
    assert line.said == []
    line.wait_for_devices("closed", "closed")
    assert line.said == [(1, "")]
    assert len(opened) == 1


def test_in_a_call_the_operator_goes_on_softer_below_the_prompt(card: SoundCard) -> None:
    line = Line()
    voice = pipeline(line, microphone="none", loudspeaker="alsa:card")
    voice.start()
    line.wait(lambda: bool(line.states) and line.states[-1][1] == "open")
    other = OtherSide(voice)
    operator = threading.Thread(target=other.say, args=(tone(VOICE_TONE_HZ, 5.0),))
    operator.start()
    line.wait_for_sound(card, lambda heard: len(loud(heard, VOICE_TONE_HZ)) > 10)
    voice.say(1, tone(LOW_HZ, 1.0))
    line.wait(lambda: line.said == [(1, "")])
    operator.join()
    voice.stop()
    heard = np.concatenate(card.heard)
    prompt, voice_db = loud(heard, LOW_HZ), levels_db(heard, VOICE_TONE_HZ)
    below = float(np.median([voice_db[piece] for piece in prompt[2:-2]]))
    after = float(np.median([voice_db[piece] for piece in range(prompt[-1] + 3, prompt[-1] + 13)]))
    assert len(prompt) >= 18
    assert 8.0 < after - below < 16.0  # 12 dB, and still heard
    assert below > -40.0


def returned_db(
    room: EchoingRoom, line: Line, voice: VoicePipeline, *, enough_db: float, limit_s: float
) -> float:
    """Say a prompt of the operator's kind over and over; return by how much less of it came back at best."""
    until_s, suppressed_db, number = time.monotonic() + limit_s, 0.0, 0
    while suppressed_db < enough_db and time.monotonic() < until_s:
        number += 1
        voice.say(number, speech(2.0))
        line.wait(lambda said=number: (said, "") in line.said)  # type: ignore[misc]
        played_db = level_db(np.concatenate(room.played[-150:]))
        decoder = OpusDecoder()
        returned = np.concatenate([decoder.decode(packet.data) for packet in line.sent[-75:]])
        suppressed_db = max(suppressed_db, played_db - level_db(returned))
    return suppressed_db


def in_a_room() -> tuple[EchoingRoom, Line, VoicePipeline]:
    room, line = EchoingRoom(), Line()
    voice = VoicePipeline(
        open_microphone=lambda: room,
        open_loudspeaker=lambda: room,
        on_packet=line.on_packet,
        on_state=line.on_state,
        on_said=line.on_said,
        now_s=box_s,
    )
    voice.set_mode(GOOD)
    voice.start()
    line.wait_for_devices("open", "open")
    return room, line, voice


def test_the_operator_does_not_hear_the_prompts_again() -> None:
    room, line, voice = in_a_room()
    assert returned_db(room, line, voice, enough_db=30.0, limit_s=60.0) >= 30.0  # 6 of them are the room's
    voice.stop()


def test_a_prompt_that_the_canceller_is_not_told_of_is_heard_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The measure itself: without the prompt in its reference, the same room returns it."""
    monkeypatch.setattr(EchoCanceller, "played", lambda *_: None)
    room, line, voice = in_a_room()
    assert returned_db(room, line, voice, enough_db=20.0, limit_s=4.0) < 20.0
    voice.stop()
