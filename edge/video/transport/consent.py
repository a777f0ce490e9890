"""Whether the other side still agrees to hear us, and whether the path still stands (core).

Consent is asked for every few seconds and each answer renews it for 30 s, however late it comes: aioice
gives every check half a second, and so closes each call on a path of more (ADR 13). Silence is the earlier
sign: both sides ask, and feedback flows, so a path on which nothing at all is heard for SILENCE_S is lost. It
is longer than an outage that a call should outlive without new connections.
Source: RFC 7675, section 5.1.
"""

from typing import Final

CHECK_MIN_S: Final = 4.0  # 0.8 … 1.2 times 5 s, drawn anew each time
CHECK_MAX_S: Final = 6.0
EXPIRY_S: Final = 30.0
SILENCE_S: Final = 14.0


class Consent:
    """Of one connection, from the moment it stands. Times are monotonic."""

    def __init__(self, *, now_s: float, expiry_s: float = EXPIRY_S, silence_s: float = SILENCE_S) -> None:
        self._expiry_s, self._silence_s = expiry_s, silence_s
        self._answered_s = now_s
        self._heard_s = now_s

    def on_answer(self, *, now_s: float) -> None:
        """A valid answer to any check came."""
        self._answered_s = now_s
        self.on_heard(now_s=now_s)

    def on_heard(self, *, now_s: float) -> None:
        """A packet of any kind came."""
        self._heard_s = now_s

    def is_expired(self, *, now_s: float) -> bool:
        """Whether nothing may be sent any more."""
        return now_s - self._answered_s >= self._expiry_s

    def is_path_lost(self, *, now_s: float) -> bool:
        """Whether other connections should be made: nothing is heard, or consent has expired."""
        return now_s - self._heard_s >= self._silence_s or self.is_expired(now_s=now_s)

    @property
    def verdict_s(self) -> float:
        """When `is_path_lost` becomes true unless something comes."""
        return min(self._heard_s + self._silence_s, self._answered_s + self._expiry_s)
