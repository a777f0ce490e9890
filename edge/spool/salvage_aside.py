"""A spool file that cannot be trusted is set aside under another name in its folder (shell: files).

A file and its log are two names, and a power cut may come between two renames; a log without its file would
be thrown away by SQLite, a file without its log would be days old. So a note says first what is being moved,
and whoever starts next finishes it before anything is opened. It also says why, and what the process that
set the file aside still knew of it.
"""

import contextlib
import json
import logging
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from contract.errors import RefusedError
from contract.ids import SpoolId, parse_spool, spool_text

log = logging.getLogger(__name__)

_MOVING: Final = "moving"
_ASIDE: Final = "aside"
_STEM: Final = "aside-"
_OWN: Final = "spool.db"
_NAME_SUFFIX: Final = ".id"
_LOG_SUFFIX: Final = "-wal"
_INDEX_SUFFIX: Final = "-shm"  # of the log: made anew by whoever opens it


@dataclass(frozen=True, slots=True, kw_only=True)
class Heritage:
    """What the next spool must know of the one before. `boot`: number and name of the boot of now, None when
    unknown; `presses`: device, its boot, its count, in the order of their storing.
    """

    spool: SpoolId | None = None
    boot: tuple[int, str] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    presses: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """A file that was set aside. `heritage` is what its process knew of it; empty when it was found so."""

    path: Path  # of the file
    origin: str  # its name before
    why: str
    heritage: Heritage

    @property
    def log_path(self) -> Path:
        """Its write-ahead log, which may be missing."""
        return self.path.with_name(self.path.name + _LOG_SUFFIX)

    @property
    def note_path(self) -> Path:
        """What is noted of it."""
        return self.path.with_suffix(".json")


def keep_name(path: Path, spool: SpoolId) -> None:
    """Note beside the spool file `path` whose it is: a second place, should the card lose the first."""
    with contextlib.suppress(OSError):
        if kept_name(path) != spool:
            path.with_suffix(_NAME_SUFFIX).write_text(spool_text(spool) + "\n")


def kept_name(path: Path) -> SpoolId | None:
    """Return what `keep_name` noted."""
    try:
        return parse_spool(path.with_suffix(_NAME_SUFFIX).read_text().strip())
    except (OSError, ValueError, RefusedError):
        return None


def set_aside(path: Path, *, why: str, heritage: Heritage) -> Aside:
    """Move the spool file `path`, which nobody has open, and its log out of the way. Durable on return; a
    power cut in between is made good by `asides`. Raises OSError.
    """
    number = max(map(_number, _notes(path.parent)), default=0) + 1
    name = f"{_STEM}{number}-{secrets.token_hex(4)}.db"  # never again: the hub was told of it
    aside = Aside(path=path.with_name(name), origin=path.name, why=why, heritage=heritage)
    _write_note(aside, _MOVING)
    _move(aside)
    log.error("%s is set aside as %s: %s", path, aside.path.name, why)
    return aside


def asides(folder: Path) -> list[Aside]:
    """Return the files in `folder` that were set aside, oldest first, after finishing what a power cut left
    undone. Call before any spool there is opened. Raises OSError.
    """
    found = []
    for note in _notes(folder):
        aside, state = _read_note(note)
        if state == _MOVING:
            _move(aside)
        if aside.path.exists():
            found.append(aside)
        else:  # a power cut came while it was being forgotten
            forget(aside)
    return found


def forget(aside: Aside) -> None:
    """Delete the file and all that belongs to it; its records are elsewhere. Raises OSError."""
    for suffix in (_INDEX_SUFFIX, _LOG_SUFFIX, ""):  # never a log without its file: so `_move` leaves them
        aside.path.with_name(aside.path.name + suffix).unlink(missing_ok=True)
    aside.note_path.unlink(missing_ok=True)
    _sync_folder(aside.path.parent)


def _notes(folder: Path) -> list[Path]:
    """What is noted of files set aside, oldest first."""
    return sorted(folder.glob(f"{_STEM}*-*.json"), key=_number)


def _number(note: Path) -> int:
    number = note.stem.removeprefix(_STEM).partition("-")[0]
    return int(number) if number.isdigit() else 0


def _move(aside: Aside) -> None:
    """The log goes first and the file last, so that the file's new name says that all of it has moved."""
    folder = aside.path.parent
    if not aside.path.exists():
        origin = folder / aside.origin
        origin.with_name(origin.name + _INDEX_SUFFIX).unlink(missing_ok=True)
        old_log = origin.with_name(origin.name + _LOG_SUFFIX)
        if old_log.exists():
            old_log.rename(aside.log_path)
            _sync_folder(folder)
        if origin.exists():
            origin.rename(aside.path)
        else:
            aside.path.touch()  # a log without its file
        _sync_folder(folder)
    _write_note(aside, _ASIDE)


def _write_note(aside: Aside, state: str) -> None:
    heritage = asdict(aside.heritage)
    heritage["spool"] = None if aside.heritage.spool is None else spool_text(aside.heritage.spool)
    document = {"state": state, "origin": aside.origin, "why": aside.why, "heritage": heritage}
    text = json.dumps(document)
    unfinished = aside.note_path.with_suffix(".json.new")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(aside.note_path)
    _sync_folder(aside.path.parent)


def _read_note(note: Path) -> tuple[Aside, str]:
    path = note.with_suffix(".db")
    unknown = Aside(path=path, origin=_OWN, why="its note cannot be read", heritage=Heritage())
    try:
        document = json.loads(note.read_text(encoding="utf-8"))
        saved = document["heritage"]
        spool = None if saved["spool"] is None else SpoolId(int(saved["spool"], 16))
        boot = None if saved["boot"] is None else (int(saved["boot"][0]), str(saved["boot"][1]))
        presses = tuple((str(d), int(b), int(n)) for d, b, n in saved["presses"])
        heritage = Heritage(spool=spool, boot=boot, facts=dict(saved["facts"]), presses=presses)
        aside = Aside(path=path, origin=str(document["origin"]), why=str(document["why"]), heritage=heritage)
        return aside, str(document["state"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s: %s", note, error)
        return unknown, _MOVING if unknown.log_path.exists() and not path.exists() else _ASIDE


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
