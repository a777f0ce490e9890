"""A disk that keeps only what was synced (core).

What `fsync` or `fdatasync` of a file covers is durable: bytes and size. What was written since may be there
or not, in any order, and one write in part (sectors of 512 bytes). That is worse than ext4, which keeps more
order than that. Names (a file made, a file deleted) become durable when the folder is synced; until then any
first few of them are, because they go through a journal. What a write does not name it does not change: no
flash that loses its neighbours. The shared-memory file is not there after a power cut.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.crash.trace import Delete, File, Make, Resize, Say, Step, Sync, Write

SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True)
class Part:
    """What of a pending step reached the disk: bytes `start` … `end` of a write, all by default."""

    number: int  # of the step, in `Disk.pending`
    start: int = 0
    end: int | None = None


class Disk:
    """Takes the steps of a recording, one after the other."""

    def __init__(self) -> None:
        self._durable: dict[File, bytearray] = {}
        self._names: dict[str, File] = {}  # durable
        self.pending: list[Write | Resize] = []
        self.pending_names: list[Make | Delete] = []

    def take(self, step: Step) -> None:
        """The process did this."""
        match step:
            case Write() | Resize():
                self.pending.append(step)
            case Make(file):
                self._durable[file] = bytearray()
                self.pending_names.append(step)
            case Delete():
                self.pending_names.append(step)
            case Sync(None):
                _rename(self._names, self.pending_names)
                self.pending_names.clear()
            case Sync(file):
                for one in self.pending:
                    if one.file == file:
                        _apply(self._durable[file], one)
                self.pending = [one for one in self.pending if one.file != file]
            case Say():
                pass

    def files(self, parts: Iterable[Part], names: int) -> Mapping[str, bytes | bytearray]:
        """Return the files after a power cut: of what is pending these parts in this order, and the first few
        names.
        """
        folder = dict(self._names)
        _rename(folder, self.pending_names[:names])
        touched: dict[File, bytearray] = {}
        for part in parts:
            step = self.pending[part.number]
            if folder.get(step.file.name) == step.file:
                if step.file not in touched:
                    touched[step.file] = bytearray(self._durable[step.file])
                _apply(touched[step.file], step, part.start, part.end)
        return {name: touched.get(file, self._durable[file]) for name, file in folder.items()}

    def everything(self) -> Mapping[str, bytes | bytearray]:
        """Return the files as the processes see them."""
        return self.files(map(Part, range(len(self.pending))), len(self.pending_names))


def _rename(folder: dict[str, File], steps: Iterable[Make | Delete]) -> None:
    for step in steps:
        if isinstance(step, Make):
            folder[step.file.name] = step.file
        else:
            folder.pop(step.file.name, None)


def _apply(data: bytearray, step: Write | Resize, start: int = 0, end: int | None = None) -> None:
    if isinstance(step, Resize):
        del data[step.size :]
        data.extend(bytes(step.size - len(data)))
        return
    part = step.data[start:end]
    at = step.offset + start
    if at > len(data):
        data.extend(bytes(at - len(data)))
    data[at : at + len(part)] = part
