import pytest

from edge.errors import IllegalInputError
from edge.health.report import Finding
from edge.health.self_test import (
    PARTS_MAX,
    TEXT_MAX,
    SelfTest,
    SelfTestInput,
    SelfTestNow,
    SelfTestState,
    findings_from,
    parts_of,
)


def state_of(test: SelfTest) -> SelfTestState:
    """What it is now; read anew each time."""
    return test.state


def held_at(now_s: float) -> SelfTest:
    test = SelfTest()
    assert test.held_on(now_s=now_s)
    return test


def test_a_button_that_is_held_on_waits_for_its_call_to_be_over_and_then_tests() -> None:
    test = held_at(110.0)  # pressed at 100, an emergency at 102
    assert state_of(test) is SelfTestState.WAITS
    assert test.look(is_free=False, now_s=110.0) is None
    assert test.look(is_free=False, now_s=300.0) is None
    assert test.look(is_free=True, now_s=301.0) is SelfTestInput.FREE
    assert state_of(test) is SelfTestState.RUNS
    assert test.look(is_free=True, now_s=302.0) is None
    test.over()
    assert state_of(test) is SelfTestState.QUIET


def test_a_self_test_waits_for_ten_minutes_and_no_longer() -> None:
    test = held_at(110.0)
    assert test.look(is_free=False, now_s=709.9) is None
    assert test.look(is_free=True, now_s=710.0) is SelfTestInput.TOO_LATE  # free or not
    assert state_of(test) is SelfTestState.QUIET
    assert test.look(is_free=True, now_s=711.0) is None


def test_a_press_breaks_off_what_runs_and_never_begins_it_again() -> None:
    test = held_at(110.0)
    test.look(is_free=True, now_s=200.0)
    assert test.help()
    assert state_of(test) is SelfTestState.QUIET
    assert test.look(is_free=True, now_s=300.0) is None
    with pytest.raises(IllegalInputError):
        test.over()


def test_another_press_leaves_what_waits_as_it_is() -> None:
    test = held_at(110.0)
    assert not test.help()
    assert not test.held_on(now_s=130.0)  # told once
    assert test.look(is_free=False, now_s=710.0) is SelfTestInput.TOO_LATE  # counted from the first


def test_a_hold_that_is_told_late_disturbs_nothing_that_runs() -> None:
    test = held_at(110.0)
    test.look(is_free=True, now_s=200.0)
    assert not test.held_on(now_s=201.0)
    assert state_of(test) is SelfTestState.RUNS


def test_nobody_tests_while_a_call_is_open() -> None:
    test = SelfTest()
    with pytest.raises(IllegalInputError, match="call is open"):
        test.ask(is_free=False, now_s=5.0)
    assert state_of(test) is SelfTestState.QUIET
    test.ask(is_free=True, now_s=5.0)
    assert test.asked_by == "station"
    with pytest.raises(IllegalInputError):
        test.ask(is_free=True, now_s=6.0)
    assert test.look(is_free=False, now_s=6.0) is None  # a press came in between
    assert test.look(is_free=True, now_s=7.0) is SelfTestInput.FREE


def test_the_event_has_what_is_not_well_first_and_no_more_than_it_may() -> None:
    well = [Finding(part=f"w{n}", is_well=True, text="x" * 500) for n in range(20)]
    parts = parts_of([*well, Finding(part="camera", is_well=False, text="gone", remedy="plug it in")])
    assert (parts[0].part, parts[0].text) == ("camera", "gone")
    assert len(parts) == PARTS_MAX
    assert max(len(one.text) for one in parts) == TEXT_MAX


def test_what_the_trial_of_the_devices_says_is_checked() -> None:
    assert findings_from([{"part": "sound", "is_well": True, "text": "heard"}])[0].part == "sound"
    hostile: list[object] = [{}, [1], [{"part": "sound"}], None]
    for said in hostile:
        with pytest.raises(ValueError, match=r"findings|Finding"):
            findings_from(said)


def test_the_panel_is_told_what_is_not_well() -> None:
    ill = Finding(part="sound", is_well=False, text="silence", remedy="turn it up")
    now = SelfTestNow(result=(Finding(part="card", is_well=True, text="written"), ill))
    assert now.ill == (ill,)
    assert SelfTestNow().ill == ()
