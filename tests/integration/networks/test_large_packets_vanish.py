"""A path of 1,400 bytes that drops ICMP, and one of 1,000: what the box sends, and is sent, gets through."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from edge.hub_way import SEGMENT_BYTES
from tests.networks.box import LINKS, scene
from tests.networks.internet import CABLE, Internet
from tests.village.process import ENDS_WITH_US, ROOT

ONE = LINKS[: LINKS.index('[[link]]\nname = "4G"')]
UPLOAD = 200_000
SEND = f"""
import socket, sys
from edge.hub_way import HubWay
from pathlib import Path
host, port, is_ours, limit_s = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "ours", float(sys.argv[4])
if is_ours:
    sock = HubWay(host, Path(sys.argv[5])).connect(port, timeout_s=limit_s)
else:
    sock = socket.create_connection((host, port), timeout=limit_s)
sock.settimeout(limit_s)
sock.sendall(b"x" * {UPLOAD})
sock.shutdown(socket.SHUT_WR)
print(sock.recv(1))
"""


class Sink:
    """Takes all that one connection brings, sends as much back, and counts. Use as a context."""

    def __init__(self, address: str) -> None:
        self._listener = socket.create_server((address, 0))
        self.port = self._listener.getsockname()[1]
        self.taken = 0
        self._thread = threading.Thread(target=self._take, daemon=True)

    def __enter__(self) -> "Sink":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _take(self) -> None:
        sock, _ = self._listener.accept()
        with sock:
            while data := sock.recv(65_536):
                self.taken += len(data)
            sock.sendall(b"!")


def upload(internet: Internet, sink: Sink, how: str, *, limit_s: float, folder: Path) -> bool:
    """Send UPLOAD bytes from the box; return whether all of them came to the other end and were answered."""
    command = [*ENDS_WITH_US, *internet.box.entry, sys.executable, "-c", SEND, internet.hub_address]
    command += [str(sink.port), how, str(limit_s), str(folder / "kept")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode == 0 and sink.taken == UPLOAD


@pytest.mark.timeout(120)
def test_packets_of_ours_pass_where_larger_ones_vanish(tmp_path: Path) -> None:
    with Internet(tmp_path, (CABLE,)) as internet:
        internet.box.set("net.ipv4.tcp_mtu_probing", "0")  # by their size alone
        internet.narrow(CABLE, 1_400)
        with Sink(internet.hub_address) as sink:
            assert upload(internet, sink, "ours", limit_s=20, folder=tmp_path)
        with Sink(internet.hub_address) as sink:
            assert not upload(internet, sink, "others", limit_s=4, folder=tmp_path)
            assert sink.taken == 0, "the path lets large packets through: nothing was tested"


@pytest.mark.timeout(120)
def test_the_boxs_setting_finds_what_passes_where_even_those_vanish(tmp_path: Path) -> None:
    with Internet(tmp_path, (CABLE,)) as internet:
        internet.narrow(CABLE, SEGMENT_BYTES - 20)
        with Sink(internet.hub_address) as sink:
            assert upload(internet, sink, "ours", limit_s=60, folder=tmp_path)
        internet.box.set("net.ipv4.tcp_mtu_probing", "0")
        with Sink(internet.hub_address) as sink:
            assert not upload(internet, sink, "ours", limit_s=4, folder=tmp_path)
            assert sink.taken == 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("mtu", "finding"),
    [(1_400, "of more than 1,280 bytes; ours are smaller"), (900, "of more than 576 bytes")],
)
def test_a_press_rings_and_the_doctor_knows(tmp_path: Path, mtu: int, finding: str) -> None:
    with scene(tmp_path, links=(CABLE,), settings=ONE) as there:
        there.box.wait("cable (eth0), used: reaches the hub")
        there.internet.narrow(CABLE, mtu)
        there.box.restart()
        assert there.box.wait(f"large packets vanish: {finding}").is_well
        there.press_rings(limit_s=90)
