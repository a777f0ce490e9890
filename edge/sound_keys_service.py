"""Keys of whatever speakerphone is plugged in do what the panel's buttons do."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final, Protocol

from edge.errors import IllegalInputError
from firmware_bridge.contacts.sound_keys import SoundKey, SoundKeys, input_devices
from firmware_bridge.errors import PortError

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 3.0


class OpenKeys(Protocol):
    """Keys that are open: SoundKeys."""

    has_any: bool

    def __enter__(self) -> "OpenKeys": ...
    def __exit__(self, *_: object) -> None: ...
    def fileno(self) -> int: ...
    def wanted(self) -> Sequence[SoundKey]: ...


class SoundKeysService:
    """`turn(word)` does a word of own_sound.WORDS; what it refuses (IllegalInputError) is not done."""

    def __init__(
        self,
        turn: Callable[[str], None],
        *,
        devices: Callable[[], list[tuple[str, int]]] = input_devices,
        opener: Callable[[str], OpenKeys] = SoundKeys,
    ) -> None:
        self._turn, self._devices, self._opener = turn, devices, opener
        self._open: dict[tuple[str, int], ExitStack] = {}  # also those without such keys: none is tried twice

    async def run(self) -> None:
        """Serve until cancelled. Raises nothing for what devices do."""
        try:
            while True:
                there = self._devices()
                for device in self._open.keys() - set(there):
                    self._open.pop(device).close()
                for device in there:
                    if device not in self._open:
                        self._take(device)
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            for stack in self._open.values():
                stack.close()

    def _take(self, device: tuple[str, int]) -> None:
        with ExitStack() as stack:
            try:
                keys = stack.enter_context(self._opener(device[0]))
            except PortError as error:  # udev has not given it to us yet, or never will: it is tried again
                log.debug("keys for the sound: %s", error)
                return
            if keys.has_any:
                loop, fd = asyncio.get_running_loop(), keys.fileno()
                loop.add_reader(fd, self._read, device, keys)
                stack.callback(loop.remove_reader, fd)
                self._open[device] = stack.pop_all()
            else:
                self._open[device] = ExitStack()

    def _read(self, device: tuple[str, int], keys: OpenKeys) -> None:
        try:
            found = keys.wanted()
        except PortError:
            self._open.pop(device).close()
            return
        for key in found:
            with contextlib.suppress(IllegalInputError):  # no call is open: there is nothing to mute
                self._turn(key.value)
