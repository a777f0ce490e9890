"""The processes of a fleet: a hub's folder as `hub init` makes it, its broker, the hub, the generator."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

from hub.simulate.connection import allow_files
from tests.broker import Broker, free_port
from tests.village.process import ROOT, Process
from tests.village.village import wait_for_port

OPERATOR: Final = "Lan"
START_LIMIT_S: Final = 60.0
LOOK_EVERY_S: Final = 0.1


class Stage:
    """Use as a context: then broker and hub run, and `begin` starts the stations."""

    def __init__(self, folder: Path, stations: int) -> None:
        allow_files(stations)  # the broker, which we start, has as many
        self.folder, self.stations = folder, stations
        self.config = folder / "hub.toml"
        self.ledger_path, self._told_path, self._log_path = (
            folder / name for name in ("ledger.json", "told.json", "fleet.log")
        )
        self.console_port = free_port()
        self.broker = Broker(folder)
        self.hub = Process(["hub", "serve", "--config", str(self.config)], log=folder / "hub.log")
        self.generator: Process | None = None
        self.password = ""
        self._log_read = 0
        self._lines: list[dict[str, Any]] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        ports = ["--broker-port", str(self.broker.port), "--port", str(self.console_port)]
        self._hub_command("init", str(self.folder), *ports)
        self._hub_command("simulate", "--stations", str(self.stations), "--name-them")
        self.password = self._hub_command("account", "add", OPERATOR).strip().rsplit(" ", 1)[-1]
        with ExitStack() as stack:
            stack.enter_context(self.broker)
            stack.callback(self.hub.stop)
            self.hub.start()
            wait_for_port(self.console_port, process=self.hub, limit_s=START_LIMIT_S)
            stack.callback(lambda: self.generator.stop() if self.generator else None)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin(self, *arguments: str) -> None:
        """Start the generator."""
        paths = ["--ledger", self.ledger_path, "--log", self._log_path, "--json", self._told_path]
        command = [
            "hub",
            "simulate",
            "--config",
            self.config,
            "--stations",
            self.stations,
            *paths,
            *arguments,
        ]
        self.generator = Process([str(one) for one in command], log=self.folder / "simulate.log")
        self.generator.start()

    def wait(self, is_so: Callable[[dict[str, Any]], bool], *, limit_s: float, what: str) -> dict[str, Any]:
        """Return the first line of the generator's log from now on for which it is so. Raises TimeoutError,
        ChildProcessError.
        """
        deadline_s = time.monotonic() + limit_s
        while True:
            for line in self._new_lines():
                if is_so(line):
                    return line
            assert self.generator is not None, "begin first"
            if not self.generator.is_running:
                raise ChildProcessError(f"the generator ended: {self.generator.output()[-2000:]}")
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"waited {limit_s:.0f} s in vain for {what}: {self._lines[-1:]}")
            time.sleep(LOOK_EVERY_S)  # between looks at its log, which has a line a second

    def end(self, *, limit_s: float) -> dict[str, Any]:
        """Let the generator stop, send what it owes, and tell; return its numbers."""
        assert self.generator is not None, "begin first"
        self.generator.ask_to_end(limit_s=limit_s)
        return dict(json.loads(self._told_path.read_text(encoding="utf-8")))

    def kill_broker(self) -> None:
        """Kill -9 of the broker, and another one in its place."""
        self.broker.kill()
        self.broker.start()

    def _new_lines(self) -> Sequence[dict[str, Any]]:
        if not self._log_path.exists():
            return ()
        text = self._log_path.read_text(encoding="utf-8")[self._log_read :]
        whole = text[: text.rfind("\n") + 1]
        self._log_read += len(whole)
        found = [json.loads(line) for line in whole.splitlines()]
        self._lines += found
        return found

    def _hub_command(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "hub", *arguments]
        if arguments[0] != "init":
            command += ["--config", str(self.config)]
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
        return done.stdout.decode()
