"""Which of the hub's keys the boxes seal to, and which open what is stored (core)."""

from collections.abc import Iterable
from dataclasses import dataclass

from contract.events import KeyMade
from contract.ids import SpoolId, StationId


@dataclass(slots=True)
class Usage:
    """Of one key of the hub."""

    spools: int = 0  # whose newest key is wrapped for it
    keys: int = 0  # of boxes, of any age, that only it unwraps


def usage_of(keys: Iterable[tuple[StationId, SpoolId, KeyMade]]) -> dict[int, Usage]:
    """Return the use of each key of the hub by number; `keys` come spool by spool, by number."""
    usage: dict[int, Usage] = {}
    newest: dict[tuple[StationId, SpoolId], int] = {}
    for station, spool, event in keys:
        number = event.hub_key or 1  # older boxes knew of one
        usage.setdefault(number, Usage()).keys += 1
        newest[station, spool] = number
    for number in newest.values():
        usage[number].spools += 1
    return usage
