"""Link and spool in one line that a nurse understands (core): what works, since when not, what is safe."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Final, Literal, NamedTuple

from edge.live.link_facts import LinkFacts
from edge.panel.words import Words
from edge.uplink.answers import KEEP_ALIVE_S

VIETNAM: Final = timezone(timedelta(hours=7))
SLOW_MS: Final = 1_500  # of a round trip: what is said comes noticeably late
QUIET_S: Final = KEEP_ALIVE_S + 10.0  # a healthy idle link was heard so lately; after that the line says when
ASKING_S: Final = 20.0  # the same while an answer is owed for longer than a slow round trip
UNANSWERED_S: Final = 10.0  # a link of 600 ms that loses 5 % is quiet for some seconds now and then
AGE_STEP_S: Final = 10.0  # a line that changes each second is read by nobody
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
    is_answered = facts.unanswered_s is None or facts.unanswered_s < UNANSWERED_S
    if not facts.is_connected or not facts.is_heard or not is_answered:
        kept = "" if facts.kept_s is None else f" – {words('keeping', kept=words.age(facts.kept_s))}"
        return [_lost(facts, words) + kept], "lost"
    is_slow = facts.round_trip_ms is not None and facts.round_trip_ms > SLOW_MS
    how = "slow" if is_slow else "good"
    parts = [words(f"link {how}")]
    is_asking = facts.unanswered_s is not None and facts.unanswered_s * 1000 > SLOW_MS
    if facts.heard_ago_s is not None and facts.heard_ago_s >= (ASKING_S if is_asking else QUIET_S):
        parts = [words(f"link was {how}", age=_stepped(facts.heard_ago_s, words))]
    if facts.kept_s is not None and facts.kept_s > CATCHING_UP_S:
        parts.append(words("link catching up", kept=words.age(facts.kept_s)))
    return parts, "weak" if is_slow else "good"


def _lost(facts: LinkFacts, words: Words) -> str:
    if facts.is_connected and facts.unanswered_s is not None and facts.unanswered_s >= UNANSWERED_S:
        return words("link unanswered", age=_stepped(facts.unanswered_s, words))
    if facts.is_connected:
        return words("link unheard")
    if facts.for_s is None:
        return words("link never")
    if facts.is_time_sure and facts.since_utc_ms is not None:
        return words("link lost at", time=time_text(facts.since_utc_ms))
    return words("link lost for", age=words.age(facts.for_s))


def _stepped(age_s: float, words: Words) -> str:
    return words.age(age_s // AGE_STEP_S * AGE_STEP_S)


def clock(facts: LinkFacts, words: Words) -> Clock:
    """Return what time it is, and whether that is sure."""
    if facts.now_utc_ms is None:
        return Clock("", words("time unknown"))
    return Clock(time_text(facts.now_utc_ms), "" if facts.is_time_sure else words("time unsure"))


def time_text(utc_ms: float) -> str:
    """Return "14:05", in Vietnam."""
    return datetime.fromtimestamp(utc_ms / 1000, UTC).astimezone(VIETNAM).strftime("%H:%M")
