"""Who is told what the hub said (core)."""

from collections.abc import Callable
from dataclasses import dataclass

from contract.commands import AnyCommand, Command
from contract.media import MediaSignal
from contract.receipts import Receipt
from contract.signals import Advice, CallState, ConfirmDevice, Practice, RingStation, SealKey
from contract.times import Anchor
from edge.spool.batch import OwedRecord


@dataclass(frozen=True, slots=True)
class Ears:
    """All are called on the loop, and must not block."""

    on_receipt: Callable[[Receipt, list[OwedRecord]], None]
    on_call: Callable[[CallState], None]
    on_ring: Callable[[RingStation], None]
    on_practice: Callable[[Practice], None]
    on_advice: Callable[[Advice], None]
    on_media: Callable[[MediaSignal], None]
    on_seal_key: Callable[[SealKey], None]
    on_device: Callable[[ConfirmDevice], None]
    on_desired: Callable[[bytes], None]  # as it came: what cannot be read is told to the hub
    on_command: Callable[[AnyCommand | Command], None]
    on_exchange: Callable[[Anchor], None]
    on_live: Callable[[], None]
    on_connected: Callable[[], None]
    open_call: Callable[[], tuple[int | None, str | None]]  # seq, and its spool where it is a former one
