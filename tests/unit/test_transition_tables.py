from enum import Enum

import pytest

from tests.transition_tables import PAGE, SECTIONS, diagram, filled, inputs_table, states_table


class Door(Enum):
    OPEN = "anybody comes in"
    SHUT = "nobody does"


class Hand(Enum):
    PUSH = "somebody pushes"
    LOOK = "somebody looks"


TRANSITIONS = {(Door.OPEN, Hand.PUSH): Door.SHUT, (Door.SHUT, Hand.LOOK): Door.SHUT}


def test_the_page_says_what_the_tables_say() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert filled(page) == page, "run python -m tests.transition_tables"


def test_a_page_without_its_marker_is_refused() -> None:
    with pytest.raises(ValueError, match="expected once each"):
        filled("")
    assert SECTIONS


def test_states_inputs_and_arrows_are_named_once_each() -> None:
    assert states_table(Door).splitlines()[2:] == ["| OPEN | anybody comes in |", "| SHUT | nobody does |"]
    rows = inputs_table(TRANSITIONS, Hand).splitlines()[2:]
    assert rows == ["| PUSH: somebody pushes | OPEN → SHUT |", "| LOOK: somebody looks | SHUT → stays |"]
    assert diagram(TRANSITIONS, Door.OPEN).splitlines()[2:-1] == [
        "    [*] --> OPEN",
        "    OPEN --> SHUT: PUSH",
    ]
