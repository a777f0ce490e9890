"""Instruments of a simulated station, on pseudo-terminals beside its board."""

import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.simulators.devices.catalogue import all_simulators
from tests.simulators.devices.creative_pc300 import Pc100, Pc300
from tests.simulators.devices.device import SimulatedDevice
from tests.simulators.devices.sim import DeviceSim

PUMPED: Final = 4  # of so many frames of a cuff that is let down, one: nobody waits for it here


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One of a station: `port` is a name in its folder, `driver` and `name` stand in its box.toml."""

    port: str
    driver: str
    name: str = ""

    @property
    def table(self) -> str:
        """What box.toml says of it."""
        said = [f'port = "{self.port}"', f'driver = "{self.driver}"']
        return "\n".join(["[[device]]", *said, *([f'name = "{self.name}"'] if self.name else []), ""])

    def sim(self, folder: Path, *, seed: int) -> DeviceSim:
        """Return it behind its cable, switched on."""
        device = {**all_simulators(), **ON_DEMAND}[self.driver](random.Random(seed), now_s=time.monotonic())
        return DeviceSim(folder / self.port, device)


class PressureOnDemand(Pc100):
    """It takes a blood pressure, and then the temperature, when somebody presses its key."""

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        super().__init__(rng, now_s=now_s)
        self._is_wanted = False

    def press_key(self) -> None:
        """Somebody presses the key."""
        self._is_wanted = True

    def _other_frames(self) -> Iterator[bytes]:
        while True:
            if not self._is_wanted:
                yield b""
                continue
            self._is_wanted = False
            begun, *let_down, result = self._blood_pressure()
            yield from (begun, *let_down[::PUMPED], result)
            yield from self._temperature()


class EcgAndPressureOnDemand(Pc300, PressureOnDemand):
    """The same with its ECG."""


ON_DEMAND: Final[Mapping[str, type[SimulatedDevice]]] = {
    "creative-pc100": PressureOnDemand,
    "creative-pc300": EcgAndPressureOnDemand,
}
