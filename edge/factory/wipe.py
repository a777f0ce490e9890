"""Wiping a box, in an order that may be cut anywhere (shell: files).

A mark beside the configuration says first what goes; while it is there nothing of `edge` takes the box for
enrolled (`edge.config.read_config` refuses). Then go the key, the certificate and the configuration, then all
else, at last the mark. Whoever finds a mark goes on.
"""

import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from edge.config import ENROLMENT_STATE, FACTORY_MARK, BoxConfig
from edge.errors import FactoryReturnError

_NEW: Final = ".new"
_DEPTH_MIN: Final = 3  # "/", and two names: no folder of the system's is one


@dataclass(frozen=True, slots=True)
class Mark:
    """What goes, in order; `emptied`: a folder whose content goes, and which stays."""

    station: str
    paths: tuple[str, ...]
    emptied: str


def mark_of(config: BoxConfig, *, also: tuple[Path, ...] = ()) -> Mark:
    """Return what goes of this box, and `also`. Raises FactoryReturnError: its data folder cannot be it."""
    data = config.data_dir
    if len(data.parts) < _DEPTH_MIN or data.is_symlink() or data in Path(__file__).resolve().parents:
        raise FactoryReturnError(f"{data}: is no data folder of a box's own; see data_dir in {config.file}")
    paths = (config.key, config.certificate, config.file, config.seal_key, config.ca)
    beside = (config.file.with_name(name) for name in ("voices", ENROLMENT_STATE))
    return Mark(
        config.station,
        tuple(str(path) for path in (*paths, *beside, *also)),
        str(data),
    )


def write_mark(file: Path, mark: Mark) -> None:
    """From here on it goes on by itself, whatever happens. Raises FactoryReturnError: nothing was done."""
    place = mark_path(file)
    try:
        new = place.with_name(place.name + _NEW)
        with new.open("w", encoding="utf-8") as written:
            json.dump(asdict(mark), written)
            written.flush()
            os.fsync(written.fileno())
        new.rename(place)
        _sync(place.parent)
    except OSError as error:
        raise FactoryReturnError(f"{place}: {error.strerror}; nothing was done") from error


def mark_path(file: Path) -> Path:
    """Return where the mark of the box with this configuration file lies."""
    return file.with_name(FACTORY_MARK)


def go_on(file: Path) -> str | None:
    """Wipe what the mark says, and then the mark; return whose box it was, None: there is no mark.

    Raises FactoryReturnError: the card refuses; the mark stays, and the next start goes on.
    """
    place = mark_path(file)
    try:
        said = json.loads(place.read_text(encoding="utf-8"))
        mark = Mark(str(said["station"]), tuple(map(str, said["paths"])), str(said["emptied"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FactoryReturnError(f"{place}: cannot be read ({error}); flash the card anew") from error
    try:
        for path in map(Path, mark.paths):
            _remove(path)
        folder = Path(mark.emptied)
        if folder.is_dir():
            _empty(folder, but=place)
        place.unlink()
        _sync(place.parent)
    except OSError as error:
        raise FactoryReturnError(
            f"{error.filename}: {error.strerror}; it goes on at the next start"
        ) from error
    return mark.station


def _empty(folder: Path, *, but: Path) -> None:
    for path in sorted(folder.iterdir()):
        if path in but.parents:
            _empty(path, but=but)
        elif path != but:
            _remove(path)


def _remove(path: Path) -> None:
    """Remove a file, a link (never what it names) or a folder, durably; one that is gone is gone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if path.parent.is_dir():
        _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
