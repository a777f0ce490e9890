"""What there is to say in each language, and which words a prompt has for the languages of a station (core).

A language is a folder `<language>/` with `prompts.toml` (sentences, and the voice of espeak-ng that speaks
them), recordings (`ringing.wav`), or both. Those of the project lie in `voices/` here; a station's own lie in
`voices/` beside its box.toml and go before them, sentence by sentence. Source: docs/adr/0030.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from edge.call.prompts_due import Prompt
from edge.errors import PromptError

OURS: Final = Path(__file__).parent / "voices"
LAST_RESORT: Final = "vi"  # spoken where a language lacks a prompt
SENTENCE_MAX_CHARS: Final = 300  # 20 s aloud; whoever stands beside a patient listens no longer
WORDS_A_MINUTE: Final = range(80, 451)  # what espeak-ng takes
_VOICE: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9+_-]{0,40}")


@dataclass(frozen=True, slots=True)
class Recording:
    """Sound that somebody has recorded."""

    path: Path


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words that espeak-ng speaks with this voice."""

    voice: str
    words_a_minute: int
    text: str


Words = Recording | Sentence


@dataclass(frozen=True, slots=True)
class Language:
    """`words` has, for each prompt, what may be played: the first that makes a sound is."""

    name: str
    words: Mapping[Prompt, tuple[Words, ...]] = field(default_factory=dict)
    faults: tuple[str, ...] = ()  # what of its folders cannot be used


def file_stem(prompt: Prompt) -> str:
    """Return what a prompt is called in files and on the command line: "at-hub"."""
    return prompt.value.replace(" ", "-")


PROMPT_OF_STEM: Final = {file_stem(prompt): prompt for prompt in Prompt}


def read_language(name: str, homes: Sequence[Path]) -> Language:
    """Return the language `name` of the folders `homes`/`name`, those named first before those after."""
    words: dict[Prompt, tuple[Words, ...]] = {}
    faults: list[str] = []
    folders = [home / name for home in homes if (home / name).is_dir()]
    if not folders:
        faults.append(f"there is no language {name!r}; make {homes[0] / name}, or change [call] languages")
    for folder in folders:
        sentences: dict[Prompt, Sentence] = {}
        try:
            sentences = _read_sentences(folder / "prompts.toml")
        except PromptError as error:
            faults.append(str(error))
        for prompt in Prompt:
            recording = folder / f"{file_stem(prompt)}.wav"
            found: list[Words] = [Recording(recording)] if recording.exists() else []
            found += [sentences[prompt]] if prompt in sentences else []
            words[prompt] = (*words.get(prompt, ()), *found)
        faults += [
            f"{one}: is no prompt's name; there are {', '.join(PROMPT_OF_STEM)}"
            for one in sorted(folder.glob("*.wav"))
            if one.stem not in PROMPT_OF_STEM
        ]
    return Language(name, words, tuple(faults))


def lines_of(prompt: Prompt, spoken: Sequence[Language], last_resort: Language) -> list[tuple[Words, ...]]:
    """Return, for each language in the order of speaking, the words that may be played, the best first."""
    others = () if last_resort in spoken else last_resort.words.get(prompt, ())
    return [(*language.words.get(prompt, ()), *others) for language in spoken]


def lacks_of(spoken: Sequence[Language]) -> list[str]:
    """Return what each language has no words for, as sentences."""
    lacking = {
        language.name: [file_stem(prompt) for prompt in Prompt if not language.words.get(prompt)]
        for language in spoken
        if language.words
    }
    return [f"{name} has no words for {', '.join(stems)}" for name, stems in lacking.items() if stems]


def _read_sentences(path: Path) -> dict[Prompt, Sentence]:
    """Return the sentences of a prompts.toml; none where there is no such file. Raises PromptError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PromptError(f"{path}: cannot be read: {error}") from error
    voice, pace, sentences = (
        document.get("espeak"),
        document.get("words_a_minute", 150),
        document.get("sentences"),
    )
    if not isinstance(voice, str) or not _VOICE.fullmatch(voice):
        raise PromptError(f'{path}: espeak: expected a voice, such as "vi" or "en-gb", found {voice!r}')
    if not isinstance(pace, int) or pace not in WORDS_A_MINUTE:
        raise PromptError(f"{path}: words_a_minute: expected 80 … 450, found {pace!r}")
    if not isinstance(sentences, dict):
        raise PromptError(f"{path}: [sentences]: expected a table of prompts, found {sentences!r}")
    return {
        _prompt_of(path, stem): Sentence(voice, pace, _text_of(path, stem, text))
        for stem, text in sentences.items()
    }


def _prompt_of(path: Path, stem: str) -> Prompt:
    if stem not in PROMPT_OF_STEM:
        raise PromptError(f"{path}: {stem}: is no prompt's name; there are {', '.join(PROMPT_OF_STEM)}")
    return PROMPT_OF_STEM[stem]


def _text_of(path: Path, stem: str, text: Any) -> str:
    if not isinstance(text, str) or not text.strip() or len(text) > SENTENCE_MAX_CHARS:
        raise PromptError(
            f"{path}: {stem}: expected a sentence of at most {SENTENCE_MAX_CHARS} letters, found {text!r}"
        )
    return text
