"""What a GSM modem answers to AT commands (core): lines, final results, and what each fault asks for.

Source: 3GPP TS 27.007 (+CME ERROR, +CPIN, +CREG, +CEREG), TS 27.005 (+CMS ERROR, +CMGS), ITU-T V.250 (OK).
"""

import re
from dataclasses import dataclass
from typing import Final

LINE_MAX_BYTES: Final = 1_000  # a modem that never ends a line is none
PROMPT: Final = "> "
_CME: Final = {
    10: "no SIM: put one in",
    11: "the SIM asks for its PIN: switch the PIN off, in a telephone",
    12: "the SIM is locked (PUK): unlock it in a telephone",
    13: "the SIM failed: put in another",
    14: "the SIM is busy",
    15: "a wrong SIM",
    30: "no network here: move the antenna",
    32: "only emergency calls are allowed: is the SIM paid for?",
}
_CMS: Final = {
    8: "the network bars it: is the SIM paid for, may it send?",
    10: "the network bars calls of this SIM",
    21: "the network refused the message",
    27: "the number does not exist or is switched off",
    28: "nobody knows that number",
    38: "the network is out of order",
    41: "the network failed for the moment",
    42: "the network is overloaded",
    50: "the SIM is not allowed to send messages",
    96: "the message is malformed",
    111: "the network failed",
    305: "a number or a message that the modem refuses",
    310: "no SIM: put one in",
    311: "the SIM asks for its PIN: switch the PIN off, in a telephone",
    313: "the SIM failed: put in another",
    314: "the SIM is busy",
    316: "the SIM is locked (PUK): unlock it in a telephone",
    322: "the SIM's memory is full",
    330: "no service centre: set it with AT+CSCA",
    331: "no network here: move the antenna",
    332: "the network does not answer",
    500: "an error that the modem does not explain",
}
_FINAL: Final = re.compile(r"OK|ERROR|NO CARRIER|\+CM[ES] ERROR: .*")
_REGISTERED: Final = frozenset({1, 5})  # at home, or roaming
_REGISTRATION: Final = {
    0: "it looks for no network",
    2: "it looks for a network",
    3: "the network refuses the SIM: is it paid for?",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: what came before it, and the final result, or PROMPT."""

    lines: tuple[str, ...]
    final: str

    @property
    def is_ok(self) -> bool:
        """The command was done, or the modem waits for the message."""
        return self.final in ("OK", PROMPT)

    def value(self, name: str) -> str | None:
        """Return what follows "+NAME: "."""
        start = f"+{name}: "
        return next((line.removeprefix(start) for line in self.lines if line.startswith(start)), None)

    @property
    def fault(self) -> str:
        """The final result in words, and what to do."""
        kind, _, code = self.final.partition(" ERROR: ")
        table = {"+CME": _CME, "+CMS": _CMS}.get(kind, {})
        words = table.get(int(code)) if code.strip().isdigit() else None
        return f"{self.final}: {words}" if words else self.final


class ReplyReader:
    """Splits what the modem says into answers, whatever the chunks. What comes unasked is passed over with
    the next command (`begin`)."""

    def __init__(self) -> None:
        self._pending = ""
        self._lines: list[str] = []

    def begin(self, command: str) -> None:
        """A command goes out; its echo, if there is one, is no answer."""
        self._pending, self._lines, self._echo = "", [], command

    def feed(self, data: bytes) -> Reply | None:
        """Take bytes; return the answer when it is whole."""
        self._pending = (self._pending + data.decode("latin-1"))[-LINE_MAX_BYTES:]
        while True:
            line, newline, rest = self._pending.partition("\n")
            if not newline:
                break
            self._pending, line = rest, line.strip("\r\0 ")
            if _FINAL.fullmatch(line):
                return Reply(tuple(self._lines), line)
            if line and line != self._echo:
                self._lines.append(line)
        if self._pending.endswith(PROMPT) and self._pending.strip() == ">":
            self._pending = ""
            return Reply(tuple(self._lines), PROMPT)
        return None


def sim_fault(reply: Reply) -> str | None:
    """Return what is the matter with the SIM, by the answer to AT+CPIN?; None: it is ready."""
    state = reply.value("CPIN")
    if reply.is_ok and state is not None:
        if state == "READY":
            return None
        return f"the SIM asks for {state}: switch the PIN off, in a telephone"
    return f"no SIM that can be used ({reply.fault})"


def registration_fault(*replies: Reply) -> str | None:
    """Return why it is in no network, by the answers to AT+CREG? and AT+CEREG? (a modem for LTE alone may
    know only the second); None: it is in one."""
    states = []
    for name, reply in zip(("CREG", "CEREG"), replies, strict=False):
        match = re.match(r"\d+,(\d+)", reply.value(name) or "")
        states += [int(match[1])] if match else []
    if not states or _REGISTERED.intersection(states):
        return None if states else "it does not say whether it is in a network"
    return f"in no network: {_REGISTRATION.get(states[-1], f'state {states[-1]}')}"
