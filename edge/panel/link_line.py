"""Link and spool in one line that a nurse understands (core): what works, since when not, what is safe."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final, Literal, NamedTuple

from edge.live.link_facts import LinkFacts
from edge.panel.words import Words

VIETNAM: Final = timezone(timedelta(hours=7))
SLOW_MS: Final = 1_500  # of a round trip: what is said comes noticeably late
CATCHING_UP_S: Final = 60.0  # what is owed and older than that was kept for want of a link


class LinkLine(NamedTuple):
    """`mood`: "good", "weak" (it works, and is not as it should be), "lost"."""

    text: str
    mood: Literal["good", "weak", "lost"]


class Clock(NamedTuple):
    """`time` "14:05", empty where nobody knows; `doubt`: why it may be wrong."""

    time: str
    doubt: str


def link_line(facts: LinkFacts, words: Words) -> LinkLine:
    """Return the line."""
    parts, mood = _state(facts, words)
    if facts.given_up:
        parts.append(words("some lost"))
    elif mood == "lost" and not facts.has_card_problem:
        parts.append(words("nothing lost"))
    if facts.has_card_problem:
        parts.append(words("card fails"))
    return LinkLine(", ".join(parts), "weak" if facts.has_card_problem and mood == "good" else mood)


def _state(facts: LinkFacts, words: Words) -> tuple[list[str], Literal["good", "weak", "lost"]]:
    if not facts.is_connected or not facts.is_heard:
        kept = "" if facts.kept_s is None else f" – {words('keeping', kept=words.age(facts.kept_s))}"
        return [_lost(facts, words) + kept], "lost"
    is_slow = facts.round_trip_ms is not None and facts.round_trip_ms > SLOW_MS
    parts = [words("link slow" if is_slow else "link good")]
    if facts.kept_s is not None and facts.kept_s > CATCHING_UP_S:
        parts.append(words("link catching up", kept=words.age(facts.kept_s)))
    return parts, "weak" if is_slow else "good"


def _lost(facts: LinkFacts, words: Words) -> str:
    if facts.is_connected:
        return words("link unheard")
    if facts.for_s is None:
        return words("link never")
    if facts.is_time_sure and facts.since_utc_ms is not None:
        return words("link lost at", time=time_text(facts.since_utc_ms))
    return words("link lost for", age=words.age(facts.for_s))


def clock(facts: LinkFacts, words: Words) -> Clock:
    """Return what time it is, and whether that is sure."""
    if facts.now_utc_ms is None:
        return Clock("", words("time unknown"))
    return Clock(time_text(facts.now_utc_ms), "" if facts.is_time_sure else words("time unsure"))


def time_text(utc_ms: float) -> str:
    """Return "14:05", in Vietnam."""
    return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(VIETNAM).strftime("%H:%M")
