"""What the call puts on the card, one after the other: presses, emergencies, what it told, how it stands.

A press or an emergency waits for the card however long that refuses; the board tells of it once, and warns
the nurse meanwhile. A step that the card refuses is lost, and the call goes on without it.
"""

import asyncio
import contextlib
import copy
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from contract.events import Event, Press
from contract.ids import BootId, RecordClass, VisitNo
from edge.call.press_meaning import PressMeaning
from edge.call.saved_call import saved_call
from edge.call.station_call import StationCall
from edge.call.station_table import OWED
from edge.capture.capture import Capture
from edge.clock import BoxClock
from edge.errors import SpoolError
from edge.spool.batch import Batch, Entry, OwedRecord, event_entry
from edge.spool.spool_service import SpoolThread
from firmware_bridge.events import ButtonHeld, ButtonPressed, PressIdentity, PressKind

log = logging.getLogger(__name__)

STORE_AGAIN_S: Final = 1.0  # after the card refused
FINISH_S: Final = 5.0  # for a card that stalls, when `edge vitals` ends
WORK_MAX: Final = 2_000  # what waits for the card; the bridge has at most 1024 presses open


@dataclass(frozen=True, slots=True)
class OwnPress:
    """A press that no button tells of: at the panel, or by the station's policy. It answers `ring`, or is
    none when that is over."""

    device: Literal["panel", "policy"]
    t_us: int
    ring: str


@dataclass(frozen=True, slots=True)
class OwnRaise:
    """Somebody at the panel says that the open call is an emergency."""

    t_us: int


@dataclass(frozen=True, slots=True)
class _Told:
    """Events to be recorded, with how the call stands by then."""

    events: tuple[Event, ...]


Work = ButtonPressed | OwnPress | ButtonHeld | OwnRaise | _Told


