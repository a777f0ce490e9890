"""Transition tables as pages: a table of states, a table of inputs and a diagram, made from the code.

`python -m tests.transition_tables` writes them into docs/calls.md, each between its own two markers.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final

from edge.call import hub_ring, practising, station_table
from edge.health import self_test
from hub.calls import table as hub_table

PAGE: Final = Path(__file__).parents[1] / "docs" / "calls.md"
Transitions = Mapping[tuple[Any, Any], Any]


def states_table(states: Iterable[Enum]) -> str:
    """Return each state with what it means: the sentence that is its value."""
    rows = [f"| {state.name} | {state.value} |" for state in states]
    return "\n".join(["| state | means |", "|---|---|", *rows])


def inputs_table(transitions: Transitions, inputs: Iterable[Enum]) -> str:
    """Return each input with the states that it may come in, and where it leads from there; "stays" where
    nothing changes. What is not there is refused."""
    rows = []
    for input_ in inputs:
        ways: dict[str, list[str]] = defaultdict(list)
        for (before, one), after in transitions.items():
            if one is input_:
                ways["stays" if after is before else after.name].append(before.name)
        led = "<br>".join(f"{', '.join(froms)} → {after}" for after, froms in ways.items())
        rows.append(f"| {input_.name}: {input_.value} | {led} |")
    return "\n".join(["| input | from → to |", "|---|---|", *rows])


def diagram(transitions: Transitions, first: Enum) -> str:
    """Return a Mermaid diagram of all that leads from one state to another; `first` is where it begins."""
    ways: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (before, input_), after in transitions.items():
        if after is not before:
            ways[before.name, after.name].append(input_.name)
    arrows = [f"    {before} --> {after}: {' / '.join(names)}" for (before, after), names in ways.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {first.name}", *arrows, "```"])


def station_section() -> str:
    """Return the station's four tables."""
    parts = []
    for title, module, first in (
        ("**The call.**", station_table, station_table.State.IDLE),
        ("**A ring of the hub** (`edge/call/hub_ring.py`).", hub_ring, hub_ring.RingState.QUIET),
        ("**Practice** (`edge/call/practising.py`).", practising, practising.PracticeState.OFF),
        ("**The self-test** (`edge/health/self_test.py`).", self_test, self_test.SelfTestState.QUIET),
    ):
        inputs: type[Enum] = type(next(input_ for _, input_ in module.TRANSITIONS))
        parts += [
            title,
            states_table(type(first)),
            inputs_table(module.TRANSITIONS, inputs),
            diagram(module.TRANSITIONS, first),
        ]
    return "\n\n".join(parts)


def hub_section() -> str:
    """Return the hub's table."""
    parts = [
        states_table(hub_table.State),
        inputs_table(hub_table.TRANSITIONS, hub_table.Input),
        diagram(hub_table.TRANSITIONS, hub_table.State.RECEIVED),
    ]
    return "\n\n".join(parts)


SECTIONS: Final[dict[str, Callable[[], str]]] = {
    "hub table": hub_section,
    "station table": station_section,
}


def filled(page: str) -> str:
    """Return the page with every section as the code has it. Raises ValueError: a marker is missing."""
    for name, section in SECTIONS.items():
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        if page.count(begin) != 1 or page.count(end) != 1:
            raise ValueError(f"{PAGE}: expected once each: {begin} and {end}")
        between = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        text = f"{begin}\n{section()}\n{end}"
        page = between.sub(lambda _, text=text: text, page)  # type: ignore[misc]
    return page


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
