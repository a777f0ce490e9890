"""The serial port: opened for us alone, read and written by the event loop. The only importer of pyserial."""

import asyncio
import errno
import os
import select
from pathlib import Path
from typing import Final, Self

import serial

from firmware_bridge.errors import (
    PortBusyError,
    PortError,
    PortLostError,
    PortMissingError,
    PortPermissionError,
)

BAUD: Final = 460_800  # a USB board ignores it
READ_MAX_BYTES: Final = 4096  # one kernel buffer of a terminal
WRITE_MAX_BYTES: Final = 4096  # what waits for the board; beyond it the board does not listen


class SerialPort:
    """One open port. Use as a context manager inside a running event loop.

    Raises (on opening): PortMissingError, PortBusyError, PortPermissionError, PortError.
    """

    def __init__(self, path: str, *, baud: int = BAUD) -> None:
        self.path = path
        self.dropped_writes = 0
        self._readable = asyncio.Event()
        self._pending = bytearray()
        self._is_writing = False
        self._serial = _open(path, baud)
        self._fd = self._serial.fileno()
        os.set_blocking(self._fd, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._readable.set)

    @property
    def pending_bytes(self) -> int:
        """What waits for the board to read."""
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

    async def read(self, *, timeout_s: float | None) -> bytes:
        """Return what came; empty after `timeout_s` (None: never) or `wake`. Raises PortLostError."""
        try:
            async with asyncio.timeout(timeout_s):  # None: no limit
                await self._readable.wait()
        except TimeoutError:
            return b""
        self._readable.clear()
        if not select.select([self._fd], [], [], 0)[0]:
            return b""  # woken; a terminal without data and one that hung up both read as empty
        try:
            data = os.read(self._fd, READ_MAX_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise self._lost(os.strerror(error.errno) if error.errno else str(error)) from error
        if not data:
            raise self._lost("no more data")
        return data

    def wake(self) -> None:
        """Make `read` return now."""
        self._readable.set()

    def write(self, data: bytes) -> None:
        """Send whole frames. When the board does not listen, they are dropped and counted."""
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
            self._readable.set()
        if self._is_writing:
            self._is_writing = False
            self._loop.remove_writer(self._fd)

    def _lost(self, why: str) -> PortLostError:
        return PortLostError(self.path, f"the device went away ({why})", "plug the board in again")


def _open(path: str, baud: int) -> serial.Serial:
    port = serial.Serial()
    port.port, port.baudrate, port.timeout, port.exclusive = path, baud, 0, True
    port.dtr = port.rts = False  # set before opening: an ESP32 resets when they rise
    try:
        port.open()
    except (OSError, ValueError) as error:
        raise explain(path, error) from error
    return port


def explain(path: str, error: OSError | ValueError) -> PortError:
    """Return what an operator can do about a refused opening."""
    code = error.errno if isinstance(error, OSError) else None
    if code is None and isinstance(error.__context__, OSError):
        code = error.__context__.errno  # pyserial wraps the refused lock
    text = os.strerror(code) if code else str(error)
    match code:
        case errno.ENOENT | errno.ENXIO | errno.ENODEV:
            return PortMissingError(path, "no such device", "plug the board in, or correct the port's name")
        case errno.EACCES | errno.EPERM:
            return PortPermissionError(
                path, f"not allowed ({text})", "let this user into the group that owns the device (dialout)"
            )
        case errno.EBUSY | errno.EAGAIN:
            return PortBusyError(
                path, "another program owns the device", f"end it; `fuser -v {_device(path)}` names it"
            )
        case _:
            return PortError(path, f"cannot be opened ({text})", "unplug the board and plug it in again")


def _device(path: str) -> Path:
    return Path(path).resolve()
