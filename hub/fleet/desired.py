"""Layers of desired configuration become a document a station (core): all, groups by rank, its own.

What a layer does not set it leaves as the one below has it. What is no key of the contract, or has no value
that may be, never comes into a layer.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contract.desired import SETTINGS, settings_hash
from contract.errors import RefusedError
from contract.ids import StationId, parse_station
from hub.fleet.groups import GroupRule, UnitMembers, members
from hub.store.settings_book import LayerRow

ALL: Final = "all"
GROUP, STATION = "group:", "station:"


@dataclass(frozen=True, slots=True)
class SettingFrom:
    """A value, and the layer that it comes from."""

    value: Any
    layer: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A key of two sets of settings; None: not set there."""

    name: str
    before: Any
    after: Any


class Plan:
    """The layers of now, and whom each means. Made anew for each change; costs one look at every station for
    each group.
    """

    def __init__(
        self, layers: Iterable[LayerRow], stations: Collection[StationId], *, unit_members: UnitMembers
    ) -> None:
        rows = {row.layer: row for row in layers}
        self._all = rows.get(ALL)
        groups = [row for row in rows.values() if row.layer.startswith(GROUP)]
        rules = {row.layer: GroupRule.of(row.members or {}) for row in groups}
        self._groups = [
            (row, members(rules[row.layer], stations, unit_members=unit_members))
            for row in sorted(groups, key=lambda row: (rules[row.layer].rank, row.layer))
        ]
        self._own = {
            StationId(row.layer.removeprefix(STATION)): row
            for row in rows.values()
            if row.layer.startswith(STATION)
        }
        self.stations = {*stations, *self._own}

    def layers_of(self, station: StationId) -> list[LayerRow]:
        """Return the layers of a station, each above those before it."""
        below = [] if self._all is None else [self._all]
        groups = [row for row, found in self._groups if station in found]
        own = [self._own[station]] if station in self._own else []
        return [*below, *groups, *own]

    def settings(self, station: StationId) -> dict[str, SettingFrom]:
        """Return what is wanted of a station, and which layer wants it."""
        merged: dict[str, SettingFrom] = {}
        for row in self.layers_of(station):
            merged.update({name: SettingFrom(value, row.layer) for name, value in row.settings.items()})
        return merged

    def scope(self, layer: str) -> frozenset[StationId]:
        """Return which stations a layer means."""
        if layer == ALL:
            return frozenset(self.stations)
        if layer.startswith(STATION):
            return frozenset({StationId(layer.removeprefix(STATION))})
        return next((found for row, found in self._groups if row.layer == layer), frozenset())

    def documents(self, of: Collection[StationId] | None = None) -> dict[StationId, tuple[str, str]]:
        """Return the hash and the JSON of the settings of these stations, None: of every one."""
        made: dict[tuple[int, ...], tuple[str, str]] = {}  # stations of the same layers share a document
        found = {}
        for station in self.stations if of is None else of:
            key = tuple(row.no for row in self.layers_of(station))
            if key not in made:
                settings = {name: one.value for name, one in self.settings(station).items()}
                made[key] = settings_hash(settings), json.dumps(settings, sort_keys=True, ensure_ascii=False)
            found[station] = made[key]
        return found


def changed(
    before: Mapping[StationId, tuple[str, str]], after: Mapping[StationId, tuple[str, str]]
) -> dict[StationId, list[Difference]]:
    """Return what a change makes otherwise, for each station that it touches."""
    nothing, made = ("", "{}"), dict[tuple[str, str], list[Difference]]()
    found = {}
    for station, (_, text) in sorted(after.items()):
        pair = before.get(station, nothing)[1], text
        if pair[0] != text:
            if pair not in made:
                made[pair] = difference(json.loads(pair[0]), json.loads(text))
            found[station] = made[pair]  # the same list for all that change alike
    return found


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Return the keys whose values are not the same, in the order of the contract, unknown ones last."""
    names = [*SETTINGS, *sorted((before.keys() | after.keys()) - SETTINGS.keys())]
    return [
        Difference(name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name) or (name in before) != (name in after)
    ]


def check_settings(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return what may not be wanted, and why; empty: all of it may."""
    faults = {}
    for name, value in settings.items():
        if name not in SETTINGS:
            faults[name] = "unknown"
            continue
        try:
            SETTINGS[name].check(value)
        except RefusedError as error:
            faults[name] = str(error).partition(": ")[2]
    return faults


def is_layer(name: str) -> bool:
    """Whether a layer may have that name: all, group:ID or station:ID, ids alike."""
    kind, colon, rest = name.partition(":")
    if name == ALL:
        return True
    try:
        return bool(colon) and f"{kind}:" in (GROUP, STATION) and bool(parse_station(rest))
    except RefusedError:
        return False


def with_draft(layers: Sequence[LayerRow], draft: LayerRow) -> list[LayerRow]:
    """Return the layers as they would be with one of them changed."""
    kept = [row for row in layers if row.layer != draft.layer]
    return kept if draft.is_removed else [*kept, draft]
