"""The accounts on a thread of their own, for the event loop; and the waiting after wrong passwords."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol, TypeVar

from hub.people.accounts import Account, Accounts, Deed, Role
from hub.people.guest_links import LinkRefusal, LinkRefusedError, Visitor
from hub.people.tries import WrongTries

T = TypeVar("T")

log = logging.getLogger(__name__)

WAIT_HERE_MAX_S: Final = 3.0  # a longer wait is said to the person instead


class Named(Protocol):
    """Somebody with a name: an account, or a guest of one call."""

    @property
    def name(self) -> str:
        """The name."""


class TooManyTriesError(Exception):
    """Wrong passwords came too often. `retry_after_s` says when the next one is looked at."""

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"too many wrong passwords; the next try is looked at in {retry_after_s:.0f} s")
        self.retry_after_s = retry_after_s


class People:
    """Use it from the event loop; `close` at the end."""

    def __init__(self, path: Path, *, now_s: Callable[[], float], utc_now_us: Callable[[], int]) -> None:
        self._now_s, self._utc_now_us = now_s, utc_now_us
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="people")
        self._guess = ThreadPoolExecutor(1, thread_name_prefix="passwords")  # one scrypt at a time: 32 MiB
        self._accounts = self._thread.submit(Accounts, path).result()
        self._guesses = self._guess.submit(Accounts, path).result()
        self._tries = WrongTries()
        self._guesses_of_links = WrongTries()

    def close(self) -> None:
        """End the threads."""
        for thread, accounts in ((self._thread, self._accounts), (self._guess, self._guesses)):
            thread.submit(accounts.close).result()
            thread.shutdown()

    async def log_in(self, name: str, password: str, *, address: str) -> str | None:
        """Return the token of a new session; None for a wrong name or password, without telling which.

        Raises TooManyTriesError.
        """
        wait_s = self._tries.wait_s(address=address, name=name, now_s=self._now_s())
        if wait_s > WAIT_HERE_MAX_S:
            log.warning("login from %s refused for %.0f s: too many wrong passwords", address, wait_s)
            raise TooManyTriesError(wait_s)
        await asyncio.sleep(wait_s)
        account = await asyncio.get_running_loop().run_in_executor(
            self._guess, self._guesses.check, name, password
        )
        if account is None:
            self._tries.wrong(address=address, name=name, now_s=self._now_s())
            log.warning("wrong name or password from %s", address)
            return None
        self._tries.right(address=address, name=name)
        log.info("login from %s", address)
        return await self._do(lambda accounts: accounts.open_session(account, now_utc_s=self._utc_now_s()))

    async def who(self, token: str) -> Account | None:
        """Return whose session this is."""
        return await self._do(lambda accounts: accounts.session(token, now_utc_s=self._utc_now_s()))

    async def log_out(self, token: str) -> None:
        """End a session."""
        await self._do(lambda accounts: accounts.end_session(token))

    async def make_link(self, visitor: Visitor) -> str:
        """Return the token of a link that lets a guest in once. Raises LinkRefusedError: too many."""
        return await self._do(lambda accounts: accounts.links.make(visitor, now_utc_s=self._utc_now_s()))

    async def look_at_link(self, token: str, *, address: str) -> Visitor:
        """Return whom a link would let in. Raises LinkRefusedError, TooManyTriesError."""
        self._refuse_guessing(address)
        with self._counting_guesses(address):
            return await self._do(lambda accounts: accounts.links.look(token, now_utc_s=self._utc_now_s()))

    async def use_link(self, token: str, *, address: str) -> tuple[Visitor, str]:
        """Return whom a link let in, and a session's token. Raises LinkRefusedError, TooManyTriesError."""
        self._refuse_guessing(address)
        with self._counting_guesses(address):
            return await self._do(lambda accounts: accounts.links.use(token, now_utc_s=self._utc_now_s()))

    async def give_back_link(self, session: str) -> None:
        """A guest could not be let in after all: his link is as good as before."""
        await self._do(lambda accounts: accounts.links.give_back(session))

    async def visitor(self, session: str) -> Visitor | None:
        """Return whose session a guest's is; whether the call still has that guest is the desk's to say."""
        return await self._do(lambda accounts: accounts.links.visitor(session, now_utc_s=self._utc_now_s()))

    async def leave(self, session: str) -> None:
        """End a guest's session."""
        await self._do(lambda accounts: accounts.links.end_session(session))

    def _refuse_guessing(self, address: str) -> None:
        wait_s = self._guesses_of_links.wait_s(address=address, name=address, now_s=self._now_s())
        if wait_s > 0:
            raise TooManyTriesError(wait_s)

    @contextmanager
    def _counting_guesses(self, address: str) -> Iterator[None]:
        """A link that nobody made is a guess; the next one from there has to wait, longer each time."""
        try:
            yield
        except LinkRefusedError as error:
            if error.why is LinkRefusal.UNKNOWN:
                self._guesses_of_links.wrong(address=address, name=address, now_s=self._now_s())
                log.warning("a link that nobody made, from %s", address)
            raise

    async def answerers(self) -> tuple[str, ...]:
        """Return the names of all that may answer calls."""
        accounts = await self._do(lambda accounts: accounts.all())
        return tuple(account.name for account in accounts if account.may_answer)

    async def doctors(self) -> tuple[str, ...]:
        """Return the names of the accounts that are doctors'."""
        accounts = await self._do(lambda accounts: accounts.all())
        return tuple(account.name for account in accounts if account.role is Role.DOCTOR)

    async def note(self, who: Named, deed: str, subject: str, text: str = "") -> None:
        """Write down what somebody did; durable on return."""
        done = Deed(self._utc_now_us(), who.name, deed, subject, text)
        await self._do(lambda accounts: accounts.note(done))

    async def deeds(self, subject: str) -> list[Deed]:
        """Return what was done about a call or a station, newest first."""
        return await self._do(lambda accounts: accounts.deeds(subject))

    def _utc_now_s(self) -> float:
        return self._utc_now_us() / 1e6

    async def _do(self, work: Callable[[Accounts], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._accounts)
