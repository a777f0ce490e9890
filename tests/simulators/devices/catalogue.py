"""All simulated instruments by the name of their driver: every module of this folder that has SIMULATORS."""

import importlib
import pkgutil

from tests.simulators import devices
from tests.simulators.devices.device import SimulatedDevice


def all_simulators() -> dict[str, type[SimulatedDevice]]:
    """Return every simulated instrument, by the name of the driver that reads it."""
    found: dict[str, type[SimulatedDevice]] = {}
    for module in sorted(one.name for one in pkgutil.iter_modules(devices.__path__)):
        found |= getattr(importlib.import_module(f"{devices.__name__}.{module}"), "SIMULATORS", {})
    return found
