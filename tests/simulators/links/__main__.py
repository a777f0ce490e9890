"""The forwarding process of one link. `link.py` starts it; orders are JSON lines on standard input.

It lives in the station's namespace and holds it: when this process ends, the namespace and both devices
end with it. Each order is answered with one line.
"""

import argparse
import gc
import json
import os
import select
import sys
import time
from math import inf
from typing import Final, TextIO

from tests.simulators.links.bottleneck import Bottleneck, Fate, Passage
from tests.simulators.links.log import Direction, line_of
from tests.simulators.links.packets import Packet, flow_of, passes_wall, read_packet
from tests.simulators.links.profile import Profile, profile_of
from tests.simulators.links.tun import (
    TunError,
    bring_up,
    ip,
    leave_namespace,
    open_tun,
    read_all,
    set_as_on_a_box,
)

REAL_TIME_PRIORITY: Final = 10
LONGEST_SLEEP_S: Final = 10.0
BURST: Final = 64  # packets read from one device before the other has its turn
PREFIX_BITS: Final = 29


def main() -> int:
    """Make the link, say so, forward until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators.links", description=__doc__)
    for name in ("device", "station", "hub", "server", "log"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    try:
        hub_end = open_tun(options.device)
        bring_up(options.device, [f"{options.hub}/{PREFIX_BITS}", f"{options.server}/{PREFIX_BITS}"])
        leave_namespace()
        set_as_on_a_box()
        station_end = open_tun("uplink")
        ip("link", "set", "lo", "up")
        bring_up("uplink", [f"{options.station}/{PREFIX_BITS}"])
        ip("route", "add", "default", "via", options.hub)
    except TunError as error:
        say({"error": str(error)})
        return 1
    hurry()
    with open(options.log, "w", encoding="utf-8") as log:  # noqa: PTH123 - a name from the command line
        Forwarder(station_end, hub_end, log).run()
    return 0


def hurry() -> None:
    """Run before everything else on this machine, if that is allowed, and without pauses of our own."""
    gc.disable()  # nothing here makes cycles
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(REAL_TIME_PRIORITY))
    except PermissionError:
        print("link: no real-time priority, delays are as exact as this machine is idle", file=sys.stderr)


def say(message: dict[str, object]) -> None:
    """Answer in one line."""
    print(json.dumps(message), flush=True)


class Forwarder:
    """Two devices, two bottlenecks."""

    def __init__(self, station_end: int, hub_end: int, log: TextIO) -> None:
        self._from: dict[Direction, int] = {"up": station_end, "down": hub_end}
        self._to: dict[Direction, int] = {"up": hub_end, "down": station_end}
        self._log = log
        self._ways: dict[Direction, Bottleneck] = {}
        self._wall: int | None = None
        self._seen: set[bytes] = set()  # flows; a test has few
        self._silenced: set[bytes] = set()

    def run(self) -> None:
        """Forward until standard input ends."""
        orders = sys.stdin.fileno()
        os.set_blocking(orders, False)
        pending = b""
        while True:
            now_s = time.monotonic()
            wait_s = min((way.next_s for way in self._ways.values()), default=inf) - now_s
            ready, _, _ = select.select(
                [*self._from.values(), orders], [], [], min(max(0.0, wait_s), LONGEST_SLEEP_S)
            )
            now_s = time.monotonic()
            for direction, tun in self._from.items():
                if tun in ready:
                    self._read(direction, tun, now_s)
            for direction, way in self._ways.items():
                self._end(direction, way.take(now_s=now_s))
            if orders in ready:
                data = os.read(orders, 65_536)
                if not data:
                    return
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    self._obey(json.loads(line), now_s)

    def _read(self, direction: Direction, tun: int, now_s: float) -> None:
        for data in read_all(tun, BURST):
            packet = read_packet(data)
            if packet is None or direction not in self._ways:
                continue
            swallowed = self._swallows(direction, data, packet)
            if swallowed is not None:
                self._write_log(direction, Passage(data=data, arrived_s=now_s, fate=swallowed), packet)
                continue
            refused = self._ways[direction].offer(data, now_s=now_s)
            if refused is not None:
                self._write_log(direction, refused, packet)

    def _swallows(self, direction: Direction, data: bytes, packet: Packet) -> Fate | None:
        if self._wall is not None and not passes_wall(packet, self._wall):
            return "walled"
        flow = flow_of(data, is_up=direction == "up")
        if flow in self._silenced:
            return "silenced"
        if flow is not None:
            self._seen.add(flow)
        return None

    def _end(self, direction: Direction, passages: list[Passage]) -> None:
        for one in passages:
            if one.fate == "delivered":
                try:
                    os.write(self._to[direction], one.data)
                except OSError:  # the device's queue is full, or it is down: the kernel drops, so do we
                    continue
            packet = read_packet(one.data)
            if packet is not None:
                self._write_log(direction, one, packet)

    def _write_log(self, direction: Direction, passage: Passage, packet: Packet) -> None:
        self._log.write(line_of(direction, passage, packet))

    def _obey(self, order: dict[str, object], now_s: float) -> None:
        match order["do"]:
            case "set":
                profile = profile_of(order["profile"])  # type: ignore[arg-type]
                self._set(profile, now_s)
            case "cut":
                for direction, way in self._ways.items():
                    self._end(direction, way.cut(now_s=now_s))
            case "restore":
                for way in self._ways.values():
                    way.restore()
            case "silence":
                self._silenced |= self._seen
            case "log":
                self._log.flush()
        say({"at_s": now_s})

    def _set(self, profile: Profile, now_s: float) -> None:
        self._wall = profile.only_tcp_port
        wanted = {"up": profile.up, "down": profile.down}
        for direction in self._from:
            if direction in self._ways:
                self._ways[direction].change(wanted[direction], now_s=now_s)
            else:
                self._ways[direction] = Bottleneck(wanted[direction], began_s=now_s)


if __name__ == "__main__":
    raise SystemExit(main())
