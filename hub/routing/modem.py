"""Sends an SMS by a GSM modem on a serial port; the only file of the hub that imports pyserial.

The port is opened for each message and given back: a modem that was unplugged is found again by itself, where
the routing document names it as /dev/serial/by-id/… does.
"""

import asyncio
import contextlib
import os
import select
import termios
from collections.abc import AsyncIterator
from typing import Final

import serial

from hub.routing.at_replies import PROMPT, Reply, ReplyReader, registration_fault, sim_fault
from hub.routing.outside import OutsideError
from hub.routing.policy import Modem
from hub.routing.sms_pdu import submit

ANSWER_LIMIT_S: Final = (
    10.0  # 27.007 leaves it open; modems answer these in milliseconds, when just on in seconds
)
SUBMIT_LIMIT_S: Final = 60.0  # the network's own time
READ_BYTES: Final = 1024
CTRL_Z: Final = "\x1a"
ESCAPE: Final = "\x1b"


async def send(
    modem: Modem, number: str, text: str, *, reference: int, answer_limit_s: float = ANSWER_LIMIT_S
) -> None:
    """Send `text`; returns when the network has taken all of it. Raises OutsideError.

    `reference` (0 … 255) is the same at each try of one message.
    """
    async with _opened(modem, answer_limit_s) as line:
        await _make_ready(line)
        for pdu in submit(number, text, reference=reference):
            reply = await line.ask(f"AT+CMGS={pdu.length}")
            if reply.final != PROMPT:
                raise line.refused("does not take the message", reply)
            reply = await line.ask(pdu.hex, end=CTRL_Z, limit_s=SUBMIT_LIMIT_S)
            if not reply.is_ok:
                raise line.refused("the message was not sent", reply)


async def check(modem: Modem, *, answer_limit_s: float = ANSWER_LIMIT_S) -> None:
    """Return when modem, SIM and network are ready. Raises OutsideError: what is the matter."""
    async with _opened(modem, answer_limit_s) as line:
        await _make_ready(line)


async def _make_ready(line: "_Line") -> None:
    # what an earlier program left half said is ended first; ATE0 twice, for that may swallow the first
    line.write(ESCAPE + "\r")
    with contextlib.suppress(OutsideError):
        await line.ask("ATE0", limit_s=1.0)
    for command in ("ATE0", "AT+CMEE=1", "AT+CMGF=0"):
        reply = await line.ask(command)
        if not reply.is_ok and command != "AT+CMEE=1":  # without numbers of errors it sends all the same
            raise line.refused(f"does not know {command}", reply)
    if fault := sim_fault(await line.ask("AT+CPIN?")):
        raise line.failed(fault)
    if fault := registration_fault(await line.ask("AT+CREG?"), await line.ask("AT+CEREG?")):
        raise line.failed(fault)


@contextlib.asynccontextmanager
async def _opened(modem: Modem, answer_limit_s: float) -> AsyncIterator["_Line"]:
    port = serial.Serial()
    port.port, port.baudrate, port.timeout, port.exclusive = modem.port, modem.baud, 0, True
    where = f"SMS modem {modem.name} at {modem.port}"
    try:
        port.open()
    except (OSError, ValueError, termios.error) as error:
        code = error.args[0] if error.args and isinstance(error.args[0], int) else None
        why = os.strerror(code) if code else str(error)
        raise OutsideError(
            f"{where}: cannot be opened ({why}): is it plugged in, and the name right?"
        ) from error
    line = _Line(port, where, answer_limit_s)
    try:
        yield line
    finally:
        line.close()


class _Line:
    """Questions and answers on an open port."""

    def __init__(self, port: serial.Serial, where: str, answer_limit_s: float) -> None:
        self._port, self._where, self._answer_limit_s = port, where, answer_limit_s
        self._fd, self._loop = port.fileno(), asyncio.get_running_loop()
        self._reader, self._readable = ReplyReader(), asyncio.Event()
        os.set_blocking(self._fd, False)
        self._loop.add_reader(self._fd, self._readable.set)

    def close(self) -> None:
        """Give the port back; what was not written must not keep it open."""
        self._loop.remove_reader(self._fd)
        with contextlib.suppress(OSError, termios.error):
            self._port.reset_output_buffer()
        with contextlib.suppress(OSError, termios.error):
            self._port.close()

    async def ask(self, command: str, *, end: str = "\r", limit_s: float | None = None) -> Reply:
        """Return the answer. Raises OutsideError: there is none, or the modem went away."""
        limit_s = limit_s or self._answer_limit_s
        self._reader.begin(command)
        self.write(command + end)
        try:
            async with asyncio.timeout(limit_s):
                while (reply := self._reader.feed(await self._read())) is None:
                    pass
        except TimeoutError:
            what = command if len(command) < 20 else "the message"
            raise self.failed(f"no answer to {what} within {limit_s:.0f} s: is it a modem?") from None
        return reply

    def write(self, text: str) -> None:
        """Send text; a message of 4 parts is far below what a kernel's buffer holds."""
        try:
            os.write(self._fd, text.encode("ascii"))
        except OSError as error:
            raise self.failed(f"went away ({error.strerror}): plug it in again") from error

    async def _read(self) -> bytes:
        while True:
            await self._readable.wait()
            self._readable.clear()
            if not select.select([self._fd], [], [], 0)[0]:
                continue  # a terminal without data and one that hung up both read as empty
            try:
                data = os.read(self._fd, READ_BYTES)
            except BlockingIOError:
                continue
            except OSError as error:
                raise self.failed(f"went away ({error.strerror}): plug it in again") from error
            if not data:
                raise self.failed("went away: plug it in again")
            return data

    def failed(self, text: str) -> OutsideError:
        return OutsideError(f"{self._where}: {text}")

    def refused(self, text: str, reply: Reply) -> OutsideError:
        return self.failed(f"{text}: {reply.fault}")
