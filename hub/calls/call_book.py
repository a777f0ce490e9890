"""The open calls of the desk, found by what they are asked for by (core)."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from contract.ids import CallId, StationId
from hub.calls.moves import HeldCall
from hub.calls.open_call import OpenCall
from hub.calls.table import CLOSED_STATES, LISTED, LIVE_STATES, State

CLOSED_KEPT: Final = 10_000  # revisions of calls just closed, against a row read before


class CallBook:
    """All open calls, and the revisions of those closed last."""

    def __init__(self) -> None:
        self._open: dict[CallId, OpenCall] = {}
        self._closed: dict[CallId, int] = {}
        self._by_station: dict[StationId, dict[CallId, OpenCall]] = {}

    def open_calls(self) -> list[OpenCall]:
        """Return the open calls, oldest press first."""
        return sorted(self._open.values(), key=lambda one: (one.row.received_utc_us, one.call_id))

    def get(self, call_id: CallId) -> OpenCall | None:
        """Return one open call; None: it is closed, or nobody knows it."""
        return self._open.get(call_id)

    def is_closed(self, call_id: CallId, *, revision: int) -> bool:
        """Whether it was closed after that revision of it."""
        return revision <= self._closed.get(call_id, -1)

    def was_closed(self, call_id: CallId) -> bool:
        """Whether it was open here and is not any more."""
        return call_id in self._closed

    def at(self, station: StationId) -> list[OpenCall]:
        """Return the station's open calls, oldest press first."""
        mine = self._by_station.get(station, {}).values()
        return sorted(mine, key=lambda one: (one.row.received_utc_us, one.call_id))

    def of_station(self, station: StationId) -> OpenCall | None:
        """Return the station's call for which somebody waits, else its newest open one."""
        mine = self.at(station)
        return next((one for one in mine if one.state in LIVE_STATES), mine[-1] if mine else None)

    def stations_waiting(self) -> set[StationId]:
        """Return the stations with a call for which somebody waits."""
        return {call_id.station for call_id, one in self._open.items() if one.state in LIVE_STATES}

    def in_states(self, states: Collection[State]) -> list[OpenCall]:
        """Return the open calls that stand so."""
        return [one for one in self._open.values() if one.state in states]

    def with_ring(self, ring: str) -> OpenCall | None:
        """Return the call that is called back by that ring."""
        return next((one for one in self._open.values() if one.call.ring == ring), None)

    def owed(self) -> Mapping[str, int]:
        """Return how many calls of the list each account has."""
        return Counter(
            one.call.owner
            for one in self._open.values()
            if one.call.owner is not None and one.state in LISTED
        )

    def known(self, call_ids: Iterable[CallId]) -> Mapping[CallId, HeldCall]:
        """Return what is held of those of the calls that are open."""
        return {one: self._open[one].held for one in call_ids if one in self._open}

    def put(self, held: HeldCall, *, now_us: int) -> OpenCall:
        """An open call as it is now; return it."""
        call_id = held.row.call_id
        one = self._open.get(call_id)
        if one is None:
            one = OpenCall(held, changed_us=now_us, owner_seen_us=now_us)
            self._open[call_id] = one
            self._by_station.setdefault(call_id.station, {})[call_id] = one
            return one
        before, one.held = one.call, held
        if (one.call.state, one.call.owner) != (before.state, before.owner):
            one.changed_us, one.is_to_be_staffed = now_us, True
        if one.call.is_emergency != before.is_emergency:
            one.is_to_be_staffed = True  # on another rung at once, of which nobody has been told
        if one.call.owner != before.owner:
            one.owner_seen_us = now_us
        return one

    def remove(self, call_id: CallId, *, revision: int | None = None) -> None:
        """It is closed with that revision; None: it never was a call."""
        if self._open.pop(call_id, None) is not None:
            self._by_station[call_id.station].pop(call_id, None)
            if not self._by_station[call_id.station]:
                del self._by_station[call_id.station]
        if revision is None:
            return
        self._closed.pop(call_id, None)
        self._closed[call_id] = revision
        while len(self._closed) > CLOSED_KEPT:
            del self._closed[next(iter(self._closed))]


def is_over(held: HeldCall) -> bool:
    """Whether it is closed."""
    return held.kept.call.state in CLOSED_STATES
