"""One process of ours: started, listened to, ended by its id."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
END_LIMIT_S: Final = 30.0
# Nothing stays behind, even if we are killed. "Us" is the thread that started it: that one must live on.
ENDS_WITH_US: Final = ("setpriv", "--pdeathsig", "TERM", "--")


class Process:
    """`python -m MODULE ARGUMENTS`, its output in `log`.

    `entry` is asked at each start for the command that runs it elsewhere: in another network.
    """

    def __init__(
        self, arguments: Sequence[str], *, log: Path, entry: Callable[[], Sequence[str]] = tuple
    ) -> None:
        self._arguments, self._log, self._entry = arguments, log, entry
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether it runs now."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id while it runs."""
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> None:
        """Start it."""
        assert not self.is_running, f"{self._arguments} runs already"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*ENDS_WITH_US, *self._entry(), sys.executable, "-m", *self._arguments],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it alone, as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def kill_all(self) -> None:
        """End it and every process that it has started, at once, as a power cut does."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """Ask it to end, wait, and end it if it does not."""
        if self._process is None or not self.is_running:
            return
        os.kill(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(timeout=END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def ask_to_end(self, *, limit_s: float) -> None:
        """Ask it to end, and return when it has. Raises TimeoutError."""
        assert self._process is not None, "not started"
        os.kill(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(timeout=limit_s)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError(f"{self._arguments} did not end within {limit_s:.0f} s") from error

    def output(self) -> str:
        """What it has said so far, all its starts together."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def wait_for(self, text: str, *, limit_s: float) -> None:
        """Return when it has said `text`. Raises TimeoutError, or ChildProcessError when it has ended."""
        deadline_s = time.monotonic() + limit_s
        while text not in self.output():
            if not self.is_running:
                raise ChildProcessError(f"{self._arguments} ended: {self.output()[-2000:]}")
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"{self._arguments} did not say {text!r}: {self.output()[-2000:]}")
            time.sleep(0.02)  # between looks at its log
