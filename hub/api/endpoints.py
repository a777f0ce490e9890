"""Every address of the API, version 1, in one table (core): routes, checks and the document follow it."""

from typing import Final

from hub.api import models
from hub.api.endpoint import Endpoint, Parameter
from hub.people.tokens import Scope

PREFIX: Final = "/api/v1"
STATIONS_MAX: Final = 500  # on one page
EVENTS_MAX: Final = 200
DATE: Final = {"type": "string", "format": "date"}

_STATION: Final = Parameter(
    name="station",
    about="the station's id",
    schema={"type": "string", "pattern": models.STATION_PATTERN},
    is_in_path=True,
)
_CALL: Final = Parameter(
    name="call", about="station.spool.seq: the press's identity", schema={"type": "string"}, is_in_path=True
)
_FIRST: Final = Parameter(name="first", about="the first day, such as 2026-11-01", schema=DATE)
_LAST: Final = Parameter(name="last", about="the last day, included", schema=DATE)


def _limit(most: int) -> Parameter:
    return Parameter(
        name="limit",
        about="at most so many",
        schema={"type": "integer", "minimum": 1, "maximum": most, "default": most},
    )


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/stations",
        scope=Scope.FLEET_READ,
        about="Stations, each with presence, link and spool as they are now",
        answers=models.StationPage,
        parameters=(
            Parameter(name="after", about="those after this id", schema={"type": "string"}),
            Parameter(
                name="unit", about="only those of a unit and of all below it", schema={"type": "integer"}
            ),
            _limit(STATIONS_MAX),
        ),
    ),
    Endpoint(
        method="GET",
        path="/stations/{station}",
        scope=Scope.FLEET_READ,
        about="One station",
        answers=models.OneStation,
        parameters=(_STATION,),
    ),
    Endpoint(
        method="GET",
        path="/stations/{station}/events",
        scope=Scope.FLEET_READ,
        about="What the box said of itself; nothing that belongs to a person",
        answers=models.EventList,
        parameters=(_STATION, _limit(EVENTS_MAX)),
    ),
    Endpoint(
        method="GET",
        path="/stations/{station}/card",
        scope=Scope.FLEET_READ,
        about="What people wrote down of a station",
        answers=models.CardRead,
        parameters=(_STATION,),
    ),
    Endpoint(
        method="PUT",
        path="/stations/{station}/card",
        scope=Scope.ORGANISATION_WRITE,
        about="Write a station's card; a station that was never heard is on the list from then on",
        answers=models.CardKept,
        parameters=(_STATION,),
        takes=models.CardDocument,
        needs_revision=True,
    ),
    Endpoint(
        method="GET",
        path="/units",
        scope=Scope.FLEET_READ,
        about="The organisation's tree, those above before those below",
        answers=models.UnitList,
    ),
    Endpoint(
        method="GET",
        path="/calls",
        scope=Scope.CALLS_READ,
        about="Open calls; with first and last those received on these days of Vietnam, closed ones too",
        answers=models.CallList,
        parameters=(_FIRST, _LAST),
    ),
    Endpoint(
        method="GET",
        path="/calls/{call}",
        scope=Scope.CALLS_READ,
        about="One call and its journal",
        answers=models.OneCall,
        parameters=(_CALL,),
    ),
    Endpoint(
        method="GET",
        path="/statistics",
        scope=Scope.CALLS_READ,
        about="Figures of calls; the last week where no day is named, at most 93 days",
        answers=models.CallFigures,
        parameters=(_FIRST, _LAST),
    ),
    Endpoint(
        method="GET",
        path="/hub",
        scope=Scope.HUB_READ,
        about="How the hub itself is",
        answers=models.HubState,
    ),
)
