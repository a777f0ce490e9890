"""A press that is heard: board, `edge vitals`, `edge video`, espeak-ng and libasound are real; no hub."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from typer.testing import CliRunner

from edge.call.prompts_due import Prompt
from edge.cli import app
from edge.clock import BoxClock
from edge.config import BoxConfig, read_config
from edge.health.report import Finding
from edge.prompts.sounds import wav_of
from edge.video.media import VOICE_HZ
from edge.vitals_service import Vitals
from firmware_bridge.board.messages import OutputId, OutputPattern
from tests.broker import free_port
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.prompts.speakers import program, recording
from tests.integration.edge.spools import HUB
from tests.integration.edge.test_vitals import presses, report, until, until_answered
from tests.integration.edge.uplinks import board_of
from tests.simulators.board import BoardSim
from tests.simulators.room_acoustics import Sound, level_db
from tests.simulators.sound_card import FRAME_SAMPLES, SoundCard

NOT_HELD_UP_S: Final = 10.0  # who waits for espeak-ng waits 20 s, and for a sound card for ever
REGISTERED_HZ, KEPT_HZ = 500, 1_500


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    with SoundCard(tmp_path) as card:
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(card.configuration))
        yield card


def box(folder: Path, *, loudspeaker: str = "alsa:card") -> BoxConfig:
    (folder / "seal.pub").write_bytes(HUB.public_key().public_bytes_raw())
    (folder / "data").mkdir()
    file = folder / "box.toml"
    file.write_text(f"""station = "con-dao-01"
data_dir = "data"
[hub]
host = "localhost"
port = {free_port()}
ca = "nothing"
certificate = "nothing"
key = "nothing"
seal_key = "seal.pub"
[board]
port = "board"
[video]
camera = "generated"
microphone = "generated"
loudspeaker = "{loudspeaker}"
screen = "none"
[call]
languages = ["vi"]
""")
    return read_config(file)


@asynccontextmanager
async def speaking(config: BoxConfig) -> AsyncIterator[Vitals]:
    video = (sys.executable, "-m", "edge", "video", "--config", str(config.file))
    service = Vitals(config, BoxClock.read(), random.Random(1), video_command=video)
    task = asyncio.create_task(service.run())
    await until_answered(config)
    try:
        yield service
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def prompts_findings(config: BoxConfig) -> list[Finding]:
    return [finding for finding in (await report(config)).findings if finding.part == "prompts"]


async def all_made(config: BoxConfig) -> None:
    async with asyncio.timeout(60.0):
        while "being made" in (await prompts_findings(config))[0].text:  # noqa: ASYNC110 - it is asked
            await asyncio.sleep(0.05)


def tone(hz: int, seconds: float) -> bytes:
    times = np.arange(int(VOICE_HZ * seconds)) / VOICE_HZ
    return wav_of(np.asarray(9_000 * np.sin(2 * np.pi * hz * times), np.int16))


def heard_in(pieces: list[Sound], hz: int) -> list[int]:
    """The pieces, of 10 ms, in which `hz` can be heard."""
    turn = np.exp(-2j * np.pi * hz / VOICE_HZ * np.arange(FRAME_SAMPLES))
    return [
        number for number, piece in enumerate(pieces) if abs(piece @ turn) > 0.02 * 32_768 * FRAME_SAMPLES
    ]


@in_a_loop
async def test_what_the_lamp_shows_is_said_and_newer_news_cuts_the_older(
    card: SoundCard, tmp_path: Path
) -> None:
    for stem, hz in (("registered", REGISTERED_HZ), ("kept", KEPT_HZ)):  # told apart on any machine
        recording(tmp_path / "voices", "vi", stem, tone(hz, 20.0))
    config = box(tmp_path)
    with BoardSim(board_of(config)) as board:
        async with speaking(config) as service:
            await all_made(config)
            (finding,) = await prompts_findings(config)
            assert (finding.is_well, finding.text) == (True, f"{len(Prompt)} spoken prompts in vi")
            said = await asyncio.to_thread(
                CliRunner().invoke, app, ["prompts", "play", "practice-ok", "--config", str(config.file)]
            )
            assert said.exit_code == 0, said.stderr  # "played", or not yet on a slow machine
            await until(lambda: any(level_db(piece) > -40.0 for piece in card.heard))
            board.press()
            await until(lambda: len(heard_in(card.heard[-100:], KEPT_HZ)) > 10)
            registered, kept = heard_in(card.heard, REGISTERED_HZ), heard_in(card.heard, KEPT_HZ)
            assert registered[0] < registered[-1] <= kept[0] + 1, "the older ends where the newer begins"
            devices = service._video.devices
            assert (devices.camera, devices.microphone) == ("closed", "closed")
            assert board.output(OutputId.STATUS_LED).pattern is not OutputPattern.STEADY
            assert service._video.process.starts == 1, "what spoke before the press was warm for it"


@in_a_loop
async def test_a_hung_espeak_delays_no_press(
    card: SoundCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder, "exec sleep 600", name="espeak-ng")
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    config = box(tmp_path)
    with BoardSim(board_of(config)) as board:
        async with speaking(config):
            await until((folder / "runs").exists)
            began_s = time.monotonic()
            board.press()
            await until(lambda: board.output(OutputId.CALL_LED).pattern is OutputPattern.FAST_BLINK)
            assert time.monotonic() - began_s < NOT_HELD_UP_S
            assert "are being made" in (await prompts_findings(config))[0].text
    assert len(presses(config)) == 1


@in_a_loop
async def test_a_loudspeaker_that_is_not_there_delays_no_press_and_is_found(
    card: SoundCard, tmp_path: Path
) -> None:
    config = box(tmp_path, loudspeaker="alsa:elsewhere")
    with BoardSim(board_of(config)) as board:
        async with speaking(config) as service:
            await all_made(config)
            began_s = time.monotonic()
            board.press()
            await until(lambda: board.output(OutputId.CALL_LED).pattern is OutputPattern.FAST_BLINK)
            assert time.monotonic() - began_s < NOT_HELD_UP_S
            now = service._video.prompts.now
            assert now is not None
            await until(lambda: now.unheard != "")
            (finding,) = await prompts_findings(config)
            assert finding.text.startswith("not played: loudspeaker alsa:elsewhere: there is none")
    assert len(presses(config)) == 1
