"""The store that the model of calls has in memory does what the real one does, over random histories."""

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from contract.header import Record, encode_record
from hub.store.interface import Arrival, CallMove, CallRow, Outcome
from hub.store.sqlite import SqliteStore
from tests.model.deeds import do_something, press
from tests.model.store import ModelStore
from tests.model.world import World

DEEDS_DONE: Final = 40


class Twin(ModelStore):
    """Writes to a real store too, and compares what both say."""

    def __init__(self, real: SqliteStore) -> None:
        super().__init__()
        self.real = real

    def commit(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        outcomes = super().commit(arrivals)
        assert self.real.commit([with_bytes(one) for one in arrivals]) == outcomes
        return outcomes

    def move_calls(self, moves: Sequence[CallMove]) -> list[CallRow | None]:
        rows = super().move_calls(moves)
        assert self.real.move_calls(moves) == rows
        return rows


def with_bytes(arrival: Arrival) -> Arrival:
    """Return the arrival as a real store must have it."""
    assert isinstance(arrival.record, Record)
    return replace(arrival, raw=encode_record(arrival.record))


@pytest.mark.parametrize("seed", range(6))
def test_the_model_keeps_calls_as_the_store_does(tmp_path: Path, seed: int) -> None:
    with SqliteStore(tmp_path / "store", is_writer=True) as real:
        twin = Twin(real)
        world = World(random.Random(seed), store=twin)
        press(world)
        for _ in range(DEEDS_DONE):
            do_something(world)
        assert real.open_calls() == twin.open_calls()
        for call_id, row in twin.rows.items():
            assert real.call(call_id) == row
            assert real.journal(call_id) == twin.journal(call_id)
        assert twin.rows
