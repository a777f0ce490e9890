"""What an age in Vietnamese words can mean, in seconds: read from what people see, not from what wrote it."""

import re
from dataclasses import dataclass
from math import inf
from typing import Final

_FORMS: Final = (  # with what its numbers count, and how far two ages lie apart
    (re.compile(r"(\d+) ngày"), (86_400.0,), 86_400.0),
    (re.compile(r"(\d+) giờ (\d\d)"), (3_600.0, 60.0), 60.0),
    (re.compile(r"(\d+) phút"), (60.0,), 60.0),
    (re.compile(r"(\d+) s\b"), (1.0,), 1.0),
)


@dataclass(frozen=True, slots=True)
class AgeShown:
    """The age lies in [`least_s`, `below_s`)."""

    least_s: float
    below_s: float


NO_AGE: Final = AgeShown(0.0, inf)  # "không rõ": every age is in it


def read_age(text: str) -> AgeShown:
    """Return what the last age in a text says; NO_AGE where there is none."""
    for form, units_s, step_s in _FORMS:
        if found := form.search(text):
            least_s = sum(int(count) * unit_s for count, unit_s in zip(found.groups(), units_s, strict=True))
            return AgeShown(least_s, least_s + step_s)
    return NO_AGE


def exact(age_s: float | None) -> AgeShown:
    """Return an age that is told as a number."""
    return NO_AGE if age_s is None else AgeShown(age_s, age_s)
