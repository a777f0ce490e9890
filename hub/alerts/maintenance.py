"""Maintenance windows (core): announced work, during which alerts are kept and nobody is told of them.

They know nothing of calls: a press in a window rings as at any other time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from contract.ids import StationId
from hub.alerts.alert import EVERYWHERE, Alert, Move, Place, move
from hub.alerts.table import Input
from hub.fleet.units import UnitNo

WHY_MAX_CHARS: Final = 300
LONGEST_US: Final = 14 * 86_400_000_000
SOONEST_US: Final = 90 * 86_400_000_000  # so far ahead may it be announced


class MaintenanceError(Exception):
    """No such window can be; `text_key` is a word of the catalogue."""

    def __init__(self, text_key: str) -> None:
        super().__init__(text_key)
        self.text_key = text_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Work at a station, in a unit and all below it, from then until then; UTC, for people plan by clocks.

    `ended_utc_us`: somebody ended it before, None: nobody has.
    """

    no: int
    place: Place
    from_utc_us: int
    until_utc_us: int
    why: str
    by: str
    ended_utc_us: int | None = None

    @property
    def over_utc_us(self) -> int:
        """When it is over."""
        return self.until_utc_us if self.ended_utc_us is None else min(self.until_utc_us, self.ended_utc_us)

    def is_now(self, utc_us: int) -> bool:
        """Whether it is under way."""
        return self.from_utc_us <= utc_us < self.over_utc_us


class Paths:
    """Where places are in the organisation. `of_station`, `of_unit`: units from the top down."""

    def __init__(
        self,
        of_station: Callable[[StationId], Sequence[UnitNo]],
        of_unit: Callable[[UnitNo], Sequence[UnitNo]],
    ) -> None:
        self._of_station, self._of_unit = of_station, of_unit

    def units(self, place: Place) -> tuple[UnitNo, ...]:
        """Return the units that a place is in; none for the hub."""
        if place.station is not None:
            return (EVERYWHERE, *self._of_station(place.station))
        if place.unit is None:
            return ()
        return (EVERYWHERE,) if place.unit == EVERYWHERE else (EVERYWHERE, *self._of_unit(place.unit))

    def is_in(self, place: Place, unit: UnitNo) -> bool:
        """Whether a place is in a unit, or is it."""
        return unit in self.units(place)


def checked(place: Place, from_utc_us: int, until_utc_us: int, why: str, *, now_utc_us: int) -> str:
    """Return the reason as it is kept. Raises MaintenanceError."""
    said = " ".join(why.split())[:WHY_MAX_CHARS]
    if place.station is None and place.unit is None:
        raise MaintenanceError("Hãy chọn một đơn vị hoặc một trạm.")
    if not said:
        raise MaintenanceError("Hãy ghi lý do bảo trì.")
    if until_utc_us <= from_utc_us or until_utc_us <= now_utc_us:
        raise MaintenanceError("Giờ kết thúc phải sau giờ bắt đầu, và sau bây giờ.")
    if until_utc_us - from_utc_us > LONGEST_US or from_utc_us > now_utc_us + SOONEST_US:
        raise MaintenanceError("Bảo trì dài nhất là 14 ngày, báo trước nhiều nhất 90 ngày.")
    return said


def window_of(alert: Alert, windows: Iterable[Window], paths: Paths, *, utc_us: int) -> Window | None:
    """Return the window in which an alert is now, the one that is over last; None: none. A unit's alert is in
    one that covers the unit, or each of its stations.
    """
    now = [one for one in windows if one.is_now(utc_us)]
    if not now or alert.place == Place():
        return None
    covering = [one for one in now if _covers(one, alert.place, paths)]
    if covering:
        return max(covering, key=lambda one: one.over_utc_us)
    if not alert.members:
        return None
    found = [_first(now, Place(station=station), paths) for station in alert.members]
    known = [one for one in found if one is not None]
    return min(known, key=lambda one: one.over_utc_us) if len(known) == len(found) else None


def quieted(alerts: Iterable[Alert], windows: Sequence[Window], paths: Paths, *, utc_us: int) -> list[Move]:
    """Return what windows that begin or are over make of alerts: one that still holds is loud then, and told
    as if nobody had owned it all the while.
    """
    moves = []
    for alert in alerts:
        window = window_of(alert, windows, paths, utc_us=utc_us)
        if (window is not None) is alert.is_quiet:
            continue
        if window is not None:
            moves.append(move(alert, Input.QUIET, detail={"window": window.no}, is_quiet=True))
        else:
            moves.append(move(alert, Input.LOUD, is_quiet=False))
    return moves


def next_edge_us(windows: Iterable[Window], *, utc_us: int) -> int | None:
    """Return when the next window begins or is over; None: none does."""
    edges = [edge for one in windows for edge in (one.from_utc_us, one.over_utc_us) if edge > utc_us]
    return min(edges, default=None)


def _covers(window: Window, place: Place, paths: Paths) -> bool:
    if window.place.station is not None:
        return window.place == place
    return window.place.unit is not None and paths.is_in(place, window.place.unit)


def _first(windows: Iterable[Window], place: Place, paths: Paths) -> Window | None:
    return next((one for one in windows if _covers(one, place, paths)), None)
