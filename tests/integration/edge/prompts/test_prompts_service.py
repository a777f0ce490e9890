"""What is handed to `edge video`, and when, with the real espeak-ng or one that hangs in its place."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from edge.call.prompts_due import Prompt
from edge.call.video_messages import Say, Spoke
from edge.config import BoxConfig, CallConfig
from edge.errors import IllegalInputError, PromptError
from edge.prompts.espeak import Espeak
from edge.prompts.prompts_service import Prompts
from edge.prompts.sounds import wav_of
from edge.video.voice.speech import speech
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.prompts.speakers import program, recording
from tests.integration.edge.video_side import config_of

LIMIT_S: Final = 60.0


class Station:
    """A station's prompts, what was handed over, and whether a call is open."""

    def __init__(self, config: BoxConfig, espeak: Espeak | None) -> None:
        self.handed: list[Say] = []
        self.said: list[Prompt] = []
        self.is_idle = True
        self.prompts = Prompts(
            config,
            hand_over=self.handed.append,
            on_said=self.said.append,
            is_idle=lambda: self.is_idle,
            now_s=time.monotonic,
            espeak=espeak,
        )

    def stems(self) -> list[tuple[str, bool]]:
        """What was handed over, and whether there was something to play."""
        return [(say.prompt, say.file is not None) for say in self.handed]

    async def made(self, count: int = len(Prompt)) -> None:
        await until(lambda: self.prompts.now is not None and len(self.prompts.now.made) >= count)

    async def ask(self, name: str, **details: Any) -> Any:
        return await self.prompts.questions()[name](details)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not is_so():  # noqa: ASYNC110 - a process announces nothing
            await asyncio.sleep(0.01)


def speaking(folder: Path, language: str = "vi") -> BoxConfig:
    return replace(config_of(folder, loudspeaker="alsa:default"), call=CallConfig(languages=(language,)))


@asynccontextmanager
async def running(config: BoxConfig, espeak: Espeak | None = None) -> AsyncIterator[Station]:
    station = Station(config, espeak)
    task = asyncio.create_task(station.prompts.run())
    try:
        yield station
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@in_a_loop
async def test_all_prompts_are_made_at_the_start_and_then_said_at_once(tmp_path: Path) -> None:
    async with running(speaking(tmp_path)) as station:
        await station.made()
        station.prompts.say(Prompt.RINGING)
        (say,) = station.handed
        assert (say.number, say.prompt) == (1, "ringing")
        assert say.file is not None
        assert Path(say.file).parent == tmp_path / "prompts"
        assert station.prompts.now is not None
        assert station.prompts.now.silent == []


@in_a_loop
async def test_the_same_within_a_second_is_handed_over_once(tmp_path: Path) -> None:
    async with running(speaking(tmp_path)) as station:
        await station.made()
        station.prompts.say(Prompt.RINGING)
        station.prompts.say(Prompt.RINGING)
        assert len(station.handed) == 1


@in_a_loop
async def test_a_prompt_that_is_due_before_it_is_made_is_made_next_and_said(tmp_path: Path) -> None:
    async with running(speaking(tmp_path)) as station:
        await station.made(1)
        station.prompts.say(Prompt.PRACTICE_OK)  # the last of all
        assert station.stems() == [("practice ok", False)]  # what is being said ends at once
        await until(lambda: len(station.handed) == 2)
        assert station.stems()[1] == ("practice ok", True)
        assert station.prompts.now is not None
        assert len(station.prompts.now.made) < len(Prompt)


@in_a_loop
async def test_one_that_newer_news_overtook_before_it_was_made_is_not_said(tmp_path: Path) -> None:
    async with running(speaking(tmp_path)) as station:
        station.prompts.say(Prompt.RINGING)
        station.prompts.say(Prompt.ANSWERED)
        await station.made()
        assert station.stems() == [("ringing", False), ("answered", False), ("answered", True)]


@in_a_loop
async def test_one_that_cannot_be_heard_still_ends_the_one_before(tmp_path: Path) -> None:
    async with running(speaking(tmp_path), Espeak("not-there")) as station:
        await station.made()
        station.prompts.say(Prompt.RINGING)
        assert station.stems() == [("ringing", False)]
        assert station.said == [Prompt.RINGING]


@in_a_loop
async def test_whoever_waits_for_a_prompt_is_told_when_it_is_over_and_of_no_other(tmp_path: Path) -> None:
    async with running(speaking(tmp_path)) as station:
        await station.made()
        station.prompts.say(Prompt.RINGING)
        station.prompts.say(Prompt.AUTO_ANSWER)
        station.prompts.on_spoke(Spoke(number=1))
        assert station.said == []
        station.prompts.on_spoke(Spoke(number=2))
        assert station.said == [Prompt.AUTO_ANSWER]


