"""The emulated link against real sockets: its rate, its delay, its cut, and that it leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path
from statistics import median

import pytest

from tests.simulators.links import (
    CLEAN_2M,
    Link,
    LinkError,
    Logged,
    Profile,
    queueing_delays_s,
    steady,
    utilisation,
)
from tests.simulators.links.blaster import STAMP
from tests.simulators.links.rate import Rate
from tests.village.eyes import wait_until
from tests.village.process import ROOT

ASYMMETRIC = Profile(
    name="asymmetric",
    up=steady(400e3, delay_s=0.12, queue_s=0.2),
    down=steady(2e6, delay_s=0.05),
)
POOR = Profile(name="poor", up=steady(64e3, delay_s=0.3, queue_s=5.0), down=steady(64e3, delay_s=0.3))
PACKET_BYTES = 1_000


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind((address, 0))
        ear.settimeout(30.0)
        yield ear


def blast(link: Link, port: int, *, bps: int, seconds: int) -> subprocess.Popen[bytes]:
    arguments = [link.hub_address, str(port), str(PACKET_BYTES), str(bps), str(seconds)]
    command = [*link.entry, sys.executable, "-m", "tests.simulators.links.blaster", *arguments]
    return subprocess.Popen(command, cwd=ROOT)


def hear(ear: socket.socket, sender: subprocess.Popen[bytes]) -> list[tuple[float, float]]:
    """When each packet was sent and when it came, until the sender has ended and nothing comes any more."""
    times: list[tuple[float, float]] = []
    while True:
        try:
            sent_ns, _ = STAMP.unpack_from(ear.recv(65_536))
        except TimeoutError:
            return times
        times.append((sent_ns / 1e9, time.monotonic()))
        if sender.poll() is not None:
            ear.settimeout(1.0)


def assert_come_when_let_go(left_s: list[float], times: list[tuple[float, float]]) -> None:
    """No packet comes before the link let it go, and the soonest at once; a loaded machine delays others."""
    late_s = [came_s - at_s for at_s, (_, came_s) in zip(left_s, times, strict=True)]
    assert 0 <= min(late_s) < 0.001
    assert median(late_s) < 0.5


def longest_queue(packets: list[Logged]) -> list[Logged]:
    """The most packets, one after the other, each of which found another before it: a sender that stands
    still for a moment ends the queue.
    """
    delivered = [one for one in packets if one.fate == "delivered"]
    groups = groupby(delivered, key=lambda one: bool(one.queued_s))
    return max((list(group) for waited, group in groups if waited), key=len)


def let_go_bps(queue: list[Logged]) -> float:
    """How fast the link worked on them."""
    return (len(queue) - 1) * PACKET_BYTES * 8 / (left_at_s(queue[-1]) - left_at_s(queue[0]))


def left_at_s(packet: Logged) -> float:
    assert packet.delivered_s is not None
    return packet.delivered_s


SPEAK = """
import socket, sys
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.connect((sys.argv[1], int(sys.argv[2])))
print(out.getsockname()[1], flush=True)
for line in sys.stdin:
    word, limit_s = line.rsplit(" ", 1)
    out.settimeout(float(limit_s))
    out.send(word.encode())
    try:
        print(out.recv(100).decode(), flush=True)
    except TimeoutError:
        print("nothing", flush=True)
"""


class Speaker:
    """A flow from the station's end: says a word, hears the answer or nothing within a time."""

    def __init__(self, link: Link, ear: socket.socket) -> None:
        host, port = ear.getsockname()
        command = [*link.entry, sys.executable, "-c", SPEAK, host, str(port)]
        self._ear = ear
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = (link.station_address, int(self._line()))

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def is_answered(self, word: str, *, within_s: float = 20.0) -> bool:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word} {within_s}\n")
        self._process.stdin.flush()
        self._ear.settimeout(within_s)
        with suppress(TimeoutError):
            self._ear.sendto(b"yes", self._ear.recvfrom(100)[1])
        return self._line() == "yes"

    def end(self) -> None:
        self._process.communicate(timeout=30)


