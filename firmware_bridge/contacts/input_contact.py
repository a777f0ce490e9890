"""A button that the kernel shows as an input device: a USB one, or a key."""

import time
from typing import Final

from firmware_bridge.contacts.contact import Edge
from firmware_bridge.contacts.input_device import DOWN, KEY_EVENT, REPEATED, InputDevice

AGE_MAX_S: Final = 1.0  # the loop is never later


class InputContact(InputDevice):
    """Any key of the device at `path` ("/dev/input/by-id/…-event-kbd") is the button; the device is ours
    alone, so that a key press does not also type into a console. Raises PortError (on opening)."""

    def _begin(self) -> None:
        self._device.grab()

    @property
    def is_down(self) -> bool:
        """Whether a key is down now."""
        return bool(self._device.active_keys())

    def edges(self) -> list[Edge]:
        """Return the edges that wait. Raises PortLostError: the device is gone."""
        events = self.events()
        now_s = time.time()  # of the same clock as the stamps, which may have been set in between
        keys = [one for one in events if one.type == KEY_EVENT and one.value != REPEATED]
        return [Edge(one.value == DOWN, min(max(now_s - one.timestamp(), 0.0), AGE_MAX_S)) for one in keys]
