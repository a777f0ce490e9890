"""How many bytes may be on the way (core): enough to fill the link, little enough that a press does not
queue.

Additive increase while PUBACKs come about as fast as the fastest did, halved when they come later than that
by the target queue. A later issue refines it; the two verbs stay.
"""

from typing import Final

from contract.limits import PARCEL_LARGE_BYTES, PARCEL_SMALL_BYTES

TARGET_QUEUE_S: Final = 0.1
WINDOW_MIN_BYTES: Final = PARCEL_SMALL_BYTES
WINDOW_MAX_BYTES: Final = 262_144
FORGET_FASTEST_AFTER_S: Final = 600.0  # a route may have changed
NARROW_LINK_BPS: Final = 256_000


class Window:
    """Bytes in flight on one connection."""

    def __init__(self) -> None:
        self.limit_bytes = 4 * PARCEL_SMALL_BYTES
        self.in_flight_bytes = 0
        self.round_trip_s: float | None = None  # smoothed, of PUBACKs
        self._fastest_s: float | None = None
        self._fastest_at_s = 0.0
        self._shrunk_at_s = 0.0

    @property
    def parcel_bytes(self) -> int:
        """The size to which a parcel may grow: small on a link below 256 kbit/s."""
        if self.round_trip_s and self.limit_bytes * 8 / self.round_trip_s >= NARROW_LINK_BPS:
            return PARCEL_LARGE_BYTES
        return PARCEL_SMALL_BYTES

    def has_room(self) -> bool:
        """Whether another parcel may go."""
        return self.in_flight_bytes < self.limit_bytes

    def on_sent(self, size_bytes: int) -> None:
        """A parcel went."""
        self.in_flight_bytes += size_bytes

    def on_acknowledged(self, size_bytes: int, *, sent_s: float, now_s: float) -> None:
        """Its PUBACK came."""
        self.in_flight_bytes = max(0, self.in_flight_bytes - size_bytes)
        delay_s = max(now_s - sent_s, 1e-4)
        self.round_trip_s = (
            delay_s if self.round_trip_s is None else 0.875 * self.round_trip_s + 0.125 * delay_s
        )
        if (
            self._fastest_s is None
            or delay_s <= self._fastest_s
            or now_s - self._fastest_at_s > FORGET_FASTEST_AFTER_S
        ):
            self._fastest_s, self._fastest_at_s = delay_s, now_s
        if delay_s <= self._fastest_s + TARGET_QUEUE_S:
            self.limit_bytes = min(WINDOW_MAX_BYTES, self.limit_bytes + size_bytes // 2)
        elif now_s - self._shrunk_at_s > delay_s:  # once a round trip
            self.limit_bytes = max(WINDOW_MIN_BYTES, self.limit_bytes // 2)
            self._shrunk_at_s = now_s

    def on_connected(self) -> None:
        """A new connection has nothing in flight and starts carefully."""
        self.in_flight_bytes = 0
        self.limit_bytes = min(self.limit_bytes, 4 * PARCEL_SMALL_BYTES)
