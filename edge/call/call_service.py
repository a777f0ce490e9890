"""The call of this station: each press stored before it is told, each step shown on the lamp.

What the nurse sees is never ahead of what is true: the lamp says "registered" only after the press is on this
disk, "at the hub" after the hub's receipt.
"""

import asyncio
import copy
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, Literal

from contract.events import CallStep, Press
from contract.ids import BootId, RecordClass, SpoolId, VisitNo, spool_text
from contract.ranges import SeqRanges
from contract.receipts import Receipt
from contract.signals import CallState
from edge.board_service import OurBoard
from edge.call.lamps import CALL_LAMP
from edge.call.station_call import State, StationCall, Step
from edge.capture.capture import Capture
from edge.clock import BoxClock
from edge.errors import IllegalInputError, SpoolError
from edge.spool.batch import Batch, Entry, OwedRecord, event_entry
from edge.spool.spool_service import SpoolThread
from firmware_bridge.board.messages import OutputId
from firmware_bridge.events import ButtonPressed, PressIdentity, PressKind

log = logging.getLogger(__name__)

STORE_AGAIN_S: Final = 1.0  # after the card refused a press
WORK_MAX: Final = 2_000  # what waits for the card; the bridge has at most 1024 presses open


class CallService:
    """Presses come in, steps go out. All methods on the loop; `board` is set before the first press can
    come.
    """

    board: OurBoard

    def __init__(
        self,
        call: StationCall,
        *,
        spool: SpoolThread,
        spool_id: SpoolId,
        capture: Capture,
        clock: BoxClock,
        boot: BootId,
        on_stored: Callable[[list[OwedRecord]], None],
        on_changed: Callable[[], None],
    ) -> None:
        self.call = call
        self._spool_id = spool_id
        self._spool, self._capture, self._clock, self._boot = spool, capture, clock, boot
        self._on_stored, self._on_changed = on_stored, on_changed
        self._work: deque[ButtonPressed | CallStep] = deque()
        self._has_work, self._is_idle = asyncio.Event(), asyncio.Event()
        self._epoch: int | None = None  # of the hub's store
        self._identity: PressIdentity | None = None  # of the press that opened the call, in this process
        self.unstored_presses = 0  # no disk takes them now: shown by `edge doctor`

    async def run(self) -> None:
        """Store presses and steps, one after the other, until cancelled."""
        self.show()
        while True:
            while self._work:
                match self._work[0]:
                    case ButtonPressed() as press:
                        await self._on_press(press)
                    case CallStep() as step:
                        await self._on_step(step)
                self._work.popleft()
            self._has_work.clear()
            self._is_idle.set()
            await self._has_work.wait()

    def _do(self, work: ButtonPressed | CallStep) -> None:
        if isinstance(work, CallStep) and len(self._work) >= WORK_MAX:
            log.warning("step %r of call %d is not recorded: the card is too slow", work.step, work.call_seq)
            return
        self._work.append(work)
        self._is_idle.clear()
        self._has_work.set()

    # From the bridge

    def pressed(self, press: ButtonPressed) -> None:
        """The button was pressed; told once, so it is ours until it is stored."""
        self._do(press)

    async def _on_press(self, press: ButtonPressed) -> None:
        """Store a press, however long the card refuses: the board tells of it once and warns the nurse."""
        identity = (press.uid.hex(), press.origin_boot_id, press.press_count)
        told: list[Entry] | None = None
        while True:
            try:
                if await self._spool.use(lambda spool: spool.press_seq(*identity)) is not None:
                    break
                if told is None:
                    told = self._capture.press(t_us=press.box_t_us, now_us=self._clock.now_us())
                    visit = self._capture.visit
                await self._store(press, identity, told, visit)
                break
            except SpoolError as error:
                log.log(logging.DEBUG if self.unstored_presses else logging.ERROR, "a press waits: %s", error)
                self.unstored_presses = sum(isinstance(one, ButtonPressed) for one in self._work)
                await asyncio.sleep(STORE_AGAIN_S)
        self.unstored_presses = 0
        self.board.press_stored(press.identity)
        self.show()

    async def _store(
        self, press: ButtonPressed, identity: tuple[str, int, int], told: list[Entry], visit: VisitNo
    ) -> None:
        event = Press(
            device=identity[0],
            device_boot=press.origin_boot_id,
            press_count=press.press_count,
            learned_from=_learned_from(press),
            nudges=self.call.call_seq if self.call.spool is None else None,  # else it is a call of its own
        )
        entry = event_entry(event, RecordClass.CALL, boot=self._boot, t_us=press.box_t_us, visit=visit)
        now = copy.deepcopy(self.call)

        def facts_of_seq(seq: int) -> dict[str, object]:
            then = copy.deepcopy(now)
            then.press(seq)
            return {"call": then.saved()}

        batch = Batch(
            entries=[entry, *told],
            press=identity,
            facts=self._capture.facts(),  # its visit is not given to somebody else after a restart
            facts_of_seq=facts_of_seq,
        )
        owed = await self._spool.store_now(batch)
        self.call.press(owed[0].seq)
        if self.call.call_seq == owed[0].seq:
            self._identity = press.identity
        self._on_stored(owed)

    async def press_anew(self, press: tuple[str, int, int] | None) -> None:
        """The record of the press that opened the call is lost with its spool, and the hub has not had it:
        store it again. `press` is its device, that one's boot and its count, None when nobody knows them.
        Raises SpoolError.
        """
        if self.call.spool is None or self.call.state is not State.REGISTERED:
            return
        device, device_boot, count = press or ("unknown", 0, 0)
        event = Press(device=device, device_boot=device_boot, press_count=count, learned_from="heartbeat")
        now_us = self._clock.now_us()
        entry = event_entry(event, RecordClass.CALL, boot=self._boot, t_us=now_us, visit=self._capture.visit)
        then = copy.deepcopy(self.call)

        def facts_of_seq(seq: int) -> dict[str, object]:
            then.pressed_anew(seq)
            return {"call": then.saved()}

        owed = await self._spool.store_now(Batch(entries=[entry], facts_of_seq=facts_of_seq))
        self.call.pressed_anew(owed[0].seq)
        self._on_stored(owed)

    # From the hub

    def on_receipt(self, receipt: Receipt) -> None:
        """The hub has these on disk."""
        if receipt.epoch != self._epoch:  # restored from a backup, it counts the revisions of calls anew
            self._epoch = receipt.epoch
            self.call.forget_revision()
        spool = self._foreign(receipt.spool)
        calls, seq = receipt.committed.get(RecordClass.CALL, SeqRanges()), self.call.call_seq
        if spool is None:
            self.call.nudges_received(calls)
        is_call = seq is not None and seq in calls and spool == self.call.spool
        if seq is not None and is_call and self.call.state is State.REGISTERED:
            self._take(seq, self.call.receipt(), spool)

    def on_signal(self, signal: CallState) -> None:
        """The hub says how the call is."""
        spool = self._foreign(SpoolId(int(signal.spool, 16)))
        try:
            step = self.call.hub_says(
                signal.call_seq, signal.state, revision=signal.revision, by=signal.by, spool=spool
            )
        except IllegalInputError as error:
            log.debug("ignored: %s", error)
            return
        self._take(signal.call_seq, step, spool)

    def _foreign(self, spool: SpoolId) -> str | None:
        """Return the name of a spool that is not the box's own."""
        return None if spool == self._spool_id else spool_text(spool)

    def on_connected(self) -> None:
        """What the hub says on this connection is what counts."""
        self.call.forget_revision()

    # From the nurse

    async def cancel(self) -> None:
        """The nurse cancels the open call; on disk on return. Raises IllegalInputError when there is none."""
        if self.call.state is State.IDLE:
            raise IllegalInputError("no call is open at this station: nothing was cancelled")
        seq, spool = self.call.call_seq, self.call.spool
        step = self.call.cancel()
        if seq is not None:
            self._take(seq, step, spool)
        await self._is_idle.wait()

    def _take(self, call_seq: int, step: Step | None, spool: str | None) -> None:
        if step is not None:
            self.show()
            if step == "claimed" and self._identity is not None:
                self.board.press_shown(self._identity)  # the board's own lamp says so should the box die
            self._do(CallStep(call_seq=call_seq, step=step, spool=spool))

    async def _on_step(self, step: CallStep) -> None:
        """Store a step; on a card that refuses it the call goes on without it."""
        entry = event_entry(
            step, RecordClass.CALL, boot=self._boot, t_us=self._clock.now_us(), visit=self._capture.visit
        )
        try:
            self._on_stored(
                await self._spool.store_now(Batch(entries=[entry], facts={"call": self.call.saved()}))
            )
        except SpoolError as error:
            log.error("step %r of call %d could not be stored: %s", step.step, step.call_seq, error)
        self._on_changed()

    def show(self) -> None:
        """Set the lamp to what is true now."""
        self.board.show_output(OutputId.CALL_LED, CALL_LAMP[self.call.state])


def _learned_from(press: ButtonPressed) -> Literal["event", "heartbeat", "pressed at boot"]:
    if press.event_id is None:
        return "heartbeat"
    return "pressed at boot" if press.kind is PressKind.PRESSED_AT_BOOT else "event"
