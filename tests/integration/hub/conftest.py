"""A box's records on their way into a real store: shared by the tests of what stores do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.events import AnyEvent, KeyMade, parse_event
from contract.header import Kind, Record, parse_record
from contract.ids import KeyId, StationId
from contract.sealing import Opener, unwrap_key
from hub.store.interface import Arrival
from hub.store.sqlite import SqliteStore
from tests.integration.hub.arrivals import HUB_KEY, NOW_US, Arrive
from tests.simulators.box import BoxRecords

CON_DAO = StationId("con-dao-01")


@pytest.fixture
def box() -> BoxRecords:
    return BoxRecords(CON_DAO, HUB_KEY.public_key())


@pytest.fixture
def opener(box: BoxRecords) -> Opener:
    key = parse_record(box.key())
    assert isinstance(key, Record)
    event = parse_event(key.body)
    assert isinstance(event, KeyMade)
    return unwrap_key(HUB_KEY, event.wrapped_key, station=box.station, spool=box.spool, key_id=KeyId(1))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(tmp_path / "store", is_writer=True, segment_max_bytes=500) as store:
        yield store


@pytest.fixture
def arrive(box: BoxRecords, opener: Opener) -> Arrive:
    """Makes an arrival of a record's bytes, its event opened unless told otherwise."""

    def make(raw: bytes, *, is_opened: bool = True, received_utc_us: int = NOW_US) -> Arrival:
        record = parse_record(raw)
        event: AnyEvent | None = None
        if is_opened and isinstance(record, Record) and record.header.kind is Kind.EVENT:
            event = parse_event(opener.open(record) if record.header.key_id else record.body)
        return Arrival(
            station=box.station,
            spool=box.spool,
            boot=box.boot,
            sent_t_us=box.t_us,
            received_utc_us=received_utc_us,
            record=record,
            raw=raw,
            event=event,
        )

    return make
