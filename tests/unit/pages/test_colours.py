"""Colours are named in one file, web/tokens.css; everything else of the pages takes them from there."""

import re
from pathlib import Path
from typing import Final

import pytest
from PIL import ImageColor

from tests.pages.tools import ROOT

TOKENS: Final = ROOT / "web" / "tokens.css"
FILES: Final = sorted(
    path
    for room in ("web", "hub/console/static", "edge/panel/static")
    for path in (ROOT / room).iterdir()
    if path.suffix in (".css", ".js") and path != TOKENS
)
NAMES: Final = frozenset(ImageColor.colormap)
WRITTEN: Final = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\(")
TOKEN: Final = re.compile(r"var\(--([\w-]+)|getPropertyValue\(\"--([\w-]+)|colour\(\"--([\w-]+)")
DECLARED: Final = re.compile(r"(--[\w-]+)\s*:")


def colours(path: Path, text: str) -> list[str]:
    """What names a colour in a style or a script. Comments are left out."""
    text = re.sub(r"/\*(?:.|\n)*?\*/", "", text)
    if path.suffix == ".js":
        text = re.sub(r"(?<!:)//.*", "", text)
        named = [word for word in re.findall(r"[\"'`]([a-z]+)[\"'`]", text) if word in NAMES]
        return [
            *re.findall(r"[\"'`](#[0-9a-fA-F]{3,8})\b", text),
            *re.findall(r"\brgba?\(|\bhsla?\(", text),
            *named,
        ]
    values = " ".join(re.findall(r":\s*([^;{}]+)[;}]", text))
    return [
        *WRITTEN.findall(text),
        *(word for word in re.findall(r"(?<![\w-])[a-z]+(?![\w-])", values) if word in NAMES),
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_style_and_no_script_names_a_colour(path: Path) -> None:
    assert colours(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.css", "p { color: #fff; }"),
        ("a.css", "p { border: 1px solid red }"),
        ("a.css", "p { background: rgb(0 0 0 / 0.5); }"),
        ("a.css", "p { color: oklch(0.5 0.1 20); }"),
        ("a.js", 'context.fillStyle = "white";'),
        ("a.js", 'context.fillStyle = "#12ab34";'),
        ("a.js", "context.fillStyle = `rgba(0, 0, 0, ${a})`;"),
    ],
)
def test_a_colour_is_found(name: str, text: str) -> None:
    assert colours(Path(name), text) != []
    assert (
        colours(Path(name), "/* #fff red */ .white-space { white-space: nowrap; color: var(--text); }") == []
    )


def test_every_token_that_is_used_is_declared() -> None:
    declared = {
        name for path in [TOKENS, *FILES] for name in DECLARED.findall(path.read_text(encoding="utf-8"))
    }
    used = {
        f"--{next(filter(None, found))}"
        for path in FILES
        for found in TOKEN.findall(path.read_text(encoding="utf-8"))
    }
    assert used - declared == set()
    assert len(used) > 30


def test_dark_by_hand_is_dark_by_the_system() -> None:
    text = TOKENS.read_text(encoding="utf-8")
    by_system = re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', text, re.DOTALL)
    by_hand = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', text, re.DOTALL)
    assert by_system
    assert by_hand
    lists = [dict(re.findall(r"(--[\w-]+):\s*([^;]+);", found[1])) for found in (by_system, by_hand)]
    assert lists[0] == lists[1]
    assert len(lists[0]) > 15
