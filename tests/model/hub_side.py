"""The hub as the model has it: the real desk and the real routing over a store in memory.

Nothing waits in them but for the store, and this one answers at once: so each of their steps is driven to its
end here, without a loop.
"""

import contextlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from contract.events import AnyEvent
from contract.ids import CallId, StationId, spool_text
from contract.signals import AnySignal, BoxState, parse_signal
from contract.topics import Topic
from hub.calls.call import Given
from hub.calls.call_desk import CallDesk
from hub.calls.moves import Moved
from hub.calls.table import WAITING
from hub.config import Config, parse_config
from hub.hub import BrokerLink, Hub, IngestState
from hub.ingest.committed import Committed, OnCommitted, OnSignal, SignalHeard
from hub.routing.duty import Proof
from hub.routing.policy_document import parse_policy
from hub.routing.routing_service import Routing
from hub.store.interface import Store, StoreFailedError
from tests.model.station import Hello, Parcel, Station
from tests.model.store import ModelStore, arrival_of

T = TypeVar("T")
S: Final = 1_000_000
OPERATORS: Final = ("lan", "minh", "hoa")
SUPERVISOR: Final = "truong"
ACCOUNTS: Final = (*OPERATORS, SUPERVISOR)
PROOF: Final = Proof(sound=True, microphone=True, clock_offset_ms=0.0)
SILENT: Final = Proof(sound=False, microphone=True, clock_offset_ms=0.0)
CONFIG: Final[Config] = parse_config("", path=Path("/hub.toml"))
POLICY: Final = parse_policy(
    """
failsafe = "truong"
[units.tinh]
[units.xa]
parent = "tinh"
[[groups]]
unit = "xa"
members = ["lan", "minh"]
[[groups]]
unit = "tinh"
members = ["hoa"]
[[supervisors]]
account = "truong"
[stations]
tram-1 = "xa"
tram-2 = "xa"
tram-3 = "tinh"
""",
    path=Path("/routing.toml"),
    accounts=ACCOUNTS,
)


def drive(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing but the store to its end."""
    try:
        work.send(None)
    except StopIteration as done:
        return cast(T, done.value)
    work.close()
    raise AssertionError("it waits for something that the model does not have")


@dataclass(slots=True)
class Clock:
    """The hub machine's clocks, over the world's one time. `utc_ahead_us`: of a wall clock that is set."""

    now_us: int = 0
    utc_ahead_us: int = 1_800_000_000 * S
    boot: int = 1
    zero_us: int = 0

    def line_s(self) -> float:
        """CLOCK_BOOTTIME of the machine."""
        return (self.now_us - self.zero_us) / S

    def utc_us(self) -> int:
        """What its wall clock says."""
        return self.now_us + self.utc_ahead_us

    def reboot(self) -> None:
        """Another boot of the machine."""
        self.boot, self.zero_us = self.boot + 1, self.now_us - 5 * S


@dataclass(slots=True)
class Console:
    """Whoever sits there. `has_page`: any page is open; `sounds`: it proves that it could answer."""

    has_page: bool = True
    sounds: bool = True


class HubSide:
    """`publish`: puts something on the wire of a station; False when the broker is away."""

    def __init__(
        self, store: ModelStore, clock: Clock, *, publish: Callable[[StationId, AnySignal], bool]
    ) -> None:
        self.store, self.clock = store, clock
        self.desk: CallDesk | None = None
        self.consoles = {name: Console() for name in ACCOUNTS}
        self._publish = publish
        self._routing: Routing | None = None
        self._on_committed: list[OnCommitted] = []
        self._on_signal: list[OnSignal] = []

    # Its process

    def start(self) -> None:
        """`hub serve` starts and takes up what the store has."""
        self._on_committed, self._on_signal = [], []
        hub = self._hub()
        routing = Routing(
            CONFIG, accounts=_accounts, station_name=str, now_s=hub.now_s, utc_now_us=hub.utc_now_us
        )
        routing.policy, routing.accounts = POLICY, ACCOUNTS
        self._routing = routing
        self.desk = CallDesk(hub, routing, has_page=lambda name: self.consoles[name].has_page)
        drive(self.desk.begin())

    def kill(self) -> None:
        """It is killed."""
        self.desk = self._routing = None

    def turn(self) -> None:
        """The desk does what is due; consoles prove that they are there, and ring."""
        desk, routing = self.desk, self._routing
        if desk is None or routing is None:
            return
        for name, console in self.consoles.items():
            if console.has_page:
                proof = PROOF if console.sounds else SILENT
                routing.duty.hear(f"page of {name}", name, proof, now_s=self.clock.line_s())
                self._show(desk, name, console)
        with contextlib.suppress(StoreFailedError):
            drive(desk.turn())

    def _show(self, desk: CallDesk, name: str, console: Console) -> None:
        for one in desk.open_calls():
            if one.state in WAITING and name in one.offered_to:
                desk.shown(one.call_id)
                if console.sounds:
                    desk.sounds(one.call_id, console=f"page of {name}")

    # What comes to it

    def hear_parcel(self, station: Station, parcel: Parcel) -> bool:
        """Store a parcel; whether it is on the disk, and a receipt may go out."""
        now_us = self.clock.utc_us()
        arrivals = [
            arrival_of(
                station.name,
                station.spool,
                cast(AnyEvent, one.event),
                seq=one.seq,
                boot=one.boot,
                t_us=one.t_us,
                visit=one.visit,
                sent_boot=parcel.boot,
                sent_t_us=parcel.sent_t_us,
                received_utc_us=now_us,
            )
            for one in parcel.records
        ]
        try:
            outcomes = self.store.commit(arrivals)
        except StoreFailedError:
            return False
        line_s = self.clock.line_s()
        batch = [Committed(one, outcome, line_s) for one, outcome in zip(arrivals, outcomes, strict=True)]
        for listener in self._on_committed:
            listener(batch)
        return True

    def hear_hello(self, station: Station, hello: Hello) -> None:
        """A box says what it takes for open."""
        spool = spool_text(station.spool)
        state = BoxState(connected=True, spool=spool, boot=1, t_us=0, open_call=hello.open_call)
        heard = SignalHeard(station.name, Topic.STATE, state, False, self.clock.line_s())
        for listener in self._on_signal:
            listener(heard)

    def give(self, call_id: CallId, given: Given, *, seen_revision: int | None = None) -> Moved | None:
        """An operator does something; None: the hub is away, or its disk takes nothing."""
        if self.desk is None:
            return None
        with contextlib.suppress(StoreFailedError):
            return drive(self.desk.give(call_id, given, seen_revision=seen_revision))
        return None

    def _hub(self) -> Hub:
        async def run(work: Callable[[Store], T]) -> T:
            return work(cast(Store, self.store))

        return Hub(
            config=CONFIG,
            boot_name=str(self.clock.boot),
            now_s=self.clock.line_s,
            utc_now_us=self.clock.utc_us,
            run_read=run,
            run_write=run,
            opener_for=lambda *_: None,
            on_committed=self._on_committed.append,
            on_signal=self._on_signal.append,
            publish_signal=lambda station, _, data: self._publish(station, parse_signal(data)),
            broker_link=lambda: BrokerLink(is_connected=True, changed_s=None, heard_s=None, text=""),
            ingest_state=_no_ingest,
        )


async def _accounts() -> Sequence[str]:
    return ACCOUNTS


def _no_ingest() -> IngestState:
    raise AssertionError("the model has no ingest")
