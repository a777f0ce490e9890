"""Rings by which the hub calls a station, while they last (core).

A ring for a call that is called back belongs to that call (`Call.ring`), and outlives a restart with it. One
of a station that has no such call is only here: the press that accepts it makes a call, and who rang has it.
"""

from dataclasses import dataclass
from typing import Final

from contract.events import PracticeKind
from contract.ids import CallId, StationId, spool_text
from contract.signals import RingStation

LEASE_S: Final = 12.0
AGAIN_US: Final = 4_000_000


@dataclass(slots=True)
class Ring:
    """One ring. `call_id`: the call that is called back, None: there is none yet; `practice`: of that call.
    `until_us`: of one without a call; the call itself has its limit."""

    name: str
    station: StationId
    by: str
    is_emergency: bool
    until_us: int
    call_id: CallId | None = None
    practice: PracticeKind | None = None
    said_us: int | None = None


class Rings:
    """All rings of now, by station: one at a time."""

    def __init__(self) -> None:
        self._rings: dict[StationId, Ring] = {}
        self._over: list[Ring] = []  # whose end is still to be said

    def of(self, station: StationId) -> Ring | None:
        """Return the ring of a station."""
        return self._rings.get(station)

    def named(self, name: str) -> Ring | None:
        """Return the ring of that name."""
        return next((ring for ring in self._rings.values() if ring.name == name), None)

    def begin(self, ring: Ring) -> None:
        """The hub rings; what rang there before is over."""
        before = self._rings.get(ring.station)
        if before is not None and before.name != ring.name:
            self.end(before.name)
        self._rings.setdefault(ring.station, ring)

    def end(self, name: str) -> bool:
        """That ring is over; False: it was not there."""
        ring = self.named(name)
        if ring is None:
            return False
        del self._rings[ring.station]
        self._over.append(ring)
        return True

    def expire(self, *, now_us: int) -> bool:
        """Let go the rings without a call whose time is over; return whether there were any."""
        over = [ring for ring in self._rings.values() if ring.call_id is None and ring.until_us <= now_us]
        return bool([self.end(ring.name) for ring in over])

    def due(self, *, now_us: int) -> list[tuple[Ring, RingStation]]:
        """Return what is to be said now; call `said` for what went out."""
        again = [
            (ring, _signal(ring, LEASE_S))
            for ring in self._rings.values()
            if ring.said_us is None or now_us - ring.said_us >= AGAIN_US
        ]
        return again + [(ring, _signal(ring, 0.0)) for ring in self._over]

    def said(self, ring: Ring, *, now_us: int) -> None:
        """It went out."""
        ring.said_us = now_us
        self._over = [one for one in self._over if one is not ring]


def _signal(ring: Ring, lease_s: float) -> RingStation:
    call_id = ring.call_id
    return RingStation(
        ring=ring.name,
        lease_s=lease_s,
        by=ring.by,
        spool=None if call_id is None else spool_text(call_id.spool),
        call_seq=None if call_id is None else call_id.seq,
        is_emergency=True if ring.is_emergency else None,
        practice=ring.practice,
    )
