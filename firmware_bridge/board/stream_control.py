"""Streams on and off: what each should do, told until answered. Source: docs/board-link.md, "Streams".

A wish lasts: it is told again after a reset and to a board that came back. A board that is introduced is told
of every stream, also of those that nobody spoke of: the process before us may have switched them off.
"""

from dataclasses import dataclass

from firmware_bridge.board.commands import Attempt, CommandIds, Due, earliest_s, failure_of
from firmware_bridge.board.messages import StreamCtrl
from firmware_bridge.events import CommandFailure


@dataclass(frozen=True, slots=True)
class StreamWish:
    """What a stream should do. `rate_index` 0: the rate in HELLO."""

    stream_id: int
    is_on: bool = True
    rate_index: int = 0


@dataclass(frozen=True, slots=True)
class NotSet:
    """A stream does not do as it should."""

    wish: StreamWish
    why: CommandFailure


class StreamControl:
    """The streams of one board. While they are held, all of them are off, whatever is wished."""

    def __init__(self, ids: CommandIds) -> None:
        self._ids = ids
        self._announced: tuple[int, ...] = ()
        self._wishes: dict[int, StreamWish] = {}
        self._told: dict[int, tuple[StreamWish, Attempt]] = {}
        self._is_held = False

    @property
    def is_quiet(self) -> bool:
        """Whether the streams are held and the board has said of each that it is off."""
        return self._is_held and all(attempt.due_s is None for _, attempt in self._told.values())

    def wish(self, wish: StreamWish, *, now_s: float) -> None:
        """Let a stream do so until told otherwise, through resets and replugs."""
        self._wishes[wish.stream_id] = wish
        if wish.stream_id in self._announced and not self._is_held:
            self._tell(wish, now_s)

    def start_over(self, stream_ids: tuple[int, ...], *, now_s: float) -> None:
        """A board introduced itself with these streams, and can be told: nothing is held any more."""
        self._announced, self._is_held = stream_ids, False
        self._told.clear()
        for stream_id in stream_ids:
            self._tell(self._wish_of(stream_id), now_s)

    def hold(self, *, now_s: float) -> None:
        """Stop all streams for a while."""
        self._is_held = True
        for stream_id in self._announced:
            self._tell(StreamWish(stream_id, is_on=False), now_s)

    def release(self, *, now_s: float) -> None:
        """Let the streams do again as they should."""
        self._is_held = False
        for stream_id in self._announced:
            self._tell(self._wish_of(stream_id), now_s)

    def forget_board(self) -> None:
        """There is no board to tell anything; the wishes stay."""
        self._announced, self._is_held = (), False
        self._told.clear()

    def on_answer(self, command_id: int, code: int | None) -> NotSet | None:
        """The board answered; a refused wish is not repeated. An answer nobody waits for is nothing."""
        for wish, attempt in self._told.values():
            if attempt.is_answered_by(command_id):
                why = failure_of(code)
                return None if why is None else NotSet(wish, why)
        return None

    @property
    def next_wake_s(self) -> float | None:
        """When `due` has something to say."""
        return earliest_s(attempt.due_s for _, attempt in self._told.values())

    def due(self, *, now_s: float) -> tuple[list[tuple[StreamCtrl, bool]], list[NotSet]]:
        """Return the commands to send now, each with whether it is a retransmission, and those given up."""
        commands: list[tuple[StreamCtrl, bool]] = []
        failures: list[NotSet] = []
        for wish, attempt in self._told.values():
            match attempt.step(now_s=now_s):
                case Due.SENDING:
                    command = StreamCtrl(attempt.command_id, wish.stream_id, wish.is_on, wish.rate_index)
                    commands.append((command, attempt.is_repeated))
                case Due.GIVING_UP:
                    failures.append(NotSet(wish, CommandFailure.UNANSWERED))
                case Due.NOTHING:
                    pass
        return commands, failures

    def _wish_of(self, stream_id: int) -> StreamWish:
        return self._wishes.get(stream_id) or StreamWish(stream_id)

    def _tell(self, wish: StreamWish, now_s: float) -> None:
        self._told[wish.stream_id] = (wish, Attempt.begin(self._ids, now_s=now_s))
