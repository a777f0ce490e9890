"""The hub's command line, run here."""

import io
import sys
from collections.abc import Callable
from typing import NamedTuple

import pytest

from hub.__main__ import main


class Said(NamedTuple):
    """How a command ended. `out` has the spaces of tables made one."""

    status: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `hub` with these arguments and `stdin`; returns its exit status and what it said."""

    def run(*arguments: object, stdin: str = "") -> Said:
        monkeypatch.setattr(sys, "argv", ["hub", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return Said(int(end.value.code or 0), " ".join(said.out.split()), said.err)

    return run
