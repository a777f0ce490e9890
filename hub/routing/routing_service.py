"""Routing for the rest of the hub: who is asked to answer now, who is ready, and the words to the outside."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from contract.ids import CallId, StationId
from hub.config import Config
from hub.routing.duty import DutyChange, DutyRegister
from hub.routing.ladder import NOBODY, Ladder, Tell, list_owner, roster, rungs, specialties
from hub.routing.outside import Alarm, Delivery
from hub.routing.outside_service import Outbox
from hub.routing.policy import Limits, Policy, RosterDoctor, utc_of, without_document
from hub.routing.policy_document import read_policy, warnings
from hub.routing.told import Told
from hub.toml_table import ConfigError

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 2.0  # whether the document or the accounts have changed
CHECK_EVERY_S: Final = 600.0  # a SIM that is not paid for shows before the night
ListAccounts = Callable[[], Awaitable[Sequence[str]]]


async def _nobody() -> Sequence[str]:
    return ()


class Routing:
    """One for a hub. `begin`, then `run` until cancelled. It belongs to the event loop's thread."""

    def __init__(
        self,
        config: Config,
        *,
        accounts: ListAccounts,
        station_name: Callable[[StationId], str],
        now_s: Callable[[], float],
        utc_now_us: Callable[[], int],
        doctors: ListAccounts = _nobody,
    ) -> None:
        """`accounts` lists all that may answer, `doctors` those of doctors; `station_name`: what people call
        a station.
        """
        self.duty = DutyRegister()
        self.told = Told()  # whoever keeps calls fills it at the start, and keeps what `untold` returns
        self.fault: str | None = None  # why the newest document is refused; the one before holds
        self.policy: Policy = without_document()
        self.accounts: tuple[str, ...] = ()
        self._doctors: tuple[str, ...] = ()
        self._path = config.routing_path
        self._list_accounts, self._list_doctors, self._station_name = accounts, doctors, station_name
        self._now_s, self._utc_now_us = now_s, utc_now_us
        self._outbox = Outbox(utc_now_us=utc_now_us)
        self._has_new_adapters = asyncio.Event()
        self._has_unknown = asyncio.Event()  # somebody is ready whose account was made just now
        self._seen: tuple[tuple[int, ...] | None, tuple[str, ...], tuple[str, ...]] | None = None
        self._listeners: list[Callable[[], None]] = []
        self.duty.on_change(self._on_duty)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Add a listener: the policy, its fault, the accounts or faults of adapters are others now."""
        self._listeners.append(listener)

    async def begin(self) -> None:
        """Read accounts and document."""
        await self.look()

    async def run(self) -> None:
        """Look for changes, and after the adapters, until cancelled; then no more is told."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_looking(), name="routing document")
                tasks.create_task(self._keep_checking(), name="adapters")
        finally:
            await self._outbox.close()

    def ladder(self, station: StationId, *, is_emergency: bool, utc_us: int | None = None) -> Ladder:
        """Return whom a press of the station rings, and when; `utc_us` None: now."""
        at = utc_of(self._utc_now_us() if utc_us is None else utc_us)
        return rungs(self.policy, station, at, is_emergency=is_emergency, accounts=self.accounts)

    def ready(self) -> frozenset[str]:
        """Return the accounts that have a ready console."""
        return self.duty.ready_accounts(now_s=self._now_s())

    def has_account(self, name: str) -> bool:
        """Whether somebody of that name can still log in: calls of whoever cannot are nobody's."""
        return name in self.accounts or name in self._doctors

    def list_owner(self, station: StationId, *, owed: Mapping[str, int] = NOBODY) -> str | None:
        """Return who gets a missed call of the station now; `owed`: how many each has on the list already.

        None: nobody (there is no document and no ready operator); it stays everybody's.
        """
        at = utc_of(self._utc_now_us())
        return list_owner(self.policy, station, at, self.ready(), accounts=self.accounts, owed=owed)

    @property
    def limits(self) -> Limits:
        """The seconds of the rungs."""
        return self.policy.limits

    def hotline(self, station: StationId) -> str | None:
        """Return the number that the station rings where no voice comes this way."""
        return self.policy.unit_of(station).hotline

    def may_answer_by_itself(self, station: StationId) -> bool:
        """Whether a ring may ask the station to answer an emergency without a press."""
        return self.policy.unit_of(station).may_answer_by_itself

    def may_drill(self, station: StationId) -> bool:
        """Whether drills are allowed at the station at this hour."""
        unit = self.policy.unit_of(station)
        return unit.drill_hours.cover(unit.local(utc_of(self._utc_now_us())))

    def roster(self, station: StationId, *, specialty: str) -> tuple[RosterDoctor, ...]:
        """Return which doctors may be invited now, in that order."""
        return roster(self.policy, station, utc_of(self._utc_now_us()), specialty=specialty)

    def specialties(self, station: StationId) -> tuple[str, ...]:
        """Return the specialties of the doctors of a station's unit and those above it."""
        return specialties(self.policy, station)

    def untold(self, call_id: CallId, ladder: Ladder, rung: int) -> tuple[Tell, ...]:
        """Return what is to be told outside of a call at `rung`: write down each `key`, then `tell`."""
        return self.told.untold(call_id, ladder.tells(rung))

    def tell(
        self, call_id: CallId, tells: Iterable[Tell], *, ladder: Ladder, pressed_utc_us: int | None
    ) -> None:
        """Tell those that were not told yet; returns at once. `pressed_utc_us` None: nobody knows when."""
        alarm = Alarm(
            call_id=call_id,
            unit=ladder.unit,
            station_name=self._station_name(call_id.station),
            is_emergency=ladder.is_emergency,
            pressed_utc_us=pressed_utc_us,
        )
        due = self.told.untold(call_id, tells)
        self.told.add(call_id, [tell.key for tell in due])
        for tell in due:
            self._outbox.submit(alarm, tell)

    def on_delivery(self, listener: Callable[[Delivery], None]) -> None:
        """Add a listener, called whenever a message was sent, failed, or is tried again."""
        self._outbox.on_delivery(listener)

    def withdraw(self, call_id: CallId) -> None:
        """The call is answered or over: what has not gone out yet need not go."""
        self._outbox.withdraw(call_id)

    @property
    def adapter_faults(self) -> dict[str, str]:
        """What is the matter with adapters, by name, for people."""
        names = {adapter.name for adapter in self.policy.adapters}
        return {name: text for name, text in self._outbox.faults.items() if name in names}

    @property
    def has_fault(self) -> bool:
        """Whether something of it needs somebody: the newest document is refused, or an adapter is unwell."""
        return self.fault is not None or bool(self.adapter_faults)

    async def _keep_looking(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._has_unknown.wait()
            self._has_unknown.clear()
            self.duty.expire(now_s=self._now_s())
            try:
                await self.look()
            except Exception:  # the accounts could not be read: who was there is still asked to answer
                log.exception("routing stays as it is")

    async def _keep_checking(self) -> None:
        while True:
            before = self.adapter_faults
            self._has_new_adapters.clear()
            try:
                await self._outbox.look(self.policy.adapters)
            except Exception:  # what nobody foresaw of a modem must not end the hub
                log.exception("the adapters could not be looked after")
            if self.adapter_faults != before:
                self._notify()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECK_EVERY_S):
                    await self._has_new_adapters.wait()

    async def look(self) -> None:
        """Read the document again when it, or who may answer, has changed. A broken one changes nothing."""
        accounts, doctors = tuple(await self._list_accounts()), tuple(await self._list_doctors())
        seen = (await asyncio.to_thread(_signature, self._path), accounts, doctors)
        if seen == self._seen:
            return
        self._seen, self.accounts, self._doctors = seen, accounts, doctors
        if self._path is not None:
            try:
                self.policy = await asyncio.to_thread(read_policy, self._path, accounts=accounts)
            except ConfigError as error:
                holds = (
                    "everybody rings" if self.policy.path is None else "the document as it was before holds"
                )
                self.fault = f"{error}; until it is mended, {holds}"
                log.error("%s", self.fault)
            else:
                self.fault = None
                self._has_new_adapters.set()
                log.info("routing is as %s says", self._path)
                for line in warnings(self.policy, accounts):
                    log.warning("%s", line)
        self._notify()

    def _on_duty(self, change: DutyChange) -> None:
        if change.is_on and not self.has_account(change.account):
            self._has_unknown.set()

    def _notify(self) -> None:
        for listener in self._listeners:
            listener()


def _signature(path: Path | None) -> tuple[int, ...] | None:
    """What changes with a file's content; None: it is not there."""
    try:
        status = None if path is None else path.stat()
    except OSError:
        return None
    return None if status is None else (status.st_mtime_ns, status.st_size, status.st_ino)
