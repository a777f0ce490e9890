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

from edge.__main__ import app
from edge.call.prompts_due import Prompt
from edge.clock import BoxClock
from edge.config import BoxConfig, read_config
from edge.health.report import Finding
from edge.prompts.sounds import read_made
from edge.video.media import VOICE_HZ
from edge.vitals_service import Vitals
from firmware_bridge.board.messages import OutputId, OutputPattern
from tests.broker import free_port
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.prompts.speakers import program
from tests.integration.edge.spools import HUB
from tests.integration.edge.test_vitals import presses, report, until, until_answered
from tests.integration.edge.uplinks import board_of
from tests.simulators.board import BoardSim
from tests.simulators.room_acoustics import Sound
from tests.simulators.sound_card import FRAME_SAMPLES, SoundCard

NOT_HELD_UP_S: Final = 10.0  # who waits for espeak-ng waits 20 s, and for a sound card for ever
PROBE: Final = VOICE_HZ // 2


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


def begins_s(service: Vitals, prompt: Prompt, heard: Sound) -> float | None:
    """Where in `heard` the prompt's first half second is, in seconds; None: nowhere."""
    now = service._video.prompts.now
    assert now is not None
    file = now.made[prompt].file
    assert file is not None
    probe = read_made(file)[:PROBE].astype(np.float64)
    size = 1 << (len(probe) + len(heard)).bit_length()
    fit = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(probe, size)), size)
    at = int(np.argmax(fit[: max(len(heard) - PROBE, 1)]))
    found = heard[at : at + PROBE].astype(np.float64)
    alike = float(probe[: len(found)] @ found) / (np.linalg.norm(probe) * np.linalg.norm(found) + 1.0)
    return at / VOICE_HZ if alike > 0.8 else None


def heard(card: SoundCard) -> Sound:
    return np.concatenate(card.heard)


@in_a_loop
async def test_what_the_lamp_shows_is_said_and_newer_news_cuts_the_older(
    card: SoundCard, tmp_path: Path
) -> None:
    config = box(tmp_path)
    with BoardSim(board_of(config)) as board:
        async with speaking(config) as service:
            await all_made(config)
            (finding,) = await prompts_findings(config)
            assert (finding.is_well, finding.text) == (True, f"{len(Prompt)} spoken prompts in vi")
            said = await asyncio.to_thread(
                CliRunner().invoke, app, ["prompts", "play", "practice-ok", "--config", str(config.file)]
            )
            assert (said.exit_code, said.stdout.strip()) == (0, "played")
            assert begins_s(service, Prompt.PRACTICE_OK, heard(card)) is not None
            since = len(card.heard)
            board.press()
            sound = heard(card)
            async with asyncio.timeout(60.0):
                while begins_s(service, Prompt.KEPT, sound) is None:
                    await asyncio.sleep(0.5)  # to compare is dear
                    sound = heard(card)[since * FRAME_SAMPLES :]
            registered = begins_s(service, Prompt.REGISTERED, sound)
            kept = begins_s(service, Prompt.KEPT, sound)
            assert registered is not None
            assert kept is not None
            assert registered < kept
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
