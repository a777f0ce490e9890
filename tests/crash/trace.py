"""What strace saw, as what it did to the files of one folder (core).

`steps_of` takes the lines of `strace -f -y -xx` and returns steps. A file is known by its name and how many
files of that name there were before it, for a log that is deleted and made again is another file.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

CALLS: Final = (
    "openat,write,writev,pwrite64,pwritev,pwritev2,fsync,fdatasync,sync_file_range,ftruncate,truncate,"
    "fallocate,unlink,unlinkat,rename,renameat,renameat2,link,linkat,copy_file_range,sendfile"
)
DATA_MAX_BYTES: Final = 6_000_000  # of one call, in full: a log extended is one of 4.4 MB
TOLD_FD: Final = 1
OF_NO_ACCOUNT: Final = ("-shm", ".lock", ".ballast")  # made anew, empty, of no use but its size

_LINE: Final = re.compile(r"(\d+) +(.*)")
_RESUMED: Final = re.compile(r"<\.\.\. (\w+) resumed>(.*)")
_CALL: Final = re.compile(r"(\w+)\((.*)\) += (-?\d+)")
_FD: Final = re.compile(r"(\d+|AT_FDCWD)<([^>]*)>")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


class TraceError(Exception):
    """The trace holds what the model does not know. The text quotes it."""


@dataclass(frozen=True, slots=True)
class File:
    """The `number`th file that bore this name."""

    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes at an offset; a longer file than before."""

    file: File
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Resize:
    """A file shorter than before, or longer by zeros."""

    file: File
    size: int


@dataclass(frozen=True, slots=True)
class Make:
    """A name in the folder."""

    file: File


@dataclass(frozen=True, slots=True)
class Delete:
    """A name no more."""

    file: File


@dataclass(frozen=True, slots=True)
class Sync:
    """Returned: what was written to the file before is durable. None is the folder and its names."""

    file: File | None


@dataclass(frozen=True, slots=True)
class Say:
    """What the process said on its standard output."""

    data: bytes


Step = Write | Resize | Make | Delete | Sync | Say


def steps_of(lines: Iterable[str], folder: str) -> Iterator[Step]:
    """Return what was done to the files of `folder`, in the order in which the calls returned.

    Raises TraceError for a call on them that the model does not know.
    """
    reader = _Reader(folder)
    begun: dict[str, str] = {}  # by process: a call that another one's interrupts in the trace
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            continue
        process, text = match.groups()
        if text.rstrip().endswith("<unfinished ...>"):
            begun[process] = text.rstrip().removesuffix("<unfinished ...>")
            continue
        if resumed := _RESUMED.match(text):
            text = begun.pop(process) + resumed[2]
        call = _CALL.match(text)
        if call is not None and not call[3].startswith("-"):
            yield from reader.steps(call[1], call[2], int(call[3]))


class _Reader:
    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._files: dict[str, File] = {}  # by name, those that exist
        self._numbers: dict[str, int] = {}
        self._sizes: dict[File, int] = {}

    def steps(self, call: str, arguments: str, result: int) -> Iterator[Step]:
        match call:
            case "openat":
                yield from self._open(arguments)
            case "write" if (spoken := _FD.match(arguments)) and spoken[1] == str(TOLD_FD):
                yield Say(_data(arguments))
            case "write" | "pwrite64":
                if (file := self._file(arguments)) is not None:
                    yield self._write(call, file, arguments, result)
            case "fsync" | "fdatasync":
                if self._path(arguments) == self._folder:
                    yield Sync(None)
                elif (file := self._file(arguments)) is not None:
                    yield Sync(file)
            case "ftruncate":
                if (file := self._file(arguments)) is not None:
                    self._sizes[file] = int(arguments.rsplit(",", 1)[1])
                    yield Resize(file, self._sizes[file])
            case "unlink":
                name = self._name(_data(arguments).decode())
                if name is not None:
                    yield Delete(self._files.pop(name))
            case _ if self._folder.encode().hex(":").replace(":", "\\x") in arguments:
                raise TraceError(f"the model does not know {call}({arguments[:200]}")

    def _open(self, arguments: str) -> Iterator[Step]:
        name = self._name(_data(arguments).decode(errors="replace"))
        if name is None:
            return
        if name not in self._files:
            if "O_CREAT" not in arguments:
                raise TraceError(f"{name} was there before the recording began")
            number = self._numbers[name] = self._numbers.get(name, 0) + 1
            self._files[name] = File(name, number)
            self._sizes[self._files[name]] = 0
            yield Make(self._files[name])
        elif "O_TRUNC" in arguments:
            self._sizes[self._files[name]] = 0
            yield Resize(self._files[name], 0)

    def _write(self, call: str, file: File, arguments: str, written: int) -> Write:
        size = self._sizes[file]
        offset = size if call == "write" else int(arguments.rsplit(",", 1)[1])
        self._sizes[file] = max(size, offset + written)
        data = _data(arguments)[:written]
        if len(data) < written:
            raise TraceError(f"{written} bytes in one call on {file.name}: more than were recorded")
        return Write(file, offset, data)

    def _path(self, arguments: str) -> str:
        match = _FD.match(arguments)
        return _unescape(match[2]).decode(errors="replace") if match is not None else ""

    def _file(self, arguments: str) -> File | None:
        name = self._name(self._path(arguments))
        return self._files[name] if name is not None else None

    def _name(self, path: str) -> str | None:
        folder, _, name = path.rpartition("/")
        return name if folder == self._folder and not name.endswith(OF_NO_ACCOUNT) else None


def _data(arguments: str) -> bytes:
    match = _TEXT.search(arguments)
    if match is None:
        raise TraceError(f"no text in {arguments[:200]}")
    return _unescape(match[1])


def _unescape(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