class CallRecords:
    """All methods on the loop. `on_moved`: the call has moved by what was stored. `on_pressed`: that press of
    the board's is on the disk, and whether it opened the call. `on_told`: the record has these steps."""

    def __init__(
        self,
        call: StationCall,
        *,
        spool: SpoolThread,
        capture: Capture,
        clock: BoxClock,
        boot: BootId,
        on_stored: Callable[[list[OwedRecord]], None],
        on_moved: Callable[[], None],
        on_pressed: Callable[[PressIdentity, bool], None],
        on_told: Callable[[Sequence[Event]], None],
    ) -> None:
        self._call = call
        self._spool, self._capture, self._clock, self._boot = spool, capture, clock, boot
        self._on_stored, self._on_moved = on_stored, on_moved
        self._on_pressed, self._on_told = on_pressed, on_told
        self._work: deque[Work] = deque()
        self._has_work, self._is_idle = asyncio.Event(), asyncio.Event()
        self._saved: dict[str, Any] | None = saved_call(call, boot_name=clock.boot_name)
        self._is_ending = False  # what the card refuses now it does not take later
        self.unstored_presses = 0  # no disk takes them now: shown by `edge doctor`

    async def run(self) -> None:
        """Store one thing after the other, until cancelled."""
        while True:
            await self._store_all()
            self._has_work.clear()
            self._is_idle.set()
            await self._has_work.wait()

    async def _store_all(self) -> None:
        while self._work:
            match self._work[0]:
                case ButtonPressed() | OwnPress() as press:
                    await self._store_press(press)
                case ButtonHeld() | OwnRaise() as held:
                    await self._store_raise(held)
                case _Told(events):
                    await self._store_told(events)
            self._work.popleft()

    async def finish(self) -> list[ButtonPressed | ButtonHeld]:
        """`edge vitals` ends, or has another spool from now on: store what the button told, for a button of
        the box itself tells it once. Return what this card does not take.
        """
        self._work = deque(one for one in self._work if isinstance(one, ButtonPressed | ButtonHeld))
        self._is_ending = True
        with contextlib.suppress(TimeoutError, SpoolError):
            async with asyncio.timeout(FINISH_S):
                await self._store_all()
        return [one for one in self._work if isinstance(one, ButtonPressed | ButtonHeld)]

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits for the card."""
        return self._is_idle.is_set()

    async def until_idle(self) -> None:
        """Return when nothing waits for the card."""
        await self._is_idle.wait()

    def do(self, work: ButtonPressed | OwnPress | ButtonHeld | OwnRaise) -> None:
        """Store it in its turn; told once, it is ours until then."""
        self._work.append(work)
        self._is_idle.clear()
        self._has_work.set()

    def tell(self, events: Sequence[Event]) -> None:
        """Record these events, and how the call stands now, where that is new."""
        now = saved_call(self._call, boot_name=self._clock.boot_name)
        if not events and now == self._saved:
            return
        self._saved = now
        if len(self._work) >= WORK_MAX:
            log.warning("not recorded, the card is too slow: %s", events)
            return
        self._work.append(_Told(tuple(events)))
        self._is_idle.clear()
        self._has_work.set()

    def _facts(self, call: StationCall) -> dict[str, Any]:
        return {"call": saved_call(call, boot_name=self._clock.boot_name)}

    def _facts_after(self, change: Callable[[StationCall, int], None]) -> Callable[[int], dict[str, Any]]:
        """Return what is saved with a record of that seq: the call of now, changed. It is asked in the
        spool's thread, so the call of now is a copy."""
        now = copy.deepcopy(self._call)

        def facts_of_seq(seq: int) -> dict[str, Any]:
            then = copy.deepcopy(now)
            change(then, seq)
            return self._facts(then)

        return facts_of_seq

    def _have_stored(self, owed: list[OwedRecord], change: Callable[[StationCall, int], None]) -> None:
        """The first of these makes that change, which is saved with it."""
        change(self._call, owed[0].seq)
        self._saved = self._facts(self._call)["call"]
        self._on_stored(owed)

    def _entry(self, event: Event, t_us: int, visit: VisitNo) -> Entry:
        return event_entry(event, RecordClass.CALL, boot=self._boot, t_us=t_us, visit=visit)

    # Presses

    async def _store_press(self, press: ButtonPressed | OwnPress) -> None:
        batch: Batch | None = None
        meaning, now_s = PressMeaning(), self._clock.now_s()

        def change(call: StationCall, seq: int) -> None:
            call.press(seq, meaning, now_s=now_s)

        has_opened = False
        while True:
            try:
                if isinstance(press, ButtonPressed) and await self._seq_of(press.identity) is not None:
                    break
                if batch is None:
                    if isinstance(press, OwnPress) and press.ring != self._call.ring.name:
                        return  # the ring is over, or answered by a press before this
                    meaning = self._call.begin_press(is_by_itself=_is_by_itself(press))
                    batch = self._batch(press, meaning)
                now_s = self._clock.now_s()
                owed = await self._spool.store_now(replace(batch, facts_of_seq=self._facts_after(change)))
            except SpoolError as error:
                if self._is_ending:
                    raise
                log.log(logging.DEBUG if self.unstored_presses else logging.ERROR, "a press waits: %s", error)
                self.unstored_presses = sum(isinstance(one, ButtonPressed | OwnPress) for one in self._work)
                await asyncio.sleep(STORE_AGAIN_S)
            else:
                self._have_stored(owed, change)
                has_opened = self._call.call_seq == owed[0].seq
                break
        self.unstored_presses = 0
        if isinstance(press, ButtonPressed):
            self._on_pressed(press.identity, has_opened)
        self._on_moved()

    def _batch(self, press: ButtonPressed | OwnPress, meaning: PressMeaning) -> Batch:
        """Return the press, and all that must be on the disk with it."""
        event, t_us, identity = _event_of(press, meaning, boot=self._boot)
        waiting = self._capture.press(t_us=t_us, now_us=self._clock.now_us())
        visit = self._capture.visit
        told = [self._entry(one, t_us, visit) for one in meaning.told]
        return Batch(
            entries=[self._entry(event, t_us, visit), *told, *waiting],
            press=identity,
            facts=self._capture.facts(),  # its visit is not given to somebody else after a restart
        )

    async def _seq_of(self, press: PressIdentity) -> int | None:
        """Return which record that press is, if it is on the disk. Raises SpoolError."""
        name = (press.uid.hex(), press.origin_boot_id, press.press_count)
        return await self._spool.use(lambda spool: spool.press_seq(*name))

    async def store_anew(self, press: tuple[str, int, int] | None) -> None:
        """The record of the press that opened the call is lost with its spool, and the hub has not had it:
        store it again. `press` is its device, that one's boot and its count, None when nobody knows them.
        Raises SpoolError.
        """
        call = self._call
        if call.spool is None or call.state not in OWED:
            return
        device, device_boot, count = press or ("unknown", 0, 0)
        event = Press(
            device=device,
            device_boot=device_boot,
            press_count=count,
            learned_from="heartbeat",
            practice=call.practice,
        )
        entry = self._entry(event, self._clock.now_us(), self._capture.visit)
        facts_of_seq = self._facts_after(StationCall.pressed_anew)
        owed = await self._spool.store_now(Batch(entries=[entry], facts_of_seq=facts_of_seq))
        self._have_stored(owed, StationCall.pressed_anew)

    # Emergencies

    async def _store_raise(self, held: ButtonHeld | OwnRaise) -> None:
        while True:
            try:
                if await self._try_raise(held):
                    self._on_moved()
                return
            except SpoolError as error:
                if self._is_ending:
                    raise
                log.error("an emergency waits: %s", error)
                await asyncio.sleep(STORE_AGAIN_S)

    async def _try_raise(self, held: ButtonHeld | OwnRaise) -> bool:
        """Return whether the call is an emergency that was none. Raises SpoolError."""
        seq = self._call.call_seq if isinstance(held, OwnRaise) else await self._seq_of(held.identity)
        event = None if seq is None else self._call.call_to_raise(seq)
        if event is None:
            return False
        t_us = held.t_us if isinstance(held, OwnRaise) else held.box_t_us
        now_s = self._clock.now_s()

        def change(call: StationCall, seq: int) -> None:
            call.raised(event, seq, now_s=now_s)

        entry = self._entry(event, t_us, self._capture.visit)
        batch = Batch(entries=[entry], facts_of_seq=self._facts_after(change))
        self._have_stored(await self._spool.store_now(batch), change)
        return True

    # Whatever else it tells

    async def _store_told(self, events: tuple[Event, ...]) -> None:
        t_us, visit = self._clock.now_us(), self._capture.visit
        entries = [self._entry(event, t_us, visit) for event in events]
        try:
            owed = await self._spool.store_now(Batch(entries=entries, facts=self._facts(self._call)))
        except SpoolError as error:
            log.error("%s could not be stored: %s", events, error)
            self._saved = None  # how the call stands goes with whatever comes next
        else:
            self._on_stored(owed)
        self._on_told(events)


def _is_by_itself(press: ButtonPressed | OwnPress) -> bool:
    return isinstance(press, OwnPress) and press.device == "policy"


def _event_of(
    press: ButtonPressed | OwnPress, meaning: PressMeaning, *, boot: BootId
) -> tuple[Press, int, tuple[str, int, int] | None]:
    """Return the event, when it was, and by what it is known to be stored already."""
    what: dict[str, Any] = {
        "nudges": meaning.nudges,
        "answers": meaning.answers,
        "practice": meaning.practice,
    }
    if isinstance(press, OwnPress):
        learned_from = "auto answer" if press.device == "policy" else "event"
        names = {"device": press.device, "device_boot": boot, "press_count": press.t_us}
        return Press.model_validate({**names, "learned_from": learned_from, **what}), press.t_us, None
    identity = (press.uid.hex(), press.origin_boot_id, press.press_count)
    event = Press(
        device=identity[0],
        device_boot=press.origin_boot_id,
        press_count=press.press_count,
        learned_from=_learned_from(press),
        **what,
    )
    return event, press.box_t_us, identity


def _learned_from(press: ButtonPressed) -> Literal["event", "heartbeat", "pressed at boot"]:
    if press.event_id is None:
        return "heartbeat"
    return "pressed at boot" if press.kind is PressKind.PRESSED_AT_BOOT else "event"
