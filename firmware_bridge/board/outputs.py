"""Lamps and buzzer: what they should show, told until answered, renewed before it expires.

Source: docs/board-link.md, "Outputs".
"""

from dataclasses import dataclass
from typing import Final

from firmware_bridge.board.commands import Attempt, CommandIds, Due, earliest_s
from firmware_bridge.board.messages import Output, OutputId, OutputPattern

TTL_MS: Final = 3000
RENEW_S: Final = 1.5  # half the ttl: one renewal may fail for 1.5 s and nobody sees it


@dataclass(slots=True)
class _Wish:
    pattern: OutputPattern
    level: int
    ttl_ms: int
    is_kept: bool  # renewed until another wish replaces it
    attempt: Attempt
    renew_s: float | None = None  # since it was carried out


@dataclass(frozen=True, slots=True)
class NotShown:
    """The board refused this, or did not answer within GIVE_UP_S."""

    output: OutputId
    pattern: OutputPattern


class OutputBook:
    """One wish for each output; a newer one replaces it."""

    def __init__(self, ids: CommandIds) -> None:
        self._ids = ids
        self._wishes: dict[OutputId, _Wish] = {}

    def show(self, output: OutputId, pattern: OutputPattern, level: int = 255, *, now_s: float) -> None:
        """Drive the output so until told otherwise, off too: the board's own lamps wait. `level` 0 … 255."""
        current = self._wishes.get(output)
        is_under_way = current is not None and current.is_kept and _due_s(current) is not None
        if current and is_under_way and (current.pattern, current.level) == (pattern, level):
            return
        self._wish(output, pattern, level, TTL_MS, is_kept=True, now_s=now_s)

    def pulse(
        self, output: OutputId, pattern: OutputPattern, level: int, ttl_ms: int, *, now_s: float
    ) -> None:
        """Drive the output so once, for `ttl_ms` (1 … 65535)."""
        self._wish(output, pattern, level, ttl_ms, is_kept=False, now_s=now_s)

    def on_answer(self, command_id: int, *, is_done: bool, now_s: float) -> NotShown | None:
        """The board answered; a refused command is not repeated. An answer nobody waits for is nothing."""
        for output, wish in self._wishes.items():
            if wish.attempt.is_answered_by(command_id):
                wish.renew_s = now_s + RENEW_S if wish.is_kept and is_done else None
                return None if is_done else NotShown(output, wish.pattern)
        return None

    def start_over(self, *, now_s: float) -> None:
        """The board restarted or came back: tell it all lasting wishes again."""
        for output, wish in list(self._wishes.items()):
            if wish.is_kept:
                self._wish(output, wish.pattern, wish.level, wish.ttl_ms, is_kept=True, now_s=now_s)
            else:
                del self._wishes[output]

    @property
    def next_wake_s(self) -> float | None:
        """When `due` has something to say."""
        return earliest_s(map(_due_s, self._wishes.values()))

    def due(self, *, now_s: float) -> tuple[list[tuple[Output, bool]], list[NotShown]]:
        """Return the commands to send now, each with whether it is a retransmission, and those given up."""
        commands: list[tuple[Output, bool]] = []
        failures: list[NotShown] = []
        for output in list(self._wishes):
            wish = self._wishes[output]
            if wish.renew_s is not None and now_s >= wish.renew_s:
                self._wish(output, wish.pattern, wish.level, wish.ttl_ms, is_kept=True, now_s=now_s)
                wish = self._wishes[output]
            match wish.attempt.step(now_s=now_s):
                case Due.SENDING:
                    commands.append((_command(output, wish), wish.attempt.is_repeated))
                case Due.GIVING_UP:
                    failures.append(NotShown(output, wish.pattern))
                case Due.NOTHING:
                    pass
        return commands, failures

    def _wish(
        self,
        output: OutputId,
        pattern: OutputPattern,
        level: int,
        ttl_ms: int,
        *,
        is_kept: bool,
        now_s: float,
    ) -> None:
        attempt = Attempt.begin(self._ids, now_s=now_s)
        self._wishes[output] = _Wish(pattern, level, ttl_ms, is_kept, attempt)


def _due_s(wish: _Wish) -> float | None:
    return wish.renew_s if wish.attempt.due_s is None else wish.attempt.due_s


def _command(output: OutputId, wish: _Wish) -> Output:
    return Output(wish.attempt.command_id, output, wish.pattern, wish.level, wish.ttl_ms)
