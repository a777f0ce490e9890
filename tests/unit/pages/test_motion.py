"""What moves on a page: alarms alone, as often as the tokens say, and not at all for whom that is better."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.pages.tools import ROOT

TOKENS: Final = (ROOT / "web" / "tokens.css").read_text(encoding="utf-8")
STYLES: Final = sorted(
    path
    for room in ("web", "hub/console/static", "edge/panel/static")
    for path in (ROOT / room).glob("*.css")
)
RANGES_HZ: Final = {"high": (1.4, 2.8), "medium": (0.4, 0.8)}  # IEC 60601-1-8
FLASHES_MAX_HZ: Final = 3.0  # WCAG 2.2, 2.3.1
STILL: Final = "animation: none !important; transition: none !important;"


@pytest.mark.parametrize("priority", RANGES_HZ)
def test_an_alarm_flashes_as_its_priority_asks_and_hurts_nobody(priority: str) -> None:
    found = re.search(rf"--flash-{priority}: ([\d.]+)s;", TOKENS)
    assert found
    least_hz, most_hz = RANGES_HZ[priority]
    assert least_hz <= 1 / float(found[1]) <= most_hz < FLASHES_MAX_HZ


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_nothing_moves_but_alarms_once_there_and_back_in_their_time(path: Path) -> None:
    text = re.sub(r"/\*(?:.|\n)*?\*/", "", path.read_text(encoding="utf-8"))
    for said in re.findall(r"(?<![-\w])animation(?:-[a-z]+)?:\s*([^;}]+)", text):
        assert re.fullmatch(
            r"none(?: !important)?|[a-z-]+ var\(--flash-(?:high|medium)\) steps\(1, end\) infinite",
            said.strip(),
        ), said
    for frames in re.findall(r"@keyframes [\w-]+ \{((?:[^{}]*\{[^{}]*\})+)\s*\}", text):
        assert {at.strip() for at in re.findall(r"([^{}]+)\{", frames)} <= {"0%, 100%", "50%"}
    assert "scroll-behavior: smooth" not in text
    if "animation" in text and path.name != "base.css":
        assert re.search(r"transition:(?! none)", text) is None


def test_who_asks_for_less_motion_gets_none() -> None:
    base = (ROOT / "web" / "base.css").read_text(encoding="utf-8")
    reduced = re.search(r"@media \(prefers-reduced-motion: reduce\) \{(.*?)\n\}", base, re.DOTALL)
    assert reduced
    assert STILL in reduced[1]
