"""Senders without a project around them: a process at the station's end, a bare page at the hub's (shell)."""

import json
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Literal, Self

from playwright.sync_api import Page

from tests.links_bench.clip import Clip
from tests.links_bench.receiver import answer, plain_page
from tests.links_bench.side import Call, Targets
from tests.simulators.links import Link, Profile
from tests.village.process import ENDS_WITH_US, ROOT

PlainPeer = Literal["aiortc", "chromium", "chromium-tuned"]
COMMANDS: Final[dict[PlainPeer, tuple[str, ...]]] = {  # module, and what follows film and speech
    "aiortc": ("stock_aiortc",),
    "chromium": ("chromium",),
    "chromium-tuned": ("chromium", "--tuned"),
}
END_LIMIT_S: Final = 30.0


class PlainSide:
    """A side (`side.py`)."""

    def __init__(self, peer: PlainPeer, profile: Profile, clip: Clip, folder: Path) -> None:
        self.link = Link(profile, log=folder / "link.log")
        self._log, self._flows = folder / "sender.log", profile.flows
        module, *more = COMMANDS[peer]
        self._command = [sys.executable, "-m", f"tests.links_bench.senders.{module}"]
        self._command += [str(clip.film), str(clip.speech), *more]
        self._ready: list[tuple[Page, SenderProcess]] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.link)
            for _ in range(self._flows):
                page = stack.enter_context(plain_page())
                sender = stack.enter_context(SenderProcess(self.link, self._command, self._log))
                self._ready.append((page, sender))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def call(self) -> Call:
        """Let the next sender call its page."""
        page, sender = self._ready.pop(0)
        sender.answer(answer(page, sender.offer))
        return Call(page, sender.targets)


class SenderProcess:
    """One of `senders/`. Use as a context. Raises ChildProcessError, with its last words, if it fails."""

    def __init__(self, link: Link, command: list[str], log: Path) -> None:
        self.targets: Targets = []
        self.offer = ""
        self._command, self._log = [*ENDS_WITH_US, *link.entry, *command], log
        self._process: subprocess.Popen[str] | None = None
        self._listening = threading.Thread(target=self._listen, name="sender")

    def __enter__(self) -> Self:
        with self._log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self._process.stdout is not None, "started with pipes"
        line = self._process.stdout.readline()
        if not line:
            self._process.communicate()
            raise ChildProcessError(f"the sender ended: {self._log.read_text(encoding='utf-8')[-2000:]}")
        self.offer = json.loads(line)["offer"]
        self._listening.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None and self._process.stdin is not None, "entered"
        self._process.stdin.close()
        try:
            self._process.wait(END_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listening.join()
        assert self._process.stdout is not None, "started with pipes"
        self._process.stdout.close()

    def answer(self, sdp: str) -> None:
        """Hand it the answer: it begins to send."""
        assert self._process is not None and self._process.stdin is not None, "entered"
        self._process.stdin.write(json.dumps({"answer": sdp}) + "\n")
        self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process is not None and self._process.stdout is not None, "entered"
        for line in self._process.stdout:
            target_bps = json.loads(line)["target_bps"]
            if target_bps is not None:
                self.targets.append((time.monotonic(), float(target_bps)))
