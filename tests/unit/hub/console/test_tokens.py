"""Text can be read on every ground that the pages have, by day and by night (WCAG 2.2, 1.4.3: 4.5 to 1)."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[4] / "web" / "tokens.css").read_text("utf-8")
HEX = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
LIGHT = dict(HEX.findall(CSS.partition("@media")[0]))
DARK = LIGHT | dict(HEX.findall(CSS.partition("@media")[2]))
LEAST = 4.5


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["ground", "surface", "surface-2", "accent-soft"])
@pytest.mark.parametrize("text", ["text", "text-2", "accent", "good", "attention"])
def test_words_can_be_read_on_every_ground(theme: dict[str, str], ground: str, text: str) -> None:
    assert contrast(theme[text], theme[ground]) >= LEAST


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("colour", ["accent", "alarm-high", "alarm-medium", "alarm-low"])
def test_words_can_be_read_on_buttons_and_alarms(theme: dict[str, str], colour: str) -> None:
    assert contrast(theme[f"{colour}-text"], theme[colour]) >= LEAST
