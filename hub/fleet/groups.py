"""Which stations a group means (core): those that are named, those whose name begins so, those of a unit."""

from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from contract.ids import StationId

RANK_MAX: Final = 999
STATIONS_MAX: Final = 5_000  # named one by one; more are a prefix or a unit
UnitMembers = Callable[[str], Container[StationId]]  # the stations below a path of the tree of units


@dataclass(frozen=True, slots=True)
class GroupRule:
    """`rank`: of two groups that set the same key, the one of the higher rank counts; of two of one rank, the
    one whose name comes later. `prefix`, `unit`: empty for none.
    """

    rank: int = 0
    prefix: str = ""
    stations: frozenset[StationId] = frozenset()
    unit: str = ""

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """Return the rule that `kept` (of `to_keep`) says."""
        return cls(
            rank=int(kept.get("rank", 0)),
            prefix=str(kept.get("prefix", "")),
            stations=frozenset(map(StationId, kept.get("stations", ()))),
            unit=str(kept.get("unit", "")),
        )

    def to_keep(self) -> dict[str, Any]:
        """Return the rule as JSON."""
        return {
            "rank": self.rank,
            "prefix": self.prefix,
            "stations": sorted(self.stations),
            "unit": self.unit,
        }


def members(
    rule: GroupRule, stations: Collection[StationId], *, unit_members: UnitMembers
) -> frozenset[StationId]:
    """Return which of `stations` a group means."""
    of_unit: Container[StationId] = unit_members(rule.unit) if rule.unit else ()
    return frozenset(
        one
        for one in stations
        if one in rule.stations or one in of_unit or (rule.prefix and one.startswith(rule.prefix))
    )


def no_units(_path: str) -> Container[StationId]:
    """There is no tree of units: nobody is below any path."""
    return ()
