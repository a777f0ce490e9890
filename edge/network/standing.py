"""How far a link can be relied on (core). Every transition is in the table, none elsewhere."""

from enum import Enum, auto
from typing import Final


class Standing(Enum):
    """The value is what the doctor says."""

    ABSENT = "cannot carry anything"
    UNTRIED = "not tried yet"
    PROVING = "reaches the hub, and has to go on doing so"
    GOOD = "reaches the hub"
    SHAKY = "may have lost the hub"
    BAD = "does not reach the hub"


class Input(Enum):
    """What is learned of a link."""

    FOUND = auto()  # carrier, address and route are there
    GONE = auto()  # one of them is not
    ANSWERED = auto()  # the hub, to a probe or on the box's own connection
    FAILED = auto()  # a probe came to nothing
    HUB_LOST = auto()  # the box's own connection on it ended
    HELD = auto()  # it has answered for as long as it must


TRANSITIONS: Final[dict[tuple[Standing, Input], Standing]] = {
    (Standing.ABSENT, Input.FOUND): Standing.UNTRIED,
    (Standing.UNTRIED, Input.ANSWERED): Standing.PROVING,
    (Standing.UNTRIED, Input.FAILED): Standing.BAD,
    (Standing.PROVING, Input.ANSWERED): Standing.PROVING,
    (Standing.PROVING, Input.HELD): Standing.GOOD,
    (Standing.PROVING, Input.HUB_LOST): Standing.SHAKY,
    (Standing.PROVING, Input.FAILED): Standing.BAD,
    (Standing.GOOD, Input.ANSWERED): Standing.GOOD,
    (Standing.GOOD, Input.HUB_LOST): Standing.SHAKY,
    (Standing.GOOD, Input.FAILED): Standing.SHAKY,
    (Standing.SHAKY, Input.ANSWERED): Standing.GOOD,
    (Standing.SHAKY, Input.FAILED): Standing.BAD,
    (Standing.BAD, Input.ANSWERED): Standing.PROVING,
    (Standing.BAD, Input.FAILED): Standing.BAD,
    **{(one, Input.GONE): Standing.ABSENT for one in Standing if one is not Standing.ABSENT},
}
WORKS: Final = frozenset({Standing.PROVING, Standing.GOOD, Standing.SHAKY})


def after(standing: Standing, input_: Input) -> Standing:
    """Return the standing after an input; what the table does not have changes nothing: a probe may end, or
    the box's connection, when the link has gone or come meanwhile.
    """
    return TRANSITIONS.get((standing, input_), standing)
