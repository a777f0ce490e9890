"""The devices service, run by a test, and all that it tells."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

from firmware_bridge.drivers.driver import Driver
from firmware_bridge.events import Event, InstrumentConnected, InstrumentLost, SampleBlock
from firmware_bridge.ports.device_settings import DeviceSettings
from firmware_bridge.ports.devices_service import DevicesService
from tests.simulators.usb_sockets import UsbSockets

LIMIT_S = 60.0  # of one wait: nothing here takes five seconds, but a loaded machine may
PLETH = 0  # the first stream of all instruments here


def boottime_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Station:
    """Runs the service and keeps what it tells."""

    def __init__(
        self,
        sockets: UsbSockets | None,
        settings: list[DeviceSettings],
        saved: dict[str, object] | None,
        drivers: Mapping[str, Driver] | None,
        reserved: Sequence[str] = (),
    ) -> None:
        self.events: list[tuple[str, Event]] = []
        self.asked: dict[str, tuple[str, ...]] = {}
        self.confirmed: list[tuple[str, str | None, str]] = []
        self.saved: dict[str, object] = saved or {}
        self._changed = asyncio.Event()
        self._sockets = sockets
        self.service = DevicesService(
            settings,
            self._on_event,
            boottime_s=boottime_s,
            on_question=self._on_question,
            on_confirmed=lambda *said: self.confirmed.append(said),
            on_known=self._on_known,
            saved=saved,
            ports=sockets,
            drivers=drivers,
            reserved=reserved,
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

    async def looks_until(self, seen: Callable[[], object]) -> None:
        """Wait for a look at the ports after which `seen`; what is asked need not be an event."""
        async with asyncio.timeout(LIMIT_S):
            while not (self.service.sights() and seen()):
                assert self._sockets is not None
                await self._sockets.looked()

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
    sockets: UsbSockets | None,
    settings: list[DeviceSettings],
    *,
    saved: dict[str, object] | None = None,
    drivers: Mapping[str, Driver] | None = None,
    reserved: Sequence[str] = (),
) -> AsyncIterator[Station]:
    station = Station(sockets, settings, saved, drivers, reserved)
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


def is_part_of(sent: list[int | None], lives: dict[int, list[int]]) -> bool:
    """Whether all samples of all lives are of this instrument, none twice."""
    found = list(places_in(sent, lives))
    return bool(found) and len({k for run in found for k in run}) == sum(map(len, found))
