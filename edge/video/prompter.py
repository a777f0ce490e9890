"""Prompts that `edge vitals` has said aloud: read, played, answered (shell: a task for each)."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from edge.call.video_messages import Say
from edge.errors import PromptError
from edge.prompts.sounds import Sound, read_made


class Prompter:
    """`say` plays a prompt and cuts the one before, `hush` cuts it, `on_said` is told of one that cannot be
    read."""

    def __init__(
        self,
        *,
        say: Callable[[int, Sound], None],
        hush: Callable[[], None],
        on_said: Callable[[int, str], None],
    ) -> None:
        self._say, self._hush, self._on_said = say, hush, on_said
        self._newest: Say | None = None
        self._reading: set[asyncio.Task[None]] = set()

    def take(self, message: Say) -> None:
        """Say this one, unless a newer one comes. What is being said ends now, not when this is read."""
        self._newest = message
        self._hush()
        if message.file is not None:
            task = asyncio.create_task(self._take(message, Path(message.file)), name="prompt")
            self._reading.add(task)
            task.add_done_callback(self._reading.discard)

    async def _take(self, message: Say, file: Path) -> None:
        try:
            sound = await asyncio.to_thread(read_made, file)
        except PromptError as error:
            self._on_said(message.number, str(error))
            return
        if message is self._newest:
            self._say(message.number, sound)
