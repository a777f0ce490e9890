"""An input device of the kernel: keys that somebody presses. The only importer of evdev.

evdev has no wheels for aarch64: it is Debian's package python3-evdev, outside a virtual environment.
"""

import contextlib
import importlib
import importlib.util
import sys
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any, Final, Self

from firmware_bridge.errors import PortError, PortLostError
from firmware_bridge.port import explain

DEBIAN_PACKAGES: Final = "/usr/lib/python3/dist-packages"
KEY_EVENT: Final = 1  # EV_KEY; include/uapi/linux/input-event-codes.h
DOWN: Final = 1
REPEATED: Final = 2


class InputDevice:
    """The device at `path` ("/dev/input/…"), open. `_begin` is done to it first. Raises PortError."""

    def __init__(self, path: str) -> None:
        self._path = path
        evdev = debian_evdev()
        with contextlib.ExitStack() as opened:
            try:
                self._device: Any = evdev.InputDevice(path)
                opened.callback(self._device.close)
                self._begin()
            except OSError as error:
                raise explain(path, error) from error
            opened.pop_all()

    def _begin(self) -> None:
        """Do what an open device must have done to it. May raise OSError."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # it may be gone already
            self._device.close()

    def fileno(self) -> int:
        """Readable when an event waits."""
        return int(self._device.fd)

    def events(self) -> list[Any]:
        """Return evdev's events that wait. Raises PortLostError: the device is gone."""
        try:
            return list(self._device.read())
        except BlockingIOError:
            return []
        except OSError as error:
            raise PortLostError(self._path, "the device went away", "plug it in again") from error


def debian_evdev() -> ModuleType:
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
