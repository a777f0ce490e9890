"""The rooms of a running hub, by name (core): what `hub_service` builds and hands to console, calls, fleet.

Everything here belongs to the event loop's thread, except the work given to `run_read` and `run_write`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from contract.ids import KeyId, SpoolId, StationId
from contract.sealing import Opener
from contract.topics import Topic
from hub.config import Config
from hub.enrolment.copies import Copies
from hub.enrolment.enrolment_service import EnrolmentDesk
from hub.ingest.committed import OnCommitted, OnSignal
from hub.ingest.latency import BOUNDS_S
from hub.store.interface import Store

T = TypeVar("T")
NO_COMMITS: Final = (0,) * (len(BOUNDS_S) + 1)


class RunOnStore(Protocol):
    """Runs `work` with the store of one of its two threads; returns its result or raises what it raised."""

    def __call__(self, work: Callable[[Store], T], /) -> Awaitable[T]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerLink:
    """Whether the hub hears its stations at all. Times are monotonic seconds; None: not since the start."""

    is_connected: bool
    changed_s: float | None  # when it last came or went
    heard_s: float | None  # the last message of any station
    text: str  # for the operator, in English: why it is gone and what is being done; "" when connected


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestState:
    """How ingest is. A fault means: nothing is being stored and the boxes keep what they send."""

    fault: str | None  # such as "disk full …"; None when the last commit went well
    fault_since_s: float | None  # monotonic
    stored_count: int
    duplicate_count: int
    other_content_count: int  # above zero is an alarm: one identity with two contents
    dropped_parcel_count: int  # not taken because the queue was full; the box sends them again
    refused_counts: dict[str, int]  # by name of Refusal, such as "bad_crc"
    first_refusal_text: str | None
    receipt_count: int = 0  # that were sent
    commit_counts: Sequence[int] = NO_COMMITS  # by the steps of hub.ingest.latency
    commit_total_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """The rooms and what they offer one another.

    `run_read` may wait behind other reads only, `run_write` waits for the commit under way; ingest itself
    writes, so the rooms write only calls and rates. `opener_for` gives None while the key has not come (or
    was wrapped for another hub); it belongs on the store's threads: pass it the store that `work` was given.
    """

    config: Config
    boot_name: str  # of this boot of the machine, in which `now_s` counts
    now_s: Callable[[], float]
    utc_now_us: Callable[[], int]
    run_read: RunOnStore
    run_write: RunOnStore
    opener_for: Callable[[Store, StationId, SpoolId, KeyId], Opener | None]
    on_committed: Callable[[OnCommitted], None]  # adds a listener, called in the loop right after each commit
    on_signal: Callable[[OnSignal], None]  # adds a listener for `state` and `up/signal`
    publish_signal: Callable[[StationId, Topic, bytes], bool]  # False: not sent; say it again later
    broker_link: Callable[[], BrokerLink]
    ingest_state: Callable[[], IngestState]
    # What the hub left with the broker as a mark of what is retained there; None: the broker has begun anew.
    retained_mark: Callable[[], bytes | None] = lambda: None
    leave_mark: Callable[[bytes], bool] = lambda _mark: False
    enrolment: EnrolmentDesk | None = None  # None: no box comes in here
    copies: Copies = field(default_factory=Copies)  # hears of each hello
