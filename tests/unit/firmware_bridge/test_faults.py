"""Faults of the board itself."""

import pytest

from firmware_bridge.board.faults import RESETS_ALARM_S, ResetWatch, button_fault
from firmware_bridge.board.messages import ButtonState, Heartbeat
from firmware_bridge.events import ButtonFaultKind


@pytest.mark.parametrize(
    ("button", "flags", "fault"),
    [
        (ButtonState.UP, 0, None),
        (ButtonState.DOWN, 0, None),
        (ButtonState.DOWN, Heartbeat.STUCK, ButtonFaultKind.STUCK),
        (ButtonState.LOOP_OPEN, 0, ButtonFaultKind.LOOP_OPEN),
        (ButtonState.LOOP_SHORT, Heartbeat.STUCK, ButtonFaultKind.LOOP_SHORT),
        (99, 0, None),
    ],
)
def test_a_heartbeat_says_what_is_wrong_with_the_button(
    button: int, flags: int, fault: ButtonFaultKind | None
) -> None:
    assert button_fault(Heartbeat(0, 0, button, flags, 0, 0, 0, 0)) is fault


def test_the_third_reset_within_ten_minutes_is_an_alarm_and_the_fourth_is_not_another() -> None:
    watch = ResetWatch()
    assert [watch.on_reset(now_s=s) for s in (0.0, 100.0, RESETS_ALARM_S, 650.0)] == [
        False,
        False,
        True,
        False,
    ]
    assert watch.reset_count == 4


def test_rare_resets_are_no_alarm() -> None:
    watch = ResetWatch()
    assert not any(watch.on_reset(now_s=k * 400.0) for k in range(20))
