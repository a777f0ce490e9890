"""A link from the test's side (shell): begun, changed, cut, restored, and its log read."""

import json
import random
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, Self

from tests.simulators.links.log import Logged, read_lines
from tests.simulators.links.profile import Profile, document_of
from tests.village.process import ENDS_WITH_US, ROOT

END_LIMIT_S: Final = 30.0
NETWORK: Final = "10.77"  # of private use (RFC 1918)


class LinkError(Exception):
    """The link cannot be made, or its process has ended. The text says why and what is needed."""


class Link:
    """A station's link. Use as a context.

    Programs started with `entry` before their command see nothing but `station_address` and the link; what
    listens on `hub_address` or `server_address` in the test's own namespace is at its other end.
    """

    def __init__(self, profile: Profile, *, log: Path) -> None:
        self.profile, self._log = profile, log
        third, fourth = _free_network()
        self.station_address = f"{NETWORK}.{third}.{fourth + 1}"
        self.hub_address = f"{NETWORK}.{third}.{fourth + 2}"
        self.server_address = f"{NETWORK}.{third}.{fourth + 3}"
        self.began_s = 0.0  # monotonic: second 0 of the present profile
        self._device = f"hd{third}n{fourth}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def entry(self) -> list[str]:
        """The command that runs the rest of a command line at the station's end."""
        return ["nsenter", f"--net=/proc/{self._running.pid}/ns/net", "--"]

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise LinkError("the link was not begun: use it as a context")
        return self._process

    def __enter__(self) -> Self:
        command = [*ENDS_WITH_US, sys.executable, "-m", "tests.simulators.links"]
        addresses = ["--station", self.station_address, "--hub", self.hub_address]
        addresses += ["--server", self.server_address]
        self._process = subprocess.Popen(
            [*command, "--device", self._device, *addresses, "--log", str(self._log)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        try:
            self.set(self.profile)
        except LinkError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        process, self._process = self._running, None
        assert process.stdin is not None and process.stdout is not None, "started with pipes"
        process.stdin.close()
        try:
            process.wait(timeout=END_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def set(self, profile: Profile) -> float:
        """From now on the link is like this; what waits in its queues stays. Return when (monotonic)."""
        self.profile = profile
        self.began_s = self._order({"do": "set", "profile": document_of(profile)})
        return self.began_s

    def cut(self) -> float:
        """Nothing passes from now on, and nobody is told; what is under way is lost. Return when."""
        return self._order({"do": "cut"})

    def restore(self) -> float:
        """Packets pass again. Return when."""
        return self._order({"do": "restore"})

    def silence_flows(self) -> float:
        """The flows of now carry nothing ever again, either way, and nobody is told; new ones pass. What
        waits in the queues arrives. Return when.

        So ends a flow whose entry a middlebox has lost: no FIN, no reset, no ICMP.
        """
        return self._order({"do": "silence"})

    def packets(self) -> list[Logged]:
        """Everything that has left or was dropped so far."""
        self._order({"do": "log"})
        with self._log.open(encoding="utf-8") as lines:
            return read_lines(lines)

    def _order(self, order: dict[str, Any]) -> float:
        process = self._running
        assert process.stdin is not None and process.stdout is not None, "started with pipes"
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            pass  # its last words say why
        while line := process.stdout.readline():
            answer = json.loads(line)
            if "error" in answer:
                raise LinkError(answer["error"])
            if "at_s" in answer:
                return float(answer["at_s"])
        raise LinkError(f"the link's process has ended: {process.wait()}")


def _free_network() -> tuple[int, int]:
    """Return third and fourth byte of a network of eight addresses that this machine does not have."""
    while True:
        third, fourth = random.SystemRandom().randrange(256), random.SystemRandom().randrange(0, 256, 8)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((f"{NETWORK}.{third}.{fourth + 2}", 0))
            except OSError:
                return third, fourth
