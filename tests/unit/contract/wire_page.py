"""Reads docs/wire.md: its worked examples and its tables, so that the page cannot drift from the code."""

import re
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

PAGE: Final = (Path(__file__).parents[3] / "docs/wire.md").read_text(encoding="utf-8")
_BLOCK: Final = re.compile(r"^```example ([a-z-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example:
    """The `field = value` lines of one block; an indented line continues the one above."""

    def __init__(self, text: str) -> None:
        joined = re.sub(r"\n +", "", text)
        self.fields = dict(line.split(" = ", 1) for line in joined.splitlines())

    def __getitem__(self, field: str) -> str:
        return self.fields[field]

    def number(self, field: str) -> int:
        return int(self.fields[field])

    def raw(self, field: str) -> bytes:
        return bytes.fromhex(self.fields[field])

    def samples(self, field: str) -> NDArray[np.int32]:
        return np.array([int(word) for word in self.fields[field].split()], np.int32)


EXAMPLES: Final = {name: Example(text) for name, text in _BLOCK.findall(PAGE)}


def table(first_heading: str) -> list[list[str]]:
    """Return the cells of the one table whose first column has this heading, without its head."""
    lines = PAGE.splitlines()
    (start,) = [n for n, line in enumerate(lines) if line.startswith(f"| {first_heading} |")]
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows
