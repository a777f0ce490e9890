"""Histories that lost something once, word for word; found by the model of both sides (`tests.model`)."""

import random
from collections.abc import Sequence

from contract.events import CallRaised, CallStep, Press
from contract.ids import CallId
from hub.calls.call import Given
from hub.calls.open_call import OpenCall
from hub.calls.table import SIGNALLED_AS, Input, State
from hub.store.call_filing import OVER_AT_STATION
from tests.model.deeds import press
from tests.model.station import Parcel, Written
from tests.model.wire import PERFECT, S
from tests.model.world import MINUTE_US, Line, World

PRESS = Press(device="board", device_boot=1, press_count=1, learned_from="event")
NUDGE = PRESS.model_copy(update={"press_count": 2, "nudges": 1})
RAISED = CallRaised(call_seq=1)
CANCELLED = CallStep(call_seq=1, step="cancelled")
ENDED = CallStep(call_seq=1, step="ended")


def one_station() -> tuple[World, Line, CallId]:
    """Return a world, its station, and the call that its first record will be. The box itself is off."""
    world = World(random.Random(1), stations=1, faults=PERFECT)
    (line,) = world.lines.values()
    line.station.kill()
    return world, line, CallId(line.station.name, line.station.spool, 1)


def come(world: World, line: Line, *records: tuple[int, object]) -> None:
    """These records come in one parcel, and are on the hub's disk."""
    written: Sequence[Written] = [Written(seq, event, 1, seq * S, 1) for seq, event in records]  # type: ignore[arg-type]
    assert world.hub.hear_parcel(line.station, Parcel(tuple(written), 1, 60 * S))


def state_of(world: World, call_id: CallId) -> State:
    return State[world.store.rows[call_id].state]


def inputs(world: World, call_id: CallId) -> list[str]:
    return [line.input for line in world.store.lines[call_id]]


def test_an_emergency_that_comes_before_its_press_is_one() -> None:
    world, line, call_id = one_station()
    come(world, line, (2, RAISED))
    world.hub.turn()
    come(world, line, (1, PRESS))
    world.hub.turn()
    assert inputs(world, call_id).count("RAISED") == 1
    assert '"is_emergency": true' in str(world.store.rows[call_id].kept)


def test_a_cancelling_that_comes_before_its_press_still_cancels() -> None:
    world, line, call_id = one_station()
    come(world, line, (2, CANCELLED))
    world.hub.turn()
    come(world, line, (1, PRESS))
    world.hub.turn()
    assert state_of(world, call_id) is State.CANCELLED


def test_what_comes_with_its_press_is_applied_once() -> None:
    world, line, call_id = one_station()
    come(world, line, (1, PRESS), (2, RAISED))
    world.hub.turn()
    assert inputs(world, call_id).count("RAISED") == 1


def test_an_emergency_is_applied_after_a_restart_although_the_store_counted_a_press_after_it() -> None:
    world, line, call_id = one_station()
    come(world, line, (1, PRESS))
    world.hub.turn()
    come(world, line, (2, RAISED), (3, NUDGE))
    world.hub.kill()
    world.hub.start()
    world.hub.turn()
    assert "RAISED" in inputs(world, call_id)


def test_what_the_station_says_again_of_the_hubs_own_word_ends_nothing() -> None:
    world, line, call_id = one_station()
    come(world, line, (1, PRESS))
    world.hub.turn()
    come(world, line, (2, ENDED))
    world.hub.turn()
    assert state_of(world, call_id) in (State.RECEIVED, State.OFFERED, State.RINGING)


def test_a_press_that_meets_the_end_of_a_call_is_the_next_call() -> None:
    world, line, call_id = one_station()
    come(world, line, (1, PRESS))
    world.hub.turn()
    for given in (Given(input=Input.CLAIM, by="lan"), Given(input=Input.END, by="lan")):
        world.hub.give(call_id, given)
    come(world, line, (2, NUDGE))
    world.hub.turn()
    assert state_of(world, call_id) is State.WRAP_UP
    assert state_of(world, call_id._replace(seq=2)) in (State.RECEIVED, State.OFFERED, State.RINGING)


def test_the_states_in_which_a_press_is_counted_are_those_that_the_station_takes_for_open() -> None:
    told_as_over = {state.name for state, said in SIGNALLED_AS.items() if said in ("ended", "cancelled")}
    assert told_as_over == {*OVER_AT_STATION, State.CLOSED.name}


# A press that waits for the link


def waited(minutes: float, *, is_rebooted: bool = False) -> OpenCall:
    """Return the call of a press that waited so long, ten seconds after the link came back."""
    world = World(random.Random(1), stations=1, faults=PERFECT)
    (line,) = world.lines.values()
    world.cut_link(line)
    press(world)
    world.pass_time(round(minutes * MINUTE_US))
    if is_rebooted:
        line.station.kill()
        line.has_power = False
        world.start_box(line)
    world.clock.utc_ahead_us -= 3 * 86_400 * S  # and somebody has set the hub's clock meanwhile
    world.mend_link(line)
    world.pass_time(10 * S)
    (one,) = world.open_calls()
    return one


def test_a_press_of_three_minutes_rings_and_one_of_twenty_is_owed_a_call_at_its_true_age() -> None:
    short, long = waited(3), waited(20)
    assert short.state is State.RINGING
    assert (long.state, long.call.owner is None) == (State.CALLBACK, False)
    for one, minutes in ((short, 3), (long, 20)):
        assert one.age.is_exact
        assert abs(one.age.at_least_s - minutes * 60) < 1.0


def test_a_press_whose_age_nobody_knows_rings() -> None:
    one = waited(20, is_rebooted=True)
    assert (one.state, one.age.at_most_s) == (State.RINGING, None)
