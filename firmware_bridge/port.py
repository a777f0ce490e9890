"""The serial port: opened for us alone, read and written by the event loop. The only importer of pyserial."""

import asyncio
import contextlib
import errno
import os
import select
import termios
from pathlib import Path
from typing import Final, Literal, Self

import serial

from firmware_bridge.errors import (
    PortBusyError,
    PortError,
    PortLostError,
    PortMissingError,
    PortPermissionError,
)
from firmware_bridge.events import PortProblem

BAUD: Final = 460_800  # a USB board ignores it
Parity = Literal["N", "O", "E"]
READ_MAX_BYTES: Final = 4096  # one kernel buffer of a terminal
WRITE_MAX_BYTES: Final = 4096  # what waits for the device; beyond it the device does not listen
PSEUDO_TERMINAL_MAJORS: Final = range(136, 144)  # of device numbers; Linux, devices.txt
_PROBLEMS: Final[tuple[tuple[type[PortError], PortProblem], ...]] = (
    (PortMissingError, PortProblem.MISSING),
    (PortBusyError, PortProblem.BUSY),
    (PortPermissionError, PortProblem.PERMISSION),
)


class SerialPort:
    """One open port, 8 data bits and one stop bit. Use as a context manager inside a running event loop.

    Raises (on opening): PortMissingError, PortBusyError, PortPermissionError, PortError.
    """

    def __init__(self, path: str, *, baud: int = BAUD, parity: Parity = "N") -> None:
        self.path = path
        self.dropped_writes = 0
        self._has_news = asyncio.Event()  # bytes, an end, or `wake`
        self._came = bytearray()
        self._end: PortLostError | None = None
        self._pending = bytearray()
        self._is_writing = self._is_full = False
        self._serial = _open(path, baud, parity)
        self._fd = self._serial.fileno()
        os.set_blocking(self._fd, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._take)

    @property
    def pending_bytes(self) -> int:
        """What waits for the device to read."""
        return len(self._pending)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the port back; what was not written is dropped."""
        if self._serial.is_open:
            self._loop.remove_reader(self._fd)
            self._loop.remove_writer(self._fd)
            self._serial.close()

    def set_line(self, *, baud: int, parity: Parity) -> None:
        """Set the line otherwise without giving the port back; what came before is thrown away. Raises
        PortLostError."""
        for name, value in (("baudrate", baud), ("parity", parity)):
            try:
                self._serial.apply_settings({name: value})
            except (OSError, termios.error) as error:
                if not _is_want_of_parity(self.path, error):
                    raise self._lost(str(error)) from error
        try:
            self._serial.reset_input_buffer()
        except (OSError, termios.error) as error:
            raise self._lost(str(error)) from error
        self._came.clear()

    async def read(self, *, timeout_s: float | None) -> bytes:
        """Return what came; empty after `timeout_s` (None: never) or `wake`. Raises PortLostError."""
        if not self._has_news.is_set():
            with contextlib.suppress(TimeoutError):  # a loop that is late finds both the time over and bytes
                async with asyncio.timeout(timeout_s):  # None: no limit
                    await self._has_news.wait()
        if self._end is None:
            self._has_news.clear()
        elif not self._came:
            raise self._end
        data = bytes(self._came)
        self._came.clear()
        if self._is_full and self._end is None:
            self._is_full = False
            self._loop.add_reader(self._fd, self._take)
        return data

    async def rest(self, rest_s: float) -> None:
        """Leave what comes meanwhile to the kernel, which has room for READ_MAX_BYTES: a wake costs more than
        bytes do. A cable that is pulled out takes with it what came in this time; a `wake` waits. `read` has
        what came at once, without another turn of the loop."""
        self._loop.remove_reader(self._fd)
        try:
            await asyncio.sleep(rest_s)
        finally:
            if self._serial.is_open and self._end is None and not self._is_full:
                self._loop.add_reader(self._fd, self._take)
        if self._end is None and not self._is_full:
            self._take()

    def left(self) -> bytes:
        """Return what has come and nobody has read, without waiting; for the last look at a port."""
        self._take()
        data = bytes(self._came)
        self._came.clear()
        return data

    def _take(self) -> None:
        """Take what is there, at once: a port that stays readable wakes the loop again, for nothing."""
        if not select.select([self._fd], [], [], 0)[0]:
            return  # thrown away since; a terminal without data and one that hung up both read as empty
        try:
            data = os.read(self._fd, READ_MAX_BYTES)
            if not data:
                self._end = self._lost("no more data")
        except BlockingIOError:
            return
        except OSError as error:
            data, self._end = b"", self._lost(os.strerror(error.errno) if error.errno else str(error))
        self._came += data
        self._is_full = len(self._came) >= READ_MAX_BYTES
        if self._is_full or self._end is not None:  # the rest stays with the kernel until this is fetched
            self._loop.remove_reader(self._fd)
        self._has_news.set()

    def wake(self) -> None:
        """Make `read` return now."""
        self._has_news.set()

    def write(self, data: bytes) -> None:
        """Send whole frames. When the device does not listen, they are dropped and counted."""
        if len(self._pending) + len(data) > WRITE_MAX_BYTES:
            self.dropped_writes += 1
            return
        self._pending += data
        self._write_pending()

    def _write_pending(self) -> None:
        try:
            while self._pending:
                written = os.write(self._fd, self._pending)
                del self._pending[:written]
        except BlockingIOError:
            if not self._is_writing:
                self._is_writing = True
                self._loop.add_writer(self._fd, self._write_pending)
            return
        except OSError:
            self._pending.clear()  # the reader learns of it too, and tells
            self._has_news.set()
        if self._is_writing:
            self._is_writing = False
            self._loop.remove_writer(self._fd)

    def _lost(self, why: str) -> PortLostError:
        return PortLostError(self.path, f"the device went away ({why})", "plug it in again")


def _open(path: str, baud: int, parity: Parity) -> serial.Serial:
    port = serial.Serial()
    port.port, port.baudrate, port.parity, port.timeout, port.exclusive = path, baud, parity, 0, True
    port.dtr = port.rts = False  # set before opening: an ESP32 resets when they rise
    try:
        port.open()
    except (OSError, ValueError) as error:
        raise explain(path, error) from error
    except termios.error as error:  # which is no OSError
        if parity != "N" and _is_want_of_parity(path, error):
            return _open(path, baud, "N")
        raise explain(path, OSError(*error.args)) from error
    return port


def is_pseudo_terminal(device: int) -> bool:
    """Whether the device of this number is the near end of a pseudo-terminal."""
    return os.major(device) in PSEUDO_TERMINAL_MAJORS


def _is_want_of_parity(path: str, error: OSError | termios.error) -> bool:
    """Whether only the parity was refused, by a pseudo-terminal: it has no line whose parity matters. Told as
    an error where nothing else was to be changed."""
    with contextlib.suppress(OSError):
        return error.args[0] == errno.EINVAL and is_pseudo_terminal(Path(path).stat().st_rdev)
    return False


def explain(path: str, error: OSError | ValueError) -> PortError:
    """Return what an operator can do about a refused opening."""
    code = error.errno if isinstance(error, OSError) else None
    if code is None and isinstance(error.__context__, (OSError, termios.error)):
        code = error.__context__.args[0]  # pyserial wraps the refused lock, and what is no terminal
    text = os.strerror(code) if code else str(error)
    match code:
        case errno.ENOTTY | errno.EISDIR:
            return PortError(path, "is no serial port", "name one that `device list` shows")
        case errno.ENOENT | errno.ENXIO | errno.ENODEV:
            return PortMissingError(path, "no such device", "plug it in, or correct the port's name")
        case errno.EACCES | errno.EPERM:
            return PortPermissionError(
                path, f"not allowed ({text})", "let this user into the group that owns the device (dialout)"
            )
        case errno.EBUSY | errno.EAGAIN:
            return PortBusyError(
                path, "another program owns the device", f"end it; `fuser -v {_device(path)}` names it"
            )
        case _:
            return PortError(path, f"cannot be opened ({text})", "unplug it and plug it in again")


def problem_of(error: PortError) -> PortProblem:
    """Return in a word why a port could not be opened."""
    return next((problem for kind, problem in _PROBLEMS if isinstance(error, kind)), PortProblem.BROKEN)


def _device(path: str) -> Path:
    return Path(path).resolve()
