"""Makes prompts into files: one a prompt, all its languages in it (shell: asyncio's threads)."""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edge.call.prompts_due import Prompt
from edge.errors import PromptError
from edge.prompts.espeak import Espeak
from edge.prompts.languages import (
    LAST_RESORT,
    Language,
    Recording,
    Sentence,
    Words,
    file_stem,
    lacks_of,
    lines_of,
    read_language,
)
from edge.prompts.prompts_now import Made
from edge.prompts.sounds import Sound, joined, read_made, read_recording, speech_of, wav_of

log = logging.getLogger(__name__)


class PromptMaker:
    """From the words of `homes`, those named first before those after, into the folder `cache`.

    `languages` in the order of speaking. `begin` comes first, and reads `spoken` and `last_resort`; disk and
    arithmetic are on threads.
    """

    def __init__(
        self, languages: Sequence[str], *, homes: Sequence[Path], cache: Path, espeak: Espeak
    ) -> None:
        self._names, self._homes = tuple(languages), tuple(homes)
        self._cache, self._espeak = cache, espeak
        self.spoken: list[Language] = []
        self.last_resort = Language(LAST_RESORT)

    async def begin(self) -> tuple[str, ...]:
        """Read the words anew; return what is wrong with them."""
        self.spoken, self.last_resort = await asyncio.to_thread(self._read)
        await self._espeak.begin()
        faults = [fault for language in self.spoken for fault in language.faults]
        return (*faults, *lacks_of(self.spoken))

    async def make(self, prompt: Prompt) -> Made:
        """Return the prompt on disk: made now, unless it was made of the same words before."""
        lines = lines_of(prompt, self.spoken, self.last_resort)
        file = await asyncio.to_thread(self._file_of, prompt, lines)
        try:
            await asyncio.to_thread(read_made, file)
            return Made(file, tuple(line[0] for line in lines if line))
        except PromptError:
            pass  # not yet, or not whole
        sounds, heard, faults = await self._sounds(lines)
        if not sounds:
            return Made(None, (), tuple(faults))
        if faults:  # made anew after each start, so that its faults are told
            file = file.with_name(f"{file_stem(prompt)}-in-part.wav")
        try:
            await asyncio.to_thread(self._write, file, sounds)
        except OSError as error:
            return Made(None, (), (*faults, f"{file}: cannot be written ({error.strerror}); free space"))
        return Made(file, heard, tuple(faults))

    async def make_text(self, text: str) -> Path:
        """Return these words on disk, spoken by the first voice of the languages. Raises PromptError."""
        voices = (
            words
            for language in (*self.spoken, self.last_resort)
            for choices in language.words.values()
            for words in choices
            if isinstance(words, Sentence)
        )
        voice = next(voices, None)
        if voice is None:
            raise PromptError("no language here has a voice: only recordings")
        file = self._cache / "words.wav"
        sound = await self._sound(replace(voice, text=text))
        try:
            await asyncio.to_thread(self._write, file, [sound])
        except OSError as error:
            raise PromptError(f"{file}: cannot be written ({error.strerror}); free space") from error
        return file

    async def keep_only(self, made: Sequence[Made]) -> None:
        """Remove what was made of other words before."""
        await asyncio.to_thread(self._remove_others, {one.file for one in made})

    def _read(self) -> tuple[list[Language], Language]:
        read = {name: read_language(name, self._homes) for name in (*self._names, LAST_RESORT)}
        return [read[name] for name in self._names], read[LAST_RESORT]

    def _file_of(self, prompt: Prompt, lines: Sequence[Sequence[Words]]) -> Path:
        """Return the file that is made of just these words, recordings and espeak-ng."""
        told = [self._espeak.version]
        for line in lines:
            told.append("line")
            for words in line:
                told.append(repr(words))
                if isinstance(words, Recording) and words.path.exists():
                    stat = words.path.stat()
                    told.append(f"{stat.st_size} {stat.st_mtime_ns}")
        key = hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]
        return self._cache / f"{file_stem(prompt)}-{key}.wav"

    async def _sounds(
        self, lines: Sequence[Sequence[Words]]
    ) -> tuple[list[Sound], tuple[Words, ...], list[str]]:
        """Return what is heard one after the other, of which words it is, and what could not be made."""
        sounds: list[Sound] = []
        heard: list[Words] = []
        faults: list[str] = []
        for line in lines:
            for words in line:
                if words in heard:  # the last resort of two languages is said once
                    break
                try:
                    sounds.append(await self._sound(words))
                    heard.append(words)
                    break
                except PromptError as error:
                    faults.append(str(error))
        return sounds, tuple(heard), faults

    async def _sound(self, words: Words) -> Sound:
        if isinstance(words, Recording):
            return await asyncio.to_thread(read_recording, words.path)
        return await asyncio.to_thread(speech_of, await self._espeak.speak(words))

    def _write(self, file: Path, sounds: Sequence[Sound]) -> None:
        self._cache.mkdir(exist_ok=True)
        fresh = file.with_suffix(".fresh")
        fresh.write_bytes(wav_of(joined(sounds)))
        fresh.replace(file)  # whoever plays the one before goes on with it

    def _remove_others(self, kept: set[Path | None]) -> None:
        try:
            for file in self._cache.iterdir():
                if file not in kept:
                    file.unlink(missing_ok=True)
        except OSError as error:
            log.debug("%s: %s", self._cache, error)
