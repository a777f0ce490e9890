"""How the spoken prompts are, and what `edge doctor` finds of them (core)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edge.call.prompts_due import Prompt
from edge.health.report import Finding
from edge.prompts.languages import Words, file_stem


@dataclass(frozen=True, slots=True)
class Made:
    """One prompt on disk, in one file for all languages; None: there is nothing to play.

    `words` are those that are heard in it. `faults`: what of it could not be made.
    """

    file: Path | None
    words: tuple[Words, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(slots=True)
class PromptsNow:
    """`languages` in the order of speaking. `made`: so far."""

    languages: tuple[str, ...]
    made: dict[Prompt, Made] = field(default_factory=dict)
    faults: tuple[str, ...] = ()  # of the folders of words
    unheard: str = ""  # why the last prompt was not played; empty: it was, or there was none

    @property
    def silent(self) -> list[str]:
        """The names of the prompts of which nothing can be played."""
        return [file_stem(prompt) for prompt, made in self.made.items() if made.file is None]


def prompt_findings(now: PromptsNow | None) -> Iterator[Finding]:
    """Return what is found; nothing where the box does not speak."""
    if now is None:
        return
    told = [*now.faults, *(fault for made in now.made.values() for fault in made.faults)]
    for fault in dict.fromkeys(told):
        text, _, remedy = fault.partition("; ")
        yield Finding(part="prompts", is_well=False, text=text, remedy=remedy or _REMEDY)
    if now.silent:
        text = f"silent: {', '.join(now.silent)}"
        yield Finding(part="prompts", is_well=False, text=text, remedy="lamp and buzzer say it alone")
    if now.unheard:
        remedy = "check the loudspeaker: edge doctor --sound"
        yield Finding(part="prompts", is_well=False, text=f"not played: {now.unheard}", remedy=remedy)
    if not (told or now.silent or now.unheard):
        waiting = "" if len(now.made) == len(Prompt) else f", {len(Prompt) - len(now.made)} are being made"
        text = f"{len(now.made)} spoken prompts in {', '.join(now.languages)}{waiting}"
        yield Finding(part="prompts", is_well=True, text=text)


_REMEDY = "see `edge prompts list`"
