"""Openers of sealed bodies, made from wrapped keys when they are first needed (core). One thread's."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from contract.errors import RefusedError
from contract.events import KeyMade
from contract.ids import KeyId, SpoolId, StationId
from contract.sealing import HubPrivateKey, Opener, unwrap_key

OPENERS_MAX: Final = 20_000  # one a station and a few more; an opener is a kilobyte
KeyName = tuple[StationId, SpoolId, KeyId]
FindKey = Callable[[StationId, SpoolId, KeyId], KeyMade | None]  # such as Store.key_event


@dataclass(frozen=True, slots=True)
class _Held:
    opener: Opener
    hub_key: int  # the number of the hub's key that it was wrapped for


class KeyRing:
    """The hub's seal keys by number, and the openers they gave. `broken_text` says why a key could not be
    unwrapped.
    """

    def __init__(self, hub_keys: Mapping[int, HubPrivateKey], *, openers_max: int = OPENERS_MAX) -> None:
        self._hub_keys, self._openers_max = dict(hub_keys), openers_max
        self._held: OrderedDict[KeyName, _Held] = OrderedDict()  # the last used at the end
        self.broken_text: str | None = None

    def take_hub_keys(self, hub_keys: Mapping[int, HubPrivateKey]) -> None:
        """The hub has these keys now; what none could unwrap before is tried again when it is asked for."""
        self._hub_keys = dict(hub_keys)

    def opener(self, find_key: FindKey, station: StationId, spool: SpoolId, key_id: KeyId) -> Opener | None:
        """Return what opens bodies under this key; None: its event is not here or not for this hub."""
        name = (station, spool, key_id)
        if name not in self._held:
            event = find_key(station, spool, key_id)
            if event is None or not self.learn(station, spool, event):
                return None
        self._held.move_to_end(name)
        return self._held[name].opener

    def learn(self, station: StationId, spool: SpoolId, event: KeyMade) -> bool:
        """Take a key that has just come; the first of its number stays. False: not wrapped for this hub."""
        return self.hub_key_of(station, spool, event) is not None

    def hub_key_of(self, station: StationId, spool: SpoolId, event: KeyMade) -> int | None:
        """Return the number of the hub's key that a box's key is wrapped for; None: for none that is here."""
        name = (station, spool, KeyId(event.key_id))
        held = self._held.get(name) or self._unwrap(name, event)
        if held is None:
            return None
        self._held[name] = held
        if len(self._held) > self._openers_max:
            self._held.popitem(last=False)
        return held.hub_key

    def _unwrap(self, name: KeyName, event: KeyMade) -> _Held | None:
        """Try the key that the box names, then the others from the newest on: older boxes name none."""
        station, spool, key_id = name
        broken: RefusedError | None = None
        for number in sorted(self._hub_keys, key=lambda one: (one == event.hub_key, one), reverse=True):
            try:
                opener = unwrap_key(
                    self._hub_keys[number], event.wrapped_key, station=station, spool=spool, key_id=key_id
                )
            except RefusedError as error:
                broken = broken or error
            else:
                return _Held(opener, number)
        self.broken_text = f"{station}: {broken}; was the hub's seal key replaced?"
        return None
