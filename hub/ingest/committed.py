"""What the rooms of the hub are told (core): records after they are durable, and signals as they come."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contract.ids import StationId
from contract.signals import AnySignal
from contract.topics import Topic
from hub.store.interface import Arrival, Outcome


@dataclass(frozen=True, slots=True)
class Committed:
    """A record that is on disk, and what became of it. `received_s` is the monotonic clock at its arrival."""

    arrival: Arrival
    outcome: Outcome
    received_s: float


@dataclass(frozen=True, slots=True)
class SignalHeard:
    """A signal from a station, not stored anywhere. `received_s` is the hub's monotonic clock.

    `is_retained`: the broker kept it and says it again to a hub that has just connected; the station may have
    been gone for long, so it must not count as having been heard now.
    """

    station: StationId
    topic: Topic
    signal: AnySignal
    is_retained: bool
    received_s: float


OnCommitted = Callable[[Sequence[Committed]], None]
OnSignal = Callable[[SignalHeard], None]
