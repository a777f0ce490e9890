"""Both real tables, the real desk and a wire that loses, overtakes and doubles: nothing is lost or stuck."""

import random
from typing import Any

import pytest
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contract.ids import CallId
from edge.call.station_table import State as AtStation
from tests.model.deeds import DEEDS, PAUSES_US, Deed, press
from tests.model.truths import Broken, Truths
from tests.model.wire import PERFECT, ROUGH, Faults, S
from tests.model.world import MINUTE_US, World

VERY_ROUGH = Faults(loss=0.4, doubled=0.3, late=0.5)
LUCK = st.integers(0, 2**20)


class Calls(RuleBasedStateMachine):
    """Anything is done, in any order; then everything works, nobody does anything, and an hour passes."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(random.Random(0))
        self.truths = Truths(self.world)

    @initialize(luck=LUCK, stations=st.integers(1, 3), faults=st.sampled_from((PERFECT, ROUGH, VERY_ROUGH)))
    def begin(self, luck: int, stations: int, faults: Faults) -> None:
        self.world = World(random.Random(luck), stations=stations, faults=faults)
        self.truths = Truths(self.world)

    @rule(deed=st.sampled_from(list(DEEDS)), luck=LUCK, pause_us=st.sampled_from(PAUSES_US))
    def do(self, deed: Deed, luck: int, pause_us: int) -> None:
        self.world.rng.seed(luck)
        self.world.note(deed(self.world))
        self.world.pass_time(pause_us)

    @rule(luck=LUCK)
    def press(self, luck: int) -> None:
        self.do(press, luck, S)

    @invariant()
    def holds(self) -> None:
        self.truths.check()

    def teardown(self) -> None:
        try:
            end(self.world, self.truths)
        except AssertionError:
            note("\n".join(self.world.history))
            raise


def end(world: World, truths: Truths) -> None:
    """Let everything work again and come to rest."""
    world.heal()
    world.pass_time(MINUTE_US)
    world.rest(60 * MINUTE_US)
    truths.check_at_rest()


TestCalls: Any = Calls.TestCase
TestCalls.settings = settings(max_examples=150, stateful_step_count=20)


# What the model would say, if it were not so


def a_world() -> tuple[World, Truths, CallId]:
    """Return a world in which one station has pressed and the hub rings."""
    world = World(random.Random(1), stations=1, faults=PERFECT)
    truths = Truths(world)
    press(world)
    world.pass_time(3 * S)
    truths.check()
    (call_id,) = world.store.rows
    return world, truths, call_id


def test_a_quiet_end_is_no_fault() -> None:
    world, truths, _ = a_world()
    end(world, truths)


def test_a_press_of_which_the_hub_has_nothing_is_lost() -> None:
    world, truths, call_id = a_world()
    del world.store.rows[call_id]
    with pytest.raises(Broken, match="lost"):
        truths.check_at_rest()


def test_an_owner_who_did_not_take_the_call_is_a_second_one() -> None:
    world, truths, call_id = a_world()
    row = world.store.rows[call_id]
    object.__setattr__(row, "owner", "minh")
    world.store.lines[call_id].append(world.store.lines[call_id][-1])
    with pytest.raises(Broken, match="double_owned"):
        truths.check()


def test_a_lamp_that_says_more_than_the_hub_did_is_a_lie() -> None:
    world, truths, _ = a_world()
    call = next(iter(world.lines.values())).station.call
    assert call is not None
    call.state = AtStation.CLAIMED
    with pytest.raises(Broken, match="never said"):
        truths.check()


def test_a_call_that_rings_for_ever_is_stuck() -> None:
    _, truths, _ = a_world()
    with pytest.raises(Broken, match="stuck"):
        truths.check_at_rest()
