"""Where the codec libraries lie that the package `av` brings along (shell: it asks the import system)."""

import importlib.util
from pathlib import Path


def library_paths(stem: str, sonames: tuple[str, ...]) -> list[str]:
    """Return what to open for `stem` ("libvpx"): the file beside `av`, then the system's `sonames`.

    The wheel's builder puts a hash into the name (libvpx-edb6de90.so.12.0.0) and keeps the file in `av.libs`
    next to the package. `av` itself is not imported.
    """
    spec = importlib.util.find_spec("av")
    if spec is None or spec.origin is None:
        return [*sonames]
    folder = Path(spec.origin).parent.parent / "av.libs"
    return [*(str(path) for path in sorted(folder.glob(f"{stem}-*.so*"))), *sonames]
