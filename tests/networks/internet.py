"""A router between the hub and the links of one box, and what it does to them."""

import random
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from tests.networks.namespace import Namespace, run
from tests.simulators.links.tun import SETTINGS_OF_A_BOX

HUB_NAME: Final = "hub.haidang.test"
CABLE: Final = "eth0"  # what the box calls it
MOBILE: Final = "wwan0"
METRICS: Final = {CABLE: "100", MOBILE: "700"}  # as NetworkManager gives them
UP: Final = "to-hub"


class Internet:
    """Use as a context. `box` and `router` are networks; the hub's address is one of the test's own network.

    `resolv`: a file for the box's /etc/resolv.conf, written here.
    """

    def __init__(self, folder: Path, links: Sequence[str] = (CABLE, MOBILE)) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._links, self._number = tuple(links), random.SystemRandom().randrange(256)
        self.hub_address = f"10.78.{self._number}.1"
        self.resolv = folder / "resolv.conf"
        self.resolv.write_text(f"nameserver {self.hub_address}\noptions timeout:1 attempts:1\n")
        self.router, self.box = Namespace(), Namespace({"/etc/resolv.conf": self.resolv})
        self._stack = ExitStack()

    @property
    def _side(self) -> str:
        return f"hub{self._number}"

    def address(self, link: str) -> str:
        """The box's address on a link."""
        return f"10.79.{self._number}.{self._links.index(link) * 64 + 2}"

    def gateway(self, link: str) -> str:
        """The router's address on a link."""
        return f"10.79.{self._number}.{self._links.index(link) * 64 + 1}"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for one in (self.router, self.box):
                stack.enter_context(one)
            make = ["ip", "link", "add", self._side, "type", "veth", "peer", "name", UP, "netns"]
            run([*make, str(self.router.pid)])
            stack.callback(run, ["ip", "link", "del", self._side])
            run(["ip", "addr", "add", f"{self.hub_address}/24", "dev", self._side])
            run(["ip", "link", "set", self._side, "up"])
            self.router.set("net.ipv4.ip_forward", "1")
            self.router.ip("addr", "add", f"10.78.{self._number}.2/24", "dev", UP)
            self.router.ip("link", "set", UP, "up")
            via = f"10.78.{self._number}.2"
            run(["ip", "route", "add", f"10.79.{self._number}.0/24", "via", via, "dev", self._side])
            self.box.set(
                "net.ipv4.conf.all.rp_filter", "1"
            )  # as strict as some systems are; ours come after it
            for key, value in settings_of_a_box().items():
                self.box.set(key, value)
            for link in self._links:
                self._plug(link)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _plug(self, link: str) -> None:
        router = self.router
        router.ip("link", "add", link, "type", "veth", "peer", "name", link, "netns", str(self.box.pid))
        router.ip("addr", "add", f"{self.gateway(link)}/26", "dev", link)
        router.ip("link", "set", link, "up")
        self.box.ip("addr", "add", f"{self.address(link)}/26", "dev", link)
        self.box.ip("link", "set", link, "up")
        way = ["default", "via", self.gateway(link), "dev", link, "metric", METRICS[link]]
        self.box.ip("route", "add", *way)

    def pull(self, link: str) -> None:
        """The cable is out: the box sees no carrier."""
        self.router.ip("link", "set", link, "down")

    def plug_back(self, link: str) -> None:
        """The cable is in again."""
        self.router.ip("link", "set", link, "up")

    def download(self, link: str, size_bytes: int) -> None:
        """Let a link carry so many bytes to the box, of no use to anybody."""
        code = "import socket, sys; s = socket.socket(type=socket.SOCK_DGRAM)"
        code += "; s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, sys.argv[1].encode())"
        code += "; [s.sendto(bytes(1_000), (sys.argv[2], 9)) for _ in range(int(sys.argv[3]) // 1_000)]"
        run([*self.router.entry, sys.executable, "-c", code, link, self.address(link), str(size_bytes)])

    def drop(self, *what: str) -> None:
        """From now on what the words of `ip rule` say is dropped without a word."""
        self.router.ip("rule", "add", "priority", "10", *what, "blackhole")

    def pass_again(self, *what: str) -> None:
        """What `drop` was told passes again."""
        self.router.ip("rule", "del", "priority", "10", *what, "blackhole")

    def narrow(self, link: str, mtu: int) -> None:
        """Larger packets do not pass, of neither direction, and nobody is told: ICMP is dropped."""
        self.drop("ipproto", "icmp")
        lock = ["mtu", "lock", str(mtu)]
        self.router.ip("route", "replace", f"{self.hub_address}/32", "dev", UP, *lock)
        self.router.ip("route", "replace", f"{self.address(link)}/32", "dev", link, *lock)

    def stand_in(self) -> None:
        """From now on it is the router itself that answers at the hub's address."""
        self.router.ip("addr", "add", f"{self.hub_address}/32", "dev", "lo")

    def step_aside(self) -> None:
        """The hub answers again."""
        self.router.ip("addr", "del", f"{self.hub_address}/32", "dev", "lo")


def settings_of_a_box() -> dict[str, str]:
    """Return the sysctls that a box's system sets."""
    lines = SETTINGS_OF_A_BOX.read_text(encoding="ascii").splitlines()
    parts = (line.partition(" = ") for line in lines if not line.startswith("#"))
    return {key: value for key, is_set, value in parts if is_set}
