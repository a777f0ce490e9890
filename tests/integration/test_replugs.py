"""Instruments on pseudo-terminals that are unplugged, replugged, exchanged and confirmed, in real time."""

import asyncio
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import ClassVar

import pytest

from firmware_bridge.drivers.berry import DRIVERS
from firmware_bridge.errors import IllegalInputError
from firmware_bridge.events import InstrumentConnected, InstrumentLost
from firmware_bridge.ports.device_settings import DeviceSettings
from tests.integration.devices_station import Station, boottime_s, places_in, running
from tests.simulators.devices.device import SimulatedDevice
from tests.simulators.devices.sim import DeviceSim
from tests.simulators.usb_sockets import UsbSockets

BERRY = DRIVERS[0].name
RECONNECT_S = 2.0
FRAMES_A_SECOND = 100
IN_FLIGHT = 20  # frames: two clumps of the adapter, and what waits in a queue
TRUE_SERIALS = {"anna": "A6008isP", "bert": "B7119jtQ"}


class Oximeter(SimulatedDevice):
    """Speaks as Berry's do; its pulse wave is noise, so that a stretch of it is found at one place only."""

    FRAMES_A_SECOND: ClassVar = float(FRAMES_A_SECOND)

    def next_frame(self) -> bytes:
        pleth = self.rng.randrange(1, 101)
        self.tell("pleth", pleth)
        return bytes((0x86, pleth, 7, 72, 97))


@pytest.fixture
def cables(tmp_path: Path) -> Iterator[dict[str, DeviceSim]]:
    """Two instruments of one make, not plugged in."""
    with ExitStack() as stack:
        made = {}
        for seed, name in enumerate(("anna", "bert")):
            device = Oximeter(random.Random(seed), now_s=time.monotonic())
            made[name] = stack.enter_context(DeviceSim(tmp_path / name, device))
            made[name].unplug()
        yield made


def by_serial() -> list[DeviceSettings]:
    return [
        DeviceSettings(where=f"usb-Silicon_Labs_CP2102_{serial}-if00", driver=BERRY, name=name)
        for name, serial in TRUE_SERIALS.items()
    ]


def by_place() -> list[DeviceSettings]:
    names = {"left": "anna", "right": "bert"}
    return [DeviceSettings(where=place, driver=BERRY, name=name) for place, name in names.items()]


def test_a_replugged_instrument_is_back_within_two_seconds_and_the_gap_is_marked(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=False)
        sockets.plug("left", cables["anna"])
        took_s = []
        async with running(sockets, by_place()) as station:
            for times in range(1, 3):
                await station.until(lambda n=times: len(station.lives("anna")) == n)  # type: ignore[misc]
                sockets.pull("left")
                await station.until(lambda: not station.is_connected("anna"))
                await asyncio.sleep(0.7)
                plugged_s = boottime_s()
                sockets.plug("left", cables["anna"])
                await station.until(lambda: station.is_connected("anna"))
                took_s.append(boottime_s() - plugged_s)
        assert min(took_s) < RECONNECT_S  # a loaded machine spoils some, our own delay would spoil all
        told = [type(event) for event in station.of("anna", InstrumentConnected | InstrumentLost)]  # type: ignore[arg-type]
        assert told == [InstrumentConnected, InstrumentLost] * 3  # the last: this program ended
        connected = station.of("anna", InstrumentConnected)
        assert len({event.life for event in connected if isinstance(event, InstrumentConnected)}) == 3
        assert station.asked == {}

    asyncio.run(scenario())