def test_a_flood_is_held_to_the_rate_and_a_trickle_is_delayed_by_the_delay(tmp_path: Path) -> None:
    with Link(ASYMMETRIC, log=tmp_path / "link.log") as link, listening(link.hub_address) as ear:
        flood = blast(link, ear.getsockname()[1], bps=600_000, seconds=3)
        times = hear(ear, flood)
        packets = link.packets()
        up = Rate(ASYMMETRIC.up.rate)
        left_s = [one.delivered_s for one in packets if one.delivered_s is not None]
        queue = longest_queue(packets)
        from_s, to_s = left_at_s(queue[0]) - 0.12, left_at_s(queue[-1]) - 0.12
        used = utilisation(packets, up, began_s=link.began_s, from_s=from_s, to_s=to_s)
        dropped = sum(one.fate == "full" for one in packets)
        ear.settimeout(30.0)
        trickle = blast(link, ear.getsockname()[1], bps=160_000, seconds=2)
        delays_s = [came - sent for sent, came in hear(ear, trickle)]
    assert let_go_bps(queue) == pytest.approx(400_000, rel=0.01)
    assert used == pytest.approx(1.0, abs=0.02)
    assert dropped == pytest.approx(225 - len(times), abs=1)  # ours is the only traffic
    assert_come_when_let_go(left_s, times)
    assert max(queueing_delays_s(packets)) == pytest.approx(0.18, abs=0.02)
    assert min(delays_s) == pytest.approx(0.12 + PACKET_BYTES * 8 / 400_000, abs=0.001)


def test_the_log_says_of_each_packet_when_it_came_and_how_long_it_queued(tmp_path: Path) -> None:
    with Link(POOR, log=tmp_path / "link.log") as link, listening(link.hub_address) as ear:
        flood = blast(link, ear.getsockname()[1], bps=72_000, seconds=4)
        times = hear(ear, flood)
        packets = [one for one in link.packets() if one.fate == "delivered"]
    left_s = [one.delivered_s for one in packets if one.delivered_s is not None]
    assert let_go_bps(longest_queue(packets)) == pytest.approx(64_000, rel=0.01)
    assert [one.size_bytes for one in packets] == [PACKET_BYTES] * len(times)
    for one, (_, came_s) in zip(packets, times, strict=True):
        assert one.queued_s is not None and one.delivered_s is not None
        assert one.delivered_s - one.arrived_s == pytest.approx(one.queued_s + 0.125 + 0.3, abs=1e-5)
        assert came_s >= one.delivered_s
    assert_come_when_let_go(left_s, times)
    assert 0 <= min(one.arrived_s - sent_s for one, (sent_s, _) in zip(packets, times, strict=True)) < 0.05


def test_flows_are_silenced_both_ways_and_new_ones_pass(tmp_path: Path) -> None:
    with Link(CLEAN_2M, log=tmp_path / "link.log") as link, listening(link.hub_address) as ear:
        old, new = Speaker(link, ear), Speaker(link, ear)
        assert old.is_answered("before")
        link.silence_flows()
        assert not old.is_answered("after", within_s=1.0)
        assert new.is_answered("a new flow")
        fates = {one.fate for one in link.packets() if one.packet.ports[1] == ear.getsockname()[1]}
        ear.sendto(b"down", old.address)  # the way down of a flow is as dead as its way up
        wait_until(
            lambda: any(one.fate == "silenced" and one.direction == "down" for one in link.packets()),
            what="the word down the dead flow",
        )
        old.end()
        new.end()
    assert fates == {"delivered", "silenced"}


def test_a_link_is_cut_mended_and_changed_while_it_runs(tmp_path: Path) -> None:
    def send(payload: bytes) -> None:
        ear.sendto(payload, (link.station_address, 9))

    with Link(CLEAN_2M, log=tmp_path / "link.log") as link, listening(link.hub_address) as ear:
        link.cut()
        send(b"lost")
        wait_until(lambda: any(one.fate == "cut" for one in link.packets()), what="the packet at the cut")
        link.restore()
        send(b"comes")
        wait_until(lambda: any(one.fate == "delivered" for one in link.packets()), what="it is delivered")
        link.set(CLEAN_2M.behind_a_wall(443))
        send(b"no tcp")
        wait_until(lambda: any(one.fate == "walled" for one in link.packets()), what="the packet at the wall")
        down = [one.fate for one in link.packets() if one.direction == "down" and one.packet.ports[1] == 9]
    assert down == ["cut", "delivered", "walled"]


HOLD = """
import sys
from pathlib import Path
from tests.simulators.links import CLEAN_2M, Link
with Link(CLEAN_2M, log=Path(sys.argv[1])) as link:
    print(link.hub_address, link._running.pid, flush=True)
    sys.stdin.read()
"""


def can_bind(address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
        return True


def test_a_test_that_is_killed_leaves_neither_device_nor_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "link.log")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        address, pid = holder.stdout.readline().decode().split()
        assert can_bind(address)
        os.kill(holder.pid, signal.SIGKILL)
        wait_until(lambda: not can_bind(address), what="the device is gone")
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), what="its process is gone")


def test_without_the_rights_it_says_what_is_needed(tmp_path: Path) -> None:
    unprivileged = ["setpriv", "--bounding-set=-net_admin,-sys_admin", "--inh-caps=-all", "--"]
    command = [*unprivileged, sys.executable, "-c", HOLD, str(tmp_path / "link.log")]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert LinkError.__name__ in done.stderr.decode()
    assert "CAP_NET_ADMIN" in done.stderr.decode()
