"""What a station's page loads ahead is what its scripts import, no more and no less."""

import re
from pathlib import Path

from jinja2 import Environment

ROOT = Path(__file__).parents[4]
TEMPLATE = ROOT / "hub" / "console" / "templates" / "station.html"
IMPORT = re.compile(r'^(?:import|export) .*?from "([^"]+)";', re.MULTILINE)


def imported(path: str) -> set[str]:
    """Everything that a script imports, and what that imports."""
    found: set[str] = set()
    waiting = [path]
    while waiting:
        file = ROOT / waiting.pop().lstrip("/")
        for name in IMPORT.findall(file.read_text("utf-8")):
            target = "/" + (file.parent / name).resolve().relative_to(ROOT).as_posix()
            if target not in found:
                found.add(target)
                waiting.append(target)
    return found


def test_the_page_of_a_station_names_every_module_that_it_needs() -> None:
    preload = re.search(r"{% block preload %}(.*?){% endblock %}", TEMPLATE.read_text("utf-8"), re.DOTALL)
    assert preload
    named = re.findall(
        r'rel="modulepreload" href="([^"]+)"', Environment(autoescape=True).from_string(preload[1]).render()
    )
    assert len(named) == len(set(named))
    assert set(named) == imported("/hub/console/static/station.js")
