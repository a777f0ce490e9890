"""A mosquitto of its own configuration, on loopback, without TLS: for what is measured beside ours."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from tests.broker import free_port
from tests.village.process import ENDS_WITH_US

START_LIMIT_S: Final = 30.0
TOPIC: Final = "bench"


class Mosquitto:
    """Use as a context. It may be killed and started again, on the same port and folder."""

    def __init__(self, folder: Path, settings: Sequence[str]) -> None:
        folder.mkdir(parents=True)
        self.port = free_port()
        self._config, self._log = folder / "mosquitto.conf", folder / "mosquitto.log"
        lines = (
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "set_tcp_nodelay true",
            *(("user root",) if os.geteuid() == 0 else ()),
            *settings,
        )
        self._config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and return when it listens."""
        program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        assert program, "mosquitto is not installed: ./run test installs it"
        with self._log.open("ab") as log:
            command = [*ENDS_WITH_US, program, "-c", str(self._config)]
            self._process = subprocess.Popen(command, stderr=log)
        deadline_s = time.monotonic() + START_LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
                return
            except OSError:
                assert self._process.poll() is None, self._log.read_text(encoding="utf-8", errors="replace")
                assert time.monotonic() < deadline_s, "mosquitto does not listen"
                time.sleep(0.01)  # between tries of a connection; nothing announces that a process listens

    def kill(self) -> None:
        """End it as a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def bridge_settings(folder: Path, port: int, more: Sequence[str]) -> list[str]:
    """Return the settings of a broker that keeps what it takes in `folder` and bridges TOPIC to `port`."""
    return [
        "persistence true",
        f"persistence_location {folder}/",
        *more,
        "connection hub",
        f"address 127.0.0.1:{port}",
        f"topic {TOPIC} out 1",
        "cleansession false",
    ]
