"""Our pages' scripts hold the types that their comments say: `tsc --noEmit`, strict, no bundler."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.pages.tools import NODE, ROOT, TSC

RULES = ROOT / "tsconfig.json"
SCRIPTS = [
    path
    for room in ("web", "hub/console/static", "edge/panel")
    for path in (ROOT / room).rglob("*.js")
    if "vendor" not in path.parts  # as its makers published it: tests/unit/test_vendored.py
]
SILENCED = re.compile(r"@ts-(?:ignore|nocheck|expect-error)")


def tsc(project: Path, *arguments: str) -> list[str]:
    """What tsc says of a project, a line an error."""
    command = [str(NODE), str(TSC), "--project", str(project), "--pretty", "false", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    said = done.stdout.splitlines()
    assert done.stderr == ""
    assert (done.returncode == 0) == ("error TS" not in done.stdout), done.stdout
    return said


def project(folder: Path, script: str) -> Path:
    """A project of one script under the rules of the house."""
    (folder / "page.js").write_text(script, encoding="utf-8")
    path = folder / "tsconfig.json"
    path.write_text(json.dumps({"extends": str(RULES), "include": ["*.js"]}), encoding="utf-8")
    return path


def test_every_script_of_the_pages_holds_its_types() -> None:
    assert tsc(RULES) == []


def test_no_script_is_left_out() -> None:
    looked_at = {Path(line) for line in tsc(RULES, "--listFilesOnly")}
    assert {path for path in SCRIPTS if path not in looked_at} == set()
    assert len(SCRIPTS) > 50


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("/** @param {number} a */ export const f = (a) => a; f('x');", "TS2345"),
        ("/** @param {string | null} a */ export const f = (a) => a.length;", "TS18047"),
        ("export const f = (a) => a;", "TS7006"),
        ("import { g } from './nowhere.js'; g();", "TS2307"),
        ("export function f() { const unused = 1; }", "TS6133"),
        ("/** @param {boolean} a */ export function f(a) { if (a) return 1; }", "TS7030"),
    ],
)
def test_a_fault_is_found(tmp_path: Path, script: str, complaint: str) -> None:
    assert any(complaint in line for line in tsc(project(tmp_path, script)))


def test_no_script_silences_the_checker() -> None:
    assert [path.name for path in SCRIPTS if SILENCED.search(path.read_text(encoding="utf-8"))] == []
