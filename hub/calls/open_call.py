"""One open call as the desk holds it (core)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from contract.ids import CallId
from hub.calls.age import Age
from hub.calls.call import Call
from hub.calls.moves import HeldCall
from hub.calls.table import ANSWERED_STATES, State
from hub.store.interface import CallRow

SOUND_LEASE_US: Final = 12_000_000  # a console confirms every 5 s that it still sounds
ABANDONED_AFTER_US: Final = 60_000_000  # without any page of its owner: an answered call rings again
ABANDONED_NUDGED_US: Final = 5_000_000  # the same after another press; a page that reloads is back sooner
_NEEDS_ITS_OWNER: Final = ANSWERED_STATES | {State.CALLING}


@dataclass(slots=True)
class OpenCall:
    """An open call. Moments are microseconds of the hub's own time line (`hub.calls.time_line`).

    `held`: row and value; `offered_to`: the accounts whose consoles ring for it while it waits;
    `is_to_be_staffed`: whether anybody on its rung is ready is still to be looked at.
    """

    held: HeldCall
    changed_us: int  # its state or its owner
    owner_seen_us: int
    offered_to: frozenset[str] = frozenset()
    is_to_be_staffed: bool = True
    said_us: int | None = None
    sounding_until_us: dict[str, int] = field(default_factory=dict)  # by console

    @property
    def call_id(self) -> CallId:
        """Which call it is."""
        return self.held.row.call_id

    @property
    def row(self) -> CallRow:
        """The call as it is in the store."""
        return self.held.row

    @property
    def call(self) -> Call:
        """The call as a value."""
        return self.held.kept.call

    @property
    def state(self) -> State:
        """How it stands."""
        return self.call.state

    @property
    def received_us(self) -> int:
        """When the hub had its press."""
        return self.held.kept.received_us

    @property
    def age(self) -> Age:
        """How old its press was when it came."""
        return self.held.age

    def age_now(self, *, now_us: int) -> Age:
        """Return how old its press is."""
        return self.age.later((now_us - self.received_us) / 1e6)

    def is_sounding(self, *, now_us: int) -> bool:
        """Whether a console confirms that it sounds; those that fell silent are let go."""
        over = [console for console, until_us in self.sounding_until_us.items() if until_us <= now_us]
        for console in over:
            del self.sounding_until_us[console]
        return bool(self.sounding_until_us)

    def is_abandoned(self, limit_us: int, *, has_page: Callable[[str], bool], now_us: int) -> bool:
        """Whether its owner, who is needed now, has had no page for so long."""
        owner = self.call.owner
        if owner is None or self.state not in _NEEDS_ITS_OWNER:
            return False
        if has_page(owner):
            self.owner_seen_us = now_us
        return now_us - self.owner_seen_us > limit_us
