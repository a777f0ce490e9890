"""The real front: HAProxy and coturn, from the configuration that the hub writes."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from hub.config import Config, FrontConfig
from hub.front.cli import front_config
from tests.broker import free_port
from tests.village.process import ENDS_WITH_US

START_LIMIT_S: Final = 30.0


def front_table(address: str, *, port: int) -> str:
    """Return [front] of hub.toml for a front there; what is behind it listens where nobody else does."""
    return f"""[front]
address = "{address}"
port = {port}
console_port = {free_port()}
relay_port = {free_port()}
"""


class Front:
    """Use as a context, once its address is up; ended by process ids."""

    def __init__(self, config: Config, folder: Path) -> None:
        assert config.front is not None, "hub.toml has no [front]"
        self.front: FrontConfig = config.front
        self._config, self.folder = config, folder
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        front_config(self.folder, self._config.path)
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def start(self) -> None:
        """Start both and return when they listen."""
        self._start_relay()
        self.start_front()

    def start_front(self) -> None:
        """Start HAProxy alone, as it is told in the folder."""
        self._start("haproxy", ["-db", "-f", "haproxy.cfg"], (self.front.address, self.front.port))

    def _start_relay(self) -> None:
        relay = ["-c", "turnserver.conf", "--cert=relay.crt", "--pkey=relay.key"]
        relay += ["--userdb=turn.db", "--pidfile=turn.pid"]
        self._start("turnserver", relay, ("127.0.0.1", self.front.relay_port))

    def _start(self, name: str, arguments: Sequence[str], address: tuple[str, int]) -> None:
        program = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        assert program, f"{name} is not installed: ./run test installs it"
        with (self.folder / f"{name}.log").open("ab") as log:
            command = [*ENDS_WITH_US, program, *arguments]
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
            )
        self._running.append(process)
        deadline_s = time.monotonic() + START_LIMIT_S
        while True:
            try:
                socket.create_connection(address, timeout=1.0).close()
                return
            except OSError:
                assert process.poll() is None, f"{name} ended: {self.output(name)}"
                assert time.monotonic() < deadline_s, f"{name} does not listen: {self.output(name)}"
                time.sleep(0.02)  # between tries of a connection; nothing announces that it listens

    def output(self, name: str) -> str:
        """What a program has said so far."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-8_000:]

    def close(self) -> None:
        """End both."""
        while self._running:
            process = self._running.pop()
            process.terminate()
            try:
                process.wait(timeout=START_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __exit__(self, *_: object) -> None:
        self.close()