def test_fifty_replugs_at_random_cost_the_gaps_and_nothing_else(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    rng = random.Random(20)
    free = ["left", "middle", "right"]
    cut_at: dict[str, list[int]] = {name: [] for name in cables}  # samples sent when it was pulled
    begun_at: dict[str, list[int]] = {name: [] for name in cables}  # … and when it was plugged in

    async def replug(name: str, sockets: UsbSockets, station: Station) -> None:
        cable = cables[name]
        sent = cable.device.sent.setdefault("pleth", [])
        for _ in range(25):
            place = free.pop(rng.randrange(len(free)))
            begun_at[name].append(len(sent))
            sockets.plug(place, cable, serial=TRUE_SERIALS[name])
            if rng.random() < 0.9:
                await station.until(lambda: station.is_connected(name))
            await asyncio.sleep(rng.uniform(0.0, 0.15))
            cut_at[name].append(len(sent))
            sockets.pull(place)
            free.append(place)
            await asyncio.sleep(rng.uniform(0.0, 0.15))

    async def scenario() -> Station:
        sockets = UsbSockets(tmp_path, is_told=True)
        async with running(sockets, by_serial()) as station:
            await asyncio.gather(*(replug(name, sockets, station) for name in cables))
        return station

    station = asyncio.run(scenario())
    assert station.asked == {}
    assert {name for name, _ in station.events} == set(cables)
    for name, cable in cables.items():
        sent = cable.device.sent["pleth"]
        lives = station.lives(name)
        found = list(places_in(sent, lives))  # all of it is its own, whole, and in one piece
        assert len(found) >= 20
        for before, after in pairwise(found):
            assert before.stop <= after.start  # in order, and none twice
        openings = list(zip(begun_at[name], cut_at[name], strict=True))
        late, missed = [], []
        for run in found:
            begun, cut = next(one for one in reversed(openings) if one[0] <= run.start)
            late.append(run.start - begun)
            missed.append(cut - run.stop)
        assert median(late) <= FRAMES_A_SECOND * RECONNECT_S
        assert median(missed) <= IN_FLIGHT  # what was on its way when the cable was pulled


def test_two_alike_that_changed_places_are_held_apart_until_somebody_says_which_is_which(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=False)
        sockets.plug("left", cables["anna"])
        sockets.plug("right", cables["bert"])
        async with running(sockets, by_place()) as station:
            await station.until(lambda: station.count("anna") > 50 and station.count("bert") > 50)
            sockets.pull("left")
            sockets.pull("right")
            await station.until(lambda: not (station.is_connected("anna") or station.is_connected("bert")))
            before = {name: station.count(name) for name in cables}
            sockets.plug("right", cables["anna"])
            sockets.plug("left", cables["bert"])
            await station.until(lambda: len(station.asked) == 2)
            apart = {question.path: question.device for question in station.service.questions()}
            really = {"anna": apart[str(cables["anna"].link)], "bert": apart[str(cables["bert"].link)]}
            assert all(set(candidates) == {"anna", "bert"} for candidates in station.asked.values())
            await station.until(lambda: all(station.count(name) > 50 for name in apart.values()))
            assert {name: station.count(name) for name in cables} == before  # nothing under either name

            station.service.confirm(really["anna"], "anna", by="nurse")
            with pytest.raises(IllegalInputError):
                station.service.confirm(really["bert"], "anna", by="nurse")
            station.service.confirm(really["bert"], "bert", by="nurse")
            await station.until(lambda: all(station.count(n) > before[n] + 50 for n in cables))
            assert station.service.questions() == ()
        assert station.confirmed == [
            (really["anna"], "anna", "nurse"),
            (really["bert"], "bert", "nurse"),
        ]
        for name, cable in cables.items():
            sent = cable.device.sent["pleth"]
            own = [*places_in(sent, station.lives(name)), *places_in(sent, station.lives(really[name]))]
            assert len(own) == 3
            assert len({k for run in own for k in run}) == sum(map(len, own))

    asyncio.run(scenario())


def test_one_without_a_serial_number_that_is_replugged_alone_is_not_asked_about(
    tmp_path: Path, cables: dict[str, DeviceSim]
) -> None:
    async def scenario() -> None:
        sockets = UsbSockets(tmp_path, is_told=True)
        sockets.plug("left", cables["anna"])
        sockets.plug("right", cables["bert"])
        async with running(sockets, by_place()) as station:
            for place, name in (("left", "anna"), ("right", "bert")):
                await station.until(lambda: station.is_connected("anna") and station.is_connected("bert"))
                sockets.pull(place)
                await station.until(lambda n=name: not station.is_connected(n))  # type: ignore[misc]
                sockets.plug(place, cables[name])
            await station.until(lambda: station.is_connected("anna") and station.is_connected("bert"))
        assert station.asked == {}
        for name, cable in cables.items():
            assert len(list(places_in(cable.device.sent["pleth"], station.lives(name)))) >= 1

    asyncio.run(scenario())
