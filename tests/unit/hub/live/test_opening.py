"""How many chunks are opened in one turn of the store's thread."""

from collections import deque

import pytest

from contract.header import Record
from contract.ids import BootId, SpoolId, StationId
from hub.live.opening import OPEN_AT_ONCE, OPEN_BYTES, take_turn
from hub.store.interface import Arrival
from tests.unit.hub.live.station_events import arrived


def arrival(body_bytes: int) -> Arrival:
    return Arrival(
        station=StationId("a"),
        spool=SpoolId(1),
        boot=BootId(1),
        sent_t_us=0,
        received_utc_us=0,
        record=Record(arrived(1.0).header, bytes(body_bytes)),
        raw=b"",
    )


@pytest.mark.parametrize(
    ("body_bytes", "turns"),
    [
        (100, [OPEN_AT_ONCE, OPEN_AT_ONCE, 1]),
        (OPEN_BYTES // 2, [2] * OPEN_AT_ONCE + [1]),
        (OPEN_BYTES, [1] * (2 * OPEN_AT_ONCE + 1)),
    ],
)
def test_many_small_chunks_are_a_turn_and_a_large_one_is(body_bytes: int, turns: list[int]) -> None:
    waiting = deque(arrival(body_bytes) for _ in range(2 * OPEN_AT_ONCE + 1))
    there, taken = list(waiting), list[list[Arrival]]()
    while waiting:
        taken.append(take_turn(waiting))
    assert [len(one) for one in taken] == turns
    assert [id(one) for turn in taken for one in turn] == [id(one) for one in there]
