"""The accounts on a thread of their own, for the event loop; and the waiting after wrong passwords."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol, TypeVar

from hub.people.accounts import Account, Accounts, Role
from hub.people.deeds import Deed, DeedSearch, NumberedDeed
from hub.people.guest_links import LinkRefusal, LinkRefusedError, Visitor
from hub.people.passwords import make_password
from hub.people.token_tries import TokenTries
from hub.people.tokens import Scope, Token, number_of
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
        self._tries_of_tokens = TokenTries()

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
        await self._do(lambda accounts: accounts.deeds.note(done))

    async def deeds(self, subject: str) -> list[Deed]:
        """Return what was done about a call or a station, newest first."""
        return await self._do(lambda accounts: accounts.deeds.about(subject))

    async def search_deeds(self, wanted: DeedSearch, *, newest: int) -> list[NumberedDeed]:
        """Return the deeds that are so, newest first."""
        return await self._do(lambda accounts: accounts.deeds.search(wanted, newest=newest))

    async def kinds_of_deeds(self) -> list[str]:
        """Return the words of all deeds that were ever done."""
        return await self._do(lambda accounts: accounts.deeds.kinds())

    async def accounts(self) -> list[Account]:
        """Return all accounts by name."""
        return await self._do(lambda accounts: accounts.all())

    async def add(self, name: str, role: Role) -> tuple[Account, str]:
        """Return a new account and the password that was made for it. Raises AccountError."""
        password = make_password()
        made_s = self._utc_now_s()
        account = await self._do(lambda accounts: accounts.add(name, password, role=role, now_utc_s=made_s))
        return account, password

    async def renew_password(self, name: str) -> tuple[Account, str]:
        """Return an account and another password made for it; its sessions end. Raises AccountError."""
        password = make_password()
        return await self._do(lambda accounts: accounts.set_password(name, password)), password

    async def set_role(self, name: str, role: Role) -> Account:
        """Make somebody something else. Raises AccountError."""
        return await self._do(lambda accounts: accounts.set_role(name, role))

    async def remove(self, name: str) -> None:
        """Remove an account; its sessions end. Raises AccountError."""
        await self._do(lambda accounts: accounts.remove_but_the_last_admin(name))

    async def make_token(
        self, name: str, scopes: Collection[Scope], *, days: int, by: str
    ) -> tuple[Token, str]:
        """Return a new token and its text. Raises TokenError."""
        made_s = self._utc_now_s()
        return await self._do(
            lambda accounts: accounts.tokens.make(name, scopes, days=days, by=by, now_utc_s=made_s)
        )

    async def tokens(self) -> list[Token]:
        """Return all tokens that there ever were, newest first."""
        return await self._do(lambda accounts: accounts.tokens.all())

    async def end_token(self, no: int, *, by: str) -> Token:
        """End a token now. Raises TokenError."""
        return await self._do(lambda accounts: accounts.tokens.end(no, by=by))

    async def token(self, text: str, *, address: str) -> Token | None:
        """Return the token of that text, None for none that is good. Raises TooManyTriesError: too many wrong
        ones of its number came from there; what others try of other numbers does not count.
        """
        wait_s = self._tries_of_tokens.wait_s(text, address=address, now_s=self._now_s())
        if wait_s > 0:
            raise TooManyTriesError(wait_s)
        used_s, number = self._utc_now_s(), number_of(text)
        token = await self._do(lambda accounts: accounts.tokens.open(text, now_utc_s=used_s))
        if token is not None:
            self._tries_of_tokens.good(text)
            return token
        is_number = number is not None and await self._do(lambda accounts: accounts.tokens.has(number))
        wait_s = self._tries_of_tokens.wrong(text, address=address, is_number=is_number, now_s=self._now_s())
        if wait_s > 0:
            raise TooManyTriesError(wait_s)
        log.warning("a token that opens nothing, from %s", address)
        return None

    def utc_now_s(self) -> float:
        """Return the hub's UTC in seconds: what tokens and sessions end by."""
        return self._utc_now_s()

    def _utc_now_s(self) -> float:
        return self._utc_now_us() / 1e6

    async def _do(self, work: Callable[[Accounts], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, self._accounts)
