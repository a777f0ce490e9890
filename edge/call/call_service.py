"""The call of this station: who says what to the table, and who is told what came of it.

What the nurse sees is never ahead of what is true: the lamp says "registered" only after the press is on this
disk, "at the hub" after the hub's receipt. Each input is followed by `_after`, which shows, says and records
at once what it made of the call.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contract.events import CallStep, Event, PracticeKind
from contract.ids import BootId, RecordClass, SpoolId, spool_text
from contract.ranges import SeqRanges
from contract.receipts import Receipt
from contract.signals import CallState, Practice, RingStation
from edge.board_service import OurBoard
from edge.call.call_facts import call_facts
from edge.call.call_records_service import CallRecords, OwnPress, OwnRaise
from edge.call.lamps import CHIRPS, DARK, Chirp, Look, chime_of, lamp_of
from edge.call.prompts_due import Prompt, PromptsDue
from edge.call.station_call import StationCall
from edge.call.station_table import OPEN
from edge.capture.capture import Capture
from edge.clock import BoxClock
from edge.config import CallConfig
from edge.errors import IllegalInputError
from edge.spool.batch import OwedRecord
from edge.spool.spool_service import SpoolThread
from firmware_bridge.board.messages import OutputId, OutputPattern
from firmware_bridge.events import ButtonHeld, ButtonPressed, PressIdentity

log = logging.getLogger(__name__)

STATION: Final = "station"  # who asks here: nobody at the station is asked for a name


@dataclass(frozen=True, slots=True)
class CallEars:
    """Who is told of the call. `on_moved`: it stands otherwise, or may; `on_step`: the record has a step of
    it; `on_prompt`: this is to be said aloud."""

    on_stored: Callable[[list[OwedRecord]], None]
    on_moved: Callable[[], None]
    on_step: Callable[[], None]
    on_prompt: Callable[[Prompt], None]


class CallService:
    """Presses come in, steps go out. All methods on the loop; `board` is set before the first press can
    come.
    """

    board: OurBoard

    def __init__(
        self,
        call: StationCall,
        *,
        config: CallConfig,
        spool: SpoolThread,
        spool_id: SpoolId,
        capture: Capture,
        clock: BoxClock,
        boot: BootId,
        ears: CallEars,
    ) -> None:
        self.call = call
        self.records = CallRecords(
            call,
            spool=spool,
            capture=capture,
            clock=clock,
            boot=boot,
            on_stored=ears.on_stored,
            on_moved=self._after,
            on_pressed=self._on_pressed,
            on_told=self._on_told,
        )
        self._config, self._spool_id, self._clock, self._ears = config, spool_id, clock, ears
        self._prompts = PromptsDue(call)
        self._chime = DARK
        self._moved = asyncio.Event()  # its deadlines may be others
        self._epoch: int | None = None  # of the hub's store
        self._identity: PressIdentity | None = None  # of the press that opened the call, in this process

    async def run(self) -> None:
        """Keep the call's time and records until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_time(), name="call time")
            tasks.create_task(self.records.run(), name="call records")

    async def _keep_time(self) -> None:
        self._after()
        while True:
            self._moved.clear()
            next_s, now_s = self.call.next_s, self._clock.now_s()
            if next_s is not None and next_s <= now_s:
                ring = self.call.ring.name
                if self.call.tick(now_s=now_s):
                    self.records.do(OwnPress("policy", self._clock.now_us(), ring))
                self._after()
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if next_s is None else next_s - now_s):
                    await self._moved.wait()

    def _after(self) -> None:
        """Show, say and record what the last input made of the call."""
        told = self.call.take_told()
        self._show(self._prompts.after(self.call, told))
        if self._identity is not None and any(_is_claim(event) for event in told):
            self.board.press_shown(self._identity)  # the board's own lamp says so should the box die
        self.records.tell(told)
        self._moved.set()
        self._ears.on_moved()

    def _show(self, prompts: Sequence[Prompt]) -> None:
        self.board.show_output(OutputId.CALL_LED, *lamp_of(self.call))
        chime, self._chime = self._chime, chime_of(self.call)
        if self._chime != chime:
            self._sound(self._chime)
        for prompt in prompts:
            chirp = CHIRPS.get(prompt)
            if chirp is not None and self._chime == DARK:
                self._chirp(chirp)
            self._ears.on_prompt(prompt)

    def _chirp(self, chirp: Chirp) -> None:
        self.board.pulse_output(OutputId.BUZZER, chirp.pattern, chirp.ms)

    def _sound(self, chime: Look) -> None:
        """A chime is renewed as long as it holds; its end is said once, and the board's own alarm is free."""
        if chime == DARK:
            self.board.pulse_output(OutputId.BUZZER, OutputPattern.OFF, 1)
        else:
            self.board.show_output(OutputId.BUZZER, *chime)

    # From the button

    def on_button(self, event: ButtonPressed | ButtonHeld) -> None:
        """A press, or its button held: told once, so it is ours until it is stored."""
        self.records.do(event)

    def _on_pressed(self, press: PressIdentity, has_opened: bool) -> None:
        if has_opened:
            self._identity = press
        elif self._chime == DARK:  # the lamp stays as it is, and whoever presses again is answered too
            self._chirp(CHIRPS[Prompt.REGISTERED])
        self.board.press_stored(press)

    def _on_told(self, events: Sequence[Event]) -> None:
        if any(isinstance(event, CallStep) for event in events):
            self._ears.on_step()

    # From the hub

    def on_receipt(self, receipt: Receipt) -> None:
        """The hub has these on disk."""
        if receipt.epoch != self._epoch:  # restored from a backup, it counts the revisions of calls anew
            self._epoch = receipt.epoch
            self.call.forget_revision()
        spool = self._foreign(receipt.spool)
        calls = receipt.committed.get(RecordClass.CALL, SeqRanges())
        if spool is None:
            self.call.nudges_received(calls)
        if spool == self.call.spool:
            self.call.receipt(calls, now_s=self._clock.now_s())
        self._after()

    def on_signal(self, signal: CallState) -> None:
        """The hub says how the call is."""
        self._try(
            lambda now_s: self.call.hub_says(
                signal.call_seq,
                signal.state,
                revision=signal.revision,
                by=signal.by,
                spool=self._foreign(SpoolId(int(signal.spool, 16))),
                phone=signal.phone,
                others=signal.others or (),
                now_s=now_s,
            )
        )

    def on_ring(self, signal: RingStation) -> None:
        """The hub calls the station, says so again, or ends it."""
        may_answer = self._config.auto_answer == "emergency"
        self._try(lambda now_s: self.call.hub_rings(signal, may_answer=may_answer, now_s=now_s))

    def use(self, config: CallConfig) -> None:
        """The hub wants another hotline, or answers by itself allowed no more: from now on."""
        self._config = config

    def on_practice(self, signal: Practice) -> None:
        """The hub asks for practice, says so again, or ends it."""
        if signal.lease_s == 0:
            self._try(lambda _: self.call.practise_no_more(name=signal.name))
            return
        self._try(
            lambda now_s: self.call.practise(
                signal.kind, name=signal.name, by=signal.by, lease_s=signal.lease_s, now_s=now_s
            )
        )

    def on_connected(self) -> None:
        """What the hub says on this connection is what counts."""
        self._try(lambda now_s: self.call.link_came(now_s=now_s))

    def _try(self, input_: Callable[[float], None]) -> None:
        """What the hub says may be late: then it is refused, and changes nothing."""
        try:
            input_(self._clock.now_s())
        except IllegalInputError as error:
            log.debug("ignored: %s", error)
        self._after()

    # From `edge video`

    def on_said(self, prompt: Prompt) -> None:
        """This has been said aloud, or nobody can say it."""
        if prompt is Prompt.AUTO_ANSWER:
            self.call.announced(now_s=self._clock.now_s())
            self._moved.set()

    def on_flow(self) -> None:
        """Packets of the call come and go."""
        self.call.media_flows(now_s=self._clock.now_s())

    def _foreign(self, spool: SpoolId) -> str | None:
        """Return the name of a spool that is not the box's own."""
        return None if spool == self._spool_id else spool_text(spool)

    # From the people at the station. All raise IllegalInputError, and are on disk on return.

    async def cancel(self) -> None:
        """The nurse cancels the open call."""
        if self.call.state not in OPEN:
            raise IllegalInputError("no call is open at this station: nothing was cancelled")
        await self._do(lambda now_s: self.call.cancel(now_s=now_s))

    async def accept(self) -> None:
        """The nurse answers the hub's ring at the panel, as with the button."""
        if not self.call.ring.is_waiting:
            raise IllegalInputError("the hub does not call: there is nothing to answer")
        self.records.do(OwnPress("panel", self._clock.now_us(), self.call.ring.name))
        await self.records.until_idle()

    async def decline(self) -> None:
        """The nurse does not take the hub's ring."""
        if not self.call.ring.is_waiting:
            raise IllegalInputError("the hub does not call: nothing was declined")
        await self._do(lambda now_s: self.call.decline(now_s=now_s))

    async def raise_(self) -> None:
        """The nurse says at the panel that the open call is an emergency, as by holding the button."""
        if self.call.state not in OPEN:
            raise IllegalInputError("no call is open at this station: press the button, and hold it")
        self.records.do(OwnRaise(self._clock.now_us()))
        await self.records.until_idle()

    async def practise(self, kind: PracticeKind) -> None:
        """The next press is practice, within ten minutes."""
        await self._do(lambda now_s: self.call.practise(kind, by=STATION, now_s=now_s))

    async def practise_no_more(self) -> None:
        """The next press is real."""
        await self._do(lambda _: self.call.practise_no_more())

    async def _do(self, input_: Callable[[float], None]) -> None:
        input_(self._clock.now_s())
        self._after()
        await self.records.until_idle()

    def outline(self) -> tuple[object, ...]:
        """Return what the call shows, without how long it has been so."""
        call = self.call
        is_long = call.hotline_at_s is not None and self._clock.now_s() >= call.hotline_at_s
        ring = (call.ring.name, call.ring.state) if call.ring.is_waiting else None
        shown = (
            call.state,
            call.call_seq,
            call.claimed_by,
            call.others,
            call.is_raised,
            call.phone,
            call.practice,
        )
        return (*shown, call.is_missed, is_long, ring, call.practising.is_on)

    def facts(self) -> Mapping[str, Any]:
        """How the call stands, for the panel."""
        return call_facts(self.call, hotline=self._config.hotline, now_s=self._clock.now_s())


def _is_claim(event: Event) -> bool:
    return isinstance(event, CallStep) and event.step == "claimed"
