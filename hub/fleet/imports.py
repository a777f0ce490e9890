"""The files that were looked at and not taken yet (core): few, each by the digest of what was seen."""

from dataclasses import dataclass
from typing import Final

from hub.fleet.preview import Preview

KEPT_MAX: Final = 4  # a file of 14,000 stations is some 20 MB of memory


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file, whose it is, and what would change by it."""

    name: str
    by: str
    data: bytes
    preview: Preview


class Imports:
    """The newest files; who waits longer brings the file again."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], KeptFile] = {}  # by digest and by whose it is

    def keep(self, file: KeptFile) -> None:
        """Keep a file under the digest of its preview; the oldest goes when they are too many."""
        self.drop(file.preview.digest, by=file.by)
        self._kept[file.preview.digest, file.by] = file
        while len(self._kept) > KEPT_MAX:
            del self._kept[next(iter(self._kept))]

    def get(self, digest: str, *, by: str) -> KeptFile | None:
        """Return a file by what was seen of it; only to whom it is."""
        return self._kept.get((digest, by))

    def drop(self, digest: str, *, by: str) -> None:
        """It was taken, or is not wanted."""
        self._kept.pop((digest, by), None)
