"""Tells the outside of alerts, beside everything else: letters out of a mailbag, webhooks a task each."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from typing import Final

from hub.alerts import mail
from hub.alerts.alert import Alert, AlertNo
from hub.alerts.escalation import Word
from hub.alerts.letter import Told, letter, webhook_body
from hub.alerts.mailbag import Mailbag
from hub.alerts.rules import Hook, Person, Rules
from hub.config import MailConfig
from hub.routing import webhook
from hub.routing.outside import OutsideError
from hub.routing.webhook_signing import message_id, signed_headers

log = logging.getLogger(__name__)

WAITS_S: Final = (5.0, 15.0, 60.0, 120.0, 300.0, 300.0, 300.0)  # after each try of a webhook; then given up
HOOKS_MAX: Final = 300  # messages that wait to be taken
AT_ONCE: Final = 4  # tries of webhooks
LETTER_TRIES_MAX: Final = 40  # of a letter: more than five hours of a mail server that is away
TICK_S: Final = 1.0
TellOf = Callable[[Word], Told | None]
OnTold = Callable[[AlertNo, str, str, str], None]
MAIL: Final = "mail"


class Telling:
    """Use it in the event loop's thread. `tell_of`: an alert as it is now, None: nobody need hear this of it
    any more. `on_told`: what became of a word: alert, key, "sent", "failed" or "withdrawn", why.
    """

    def __init__(
        self,
        *,
        mail_config: MailConfig | None,
        address: str,
        now_s: Callable[[], float],
        utc_now_us: Callable[[], int],
        tell_of: TellOf,
        on_told: OnTold,
        waits_s: tuple[float, ...] = WAITS_S,
    ) -> None:
        self.faults: dict[str, str] = {}  # by way: why the last word did not go out
        self._mail, self._address = mail_config, address
        self._now_s, self._utc_now_us = now_s, utc_now_us
        self._tell_of, self._on_told, self._waits_s = tell_of, on_told, waits_s
        self._bag = Mailbag[Word](can_wait=lambda word: word.is_over)
        self._people: dict[str, Person] = {}
        self._tries: dict[tuple[AlertNo, str], int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._lane = asyncio.Semaphore(AT_ONCE)
        self._awake = asyncio.Event()

    def use(self, rules: Rules) -> None:
        """These people and webhooks there are now."""
        self._people = {person.name: person for person in rules.people}
        names = {hook.name for hook in rules.hooks} | {MAIL}
        self.faults = {name: text for name, text in self.faults.items() if name in names}

    def tell(self, words: Iterable[Word]) -> None:
        """Tell these; returns at once."""
        for word in words:
            match word.to:
                case Person():
                    if self._mail is None:
                        why = "hub.toml has no [mail]: no letter can go out"
                        self._fault(MAIL, why)
                        self._on_told(word.alert.no, word.key, "failed", why)
                    else:
                        self._people.setdefault(word.to.name, word.to)
                        self._bag.put(word.to.name, word, now_s=self._now_s())
                case Hook():
                    if len(self._tasks) >= HOOKS_MAX:
                        why = f"{HOOKS_MAX} messages wait already: is {word.to.name} reachable?"
                        self._on_told(word.alert.no, word.key, "failed", why)
                    else:
                        task = asyncio.get_running_loop().create_task(self._post(word, word.to))
                        self._tasks.add(task)
                        task.add_done_callback(self._tasks.discard)
        self._awake.set()

    async def run(self) -> None:
        """Send letters as they are due, until cancelled; then nothing more is told."""
        try:
            while True:
                limits = {name: person.at_most for name, person in self._people.items()}
                for to, words in self._bag.due(limits, now_s=self._now_s()):
                    await self._send(to, words)
                self._awake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TICK_S):
                        await self._awake.wait()
        finally:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, to: str, words: list[Word]) -> None:
        told = [(word, self._tell_of(word)) for word in words]
        for word, known in told:
            if known is None:
                self._on_told(word.alert.no, word.key, "withdrawn", "")
        wanted = [(word, known) for word, known in told if known is not None]
        person, mail_config = self._people.get(to), self._mail
        if not wanted or person is None or mail_config is None:
            self._bag.give_back(to)
            return
        utc_us = self._utc_now_us()
        subject, text = letter([known for _, known in wanted], utc_us=utc_us, address=self._address)
        numbers = " ".join(f"{word.alert.no}.{word.alert.revision}" for word, _ in wanted)
        try:
            await asyncio.to_thread(
                mail.send, mail_config, to=person.email, subject=subject, text=text,
                message_id=message_id(person.email, f"{numbers} {utc_us}"), utc_us=utc_us,
            )  # fmt: skip
        except OutsideError as error:
            self._fault(MAIL, str(error))
            kept = [word for word, _ in wanted if not self._is_given_up(word, error)]
            self._bag.failed(to, kept, now_s=self._now_s())
        else:
            self._clear(MAIL)
            self._bag.sent(to, now_s=self._now_s())
            for word, _ in wanted:
                self._tries.pop((word.alert.no, word.key), None)
                self._on_told(word.alert.no, word.key, "sent", "")

    def _is_given_up(self, word: Word, error: OutsideError) -> bool:
        key = word.alert.no, word.key
        tries = self._tries.get(key, 0) + 1
        if not error.is_final and tries < LETTER_TRIES_MAX:
            self._tries[key] = tries
            return False
        self._tries.pop(key, None)
        self._on_told(word.alert.no, word.key, "failed", str(error))
        return True

    async def _post(self, word: Word, hook: Hook) -> None:
        alert: Alert = word.alert
        message = message_id(f"alert {alert.no}.{alert.revision}", word.key)
        for wait_s in (*self._waits_s, None):
            known = self._tell_of(word)
            if known is None:
                self._on_told(alert.no, word.key, "withdrawn", "")
                return
            error = await self._try(hook, known, message)
            if error is None:
                self._on_told(alert.no, word.key, "sent", "")
                return
            if error.is_final or wait_s is None:
                self._on_told(alert.no, word.key, "failed", str(error))
                return
            await asyncio.sleep(wait_s)

    async def _try(self, hook: Hook, known: Told, message: str) -> OutsideError | None:
        async with self._lane:
            utc_us = self._utc_now_us()
            body = webhook_body(known, utc_us=utc_us)
            signed = signed_headers(hook.webhook.secret, body, message=message, utc_s=utc_us // 1_000_000)
            try:
                await webhook.post(hook.webhook, body, signed)
            except OutsideError as error:
                self._fault(hook.name, str(error))
                return error
            self._clear(hook.name)
            return None

    def _fault(self, name: str, text: str) -> None:
        log.log(logging.DEBUG if name in self.faults else logging.WARNING, "%s", text)
        self.faults[name] = text

    def _clear(self, name: str) -> None:
        if self.faults.pop(name, None) is not None:
            log.info("%s works again", name)
