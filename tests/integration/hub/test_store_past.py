"""Where the data of a visit begin and end, and what happened meanwhile: of that visit and that boot."""

import numpy as np

from contract.events import LeadState, VisitClosed, VisitOpened
from contract.ids import BootId, RecordClass, VisitNo
from hub.store.sqlite import SqliteStore
from tests.integration.hub.arrivals import Arrive
from tests.simulators.box import BoxRecords

SAMPLES = np.arange(50, dtype=np.int32)


def edges(
    store: SqliteStore, box: BoxRecords, visit: int, *, until_us: int = 10**12
) -> tuple[int, int] | None:
    found = [
        store.edge_chunk(
            box.station,
            box.spool,
            visit=VisitNo(visit),
            boot=BootId(1),
            from_t_us=0,
            until_t_us=until_us,
            is_last=is_last,
        )
        for is_last in (False, True)
    ]
    if found[0] is None or found[1] is None:
        assert found == [None, None]
        return None
    return found[0].record.header.t_us, found[1].record.header.t_us


def test_the_edges_are_those_of_the_visit_whatever_the_class(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    for visit, t_us, record_class in (
        (1, 1_000_000, RecordClass.NUMERIC),
        (1, 2_000_000, RecordClass.WAVEFORM),
        (2, 3_000_000, RecordClass.WAVEFORM),
        (1, 4_000_000, RecordClass.NUMERIC),
    ):
        box.visit, box.t_us = VisitNo(visit), t_us - 1_000
        store.commit([arrive(box.chunk(SAMPLES, record_class=record_class))])
    assert edges(store, box, 1) == (1_000_000, 4_000_000)
    assert edges(store, box, 1, until_us=3_500_000) == (1_000_000, 2_000_000)
    assert edges(store, box, 2) == (3_000_000, 3_000_000)
    assert edges(store, box, 3) is None


def test_events_of_a_span_come_in_order_and_the_newest_count_where_there_are_too_many(
    store: SqliteStore, box: BoxRecords, arrive: Arrive
) -> None:
    told = (
        VisitOpened(visit=1, how="signal"),
        LeadState(device="d", off=()),
        VisitClosed(visit=1, why="asked"),
    )
    for at, event in enumerate(told):
        box.t_us = at * 1_000_000
        store.commit([arrive(box.event(event))])

    def between(from_us: int, until_us: int, most: int = 10) -> list[str]:
        return [
            one.event.event
            for one in store.events_between(
                box.station,
                box.spool,
                names=("visit opened", "leads", "visit closed"),
                boot=BootId(1),
                from_t_us=from_us,
                until_t_us=until_us,
                most=most,
            )
            if one.event is not None
        ]

    assert between(0, 10**9) == ["visit opened", "leads", "visit closed"]
    assert between(1_001_000, 2_001_000) == ["leads"]
    assert between(0, 10**9, most=2) == ["leads", "visit closed"]
