"""What processes take of memory and processor, as the kernel counts. Source: proc(5), smaps and stat."""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MIB: Final = 1 << 20
_HEAD: Final = re.compile(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+\s*(.*)")
_FIGURE: Final = re.compile(r"(\w+):\s+(\d+) kB")


@dataclass(frozen=True, slots=True)
class Memory:
    """One process now. `own_bytes`: pages that are nobody's else and no file's; `files`: by path, what is
    resident of it and was not written to; `shared_out_bytes`: each page divided among all who have it.
    """

    own_bytes: int
    files: Mapping[str, int]
    shared_out_bytes: int
    peak_bytes: int
    threads: int

    @property
    def resident_bytes(self) -> int:
        """All that is in memory, whoever else has it."""
        return self.own_bytes + sum(self.files.values())


def memory_of(pid: int) -> Memory:
    """Return what process `pid` has. Raises OSError: it is gone, or not ours to look at."""
    folder = Path(f"/proc/{pid}")
    own, shared_out, files, path = 0, 0, dict[str, int](), ""
    resident = 0
    for line in (folder / "smaps").read_text(encoding="utf-8", errors="replace").splitlines():
        if head := _HEAD.fullmatch(line):
            path = head[1]
        elif figure := _FIGURE.match(line):
            size_bytes = int(figure[2]) * 1024
            match figure[1]:
                case "Rss":
                    resident = size_bytes
                case "Pss":
                    shared_out += size_bytes
                case "Anonymous":
                    own += size_bytes
                    if resident > size_bytes:
                        files[path] = files.get(path, 0) + resident - size_bytes
    status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
    peak_bytes = int(status["VmHWM"].split()[0]) * 1024
    return Memory(own, files, shared_out, peak_bytes, int(status["Threads"]))


def together_bytes(memories: Iterable[Memory]) -> int:
    """Return what processes take together: the own pages of each, and of each file what the one has that has
    the most of it. A little too low where two have different parts of one file.
    """
    own, files = 0, dict[str, int]()
    for one in memories:
        own += one.own_bytes
        for path, size_bytes in one.files.items():
            files[path] = max(files.get(path, 0), size_bytes)
    return own + sum(files.values())


def core_s(pid: int) -> float:
    """Return the CPU seconds that all threads of `pid` have used. Raises OSError."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
