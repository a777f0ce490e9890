"""A GSM modem on a real pseudo-terminal: answers AT commands, takes SMS, reads them as a telephone would."""

import os
import pty
import re
import select
import threading
import tty
from dataclasses import dataclass
from pathlib import Path
from typing import Self

CTRL_Z, ESCAPE = b"\x1a", b"\x1b"


@dataclass(frozen=True, slots=True)
class Submitted:
    """A message as the network saw it. `part`: (reference, parts, number of this one), None: whole."""

    number: str
    text: str
    part: tuple[int, int, int] | None
    validity: int


def parse_submit(text: str) -> Submitted:
    """Read an SMS-SUBMIT in hexadecimal, service centre first, as 3GPP TS 23.040 lays it out."""
    octets = bytes.fromhex(text)
    octets = octets[1 + octets[0] :]
    first, digits, kind = octets[0], octets[2], octets[3]
    assert first & 0x03 == 0x01, "no SMS-SUBMIT"
    assert first & 0x18 == 0x10, "no relative validity"
    address_bytes = (digits + 1) // 2
    swapped = "".join(f"{one & 15:X}{one >> 4:X}" for one in octets[4 : 4 + address_bytes])
    number = ("+" if kind == 0x91 else "") + swapped[:digits]
    protocol, coding, validity, length, *user = octets[4 + address_bytes :]
    assert (protocol, coding, length) == (0, 0x08, len(user)), "not UCS-2, or its length is wrong"
    data, part = bytes(user), None
    if first & 0x40:
        assert data[:3] == b"\x05\x00\x03"
        part, data = (data[3], data[4], data[5]), data[6:]
    assert len(data) <= 140 - (6 if part else 0)
    return Submitted(number, data.decode("utf-16-be"), part, validity)


class ModemSim:
    """Use as a context manager. `link` is the port's name; the settable fields say how the modem is."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.sim = "+CPIN: READY"
        self.registration = "+CREG: 0,1"
        self.refusals: list[str] = []  # answers to the next messages, instead of taking them
        self.is_mute = False
        self.has_echo = True
        self.wants = 0  # length of the message that it waits for
        self.sent: list[Submitted] = []
        self.commands: list[str] = []
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stop_read, self._stop_write = os.pipe()
        self._device_fd = self._host_fd = -1

    def __enter__(self) -> Self:
        self.plug_in()
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread is not None:
            self.unplug()
        os.close(self._stop_read)
        os.close(self._stop_write)

    def plug_in(self) -> None:
        """The port is there, perhaps under another device than before."""
        self._device_fd, self._host_fd = pty.openpty()
        tty.setraw(self._host_fd)
        self.link.symlink_to(os.ttyname(self._host_fd))
        self._thread = threading.Thread(target=self._serve, name="modem")
        self._thread.start()

    def unplug(self) -> None:
        """The port is gone; who has it open learns of it."""
        assert self._thread is not None
        os.write(self._stop_write, b"x")
        self._thread.join()
        os.read(self._stop_read, 1)
        self._thread = None
        self.link.unlink()
        os.close(self._device_fd)
        os.close(self._host_fd)

    def wait_for_command(self, command: str, *, timeout_s: float = 30.0) -> None:
        """Return when the hub has asked that."""
        with self._changed:
            assert self._changed.wait_for(lambda: command in self.commands, timeout_s), self.commands

    def _serve(self) -> None:
        pending = b""
        while True:
            readable, _, _ = select.select([self._device_fd, self._stop_read], [], [])
            if self._stop_read in readable:
                return
            data = os.read(self._device_fd, 1024)
            if self.has_echo and not self.wants:
                os.write(self._device_fd, data)
            pending += data
            if ESCAPE in pending:  # ends a message that is under way
                pending, self.wants = pending.rpartition(ESCAPE)[2], 0
            while match := re.search(CTRL_Z if self.wants else b"\r", pending):
                said, pending = pending[: match.start()].decode("ascii").strip(), pending[match.end() :]
                if self.wants:
                    self._message(said)
                else:
                    self._command(said)

    def _command(self, command: str) -> None:
        with self._changed:
            self.commands.append(command)
            self._changed.notify_all()
        if self.is_mute or not command:
            return
        if length := re.fullmatch(r"AT\+CMGS=(\d+)", command):
            self.wants = int(length[1])
            os.write(self._device_fd, b"\r\n> ")
            return
        if command == "ATE0":
            self.has_echo = False
        answers = {
            "AT+CPIN?": self.sim,
            "AT+CREG?": self.registration,
            "AT+CEREG?": "ERROR",
            **dict.fromkeys(("ATE0", "AT+CMEE=1", "AT+CMGF=0"), "OK"),
        }
        self._answer(answers.get(command, "ERROR"))

    def _message(self, text: str) -> None:
        length, self.wants = self.wants, 0
        if self.refusals:
            self._answer(self.refusals.pop(0))
            return
        assert len(text) // 2 - 1 == length, "AT+CMGS named another length"
        self.sent.append(parse_submit(text))
        self._answer(f"+CMGS: {len(self.sent)}")

    def _answer(self, text: str) -> None:
        is_final = "ERROR" in text or text == "OK"
        lines = [text] if is_final else [text, "", "OK"]
        os.write(self._device_fd, b"".join(f"\r\n{line}".encode() for line in lines) + b"\r\n")
