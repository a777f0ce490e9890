"""A backlog and a call on one poor link: what each has of it, by the link's own log."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.bench.report import percentile
from tests.broker import Broker
from tests.running_hub import HubThread, hub_config
from tests.simulators.cable import Cable
from tests.simulators.links import Link, Logged, Profile, steady
from tests.village.eyes import wait_until
from tests.village.process import ENDS_WITH_US, ROOT

LINK_BPS: Final = 64_000
MEDIA_BPS: Final = 48_000
MEDIA_BYTES: Final = 200
MEDIA_S: Final = 9
POOR: Final = Profile(
    name="poor",
    up=steady(LINK_BPS, delay_s=0.3, queue_s=2.0),
    down=steady(LINK_BPS, delay_s=0.3, queue_s=2.0),
)


class Box:
    """The uplink at the station's end."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def say(self, order: str) -> float:
        """Give an order; return when it was done."""
        assert self._process.stdin is not None and self._process.stdout is not None
        if order:
            self._process.stdin.write(f"{order}\n")
            self._process.stdin.flush()
        assert self._process.stdout.readline().strip() == (order or "stored")
        return time.monotonic()


@contextmanager
def at_the_station(link: Link, module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [*ENDS_WITH_US, *link.entry, sys.executable, "-m", module, *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.terminate()


def of_us(packets: Sequence[Logged], from_s: float, to_s: float) -> int:
    """The bytes of TCP that were put on the link."""
    ours = (one for one in packets if one.direction == "up" and one.packet.content == "tcp")
    return sum(one.size_bytes for one in ours if one.left_s is not None and from_s < one.left_s <= to_s)


def share(packets: Sequence[Logged], from_s: float, to_s: float) -> float:
    return of_us(packets, from_s, to_s) * 8 / ((to_s - from_s) * LINK_BPS)


@pytest.mark.timeout(180)
def test_a_backlog_yields_to_media_within_a_second_keeps_a_trickle_and_takes_the_link_back(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder, stations=["con-dao-01"])
    with Link(POOR, log=tmp_path / "link.log") as link:
        broker.authority.make(names=[link.hub_address], now=datetime.now(UTC))
        cable = Cable(broker.port, address=link.hub_address)
        given = str(broker.boxes["con-dao-01"].ca.parent)
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with broker, HubThread(hub_config(broker)), cable, ear:
            ear.bind((link.hub_address, 0))
            where = [str(tmp_path), link.hub_address, str(cable.port), given]
            with at_the_station(link, "tests.drain.uplink_box", *where, "200") as process:
                box = Box(process)
                box.say("")
                wait_until(
                    lambda: share(link.packets(), time.monotonic() - 4, time.monotonic()) > 0.9,
                    what="the backlog fills the link",
                )
                call_s = box.say("call")
                arguments = [*map(str, ear.getsockname()), str(MEDIA_BYTES), str(MEDIA_BPS), str(MEDIA_S)]
                with at_the_station(link, "tests.simulators.links.blaster", *arguments) as media:
                    media.wait(timeout=60)
                ended_s = time.monotonic()
                box.say("no call")
                wait_until(
                    lambda: share(link.packets(), time.monotonic() - 4, time.monotonic()) > 0.85,
                    what="the backlog has the link back",
                    limit_s=20.0,
                )
                packets = link.packets()
    began_s = min(one.arrived_s for one in packets if one.packet.content != "tcp" and one.arrived_s > call_s)
    assert share(packets, call_s + 1.0, ended_s) < 0.25
    assert of_us(packets, call_s + 2.0, ended_s) > 1_000, "a trickle goes on"
    waits_s = [
        one.queued_s
        for one in packets
        if one.packet.content != "tcp" and one.queued_s is not None and one.arrived_s > began_s + 1.0
    ]
    assert percentile(waits_s, 0.5) < 0.25
    assert percentile(waits_s, 0.95) < 0.6
