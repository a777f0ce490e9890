"""What a person has said about a device, and what this room says about a port (core)."""

from dataclasses import dataclass
from typing import NamedTuple

from firmware_bridge.adapters import Adapter
from firmware_bridge.drivers.driver import Line


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


class PortSight(NamedTuple):
    """What `edge doctor` shows of a port, and of a device of the configuration whose port is not there.

    `device`: empty as long as nobody is known behind it. `problem`: what is the matter, empty for nothing;
    `remedy`: what to do about it. `is_expected`: the configuration speaks of it, so that its absence is a
    fault. Counts since the device was last plugged in.
    """

    path: str
    adapter: str
    device: str
    driver: str
    unverified: str
    state: str
    problem: str
    remedy: str
    is_expected: bool
    frames: int = 0
    damaged: int = 0
    discarded_bytes: int = 0
    lost_samples: int = 0
