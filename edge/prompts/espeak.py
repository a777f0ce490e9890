"""Sentences into sound by espeak-ng, a process a sentence (shell: asyncio's subprocesses, os).

At the lowest priority, in a time limit, its words given and its sound taken by pipes: nothing of the box
waits for it, and a hung one is ended. Source: espeak-ng(1).
"""

import asyncio
import contextlib
import logging
import os
from typing import Final

from edge.errors import PromptError
from edge.prompts.languages import Sentence

log = logging.getLogger(__name__)

PROGRAM: Final = "espeak-ng"
LIMIT_S: Final = 20.0  # measured: 0.03 s here; a box that starts has other things to do meanwhile
LOWEST: Final = 19  # nice(2)
REMEDY: Final = "apt-get install espeak-ng, or put recordings there"


class Espeak:
    """Speaks one sentence after the other. Where it is missing, or hung once, it says so until `begin`."""

    def __init__(self, program: str = PROGRAM, *, limit_s: float = LIMIT_S) -> None:
        self._program, self._limit_s = program, limit_s
        self._unfit = ""  # why it is not asked any more
        self.version = ""  # another speaks otherwise; empty: unknown

    async def begin(self) -> None:
        """Look anew whether it is there, and which."""
        self._unfit = self.version = ""
        try:
            said = await self._run("--version", given=b"")
        except PromptError as error:
            self._unfit = str(error)
            return
        self.version = said.decode(errors="replace").partition("Data at")[0].strip()

    async def speak(self, sentence: Sentence) -> bytes:
        """Return the sentence as WAV, of whatever rate the voice has. Raises PromptError."""
        if self._unfit:
            raise PromptError(self._unfit)
        voice, pace = sentence.voice, str(sentence.words_a_minute)
        given = sentence.text.encode()
        return await self._run("-b", "1", "-z", "-v", voice, "-s", pace, "--stdin", "--stdout", given=given)

    async def _run(self, *arguments: str, given: bytes) -> bytes:
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                self._program, *arguments, stdin=pipe, stdout=pipe, stderr=pipe
            )
        except OSError as error:
            raise PromptError(f"{self._program} cannot be run ({error.strerror}); {REMEDY}") from error
        try:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.setpriority(os.PRIO_PROCESS, process.pid, LOWEST)
            async with asyncio.timeout(self._limit_s):
                said, complaint = await process.communicate(given)
        except TimeoutError:
            self._unfit = f"{self._program} did not speak within {self._limit_s:g} s; {REMEDY}"
            raise PromptError(self._unfit) from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode != 0 or not said:
            words = complaint.decode(errors="replace").strip().partition("\n")[0]
            raise PromptError(f"{self._program} does not speak: {words or process.returncode}; {REMEDY}")
        return said
