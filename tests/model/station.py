"""A box as the hub and the nurse see it: the real table of the station, a disk, a board, an uplink.

It does what `edge.call.call_service` and the uplink do around the table: each press and each step a record in
one transaction with the call's state, records in their order and again until a receipt names them.
"""

import contextlib
import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from contract.events import CallStep, Event, Press
from contract.ids import SpoolId, StationId
from contract.ranges import SeqRanges
from contract.signals import CallState, Practice, RingStation
from edge.call.press_meaning import PressMeaning
from edge.call.saved_call import restored_call, saved_call
from edge.call.station_call import StationCall
from edge.errors import IllegalInputError

S: Final = 1_000_000
RESEND_US: Final = 3 * S  # class 0 without a receipt: a new connection
STORE_US: Final = 40_000  # of a press, until it is on the card


@dataclass(frozen=True, slots=True)
class Written:
    """One record of class 0."""

    seq: int
    event: Event
    boot: int
    t_us: int
    visit: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """Records of one spool on their way."""

    records: tuple[Written, ...]
    boot: int
    sent_t_us: int


@dataclass(frozen=True, slots=True)
class Hello:
    """What a box says of itself when it is connected, `is_first`, and at each step: its open call."""

    open_call: int | None
    is_first: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """The hub has these on disk."""

    committed: SeqRanges


Up = Parcel | Hello
Down = Receipt | CallState | RingStation | Practice


@dataclass(slots=True)
class Storing:
    """A press that is on its way to the disk."""

    meaning: PressMeaning
    is_by_itself: bool
    done_us: int


