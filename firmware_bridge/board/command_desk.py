"""All commands to one board: lamps, streams and the boot loader, with what became of them as events.

Source: docs/board-link.md, "Commands".
"""

from typing import Final

from firmware_bridge.board.bootloader import BootloaderEntry
from firmware_bridge.board.catalogue import HostMessage
from firmware_bridge.board.commands import CommandIds, earliest_s
from firmware_bridge.board.outputs import NotShown, OutputBook
from firmware_bridge.board.stream_control import NotSet, StreamControl, StreamWish
from firmware_bridge.board.stream_messages import Hello
from firmware_bridge.events import (
    BootloaderEntered,
    BootloaderRefused,
    CommandFailure,
    Event,
    OutputFailed,
    StreamNotSet,
)

CONTROL_MINOR: Final = 2  # from here on a board knows STREAM_CTRL and answers ENTER_BOOTLOADER
_REFUSED_TEXT: Final = (
    "the board refused: a stream still runs, or an event is not stored yet, or it is another board; "
    "wait until all presses are stored, then ask again"
)


class CommandDesk:
    """What the box wants of the board, whether one is there or not."""

    def __init__(self) -> None:
        ids = CommandIds()
        self.outputs = OutputBook(ids)
        self._streams = StreamControl(ids)
        self._bootloader = BootloaderEntry(ids)
        self._board: tuple[Hello, tuple[int, ...]] | None = None  # and the streams that we can read

    # The board

    def on_board(self, hello: Hello, stream_ids: tuple[int, ...], *, now_s: float) -> list[Event]:
        """A board introduced itself: tell it what lasts, from the beginning."""
        failures = self.on_board_gone(now_s=now_s)
        self._board = (hello, stream_ids)
        self.outputs.start_over(now_s=now_s)
        self._streams.start_over(stream_ids if self._can_control else (), now_s=now_s)
        return failures

    def on_board_gone(self, *, now_s: float) -> list[Event]:
        """There is no board now. What lasts waits for one; the boot loader does not."""
        self._board = None
        self._streams.forget_board()
        return self._abandon_bootloader(CommandFailure.INTERRUPTED, now_s)

    def on_answer(self, command_id: int, code: int | None, *, now_s: float) -> list[Event]:
        """The board answered a command; `code` None: it could not read it."""
        not_shown = self.outputs.on_answer(command_id, is_done=code == 0, now_s=now_s)
        if not_shown is not None:
            return [_output_failed(not_shown, now_s)]
        not_set = self._streams.on_answer(command_id, code)
        if not_set is not None:
            return self._on_not_set(not_set, now_s)
        self._ask_when_quiet(now_s)
        answer = self._bootloader.on_answer(command_id, code)
        if answer is True:
            self._streams.forget_board()
            return [BootloaderEntered(self._bootloader.uid, _us(now_s))]
        return [] if answer is False else self._on_refused(answer, now_s)

    # The box

    def set_stream(self, wish: StreamWish, *, now_s: float) -> list[Event]:
        """Let a stream do so until told otherwise; return at once what cannot be."""
        self._streams.wish(wish, now_s=now_s)
        if self._board is None:
            return []
        if not self._can_control:
            return [_stream_not_set(NotSet(wish, CommandFailure.UNSUPPORTED), now_s)]
        if wish.stream_id not in self._board[1]:
            return [_stream_not_set(NotSet(wish, CommandFailure.UNKNOWN_STREAM), now_s)]
        return []

    def enter_bootloader(self, uid: bytes, *, now_s: float) -> list[Event]:
        """Send the board called `uid` to its boot loader, once. Raises IllegalInputError: it is under way."""
        self._bootloader.wish(uid)
        if self._board is None:
            return self._abandon_bootloader(CommandFailure.NOT_CONNECTED, now_s)
        if not self._can_control:
            return self._abandon_bootloader(CommandFailure.UNSUPPORTED, now_s)
        self._streams.hold(now_s=now_s)
        self._ask_when_quiet(now_s)
        return []

    # Time

    @property
    def next_wake_s(self) -> float | None:
        """When `due` has something to say."""
        parts = (self.outputs, self._streams, self._bootloader)
        return earliest_s(part.next_wake_s for part in parts)

    def due(self, *, now_s: float) -> tuple[list[tuple[HostMessage, bool]], list[Event]]:
        """Return the commands to send now, each with whether it is a retransmission, and what failed."""
        commands: list[tuple[HostMessage, bool]] = []
        events: list[Event] = []
        outputs, not_shown = self.outputs.due(now_s=now_s)
        streams, not_set = self._streams.due(now_s=now_s)
        commands += [*outputs, *streams]
        events += [_output_failed(one, now_s) for one in not_shown]
        for one in not_set:
            events += self._on_not_set(one, now_s)
        request = self._bootloader.due(now_s=now_s)
        if isinstance(request, CommandFailure):
            events += self._on_refused(request, now_s)
        elif request is not None:
            commands.append(request)
        return commands, events

    # Inside

    @property
    def _can_control(self) -> bool:
        return self._board is not None and self._board[0].proto_minor >= CONTROL_MINOR

    def _ask_when_quiet(self, now_s: float) -> None:
        if self._bootloader.waits_for_quiet and self._streams.is_quiet:
            self._bootloader.ask(now_s=now_s)

    def _on_not_set(self, not_set: NotSet, now_s: float) -> list[Event]:
        """A stream that does not stop keeps the board from its boot loader."""
        if not self._bootloader.is_under_way:
            return [_stream_not_set(not_set, now_s)]
        self._bootloader.fail()
        return self._on_refused(not_set.why, now_s)

    def _on_refused(self, why: CommandFailure, now_s: float) -> list[Event]:
        self._streams.release(now_s=now_s)
        return [_bootloader_refused(self._bootloader.uid, why, now_s)]

    def _abandon_bootloader(self, why: CommandFailure, now_s: float) -> list[Event]:
        if not self._bootloader.is_under_way:
            return []
        self._bootloader.fail()
        return [_bootloader_refused(self._bootloader.uid, why, now_s)]


def _output_failed(failure: NotShown, now_s: float) -> OutputFailed:
    return OutputFailed(failure.output, failure.pattern, _us(now_s))


def _stream_not_set(failure: NotSet, now_s: float) -> StreamNotSet:
    wish = failure.wish
    return StreamNotSet(wish.stream_id, wish.is_on, wish.rate_index, failure.why, _us(now_s))


def _bootloader_refused(uid: bytes, why: CommandFailure, now_s: float) -> BootloaderRefused:
    text = _REFUSED_TEXT if why is CommandFailure.REFUSED else why.value
    return BootloaderRefused(uid, why, text, _us(now_s))


def _us(now_s: float) -> int:
    return round(now_s * 1_000_000)
