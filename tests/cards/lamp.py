"""What the lamp does over some seconds (core), by the tables of the box and by the board's own firmware."""

from itertools import groupby
from typing import Final

from edge.call.lamps import CALL_LAMP, PRACTICE_LAMP
from firmware_bridge.firmware import wire
from firmware_bridge.firmware.lamps import FULL, NOT_DELIVERED, share_of
from tests.cards.words import DIM, NOT_TAKEN, PRACTICE, CardWords, Shown

SECONDS: Final = 4.0
STEP_US: Final = 5_000


def look_of(shown: Shown) -> tuple[int, int]:
    """Return pattern and level, 0 … 255, of the call lamp for a row of the card."""
    if shown == PRACTICE:
        return int(PRACTICE_LAMP.pattern), PRACTICE_LAMP.level
    if shown == NOT_TAKEN:
        return NOT_DELIVERED[0], NOT_DELIVERED[1]
    look = next(look for state, look in CALL_LAMP.items() if state is shown)
    return int(look.pattern), look.level


def name_of(shown: Shown, words: CardWords) -> str:
    """Return what the look of a row is called."""
    pattern, level = look_of(shown)
    return words.looks[pattern][level < DIM]


def course(pattern: int, level: int) -> list[tuple[float, float]]:
    """Return how bright it is over SECONDS: (for so many seconds, 0 … 1), one after another."""
    steps = round(SECONDS * 1e6 / STEP_US)
    shares = [share_of(pattern, number * STEP_US) * level / FULL / FULL for number in range(steps)]
    if pattern == wire.SWELL:
        shares = [round(share * 40) / 40 for share in shares]  # so fine that no step is seen
    return [(sum(1 for _ in same) * STEP_US / 1e6, share) for share, same in groupby(shares)]
