"""`edge video` kept, started and ended for the sake of prompts: real processes, the real socket."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from contract.media import Join
from edge.call.prompts_due import Prompt
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.video_side import PAGE, Box, is_alive, running, until
from tests.simulators.video_stand_in import heard

SPEAKING: dict[str, Any] = {"loudspeaker": "alsa:default"}


@pytest.fixture(autouse=True)
def _is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))


@pytest.fixture
def stays_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.call.aloud.STAYS_S", 0.2)


async def made(box: Box, *prompts: Prompt) -> None:
    now = box.video.prompts.now
    assert now is not None
    await until(lambda: all(prompt in now.made for prompt in prompts))


def told(box: Box, pid: int | None = None) -> list[str]:
    """What an `edge video` was told, by name, without being called and the answer to its greeting."""
    lines = [line for one, line in heard(box.folder) if pid in (None, one) and "tell" in line]
    names = [line["prompt"] if line["tell"] == "say" else line["tell"] for line in lines]
    return [name for name in names if name != "called"]


async def until_gone(box: Box) -> None:
    def is_gone() -> bool:
        box.video.tick()  # as once a second
        return box.video.process.pid is None

    await until(is_gone)


@pytest.mark.usefixtures("stays_briefly")
@in_a_loop
async def test_a_prompt_without_a_call_starts_one_that_speaks_and_ends(tmp_path: Path) -> None:
    async with running(tmp_path, **SPEAKING) as box:
        await made(box, Prompt.PRACTICE_DRILL)
        box.video.prompts.say(Prompt.PRACTICE_DRILL)
        await until(lambda: "practice drill" in told(box))
        assert told(box) == ["limits", "sound", "call over", "practice drill"]
        assert not box.is_lit()
        await until_gone(box)
        assert box.video.process.starts == 1
        assert box.said == []  # there is no call of which the hub could be told


@in_a_loop
async def test_the_end_of_a_call_is_said_by_the_same_process_whose_devices_are_closed(tmp_path: Path) -> None:
    async with running(tmp_path, **SPEAKING) as box:
        await made(box, Prompt.ENDED)
        box.press()
        await until(lambda: "camera" in told(box))
        box.hub_says(Join, page=PAGE)
        await until(box.is_lit)
        (pid,) = box.pids()
        box.video.prompts.say(Prompt.ENDED)  # before the call is over for `edge video`: as the call does
        box.end()
        await until(lambda: not box.is_lit())
        await until(lambda: "ended" in told(box))
        assert told(box)[-2:] == ["ended", "call over"]
        assert box.pids() == [pid]
        assert is_alive(pid)
        box.press(6)
        await until(lambda: told(box)[-2:] == ["call", "camera"])
        assert box.pids() == [pid], "it is warm for the next press"


@in_a_loop
async def test_one_that_keeps_its_devices_open_after_the_call_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.call.video_service.LIT_AFTER_CALL_S", 0.2)
    async with running(tmp_path, manner="clings", **SPEAKING) as box:
        await made(box, Prompt.ENDED)
        box.press()
        await until(lambda: "camera" in told(box))
        box.hub_says(Join, page=PAGE)
        await until(box.is_lit)
        (pid,) = box.pids()
        box.video.prompts.say(Prompt.ENDED)
        box.end()

        def is_ended() -> bool:
            box.video.tick()
            return not is_alive(pid) and not box.is_lit()

        await until(is_ended)


@in_a_loop
async def test_one_that_dies_in_a_prompt_is_followed_by_one_that_says_it(tmp_path: Path) -> None:
    async with running(tmp_path, manner="mute", **SPEAKING) as box:
        await made(box, Prompt.REGISTERED, Prompt.RINGING)
        box.press()
        box.video.prompts.say(Prompt.REGISTERED)
        box.video.prompts.say(Prompt.RINGING)  # who comes is told the newest alone
        await until(lambda: "ringing" in told(box))
        assert told(box) == ["limits", "sound", "call", "camera", "ringing"]
        os.kill(box.pids()[0], signal.SIGKILL)
        await until(lambda: len(box.pids()) == 2)
        await until(lambda: told(box, box.pids()[1]) == ["limits", "sound", "call", "camera", "ringing"])


@in_a_loop
async def test_without_a_voice_nothing_is_started_for_a_prompt(tmp_path: Path) -> None:
    async with running(tmp_path) as box:
        box.video.prompts.say(Prompt.PRACTICE_DRILL)
        box.video.tick()
        assert box.video.process.starts == 0
        assert box.video.prompts.now is None


@in_a_loop
async def test_who_waits_for_an_announcement_is_told_when_it_was_played(tmp_path: Path) -> None:
    async with running(tmp_path, **SPEAKING) as box:
        await made(box, Prompt.AUTO_ANSWER)
        box.video.prompts.say(Prompt.AUTO_ANSWER)
        assert box.spoken == []
        await until(lambda: box.spoken == [Prompt.AUTO_ANSWER])
        assert "auto answer" in told(box)
