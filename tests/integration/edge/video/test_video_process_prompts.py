"""Prompts in `edge video` as a process: in a call, at its end and without one."""

import wave
from pathlib import Path

import numpy as np

from contract.media import Join
from edge.call.video_messages import CallOver, Say
from edge.prompts.sounds import wav_of
from edge.video.media import VOICE_HZ
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.video.peers import StockPage, until
from tests.integration.edge.video.test_video_process import (
    CALL,
    PAGE,
    STARTS_WITHIN_S,
    Vitals,
    edge_video,
    open_files,
    speech,
    write_config,
)
from tests.simulators.room_acoustics import Sound


def prompt(folder: Path, hz: int, seconds: float) -> str:
    times = np.arange(int(VOICE_HZ * seconds)) / VOICE_HZ
    path = folder / f"{hz}.wav"
    path.write_bytes(wav_of(np.asarray(9_000 * np.sin(2 * np.pi * hz * times), np.int16)))
    return str(path)


def played(path: Path) -> Sound:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def seconds_of(sound: Sound, hz: int) -> float:
    """For how long `hz` can be heard."""
    pieces = sound[: len(sound) // 2_400 * 2_400].reshape(-1, 2_400) / 32_768
    turn = np.exp(-2j * np.pi * hz / VOICE_HZ * np.arange(2_400))
    return float(np.count_nonzero(np.abs(pieces @ turn) / 1_200 > 0.05)) * 0.05


@in_a_loop
async def test_in_a_call_it_is_heard_and_at_the_call_s_end_by_the_loudspeaker_alone(tmp_path: Path) -> None:
    talk, out = speech(tmp_path / "talk.wav"), tmp_path / "out.wav"
    config = write_config(tmp_path, microphone=f"file:{talk}", loudspeaker=f"file:{out}")
    in_call, at_end = prompt(tmp_path, 1_700, 1.0), prompt(tmp_path, 900, 6.0)
    async with Vitals(tmp_path) as vitals, edge_video(config, vitals) as process, StockPage() as page:
        await until(lambda: vitals.lines == 1, limit_s=STARTS_WITHIN_S)
        vitals.hub(Join(**CALL, page=PAGE))
        await vitals.meet(page, await vitals.offer())
        await until(lambda: len(page.frames["audio"]) > 50)
        vitals.say(Say(number=1, prompt="answered", file=in_call))
        await until(lambda: vitals.spoken == [(1, "")])
        vitals.say(Say(number=2, prompt="ended", file=at_end))
        vitals.say(CallOver())
        await until(
            lambda: (
                [getattr(vitals.devices[-1], name) for name in ("camera", "microphone", "loudspeaker")]
                == ["closed", "closed", "open"]
            )
        )
        assert str(talk) not in open_files(process)
        assert len(vitals.spoken) == 1, "what is said outlives the call"
        await until(lambda: vitals.spoken[1:] == [(2, "")])
        await until(lambda: vitals.devices[-1].loudspeaker == "closed")
        assert str(out) not in open_files(process)
    assert seconds_of(played(out), 1_700) > 0.9
    assert seconds_of(played(out), 900) > 5.9


@in_a_loop
async def test_a_file_that_cannot_be_read_is_answered_and_a_silence_cuts(tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    config = write_config(tmp_path, loudspeaker=f"file:{out}")
    async with Vitals(tmp_path) as vitals, edge_video(config, vitals):
        await until(lambda: vitals.lines == 1, limit_s=STARTS_WITHIN_S)
        vitals.say(Say(number=1, prompt="ringing", file=str(tmp_path / "none.wav")))
        await until(lambda: len(vitals.spoken) == 1)
        assert vitals.spoken[0] == (1, f"{tmp_path / 'none.wav'}: cannot be read (No such file or directory)")
        vitals.say(Say(number=2, prompt="ringing", file=prompt(tmp_path, 900, 60.0)))
        await until(lambda: bool(vitals.devices) and vitals.devices[-1].loudspeaker == "open")
        vitals.say(Say(number=3, prompt="ended"))
        await until(lambda: vitals.devices[-1].loudspeaker == "closed")
        assert len(vitals.spoken) == 1
