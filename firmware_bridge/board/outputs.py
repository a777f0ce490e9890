"""Lamps and buzzer: what they should show, told until answered, renewed before it expires.

Source: docs/board-link.md, "Outputs".
"""

from dataclasses import dataclass
from typing import Final

from firmware_bridge.board.messages import Output, OutputId, OutputPattern

TTL_MS: Final = 3000
RENEW_S: Final = 1.5  # half the ttl: one renewal may fail for 1.5 s and nobody sees it
RESEND_S: Final = 0.2
GIVE_UP_S: Final = 10.0
IDS_PER_S: Final = 10  # more than are ever sent: a later process starts above what an earlier one used


@dataclass(slots=True)
class _Wish:
    pattern: OutputPattern
    level: int
    ttl_ms: int
    is_kept: bool  # renewed until another wish replaces it
    command_id: int
    since_s: float  # the first sending of this command
    due_s: float | None  # the next sending
    is_answered: bool = False
    is_sent: bool = False


@dataclass(frozen=True, slots=True)
class NotShown:
    """The board refused this, or did not answer within GIVE_UP_S."""

    output: OutputId
    pattern: OutputPattern


class OutputBook:
    """One wish for each output; a newer one replaces it."""

    def __init__(self) -> None:
        self._wishes: dict[OutputId, _Wish] = {}
        self._last_command_id = 0

    def show(self, output: OutputId, pattern: OutputPattern, level: int = 255, *, now_s: float) -> None:
        """Drive the output so until told otherwise, off too: the board's own lamps wait. `level` 0 … 255."""
        current = self._wishes.get(output)
        is_under_way = current is not None and current.is_kept and current.due_s is not None
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
            if wish.command_id == command_id and not wish.is_answered:
                wish.is_answered = True
                wish.due_s = now_s + RENEW_S if wish.is_kept and is_done else None
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
        return min((w.due_s for w in self._wishes.values() if w.due_s is not None), default=None)

    def due(self, *, now_s: float) -> tuple[list[tuple[Output, bool]], list[NotShown]]:
        """Return the commands to send now, each with whether it is a retransmission, and those given up."""
        commands: list[tuple[Output, bool]] = []
        failures: list[NotShown] = []
        for output in list(self._wishes):
            wish = self._wishes[output]
            if wish.due_s is None or now_s < wish.due_s:
                continue
            if wish.is_answered:  # time to renew
                self._wish(output, wish.pattern, wish.level, wish.ttl_ms, is_kept=True, now_s=now_s)
                wish = self._wishes[output]
            elif now_s - wish.since_s >= GIVE_UP_S:
                wish.due_s = None
                failures.append(NotShown(output, wish.pattern))
                continue
            commands.append(
                (Output(wish.command_id, output, wish.pattern, wish.level, wish.ttl_ms), wish.is_sent)
            )
            wish.is_sent = True
            wish.due_s = now_s + RESEND_S
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
        if not self._last_command_id:  # a process before us may have used low ids in this board's boot
            self._last_command_id = int(now_s * IDS_PER_S) % 0xFFFF
        self._last_command_id = self._last_command_id % 0xFFFF + 1
        self._wishes[output] = _Wish(
            pattern, level, ttl_ms, is_kept, self._last_command_id, since_s=now_s, due_s=now_s
        )
