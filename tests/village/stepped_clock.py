"""A process whose wall clock can be stepped, without touching this machine's.

    python -m tests.village.stepped_clock FILE MODULE ARGUMENTS…

Runs MODULE as `python -m` would. FILE holds by how many seconds its wall clock (`time.time`, `time.time_ns`)
is off, from one call to the next; an empty or missing file is zero. Durations (`time.monotonic`) are not
touched, as when somebody sets the date.
"""

import runpy
import sys
import time
from pathlib import Path
from typing import Final

_NS: Final = 1_000_000_000
_true_time_ns: Final = time.time_ns


class SteppedClock:
    """Reads the file again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed_ns = 0
        self._ahead_ns = 0

    def time_ns(self) -> int:
        """Return the wall clock as this process sees it."""
        try:
            changed_ns = self._path.stat().st_mtime_ns
            if changed_ns != self._changed_ns:
                self._ahead_ns = round(float(self._path.read_text() or 0) * _NS)
                self._changed_ns = changed_ns
        except FileNotFoundError:
            self._ahead_ns = 0
        return _true_time_ns() + self._ahead_ns

    def time(self) -> float:
        """Return the same in seconds."""
        return self.time_ns() / _NS


def main() -> None:
    """Step into the module."""
    path, module, *arguments = sys.argv[1:]
    clock = SteppedClock(Path(path))
    vars(time).update(time_ns=clock.time_ns, time=clock.time)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
