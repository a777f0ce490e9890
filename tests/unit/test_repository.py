"""What a clone must be: at home on every machine, sized for reading, and true to its own README."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
CODE_LINES_MAX = 400
FILE_MAX_BYTES = 1_000_000
# Written in pieces, so that this file does not find itself.
MACHINE_PATH = re.compile(
    r"(?<![\w.~}$)-])/(?:" + "ho" + r"me/[a-z]|Us" + r"ers/[a-zA-Z]|ro" + r"ot/|wo" + "rk/)"
)
REGISTRY_HOST = re.compile(
    "|".join(["py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.", "pi" + r"wheels\."])
)


def committed() -> list[Path]:
    """Files that are, or would be, committed."""
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    listed = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=True, timeout=60)
    return [HOUSE / name for name in listed.stdout.split("\0") if name and (HOUSE / name).is_file()]


def text_of(path: Path) -> str | None:
    data = path.read_bytes()
    return None if b"\0" in data else data.decode("utf-8")


def places(pattern: re.Pattern[str], text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if pattern.search(line)]


def code_lines(text: str) -> int:
    return sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "//")))


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY_HOST], ids=["machine path", "registry host"])
def test_no_file_names_a_place_of_one_machine(pattern: re.Pattern[str]) -> None:
    texts = {path.relative_to(HOUSE).as_posix(): text_of(path) for path in committed()}
    found = {name: places(pattern, text) for name, text in texts.items() if text is not None}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_the_patterns_see_what_they_are_for() -> None:
    assert places(
        MACHINE_PATH, 'open("/ho' + 'me/minh/x")\nok: $HOME/work/x, docs/work/, ~/root/\n/ro' + "ot/.cache"
    ) == [
        'open("/ho' + 'me/minh/x")',
        "/ro" + "ot/.cache",
    ]
    assert places(REGISTRY_HOST, "a\nhttps://py" + "pi.org/simple") == ["https://py" + "pi.org/simple"]


def test_every_source_file_can_be_read_in_one_sitting() -> None:
    sources = [
        path
        for path in committed()
        if path.suffix in {".py", ".js", ".sh", ".css", ".html"} or path.name == "run"
    ]
    counted = {
        path.relative_to(HOUSE).as_posix(): code_lines(path.read_text(encoding="utf-8")) for path in sources
    }
    assert {name: lines for name, lines in counted.items() if lines > CODE_LINES_MAX} == {}


def test_no_file_is_too_large_for_a_clone_over_a_poor_link() -> None:
    sizes = {path.relative_to(HOUSE).as_posix(): path.stat().st_size for path in committed()}
    assert {name: size for name, size in sizes.items() if size > FILE_MAX_BYTES} == {}


def test_the_readme_gives_the_two_commands_and_every_command_it_gives_exists() -> None:
    readme = (HOUSE / "README.md").read_text(encoding="utf-8")
    script = (HOUSE / "run").read_text(encoding="utf-8")
    verbs = set(re.findall(r"^  ([a-z]+)\)", script, flags=re.MULTILINE))
    named = set(re.findall(r"\./run ([a-z]+)", readme))
    assert {"demo", "test"} <= named
    assert named <= verbs


def test_help_names_every_verb() -> None:
    script = (HOUSE / "run").read_text(encoding="utf-8")
    verbs = set(re.findall(r"^  ([a-z]+)\)", script, flags=re.MULTILINE))
    told = subprocess.run(
        [HOUSE / "run", "help"], capture_output=True, text=True, check=True, timeout=60, cwd="/"
    )
    assert verbs == set(re.findall(r"^\./run ([a-z]+)", told.stdout, flags=re.MULTILINE))


def test_an_unknown_verb_is_refused() -> None:
    told = subprocess.run([HOUSE / "run", "dance"], capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 1
    assert "unknown verb: dance" in told.stderr


def test_decisions_are_numbered_without_holes_and_have_four_headings() -> None:
    pages = sorted((HOUSE / "docs" / "adr").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04d}" for number in range(1, len(pages) + 1)]
    for page in pages:
        headings = re.findall(r"^## (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert headings == ["Status", "Context", "Decision", "Consequences"], page.name


def test_the_changelog_speaks_of_the_version_in_pyproject() -> None:
    version = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"## [{version}]" in (HOUSE / "CHANGELOG.md").read_text(encoding="utf-8")
