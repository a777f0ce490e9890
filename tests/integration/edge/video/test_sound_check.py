"""`edge doctor --sound` against a simulated sound card."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.config import VideoConfig
from edge.control_service import ask, serve_control
from edge.errors import DeviceError
from edge.health.report import Finding, Report
from edge.video.voice.sound_check import Verdict
from edge.video.voice.sound_check_service import check_sound
from tests.simulators.room_acoustics import Sound
from tests.simulators.sound_card import SoundCard, face_to_face

HOUSE = Path(__file__).parents[4]
BOX = """
station = "con-dao-01"
data_dir = "."
[hub]
host = "hub.example"
ca = "ca"
certificate = "crt"
key = "key"
seal_key = "seal"
[board]
port = "tty"
[video]
microphone = "alsa:card"
loudspeaker = "alsa:card"
"""


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    with SoundCard(tmp_path) as card:
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(card.configuration))
        (tmp_path / "box.toml").write_text(BOX, encoding="utf-8")
        yield card


def config(microphone: str = "alsa:card", loudspeaker: str = "alsa:card") -> VideoConfig:
    return VideoConfig(camera="none", microphone=microphone, loudspeaker=loudspeaker, screen="none")


def command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "edge", "doctor", "--sound", "--config", str(folder / "box.toml")]


def test_a_loudspeaker_before_the_microphone_is_heard(card: SoundCard) -> None:
    card.acoustics = face_to_face
    assert check_sound(config()).verdict is Verdict.HEARD
    assert not card.is_open_by_anybody


def test_a_loudspeaker_that_is_off_is_not_heard(card: SoundCard) -> None:
    """And the microphone of this card gives zeros meanwhile."""
    assert check_sound(config()).verdict is Verdict.DEAF
    assert check_sound(config(microphone="generated")).verdict is Verdict.NOT_HEARD


def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(DeviceError, match="loudspeaker alsa:none"):
        check_sound(config(microphone="generated", loudspeaker="alsa:none"))


def test_a_card_unplugged_meanwhile_is_lost(card: SoundCard) -> None:
    plays = threading.Event()

    def tell_when_it_plays(played: Sound) -> Sound:
        if played.any():
            plays.set()
        return played

    card.acoustics = tell_when_it_plays

    def pull_out() -> None:
        plays.wait(30)
        card.unplug()

    hand = threading.Thread(target=pull_out)
    hand.start()
    with pytest.raises(DeviceError) as lost:
        check_sound(config())
    hand.join()
    assert lost.value.state == "lost"


def test_the_command_says_that_it_heard(card: SoundCard, tmp_path: Path) -> None:
    card.acoustics = face_to_face
    done = subprocess.run(
        command(tmp_path), capture_output=True, text=True, cwd=HOUSE, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "✓ the microphone hears the loudspeaker" in done.stdout


def test_the_command_says_what_to_do_when_nothing_is_heard(card: SoundCard, tmp_path: Path) -> None:
    done = subprocess.run(
        command(tmp_path), capture_output=True, text=True, cwd=HOUSE, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "✗ the microphone gives silence" in done.stdout
    assert "→ is the microphone muted" in done.stdout


@asynccontextmanager
async def vitals_with(call: str, folder: Path) -> AsyncIterator[None]:
    """The control socket of a service that has this to say of its call."""

    async def doctor(_: Mapping[str, Any]) -> Mapping[str, Any]:
        found = Report(station="con-dao-01", findings=(Finding(part="call", is_well=True, text=call),))
        return {"report": found.model_dump()}

    task = asyncio.create_task(serve_control(folder / "vitals.sock", {"doctor": doctor}))
    await asyncio.sleep(0)  # it listens as soon as it has run once
    await ask(folder / "vitals.sock", "doctor")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def test_the_command_refuses_while_a_call_has_the_devices(card: SoundCard, tmp_path: Path) -> None:
    async def ask_during_a_call() -> tuple[int | None, str]:
        async with vitals_with("call 3: answered by Lan", tmp_path):
            process = await asyncio.create_subprocess_exec(
                *command(tmp_path), cwd=HOUSE, env=os.environ, stderr=asyncio.subprocess.PIPE
            )
            _, said = await asyncio.wait_for(process.communicate(), 60)
            return process.returncode, said.decode()

    returncode, said = asyncio.run(ask_during_a_call())
    assert returncode == 1
    assert "busy: a call has microphone and loudspeaker" in said
    assert card.played_samples == 0
