"""The lock pins every part by hash, and says nowhere where parts come from."""

import json
import re
import tomllib
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
PAGES = HOUSE / "requirements" / "pages"
LOCKS = [HOUSE / "requirements" / name for name in ("run.txt", "test.txt")]
HUB_LOCK = HOUSE / "requirements" / "hub.txt"
NAME = re.compile(r"^([A-Za-z0-9._-]+)")


def requirements(text: str) -> list[str]:
    """One joined line for each requirement, comments left out."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def canonical(requirement: str) -> str:
    match = NAME.match(requirement)
    assert match, f"no name in {requirement!r}"
    return re.sub(r"[-_.]+", "-", match.group(1)).lower()


def faults(text: str) -> list[str]:
    """What a lock may not hold: an address, an option, a version that floats, a part without hashes."""
    found = [line for line in text.splitlines() if "://" in line or line.startswith("-") or " @ " in line]
    for requirement in requirements(text):
        pin, *hashes = requirement.split("--hash=")
        is_pinned = "==" in pin.split(";")[0] and "*" not in pin.split(";")[0]
        if not is_pinned or not hashes or not all(re.fullmatch(r"sha256:[0-9a-f]{64}\s*", h) for h in hashes):
            found.append(pin.strip())
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_part_is_pinned_with_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert len(requirements(text)) > 30
    assert faults(text) == []


HASH = f"--hash=sha256:{'0' * 64}"


@pytest.mark.parametrize(
    "line",
    [
        f"--index-url https://mirror.example/simple\nstarlette==1.0 {HASH}",
        f"starlette @ https://mirror.example/starlette.whl {HASH}",
        f"starlette>=1.0 {HASH}",
        f"starlette==1.* {HASH}",
        "starlette==1.0",
        "starlette==1.0 --hash=sha256:1234",
        "-e .",
    ],
)
def test_a_lock_that_names_an_address_or_lacks_a_hash_is_refused(line: str) -> None:
    assert faults(f"pydantic==2.0 \\\n    {HASH}\n    # via haidang\n") == []
    assert faults(f"pydantic==2.0 \\\n    {HASH}\n{line}\n") != []


def test_every_part_that_pyproject_asks_for_is_locked() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    run, test = (
        {canonical(line) for line in requirements(lock.read_text(encoding="utf-8"))} for lock in LOCKS
    )
    optional = project["optional-dependencies"]
    assert {canonical(name) for name in [*project["dependencies"], *optional["video"]]} <= run
    assert {canonical(name) for name in optional["test"]} <= test


def test_the_test_lock_holds_the_run_lock_pin_for_pin() -> None:
    """So that an environment made for the tests serves the demo with the very same parts."""
    run, test = ({line.strip() for line in requirements(lock.read_text(encoding="utf-8"))} for lock in LOCKS)
    assert run <= test


def test_the_lock_of_the_hubs_package_takes_its_pins_from_the_run_lock() -> None:
    """The same parts as in the tests, without those for picture and voice, which are the box's."""
    run, hub = (
        {
            pin.split("--hash=")[0].split(";")[0].strip(): pin.split("--hash=")[1:]
            for pin in requirements(text)
        }
        for text in (LOCKS[0].read_text(encoding="utf-8"), HUB_LOCK.read_text(encoding="utf-8"))
    )
    assert faults(HUB_LOCK.read_text(encoding="utf-8")) == []
    assert {pin: hub[pin] for pin in hub if run.get(pin) != hub[pin]} == {}
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {canonical(name) for name in project["dependencies"]} <= {canonical(pin) for pin in hub}
    assert not {"av", "aiortc", "livekit"} & {canonical(pin) for pin in hub}


def page_faults(lock: str) -> list[str]:
    """What the lock of the pages' checkers may not hold: an address, a script, a part without a hash."""
    found = [line.strip() for line in lock.splitlines() if "://" in line or '"resolved"' in line]
    for name, part in json.loads(lock)["packages"].items():
        is_whole = re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", part.get("integrity", ""))
        if name and (not is_whole or part.get("hasInstallScript") or part.get("link")):
            found.append(name)
    return found


def test_the_checkers_of_our_pages_are_pinned_with_hashes_and_no_address() -> None:
    lock = (PAGES / "package-lock.json").read_text(encoding="utf-8")
    asked = json.loads((PAGES / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    locked = json.loads(lock)["packages"]
    assert locked[""]["devDependencies"] == asked
    assert {f"node_modules/{name}" for name in asked} <= set(locked)
    assert page_faults(lock) == []


@pytest.mark.parametrize(
    "part",
    [
        {"integrity": f"sha512-{'A' * 86}==", "resolved": "https://mirror.example/a.tgz"},
        {"integrity": f"sha512-{'A' * 86}==", "hasInstallScript": True},
        {"integrity": "sha1-AAAA"},
        {},
    ],
)
def test_a_lock_of_checkers_with_an_address_or_without_a_hash_is_refused(part: dict[str, object]) -> None:
    sound = {"node_modules/a": {"integrity": f"sha512-{'A' * 86}=="}}
    assert page_faults(json.dumps({"packages": sound}, indent=1)) == []
    assert page_faults(json.dumps({"packages": {"node_modules/a": part}}, indent=1)) != []
