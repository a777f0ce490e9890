"""Which prompt has the word (core): the newest, and the same one not twice within a breath."""

from dataclasses import dataclass
from typing import Final

from edge.call.prompts_due import Prompt

SAME_S: Final = 1.0  # said again within that, it is the same news


@dataclass(slots=True)
class Turn:
    """`prompt` has the word since `since_s`; each turn has a `number` of its own. None: nobody has it."""

    prompt: Prompt | None = None
    number: int = 0
    since_s: float = 0.0

    def take_alone(self) -> None:
        """Give the word to what is no prompt; whoever has it is cut."""
        self.prompt = None
        self.number += 1

    def take(self, prompt: Prompt, *, now_s: float) -> bool:
        """Give the word to `prompt`; whoever has it is cut. False: it has just been given to the same."""
        if prompt is self.prompt and now_s - self.since_s < SAME_S:
            return False
        self.prompt, self.since_s = prompt, now_s
        self.number += 1
        return True
