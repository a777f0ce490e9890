"""The self-test in `edge vitals`: waits for its time, tests, says what it found, ends at the first press."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any, Final

from contract.events import SelfTested
from contract.ids import RecordClass
from edge.call.prompts_due import Prompt
from edge.call.station_table import ANSWERED, State
from edge.errors import SpoolError, VideoLinkError
from edge.health.bundle import findings_of
from edge.health.doctor import report_of
from edge.health.report import Finding
from edge.health.self_test import SelfTest, SelfTestInput, SelfTestNow, parts_of
from edge.rooms import Rooms
from edge.sight_service import Sights
from edge.spool.batch import Batch, OwedRecord, event_entry
from firmware_bridge.board.messages import OutputId, OutputPattern
from firmware_bridge.events import ButtonHeldOn, ButtonPressed

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 1.0
HUB_LIMIT_S: Final = 15.0  # for its receipt: a satellite's way there and back, many times
RECEIPT_EVERY_S: Final = 0.2
LAMP_S: Final = 3.0  # the status lamp blinks
BUZZER_MS: Final = 300


class SelfTests:
    """All methods on the loop; `run` until cancelled."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._see = rooms, Sights(rooms).see
        self._test = SelfTest()
        self._result: tuple[Finding, ...] | None = None
        self._moved = asyncio.Event()
        self._running: asyncio.Task[list[Finding]] | None = None

    def on_button(self, event: ButtonPressed | ButtonHeldOn) -> None:
        """A press ends what runs before anything else is done with it; a button held on asks for a test."""
        if isinstance(event, ButtonPressed):
            self._help()
        elif self._test.held_on(now_s=self._rooms.clock.now_s()):
            log.info("a self-test is due after the call: the button is held for ten seconds")
            self._rooms.capture.tell(self._event("waits"), self._rooms.clock.now_us())
            if self._rooms.call.call.state not in ANSWERED:  # nobody is talked over
                self._rooms.video.prompts.say(Prompt.SELF_TEST_WAITS)
            self._moved.set()

    def on_call(self) -> None:
        """The call may stand otherwise."""
        if not self._is_free():
            self._help()
        self._moved.set()

    async def run(self) -> None:
        """Test when it is time."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._moved.wait()
            self._moved.clear()
            match self._test.look(is_free=self._is_free(), now_s=self._rooms.clock.now_s()):
                case SelfTestInput.FREE:
                    await self._run_test()
                case SelfTestInput.TOO_LATE:
                    self._rooms.capture.tell(self._event("not done"), self._rooms.clock.now_us())

    def questions(self) -> dict[str, Any]:
        """Return who answers what."""
        return {"self-test": self._ask, "self-test now": self._answer}

    async def _ask(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        self._test.ask(is_free=self._is_free(), now_s=self._rooms.clock.now_s())
        self._moved.set()
        return {}

    async def _answer(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.now().model_dump()

    def now(self) -> SelfTestNow:
        """How it stands, and what the last one found."""
        return SelfTestNow(state=self._test.state.name, result=self._result)

    def _is_free(self) -> bool:
        """Whether nobody needs help: also nothing that the button told waits for the card."""
        call = self._rooms.call
        return call.call.state is State.IDLE and not call.call.ring.is_on and call.records.is_idle

    def _help(self) -> None:
        if self._test.help() and self._running is not None:
            self._running.cancel()

    async def _run_test(self) -> None:
        rooms, self._result = self._rooms, None
        self._running = asyncio.create_task(self._look_at_all(), name="self-test")
        try:
            await asyncio.wait({self._running})
        finally:
            self._running.cancel()  # `edge vitals` ends
        if self._running.cancelled():
            rooms.capture.tell(self._event("broken off"), rooms.clock.now_us())
            return
        findings = self._found(self._running)
        self._test.over()
        self._result = tuple(findings)
        is_well = all(one.is_well for one in findings)
        done = self._event("done").model_copy(update={"parts": parts_of(findings)})
        rooms.capture.tell(done, rooms.clock.now_us())
        rooms.video.prompts.say(Prompt.SELF_TEST_OK if is_well else Prompt.SELF_TEST_ILL)

    @staticmethod
    def _found(ended: "asyncio.Task[list[Finding]]") -> list[Finding]:
        fault = ended.exception()
        if fault is None:
            return ended.result()
        log.error("self-test", exc_info=fault)  # its own boundary: the box goes on
        text = "a fault of our own; the log of `edge vitals` has it"
        return [Finding(part="self-test", is_well=False, text=text, remedy="ask for a bundle")]

    async def _look_at_all(self) -> list[Finding]:
        board, video = self._rooms.board, self._rooms.video
        video.blink(LAMP_S)
        board.pulse_output(OutputId.BUZZER, OutputPattern.STEADY, BUZZER_MS)
        card, record = await self._try_card()
        await video.prompts.until_quiet()  # one loudspeaker
        devices = await self._try_devices()
        hub = [await self._try_hub(record)] if record is not None else []
        seen = [Finding.model_validate(one) for one in findings_of(report_of(await self._see()))]
        return [card, *devices, *hub, *seen]

    async def _try_card(self) -> tuple[Finding, OwedRecord | None]:
        """Write to the card: the event that says so."""
        rooms = self._rooms
        t_us = rooms.clock.now_us()
        entry = event_entry(self._event("begun"), RecordClass.NUMERIC, boot=rooms.boot, t_us=t_us)
        try:
            owed = await rooms.spool.store_now(Batch(entries=[entry]))
        except SpoolError as error:
            return Finding(part="card", is_well=False, text=str(error), remedy="change the card"), None
        rooms.on_stored(owed)
        took_ms = (rooms.clock.now_us() - t_us) / 1000
        return Finding(part="card", is_well=True, text=f"written within {took_ms:.0f} ms"), owed[0]

    async def _try_devices(self) -> list[Finding]:
        try:
            return await self._rooms.video.trial.run()
        except VideoLinkError as error:
            return [_untested(str(error))]

    async def _try_hub(self, record: OwedRecord) -> Finding:
        """The hub must say that it has the record."""
        owed, clock = self._rooms.uplink.owed, self._rooms.clock
        begun_s = clock.now_s()
        while clock.now_s() - begun_s < HUB_LIMIT_S:
            if record.seq in owed.received[record.record_class]:
                text = f"has what was just written, after {clock.now_s() - begun_s:.1f} s"
                return Finding(part="hub", is_well=True, text=text)
            await asyncio.sleep(RECEIPT_EVERY_S)
        text = f"has not answered within {HUB_LIMIT_S:.0f} s; what is recorded is kept here"
        return Finding(part="hub", is_well=False, text=text, remedy="see the line of the link")

    def _event(self, state: Any) -> SelfTested:
        return SelfTested(by=self._test.asked_by, state=state)


def _untested(why: str) -> Finding:
    remedy = "restart the box; if that does not help, see `edge doctor --sound`"
    return Finding(part="devices", is_well=False, text=f"camera and sound: {why}", remedy=remedy)
