"""Tells the outside, beside everything else: each message a task, tried again until it is taken."""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, assert_never

from contract.ids import CallId
from hub.routing import modem, sms_command, webhook
from hub.routing.ladder import Tell
from hub.routing.outside import Alarm, Delivery, DeliveryState, OutsideError, sms_text, webhook_body
from hub.routing.policy import Adapter, Modem, SmsCommand, Webhook
from hub.routing.webhook_signing import message_id, signed_headers

log = logging.getLogger(__name__)

WAITS_S: Final = (
    2.0,
    4.0,
    8.0,
    15.0,
    30.0,
    60.0,
    60.0,
    60.0,
    60.0,
    60.0,
)  # after each try; then it is given up
AT_ONCE: Final = 4  # tries of one adapter; a modem has one
MESSAGES_MAX: Final = 2_000  # that wait to be taken
Send = Callable[[Alarm, Tell, int], Awaitable[None]]  # the last: the hub's UTC in microseconds


async def send(alarm: Alarm, tell: Tell, utc_us: int) -> None:
    """Try once to send one message. Raises OutsideError."""
    message = message_id(str(alarm.call_id), tell.key)
    adapter = tell.adapter
    match adapter:
        case Webhook():
            body = webhook_body(alarm, tell, utc_us=utc_us)
            signed = signed_headers(adapter.secret, body, message=message, utc_s=utc_us // 1_000_000)
            await webhook.post(adapter, body, signed)
        case Modem():
            reference = int(message[-2:], 16)
            text = sms_text(alarm, utc_us=utc_us)
            await modem.send(adapter, tell.people[0].phone or "", text, reference=reference)
        case SmsCommand():
            await sms_command.send(adapter, tell.people[0].phone or "", sms_text(alarm, utc_us=utc_us))
        case _:
            assert_never(adapter)


@dataclass(slots=True)
class _Message:
    alarm: Alarm
    tell: Tell
    is_withdrawn: asyncio.Event = field(default_factory=asyncio.Event)


class Outbox:
    """What is being said outside. Use it in the event loop's thread; `close` at the end."""

    def __init__(
        self, *, utc_now_us: Callable[[], int], send: Send = send, waits_s: tuple[float, ...] = WAITS_S
    ) -> None:
        self._utc_now_us, self._send, self._waits_s = utc_now_us, send, waits_s
        self._lanes: dict[str, asyncio.Semaphore] = {}
        self._failed: dict[str, str] = {}  # by name of adapter: why the last message was not taken
        self._unready: dict[str, str] = {}  # what the last look found
        self._tasks: dict[asyncio.Task[None], _Message] = {}
        self._listeners: list[Callable[[Delivery], None]] = []

    def on_delivery(self, listener: Callable[[Delivery], None]) -> None:
        """Add a listener, called at each change of a message."""
        self._listeners.append(listener)

    @property
    def faults(self) -> dict[str, str]:
        """What is the matter with adapters, by name; those that are well are not there."""
        return self._failed | self._unready

    def submit(self, alarm: Alarm, tell: Tell) -> None:
        """Send it; returns at once, listeners hear what becomes of it."""
        if len(self._tasks) >= MESSAGES_MAX:
            why = f"{MESSAGES_MAX} messages wait already: is the adapter reachable?"
            self._say(Delivery(alarm.call_id, tell, "failed", 0, why))
            return
        message = _Message(alarm, tell)
        task = asyncio.get_running_loop().create_task(self._deliver(message), name=f"tell {tell.key}")
        self._tasks[task] = message
        task.add_done_callback(self._done)

    def withdraw(self, call_id: CallId) -> None:
        """What has not gone out for this call need not go; a try that is under way is not broken off."""
        for message in self._tasks.values():
            if message.alarm.call_id == call_id:
                message.is_withdrawn.set()

    async def close(self) -> None:
        """End all tries."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def look(self, adapters: Iterable[Adapter]) -> None:
        """Find out whether adapters could be used, before they are: SIM, network, the command's program."""
        for adapter in adapters:
            fault = None
            if isinstance(adapter, Modem):
                async with self._lane(adapter):
                    try:
                        await modem.check(adapter)
                        self._note(self._failed, adapter, None)  # what the check finds well will work
                    except OutsideError as error:
                        fault = str(error)
            elif isinstance(adapter, SmsCommand) and shutil.which(adapter.argv[0]) is None:
                fault = f"SMS command {adapter.name}: there is no program {adapter.argv[0]}"
            self._note(self._unready, adapter, fault)

    async def _deliver(self, message: _Message) -> None:
        for tries, wait_s in enumerate((*self._waits_s, None), start=1):
            error = await self._try(message)
            state: DeliveryState = "trying"
            if error is None:
                state = "sent"
            elif message.is_withdrawn.is_set():
                state = "withdrawn"
            elif error.is_final or wait_s is None:
                state = "failed"
            text = str(error) if error is not None and state != "withdrawn" else ""
            self._say(Delivery(message.alarm.call_id, message.tell, state, tries, text))
            if state != "trying":
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await message.is_withdrawn.wait()

    async def _try(self, message: _Message) -> OutsideError | None:
        adapter = message.tell.adapter
        async with self._lane(adapter):
            if message.is_withdrawn.is_set():
                return OutsideError("the call was answered")
            try:
                await self._send(message.alarm, message.tell, self._utc_now_us())
            except OutsideError as error:
                self._note(self._failed, adapter, str(error))
                return error
            except Exception as error:  # one message must not end the others
                log.exception("adapter %s failed in a way that nobody foresaw", adapter.name)
                return OutsideError(f"{type(error).__name__}: {error}")
        self._note(self._failed, adapter, None)
        return None

    def _lane(self, adapter: Adapter) -> asyncio.Semaphore:
        """A port carries one message at a time, whatever its adapters are called."""
        if isinstance(adapter, Modem):
            return self._lanes.setdefault(adapter.port, asyncio.Semaphore(1))
        return self._lanes.setdefault(adapter.name, asyncio.Semaphore(AT_ONCE))

    def _note(self, faults: dict[str, str], adapter: Adapter, text: str | None) -> None:
        known = faults.pop(adapter.name, None)
        if text is not None:
            faults[adapter.name] = text
            log.log(logging.WARNING if known is None else logging.DEBUG, "%s", text)
        elif known is not None:
            log.info("adapter %s works again", adapter.name)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]

    def _say(self, delivery: Delivery) -> None:
        rung, name = int(delivery.tell.rung), delivery.tell.adapter.name
        log.info(
            "call %s, rung %d, %s: %s at try %d", delivery.call_id, rung, name, delivery.state, delivery.tries
        )
        for listener in self._listeners:
            listener(delivery)
