"""Whether a board is there."""

from itertools import product

import pytest

from firmware_bridge.board.presence import LOSS_S, SILENCE_S, TRANSITIONS, Input, Presence, State
from firmware_bridge.errors import IllegalInputError


@pytest.mark.parametrize(("state", "input_"), sorted({*product(State, Input)} - {*TRANSITIONS}, key=str))
def test_every_pair_outside_the_table_is_refused(state: State, input_: Input) -> None:
    presence = Presence()
    presence.state = state
    with pytest.raises(IllegalInputError, match=f"{input_.name} in {state.name}"):
        presence.handle(input_, now_s=0.0)
    assert presence.state is state


def test_a_silent_board_is_warned_of_and_then_lost() -> None:
    presence = Presence()
    presence.handle(Input.OPEN, now_s=0.0)
    presence.handle(Input.HELLO, now_s=1.0)
    presence.handle(Input.HEARTBEAT, now_s=100.0)
    assert presence.deadline_s == 100.0 + SILENCE_S
    assert not presence.is_due(now_s=101.4)
    assert presence.handle(Input.DEADLINE, now_s=101.5) is State.SILENT
    assert presence.deadline_s == 100.0 + LOSS_S
    assert presence.handle(Input.DEADLINE, now_s=105.0) is State.LOST
    assert presence.deadline_s is None


def test_strangers_that_keep_talking_do_not_put_off_the_loss() -> None:
    presence = Presence()
    presence.handle(Input.OPEN, now_s=0.0)
    presence.handle(Input.STRANGER, now_s=4.0)
    assert presence.deadline_s == LOSS_S


def test_a_closed_port_has_no_deadline() -> None:
    presence = Presence()
    presence.handle(Input.OPEN, now_s=0.0)
    presence.handle(Input.CLOSE, now_s=1.0)
    assert presence.deadline_s is None
    assert not presence.is_due(now_s=1e9)
