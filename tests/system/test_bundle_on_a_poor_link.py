"""A diagnostic bundle over 64 kbit/s and 600 ms: it comes whole, and a press is not behind it."""

import asyncio
import queue
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Final

import pytest

from contract.events import CommandResult, Press
from contract.header import Kind, Record
from contract.ids import StationId
from contract.limits import BUNDLE_MAX_BYTES
from hub.fleet.bundles import Bundles, open_bundle
from hub.fleet.configuration_service import ConfigurationDesk
from hub.hub import Hub
from hub.ingest.committed import Committed
from tests.broker import Broker
from tests.running_hub import HubThread, hub_config
from tests.simulators.links import Profile, steady
from tests.village.station import Devices, Station

LINK_BPS: Final = 64_000
POOR: Final = Profile(
    name="poor",
    up=steady(LINK_BPS, delay_s=0.3, queue_s=2.0),
    down=steady(LINK_BPS, delay_s=0.3, queue_s=2.0),
)
CON_DAO: Final = StationId("con-dao-01")
PRESSES: Final = 5
LIMIT_S: Final = 60.0
PRESS_LIMIT_S: Final = 1.5


class Hearing:
    """What the hub has committed of the box, and when it was seen here."""

    def __init__(self, hub: HubThread) -> None:
        self._hub = hub
        self.heard: list[tuple[float, Committed]] = []

    def until(self, is_so: Callable[[Committed], bool], *, since_s: float = 0.0) -> float:
        """Return when something of that kind was committed, after `since_s`."""
        deadline_s = time.monotonic() + LIMIT_S
        while True:
            for at_s, one in self.heard:
                if at_s >= since_s and is_so(one):
                    return at_s
            one = self._hub.committed.get(timeout=max(0.01, deadline_s - time.monotonic()))
            self.heard.append((time.monotonic(), one))

    def parts(self) -> list[float]:
        """Return when each part of a bundle came."""
        try:
            while True:
                self.heard.append((time.monotonic(), self._hub.committed.get_nowait()))
        except queue.Empty:
            pass
        return [at_s for at_s, one in self.heard if is_part(one)]


def is_part(one: Committed) -> bool:
    record = one.arrival.record
    return isinstance(record, Record) and record.header.kind is Kind.PART


def is_press(one: Committed) -> bool:
    return isinstance(one.arrival.event, Press)


def whole(hub: HubThread, name: str) -> tuple[bytes, int]:
    """Return a bundle, and its size, when all of it has come."""
    bundles, deadline_s = Bundles(hub.hub.opener_for), time.monotonic() + LIMIT_S
    while True:
        found = hub.read(lambda store: bundles.read(store, CON_DAO, name))
        if found is not None and found.data is not None:
            return found.data, found.size_bytes
        assert time.monotonic() < deadline_s
        time.sleep(0.05)  # the store announces nothing to this thread


@pytest.mark.timeout(300)
def test_a_bundle_comes_whole_over_64_kbit_s_and_each_press_meanwhile_is_at_the_hub_in_time(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder, stations=[CON_DAO])
    made: list[ConfigurationDesk] = []
    running: list[asyncio.Task[None]] = []

    def prepare(hub: Hub) -> None:
        made.append(ConfigurationDesk(hub, stations=lambda: [CON_DAO]))
        running.append(asyncio.create_task(run(made[0])))

    async def run(desk: ConfigurationDesk) -> None:
        await desk.begin()
        await desk.run()

    station = Station(
        CON_DAO,
        tmp_path / "station",
        broker.boxes[CON_DAO],
        broker_port=broker.port,
        recording="an",
        link=POOR,
        devices=Devices(camera="none", microphone="none"),
    )
    assert station.link is not None
    hub = HubThread(hub_config(broker), prepare=prepare)
    took_s: list[float] = []
    whole_s: list[float] = []
    after = 0
    broker.authority.make(names=[station.link.hub_address], now=datetime.now(UTC))
    with broker, hub, station:
        desk, hearing = made[0], Hearing(hub)
        hearing.until(lambda one: one.arrival.event is not None)
        for _ in range(PRESSES):
            began_s = time.monotonic()
            row = hub.wait_for(lambda _: desk.command(CON_DAO, "bundle", by="Lan"))
            assert row is not None
            name = row.name

            def is_state(one: Committed, state: str, name: str = name) -> bool:
                event = one.arrival.event
                return isinstance(event, CommandResult) and (event.command, event.state) == (name, state)

            hearing.until(lambda one: is_state(one, "taken"), since_s=began_s)
            pressed_s = time.monotonic()
            station.board.press()
            took_s.append(hearing.until(is_press, since_s=pressed_s) - pressed_s)
            station.board.release()
            hearing.until(lambda one: is_state(one, "done"), since_s=began_s)
            done = [
                one.arrival.event
                for _, one in hearing.heard
                if is_state(one, "done") and isinstance(one.arrival.event, CommandResult)
            ]
            data, size_bytes = whole(hub, str(done[0].object))
            after += sum(at_s > pressed_s for at_s in hearing.parts())
            assert "doctor.json" in open_bundle(data)
            assert size_bytes <= BUNDLE_MAX_BYTES
            whole_s.append(time.monotonic() - began_s)
    assert after > 0, "no part was on its way when somebody pressed"
    assert median(took_s) <= PRESS_LIMIT_S, (took_s, whole_s)
    log = tmp_path / "measured.txt"
    log.write_text(f"presses {took_s}, bundles whole after {whole_s}, the last of {size_bytes} bytes\n")
