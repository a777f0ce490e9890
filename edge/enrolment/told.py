"""What the box says of its enrolment, on its screen and in its log (core)."""

from dataclasses import dataclass
from enum import Enum


class Doing(Enum):
    """What it is at. The value is the English log's word."""

    LOOKING = "looking for the hub"
    NO_FILE = "there is nothing on the boot partition that says which hub"
    BAD_FILE = "haidang.txt cannot be used"
    AWAY = "the hub cannot be reached"
    NUMBER = "waiting for an operator to type the number"
    REVOKED = "this box was revoked"
    DONE = "enrolled"


@dataclass(frozen=True, slots=True)
class Told:
    """`number`: to read out to an operator. `text`: in English, for who looks closer."""

    doing: Doing
    number: str = ""
    text: str = ""

    def line(self) -> str:
        """Return it for a log."""
        return ": ".join(filter(None, (self.doing.value, self.number, self.text)))
