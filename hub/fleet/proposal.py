"""What a file says that units and stations should be, and what is the matter with its lines (core)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hub.fleet.organisation import Card

FileKind = Literal["units", "stations"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that cannot be used. `text_key` is a word of the catalogue and says what to do.

    `line` 0: the file as a whole. `heading`: the column, "" for the line as a whole.
    """

    line: int
    heading: str
    text_key: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """`cards`: each that the file names, as it should be, changed or not; none when there are `problems`.

    `lines`: on which line each card stands, in the order of `cards`.
    """

    kind: FileKind
    cards: tuple[Card, ...] = ()
    lines: tuple[int, ...] = ()
    problems: tuple[Problem, ...] = ()
