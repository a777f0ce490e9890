"""The desk at which boxes come in, are renewed and are shown the door. Belongs to the event loop.

The book is the accounts' file, on a thread of its own; `hub claim` and `hub revoke` write into it while the
hub runs, so it is looked at every few seconds. Source: docs/enrolment.md, docs/adr/0050.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Final, TypeVar

from contract.enrolment import (
    POLL_S,
    RENEW_AT,
    Asked,
    Enrolled,
    Fault,
    Nonce,
    NotDue,
    Renewal,
    Server,
    Waiting,
    to_sign,
)
from contract.errors import RefusedError
from contract.ids import BoxName, StationId
from hub.clock import Clock
from hub.config import Config
from hub.enrolment.candidates import Candidate, Candidates
from hub.enrolment.eviction import Eviction
from hub.enrolment.nonces import is_fresh, make_nonce
from hub.people.accounts import Accounts
from hub.people.boxes import (
    Box,
    ClaimRefusedError,
    Standing,
    Standings,
    hash_claim,
)
from hub.people.boxes import Waiting as WaitingClaim
from hub.people.deeds import Deed
from hub.people.tries import WrongTries
from hub.pki.authority import Authority, Visitor, is_signed_by, key_of_request
from hub.pki.files import PkiError
from hub.store.sqlite import DAMAGE

LOG = logging.getLogger(__name__)
T = TypeVar("T")

LOOK_EVERY_S: Final = 2.0  # at the book, and at a broker that has not read the list
RELOAD_LIMIT_S: Final = 10.0
READ_TRIES, READ_EVERY_S = 10, 0.2  # a signal is not answered
HASHES_MAX: Final = 20  # codes that wait to be hashed, 50 ms and 16 MB each: one at a time
LATE_S: Final = 30.0  # after which a broker that has not read the list is an error in the log

Answer = Enrolled | Waiting | Nonce | NotDue | Fault


class EnrolmentDesk:
    """`begin`, then `run` until cancelled, then `close`."""

    def __init__(self, config: Config, authority: Authority, clock: Clock) -> None:
        self._config, self._authority, self._clock = config, authority, clock
        self._book = ThreadPoolExecutor(1, thread_name_prefix="boxes")
        self._hashing = ThreadPoolExecutor(1, thread_name_prefix="claims")
        self._accounts = self._book.submit(Accounts, config.accounts_path).result()
        self._standings = self._book.submit(self._accounts.boxes.standings).result()
        self._candidates, self._tries, self._hash_count = Candidates(), WrongTries(), 0
        self._nonce_key = secrets.token_bytes(32)
        front = () if config.front is None else (config.front.port,)
        self._ports = (config.broker.port, *front)  # at which boxes reach the broker
        self._eviction = Eviction(authority, address=(config.broker.host, config.broker.port))
        self._evicted: set[BoxName] = set()
        self._listed: Visitor | None = None  # is on the list of revoked certificates, to be shown
        self._on_change: list[Callable[[StationId], None]] = []
        self._awake = asyncio.Event()
        self._since_s: float | None = None  # when somebody was revoked whom the broker may still let in

    def close(self) -> None:
        """End the threads."""
        self._book.submit(self._accounts.close).result()
        self._book.shutdown()
        self._hashing.shutdown()

    def standings(self) -> Standings:
        """Return how all boxes stand now."""
        return self._standings

    def standing(self, box: BoxName) -> Standing:
        """Return how a box stands that says something. One that is in no book, and came later than all that
        are, is the station: a hub that was restored from a backup must not send a station's box home.
        """
        if self._standings.is_later(box):
            LOG.warning(
                "%s is in no book: it was let in after the backup that this hub was restored from", box
            )
            self._look_again(self._standings.with_later(box))
            utc_s = self._utc_s()
            self._book.submit(lambda: self._accounts.boxes.note_later(box, now_utc_s=utc_s))
        return self._standings.of(box)

    def on_change(self, listener: Callable[[StationId], None]) -> None:
        """Call `listener` when a station has another box than before."""
        self._on_change.append(listener)

    # What boxes ask

    async def enrol(self, asked: Asked, *, address: str, host: str) -> Answer:
        """Answer POST /enrol/v1/claim; `host`: by which name the box reached us."""
        try:
            key = key_of_request(asked.csr)
        except RefusedError as error:
            return Fault(code="malformed", error=str(error))
        if asked.claim:
            return await self._claim(asked, key, address=address, host=host)
        return await self._wait(asked, key, address=address, host=host)

    async def renew(self, renewal: Renewal, *, host: str) -> Answer:
        """Answer POST /enrol/v1/renew. An expired certificate is no hindrance: the key is the proof."""
        now_s = self._clock.now_s()
        if not renewal.nonce:
            return Nonce(nonce=make_nonce(self._nonce_key, now_s=now_s))
        try:
            name = BoxName.parse(renewal.box)
        except RefusedError as error:
            return Fault(code="malformed", error=str(error))
        box = await self._do(lambda accounts: accounts.boxes.box(name))
        if box is None or not box.key:
            return Fault(code="unknown box", error=f"{name} is in no book here: it needs a new code")
        if not is_fresh(self._nonce_key, renewal.nonce, now_s=now_s) or not is_signed_by(
            box.key, to_sign(str(name), renewal.nonce), renewal.proof
        ):
            return Fault(code="wrong proof", error="not signed by this box's key, or too late: ask anew")
        if box.revoked_utc_s is not None:
            return Fault(code="revoked", error=f"{name} is revoked")
        due_s = _due_utc_s(box) - self._utc_s()
        if due_s > 0 and not renewal.is_lost:
            return NotDue(
                utc_ms=self._utc_ms(),
                renew_after_s=due_s,
                is_replaced=self._standings.of(name) is Standing.FORMER,
            )
        return await self._enrolled(box, host=host, deed="box renewed")

    async def _claim(self, asked: Asked, key: bytes, *, address: str, host: str) -> Answer:
        now_s = self._clock.now_s()
        wait_s = self._tries.wait_s(address=address, name=address, now_s=now_s)
        if wait_s > 0 or self._hash_count >= HASHES_MAX:
            return Fault(code="too many", error=f"ask again in {max(wait_s, 1.0):.0f} s")
        self._hash_count += 1
        try:
            loop = asyncio.get_running_loop()
            hashed = await loop.run_in_executor(self._hashing, hash_claim, asked.claim)
            used_s = self._utc_s()
            box, is_new = await self._do(
                lambda accounts: accounts.boxes.use_claim(
                    hashed, key=key, serial=asked.serial, now_utc_s=used_s
                )
            )
        except (ClaimRefusedError, RefusedError) as error:
            self._tries.wrong(address=address, name=address, now_s=self._clock.now_s())
            LOG.warning("a claim code that lets nobody in, from %s: %s", address, error)
            return Fault(code="unknown claim", error=f"this code lets no box in: {error}")
        finally:
            self._hash_count -= 1
        if is_new:
            self._look_again(await self._do(lambda accounts: accounts.boxes.standings()))
        return await self._enrolled(box, host=host, deed="box enrolled" if is_new else "box renewed")

    async def _wait(self, asked: Asked, key: bytes, *, address: str, host: str) -> Answer:
        now_s = self._clock.now_s()
        if asked.ticket:
            found = self._candidates.ask(asked.ticket, key=key, now_s=now_s)
            if found is None:
                return Fault(code="over", error="this number is not waited for any more: ask for another")
        else:
            found = self._candidates.add(
                key=key,
                serial=asked.serial,
                address=address,
                ticket=secrets.token_urlsafe(32),
                random=secrets.randbits(64),
                now_s=now_s,
            )
            if found is None:
                return Fault(code="too many", error="too many boxes wait: ask again in a minute")
        if found.box is None:
            return Waiting(number=found.number, ticket=found.ticket, poll_s=POLL_S)
        name = found.box
        box = await self._do(lambda accounts: accounts.boxes.box(name))
        if box is None or box.revoked_utc_s is not None:
            return Fault(code="revoked", error=f"{name} is revoked")
        return await self._enrolled(box, host=host, deed="box renewed")

    async def _enrolled(self, box: Box, *, host: str, deed: str) -> Answer:
        """Make a certificate of now, write it down, and return what the box needs."""
        now = datetime.fromtimestamp(self._utc_s(), UTC)
        try:
            made = self._authority.certify(box.name, box.key, now=now)
            ca = self._authority.ca.read_text(encoding="ascii")
            seal_key = self._authority.seal_keys.newest().to_bytes()
        except (PkiError, OSError) as error:
            LOG.error("%s gets no certificate: %s", box.name, error)
            return Fault(code="away", error="the hub cannot make certificates now: ask again")
        ends_utc_s, now_utc_s = int(made.ends.timestamp()), int(now.timestamp())
        text = f"{box.serial} {box.key.hex()[-16:]}".strip()

        def note(accounts: Accounts) -> None:
            accounts.boxes.note_certificate(
                box.name, made.serial_number, ends_utc_s=ends_utc_s, now_utc_s=now_utc_s
            )
            accounts.deeds.note(Deed(now_utc_s * 1_000_000, str(box.name), deed, box.name.station, text))

        await self._do(note)
        LOG.info("%s: %s", deed, box.name)
        return Enrolled(
            station=box.name.station,
            box=box.name.box,
            certificate=made.pem,
            ca=ca,
            seal_key=seal_key,
            brokers=[Server(host=host, port=port) for port in self._ports],
            utc_ms=self._utc_ms(),
            renew_after_s=(ends_utc_s - now_utc_s) * RENEW_AT,
            is_replaced=self._standings.of(box.name) is Standing.FORMER,
        )

    # What operators do

    async def make_claim(self, station: StationId, *, by: str) -> tuple[str, WaitingClaim]:
        """Return a new code of a station, which is kept nowhere. Raises ClaimRefusedError."""
        now_s = self._utc_s()
        return await self._do(lambda accounts: accounts.boxes.make_claim(station, by=by, now_utc_s=now_s))

    async def withdraw_claims(self, station: StationId) -> int:
        """Let no code of a station be good any more; return how many were."""
        now_s = self._utc_s()
        return await self._do(lambda accounts: accounts.boxes.withdraw_claims(station, now_utc_s=now_s))

    def candidate(self, number: str) -> Candidate | None:
        """Return the box that shows a number."""
        return self._candidates.by_number(number, now_s=self._clock.now_s())

    async def let_in(self, candidate: Candidate, station: StationId, *, by: str) -> BoxName:
        """Make a box that shows a number the box of a station; it hears so when it asks next."""
        if candidate.box is not None:
            return candidate.box
        now_s = self._utc_s()
        box = await self._do(
            lambda accounts: accounts.boxes.let_in(
                station, key=candidate.key, serial=candidate.serial, by=by, now_utc_s=now_s
            )
        )
        self._candidates.take(candidate, box.name)
        self._look_again(await self._do(lambda accounts: accounts.boxes.standings()))
        return box.name

    async def revoke(self, wanted: BoxName | StationId, *, by: str) -> list[BoxName]:
        """Revoke a box, or all of a station; return which. What they say counts no more from now on."""
        now_s = self._utc_s()
        revoked = await self._do(lambda accounts: accounts.boxes.revoke(wanted, by=by, now_utc_s=now_s))
        self._look_again(await self._do(lambda accounts: accounts.boxes.standings()))
        return revoked

    async def boxes(self, station: StationId) -> list[Box]:
        """Return the boxes that a station has and had, newest first."""
        return await self._do(lambda accounts: accounts.boxes.boxes(station))

    async def waiting(self, station: StationId) -> list[WaitingClaim]:
        """Return the codes of a station that a box may still show."""
        now_s = self._utc_s()
        return await self._do(lambda accounts: accounts.boxes.waiting(station, now_utc_s=now_s))

    # Running

    async def run(self) -> None:
        """Look at the book, and have the broker let in nobody who was revoked, until cancelled."""
        self._authority.have_revocations()
        mark: tuple[int, int] | None = None
        fault = ""
        while True:
            try:
                newest = await self._do(lambda accounts: accounts.boxes.mark())
                if newest != mark:
                    self._look_again(await self._do(lambda accounts: accounts.boxes.standings()))
                mark = newest
                await self._shut_out()
            except (PkiError, OSError, DAMAGE) as error:  # a broker that is away, a file that is locked
                level = logging.DEBUG if str(error) == fault else logging.WARNING
                LOG.log(level, "revoked boxes are not shut out yet: %s", error)
                fault = str(error)
            self._awake.clear()
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._awake.wait()
            except TimeoutError:
                pass

    def _look_again(self, now: Standings) -> None:
        before, self._standings = self._standings, now
        for station in now.others_than(before):
            for listener in self._on_change:
                listener(station)
        self._awake.set()

    async def _shut_out(self) -> None:
        """Write the list, have it read, and push out who is still there. Raises PkiError, OSError."""
        wanted = sorted(self._standings.revoked - self._evicted)
        if not wanted:
            return
        now = datetime.fromtimestamp(self._utc_s(), UTC)
        if self._since_s is None:
            self._since_s = self._clock.now_s()
        if self._listed is None:
            self._listed = self._authority.visit_as(wanted[0], now=now)
        numbers = await self._do(lambda accounts: accounts.boxes.revoked_serial_numbers())
        is_new = self._authority.revoke([*numbers, self._listed.serial_number])
        is_read = await self._eviction.is_in_force(self._listed) and not is_new
        if not is_read:
            await self._have_it_read()
            is_read = await self._is_read_soon(self._listed)
        for box in wanted:
            await self._eviction.evict(box, self._authority.visit_as(box, now=now))
        if is_read:
            self._evicted.update(wanted)
            self._since_s = None
            LOG.info("shut out: %s", ", ".join(map(str, wanted)))
        elif self._clock.now_s() - self._since_s > LATE_S:
            LOG.error(
                "the broker has not read %s: set [broker] reload in %s to what makes it read that file anew;"
                " until then %s is pushed out again and again, and nothing of it is taken",
                self._authority.revocations,
                self._config.path,
                ", ".join(map(str, wanted)),
            )

    async def _is_read_soon(self, listed: Visitor) -> bool:
        """Whether the broker has read the list, or does within a moment: who is pushed out stays out then."""
        for _ in range(READ_TRIES):
            if await self._eviction.is_in_force(listed):
                return True
            await asyncio.sleep(READ_EVERY_S)
        return False

    async def _have_it_read(self) -> None:
        if not self._config.broker.reload:
            return
        process = await asyncio.create_subprocess_exec(*self._config.broker.reload)
        try:
            async with asyncio.timeout(RELOAD_LIMIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        if process.returncode:
            LOG.error("%s ended with status %s", " ".join(self._config.broker.reload), process.returncode)

    def _utc_s(self) -> float:
        return self._clock.utc_now_us() / 1e6

    def _utc_ms(self) -> int:
        return self._clock.utc_now_us() // 1000

    async def _do(self, work: Callable[[Accounts], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._book, work, self._accounts)


def _due_utc_s(box: Box) -> float:
    """Return when a box's certificate has lived two thirds of its life."""
    return box.renewed_utc_s + (box.ends_utc_s - box.renewed_utc_s) * RENEW_AT
