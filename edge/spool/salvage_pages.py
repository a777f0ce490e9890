"""The raw pages of a file that was set aside, without SQLite (shell: files). What the card does not give is
left out, page by page.
"""

import re
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final, Self

from contract.ids import SpoolId, parse_spool
from edge.spool.integrity_log import page_bytes_of_log
from edge.spool.salvage_aside import Aside
from edge.spool.salvage_scan import PageOf, page_bytes_of, read_wal

PORTION_BYTES: Final = 131_072
_PAGE_SIZES: Final = (512, 4096)  # that our files ever had, where no header says which
_NAME: Final = re.compile(rb'spool"([0-9a-f]{16})"')  # the fact "spool" as it lies in its row


class RawPages:
    """The pages of one file and its log. Use as a context. Never raises for what cannot be read.

    `is_log_broken`: SQLite would not read the log to its end.
    """

    def __init__(self, aside: Aside) -> None:
        self._file: BinaryIO = aside.path.open("rb", buffering=0)
        self.size_bytes = self._file.seek(0, 2)
        try:
            log = aside.log_path.read_bytes()
        except OSError:
            log = b""
        size = page_bytes_of(self._read(0, 100)) or page_bytes_of_log(log)
        self._page_sizes = _PAGE_SIZES if size is None else (size,)
        self._logs = {size: read_wal(log, size) for size in self._page_sizes}
        self.is_log_broken = any(one.is_broken for one in self._logs.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _read(self, start: int, length: int) -> bytes:
        try:
            self._file.seek(start)
            return self._file.read(length) or b""
        except OSError:
            return b""

    def spool(self) -> SpoolId | None:
        """Return whose file it is, by whatever copy of that fact is left."""
        for pages, _ in self.portions():
            match = _NAME.search(b"\0".join(pages))
            if match is not None and match[1].strip(b"0"):
                return parse_spool(match[1].decode())
        return None

    def portions(self) -> Iterator[tuple[list[bytes], PageOf]]:
        """Yield all pages, a few at a time, the newest first, and how to find the page of a number among
        those of the same age.
        """
        for size, log in self._logs.items():
            newest = self._page_of(size, log.committed)
            yield from ((some, newest) for some in _few(list(log.committed.values())))
            for start in range(0, self.size_bytes, PORTION_BYTES):
                yield self._pages(start, size), newest
            for known in (log.likely, {}):
                page_of = self._page_of(size, known)
                yield from ((some, page_of) for some in _few(log.others))

    def _pages(self, start: int, page_bytes: int) -> list[bytes]:
        length = min(PORTION_BYTES, self.size_bytes - start)
        data = self._read(start, length)
        if len(data) == length:
            return [data[at : at + page_bytes] for at in range(0, length, page_bytes)]
        return [self._read(start + at, page_bytes) for at in range(0, length, page_bytes)]

    def _page_of(self, page_bytes: int, in_log: Mapping[int, bytes]) -> PageOf:
        def page_of(number: int) -> bytes | None:
            if number in in_log:
                return in_log[number]
            page = self._read((number - 1) * page_bytes, page_bytes)
            return page if len(page) == page_bytes else None

        return page_of


def _few(pages: list[bytes]) -> Iterator[list[bytes]]:
    count = max(1, PORTION_BYTES // len(pages[0])) if pages else 1
    for start in range(0, len(pages), count):
        yield pages[start : start + count]
