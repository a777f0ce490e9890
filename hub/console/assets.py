"""The files of the pages, under an address that names what is in them all.

Browsers keep such a file for good, and an upgrade, which changes the address, is whole at once.
`/assets/VERSION/web/words.js`: what follows the version is the file's path in the tree, so that scripts find
one another alike here and on disk. Without version (`/web/words.js`) a file is asked for again at each use.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from hub.console.words import LANGUAGES, catalogue

ROOT: Final = Path(__file__).parents[2]
ROOMS: Final = ("web", "hub/console/static")
VERSION_DIGITS: Final = 16  # of SHA-256: 64 bits
_IMPORT: Final = re.compile(r'^(?:import|export) (?:[^";]*? from )?"([^"]+)";', re.MULTILINE)


@cache
def version() -> str:
    """Return what names all files and words as they were when this process began."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    for language in LANGUAGES:
        digest.update(words_module(language).encode())
    return digest.hexdigest()[:VERSION_DIGITS]


def asset(path: str) -> str:
    """Return the lasting address of a file: "/web/base.css". Raises ValueError: there is none."""
    is_ours = path.startswith(tuple(f"/{room}/" for room in ROOMS)) and ".." not in path
    if not is_ours or not (ROOT / path[1:]).is_file():
        raise ValueError(f"no file of the pages: {path}")
    return f"/assets/{version()}{path}"


def words_asset(language: str) -> str:
    """Return the lasting address of the words of a language."""
    return f"/assets/{version()}/words/{language}.js"


@cache
def modules(path: str) -> tuple[str, ...]:
    """Return the lasting addresses of all that a script imports, and what that imports, itself left out.

    A page that names them has everything in one round trip, and not one after the other.
    """
    found: dict[str, None] = {}
    waiting = [path]
    while waiting:
        folder = (ROOT / waiting[0][1:]).parent
        for name in _IMPORT.findall((ROOT / waiting.pop(0)[1:]).read_text(encoding="utf-8")):
            target = "/" + (folder / name).resolve().relative_to(ROOT).as_posix()
            if target not in found and target != path:
                found[target] = None
                waiting.append(target)
    return tuple(asset(one) for one in found)


@cache
def words_module(language: str) -> str:
    """Return the script that tells web/words.js the words of a language."""
    words = json.dumps(dict(catalogue(language)), ensure_ascii=False, separators=(",", ":"))
    return f'import {{ learn }} from "../web/words.js";\nlearn({words});\n'


def is_lasting(path: str) -> bool:
    """Whether an address names the content of now: what is sent there may be kept for good."""
    return path.startswith(f"/assets/{version()}/")


def is_file(path: str) -> bool:
    """Whether an address is that of a file, which holds nothing of anybody."""
    return path.startswith(("/assets/", *(f"/{room}/" for room in ROOMS)))


async def _tell_words(request: Request) -> Response:
    language = request.path_params["language"]
    if language not in LANGUAGES:
        raise HTTPException(404)
    return Response(words_module(language), media_type="text/javascript")


def _files() -> Iterator[Path]:
    return (path for room in ROOMS for path in sorted((ROOT / room).rglob("*")) if path.is_file())


_ROOM_MOUNTS: Final = [Mount(f"/{room}", StaticFiles(directory=ROOT / room)) for room in ROOMS]
ASSET_ROUTES: Final = [
    # a page that was open during an upgrade asks with the version before: it is given what there is, unkept
    Mount("/assets/{version}", routes=[*_ROOM_MOUNTS, Route("/words/{language}.js", _tell_words)]),
    *_ROOM_MOUNTS,
]
