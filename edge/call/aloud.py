"""What `edge video` is to say, and for how long it is wanted for that alone (core)."""

from dataclasses import dataclass
from typing import Final

from edge.call.video_messages import Say, Spoke

STARTS_WITHIN_S: Final = 10.0  # beyond, a prompt that waits for `edge video` to start is no news any more
SAID_WITHIN_S: Final = 40.0  # the longest prompt is over by then, and the device's own patience
STAYS_S: Final = 20.0  # after the last word: what was said asks for a press, and another word follows


@dataclass(slots=True)
class Aloud:
    """The newest prompt. `edge video` is told it once more when it has been started anew."""

    _say: Say | None = None
    _since_s: float = 0.0
    _over_s: float | None = None

    def say(self, say: Say, *, now_s: float) -> None:
        """This is to be said now; `file` None: nothing is, and what is being said is cut."""
        self._say, self._since_s = say, now_s
        self._over_s = now_s if say.file is None else None

    def on_spoke(self, spoke: Spoke, *, now_s: float) -> None:
        """`edge video` has no more to do with a prompt."""
        if self._say is not None and spoke.number == self._say.number and self._over_s is None:
            self._over_s = now_s

    def greeting(self, *, now_s: float) -> list[Say]:
        """Return what an `edge video` that has just come is told."""
        if self._say is None or self._over_s is not None or now_s - self._since_s > STARTS_WITHIN_S:
            return []
        return [self._say]

    def wants_video(self, *, now_s: float) -> bool:
        """Whether somebody must be there to speak, also where no call is open."""
        if self._say is None:
            return False
        if self._over_s is not None:
            return self._say.file is not None and now_s - self._over_s < STAYS_S
        return now_s - self._since_s < SAID_WITHIN_S
