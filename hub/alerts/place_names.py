"""What people call the places of alerts, by the organisation of now (core)."""

from collections.abc import Callable

from contract.ids import StationId
from hub.alerts.alert import EVERYWHERE, HUB, Place
from hub.fleet.organisation import Organisation

THE_HUB = "Trung tâm"  # keys of the catalogue
ALL_STATIONS = "Mọi trạm"


class PlaceNames:
    """`organisation` returns that of now, `station_name` what people call a station."""

    def __init__(
        self, organisation: Callable[[], Organisation], station_name: Callable[[StationId], str]
    ) -> None:
        self._organisation, self.station = organisation, station_name

    def name(self, place: Place) -> str:
        """Return the name of a station or a unit, or a word for the hub and for all stations."""
        if place.station is not None:
            return self.station(place.station)
        if place.unit is None or place.unit == EVERYWHERE:
            return THE_HUB if place == HUB else ALL_STATIONS
        tree = self._organisation().tree
        unit = tree.units.get(place.unit)
        return f"{place.unit}" if unit is None else tree.name(unit)

    def unit(self, place: Place) -> str:
        """Return the path of the unit above a place in one line; "" for none."""
        organisation = self._organisation()
        if place.station is not None:
            return organisation.unit_text(place.station)
        unit = None if place.unit is None else organisation.tree.units.get(place.unit)
        return "" if unit is None else organisation.tree.path_text(unit.parent)
