"""Leases of live mode: which stations are to send live, and when to say so again (core)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from contract.ids import StationId
from contract.limits import INTEREST_LEASE_S

RENEW_S: Final = 10.0  # two renewals may be lost before the lease ends
LINGER_S: Final = 5.0  # from one page to the next of the same station


@dataclass(slots=True)
class _Lease:
    since_s: float
    said_s: float | None
    wanted_s: float


class Leases:
    """Say what is wanted often; publish what `due` returns and tell with `said` that it went out."""

    def __init__(self) -> None:
        self._leases: dict[StationId, _Lease] = {}

    def due(self, wanted: Iterable[StationId], *, now_s: float) -> list[tuple[StationId, float]]:
        """Return (station, lease in seconds) to publish now; zero ends a lease that nobody wants any more."""
        for station in wanted:
            lease = self._leases.setdefault(station, _Lease(now_s, None, now_s))
            lease.wanted_s = now_s
        messages = []
        for station, lease in list(self._leases.items()):
            if now_s - lease.wanted_s > LINGER_S:
                del self._leases[station]
                messages.append((station, 0.0))
            elif lease.said_s is None or now_s - lease.said_s >= RENEW_S:
                messages.append((station, INTEREST_LEASE_S))
        return messages

    def said(self, station: StationId, *, now_s: float) -> None:
        """The broker took the message."""
        if station in self._leases:
            self._leases[station].said_s = now_s

    def forgotten_by(self, station: StationId) -> None:
        """The station connected anew: it may not know of its lease."""
        if station in self._leases:
            self._leases[station].said_s = None

    def stations(self) -> list[StationId]:
        """Return the stations that are leased."""
        return list(self._leases)

    def since_s(self, station: StationId) -> float | None:
        """Since when the station is leased, None when it is not."""
        lease = self._leases.get(station)
        return None if lease is None else lease.since_s
