"""Stations, their cards and events, and the units, as the API says them."""

from typing import Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from contract.events import (
    AnchorSet,
    AnyEvent,
    BoxStarted,
    DeviceState,
    LeadState,
    MediaState,
    SamplesLost,
    SpoolDamage,
    Status,
    Tombstone,
)
from contract.ids import StationId
from hub.api import models
from hub.api.asked import Asked
from hub.api.endpoint import ApiRefusedError
from hub.api.endpoints import EVENTS_MAX, STATIONS_MAX
from hub.console.rooms import Rooms
from hub.console.rows import StationEntry
from hub.fleet.organisation import OrganisationError
from hub.fleet.organisation_service import ChangedMeanwhileError
from hub.fleet.station_card import Contact, Position, StationCard
from hub.fleet.units import NO_MAX, UnitNo, UnitTree, UnitTreeError
from hub.people.tokens import Scope
from hub.store.interface import Store
from hub.times.moments import read_moment

TECHNICAL: Final[tuple[type[AnyEvent], ...]] = (
    BoxStarted, DeviceState, LeadState, MediaState, SamplesLost, SpoolDamage, Status, Tombstone, AnchorSet,
)  # fmt: skip
TECHNICAL_NAMES: Final = tuple(str(one.model_fields["event"].default) for one in TECHNICAL)


async def stations(rooms: Rooms, asked: Asked) -> models.StationPage:
    """GET /stations."""
    limit = asked.number("limit", default=STATIONS_MAX, most=STATIONS_MAX)
    after, found = asked.query.get("after", ""), set(rooms.stations.ids())
    if "unit" in asked.query:
        unit = UnitNo(asked.number("unit", default=0, most=NO_MAX))
        if unit not in rooms.organisation.now.tree.units:
            raise ApiRefusedError(400, "bad request", f"unit={unit}: there is none; /units lists them")
        found &= rooms.organisation.now.members(unit)
    page = sorted(one for one in found if one > after)[: limit + 1]
    await _see(rooms, page[:limit], asked)
    return models.StationPage(
        as_of_ms=rooms.utc_ms(),
        stations=tuple(_station(rooms, one, asked) for one in page[:limit]),
        next=page[limit - 1] if len(page) > limit else None,
    )


async def station(rooms: Rooms, asked: Asked) -> models.OneStation:
    """GET /stations/{station}."""
    station = _known(rooms, asked)
    await _see(rooms, [station], asked)
    card = StationCard(station=station)
    return models.OneStation(
        as_of_ms=rooms.utc_ms(),
        station=_station(rooms, station, asked),
        card_revision=rooms.organisation.revision(card),
    )


async def events(rooms: Rooms, asked: Asked) -> models.EventList:
    """GET /stations/{station}/events."""
    station, limit = _known(rooms, asked), asked.number("limit", default=EVENTS_MAX, most=EVENTS_MAX)
    found = await rooms.hub.run_read(lambda store: _read_events(store, station, limit))
    return models.EventList(as_of_ms=rooms.utc_ms(), events=tuple(found))


async def read_card(rooms: Rooms, asked: Asked) -> models.CardRead:
    """GET /stations/{station}/card."""
    station = _known(rooms, asked)
    card = rooms.organisation.now.stations.get(station, StationCard(station=station))
    place = card.position
    return models.CardRead(
        as_of_ms=rooms.utc_ms(),
        station=station,
        card_revision=rooms.organisation.revision(card),
        card=models.CardDocument(
            name=card.name,
            aliases=card.aliases,
            unit=card.unit,
            position=None
            if place is None
            else models.Place(north_deg=place.north_deg, east_deg=place.east_deg),
            zone=card.zone,
            contacts=tuple(models.PhoneContact(role=one.role, phone=one.phone) for one in card.contacts),
            note=card.note,
            closed=card.closed,
        ),
    )


async def write_card(rooms: Rooms, asked: Asked) -> models.CardKept:
    """PUT /stations/{station}/card; what the document does not have (devices) stays as it is."""
    station = asked.station()
    try:
        said = models.CardDocument.model_validate_json(asked.body)
    except ValidationError as error:
        raise ApiRefusedError(400, "bad request", _first_fault(error)) from None
    if said.zone is not None:
        _check_zone(said.zone)
    before = rooms.organisation.now.stations.get(station)
    place = said.position
    card = StationCard(
        station=station,
        name=said.name,
        aliases=said.aliases,
        unit=None if said.unit is None else UnitNo(said.unit),
        position=None if place is None else Position(place.north_deg, place.east_deg),
        zone=said.zone,
        contacts=tuple(Contact(one.role, one.phone) for one in said.contacts),
        devices=() if before is None else before.devices,
        note=said.note,
        closed=said.closed,
    )
    by = f"token {asked.token.no} {asked.token.name}"
    try:
        rows = await rooms.organisation.keep([card], by=by, after={("station", station): asked.revision or 0})
    except ChangedMeanwhileError:
        raise ApiRefusedError(
            412, "changed meanwhile", f"the card of {station} was changed after you read it: read it again"
        ) from None
    except (OrganisationError, UnitTreeError) as error:
        raise ApiRefusedError(400, "bad request", str(error)) from None
    return models.CardKept(as_of_ms=rooms.utc_ms(), station=station, card_revision=rows[0].revision)


