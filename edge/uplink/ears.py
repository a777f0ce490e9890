"""Who is told what the hub said (core)."""

from collections.abc import Callable
from dataclasses import dataclass

from contract.commands import AnyCommand, Command
from contract.media import MediaSignal
from contract.receipts import Receipt
from contract.signals import (
    Advice,
    AnySignal,
    CallState,
    ConfirmDevice,
    Practice,
    Replaced,
    RingStation,
    SealKey,
)
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
    on_replaced: Callable[[Replaced], None]
    on_desired: Callable[[bytes], None]  # as it came: what cannot be read is told to the hub
    on_command: Callable[[AnyCommand | Command], None]
    on_exchange: Callable[[Anchor], None]
    on_live: Callable[[], None]
    on_connected: Callable[[], None]
    open_call: Callable[[], tuple[int | None, str | None]]  # seq, and its spool where it is a former one

    def hear(self, signal: AnySignal) -> bool:
        """Tell a signal of the hub to whom it is for; False: it is for nobody here."""
        match signal:
            case CallState() as state:
                self.on_call(state)
            case RingStation() as ring:
                self.on_ring(ring)
            case Practice() as practice:
                self.on_practice(practice)
            case Advice() as advice:
                self.on_advice(advice)
            case SealKey() as offer:
                self.on_seal_key(offer)
            case ConfirmDevice() as answer:
                self.on_device(answer)
            case Replaced() as replaced:
                self.on_replaced(replaced)
            case MediaSignal() as media:
                self.on_media(media)
            case _:
                return False
        return True
