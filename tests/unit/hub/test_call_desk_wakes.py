"""What is committed while the desk reads the calls is not slept over, and what was no press is let go."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from contract.header import Header, Kind, Record
from contract.ids import (
    NO_VISIT,
    BootId,
    CallId,
    KeyId,
    RecordClass,
    SpoolId,
    StationId,
    StreamSetNo,
)
from hub.calls.age import Age
from hub.calls.call_desk import CallDesk
from hub.calls.moves import HeldCall, read_open_calls
from hub.config import parse_config
from hub.hub import BrokerLink, Hub, IngestState
from hub.ingest.committed import Committed, OnCommitted
from hub.store.interface import Arrival, CallRow, Outcome

STATION, SPOOL = StationId("con-dao-01"), SpoolId(7)


def row(seq: int) -> CallRow:
    return CallRow(
        call_id=CallId(STATION, SPOOL, seq),
        state="RECEIVED",
        revision=1,
        boot=BootId(1),
        t_us=1,
        sent_boot=BootId(1),
        sent_t_us=2,
        visit=NO_VISIT,
        received_utc_us=3,
        changed_utc_us=3,
        owner=None,
        nudges=0,
    )


def committed(seq: int) -> Committed:
    header = Header(
        kind=Kind.EVENT,
        record_class=RecordClass.CALL,
        seq=seq,
        key_id=KeyId(1),
        nonce=seq,
        boot=BootId(1),
        t_us=1,
        visit=NO_VISIT,
        stream_set=StreamSetNo(0),
        first_index=0,
        count=0,
        codec=0,
    )
    arrival = Arrival(
        station=STATION,
        spool=SPOOL,
        boot=BootId(1),
        sent_t_us=2,
        received_utc_us=3,
        record=Record(header, b""),
        raw=b"",
    )
    return Committed(arrival, Outcome.STORED, 0.0)


class SlowStore:
    """The reading half of a hub: a second press is committed after each look has begun."""

    def __init__(self) -> None:
        self.calls = [row(1)]
        self.listeners: list[OnCommitted] = []

    async def run_read(self, work: Callable[[Any], Any]) -> Any:
        seen = [HeldCall(one, Age(0.0, 0.0)) for one in self.calls]
        if len(self.calls) == 1:
            self.calls.append(row(2))
            self.commit(2)
            await asyncio.sleep(0)
        return seen

    def commit(self, seq: int) -> None:
        for listener in self.listeners:
            listener([committed(seq)])


class WithdrawingStore(SlowStore):
    """The one call is gone once something else was committed."""

    async def run_read(self, work: Callable[[Any], Any]) -> Any:
        if work is not read_open_calls:
            return None  # no row of that call
        return [HeldCall(one, Age(0.0, 0.0)) for one in self.calls]


def desk_over(store: SlowStore) -> CallDesk:
    hub = Hub(
        config=parse_config("", path=Path("/srv/hub.toml")),
        now_s=lambda: 1.0,
        utc_now_us=lambda: 1,
        run_read=store.run_read,
        run_write=store.run_read,
        opener_for=lambda *_: None,
        on_committed=store.listeners.append,
        on_signal=lambda _: None,
        publish_signal=lambda *_: True,
        broker_link=lambda: BrokerLink(is_connected=True, changed_s=None, heard_s=None, text=""),
        ingest_state=lambda: IngestState(
            fault=None,
            fault_since_s=None,
            stored_count=0,
            duplicate_count=0,
            other_content_count=0,
            dropped_parcel_count=0,
            refused_counts={},
            first_refusal_text=None,
        ),
    )
    return CallDesk(hub, has_page=lambda _: True)


async def until_open(desk: CallDesk, count: int, *, first: Callable[[], None]) -> None:
    """Run the desk until it holds `count` calls; `first` is done once it runs."""
    seen = asyncio.Event()
    desk.on_change(lambda: seen.set() if len(desk.open_calls()) == count else None)
    running = asyncio.create_task(desk.run())
    first()
    async with asyncio.timeout(20):
        await seen.wait()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def test_a_press_that_comes_while_the_desk_reads_is_seen_at_once() -> None:
    async def scenario() -> None:
        store = SlowStore()
        await until_open(desk_over(store), 2, first=lambda: store.commit(1))

    asyncio.run(scenario())


def test_a_call_that_was_no_press_is_let_go() -> None:
    async def scenario() -> None:
        store = WithdrawingStore()
        desk = desk_over(store)
        await until_open(desk, 1, first=lambda: store.commit(1))
        store.calls = []
        await until_open(desk, 0, first=lambda: store.commit(2))

    asyncio.run(scenario())
