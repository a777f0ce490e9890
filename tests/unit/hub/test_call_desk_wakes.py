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
from hub.calls.call_desk import CallDesk
from hub.config import parse_config
from hub.hub import BrokerLink, Hub, IngestState
from hub.ingest.committed import Committed, OnCommitted
from hub.routing.routing_service import Routing
from hub.store.interface import Arrival, CallRow, JournalLine, Outcome, StoredRecord

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


class Rows:
    """What a desk reads of the store: calls by their id."""

    def __init__(self) -> None:
        self.calls = {1: row(1)}

    def call(self, call_id: CallId) -> CallRow | None:
        return self.calls.get(call_id.seq)

    def open_calls(self) -> list[CallRow]:
        return list(self.calls.values())

    def journal(self, _: CallId) -> list[JournalLine]:
        return []

    def events(self, *_: object, **__: object) -> list[StoredRecord]:
        return []


class SlowHub:
    """The reading half of a hub: a second press is committed after the first look has begun."""

    def __init__(self) -> None:
        self.rows = Rows()
        self.listeners: list[OnCommitted] = []
        self.has_second = True

    async def run_read(self, work: Callable[[Any], Any]) -> Any:
        seen = work(self.rows)
        if self.has_second:
            self.has_second = False
            self.rows.calls[2] = row(2)
            self.commit(2)
            await asyncio.sleep(0)
        return seen

    def commit(self, *seqs: int) -> None:
        for listener in self.listeners:
            listener([committed(seq) for seq in seqs])


async def nobody() -> tuple[str, ...]:
    return ()


def desk_over(slow: SlowHub) -> CallDesk:
    config = parse_config("", path=Path("/srv/hub.toml"))
    hub = Hub(
        config=config,
        boot_name="one",
        now_s=lambda: 1.0,
        utc_now_us=lambda: 1_000_000,
        run_read=slow.run_read,
        run_write=slow.run_read,
        opener_for=lambda *_: None,
        on_committed=slow.listeners.append,
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
    routing = Routing(config, accounts=nobody, station_name=str, now_s=hub.now_s, utc_now_us=hub.utc_now_us)
    return CallDesk(hub, routing, has_page=lambda _: True)


async def until_open(desk: CallDesk, count: int, *, first: Callable[[], object]) -> None:
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
        slow = SlowHub()
        await until_open(desk_over(slow), 2, first=lambda: slow.commit(1))

    asyncio.run(scenario())


def test_a_call_that_was_no_press_is_let_go() -> None:
    async def scenario() -> None:
        slow = SlowHub()
        desk = desk_over(slow)
        await until_open(desk, 2, first=lambda: slow.commit(1))
        slow.rows.calls.clear()
        await until_open(desk, 0, first=lambda: slow.commit(1, 2))

    asyncio.run(scenario())
