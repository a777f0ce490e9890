"""Which packages a process of ours has loaded: what makes a service of the box large."""

import subprocess
import sys
from collections.abc import Iterable, Mapping, Set
from functools import cache
from pathlib import Path
from typing import Final

from tests.architecture import MAY_IMPORT

_OF_PYDANTIC: Final = {
    "pydantic",
    "pydantic_core",
    "annotated_types",
    "typing_extensions",
    "typing_inspection",
}
_OF_SQLITE_UTILS: Final = {"sqlite_utils", "sqlite_fts4", "click", "pluggy", "dateutil"}
_OF_STARLETTE: Final = {"starlette", "anyio", "python_multipart"}
_OF_UVICORN: Final = {"uvicorn", "click", "h11", "websockets"}

# Neither Python's nor ours, at rest: while devices capture and nobody calls. Each is memory on every box
# box (`./run bench footprint`): before you add one, ask whether a child or a call can load it.
AT_REST: Final[Mapping[str, Set[str]]] = {
    "vitals": _OF_PYDANTIC
    | _OF_SQLITE_UTILS
    | {"cobs", "cryptography", "gpiod", "google_crc32c", "numpy", "paho", "pyudev", "serial"},
    "panel": _OF_PYDANTIC | _OF_STARLETTE | _OF_UVICORN | {"jinja2", "markupsafe"},
    "network": _OF_PYDANTIC,
}
_SAY: Final = "import sys; print(*sys.modules)"
# Python imports this file before all else where its folder is in PYTHONPATH.
_SITE: Final = """import atexit, pathlib, sys
atexit.register(lambda: pathlib.Path({path!r}).write_text(" ".join(n for n, m in sys.modules.items() if m)))
"""


def packages(modules: Iterable[str]) -> set[str]:
    """Return those of `modules`, but for Python's own, ours, and what each Python here has loaded."""
    tops = {name.partition(".")[0] for name in modules}
    return {name for name in tops if not name.startswith("_")} - {
        *sys.stdlib_module_names,
        *MAY_IMPORT,
        *_always(),
    }


def loaded_by(statement: str) -> list[str]:
    """Return the modules of a Python that ran `statement`."""
    command = [sys.executable, "-c", f"{statement}; {_SAY}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def telling_at_its_end(folder: Path, path: Path) -> dict[str, str]:
    """Return the environment in which a Python writes its modules to `path` when it ends by itself."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(_SITE.format(path=str(path)), encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


@cache
def _always() -> frozenset[str]:
    return frozenset(name.partition(".")[0] for name in loaded_by("pass")) | {"sitecustomize"}
