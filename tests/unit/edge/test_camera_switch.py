import pytest

from edge.call.camera_switch import CameraSwitch
from firmware_bridge.events import CameraButton

UID = bytes(8)


def button(*, is_down: bool, at_s: float, boot: int = 7) -> CameraButton:
    return CameraButton(UID, boot, is_down, round(at_s * 1e6))


def hold(switch: CameraSwitch, seconds: float) -> bool:
    assert not switch.button(button(is_down=True, at_s=10.0))
    return switch.button(button(is_down=False, at_s=10.0 + seconds))


@pytest.mark.parametrize(("seconds", "is_turned"), [(0.1, False), (0.999, False), (1.0, True), (30.0, True)])
def test_only_a_button_that_is_held_turns_the_wish_over(seconds: float, is_turned: bool) -> None:
    switch = CameraSwitch()
    assert hold(switch, seconds) is is_turned
    assert switch.is_allowed is not is_turned


def test_held_again_the_camera_is_allowed_again() -> None:
    switch = CameraSwitch()
    assert [hold(switch, 2.0), switch.is_allowed, hold(switch, 2.0), switch.is_allowed] == [
        True,
        False,
        True,
        True,
    ]


def test_a_release_without_its_press_or_of_another_boot_turns_nothing() -> None:
    switch = CameraSwitch()
    assert not switch.button(button(is_down=False, at_s=5.0))
    switch.button(button(is_down=True, at_s=1.0, boot=7))
    assert not switch.button(button(is_down=False, at_s=9.0, boot=8))
    assert switch.is_allowed


def test_the_next_call_begins_with_the_camera_allowed() -> None:
    switch = CameraSwitch()
    hold(switch, 2.0)
    switch.button(button(is_down=True, at_s=1.0))
    switch.next_call()
    assert switch.is_allowed
    assert not switch.button(button(is_down=False, at_s=9.0)), "it was pressed in the call before"
