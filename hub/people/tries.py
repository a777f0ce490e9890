"""How long a wrong password makes the next try wait (core)."""

from dataclasses import dataclass
from typing import Final

FIRST_WAIT_S: Final = 0.5  # doubled with every further wrong try
WAIT_MAX_S: Final = {"address": 30.0, "name": 2.0}  # a stranger's tries must not lock a nurse's colleague out
DOUBLED_MAX: Final = 16  # times; every wait is at its limit long before
FORGOTTEN_AFTER_S: Final = 900.0
KEYS_MAX: Final = 10_000  # the longest unused is forgotten: an attacker with more addresses is the firewall's


@dataclass(slots=True)
class _Tries:
    wrong_count: int
    free_s: float  # not before then
    last_s: float


class WrongTries:
    """Counts wrong tries by address and by name."""

    def __init__(self) -> None:
        self._tries: dict[tuple[str, str], _Tries] = {}

    def wait_s(self, *, address: str, name: str, now_s: float) -> float:
        """Return how long to wait before a try may be looked at; 0 for at once."""
        waits = [self._tries[key].free_s - now_s for key in _keys(address, name) if key in self._tries]
        return max([0.0, *waits])

    def wrong(self, *, address: str, name: str, now_s: float) -> None:
        """A try was wrong: the next one waits longer."""
        for key in _keys(address, name):
            tries = self._tries.pop(key, None)
            if tries is None or now_s - tries.last_s > FORGOTTEN_AFTER_S:
                tries = _Tries(0, now_s, now_s)
            wait_s = min(WAIT_MAX_S[key[0]], FIRST_WAIT_S * 2 ** min(tries.wrong_count, DOUBLED_MAX))
            tries.wrong_count += 1
            tries.free_s, tries.last_s = max(now_s, tries.free_s) + wait_s, now_s
            self._tries[key] = tries
        while len(self._tries) > KEYS_MAX:
            del self._tries[next(iter(self._tries))]

    def right(self, *, address: str, name: str) -> None:
        """A try was right: nothing is held against them any more."""
        for key in _keys(address, name):
            self._tries.pop(key, None)


def _keys(address: str, name: str) -> tuple[tuple[str, str], tuple[str, str]]:
    return ("address", address), ("name", name.casefold())
