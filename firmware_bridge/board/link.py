"""The host's side of the board's link: frames and time in, events and bytes out.

The states are in `presence`, the presses in `buttons`, the indexes in `streams`, lamps and other commands in
`command_desk`, the time in `clock`; here they meet. Source: docs/board-link.md, "The host's side".
"""

from collections import deque
from collections.abc import Mapping
from typing import Final, assert_never

from firmware_bridge import frames
from firmware_bridge.board.buttons import PressBook
from firmware_bridge.board.catalogue import SCHEMA_HASH, AfterHello, HostMessage, frame_of, parse_from_board
from firmware_bridge.board.clock import BoardClock, pause_s
from firmware_bridge.board.command_desk import CommandDesk
from firmware_bridge.board.faults import RESETS_ALARM_COUNT, ResetWatch, button_fault
from firmware_bridge.board.identity import introduction, spoken_streams
from firmware_bridge.board.messages import (
    PROTO_MINOR,
    AckLevel,
    BoardError,
    BoardEvent,
    ButtonState,
    EventAck,
    EventKind,
    EventSource,
    GetHello,
    Heartbeat,
    HostAlive,
    HostHello,
    HostState,
    LeadStateChange,
    OutputId,
    OutputPattern,
    OutputRsp,
    Refusal,
    TimeReq,
    TimeRsp,
)
from firmware_bridge.board.presence import LOSS_S, Input, Presence, State
from firmware_bridge.board.stream_control import StreamWish
from firmware_bridge.board.stream_messages import Gap, Hello, Samples
from firmware_bridge.board.streams import StreamBook, StreamCounts
from firmware_bridge.errors import IllegalInputError
from firmware_bridge.events import (
    BoardLost,
    BoardResumed,
    BoardSilent,
    ButtonFault,
    ButtonFaultKind,
    ButtonReleased,
    CameraButton,
    ClockDrift,
    Event,
    LeadState,
    PressIdentity,
    ResetsAlarm,
)
from firmware_bridge.hold import Hold

ALIVE_EVERY_S: Final = 1.0
ASK_HELLO_EVERY_S: Final = 1.0
ASK_HELLO_AT_ONCE_S: Final = 0.2  # when a frame shows that somebody is there
MAX_SEEN_EVENTS: Final = 64  # releases and lead states are dropped when repeated: four rings of the board
US_PER_S: Final = 1_000_000
NEVER_S: Final = float("inf")


