"""A real coturn that takes nothing but TLS over TCP on port 443: the last way through a strict network."""

import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Final, Self

from hub.pki.authority import Authority
from tests.village.process import ENDS_WITH_US

PORT: Final = 443
START_LIMIT_S: Final = 30.0
REALM: Final = "haidang"


class TurnServer:
    """coturn at `address`, its certificate of the village's authority. Use as a context, once that is up."""

    def __init__(self, folder: Path, *, address: str, authority: Authority) -> None:
        self._folder, self._address = folder, address
        self._certificate, self._key = authority.pair("broker")  # a server's, valid for the address too
        self._secret_file, self._log = folder / "turn.secret", folder / "turn.log"
        self._secret_file.write_text(secrets.token_hex(16), encoding="ascii")
        self._secret_file.chmod(0o600)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def hub_settings(self) -> str:
        """What hub.toml says of it."""
        url = f"turns:{self._address}:{PORT}?transport=tcp"
        return f'[media]\nturn = ["{url}"]\nturn_secret_file = "{self._secret_file}"\n'

    def __enter__(self) -> Self:
        program = shutil.which("turnserver", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        assert program, "coturn is not installed: ./run test installs it"
        options = {
            "listening-ip": self._address,
            "relay-ip": self._address,
            "tls-listening-port": str(PORT),
            "cert": str(self._certificate),
            "pkey": str(self._key),
            "realm": REALM,
            "static-auth-secret": self._secret_file.read_text(encoding="ascii"),
            "userdb": str(self._folder / "turn.db"),
            "pidfile": str(self._folder / "turn.pid"),
            "log-file": "stdout",
        }
        flags = ("use-auth-secret", "fingerprint", "no-udp", "no-tcp", "no-dtls", "no-cli", "simple-log")
        # A file, for the command line of a process is there for everybody to read.
        lines = [*flags, *(f"{name}={value}" for name, value in options.items())]
        configuration = self._folder / "turn.conf"
        configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*ENDS_WITH_US, program, "-c", str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        deadline_s = time.monotonic() + START_LIMIT_S
        while True:
            try:
                socket.create_connection((self._address, PORT), timeout=1.0).close()
                return self
            except OSError:
                assert self._process.poll() is None, f"coturn ended: {self.output()}"
                assert time.monotonic() < deadline_s, f"coturn does not listen: {self.output()}"
                time.sleep(0.02)  # between tries of a connection; nothing announces that it listens

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=START_LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def output(self) -> str:
        """What it has said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-4_000:]
