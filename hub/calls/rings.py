"""Rings by which the hub calls a station, while they last (core).

A ring for a call that is called back belongs to that call (`Call.ring`), and outlives a restart with it. One
of a station that has no such call is only here: the press that accepts it makes a call, and who rang has it.
"""

from dataclasses import dataclass
from typing import Final, Literal

from contract.events import PracticeKind
from contract.ids import CallId, StationId, spool_text
from contract.signals import RingStation

LEASE_S: Final = 12.0
AGAIN_US: Final = 4_000_000
TOLD_AFTER_US: Final = 15_000_000  # what came of it is told for so long after its time

Fruitless = Literal["declined", "unanswered"]


@dataclass(slots=True)
class Ring:
    """One ring. `call_id`: the call that is called back, None: there is none yet; `practice`: of that call.
    `until_us`: of one without a call; the call itself has its limit. `outcome`: of one not accepted."""

    name: str
    station: StationId
    by: str
    is_emergency: bool
    until_us: int
    call_id: CallId | None = None
    practice: PracticeKind | None = None
    said_us: int | None = None
    outcome: Fruitless | None = None


class Rings:
    """All rings of now, by station: one at a time."""

    def __init__(self) -> None:
        self._rings: dict[StationId, Ring] = {}
        self._over: list[Ring] = []  # whose end is still to be said
        self._fruitless: dict[StationId, Ring] = {}  # the last of a station, if nobody accepted it

    def of(self, station: StationId) -> Ring | None:
        """Return the ring of a station."""
        return self._rings.get(station)

    def named(self, name: str) -> Ring | None:
        """Return the ring of that name."""
        return next((ring for ring in self._rings.values() if ring.name == name), None)

    def told(self) -> dict[StationId, Ring]:
        """Return what pages say of stations that are rung: a ring of now that belongs to no call, which would
        tell it, else the last if it came to nothing lately."""
        now = {station: ring for station, ring in self._rings.items() if ring.call_id is None}
        return self._fruitless | now

    def begin(self, ring: Ring) -> None:
        """The hub rings; what rang there before is over."""
        self._fruitless.pop(ring.station, None)
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
        if ring.outcome is not None:
            self._fruitless[ring.station] = ring
        return True

    def expire(self, *, now_us: int) -> bool:
        """Let go the rings without a call whose time is over, and what came of those long over; return
        whether there were any."""
        over = [ring for ring in self._rings.values() if ring.call_id is None and ring.until_us <= now_us]
        for ring in over:
            ring.outcome = "unanswered"
            self.end(ring.name)
        old = [ring for ring in self._fruitless.values() if ring.until_us + TOLD_AFTER_US <= now_us]
        for ring in old:
            del self._fruitless[ring.station]
        return bool(over or old)

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