async def units(rooms: Rooms, _: Asked) -> models.UnitList:
    """GET /units."""
    now, found = rooms.organisation.now, []
    for unit in _in_order(now.tree):
        closed = now.tree.units[unit].closed
        found.append(
            models.UnitNode(
                unit=unit,
                parent=now.tree.units[unit].parent,
                name=now.tree.units[unit].name(),
                aliases=now.tree.units[unit].aliases,
                code=now.tree.units[unit].code,
                closed=None if closed is None else closed.isoformat(),
                stations=len(now.members(unit)),
            )
        )
    return models.UnitList(as_of_ms=rooms.utc_ms(), units=tuple(found))


def _known(rooms: Rooms, asked: Asked) -> StationId:
    station = asked.station()
    if not rooms.stations.knows(station):
        raise ApiRefusedError(404, "not found", f"there is no station {station}; /stations lists them")
    return station


async def _see(rooms: Rooms, stations: list[StationId], asked: Asked) -> None:
    """What is known of these stations is about to be told; their numbers are opened for whoever may."""
    if Scope.VITALS_READ in asked.token.scopes:
        await rooms.feed.open_for(stations)
    else:
        await rooms.feed.know(stations)


def _station(rooms: Rooms, station: StationId, asked: Asked) -> models.Station:
    entry, now = rooms.station(station), rooms.organisation.now
    card = now.stations.get(station)
    place = None if card is None else card.position
    held = rooms.desk.of_station(station)
    return models.Station(
        station=station,
        name=entry["name"],
        unit=tuple(models.UnitStep(unit=one.no, name=one.name()) for one in now.tree.path(now.unit(station))),
        position=None if place is None else models.Place(north_deg=place.north_deg, east_deg=place.east_deg),
        zone=now.zone(station),
        presence=models.Presence(
            word=entry["word"],  # type: ignore[arg-type]
            heard_age_s=_age_s(rooms, entry["heard_ms"]),
            is_cut_hint=entry["is_cut"],
        ),
        link=_link(rooms, entry),
        open_call=None if held is None else str(held.call_id),
        numbers=_numbers(rooms, entry) if Scope.VITALS_READ in asked.token.scopes else None,
    )


def _link(rooms: Rooms, entry: StationEntry) -> models.LinkFigures | None:
    link = entry["link"]
    if link is None:
        return None
    return models.LinkFigures(
        round_trip_ms=link["round_trip_ms"],
        owed_records=link["owed_count"],
        oldest_owed_s=link["oldest_owed_s"],
        age_s=_age_s(rooms, link["at_ms"]),
    )


def _numbers(rooms: Rooms, entry: StationEntry) -> tuple[models.Number, ...]:
    return tuple(
        models.Number(
            mdc=one["mdc"],
            value=one["value"] if one["state"] == "ok" else None,
            unit=one["unit"],
            why=one["why"],
            measured_age_s=_age_s(rooms, one["measured_ms"]),
            received_age_s=_age_s(rooms, one["received_ms"]),
        )
        for one in entry["values"]
    )


def _age_s(rooms: Rooms, at_ms: float | None) -> float | None:
    return None if at_ms is None else max(0.0, rooms.utc_ms() - at_ms) / 1000


def _read_events(store: Store, station: StationId, limit: int) -> list[models.TechnicalEvent]:
    found = []
    for one in store.events(station, names=TECHNICAL_NAMES, newest=limit):
        if one.event is None:
            continue
        header, spool = one.record.header, one.record_id.spool
        moment = read_moment(store, station, spool, header.boot, header.t_us, received_us=one.received_utc_us)
        found.append(
            models.TechnicalEvent(
                name=one.event.event,
                earliest_ms=None if moment.earliest_us is None else moment.earliest_us / 1000,
                latest_ms=None if moment.latest_us is None else moment.latest_us / 1000,
                received_ms=one.received_utc_us / 1000,
                detail=one.event.model_dump(mode="json", exclude={"event"}),
            )
        )
    return found


def _in_order(tree: UnitTree) -> list[UnitNo]:
    """Return all units, each followed by those below it."""
    found: list[UnitNo] = []
    waiting = [one.no for one in reversed(tree.children(None))]
    while waiting:
        no = waiting.pop()
        found.append(no)
        waiting += [one.no for one in reversed(tree.children(no))]
    return found


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # there is none, it is a path outside, it is a folder
        told = f"zone {zone[:40]!r} is no IANA time zone, such as Asia/Ho_Chi_Minh"
        raise ApiRefusedError(400, "bad request", told) from None


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(one) for one in first["loc"]) or "the body"
    return f"{place}: {first['msg']}"
