"""`hub minutes verify` on what people name by mistake: one line each, and no error in the program's words."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.pki.authority import Authority
from tests.integration.conftest import Command, Said


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    authority = Authority(tmp_path_factory.mktemp("pki"))
    authority.make(names=("hub.example.vn",), now=datetime(2026, 11, 26, tzinfo=UTC))
    return authority.ca


def refused(command: Command, file: Path, ca: Path) -> str:
    said: Said = command("minutes", "verify", file, "--ca", ca)
    assert (said.status, said.out) == (1, "")
    (line,) = said.err.splitlines()
    assert line.startswith(f"hub: {file}")
    assert "Error" not in line
    assert "Errno" not in line
    return line


def test_a_file_that_is_not_there_and_a_folder_are_named_so(
    tmp_path: Path, ca: Path, command: Command
) -> None:
    assert "there is no such file" in refused(command, tmp_path / "away.json", ca)
    assert "is a folder" in refused(command, tmp_path, ca)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"%PDF-1.4\n\xff\xfe", "it is no text"),
        (b"minutes", "it is no JSON"),
        (b"", "it is no JSON"),
        (b'{"document":{},"signature":"#"}', "the signature is none"),
        (b'{"document":{}}', "a document and its signature"),
        (b"[]", "a document and its signature"),
    ],
)
def test_a_file_of_something_else_says_what_it_is_not(
    tmp_path: Path, ca: Path, command: Command, raw: bytes, why: str
) -> None:
    file = tmp_path / "some.json"
    file.write_bytes(raw)
    assert why in refused(command, file, ca)
