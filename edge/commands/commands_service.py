"""Commands in `edge vitals`: heard, kept, done one after the other, answered by events of class 1."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from contract.commands import AnyCommand, Command
from contract.events import CommandResult
from contract.ids import BootId, RecordClass
from contract.times import Anchor
from edge.clock import BoxClock
from edge.commands.book import CommandBook, Outcome
from edge.errors import BoxError, SpoolError
from edge.spool.batch import Batch, OwedRecord, event_entry
from edge.spool.spool_service import SpoolThread

log = logging.getLogger(__name__)

COMMANDS_FACT: Final = "commands"
STORE_AGAIN_S: Final = 1.0  # after the card refused
DONE_LIMIT_S: Final = 180.0  # of one command: the next does not wait for ever
HEARD_MAX: Final = 32  # that nobody has looked at yet; the hub says them again
Deed = Callable[[AnyCommand], Awaitable[Outcome]]


class CommandsService:
    """All methods on the loop; `run` until cancelled. `saved`: the fact COMMANDS_FACT. `deeds`: what each
    command does, by its word; a deed may raise BoxError: why it cannot be done.
    """

    def __init__(
        self,
        saved: Mapping[str, Any] | None,
        *,
        deeds: Mapping[str, Deed],
        clock: BoxClock,
        boot: BootId,
        spool: SpoolThread,
        hub_time: Callable[[], Anchor | None],
        on_stored: Callable[[list[OwedRecord]], None],
    ) -> None:
        """`hub_time`: the newest tie of this boot's clock to the hub's."""
        self.book = CommandBook(saved)
        self._deeds, self._clock, self._boot = deeds, clock, boot
        self._spool, self._hub_time, self._on_stored = spool, hub_time, on_stored
        self._heard: asyncio.Queue[AnyCommand | Command] = asyncio.Queue(HEARD_MAX)
        self._has_work = asyncio.Event()
        self._storing = asyncio.Lock()  # the book and its events, one after the other

    def hear(self, command: AnyCommand | Command) -> None:
        """The hub says a command; it says it again until it is answered."""
        if not self._heard.full():
            self._heard.put_nowait(command)

    async def run(self) -> None:
        """Answer what was under way before; then take and do what comes, until cancelled."""
        await self._store(self.book.restarted(boot_name=self._clock.boot_name))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_taking(), name="commands come")
            tasks.create_task(self._keep_doing(), name="commands")

    async def _keep_taking(self) -> None:
        while True:
            command = await self._heard.get()
            answer = self.book.hear(command, now_us=self._clock.now_us(), utc_us=self._hub_utc_us())
            if answer is not None:
                log.info("command %s: %s", command.id, answer.state)
                await self._store([answer])
            self._has_work.set()

    async def _keep_doing(self) -> None:
        while True:
            begun = self.book.begin(now_us=self._clock.now_us(), boot_name=self._clock.boot_name)
            if begun is None:
                self._has_work.clear()
                await self._has_work.wait()
                continue
            command, told = begun
            await self._store([told])
            if command is not None:
                outcome = await self._do(command)
                log.info("command %s, %s: %s %s", command.id, command.command, outcome.state, outcome.text)
                await self._store([self.book.ended(command.id, outcome)])

    async def _do(self, command: AnyCommand) -> Outcome:
        log.info("command %s of %s: %s", command.id, command.by, command.command)
        try:
            async with asyncio.timeout(DONE_LIMIT_S):
                return await self._deeds[command.command](command)
        except BoxError as error:
            return Outcome("failed", str(error))
        except TimeoutError:
            return Outcome("failed", f"not done within {DONE_LIMIT_S:.0f} s")
        except Exception:  # a command is its own boundary: the box goes on
            log.exception("command %s", command.command)
            return Outcome("failed", "a fault of our own; ask for a bundle, its log has it")

    def _hub_utc_us(self) -> int | None:
        tie = self._hub_time()
        return None if tie is None else tie.utc_us + self._clock.now_us() - tie.t_us

    async def _store(self, told: Sequence[CommandResult]) -> None:
        """The events and what they tell of are on the card together, or neither is."""
        is_told = False
        async with self._storing:
            while told:
                t_us = self._clock.now_us()
                entries = [event_entry(one, RecordClass.NUMERIC, boot=self._boot, t_us=t_us) for one in told]
                batch = Batch(entries=entries, facts={COMMANDS_FACT: self.book.saved()})
                try:
                    self._on_stored(await self._spool.store_now(batch))
                    return
                except SpoolError as error:
                    log.log(logging.DEBUG if is_told else logging.ERROR, "a command waits: %s", error)
                    is_told = True
                    await asyncio.sleep(STORE_AGAIN_S)
