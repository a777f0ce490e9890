"""What a person has said about a device (core)."""

from dataclasses import dataclass

from firmware_bridge.drivers.driver import Line
from firmware_bridge.ports.adapters import Adapter


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """One device of the configuration.

    `where`: its port's path ("/dev/ttyAMA0", "/dev/serial/by-id/…"), or the name of its adapter as `device
    list` shows it. `driver`: a driver's name; empty: found out by listening. `name`: what it is called at
    this station; empty: one is made. `line`: how its line is set; None: as its driver says.
    """

    where: str
    driver: str = ""
    name: str = ""
    line: Line | None = None

    def is_about(self, adapter: Adapter) -> bool:
        """Whether this is said about what is plugged in there."""
        return adapter.answers_to(self.where)
