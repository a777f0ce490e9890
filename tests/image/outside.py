"""What stands outside the box: a real mosquitto and a real hub, and what the hub has of the station."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self, TypeVar

from contract.ids import BootId, RecordClass, SpoolId, StationId
from hub.ingest.keyring import KeyRing
from hub.store.sqlite import SqliteStore
from tests.enrolling import EnrollingHub
from tests.village.eyes import look_into
from tests.village.village import OPERATOR

T = TypeVar("T")

STATION: Final = StationId("ban-thu-01")
SEEN_INSIDE_AS: Final = "10.0.2.2"  # the loopback of this machine, through QEMU's user network
ASK_S: Final = 0.1


class Outside:
    """Hub and broker on loopback. Use as a context. `claim_file`: what an engineer puts on the card;
    `account`: name and password of who is on duty.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._hub = EnrollingHub(folder, names=(SEEN_INSIDE_AS,))
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._hub)
            self._config = self._hub.config
            said = self._hub.hub("account", "add", OPERATOR, "--role", "admin")
            self.account = (OPERATOR, said.strip().rsplit(" ", 1)[-1])
            self.claim_file = self._hub.box_file(self._hub.claim(STATION))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"https://127.0.0.1:{self._config.console.port}/"

    @property
    def deeds(self) -> list[str]:
        """What was done to the station, newest first."""
        return self._hub.deeds(STATION)

    def wait_until(self, is_so: Callable[[SqliteStore], bool], *, limit_s: float, what: str) -> float:
        """Return when (monotonic, s) something was so in the hub's store. Raises AssertionError: never."""
        deadline_s = time.monotonic() + limit_s
        while time.monotonic() < deadline_s:
            if self.ask(is_so):
                return time.monotonic()
            time.sleep(ASK_S)  # the store of another process announces nothing to us
        raise AssertionError(f"in {limit_s:.0f} s it never came to this at the hub: {what}")

    def ask(self, question: Callable[[SqliteStore], T]) -> T:
        """Return what the hub's store says now."""
        with SqliteStore(self._config.store_folder, is_writer=False) as store:
            return question(store)

    def devices(self, store: SqliteStore) -> set[str]:
        """Return the names of those that the hub has samples of."""
        stored = look_into(store, KeyRing(self._hub.broker.authority.seal_keys.read()), STATION)
        return {stored.sets[key.spool, key.set_no].device for key in stored.samples}

    def samples(self, mdc: int) -> dict[int, int]:
        """Return what the hub has of the streams that measure `mdc`, by the device's index."""
        ring = KeyRing(self._hub.broker.authority.seal_keys.read())
        stored = self.ask(lambda store: look_into(store, ring, STATION))
        assert not stored.doubled, f"{stored.doubled} samples are there twice"
        return {key.number: value for key, value in stored.of_stream(mdc).items()}


def events(name: str) -> Callable[[SqliteStore], int]:
    """Return a question: how many events of that name does the hub have?"""
    return lambda store: len(store.events(STATION, names=[name]))


def waveforms(store: SqliteStore) -> int:
    """Return how many records of waveforms the hub has."""
    return sum(
        1
        for spool in store.spools(STATION)
        for _ in store.chunks(STATION, spool, record_class=RecordClass.WAVEFORM)
    )


def boots_of_waveforms(store: SqliteStore) -> dict[tuple[SpoolId, BootId], float]:
    """Return when (UTC, s) the hub had the first waveform of each start of the box."""
    first: dict[tuple[SpoolId, BootId], float] = {}
    for spool in store.spools(STATION):
        for one in store.chunks(STATION, spool, record_class=RecordClass.WAVEFORM):
            boot, received_s = (spool, one.record.header.boot), one.received_utc_us / 1e6
            first[boot] = min(received_s, first.get(boot, received_s))
    return first
