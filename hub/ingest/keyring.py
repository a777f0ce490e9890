"""Openers of sealed bodies, made from wrapped keys when they are first needed (core). One thread's."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from contract.errors import RefusedError
from contract.events import KeyMade
from contract.ids import KeyId, SpoolId, StationId
from contract.sealing import Opener, unwrap_key
from hub.pki.seal_key import SealKey

OPENERS_MAX: Final = 20_000  # one a station and a few more; an opener is a kilobyte
KeyName = tuple[StationId, SpoolId, KeyId]
FindKey = Callable[[StationId, SpoolId, KeyId], KeyMade | None]  # such as Store.key_event


class KeyRing:
    """The hub's seal key and the openers it gave. `broken_text` says why a key could not be unwrapped."""

    def __init__(self, hub_key: SealKey, *, openers_max: int = OPENERS_MAX) -> None:
        self._hub_key, self._openers_max = hub_key, openers_max
        self._openers: OrderedDict[KeyName, Opener] = OrderedDict()  # the last used at the end
        self.broken_text: str | None = None

    def opener(self, find_key: FindKey, station: StationId, spool: SpoolId, key_id: KeyId) -> Opener | None:
        """Return what opens bodies under this key; None: its event is not here or not for this hub."""
        name = (station, spool, key_id)
        if name not in self._openers:
            event = find_key(station, spool, key_id)
            if event is None or not self.learn(station, spool, event):
                return None
        self._openers.move_to_end(name)
        return self._openers[name]

    def learn(self, station: StationId, spool: SpoolId, event: KeyMade) -> bool:
        """Take a key that has just come; the first of its number stays. False: not wrapped for this hub."""
        name = (station, spool, KeyId(event.key_id))
        if name in self._openers:
            return True
        try:
            opener = unwrap_key(
                self._hub_key, event.wrapped_key, station=station, spool=spool, key_id=name[2]
            )
        except RefusedError as error:
            self.broken_text = f"{station}: {error}; was the hub's seal key replaced?"
            return False
        self._openers[name] = opener
        if len(self._openers) > self._openers_max:
            self._openers.popitem(last=False)
        return True
