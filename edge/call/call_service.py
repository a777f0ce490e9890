"""The call of this station: each press stored before it is told, each step shown on the lamp.

What the nurse sees is never ahead of what is true: the lamp says "registered" only after the press is on this
disk, "at the hub" after the hub's receipt.
"""

import asyncio
import copy
import logging
from collections.abc import Callable
from typing import Literal

from contract.events import CallStep, Press
from contract.ids import BootId, RecordClass
from contract.receipts import Receipt
from contract.signals import CallState
from edge.call.lamps import CALL_LAMP
from edge.call.station_call import State, StationCall, Step
from edge.capture.capture import Capture
from edge.clock import BoxClock
from edge.errors import IllegalInputError, SpoolFullError
from edge.spool.batch import Batch, OwedRecord, event_entry
from edge.spool.spool_service import SpoolThread
from firmware_bridge.board.messages import OutputId
from firmware_bridge.bridge import BoardBridge
from firmware_bridge.events import ButtonPressed, PressKind

log = logging.getLogger(__name__)


class CallService:
    """Presses come in, steps go out. All methods on the loop; `bridge` is set before the first press can
    come.
    """

    bridge: BoardBridge

    def __init__(
        self,
        call: StationCall,
        *,
        spool: SpoolThread,
        capture: Capture,
        clock: BoxClock,
        boot: BootId,
        on_stored: Callable[[list[OwedRecord]], None],
        on_changed: Callable[[], None],
    ) -> None:
        self.call = call
        self._spool, self._capture, self._clock, self._boot = spool, capture, clock, boot
        self._on_stored, self._on_changed = on_stored, on_changed
        self._work: asyncio.Queue[ButtonPressed | CallStep] = asyncio.Queue()
        self.unstored_presses = 0  # a press that no disk would take: shown by `edge doctor`

    async def run(self) -> None:
        """Store presses and steps, one after the other, until cancelled."""
        self.show()
        while True:
            match await self._work.get():
                case ButtonPressed() as press:
                    await self._on_press(press)
                case CallStep() as step:
                    await self._on_step(step)

    # From the bridge

    def pressed(self, press: ButtonPressed) -> None:
        """The button was pressed; the board repeats it until it is stored."""
        self._work.put_nowait(press)

    async def _on_press(self, press: ButtonPressed) -> None:
        device = press.uid.hex()
        known = await self._spool.use(
            lambda spool: spool.press_seq(device, press.origin_boot_id, press.press_count)
        )
        if known is None and not await self._store(press, device):
            return  # not stored: the board is not told so, repeats it, and warns the nurse by itself
        self.bridge.press_stored(press.identity)
        self.show()

    async def _store(self, press: ButtonPressed, device: str) -> bool:
        now_us = self._clock.now_us()
        told = self._capture.press(t_us=press.box_t_us, now_us=now_us)
        event = Press(
            device=device,
            device_boot=press.origin_boot_id,
            press_count=press.press_count,
            learned_from=_learned_from(press),
            nudges=self.call.call_seq,
        )
        entry = event_entry(
            event, RecordClass.CALL, boot=self._boot, t_us=press.box_t_us, visit=self._capture.visit
        )
        before = copy.deepcopy(self.call)

        def facts_of_seq(seq: int) -> dict[str, object]:
            before.press(seq)
            return {"call": before.saved()}

        identity = (device, press.origin_boot_id, press.press_count)
        batch = Batch(entries=[entry, *told], press=identity, facts_of_seq=facts_of_seq)
        try:
            owed = await self._spool.store_now(batch)
        except SpoolFullError as error:
            self.unstored_presses += 1
            log.error("a press could not be stored: %s", error)
            return False
        self.call.press(owed[0].seq)
        self._on_stored(owed)
        return True

    # From the hub

    def on_receipt(self, receipt: Receipt) -> None:
        """The hub has these on disk."""
        calls = receipt.committed.get(RecordClass.CALL)
        seq = self.call.call_seq
        if seq is not None and self.call.state is State.REGISTERED and calls is not None and seq in calls:
            self._take(seq, self.call.receipt())

    def on_signal(self, signal: CallState) -> None:
        """The hub says how the call is."""
        try:
            step = self.call.hub_says(signal.call_seq, signal.state, revision=signal.revision, by=signal.by)
        except IllegalInputError as error:
            log.debug("ignored: %s", error)
            return
        self._take(signal.call_seq, step)

    # From the nurse

    def cancel(self) -> None:
        """The nurse cancels the open call. Raises IllegalInputError when there is none."""
        seq = self.call.call_seq
        step = self.call.cancel()
        if seq is not None:
            self._take(seq, step)

    def _take(self, call_seq: int, step: Step | None) -> None:
        if step is not None:
            self.show()
            self._work.put_nowait(CallStep(call_seq=call_seq, step=step))

    async def _on_step(self, step: CallStep) -> None:
        entry = event_entry(
            step, RecordClass.CALL, boot=self._boot, t_us=self._clock.now_us(), visit=self._capture.visit
        )
        self._on_stored(await self._spool.store(Batch(entries=[entry], facts={"call": self.call.saved()})))
        self._on_changed()

    def show(self) -> None:
        """Set the lamp to what is true now."""
        self.bridge.show_output(OutputId.CALL_LED, CALL_LAMP[self.call.state])


def _learned_from(press: ButtonPressed) -> Literal["event", "heartbeat", "pressed at boot"]:
    if press.event_id is None:
        return "heartbeat"
    return "pressed at boot" if press.kind is PressKind.PRESSED_AT_BOOT else "event"
