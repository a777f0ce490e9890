"""The station's spoken prompts: made before they are needed, handed to `edge video` when they are due.

Making runs in the background, one sentence after the other, and again later what failed. A prompt that is due
before it is made is made next, and said if nothing newer is due by then. Whoever has a prompt said waits for
nothing.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from edge.call.prompts_due import Prompt
from edge.call.video_messages import Say, Spoke
from edge.config import BoxConfig
from edge.errors import IllegalInputError, PromptError
from edge.prompts.espeak import Espeak
from edge.prompts.languages import OURS, PROMPT_OF_STEM
from edge.prompts.maker import PromptMaker
from edge.prompts.prompts_now import Made, PromptsNow
from edge.prompts.turn import Turn

log = logging.getLogger(__name__)

AGAIN_S: Final = 600.0  # what could not be made is tried again: somebody may have installed what was missing
LATE_S: Final = 5.0  # a prompt that is made so late is not said any more
PLAYED_LIMIT_S: Final = 9.0  # a tool waits for ten


def maker_of(config: BoxConfig, espeak: Espeak) -> PromptMaker:
    """Return who makes this box's prompts: of the station's own words first, of the project's then."""
    homes = (config.file.parent / "voices", OURS)
    return PromptMaker(config.call.languages, homes=homes, cache=config.data_dir / "prompts", espeak=espeak)


class Prompts:
    """All methods on the loop; `run` until cancelled. `now` is None where the box does not speak.

    `hand_over` gives a prompt to `edge video`. `on_said`: the prompt of now is over, or nobody can say it.
    `is_idle`: no call is open, and none is coming.
    """

    def __init__(
        self,
        config: BoxConfig,
        *,
        hand_over: Callable[[Say], None],
        on_said: Callable[[Prompt], None],
        is_idle: Callable[[], bool],
        now_s: Callable[[], float],
        espeak: Espeak | None = None,
    ) -> None:
        speaks = config.call.voice and config.video.loudspeaker != "none"
        self.now = PromptsNow(config.call.languages) if speaks else None
        self._config, self._espeak = config, espeak or Espeak()
        self._maker = maker_of(config, self._espeak)
        self._wanted = config.call.languages  # in the order of speaking
        self._hand_over, self._on_said, self._is_idle, self._now_s = hand_over, on_said, is_idle, now_s
        self._turn = Turn()
        self._over = asyncio.Event()  # the prompt of now has been played, or cannot be
        self._make_anew = asyncio.Event()

    async def run(self) -> None:
        """Make what is not made, and again what could not be. A fault of our own costs the voice alone."""
        while self.now is not None:
            self._take_languages(self.now)
            try:
                await self._make_all(self.now)
            except Exception:
                log.exception("prompts: a fault of our own; the box goes on without a voice")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S):
                    await self._make_anew.wait()

    def use_languages(self, languages: tuple[str, ...]) -> None:
        """Other languages are spoken, as soon as their prompts are made; until then those of before."""
        if languages != self._wanted:
            self._wanted = languages
            self._make_anew.set()

    def _take_languages(self, now: PromptsNow) -> None:
        if self._wanted != now.languages:
            call = replace(self._config.call, languages=self._wanted)
            self._maker = maker_of(replace(self._config, call=call), self._espeak)
            self.now = PromptsNow(self._wanted, dict(now.made))

    async def say_text(self, text: str) -> str:
        """Say a few words that are no prompt, in the first language that has a voice; return why they could
        not be heard, empty when they were. For when no call is open.
        """
        if self.now is None:
            return "this box does not speak: see [call] voice and [video] loudspeaker"
        try:
            file = await self._maker.make_text(text)
        except PromptError as error:
            return str(error)
        self._turn.take_alone()
        self._over.clear()
        self._hand_over(Say(number=self._turn.number, prompt="words", file=str(file)))
        try:
            async with asyncio.timeout(PLAYED_LIMIT_S):
                await self._over.wait()
        except TimeoutError:
            return "`edge video` has not said that it was played"
        return self.now.unheard

    async def until_quiet(self) -> None:
        """Return when nothing is being said, after PLAYED_LIMIT_S at most."""
        if self._turn.number == 0:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PLAYED_LIMIT_S):
                await self._over.wait()

    def say(self, prompt: Prompt) -> None:
        """This is the news now: whatever is being said is cut. The same within a second is said once."""
        now = self.now
        if now is None:
            self._on_said(prompt)
            return
        if not self._turn.take(prompt, now_s=self._now_s()):
            return
        self._over.clear()
        self._give(now.made.get(prompt))

    def on_spoke(self, spoke: Spoke) -> None:
        """`edge video` has said a prompt, or could not."""
        if self.now is not None and spoke.number == self._turn.number:
            self.now.unheard = spoke.text
            self._over.set()
            if self._turn.prompt is not None:
                self._on_said(self._turn.prompt)

    def questions(self) -> dict[str, Any]:
        """What tools may ask."""
        return {"say prompt": self._answer_say, "make prompts": self._answer_make}

    def _give(self, made: Made | None) -> None:
        """Hand over the prompt of now, or the silence of one that is not made."""
        prompt = self._turn.prompt
        if prompt is not None:
            file = None if made is None or made.file is None else str(made.file)
            self._hand_over(Say(number=self._turn.number, prompt=prompt.value, file=file))
            if made is not None and file is None:
                self._on_said(prompt)

    async def _make_all(self, now: PromptsNow) -> None:
        is_anew = self._make_anew.is_set()
        self._make_anew.clear()
        now.faults = await self._maker.begin()
        left = [one for one in Prompt if is_anew or one not in now.made or now.made[one].faults]
        while left:
            waiting = self._turn.prompt
            prompt = waiting if waiting in left and waiting not in now.made else left[0]
            left.remove(prompt)
            was_made = prompt in now.made
            now.made[prompt] = made = await self._maker.make(prompt)
            is_due = prompt is self._turn.prompt and not was_made
            if is_due and self._now_s() - self._turn.since_s < LATE_S:
                self._give(made)
        await self._maker.keep_only(list(now.made.values()))
        for prompt, made in now.made.items():
            log.log(logging.WARNING if made.faults else logging.DEBUG, "%s: %s", prompt.value, made)

    async def _answer_make(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Words or recordings were changed: look at all of them. What was made is said until then."""
        self._make_anew.set()
        return {}

    async def _answer_say(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Say a prompt for who tries it out. Never in a call: it would be taken for true."""
        now, prompt = self.now, PROMPT_OF_STEM.get(str(request.get("prompt")))
        if now is None:
            raise PromptError("this box does not speak: see [call] voice and [video] loudspeaker")
        if prompt is None:
            raise PromptError(f"expected a prompt, one of {', '.join(PROMPT_OF_STEM)}")
        if not self._is_idle():
            raise IllegalInputError("a call is open: a prompt would be taken for true")
        made = now.made.get(prompt)
        if made is None or made.file is None:
            faults = "; ".join(made.faults) if made is not None else "it is being made; try again"
            raise PromptError(f"{prompt.value} cannot be played: {faults}")
        self.say(prompt)
        try:
            async with asyncio.timeout(PLAYED_LIMIT_S):
                await self._over.wait()
        except TimeoutError:
            return {"text": "handed to `edge video`, which has not said yet that it was played"}
        if now.unheard:
            raise PromptError(f"not played: {now.unheard}")
        return {"text": "played"}
