"""Keys for loudness and mute of an input device: a speakerphone's, which is one beside its sound card.

Source: Linux, include/uapi/linux/input-event-codes.h; USB HID usage tables, consumer page E2, E9, EA and
telephony page 2F, of which the kernel makes these keys.
"""

import contextlib
from enum import StrEnum
from pathlib import Path
from typing import Final

from firmware_bridge.contacts.input_device import DOWN, KEY_EVENT, InputDevice

INPUTS: Final = Path("/dev/input")


class SoundKey(StrEnum):
    """What is wanted. Both mutes mean the microphone: the loudspeaker has none (ADR 56)."""

    LOUDER = "louder"
    QUIETER = "quieter"
    MUTE = "mute or unmute"


MEANS: Final = {
    114: SoundKey.QUIETER,  # KEY_VOLUMEDOWN
    115: SoundKey.LOUDER,  # KEY_VOLUMEUP
    113: SoundKey.MUTE,  # KEY_MUTE
    248: SoundKey.MUTE,  # KEY_MICMUTE
}


def wanted(kind: int, code: int, value: int) -> SoundKey | None:
    """Return what an input event wants. A key that is held makes louder, and mutes once."""
    if kind != KEY_EVENT or value == 0:
        return None
    key = MEANS.get(code)
    return key if value == DOWN or key is not SoundKey.MUTE else None


def input_devices(folder: Path = INPUTS) -> list[tuple[str, int]]:
    """Return the places of all input devices, and the number of each's node: a place is soon another's."""
    found = []
    for path in sorted(folder.glob("event*")):
        with contextlib.suppress(OSError):  # it has just gone
            found.append((str(path), path.stat().st_ino))
    return found


class SoundKeys(InputDevice):
    """The keys at a place; others may read the device too. `has_any`: it has keys of the kind.

    Raises PortError: it cannot be opened."""

    has_any: bool

    def _begin(self) -> None:
        self.has_any = bool(MEANS.keys() & set(self._device.capabilities().get(KEY_EVENT, ())))

    def wanted(self) -> list[SoundKey]:
        """Return what is wanted by the events that wait. Raises PortLostError: the device is gone."""
        found = [wanted(one.type, one.code, one.value) for one in self.events()]
        return [one for one in found if one is not None]
