"""All drivers by name: every module of this folder that has DRIVERS."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from firmware_bridge import drivers
from firmware_bridge.drivers.driver import Driver
from firmware_bridge.errors import UnknownDriverError


@cache
def all_drivers() -> Mapping[str, Driver]:
    """Return every driver, by its name. Raises ValueError: two have the same name."""
    found: dict[str, Driver] = {}
    for module in sorted(one.name for one in pkgutil.iter_modules(drivers.__path__)):
        for driver in getattr(importlib.import_module(f"{drivers.__name__}.{module}"), "DRIVERS", ()):
            if driver.name in found:
                raise ValueError(f"two drivers are called {driver.name}")
            found[driver.name] = driver
    return MappingProxyType(found)


def driver_named(name: str) -> Driver:
    """Return the driver `name`. Raises UnknownDriverError."""
    try:
        return all_drivers()[name]
    except KeyError:
        raise UnknownDriverError(
            f"there is no driver {name!r}; there are {', '.join(sorted(all_drivers()))}"
        ) from None
