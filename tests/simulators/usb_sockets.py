"""USB sockets of a made-up machine: cables of simulated instruments are plugged into them and pulled."""

import asyncio
import contextlib
from pathlib import Path

from firmware_bridge.ports.adapters import Adapter
from tests.simulators.devices.sim import DeviceSim


class UsbSockets:
    """What `firmware_bridge.ports.hotplug.Ports` asks. As Linux does it, the lowest free number is the path
    of what is plugged in, whoever had it before. `is_told`: a udev daemon says at once that something has
    changed."""

    def __init__(self, folder: Path, *, is_told: bool) -> None:
        self._folder = folder
        self._is_told = is_told
        self._plugged: dict[str, tuple[Adapter, DeviceSim]] = {}
        self._pluggings = 0
        self._changed = asyncio.Event()
        self._looked = asyncio.Event()

    def plug(self, place: str, cable: DeviceSim, *, serial: str = "0001") -> None:
        """Plug an adapter in."""
        taken = {adapter.path for adapter, _ in self._plugged.values()}
        cable.link = next(path for n in range(10) if str(path := self._folder / f"ttyUSB{n}") not in taken)
        cable.plug()
        self._pluggings += 1
        adapter = Adapter(
            path=str(cable.link),
            place=place,
            plugging=f"boot/{place}/{self._pluggings}",
            vid_pid="10c4:ea60",
            serial=serial,
            maker="Silicon Labs",
            model="CP2102",
        )
        self._plugged[place] = (adapter, cable)
        self._tell()

    def pull(self, place: str) -> None:
        """Pull whatever is plugged in there."""
        _, cable = self._plugged.pop(place)
        cable.unplug()
        self._tell()

    def now(self) -> tuple[Adapter, ...]:
        """Return what is plugged in."""
        self._looked.set()
        return tuple(adapter for adapter, _ in self._plugged.values())

    async def change(self, *, timeout_s: float) -> None:
        """Return when something has changed, after `wake`, or after `timeout_s`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        self._changed.clear()

    async def looked(self) -> None:
        """Return once somebody has looked at what is plugged in."""
        self._looked.clear()
        await self._looked.wait()

    def wake(self) -> None:
        """Make `change` return."""
        self._changed.set()

    def close(self) -> None:
        """Nobody asks any more."""

    def _tell(self) -> None:
        if self._is_told:
            self._changed.set()
