"""How loud the station is and whether its microphone is muted, as somebody there wants it (core).

The loudness is kept. A mute belongs to one call and is never one of the next. The loudspeaker has a least
loudness and no mute: what is said aloud, and the hub's ring, must be heard by who comes next.
"""

from typing import Any, Final

from edge.call.video_messages import VOLUME_MIN_PCT, StationSound
from edge.errors import IllegalInputError

STEP_PCT: Final = 10
LOUDEST_PCT: Final = 100
CallName = tuple[str, int]  # its spool, and its number there: another spool has calls of the same numbers
WORDS: Final = ("louder", "quieter", "mute", "unmute", "mute or unmute")


class OwnSound:
    """`saved`: of the last start, as `saved` returns it; None, or of another form: as delivered."""

    def __init__(self, saved: Any) -> None:
        facts = saved if isinstance(saved, dict) else {}
        volume_pct = facts.get("volume_pct")
        self._volume_pct = LOUDEST_PCT
        if isinstance(volume_pct, int) and VOLUME_MIN_PCT <= volume_pct <= LOUDEST_PCT:
            self._volume_pct = volume_pct
        self._muted_in = _call_name(facts.get("muted_in"))
        self._told: StationSound | None = None

    def now(self, call: CallName | None) -> StationSound:
        """Return how it is in this call; None: no call is open."""
        is_muted = call is not None and call == self._muted_in
        return StationSound(volume_pct=self._volume_pct, is_muted=is_muted)

    def turn(self, word: str, call: CallName | None) -> None:
        """Do one of WORDS. Raises IllegalInputError: another word, or a mute where no call is open."""
        if word == "louder":
            self._volume_pct = min(self._volume_pct + STEP_PCT, LOUDEST_PCT)
        elif word == "quieter":
            self._volume_pct = max(self._volume_pct - STEP_PCT, VOLUME_MIN_PCT)
        elif word not in WORDS:
            raise IllegalInputError(f"sound: expected one of {', '.join(WORDS)}, found {word!r}")
        elif call is None:
            raise IllegalInputError("no call is open: the microphone is closed")
        else:
            is_muted = self.now(call).is_muted
            wants_mute = word == "mute" or (word == "mute or unmute" and not is_muted)
            self._muted_in = call if wants_mute else None

    def news(self, call: CallName | None) -> list[StationSound]:
        """Return what `edge video` must be told, if it was told something else before."""
        now = self.now(call)
        if now == self._told:
            return []
        self._told = now
        return [now]

    def saved(self) -> dict[str, Any]:
        """Return what a restart must know."""
        return {
            "volume_pct": self._volume_pct,
            "muted_in": None if self._muted_in is None else list(self._muted_in),
        }


def _call_name(saved: Any) -> CallName | None:
    match saved:
        case [str(spool), int(seq)]:
            return spool, seq
        case _:
            return None