@dataclass(slots=True)
class Station:
    """`send`: puts something on the wire, if there is a connection. Times are of the whole world, in µs.

    `at_hub`: what receipts have named; `heard`: what the hub said of calls, in this process's life or before.
    """

    name: StationId
    spool: SpoolId
    send: Callable[[Up], None]
    may_answer: bool = False
    visit: int = 1
    records: list[Written] = field(default_factory=list)
    at_hub: SeqRanges = field(default_factory=SeqRanges)
    call: StationCall | None = None  # of the process; None: none runs
    is_connected: bool = False
    heard: list[CallState] = field(default_factory=list)
    unstored: int = 0  # presses that the board has told of and no disk has
    _storing: Storing | None = None
    _saved: dict[str, Any] | None = None
    _boot: int = 0
    _zero_us: int = 0
    _sent_us: int | None = None  # the oldest of what is owed was sent then
    _sent: set[int] = field(default_factory=set)  # on this connection

    # Power and processes

    def begin_boot(self, *, now_us: int) -> None:
        """The box starts in another boot: its clock begins anew."""
        self._boot += 1
        self._zero_us = now_us
        self.start(now_us=now_us)

    def start(self, *, now_us: int) -> None:
        """`edge vitals` starts, takes up what is on the disk, and hears from the board what nobody stored."""
        saved = copy.deepcopy(self._saved)
        self.call = restored_call(saved, boot_name=str(self._boot), now_s=self.now_s(now_us))
        self.tick(now_us=now_us)

    def kill(self) -> None:
        """`edge vitals` is killed; a press on its way to the disk is told again by the board."""
        if self._storing is not None and not self._storing.is_by_itself:
            self.unstored += 1
        self.call, self._storing, self.is_connected = None, None, False

    def cut_power(self) -> None:
        """Box and board lose their power; what no disk had is gone, and no lamp had said it."""
        self.kill()
        self.unstored = 0

    def sleep(self, by_us: int) -> None:
        """Its boot's clock is ahead at once: the box was suspended."""
        self._zero_us -= by_us

    @property
    def is_storing(self) -> bool:
        """Whether a press of the button is on its way to the disk."""
        return self._storing is not None and not self._storing.is_by_itself

    # The nurse

    def press(self, *, now_us: int) -> None:
        """The button goes down."""
        self.unstored += 1
        self.tick(now_us=now_us)

    def hold(self, *, now_us: int) -> bool:
        """The button of the last press is still down after two seconds; whether that is an emergency now."""
        pressed = [one.seq for one in self.records if isinstance(one.event, Press)]
        if self.call is None or self._storing is not None or not pressed:
            return False
        event = self.call.call_to_raise(pressed[-1])
        if event is None:
            return False
        self.call.raised(event, len(self.records) + 1, now_s=self.now_s(now_us))
        self._write([event], now_us)
        self._tell(now_us)
        return True

    def do(self, deed: Callable[[StationCall, float], None], *, now_us: int) -> bool:
        """Somebody at the station does something; whether there was anything to do."""
        if self.call is None:
            return False
        try:
            deed(self.call, self.now_s(now_us))
        except IllegalInputError:
            return False
        self._tell(now_us)
        return True

    # The link

    def connect(self, *, now_us: int) -> None:
        """The box has a connection, perhaps another one."""
        if self.call is None:
            return
        self.is_connected, self._sent, self._sent_us = True, set(), None
        self.call.link_came(now_s=self.now_s(now_us))
        self._tell(now_us)
        self.send(Hello(self.call.call_seq, is_first=True))
        self._send_owed(now_us)

    def hear(self, message: Down, *, now_us: int) -> None:
        """Something of the hub has come."""
        if self.call is None or not self.is_connected:
            return
        with contextlib.suppress(IllegalInputError):  # late, or of another call: the service ignores it too
            self._hear(self.call, message, self.now_s(now_us))
        self._tell(now_us)

    def _hear(self, call: StationCall, message: Down, now_s: float) -> None:
        match message:
            case Receipt(committed):
                for low, high in committed:
                    self.at_hub.add(low, high)
                call.nudges_received(committed)
                call.receipt(committed, now_s=now_s)
                if not self.owed:
                    self._sent_us = None
            case CallState():
                self.heard.append(message)
                call.hub_says(
                    message.call_seq,
                    message.state,
                    revision=message.revision,
                    by=message.by,
                    phone=message.phone,
                    now_s=now_s,
                )
            case RingStation():
                call.hub_rings(message, may_answer=self.may_answer, now_s=now_s)
            case Practice(lease_s=0):
                call.practise_no_more(name=message.name)
            case Practice():
                call.practise(
                    message.kind, name=message.name, by=message.by, lease_s=message.lease_s, now_s=now_s
                )

    # Time

    def now_s(self, now_us: int) -> float:
        """The box's own clock."""
        return (now_us - self._zero_us) / S

    @property
    def next_us(self) -> int | None:
        """When it has something to do by itself."""
        if self.call is None:
            return None
        at_s = self.call.next_s
        due = None if at_s is None else math.ceil(at_s * S) + 1 + self._zero_us
        if self._sent_us is not None and self.is_connected:
            again_us = self._sent_us + RESEND_US
            due = again_us if due is None else min(due, again_us)
        if self._storing is not None:
            due = self._storing.done_us if due is None else min(due, self._storing.done_us)
        return due

    def tick(self, *, now_us: int) -> None:
        """Do what is due."""
        if self.call is None:
            return
        if self._storing is not None and now_us >= self._storing.done_us:
            self._stored(self.call, self._storing, now_us)
        if self.call.tick(now_s=self.now_s(now_us)) and self._storing is None:
            self._begin(self.call, now_us, is_by_itself=True)
        if self._storing is None and self.unstored:
            self.unstored -= 1
            self._begin(self.call, now_us, is_by_itself=False)
        self._tell(now_us)
        if self.is_connected and self._sent_us is not None and now_us >= self._sent_us + RESEND_US:
            self.connect(now_us=now_us)

    @property
    def owed(self) -> list[Written]:
        """What the hub has not said that it has, oldest first."""
        return [one for one in self.records if one.seq not in self.at_hub]

    # The disk

    def _begin(self, call: StationCall, now_us: int, *, is_by_itself: bool) -> None:
        meaning = call.begin_press(is_by_itself=is_by_itself)
        self._storing = Storing(meaning, is_by_itself, now_us + STORE_US)

    def _stored(self, call: StationCall, storing: Storing, now_us: int) -> None:
        meaning, seq = storing.meaning, len(self.records) + 1
        event = Press(
            device="board",
            device_boot=1,
            press_count=seq,
            learned_from="auto answer" if storing.is_by_itself else "event",
            nudges=meaning.nudges,
            answers=meaning.answers,
            practice=meaning.practice,
        )
        self._storing = None
        call.press(seq, meaning, now_s=self.now_s(now_us))
        self._write([event, *meaning.told], now_us)

    def _tell(self, now_us: int) -> None:
        """Record what the call tells, and how it stands."""
        if self.call is not None:
            self._write(self.call.take_told(), now_us)

    def _write(self, events: Sequence[Event], now_us: int) -> None:
        for event in events:
            t_us = now_us - self._zero_us
            self.records.append(Written(len(self.records) + 1, event, self._boot, t_us, self.visit))
        if self.call is not None:
            self._saved = saved_call(self.call, boot_name=str(self._boot))
        if events and self.is_connected:
            self._send_owed(now_us)
            if self.call is not None and any(isinstance(event, CallStep) for event in events):
                self.send(Hello(self.call.call_seq, is_first=False))

    def _send_owed(self, now_us: int) -> None:
        """Send what was not sent on this connection. A broker may have taken what no hub has."""
        new = [one for one in self.owed if one.seq not in self._sent]
        if new:
            self._sent.update(one.seq for one in new)
            self.send(Parcel(tuple(new), self._boot, now_us - self._zero_us))
            self._sent_us = now_us if self._sent_us is None else self._sent_us
