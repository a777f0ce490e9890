from itertools import product

import pytest

from hub.alerts.alert import BEFORE, Alert, AlertNo, Place, acknowledged, given_back, move
from hub.alerts.table import OPEN, TRANSITIONS, IllegalInputError, Input, State, next_state
from tests.unit.hub.alerts.rules_of_tests import HIGH, HOT, MEDIUM

ALERT = Alert(
    no=AlertNo(7),
    rule="temperature",
    place=Place(),
    severity=MEDIUM,
    since_s=100.0,
    raised_s=400.0,
    unowned_s=400.0,
)


@pytest.mark.parametrize(
    ("state", "input_"),
    sorted({*product(State, Input)} - {*TRANSITIONS}, key=str),
    ids=lambda one: one.name,
)
def test_every_pair_outside_the_table_is_refused(state: State, input_: Input) -> None:
    with pytest.raises(IllegalInputError, match=f"{input_.name} in {state.name}"):
        next_state(state, input_)


def test_an_alert_that_is_over_stays_over() -> None:
    assert not [one for one in Input if (State.CLEARED, one) in TRANSITIONS]


def test_from_every_open_state_it_can_be_owned_and_be_over() -> None:
    for state in OPEN:
        assert next_state(state, Input.ACKNOWLEDGE) is State.ACKNOWLEDGED
        assert next_state(state, Input.CLEAR) is State.CLEARED


def test_it_is_owned_by_somebody_with_a_note_until_a_time() -> None:
    moved = acknowledged(ALERT, by="lan", note="  gọi   thợ điện ", for_s=3_600, now_s=1_000.0)
    assert moved.after.state is State.ACKNOWLEDGED
    assert (moved.after.owner, moved.after.note, moved.after.owned_until_s) == (
        "lan",
        "gọi thợ điện",
        4_600.0,
    )
    assert moved.by == "lan" and moved.after.revision == ALERT.revision + 1
    assert not moved.after.is_loud and moved.after.is_open


@pytest.mark.parametrize("for_s", [0.0, 59.0, 86_401.0, float("inf")])
def test_nobody_owns_it_for_ever_or_for_nothing(for_s: float) -> None:
    with pytest.raises(ValueError, match="24 h"):
        acknowledged(ALERT, by="lan", note="", for_s=for_s, now_s=0.0)


def test_what_is_given_back_escalates_anew() -> None:
    escalated = move(ALERT, Input.ESCALATE, rung=2, told={"1 x": "sent"}).after
    owned = acknowledged(escalated, by="lan", note="", for_s=60, now_s=500.0).after
    assert owned.escalates_s(HOT) is None
    back = given_back(owned, Input.LAPSE, by=None, now_s=560.0).after
    assert (back.state, back.owner, back.rung, dict(back.told)) == (
        State.RAISED, None, 0, {"1 x": BEFORE},
    )  # fmt: skip
    assert back.escalates_s(HOT) == 560.0 + 900.0


def test_a_worse_one_breaks_through_whoever_owned_it() -> None:
    owned = acknowledged(ALERT, by="lan", note="", for_s=60, now_s=500.0).after
    worse = given_back(owned, Input.WORSE, by=None, now_s=520.0, severity=HIGH).after
    assert worse.is_loud and worse.severity is HIGH and worse.owner is None


def test_one_that_is_quiet_calm_or_owned_does_not_escalate() -> None:
    assert ALERT.escalates_s(HOT) == 400.0 + 900.0
    assert move(ALERT, Input.QUIET, is_quiet=True).after.escalates_s(HOT) is None
    assert move(ALERT, Input.CALM, calm_s=450.0).after.escalates_s(HOT) is None
    assert ALERT.escalates_s(None) is None


@pytest.mark.parametrize("text", ["hub", "unit:0", "unit:12", "station:co-to"])
def test_a_place_is_read_as_it_was_written(text: str) -> None:
    assert str(Place.parse(text)) == text


@pytest.mark.parametrize("text", ["", "station:", "unit:x", "somewhere"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Place.parse(text)
