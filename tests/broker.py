"""A real mosquitto over TLS on a free loopback port, run from the configuration that the hub generates."""

import contextlib
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from contract.ids import StationId
from hub.pki.authority import Authority, Enrolment
from hub.pki.broker_config import BrokerFiles, access_list, broker_config, openssl_config
from tests.village.process import ENDS_WITH_US

START_LIMIT_S: Final = 30.0
PORTS: Final = range(20_000, 32_000)  # not 32768 and more, which Linux gives to whoever connects


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on at the moment."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Broker:
    """One broker with its own authority in `folder`. Use as a context; it is ended by its process id."""

    def __init__(self, folder: Path, *, stations: Sequence[str] = ()) -> None:
        self.folder, self.port = folder, free_port()
        self.authority = Authority(folder / "pki")
        self.authority.make(names=(), now=datetime.now(UTC))
        self.boxes = {name: self.enrol(name) for name in stations}
        self._process: subprocess.Popen[bytes] | None = None
        certificate, key = self.authority.pair("broker")
        files = BrokerFiles(
            ca=self.authority.ca,
            certificate=certificate,
            key=key,
            revocations=self.authority.revocations,
            access_list=folder / "access_list",
        )
        text = broker_config(files, address="127.0.0.1", port=self.port, is_root=os.geteuid() == 0)
        (folder / "mosquitto.conf").write_text(text, encoding="utf-8")
        (folder / "openssl.cnf").write_text(openssl_config(), encoding="utf-8")
        files.access_list.write_text(access_list(), encoding="utf-8")
        files.access_list.chmod(0o600)

    def enrol(self, name: str) -> Enrolment:
        """Return the files of a station's box."""
        return self.authority.enrol(StationId(name), self.folder / name, now=datetime.now(UTC))

    def start(self) -> None:
        """Start it on its port and return when it accepts connections."""
        program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        assert program, "mosquitto is not installed: ./run test installs it"
        log = (self.folder / "mosquitto.log").open("ab")
        with log:
            command = [*ENDS_WITH_US, program, "-c", str(self.folder / "mosquitto.conf")]
            settings = {**os.environ, "OPENSSL_CONF": str(self.folder / "openssl.cnf")}
            self._process = subprocess.Popen(command, stderr=log, env=settings)
        deadline_s = time.monotonic() + START_LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1.0).close()
                return
            except OSError:
                text = (self.folder / "mosquitto.log").read_text(encoding="utf-8", errors="replace")
                assert self._process.poll() is None, f"mosquitto ended: {text}"
                assert time.monotonic() < deadline_s, f"mosquitto does not listen: {text}"
                time.sleep(0.01)  # between tries of a connection; nothing announces that a process listens

    @property
    def pid(self) -> int:
        """Its process id while it runs."""
        assert self._process is not None, "not started"
        return self._process.pid

    def kill(self) -> None:
        """End it without a word, as kill -9 does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=START_LIMIT_S)
            self._process = None
