"""One station: its live view, its call, its link, and what happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from contract.codes import PLETH
from contract.events import AnyEvent, Conditions, LeadReversal, LeadState, Measured, MediaState, StreamSet
from contract.ids import NO_VISIT, SpoolId, StationId, VisitNo
from hub.console.alert_rows import SEVERITY_WORDS
from hub.console.alerts import entries_of_station, line_age
from hub.console.lists import age_near
from hub.console.live_texts import Quantity
from hub.console.page import render, rooms_of, signed_in, station_in_path
from hub.console.rooms import Rooms
from hub.console.rows import CallEntry
from hub.console.station_health import health_of
from hub.live.electrodes import electrodes_off
from hub.live.measure_words import condition_word
from hub.live.measurements import quantities
from hub.store.interface import Store, StoredRecord
from hub.times.fit import UtcInterval
from hub.times.moments import read_moment

EVENT_NAMES: Final = (
    "started", "press", "call step", "media", "leads", "device", "conditions", "measured", "lead reversal",
    "which device", "device confirmed", "lost", "visit opened", "visit closed", "tombstone",
)  # fmt: skip
OF_A_PERSON: Final = (Conditions, Measured, LeadReversal)  # what was said in no visit is nobody's to see
EVENTS_SHOWN: Final = 30
SETS_READ: Final = 64  # of a spool's devices; an older one is not told apart
FLURRY_US: Final = 3_000_000
EVENTS_READ: Final = 200  # of which those of other visits are not shown


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event as the list shows it."""

    moment: UtcInterval
    received_ms: float
    event: AnyEvent
    t_us: int | None = None  # of the boot that is played back
    electrodes: str = ""  # that came off, where the leads tell
    is_probe_off: bool = False

    @property
    def quantities(self) -> list[Quantity]:
        """Of a measurement: what was measured."""
        return quantities(self.event) if isinstance(self.event, Measured) else []

    @property
    def conditions(self) -> list[str]:
        """The words of what is the matter; keys of the catalogue."""
        return [condition_word(word) for word in self.event.on] if isinstance(self.event, Conditions) else []


async def show_station(request: Request) -> Response:
    """The station's page."""
    account = await signed_in(request)
    station, rooms = station_in_path(request), rooms_of(request)
    await rooms.feed.open_for([station])
    return render(
        request,
        "station.html",
        account=account,
        row=rooms.station(station),
        station=station,
        health=await health_of(rooms, station),
        call=_call(rooms, station, account.name),
        opened_ms=rooms.feed.now(station).opened_utc_ms(),
        lines=await _events(rooms, station),
        name_of=rooms.feed.now(station).devices.full_name,
        age_near=age_near(request),
        alerts=entries_of_station(request, station),
        alert_age=line_age(request),
        severity_words=SEVERITY_WORDS,
        may_be_rung=not rooms.desk.rings.why_not(station),
        may_answer_by_itself=rooms.routing.may_answer_by_itself(station),
    )


def _call(rooms: Rooms, station: StationId, account: str) -> CallEntry | None:
    """Return the call that the page is about."""
    held = rooms.desk.of_station(station)
    return None if held is None else rooms.call_entry(held.held, account=account)


async def show_alerts(request: Request) -> Response:
    """The open alerts of the station alone, for the page that is open already."""
    account, station = await signed_in(request), station_in_path(request)
    return render(
        request,
        "station_alerts.html",
        account=account,
        alerts=entries_of_station(request, station),
        alert_age=line_age(request),
        severity_words=SEVERITY_WORDS,
    )


async def show_events(request: Request) -> Response:
    """The list of events alone, for the page that is open already."""
    account = await signed_in(request)
    station, rooms = station_in_path(request), rooms_of(request)
    lines, devices = await _events(rooms, station), rooms.feed.now(station).devices
    return render(request, "events.html", account=account, lines=lines, name_of=devices.full_name)


async def _events(rooms: Rooms, station: StationId) -> list[EventLine]:
    """Return the newest events of the visit under way and of the box itself; never another visit's."""
    now = rooms.feed.now(station)
    spool = now.spool
    if spool is None:
        return []
    visit = NO_VISIT if now.visit is None else now.visit.no
    return await rooms.hub.run_read(lambda store: _read_events(store, station, spool, visit))


def _read_events(store: Store, station: StationId, spool: SpoolId, visit: VisitNo) -> list[EventLine]:
    stored = store.events(station, names=EVENT_NAMES, newest=EVENTS_READ, spool=spool)
    shown = _settled([one for one in stored if may_be_seen(one, visit)])[:EVENTS_SHOWN]
    return read_lines(store, station, spool, shown)


def read_lines(
    store: Store, station: StationId, spool: SpoolId, stored: Sequence[StoredRecord], *, is_past: bool = False
) -> list[EventLine]:
    """Return events as lists show them, in their order."""
    has_leads = any(isinstance(one.event, LeadState) for one in stored)
    sets = store.events(station, names=("streams",), newest=SETS_READ, spool=spool) if has_leads else []
    lines = []
    for one in stored:
        header, received_us = one.record.header, one.received_utc_us
        moment = read_moment(store, station, spool, header.boot, header.t_us, received_us=received_us)
        if one.event is not None:
            electrodes, is_probe_off = _contacts(one, sets)
            t_us = header.t_us if is_past else None
            lines.append(
                EventLine(moment, received_us / 1000, one.event, t_us, electrodes, is_probe_off=is_probe_off)
            )
    return lines


def _contacts(line: StoredRecord, sets: list[StoredRecord]) -> tuple[str, bool]:
    """Which electrodes came off, and whether a probe did, by the streams that the device had then."""
    if not isinstance(line.event, LeadState):
        return "", False
    at = line.record.header.boot, line.record.header.t_us
    for one in sets:  # newest first
        of_set, header = one.event, one.record.header
        if (
            isinstance(of_set, StreamSet)
            and of_set.device == line.event.device
            and (header.boot, header.t_us) <= at
        ):
            off = line.event.off
            is_probe_off = any(stream.stream in off for stream in of_set.streams if stream.mdc == PLETH)
            return electrodes_off(of_set.streams, off), is_probe_off
    return "", False


def may_be_seen(line: StoredRecord, visit: VisitNo) -> bool:
    """Whether an event is of that visit, or of the box itself."""
    of_visit = line.record.header.visit
    if isinstance(line.event, OF_A_PERSON):
        return of_visit == visit != NO_VISIT
    return of_visit in (NO_VISIT, visit)


def _settled(lines: list[StoredRecord]) -> list[StoredRecord]:
    """Of camera and sound show how they were after each flurry: a page that is loaded anew makes three
    changes within a second, and the record keeps them all. Newest first, as they come.
    """
    kept: list[StoredRecord] = []
    for line in lines:
        before = kept[-1] if kept else None
        is_flurry = (
            isinstance(line.event, MediaState)
            and before is not None
            and isinstance(before.event, MediaState)
            and before.received_utc_us - line.received_utc_us < FLURRY_US
        )
        if not is_flurry:
            kept.append(line)
    return kept
