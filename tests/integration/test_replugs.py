"""Instruments on pseudo-terminals that are unplugged, replugged, exchanged and confirmed, in real time."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import pytest

from firmware_bridge.device_settings import DeviceSettings
from firmware_bridge.devices_service import DevicesService
from firmware_bridge.drivers.berry import DRIVERS
from firmware_bridge.errors import IllegalInputError
from firmware_bridge.events import Event, InstrumentConnected, InstrumentLost, SampleBlock
from tests.simulators.devices.device import SimulatedDevice
from tests.simulators.devices.sim import DeviceSim
from tests.simulators.usb_sockets import UsbSockets

BERRY = DRIVERS[0].name
PLETH = next(k for k, stream in enumerate(DRIVERS[0].streams) if stream.name == "pleth")
LIMIT_S = 60.0  # of one wait: nothing here takes two seconds, but a loaded machine may
RECONNECT_S = 2.0
TRUE_SERIALS = {"anna": "A6008isP", "bert": "B7119jtQ"}


def boottime_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Oximeter(SimulatedDevice):
    """Speaks as Berry's do; its pulse wave is noise, so that a stretch of it is found at one place only."""

    FRAMES_A_SECOND: ClassVar = 100.0

    def next_frame(self) -> bytes:
        pleth = self.rng.randrange(1, 101)
        self.tell("pleth", pleth)
        return bytes((0x86, pleth, 7, 72, 97))


class Station:
    """Runs the service and keeps what it tells."""

    def __init__(self, sockets: UsbSockets, settings: list[DeviceSettings], saved: dict[str, object] | None):
        self.events: list[tuple[str, Event]] = []
        self.asked: dict[str, tuple[str, ...]] = {}
        self.confirmed: list[tuple[str, str | None, str]] = []
        self.saved: dict[str, object] = saved or {}
        self._changed = asyncio.Event()
        self.service = DevicesService(
            settings,
            self._on_event,
            boottime_s=boottime_s,
            on_question=self._on_question,
            on_confirmed=lambda *said: self.confirmed.append(said),
            on_known=self._on_known,
            saved=saved,
            ports=sockets,
        )

    def _on_event(self, device: str, event: Event) -> None:
        self.events.append((device, event))
        self._changed.set()

    def _on_question(self, device: str, candidates: tuple[str, ...], _port: str) -> None:
        self.asked[device] = candidates
        self._changed.set()

    def _on_known(self, saved: dict[str, object]) -> None:
        self.saved = saved

    async def until(self, seen: Callable[[], object]) -> None:
        """Wait for an event after which `seen`. Raises TimeoutError."""
        async with asyncio.timeout(LIMIT_S):
            while not seen():
                self._changed.clear()
                await self._changed.wait()

    def of(self, device: str, kind: type[Event]) -> list[Event]:
        return [event for name, event in self.events if name == device and isinstance(event, kind)]

    def is_connected(self, device: str) -> bool:
        told = [one for name, one in self.events if name == device]
        states = [one for one in told if isinstance(one, InstrumentConnected | InstrumentLost)]
        return bool(states) and isinstance(states[-1], InstrumentConnected)

    def count(self, device: str) -> int:
        return sum(len(samples) for samples in self.lives(device).values())

    def lives(self, device: str) -> dict[int, list[int]]:
        """The samples of each life, in order; a hole in one is an error."""
        lives: dict[int, list[int]] = {}
        for event in self.of(device, SampleBlock):
            assert isinstance(event, SampleBlock)
            if event.stream_id == PLETH:
                life = lives.setdefault(event.board_boot, [])
                assert event.first_index == len(life)
                life += event.samples[:, 0].tolist()
        return lives


@asynccontextmanager
async def running(
    sockets: UsbSockets, settings: list[DeviceSettings], saved: dict[str, object] | None = None
) -> AsyncIterator[Station]:
    station = Station(sockets, settings, saved)
    task = asyncio.create_task(station.service.run())
    try:
        yield station
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()  # and not ended by an exception


def places_in(sent: list[int | None], lives: dict[int, list[int]]) -> Iterator[range]:
    """Where in what an instrument sent the samples of each of its lives are. Raises ValueError: nowhere."""
    text = bytes(sample or 0 for sample in sent)
    for samples in lives.values():
        at = text.index(bytes(samples))
        yield range(at, at + len(samples))


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
            for times in range(1, 4):
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
        assert told == [InstrumentConnected, InstrumentLost] * 4  # the last: this program ended
        connected = station.of("anna", InstrumentConnected)
        assert len({event.life for event in connected if isinstance(event, InstrumentConnected)}) == 4
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
            await asyncio.sleep(rng.uniform(0.0, 0.3))
            cut_at[name].append(len(sent))
            sockets.pull(place)
            free.append(place)
            await asyncio.sleep(rng.uniform(0.0, 0.3))

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
        for run in found:
            plugged = [begin for begin in begun_at[name] if begin <= run.start]
            assert any(
                run.start >= begin and run.stop <= cut + 10
                for begin, cut in zip(begun_at[name], cut_at[name], strict=True)
            )
            assert plugged


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
