"""The commands that came (core): each once by its name, also across restarts.

A command is `taken` on the card before it is begun. What was taken when the process ended is not begun again:
it is answered at the next start. Times are µs of CLOCK_BOOTTIME.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contract.commands import AnyCommand, Command, RestartBox, Said
from contract.events import CommandResult, CommandState

KNOWN_MAX: Final = 200  # names; the hub says one for a day at most, and not 200 a day
WAITING_MAX: Final = 8  # commands that wait for the one that is being done
TEXT_MAX_CHARS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command that is to be done before `deadline_us`."""

    command: AnyCommand
    deadline_us: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended. `object_name`: of the parts that were made."""

    state: CommandState
    text: str = ""
    object_name: str | None = None


class CommandBook:
    """`known`: the state of each command by its name, oldest first. What is to be told is returned as events;
    the caller stores them with `saved` in one transaction.
    """

    def __init__(self, saved: Mapping[str, Any] | None) -> None:
        self.known: dict[str, CommandState] = {}
        self._boots: dict[str, tuple[str, str]] = {}  # of those that are taken: word, name of the boot
        self.waiting: deque[Waiting] = deque()
        for name, row in (saved or {}).items():
            state, word, boot_name = row
            self.known[name] = state
            if state == "taken":
                self._boots[name] = word, boot_name

    def saved(self) -> dict[str, Any]:
        """Return what a restart must know, as JSON of at most 200 short rows."""
        return {name: [state, *self._boots.get(name, ("", ""))] for name, state in self.known.items()}

    def restarted(self, *, boot_name: str) -> list[CommandResult]:
        """The process has begun: answer what was under way when it ended."""
        told = []
        for name, (word, taken_in) in list(self._boots.items()):
            is_restart = word == RestartBox.model_fields["command"].default
            if is_restart and taken_in != boot_name:
                outcome = Outcome("done", Said.RESTARTED)
            else:
                outcome = Outcome("failed", Said.NOT_RESTARTED if is_restart else Said.INTERRUPTED)
            told.append(self.ended(name, outcome))
        return told

    def hear(self, command: AnyCommand | Command, *, now_us: int, utc_us: int | None) -> CommandResult | None:
        """A command came: return its answer when it is not done; None: it waits for its turn, or is known.

        `utc_us`: what the hub's clock says now, as far as the box knows.
        """
        if command.id in self.known or any(one.command.id == command.id for one in self.waiting):
            return None
        is_over = command.lease_s <= 0 or (utc_us is not None and utc_us >= command.expires_utc_us)
        if is_over:
            return self.ended(command.id, Outcome("expired", Said.TOO_LATE))
        if type(command) is Command:
            return self.ended(command.id, Outcome("refused", Said.UNKNOWN_WORD))
        if len(self.waiting) >= WAITING_MAX:
            return self.ended(command.id, Outcome("refused", Said.TOO_MANY))
        deadline_us = now_us + int(command.lease_s * 1e6)
        self.waiting.append(Waiting(command, deadline_us))  # type: ignore[arg-type]
        return None

    def begin(self, *, now_us: int, boot_name: str) -> tuple[AnyCommand | None, CommandResult] | None:
        """Take the next one; return it and what is told of it, or no command and that it is too late. None:
        nothing waits.
        """
        if not self.waiting:
            return None
        one = self.waiting.popleft()
        if now_us >= one.deadline_us:
            return None, self.ended(one.command.id, Outcome("expired", Said.TOO_LATE))
        self.known[one.command.id] = "taken"
        self._boots[one.command.id] = one.command.command, boot_name
        self._forget()
        return one.command, CommandResult(command=one.command.id, state="taken")

    def ended(self, name: str, outcome: Outcome) -> CommandResult:
        """A command is over; return what is told of it."""
        self.known[name] = outcome.state
        self._boots.pop(name, None)
        self._forget()
        return CommandResult(
            command=name,
            state=outcome.state,
            text=outcome.text[:TEXT_MAX_CHARS],
            object=outcome.object_name,
        )

    def _forget(self) -> None:
        while len(self.known) > KNOWN_MAX:
            oldest = next(name for name in self.known if name not in self._boots)
            del self.known[oldest]
