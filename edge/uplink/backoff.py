"""How long to wait before connecting again (core).

A broker that dies takes a thousand boxes with it at the same moment, so the first wait is spread too, and
every wait begins at nothing. A box whose hub is back is back within WAIT_MAX_S.
"""

from collections.abc import Callable
from typing import Final

WAIT_FIRST_S: Final = 2.0  # a thousand boxes: two handshakes in four milliseconds
WAIT_MAX_S: Final = 20.0
WAIT_FOR_CALL_S: Final = 0.5  # a press is of one box; even so, not all in the same moment


class Backoff:
    """The waits of one box. `uniform` gives a number between two, each box its own."""

    def __init__(self, uniform: Callable[[float, float], float]) -> None:
        self._uniform = uniform
        self._next_s = WAIT_FIRST_S

    def connection_was_of_use(self) -> None:
        """The hub was heard on it: begin anew."""
        self._next_s = WAIT_FIRST_S

    def wait_s(self) -> float:
        """Return how long to wait now."""
        longest_s, self._next_s = self._next_s, min(WAIT_MAX_S, self._next_s * 2)
        return self._uniform(0.0, longest_s)

    def call_wait_s(self) -> float:
        """Return how long at most, now that somebody pressed."""
        return self._uniform(0.0, WAIT_FOR_CALL_S)
