"""A button that the kernel shows as an input device: a USB one, or a key. The only importer of evdev.

evdev has no wheels for aarch64: it is Debian's package python3-evdev, outside a virtual environment.
"""

import contextlib
import importlib
import importlib.util
import sys
import time
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any, Final, Self

from firmware_bridge.contacts.contact import Edge
from firmware_bridge.errors import PortError, PortLostError
from firmware_bridge.port import explain

DEBIAN_PACKAGES: Final = "/usr/lib/python3/dist-packages"
DOWN: Final = 1
REPEATED: Final = 2
AGE_MAX_S: Final = 1.0  # the loop is never later


class InputContact:
    """Any key of the device at `path` ("/dev/input/by-id/…-event-kbd") is the button; the device is ours
    alone, so that a key press does not also type into a console. Raises PortError (on opening)."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._evdev = _evdev()
        try:
            self._device: Any = self._evdev.InputDevice(path)
        except OSError as error:
            raise explain(path, error) from error
        try:
            self._device.grab()
        except OSError as error:
            self._device.close()
            raise explain(path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # it may be gone already
            self._device.close()

    def fileno(self) -> int:
        """Readable when an edge waits."""
        return int(self._device.fd)

    @property
    def is_down(self) -> bool:
        """Whether a key is down now."""
        return bool(self._device.active_keys())

    def edges(self) -> list[Edge]:
        """Return the edges that wait. Raises PortLostError: the device is gone."""
        try:
            events = list(self._device.read())
        except BlockingIOError:
            return []
        except OSError as error:
            raise PortLostError(self._path, "the device went away", "plug the button in again") from error
        now_s = time.time()  # of the same clock as the stamps, which may have been set in between
        keys = [one for one in events if one.type == self._evdev.ecodes.EV_KEY and one.value != REPEATED]
        return [Edge(one.value == DOWN, min(max(now_s - one.timestamp(), 0.0), AGE_MAX_S)) for one in keys]


def _evdev() -> ModuleType:
    """Return evdev: installed beside us, or Debian's. Raises PortError."""
    with contextlib.suppress(ImportError):
        return importlib.import_module("evdev")
    spec = PathFinder.find_spec("evdev", [DEBIAN_PACKAGES])
    if spec is None or spec.loader is None:
        raise PortError("evdev", "is not installed", "apt-get install python3-evdev")
    module = importlib.util.module_from_spec(spec)
    sys.modules["evdev"] = module
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        del sys.modules["evdev"]
        raise PortError("evdev", f"is for another Python ({error})", "use Debian's own Python") from error
    return module