@pytest.mark.parametrize(
    ("loudspeaker", "voice"), [("none", True), ("alsa:default", False)], ids=["no loudspeaker", "no voice"]
)
@in_a_loop
async def test_a_box_that_does_not_speak_makes_and_says_nothing(
    tmp_path: Path, loudspeaker: str, voice: bool
) -> None:
    config = replace(config_of(tmp_path, loudspeaker=loudspeaker), call=CallConfig(voice=voice))
    station = Station(config, None)
    await station.prompts.run()
    station.prompts.say(Prompt.RINGING)
    assert (station.handed, station.said) == ([], [Prompt.RINGING])  # nobody waits for what cannot be heard
    assert station.prompts.now is None
    assert not (tmp_path / "prompts").exists()
    with pytest.raises(PromptError, match="does not speak"):
        await station.ask("say prompt", prompt="ringing")


@in_a_loop
async def test_a_hung_espeak_holds_nothing_up(tmp_path: Path) -> None:
    """While it hangs the loop goes on and what is due is passed over in silence."""
    async with running(speaking(tmp_path), Espeak(program(tmp_path, "exec sleep 600"))) as station:
        await until((tmp_path / "runs").exists)
        began_s = time.monotonic()
        for _ in range(100):
            station.prompts.say(Prompt.RINGING)
            station.prompts.say(Prompt.AT_HUB)
            await asyncio.sleep(0)
        assert time.monotonic() - began_s < 1.0
        assert not any(has_sound for _, has_sound in station.stems())


@in_a_loop
async def test_what_could_not_be_made_is_made_when_words_are_there(tmp_path: Path) -> None:
    async with running(speaking(tmp_path), Espeak("not-there")) as station:
        await station.made()
        recording(tmp_path / "voices", "vi", "ringing", wav_of(speech(1.5)))
        await station.ask("make prompts")
        now = station.prompts.now
        assert now is not None
        await until(lambda: now.made[Prompt.RINGING].file is not None)
        station.prompts.say(Prompt.RINGING)
        assert station.stems()[-1] == ("ringing", True)


@in_a_loop
async def test_an_engineer_hears_one_and_is_told_when_it_was_not_played(tmp_path: Path) -> None:
    async with running(speaking(tmp_path)) as station:
        await station.made()
        asking = asyncio.create_task(station.ask("say prompt", prompt="at-hub"))
        await until(lambda: len(station.handed) == 1)
        station.prompts.on_spoke(Spoke(number=1))
        assert await asking == {"text": "played"}
        asking = asyncio.create_task(station.ask("say prompt", prompt="ringing"))
        await until(lambda: len(station.handed) == 2)
        station.prompts.on_spoke(Spoke(number=1, text="of an older one"))
        station.prompts.on_spoke(Spoke(number=2, text="loudspeaker alsa:default: busy"))
        with pytest.raises(PromptError, match="not played: loudspeaker alsa:default: busy"):
            await asking


@in_a_loop
async def test_nothing_is_tried_out_in_a_call_and_nothing_that_is_no_prompt(tmp_path: Path) -> None:
    async with running(speaking(tmp_path)) as station:
        await station.made()
        with pytest.raises(PromptError, match="one of registered, kept, at-hub"):
            await station.ask("say prompt", prompt="rings")
        station.is_idle = False
        with pytest.raises(IllegalInputError, match="taken for true"):
            await station.ask("say prompt", prompt="ringing")
        assert station.handed == []


@in_a_loop
async def test_other_languages_are_spoken_once_they_are_made_and_the_old_ones_until_then(
    tmp_path: Path,
) -> None:
    async with running(speaking(tmp_path)) as station:
        await station.made()
        assert station.prompts.now is not None
        before = dict(station.prompts.now.made)
        station.prompts.use_languages(("en",))
        assert station.prompts.now.made == before
        station.prompts.say(Prompt.RINGING)
        assert station.stems()[-1] == ("ringing", True)
        await until(lambda: station.prompts.now is not None and station.prompts.now.languages == ("en",))
        await until(lambda: all(one not in before.values() for one in station.prompts.now.made.values()))  # type: ignore[union-attr]
        station.prompts.use_languages(("en",))
        assert not station.prompts._make_anew.is_set()


@in_a_loop
async def test_a_station_says_its_own_name(tmp_path: Path) -> None:
    async with running(speaking(tmp_path)) as station:
        await station.made()
        saying = asyncio.create_task(station.prompts.say_text("Trạm Y tế Côn Đảo"))
        await until(lambda: station.stems() == [("words", True)])
        station.prompts.on_spoke(Spoke(number=station.handed[-1].number))
        assert await saying == ""
        assert station.said == []  # it is no prompt
