"""How many bytes may be on the way (core): enough to fill the link, little enough that a press does not
queue.

Additive increase while PUBACKs come about as fast as the fastest did, halved when they come later than that
by the target queue. While a call's voice is on the same link, queue and parcels are smaller: a parcel of 4 kB
is half a second of 64 kbit/s, for which every word would wait. A later issue refines it; the verbs stay.
"""

from typing import Final

from contract.limits import PARCEL_LARGE_BYTES, PARCEL_SMALL_BYTES

TARGET_QUEUE_S: Final = 0.1
TARGET_QUEUE_IN_CALL_S: Final = 0.025
PARCEL_IN_CALL_BYTES: Final = 1_024
WINDOW_MIN_BYTES: Final = PARCEL_SMALL_BYTES
WINDOW_MAX_BYTES: Final = 262_144
FORGET_FASTEST_AFTER_S: Final = 600.0  # a route may have changed
NARROW_LINK_BPS: Final = 256_000


class Window:
    """Bytes in flight on one connection."""

    def __init__(self) -> None:
        self.limit_bytes = 4 * PARCEL_SMALL_BYTES
        self.in_flight_bytes = 0
        self.is_in_call = False  # voice and picture are on the link too
        self.round_trip_s: float | None = None  # smoothed, of PUBACKs
        self._fastest_s: float | None = None
        self._fastest_at_s = 0.0
        self._shrunk_at_s = 0.0

    @property
    def parcel_bytes(self) -> int:
        """The size to which a parcel may grow: small on a link below 256 kbit/s, a step smaller in a call."""
        is_wide = self.round_trip_s and self.limit_bytes * 8 / self.round_trip_s >= NARROW_LINK_BPS
        if self.is_in_call:
            return PARCEL_SMALL_BYTES if is_wide else PARCEL_IN_CALL_BYTES
        return PARCEL_LARGE_BYTES if is_wide else PARCEL_SMALL_BYTES

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
        queue_s = TARGET_QUEUE_IN_CALL_S if self.is_in_call else TARGET_QUEUE_S
        if delay_s <= self._fastest_s + queue_s:
            self.limit_bytes = min(WINDOW_MAX_BYTES, self.limit_bytes + size_bytes // 2)
        elif now_s - self._shrunk_at_s > delay_s:  # once a round trip
            least_bytes = PARCEL_IN_CALL_BYTES if self.is_in_call else WINDOW_MIN_BYTES
            self.limit_bytes = max(least_bytes, self.limit_bytes // 2)
            self._shrunk_at_s = now_s

    def on_connected(self) -> None:
        """A new connection has nothing in flight and starts carefully."""
        self.in_flight_bytes = 0
        self.limit_bytes = min(self.limit_bytes, 4 * PARCEL_SMALL_BYTES)
