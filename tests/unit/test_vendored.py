"""What stands in web/vendor/ is what its makers published, and NOTICE names it."""

import hashlib
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
VENDOR = HOUSE / "web" / "vendor"
PUBLISHED = {  # SHA-256 of the files of the npm package uplot 1.6.32
    "uplot/uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uplot/uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "uplot/LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
}


def test_nothing_else_is_vendored() -> None:
    found = {path.relative_to(VENDOR).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert found == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_vendored_file_is_as_it_was_published(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == PUBLISHED[name]


def test_notice_names_what_is_vendored_with_its_version_and_licence() -> None:
    notice = (HOUSE / "NOTICE").read_text(encoding="utf-8")
    script = (VENDOR / "uplot" / "uPlot.iife.min.js").read_text(encoding="utf-8")
    assert "(v1.6.32)" in script[:80]
    assert "npm package uplot 1.6.32" in notice
    assert "web/vendor/uplot/LICENSE" in notice
    assert "MIT" in (VENDOR / "uplot" / "LICENSE").read_text(encoding="utf-8")