class BoardLink:
    """One port's conversation with whatever board is behind it.

    `now_s` is the box's CLOCK_BOOTTIME everywhere. After each call take `events_received()` and
    `data_to_send()`, and call `tick` no later than `next_wake_s`.
    """

    def __init__(self, *, last_presses: Mapping[bytes, tuple[int, int]]) -> None:
        self.host_state = HostState.CAPTURING
        self.malformed_messages = 0
        self.unknown_messages = 0
        self.early_frames = 0
        self.lost_frames = 0
        self.resets = ResetWatch()
        self.presses = PressBook(last_presses)
        self.commands = CommandDesk()
        self.clock = BoardClock()
        self.stream_counts = StreamCounts()
        self._streams = StreamBook(0, (), counts=self.stream_counts)
        self._presence = Presence()
        self._events: list[Event] = []
        self._outgoing = bytearray()
        self._seq = 0
        self._hello: Hello | None = None
        self._is_introduced = False  # since the port was opened
        self._boot_id = 0
        self._board_seq: int | None = None
        self._is_loss_told = False
        self._fault: ButtonFaultKind | None = None
        self._is_drifting = False
        self._beat: Heartbeat | None = None  # the last of this boot
        self._hold = Hold()
        self._seen_events: deque[tuple[int, int]] = deque(maxlen=MAX_SEEN_EVENTS)
        self._alive_due_s = self._time_due_s = self._ask_due_s = NEVER_S
        self._asked_s = -NEVER_S
        self._time_asked: tuple[int, int] | None = None  # cookie, box µs
        self._time_count = 0

    @property
    def state(self) -> State:
        """Whether a board is there."""
        return self._presence.state

    @property
    def last_heartbeat(self) -> Heartbeat | None:
        """What the board said last of itself in this boot."""
        return self._beat

    def stream_drifts_ppm(self) -> dict[int, float]:
        """Return how much faster streams are sampled than announced, where it is known."""
        return self._streams.drifts_ppm()

    # What the shell calls

    def open(self, *, now_s: float) -> None:
        """The port is open. Raises IllegalInputError: it was already."""
        self._presence.handle(Input.OPEN, now_s=now_s)
        self._board_seq = None
        self._ask_hello(now_s)

    def close(self, reason: str, remedy: str, *, now_s: float) -> None:
        """The port is gone. Raises IllegalInputError: it was not open."""
        self._presence.handle(Input.CLOSE, now_s=now_s)
        self._tell_loss(reason, remedy, now_s)
        self._events += self.commands.on_board_gone(now_s=now_s)
        self._alive_due_s = self._time_due_s = self._ask_due_s = NEVER_S
        self._outgoing.clear()
        self._time_asked = None
        self._is_introduced = False

    def events_received(self) -> list[Event]:
        """Return, once, what was learned since the last call."""
        events, self._events = self._events, []
        return events

    def data_to_send(self) -> bytes:
        """Return, once, the bytes to write."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    @property
    def next_wake_s(self) -> float:
        """When to call `tick` at the latest; infinity while the port is closed."""
        if self.state is State.CLOSED:
            return NEVER_S
        due = [self._alive_due_s, self._time_due_s, self._ask_due_s, self._presence.deadline_s]
        if self.state is State.CONNECTED:
            due.append(self.commands.next_wake_s)
        return min(due_s for due_s in due if due_s is not None)

    def tick(self, *, now_s: float) -> None:
        """Do what is due."""
        if self.state is State.CLOSED:
            return
        if self._presence.is_due(now_s=now_s):
            self._on_deadline(now_s)
        if now_s >= self._ask_due_s:
            self._ask_hello(now_s)
        if now_s >= self._alive_due_s:
            self._send(HostAlive(self.host_state))
            self._alive_due_s = now_s + ALIVE_EVERY_S
        if now_s >= self._time_due_s:
            self._ask_time(now_s)
        if self.state is State.CONNECTED:
            self._command(now_s)

    def _on_deadline(self, now_s: float) -> None:
        if self._presence.handle(Input.DEADLINE, now_s=now_s) is State.SILENT:
            self._events.append(BoardSilent(self._boot_id, _us(now_s)))
            return
        reason = f"no heartbeat for {LOSS_S:.0f} s"
        self._tell_loss(reason, "look at the board's lamp, unplug the board and plug it in again", now_s)
        self._events += self.commands.on_board_gone(now_s=now_s)
        self._ask_hello(now_s)

    def press_stored(self, press: PressIdentity) -> None:
        """The press is on disk: the board may stop resending, and lights its lamp."""
        self._acknowledge(self.presses.advance(press, AckLevel.STORED))

    def press_shown(self, press: PressIdentity) -> None:
        """A person has seen the press."""
        self._acknowledge(self.presses.advance(press, AckLevel.SHOWN))

    def show_output(
        self, output: OutputId, pattern: OutputPattern, level: int = 255, *, now_s: float
    ) -> None:
        """Drive a lamp or the buzzer so until told otherwise, through resets and replugs."""
        self.commands.outputs.show(output, pattern, level, now_s=now_s)
        self.tick(now_s=now_s)

    def pulse_output(
        self, output: OutputId, pattern: OutputPattern, level: int, ttl_ms: int, *, now_s: float
    ) -> None:
        """Drive a lamp or the buzzer so once, for `ttl_ms`."""
        self.commands.outputs.pulse(output, pattern, level, ttl_ms, now_s=now_s)
        self.tick(now_s=now_s)

    def set_stream(self, stream_id: int, *, is_on: bool, rate_index: int = 0, now_s: float) -> None:
        """Let a stream run or rest until told otherwise; StreamNotSet follows when it does not obey."""
        self._events += self.commands.set_stream(StreamWish(stream_id, is_on, rate_index), now_s=now_s)
        self.tick(now_s=now_s)

    def enter_bootloader(self, uid: bytes, *, now_s: float) -> None:
        """Stop the streams and send the board called `uid` to its boot loader; BootloaderEntered or
        BootloaderRefused follows. Raises IllegalInputError: it was asked and has not answered yet.
        """
        self._events += self.commands.enter_bootloader(uid, now_s=now_s)
        self.tick(now_s=now_s)

    # What the board says

    def handle(self, frame: frames.Frame, *, now_s: float) -> None:
        """Take one sound frame. Raises IllegalInputError: the port is closed."""
        if self.state is State.CLOSED:
            raise IllegalInputError(f"frame of type {frame.message_type:#04x} in {self.state.name}")
        message = parse_from_board(frame)
        if frame.boot_id == 0:
            self.malformed_messages += 1
            return
        if isinstance(message, Hello):
            self._on_hello(message, frame, now_s)
            return
        if self._hello is None or not self._is_introduced or frame.boot_id != self._boot_id:
            self._on_stranger(now_s)
            return
        self._count_seq(frame)
        self.clock.on_frame(said_us=frame.t_us, arrival_us=_us(now_s))
        self._on_message(message, frame, self._hello.uid, now_s)

    def _on_message(
        self, message: AfterHello | Refusal, frame: frames.Frame, uid: bytes, now_s: float
    ) -> None:
        match message:
            case Refusal.UNKNOWN_TYPE:
                self.unknown_messages += 1
            case Refusal.MALFORMED:
                self.malformed_messages += 1
            case Samples():
                box_t_us = self.clock.to_box_us(message.t_first_us, arrival_us=_us(now_s))
                self._events += self._streams.on_samples(message, box_t_us=box_t_us)
            case Gap():
                self._events += self._streams.on_gap(message)
            case Heartbeat():
                self._on_heartbeat(message, uid, now_s)
            case BoardEvent():
                self._on_event(message, uid, now_s)
            case LeadStateChange():
                self._on_lead_state(message, frame, now_s)
            case TimeRsp():
                self._on_time(message, uid, now_s)
            case OutputRsp():
                self._events += self.commands.on_answer(message.command_id, message.code, now_s=now_s)
            case BoardError():
                self._events += self.commands.on_answer(message.command_id, None, now_s=now_s)
            case _:
                assert_never(message)

    def _on_hello(self, hello: Hello, frame: frames.Frame, now_s: float) -> None:
        before = self._hello
        is_same = before is not None and (before.uid, self._boot_id) == (hello.uid, frame.boot_id)
        was_connected = self.state in (State.CONNECTED, State.SILENT)
        self._presence.handle(Input.HELLO, now_s=now_s)
        self._ask_due_s = NEVER_S
        self._hello = hello
        self._is_introduced = True
        if not is_same:
            self._start_boot(hello, frame.boot_id)
            is_reset = before is not None and before.uid == hello.uid
            if is_reset and self.resets.on_reset(now_s=now_s):
                self._events.append(ResetsAlarm(hello.uid, RESETS_ALARM_COUNT, _us(now_s)))
        self._count_seq(frame)
        self._send(HostHello(frames.PROTOCOL_MAJOR, PROTO_MINOR, SCHEMA_HASH))
        if not (is_same and was_connected):
            self._events.append(introduction(hello, board_boot=self._boot_id, box_t_us=_us(now_s)))
            self._is_loss_told = False
            self._alive_due_s = self._time_due_s = now_s
            self._time_count = 0
            stream_ids = tuple(stream.stream_id for stream in spoken_streams(hello))
            self._events += self.commands.on_board(hello, stream_ids, now_s=now_s)
            self.tick(now_s=now_s)

    def _start_boot(self, hello: Hello, boot_id: int) -> None:
        self._boot_id = boot_id
        self._board_seq = None
        self._time_asked = None
        self._fault, self._is_drifting, self._beat = None, False, None
        self._seen_events.clear()
        self.clock.restart()
        self._streams = StreamBook(boot_id, spoken_streams(hello), counts=self.stream_counts)
        self.presses.begin_boot(hello.uid, boot_id)

    def _on_stranger(self, now_s: float) -> None:
        """A board that was not introduced: nothing of it is used; it resends what matters."""
        self.early_frames += 1
        self._presence.handle(Input.STRANGER, now_s=now_s)
        if now_s >= self._asked_s + ASK_HELLO_AT_ONCE_S:
            self._ask_hello(now_s)

    def _on_heartbeat(self, beat: Heartbeat, uid: bytes, now_s: float) -> None:
        self._beat = beat
        was_silent = self.state is State.SILENT
        if self._presence.handle(Input.HEARTBEAT, now_s=now_s) is State.WAITING:
            self._ask_hello(now_s)
        if was_silent:
            self._events.append(BoardResumed(self._boot_id, _us(now_s)))
        box_t_us = self.clock.to_box_us(beat.now_us, arrival_us=_us(now_s))
        self._events += self.presses.on_count(uid, self._boot_id, beat.press_count, box_t_us=box_t_us)
        if beat.button == ButtonState.DOWN and beat.press_count:
            press = PressIdentity(uid, self._boot_id, beat.press_count)
            self._events += self._hold.seen_down(press, at_us=box_t_us)
        self._tell_fault(button_fault(beat), uid, now_s)

    def _on_event(self, event: BoardEvent, uid: bytes, now_s: float) -> None:
        is_current = event.origin_boot_id == self._boot_id
        box_t_us = _us(now_s)  # an edge of an earlier boot: its clock is gone
        if is_current:
            box_t_us = self.clock.to_box_us(event.t_edge_us, arrival_us=box_t_us)
        is_button = event.source == EventSource.CALL_BUTTON
        if is_button and event.kind in (EventKind.PRESS, EventKind.PRESSED_AT_BOOT):
            raised, ack = self.presses.on_press(uid, event, is_current=is_current, box_t_us=box_t_us)
            self._events += raised
            self._acknowledge(ack)
            if is_current:
                is_known_since = event.kind == EventKind.PRESS
                self._hold.pressed(_press_of(uid, event), at_us=box_t_us, is_known_since=is_known_since)
            return
        self._acknowledge(EventAck(event.event_id, event.origin_boot_id, AckLevel.STORED))
        if self._is_repeated(event.event_id, event.origin_boot_id):
            return
        if event.source == EventSource.CAMERA_BUTTON and is_current:  # a wish of an earlier boot is over
            self._on_camera_button(event, uid, box_t_us)
        if not is_button:
            return
        if event.kind == EventKind.RELEASE:
            self._events.append(ButtonReleased(uid, event.origin_boot_id, event.press_count, box_t_us))
            if is_current:
                self._events += self._hold.released(_press_of(uid, event), at_us=box_t_us)
        elif event.kind == EventKind.STUCK:
            self._tell_fault(ButtonFaultKind.STUCK, uid, now_s)
        # a loop fault says in the next heartbeat which it is

    def _on_camera_button(self, event: BoardEvent, uid: bytes, box_t_us: int) -> None:
        if event.kind in (EventKind.PRESS, EventKind.RELEASE):
            is_down = event.kind == EventKind.PRESS
            self._events.append(CameraButton(uid, self._boot_id, is_down, box_t_us))

    def _on_lead_state(self, change: LeadStateChange, frame: frames.Frame, now_s: float) -> None:
        self._acknowledge(EventAck(change.event_id, frame.boot_id, AckLevel.STORED))
        if not self._is_repeated(change.event_id, frame.boot_id):
            self._events.append(LeadState(change.stream_id, change.mask, change.probe, _us(now_s)))

    def _on_time(self, answer: TimeRsp, uid: bytes, now_s: float) -> None:
        if self._time_asked is None or self._time_asked[0] != answer.cookie:
            return
        self.clock.on_exchange(
            sent_us=self._time_asked[1],
            received_us=_us(now_s),
            board_rx_us=answer.t_rx_us,
            board_tx_us=answer.t_tx_us,
        )
        self._time_asked = None
        if self.clock.is_drift_excessive != self._is_drifting:
            self._is_drifting = not self._is_drifting
            drift_ppm = (1 / self.clock.rate - 1) * 1e6
            self._events.append(ClockDrift(uid, drift_ppm, self._is_drifting, _us(now_s)))

    # What the host says

    def _send(self, message: HostMessage, *, is_retransmission: bool = False) -> None:
        frame = frame_of(message, seq=self._seq, boot_id=self._boot_id, is_retransmission=is_retransmission)
        self._outgoing += frames.encode(frame)
        self._seq = (self._seq + 1) & 0xFFFF

    def _acknowledge(self, ack: EventAck | None) -> None:
        if ack is not None and self.state is not State.CLOSED:
            self._send(ack)

    def _ask_hello(self, now_s: float) -> None:
        self._send(GetHello())
        self._asked_s = now_s
        self._ask_due_s = now_s + ASK_HELLO_EVERY_S

    def _ask_time(self, now_s: float) -> None:
        cookie = self._seq << 8 | self._time_count & 0xFF
        self._time_asked = (cookie, _us(now_s))
        self._send(TimeReq(cookie))
        self._time_count += 1
        self._time_due_s = now_s + pause_s(self._time_count)

    def _command(self, now_s: float) -> None:
        commands, events = self.commands.due(now_s=now_s)
        for command, is_retransmission in commands:
            self._send(command, is_retransmission=is_retransmission)
        self._events += events

    # Book-keeping

    def _count_seq(self, frame: frames.Frame) -> None:
        if self._board_seq is not None:
            self.lost_frames += (frame.seq - self._board_seq - 1) & 0xFFFF
        self._board_seq = frame.seq

    def _is_repeated(self, event_id: int, boot_id: int) -> bool:
        if (event_id, boot_id) in self._seen_events:
            return True
        self._seen_events.append((event_id, boot_id))
        return False

    def _tell_fault(self, fault: ButtonFaultKind | None, uid: bytes, now_s: float) -> None:
        if fault is not self._fault:
            self._fault = fault
            self._events.append(ButtonFault(uid, fault, _us(now_s)))

    def _tell_loss(self, reason: str, remedy: str, now_s: float) -> None:
        if not self._is_loss_told:
            self._is_loss_told = True
            self._events.append(BoardLost(reason, remedy, _us(now_s)))


def _press_of(uid: bytes, event: BoardEvent) -> PressIdentity:
    return PressIdentity(uid, event.origin_boot_id, event.press_count)


def _us(now_s: float) -> int:
    return round(now_s * US_PER_S)
