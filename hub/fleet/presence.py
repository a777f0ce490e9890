"""Whether a station is there: worked out from clocks whenever it is read, never stored (core)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Final

LIVE_SAMPLES_S: Final = 3.0  # watched, and samples flow: one chunk a second, two may be lost on the way
LIVE_WATCHED_S: Final = 8.0  # watched, no samples: the status comes every 5 s
LIVE_IDLE_S: Final = 360.0  # nobody watches: the status comes every 5 minutes
LATE_FACTOR: Final = 3.0  # late until three times the limit, silent after it
LEASE_SETTLES_S: Final = 10.0  # a lease just given has not reached the box yet


class Word(Enum):
    """How sure we are that the station is there."""

    LIVE = "live"
    LATE = "late"
    SILENT = "silent"
    NEVER = "never heard"


class Rhythm(IntEnum):
    """How often a station is to be heard: what `LIVE_…_S` follows from."""

    IDLE = 0
    WATCHED = 1
    SAMPLES = 2


LIVE_S: Final = {
    Rhythm.IDLE: LIVE_IDLE_S,
    Rhythm.WATCHED: LIVE_WATCHED_S,
    Rhythm.SAMPLES: LIVE_SAMPLES_S,
}


@dataclass(slots=True)
class Heard:
    """When the hub last heard a station, by its monotonic clock; None: not since this hub started.

    `before_start_age_s` is how long ago it had been heard when the hub started, None for never.
    `connected_hint` is what the broker last said of the connection (its Will): a hint, not the truth.
    """

    heard_s: float | None = None
    samples_s: float | None = None
    by_kind_s: dict[str, float] = field(default_factory=dict)
    connected_hint: bool | None = None
    hint_s: float | None = None
    started_s: float = 0.0
    before_start_age_s: float | None = None

    def hear(self, kind: str, *, at_s: float, are_samples: bool) -> None:
        """Something of the station reached the hub."""
        self.heard_s = at_s if self.heard_s is None else max(self.heard_s, at_s)
        self.by_kind_s[kind] = at_s
        if are_samples:
            self.samples_s = at_s

    def hint(self, is_connected: bool, *, at_s: float) -> None:
        """The broker said that the station's connection stands or fell."""
        self.connected_hint, self.hint_s = is_connected, at_s

    def age_s(self, now_s: float) -> float | None:
        """Return how long ago the station was heard, None for never."""
        if self.heard_s is not None:
            return max(0.0, now_s - self.heard_s)
        if self.before_start_age_s is None:
            return None
        return self.before_start_age_s + max(0.0, now_s - self.started_s)


@dataclass(frozen=True, slots=True)
class Presence:
    """What may be said now. `age_s` None: never heard. `is_cut_hint`: the broker saw the connection fall."""

    word: Word
    age_s: float | None
    is_cut_hint: bool
    by_kind_s: Mapping[str, float]  # age of the last of each kind


def presence(heard: Heard, *, now_s: float, leased_since_s: float | None) -> Presence:
    """Return how sure we are that the station is there; `leased_since_s`: since when it is to send live."""
    ages = {kind: max(0.0, now_s - at_s) for kind, at_s in heard.by_kind_s.items()}
    age_s = heard.age_s(now_s)
    if age_s is None:
        return Presence(Word.NEVER, None, False, ages)
    limit_s = LIVE_S[rhythm(heard, now_s=now_s, leased_since_s=leased_since_s)]
    is_cut = is_cut_off(heard)
    return Presence(word_of(age_s, limit_s=limit_s, is_cut=is_cut), age_s, is_cut, ages)


def word_of(age_s: float | None, *, limit_s: float, is_cut: bool) -> Word:
    """Return the word for a station heard so long ago; `web/presence.js` says the same."""
    if age_s is None:
        return Word.NEVER
    if age_s > limit_s * LATE_FACTOR:
        return Word.SILENT
    return Word.LATE if age_s > limit_s or is_cut else Word.LIVE


def is_cut_off(heard: Heard) -> bool:
    """Whether the broker saw the connection fall, and nothing was heard since."""
    return heard.connected_hint is False and (heard.heard_s is None or (heard.hint_s or 0.0) >= heard.heard_s)


def rhythm(heard: Heard, *, now_s: float, leased_since_s: float | None) -> Rhythm:
    """Return how often the station is to be heard now."""
    if leased_since_s is None or now_s - leased_since_s < LEASE_SETTLES_S:
        return Rhythm.IDLE
    samples_were_last = heard.samples_s is not None and heard.samples_s == heard.heard_s
    return Rhythm.SAMPLES if samples_were_last else Rhythm.WATCHED
