"""Where a box was and when, from the versions of its card (core)."""

from collections.abc import Sequence
from dataclasses import dataclass

from contract.ids import StationId
from hub.fleet.station_card import BoxCard
from hub.fleet.units import UnitNo


@dataclass(frozen=True, slots=True)
class Stay:
    """A box at one place. `station` None: on the shelf of `unit`, or retired. `until_utc_us` None: still."""

    box: str
    station: StationId | None
    unit: UnitNo | None
    is_retired: bool
    since_utc_us: int
    until_utc_us: int | None = None


def stays(versions: Sequence[tuple[int, BoxCard]]) -> list[Stay]:
    """Return the stays of one box, the newest first; `versions`: (utc_us, card), the oldest first."""
    found: list[Stay] = []
    for utc_us, card in versions:
        place = (card.station, card.unit, card.retired)
        last = found[-1] if found else None
        if last is not None and (last.station, last.unit, last.is_retired) == place:
            continue
        if last is not None:
            found[-1] = Stay(last.box, last.station, last.unit, last.is_retired, last.since_utc_us, utc_us)
        found.append(Stay(card.box, *place, utc_us))
    return found[::-1]
